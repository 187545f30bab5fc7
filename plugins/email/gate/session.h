/*
 * For the gate, the process of the e-mail notifier that talks to the relay: one mail. Opens the
 * session with the relay, then passes libesmtp's commands on, one by one. The result is sent to the
 * worker process as soon as the reply to the text is whole; nothing that comes later changes it.
 */
#ifndef EMAIL_GATE_SESSION_H
#define EMAIL_GATE_SESSION_H

#include "library.h"
#include "way.h"

struct session {
	struct way way;
	struct library library;
	struct gate_ask ask;
	struct gate_answer answer;
	int worker;      /* the socket for the answer */
	bool in_text;    /* from 354 to the final dot: the relay takes all bytes as text */
};

/* Delivers session->ask and sends the answer. The caller has set way.settings, .tls, .auth,
 * .host, and worker. Closes `library`, the gate's end of the pair. */
void session_run(struct session *, int library);

#endif
