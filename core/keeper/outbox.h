/*
 * The keeper's outbox: deliveries, one of each notice for each notifier and recipient, from the
 * commit of the notice until it is sent, given up or dropped.
 *
 *   outbox.c    notices and deliveries as rows
 *   notice_message.c    a notice with all that it is made of, for its notifier
 */
#pragma once

#include "base/messages_outbox.h"
#include "base/notice.h"
#include "base/reason.h"
#include "keeper/notifier_link.h"
#include "keeper/ledger.h"
#include "store/queue.h"

struct keeper;

/* A copy of a row, which alone holds what is kept of it; times are UTC. */
struct delivery {
	uint64_t notice, target, incident;
	const char *recipient; /* one of the notifier's */
	enum notice_kind kind;
	enum store_delivery_state state;
	enum store_failover failover;
	enum store_rank rank;
	uint32_t attempts, doubt;
	uint64_t claim;
	uint64_t merged;       /* the notice that it went into; of a digest, while it is queued */
	/* the notice by which its receiver knows what it is about; 0: itself */
	uint64_t opened;
	int64_t due;           /* 0: at once */
	/* until then it goes out whatever may be said against it, for somebody said so */
	int64_t retried;
	int64_t created, claimed;
	int64_t ended;         /* 0: it is queued */
	/* it ended unsent because it could not be told then: it may be made once more */
	bool withheld;
	char code[OUTCOME_NAME_MAX];
};

/* At birth: what was claimed goes back, what is of receivers that are no longer configured ends. */
void outbox_recover(struct keeper *);

/* Makes the row of a notice; its member `rest` is made of `rest` (NULL: there is nothing of it).
 * Where `number` is 0 it is given the next one, and where `change` is, one of our own. Returns its
 * number. */
struct notice_payload;
uint64_t outbox_put_notice(struct keeper *, struct store_notice, const struct notice_payload *rest);

/* outbox.c */
struct outbox_entry {
	enum notice_kind kind;
	const char *code;
	uint64_t notice, target, incident, opened;
	int64_t due;    /* UTC; 0: at once */
	bool stands_in; /* for another notifier */
	bool by_hand;   /* somebody waits for its receipts: its way rests no longer */
};
/* A delivery for each of its recipients. */
void outbox_add(struct keeper *, uint32_t notifier, const struct outbox_entry *);

/* The next of a list of the notifier's (store/queue.h), behind the one that it is put in place of:
 * zeroes before the first. `of`: what of. Rows may be written in between. Returns false if there is
 * none. */
bool outbox_next(const struct keeper *, const struct notifier *, enum store_queue, uint64_t of,
    struct delivery *);
/* Of what is due and has that rank (STORE_QUEUE_DUE), at most `max` behind one of them; returns how
 * many. */
uint32_t outbox_due(const struct keeper *, const struct notifier *, enum store_rank,
    const struct delivery *behind, struct delivery *found, uint32_t max);
/* What is urgent, was made so long ago, and nobody has been told of instead, or `all`. */
bool outbox_next_late(const struct keeper *, const struct notifier *, int64_t age, bool all,
    struct delivery *);
/* The one of a notice for a recipient of the notifier, queued or not. */
bool outbox_find(const struct keeper *, const struct notifier *, uint64_t notice,
    const char *recipient, struct delivery *);
/* Whether anything is claimed for the notifier. */
bool outbox_has_claims(const struct keeper *, const struct notifier *);
/* How many notices wait, but for those that the notifier is to be told of later. */
uint32_t outbox_count(const struct keeper *, const struct notifier *);

/* Writes its row. */
void outbox_put(struct keeper *, struct notifier *, const struct delivery *,
    struct pw_bytes receipt);
/* It has that state from now on, which is an end. */
void outbox_end(struct delivery *, enum store_delivery_state);
/* The same, and writes it. */
void outbox_drop(struct keeper *, struct notifier *, struct delivery *, const char *why);
/* Ends all of a notice that way. */
void outbox_drop_notice(struct keeper *, struct notifier *, uint64_t notice, const char *why);
/* What is claimed for the notifier is due again, all of it but the notice `kept`. */
void outbox_give_back(struct keeper *, struct notifier *, uint64_t kept);
/* The notifier has it. */
bool outbox_is_in_hand(const struct notifier *, const struct delivery *);
/* Nobody has it, had it, or may have it. */
bool outbox_is_unsent(const struct notifier *, const struct delivery *);
/* It stands in a digest. */
bool outbox_is_in_digest(const struct delivery *);
/* Its notifier is to be told of it later. */
bool outbox_is_unripe(const struct delivery *);
/* It ends something at a receiver that keeps what it is told. */
bool outbox_is_end(const struct delivery *);
/* How long ago it was made, and never less than nothing. */
int64_t outbox_age(const struct delivery *);
/* Its incident is open. */
bool outbox_is_of_open(const struct keeper *, const struct delivery *);
/* Whether there was a delivery of the notice for that notifier, but for one that was withheld and
 * may be made once more. */
bool outbox_had(const struct keeper *, const struct notifier *, uint64_t notice);
/* Somebody wants it to be tried at once; `revived`: it had ended. */
void outbox_retry(struct keeper *, struct notifier *, struct delivery *, bool revived);
/* Whether the notice waits for each recipient of this notifier, and nobody has it, had it, or may
 * have it; and whether it is the `down` of the incident `down_of` (the store's number; 0: whatever
 * it is). */
bool outbox_is_all_unsent(const struct keeper *, const struct notifier *, uint64_t notice,
    uint64_t down_of);
/* It is told with the notice `into`. */
void outbox_merge(struct keeper *, struct notifier *, uint64_t notice, uint64_t into);

/* Of a digest the first that it stands for, and how many in all. */
void outbox_count_digest(const struct keeper *, const struct notifier *, uint64_t digest,
    struct notice_payload *);

/* Claims deliveries that are due: they may go out once the group that fills is durable. */
void outbox_claim(struct keeper *, struct notifier *, struct delivery *due, uint32_t count);
/* The row of a delivery that was given up is dropped. */
void outbox_drop_dead(struct keeper *, const struct store_delivery *, struct pw_bytes why);

/* The clock was moved by so much: what is queued was made so much later by the new one, and waits
 * as long as it did. */
void outbox_clock_set(struct keeper *, int64_t moved);

/* The number of the next change of our own, of a target or of ours. */
uint64_t outbox_own_change(struct keeper *);
