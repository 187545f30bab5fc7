/* The parts of the webhook: how a notice looks to its receiver, and how it gets there. */
#ifndef WEBHOOK_WEBHOOK_H
#define WEBHOOK_WEBHOOK_H

#include <curl/curl.h>
#include <postwatch/notifier.h>
#include <time.h>

enum format { FORMAT_POSTWATCH, FORMAT_SLACK, FORMAT_TEAMS, FORMAT_DISCORD, FORMAT_NTFY, FORMAT_PAGERDUTY, FORMAT_ALERTMANAGER,
	FORMAT_HEARTBEAT };

enum { URL_MAX = 4096, SECRET_MAX = 1024, HEADERS_MAX = 32 };

/* What a notice is to its receiver: requests, one behind the other. */
struct request {
	char *body;   /* JSON within the receiver's limits; "": there is nothing to say */
	bool change;  /* to where PagerDuty takes change events */
	uint32_t of;  /* so many share the time of the notice */
};
enum { REQUESTS_MAX = 2 };
struct requests {
	uint32_t count;
	struct request items[REQUESTS_MAX];
};

/* False: no memory, and there are none; else requests_free() is to be called. `topic`: of ntfy; `secret`: the routing key of
 * PagerDuty, "" none. */
bool format_notice(struct requests *, enum format, const struct pw_notice *, const char *topic, const char *secret);
void requests_free(struct requests *);

/* PW_KEEPS … */
uint32_t format_receiver(enum format);

/* The topic of an ntfy URL, which is its last part, as ntfy takes it; *url ends before it then. NULL: it has none. */
const char *format_take_topic(char *url);

struct post {
	char url[URL_MAX], secrets[URL_MAX]; /* where to; the URL as it was given, no part of which is to be told */
	char change_url[URL_MAX];  /* where change events go; "": it is not known */
	struct curl_blob authorities; /* PEM; no data: the system's */
	bool allow_private, literal; /* whether a name may lead to a private address; the URL names an address itself */
	char secret[SECRET_MAX];   /* of the signature; "": none */
	struct curl_slist *headers; /* of the receiver's own */
	CURL *curl;
};

/* One request, a GET where the body is "". The result is that of the answer, or of what was in the way of it. */
void post_send(struct post *, const struct pw_notice *, const struct request *, bool sign, struct pw_result *);

/* What came back. */
enum { ANSWER_MAX = 256 };
struct answer {
	const struct post *post;
	bool (*is_public)(const char *address); /* the host's */
	bool complete;           /* its header, of a final code */
	bool in_header;          /* behind its status line */
	bool refused;            /* the address was not allowed */
	time_t since;            /* when the header was complete, of the monotonic clock */
	size_t header_size, size, line_size;
	char bytes[ANSWER_MAX], line[128]; /* the beginning of its body; the status line */
};

/* The answer in one printable line of at most `room` bytes, its NUL among them; of what is no whole answer, why. */
void receipt_write(const struct answer *, char *receipt, size_t room);
void receipt_write_failure(const struct answer *, const char *why, char *receipt, size_t room);

/* Puts stars in place of what is secret: parts of the URL but its host, the secret, values of own headers, as far as they
 * have eight bytes or more. */
void receipt_hide(const struct post *, char *receipt);

/* "t=1764150126,v1=HEX": HMAC-SHA256 over "1764150126." and the body. False: no memory. */
enum { SIGNATURE_MAX = 96 };
bool post_sign(const char *secret, int64_t seconds, const char *body, char signature[static SIGNATURE_MAX]);

#endif
