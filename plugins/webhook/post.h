/*
 * For the notifier `webhook`: one HTTP request by libcurl, and what its answer means for the
 * delivery: taken, try again, or refused for good.
 */
#ifndef WEBHOOK_POST_H
#define WEBHOOK_POST_H

#include <curl/curl.h>
#include "format.h"

enum { URL_MAX = 4096, SECRET_MAX = 1024, SIGNATURE_MAX = 96 };

/* A receiver. Filled by the owner of the session, who also frees `authorities.data`, `headers`
 * and `share`. */
struct post {
	char url[URL_MAX];            /* of requests */
	char change_url[URL_MAX];     /* of change events of PagerDuty; "": not known */
	char given_url[URL_MAX];      /* as configured; its parts are hidden in receipts */
	char secret[SECRET_MAX];      /* signs bodies, or is PagerDuty's routing key; "": none */
	struct curl_blob authorities; /* PEM; no data: the system's */
	struct curl_slist *headers;   /* configured ones */
	CURLSH *share;                /* of connections, which outlive a request */
	bool allow_private; /* a name may lead to an address that is not public */
	bool literal;       /* the URL holds an address instead of a name */
};

/* Sends one request and waits for the answer until the deadline of the notice, at most 60 s. A
 * signature is sent if `sign` is set and there is a secret. `*result` receives the fate: PW_SENT
 * for 2xx; PW_AGAIN for 5xx, 408, 425, 429 and for every failure of the way; PW_NEVER for other
 * answers and for a name that leads to a private address. The receipt holds no secret. */
void post_send(struct post *, const struct pw_notice *, const struct request *, bool sign,
    struct pw_result *);

/* Wipes a list of headers, which may hold secrets, and frees it. */
void post_forget(struct curl_slist *);

/* Writes "t=SECONDS,v1=HEX", where HEX is HMAC-SHA256 (RFC 2104) of "SECONDS." and the body.
 * Returns false where memory is short. */
bool post_sign(const char *secret, int64_t seconds, const char *body,
    char signature[static SIGNATURE_MAX]);

#endif
