/*
 * For the notifier `webhook`: the bodies of its requests: a notice in the form that each kind of
 * receiver (Slack, Teams, ntfy ...) documents, within its limits.
 */
#ifndef WEBHOOK_FORMAT_H
#define WEBHOOK_FORMAT_H

#include <postwatch/notifier.h>

enum format {
	FORMAT_POSTWATCH,
	FORMAT_SLACK,
	FORMAT_TEAMS,
	FORMAT_DISCORD,
	FORMAT_NTFY,
	FORMAT_PAGERDUTY,
	FORMAT_ALERTMANAGER,
	FORMAT_HEARTBEAT
};

struct request {
	char *body;     /* JSON; "" for a request by GET */
	bool change;    /* goes to PagerDuty's URL of change events */
	uint32_t share; /* the number of requests that share the time limit of the notice */
};

enum { REQUESTS_MAX = 2 };

/* The requests that deliver one notice, in the order in which they are sent. */
struct requests {
	uint32_t count;
	struct request items[REQUESTS_MAX];
};

/* Writes the requests of a notice. `topic` is used by FORMAT_NTFY alone, `routing_key` by
 * FORMAT_PAGERDUTY alone. The caller ends with requests_free(). Returns false, with no request,
 * where memory is short. */
bool format_notice(struct requests *, enum format, const struct pw_notice *, const char *topic,
    const char *routing_key);
void requests_free(struct requests *);

/* Returns what the receiver does with what it is told: PW_KEEPS and PW_FORGETS, or 0. */
uint32_t format_receiver(enum format);

/* Cuts the topic, the last part of the path, off an ntfy URL and returns it; it lies in `url`.
 * Returns NULL, and leaves `url` as it is, where the last part is no topic of ntfy (1 to 64 of
 * "A-Z a-z 0-9 - _"), or a query or fragment follows. */
const char *format_take_topic(char *url);

#endif
