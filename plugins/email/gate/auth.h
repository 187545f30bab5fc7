/*
 * For the gate, the process of the e-mail notifier that talks to the relay: AUTH (RFC 4954):
 * SCRAM-SHA-256, PLAIN, LOGIN and CRAM-MD5 by libgsasl, and XOAUTH2, which libgsasl lacks. A
 * session in which AUTH was refused sends no mail.
 */
#ifndef EMAIL_GATE_AUTH_H
#define EMAIL_GATE_AUTH_H

#include <gsasl.h>

#include "../settings.h"
#include "wire.h"

enum { AUTH_SECRET_MAX = 8192, AUTH_OFFER_MAX = 512 };

struct auth {
	Gsasl *sasl;
	const char *user; /* NULL: no AUTH is said */
	bool by_token;
	char secret[AUTH_SECRET_MAX];
};

/* Reads the secret. Returns false with a reason. */
bool auth_open(struct auth *, const struct settings *, char *why, size_t why_size);
void auth_close(struct auth *);

/* Authenticates by the first mechanism of ours that the relay offers. `offer` are its mechanisms,
 * separated by blanks; `is_protected` is set inside TLS; `limit` is the time for each reply, in
 * microseconds. Returns false with wire->why, a whole sentence without the secret. */
bool auth_say(struct auth *, struct wire *, const char *offer, bool is_protected, int64_t limit);

#endif
