/*
 * One message to one relay, through libesmtp. What the library does not do, or does wrong, is done here: TLS has a
 * context of our own (1.2 at most: with 1.3 the library waits for a reply to what it has not sent), SNI, and the check of
 * the configured name; what follows the consent to STARTTLS in clear text ends the session; and whether a message was
 * taken is judged by the replies alone, never by what the library returns.
 */
#ifndef EMAIL_RELAY_H
#define EMAIL_RELAY_H

#include "mime.h"

#include <openssl/ssl.h>

#include <auth-client.h>
#include <libesmtp.h>

enum { RELAY_PATIENCE_MS = 60000 }; /* for one reply; for that to the text, and for the whole, the host has its deadline */

enum relay_tls { RELAY_REQUIRE, RELAY_OPPORTUNISTIC, RELAY_NONE };

struct relay {
	char host[256], place[264]; /* place: "host:port" */
	enum relay_tls tls;
	SSL_CTX *context;           /* NULL: no TLS */
	auth_context_t auth;        /* NULL: none */
	const char *user;
	char password[1024];

	/* Of the session at hand, learnt while it goes on. */
	bool connected, said_hello, heard_hello, said_starttls, secured, injected, authenticating, said_text, said_quit;
	char auth_refusal[256];     /* the reply to a refused AUTH */
	char reply[256];            /* the last line that the relay said */
	char fault[600];            /* of TLS, in words */
	int64_t heard;              /* CLOCK_MONOTONIC, microseconds: the last byte in either direction */
};

/* What of it is wrong without looking at any file: a place that is none, AUTH without required TLS. */
bool relay_check(const char *place, enum relay_tls, const char *ca_file, const char *user, const char *password_file,
    char *why, size_t why_size);

/* False with a reason: the same, and a CA file or a password that cannot be read. */
bool relay_open(struct relay *, const char *place, enum relay_tls, const char *ca_file, const char *user,
    const char *password_file, char *why, size_t why_size);
void relay_close(struct relay *);

/* `sender`: "" for the null path. `results` has one row for each recipient, all of them are filled. */
void relay_send(struct relay *, const struct mail *, const char *own_name, const char *sender, const struct pw_recipients *,
    struct pw_result *results);

/* tls.c: the context of all sessions. NULL with a reason. The relay has to outlive it. */
SSL_CTX *relay_tls_context(struct relay *, const char *ca_file, char *why, size_t why_size);

/* judge.c: what became of each recipient of a session that is over. `error`: the library's, 0 none. */
void relay_judge(const struct relay *, smtp_message_t, const smtp_recipient_t *, uint32_t count, int error,
    struct pw_result *results);

#endif
