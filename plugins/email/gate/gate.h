/*
 * Messages between the two processes of the e-mail notifier: the worker, which runs libesmtp
 * without any network, and the gate, which talks to the relay. Either may be broken into: what
 * comes is looked at as any foreign bytes. For each mail the worker sends a request with a stream
 * socket, on which libesmtp will speak SMTP; the gate sends one answer as soon as the result is
 * known. Both processes run the same image, so structs are sent as they are.
 */
#ifndef EMAIL_GATE_GATE_H
#define EMAIL_GATE_GATE_H

#include "../mime.h"

enum { GATE_RECIPIENTS_MAX = 64, GATE_NOTE_MAX = 400 };

struct gate_ask {
	uint64_t number;
	int64_t until;              /* CLOCK_MONOTONIC, microseconds: the end of the attempt */
	char helo[256];             /* for EHLO; "" an address literal */
	char sender[ADDRESS_MAX + 1]; /* "" the null path */
	uint32_t count;
	char recipients[GATE_RECIPIENTS_MAX][ADDRESS_MAX + 1]; /* in the order of libesmtp's RCPT */
};

struct gate_fate {
	uint32_t fate;              /* enum pw_fate */
	uint8_t channel;            /* not 0: yes */
	uint8_t doubtful;
	char words[PW_RECEIPT_MAX + 1];
};

struct gate_answer {
	uint64_t number;            /* of the request */
	char note[GATE_NOTE_MAX];   /* why TLS was not used, for the log; "" nothing */
	struct gate_fate fates[GATE_RECIPIENTS_MAX];
};

extern const struct pw_gate_ops gate_ops;

#endif
