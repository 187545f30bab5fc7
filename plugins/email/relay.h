/*
 * For the worker, the process of the e-mail notifier that has no network: delivers one mail.
 * libesmtp speaks SMTP on a socket pair whose other end the gate has, the process that talks to the
 * relay, a new pair for each message. A seccomp filter lets connect(2) return 0 without a
 * connection and refuses all other ways out. The result of a delivery is the gate's answer, never
 * libesmtp's, which matches no reply to its command.
 */
#ifndef EMAIL_RELAY_H
#define EMAIL_RELAY_H

#include "gate/gate.h"
#include "mime.h"

struct relay {
	int gate;         /* the socket to the gate */
	uint64_t number;  /* of the last message handed to the gate */
	int end;          /* the worker's end of the pair, until libesmtp has it; -1: none */
	struct gate_ask ask;
	struct gate_answer answer;
};

/* Installs the seccomp filter for the life of the process. Returns false with a reason. */
bool relay_open(struct relay *, int gate, char *why, size_t why_size);

/* Delivers one mail and fills a row of `results` for each recipient; receipts longer than a row
 * holds go into notice->receipts. `sender` "" is the null reverse-path (RFC 5321 4.5.5). */
void relay_send(struct relay *, const struct mail *, const struct pw_notice *, const char *sender,
    const struct pw_recipients *, struct pw_result *results);

#endif
