/*
 * For the gate, the process of the e-mail notifier that talks to the relay: the SMTP session up to
 * the first MAIL: connection, greeting, EHLO, TLS, AUTH. Each step has a time limit, and no command
 * is sent before the reply to the one before is whole and nothing else has come (no pipelining).
 * With tls = "opportunistic" a failed TLS handshake leads to one more connection, in clear.
 */
#ifndef EMAIL_GATE_WAY_H
#define EMAIL_GATE_WAY_H

#include "auth.h"
#include "gate.h"
#include "tls.h"
#include "wire.h"

enum {
	WAY_LIMIT = 60 * 1000000, /* microseconds, for a reply */
	WAY_WORDS_MAX = 600,
	WAY_COMMAND_MAX = 300
};

struct way {
	struct wire wire;
	const struct settings *settings;
	struct tls *tls;
	struct auth *auth;
	const struct pw_gate_host *host;
	const char *helo;          /* for EHLO; "" an address literal */
	bool secured;              /* inside TLS */
	bool avoids_tls;           /* TLS has failed in this attempt */
	char note[GATE_NOTE_MAX];  /* why the session is in clear although TLS was offered; "" otherwise */
	bool offers_starttls;      /* by the last reply to EHLO */
	char offer[AUTH_OFFER_MAX]; /* its AUTH mechanisms, separated by blanks */
	char words[WAY_WORDS_MAX]; /* why it failed */
};

/* Opens the session. Returns false with ->words: the step that failed, and why. */
bool way_open(struct way *, int64_t until);

/* Sends a command and waits for its reply, which is then at the beginning of wire.bytes. Returns
 * false with ->words. */
bool way_exchange(struct way *, const char *step, const char *command, int *code, size_t *size);

/* Takes ->offers_starttls and ->offer from a whole 2xx reply to EHLO (RFC 5321 4.1.1.1);
 * mechanisms beyond the room of ->offer are left out. */
void way_take_offer(struct way *, const char *reply, size_t size);

/* Makes ->words from wire.why and the step; returns false. */
bool way_fail_at(struct way *, const char *step);

#endif
