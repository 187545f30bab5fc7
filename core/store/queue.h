/*
 * Deliveries that are queued, for the keeper's outbox, which alone writes them: those that are not
 * sent, given up or dropped yet, and those that stand in a digest that is not. A list can be read
 * from behind any of its rows, so rows may be written between two readings of it. To find the next
 * one takes as long as it does, however many others wait.
 */
#pragma once

#include "store/store.h"

enum store_queue {
	/* not claimed, of the rank `of`, whose time has come `at`, and nothing older of the same
	 * target waits for the same recipient (of ourselves it may): by that time and notice */
	STORE_QUEUE_DUE,
	STORE_QUEUE_CLAIMED, /* by notice, as all below */
	STORE_QUEUE_TARGET,  /* of the target `of` */
	STORE_QUEUE_ALL,     /* but by target first */
	/* made up to `at`; `of`: the last of enum store_failover that is looked for */
	STORE_QUEUE_URGENT,
	STORE_QUEUE_NOTICE,  /* of the notice `of` */
	STORE_QUEUE_DIGEST,  /* that stand in the digest of the notice `of` */
	/* of the notice `of`, the one for the recipient that is given, queued or not */
	STORE_QUEUE_DELIVERY
};

/* Where to look, and behind which row; zeroes and "" before the first one. */
struct store_queue_place {
	const char *notifier;
	uint64_t of;
	int64_t at;
	uint64_t target, notice;
	int64_t not_before;
	const char *recipient;
};

struct store_queued {
	struct store_delivery delivery;
	const char *kind, *code; /* of its notice */
	uint64_t incident;       /* the same; 0: none */
};

/* Belongs to the caller. */
struct store_queue_reading {
	struct store *store;
	struct query *query;
};

/* Reads those behind the place, one after the other; until it is closed nothing may be written, nor
 * is another list of the same kind read. What a row points at is good until the next call. */
void store_queue_open(struct store_queue_reading *, struct store *, enum store_queue,
    const struct store_queue_place *);
/* Returns false where there are no more. */
bool store_queue_next(struct store_queue_reading *, struct store_queued *);
/* Returns false if not all could be read, and none of them count: what is open goes on in memory
 * then, and is to be read once more there. */
bool store_queue_close(struct store_queue_reading *);

/* Returns whether anything is queued for the notifier; `claimed`: that is claimed. */
bool store_has_queued(struct store *, const char *notifier, bool claimed);

/* Whether there is a delivery of the notice for the notifier, queued or not, but for one that was
 * withheld; and whether anybody has received it. */
bool store_was_queued(struct store *, const char *notifier, uint64_t notice);
bool store_was_sent(struct store *, uint64_t notice);

/* For how many recipients of the notifier the notice is queued, in no digest; 0, too, where it may
 * have reached one of them, and unless it is the `down` of the incident `down_of` (0: whatever it
 * is). */
uint32_t store_count_unsent(struct store *, const char *notifier, uint64_t notice,
    uint64_t down_of);

/* How many notices of the notifier are open whose time to be tried first has come. */
uint32_t store_count_waiting(struct store *, const char *notifier, int64_t now);
