/*
 * The members of the keeper's outbox (outbox.h), for its own files and their tests: outbox.c,
 * notifier_link.c, notice_message.c.
 */
#pragma once

#include "base/packet_queue.h"
#include "keeper/keeper.h"
#include "keeper/outbox.h"

/* A notifier. */
struct notifier {
	const char *name;
	const struct config_notifier *rules;
	uint32_t recipient_count;
	const char *const *recipients;
	int fd;                        /* -1: no link */
	bool dead;                     /* its way has failed for longer than its grace */
	/* rows have changed, or time has passed, since it was last looked what goes out next */
	bool stirred;
	int64_t rest_until;            /* the way failed: nothing is tried before (clock_mono()) */
	uint32_t failures;             /* of the way, in a row */
	uint64_t claim_serial;         /* of the batch with the claims */
	uint64_t in_hand;              /* the notice that the notifier has, 0: none */
	/* it was told before, and is told again: it has no deliveries */
	bool repeating;
	/* the way failed, which counts once; somebody has received it */
	bool hand_failed, hand_sent;
	uint32_t hand_count;
	const char *hand[NOTICE_RECIPIENTS_MAX]; /* its recipients; NULL: the receipt has come */
	struct packet_queue out;       /* what its socket has not taken */
};

struct outbox {
	uint32_t count;
	struct notifier *notifiers;
	uint32_t random;
	uint64_t own_change; /* counter of our own things worth telling */
};

/* notice_message.c: the packets of a delivery's notice, to be flushed, for the recipients that it
 * is claimed for, or `again` where it was told before. Returns false if it cannot be read now,
 * or there is no memory for all of it. */
bool notice_message_send(struct keeper *, struct notifier *, const struct delivery *, bool again);
