/*
 * The worker's side of a mail: libesmtp writes the dialogue to what it takes for its relay, and is joined to the gate by
 * a socket of its own for each message. It has no network: a filter of system calls lets its connect(2) succeed without
 * doing anything, and refuses all else that could reach anybody. What became of a message is what the gate says, never
 * what the library returns.
 */
#ifndef EMAIL_RELAY_H
#define EMAIL_RELAY_H

#include "gate/gate.h"
#include "mime.h"

struct relay {
	int gate;         /* the socket to the gate */
	uint64_t number;  /* of the last question */
	int end;          /* of the session that begins: what becomes the library's connection; -1: none */
	struct gate_ask ask;
	struct gate_answer answer;
};

/* Shuts the network off, for good. False with a reason. */
bool relay_open(struct relay *, int gate, char *why, size_t why_size);

/* `sender`: "" for the null path. `results` has one row for each recipient, all of them are filled; words that are longer
 * than a receipt go into notice->receipts. */
void relay_send(struct relay *, const struct mail *, const struct pw_notice *, const char *sender,
    const struct pw_recipients *, struct pw_result *results);

#endif
