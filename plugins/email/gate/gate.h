/*
 * What the two processes of the notifier say to each other. The worker asks for a session and hands over a stream socket
 * on which its library will speak SMTP; the gate answers each question once, as soon as what became of the message is
 * known. Both are of one image: structs go as they are.
 */
#ifndef EMAIL_GATE_GATE_H
#define EMAIL_GATE_GATE_H

#include "../mime.h"

enum { GATE_RECIPIENTS_MAX = 64, GATE_NOTE_MAX = 400 };

struct gate_ask {
	uint64_t number;
	int64_t until;              /* CLOCK_MONOTONIC, microseconds: by then it is answered */
	char helo[256];             /* for EHLO; "" an address literal */
	char sender[ADDRESS_MAX + 1]; /* "" the null path */
	uint32_t count;
	char recipients[GATE_RECIPIENTS_MAX][ADDRESS_MAX + 1]; /* in the order in which the library will name them */
};

struct gate_fate {
	uint32_t fate;              /* enum pw_fate */
	bool channel;
	bool doubtful;
	char words[PW_RECEIPT_MAX + 1];
};

struct gate_answer {
	uint64_t number;            /* of the question */
	char note[GATE_NOTE_MAX];   /* what the log should hold beside, "" nothing */
	struct gate_fate fates[GATE_RECIPIENTS_MAX];
};

extern const struct pw_gate_ops gate_ops;

#endif
