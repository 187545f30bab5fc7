/*
 * One message: the way to the relay, then the library's dialogue, carried over word by word. What became of the message
 * is told the moment it is known: nothing that comes later changes it.
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
	int worker;      /* who is answered */
	bool in_text;    /* the relay takes what we write for the message */
};

/* way.settings, .tls, .auth, .host, worker, and the question are set by the caller. Takes `library`, the library's other end. */
void session_run(struct session *, int library);

#endif
