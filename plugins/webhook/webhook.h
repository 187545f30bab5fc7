/* The parts of the webhook: how a notice looks to its receiver, and how it gets there. */
#ifndef WEBHOOK_WEBHOOK_H
#define WEBHOOK_WEBHOOK_H

#include <curl/curl.h>
#include <postwatch/notifier.h>

enum format { FORMAT_POSTWATCH, FORMAT_SLACK, FORMAT_TEAMS, FORMAT_DISCORD, FORMAT_NTFY, FORMAT_PAGERDUTY, FORMAT_ALERTMANAGER,
	FORMAT_HEARTBEAT };

enum { URL_MAX = 4096, SECRET_MAX = 1024, HEADERS_MAX = 32 };

/* The body for a receiver, JSON within its limits; the caller frees it. NULL: no memory; "": there is nothing to say. `topic`: of ntfy; `secret`: the
 * routing key of PagerDuty, "" none. */
char *format_notice(enum format, const struct pw_notice *, const char *topic, const char *secret);

/* The topic of an ntfy URL, which is its last part; *url ends before it then. NULL: it has none. */
const char *format_take_topic(char *url);

struct post {
	char url[URL_MAX];
	const char *ca_file;       /* NULL: the system's */
	bool allow_private, literal; /* whether a name may lead to a private address; the URL names an address itself */
	char secret[SECRET_MAX];   /* of the signature; "": none */
	struct curl_slist *headers; /* of the receiver's own */
	CURL *curl;
};

/* One request, a GET where the body is "". The result is that of the answer, or of what was in the way of it. */
void post_send(struct post *, const struct pw_notice *, const char *body, bool sign, struct pw_result *);

/* "t=1764150126,v1=HEX": HMAC-SHA256 over "1764150126." and the body. */
enum { SIGNATURE_MAX = 96 };
void post_sign(const char *secret, int64_t seconds, const char *body, char signature[static SIGNATURE_MAX]);

/* Whether a numeric address is of a network that strangers have no business in: loopback, private, link-local, shared,
 * multicast, or none at all. */
bool address_is_private(const char *address);

#endif
