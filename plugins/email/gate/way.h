/*
 * The way to the relay, up to where it takes a mail: connection, greeting, EHLO, TLS, AUTH, each within its limit and each
 * in strict turn. Under `opportunistic` it begins anew, in clear, where TLS fails.
 */
#ifndef EMAIL_GATE_WAY_H
#define EMAIL_GATE_WAY_H

#include "auth.h"
#include "gate.h"
#include "tls.h"
#include "wire.h"

enum { WAY_LIMIT = 60 * 1000000 /* microseconds, for a reply */, WAY_WORDS_MAX = 600, WAY_COMMAND_MAX = 300 };

struct way {
	struct wire wire;
	const struct settings *settings;
	struct tls *tls;
	struct auth *auth;
	const struct pw_gate_host *host;
	const char *helo;          /* "" an address literal */
	bool secured;
	bool avoids_tls;           /* it has failed */
	char note[GATE_NOTE_MAX];  /* why the way is in clear although TLS was offered; "" it is not */
	bool offers_starttls;      /* by the last reply to EHLO */
	char offer[AUTH_OFFER_MAX]; /* the mechanisms of AUTH in it, as words */
	char words[WAY_WORDS_MAX]; /* why it failed */
};

/* False: ->words says which step failed, and why. */
bool way_open(struct way *, int64_t until);

/* Says a command, in strict turn, and waits for its reply, which is at the beginning of wire.bytes. False: ->words. */
bool way_exchange(struct way *, const char *step, const char *command, int *code, size_t *size);

/* Reads what a whole 2xx to EHLO offers into ->offers_starttls and ->offer; mechanisms that find no room there are left out. */
void way_take_offer(struct way *, const char *reply, size_t size);

/* Takes the wire's ->why for what ended the step; always false. */
bool way_fail_at(struct way *, const char *step);

#endif
