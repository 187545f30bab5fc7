/*
 * AUTH (RFC 4954): SCRAM-SHA-256, PLAIN, LOGIN and CRAM-MD5 through libgsasl, XOAUTH2 by ourselves. A mechanism is chosen
 * of those that both sides know; a refused AUTH ends the session.
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

/* Reads the secret. False with a reason. */
bool auth_open(struct auth *, const struct settings *, char *why, size_t why_size);
void auth_close(struct auth *);

/* `offer`: the mechanisms that the relay names, as words; "" where it names none. `is_protected`: inside TLS. False:
 * wire->why says why in whole words; the secret is in none of them. */
bool auth_say(struct auth *, struct wire *, const char *offer, bool is_protected, int64_t limit);

#endif
