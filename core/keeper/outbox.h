/*
 * Deliveries: each notice for each notifier and recipient, from the commit of its notice to its end. Deliveries are claimed,
 * the claim is committed, and only then is anything handed out, one notice at a time; a receipt is committed before the
 * next. What was in hand when a notifier died may have arrived: it goes out again, marked.
 *
 *   telling.c   which notifier is told of what (ledger.h), merging
 *   told.c      the ledgers
 *   rules.c     who wants to hear what, and when
 *   withhold.c  what may not be told now
 *   outbox.c    deliveries
 *   digest.c    many in one
 *   claims.c    their order, claims, storms
 *   remind.c    what is said again, what another has to say, what is said once a week
 *   repeat.c    what is told again to receivers that forget
 *   courier.c   a notifier's link: notices out, receipts in
 *   channel.c   whether its way works
 *   damage.c    files of its that cannot be used
 */
#ifndef KEEPER_OUTBOX_H
#define KEEPER_OUTBOX_H

#include <poll.h>
#include "base/messages_outbox.h"
#include "base/notice.h"
#include "base/packet_queue.h"
#include "base/reason.h"
#include "keeper/channel.h"
#include "keeper/damage.h"
#include "keeper/ledger.h"
#include "store/queue.h"

struct keeper;

enum { CLAIM_MAX = 32 };

/* A copy of a row, which alone holds what is kept of it; times are UTC. */
struct delivery {
	uint64_t notice, target, incident;
	const char *recipient; /* one of the courier's */
	enum notice_kind kind;
	enum store_delivery_state state;
	enum store_failover failover;
	enum store_rank rank;
	uint32_t attempts, doubt;
	uint64_t claim;
	uint64_t merged;       /* the notice that it went into; of a digest, while it is queued */
	uint64_t opened;       /* the notice by which its receiver knows what it is about; 0: itself */
	int64_t due;           /* 0: at once */
	int64_t retried;       /* until then it goes out whatever may be said against it, for somebody said so */
	int64_t created, claimed;
	int64_t ended;         /* 0: it is queued */
	bool withheld;         /* it ended unsent because it could not be told then: it may be made once more */
	char code[OUTCOME_NAME_MAX];
};

/* A notifier. */
struct courier {
	const char *name;
	const struct config_notifier *rules;
	struct zone *zone;
	bool hushed;                   /* its quiet hours: what is of targets is compared at their end, what is ours waits */
	int64_t hush_looked, hush_next; /* UTC: between these two it stays so */
	unsigned char *missed;         /* a bit for each target of which it was to be told something in them */
	uint32_t recipient_count;
	const char *const *recipients;
	int fd;                        /* -1: no link */
	bool stirred;                  /* rows have changed, or time has passed, since it was last looked what goes out next */
	int64_t rest_until;            /* the way failed: nothing is tried before (clock_mono()) */
	uint32_t failures;             /* of the way, in a row */
	struct channel channel;
	struct damage damage;
	uint32_t storm;
	int64_t *handed;               /* when the last `storm` notices went out */
	uint32_t handed_next;
	int64_t digest_last;
	uint64_t claim_serial;         /* of the batch with the claims */
	uint64_t in_hand;              /* the notice that the notifier has, 0: none */
	int64_t handed_at;             /* clock_mono(): since when */
	bool repeating;                /* it was told before, and is told again: it has no deliveries */
	int64_t repeat_next;           /* clock_mono(): the next round over what stands; 0: not begun */
	uint32_t repeat_target;        /* the next in the round */
	uint32_t repeat_code;          /* of its conditions told as standing; 0: the target itself comes first */
	bool hand_failed, hand_sent;   /* the way failed, which counts once; somebody has received it */
	uint32_t hand_count;
	const char *hand[NOTICE_RECIPIENTS_MAX]; /* its recipients; NULL: the receipt has come */
	struct packet_queue out;       /* what its socket has not taken */
};

struct outbox_of {
	uint32_t count;
	struct courier *couriers;
	uint32_t random;
	uint32_t spared;         /* who is not told what is said now: it is about itself; CONFIG_NONE: nobody */
	bool spares_dead;        /* nor is who has not been able to deliver for long */
	uint64_t told_before;    /* only who was told of that notice is told what is said now; 0: all */
	int64_t next_second;
	int64_t tested, next_test; /* UTC: of the ways, once a week */
	uint64_t outage_up, outage; /* the last `up` that an `outage` was made of, and its number */
};

/* For the notifiers of the configuration. False: out of memory. */
bool outbox_open(struct keeper *);
/* Reads open deliveries and ledgers. */
bool outbox_recover(struct keeper *, struct reason *why);

/* telling.c: a notice was recorded in the open batch. */
void telling_notice(struct keeper *, const struct message_change *, uint64_t notice, uint64_t target_number,
    uint64_t incident);
/* The reasons for silence of a target have ended: what is true is compared with what that notifier (CONFIG_NONE: each) was
 * told. */
void telling_compare(struct keeper *, uint32_t target, uint32_t courier);

/* outbox.c */
struct outbox_entry {
	enum notice_kind kind;
	const char *code;
	uint64_t notice, target, incident, opened;
	int64_t due;    /* UTC; 0: at once */
	bool stands_in; /* for another notifier */
};
/* A delivery for each of its recipients. */
void outbox_add(struct keeper *, uint32_t courier, const struct outbox_entry *);

/* The next of a list of the notifier's (store/queue.h), behind the one that it is put in place of: zeroes before the first.
 * `of`: what of. Rows may be written in between. Returns false if there is none. */
bool outbox_next(const struct keeper *, const struct courier *, enum store_queue, uint64_t of, struct delivery *);
/* The same of a target (the store's number; 0: of ourselves), and of a notice. */
bool outbox_next_of_target(const struct keeper *, const struct courier *, uint64_t target, struct delivery *);
bool outbox_next_of_notice(const struct keeper *, const struct courier *, uint64_t notice, struct delivery *);
/* Of what is due and has that rank (STORE_QUEUE_DUE), at most `max` behind one of them; returns how many. */
uint32_t outbox_due(const struct keeper *, const struct courier *, enum store_rank, const struct delivery *behind,
    struct delivery *found, uint32_t max);
/* What is urgent, was made so long ago, and nobody has been told of instead, or `all`. */
bool outbox_next_late(const struct keeper *, const struct courier *, int64_t age, bool all, struct delivery *);
/* The one of a notice for a recipient of the notifier, queued or not. */
bool outbox_find(const struct keeper *, const struct courier *, uint64_t notice, const char *recipient, struct delivery *);
/* Whether anything is claimed for the notifier. */
bool outbox_has_claims(const struct keeper *, const struct courier *);
/* How many notices wait, but for those that the notifier is to be told of later. */
uint32_t outbox_count(const struct keeper *, const struct courier *);

/* Writes its row; with the last open one of a digest, that has ended, too. */
void outbox_put(struct keeper *, struct courier *, const struct delivery *, struct pw_bytes receipt);
/* The same of one that was queued, and is claimed now. */
void outbox_put_claim(struct keeper *, struct courier *, const struct delivery *);
/* It has that state from now on, which is an end. */
void outbox_end(struct delivery *, enum store_delivery_state);
/* The same, and writes it. */
void outbox_drop(struct keeper *, struct courier *, struct delivery *, const char *why);
/* Ends all of a notice that way. */
void outbox_drop_notice(struct keeper *, struct courier *, uint64_t notice, const char *why);
/* What is claimed for the notifier is due again, all of it but the notice `kept`. */
void outbox_give_back(struct keeper *, struct courier *, uint64_t kept);
/* The notifier has it. */
bool outbox_is_in_hand(const struct courier *, const struct delivery *);
/* Nobody has it, had it, or may have it. */
bool outbox_is_unsent(const struct courier *, const struct delivery *);
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
/* Whether there was a delivery of the notice for that notifier, but for one that was withheld and may be made once more. */
bool outbox_had(const struct keeper *, const struct courier *, uint64_t notice);
/* Somebody wants it to be tried at once; `revived`: it had ended. */
void outbox_retry(struct keeper *, struct courier *, struct delivery *, bool revived);
/* Whether the notice of a delivery waits for each recipient of this notifier, and nobody has it, had it, or may have it. */
bool outbox_is_all_unsent(const struct keeper *, const struct courier *, const struct delivery *);
/* The notice of the `down` of an incident of that target, both by the store's numbers, of which the same is true; 0: there is none. */
uint64_t outbox_find_unsent_down(const struct keeper *, const struct courier *, uint64_t target, uint64_t incident);
/* It is told with the notice `into`. */
void outbox_merge(struct keeper *, struct courier *, uint64_t notice, uint64_t into);
void outbox_turn(struct keeper *);
/* What is due at once and goes to a notifier that is free is claimed in the batch that fills, which may be committed with it. */
void outbox_claim(struct keeper *);
/* When the next turn is due (clock_mono()). */
int64_t outbox_next_turn(const struct keeper *);
/* The links into `polled`, which has room for all couriers; returns how many. */
uint32_t outbox_poll(const struct keeper *, struct pollfd *polled);

/* digest.c */

/* All deliveries of the notifier that join become one, of a new notice. */
typedef bool digest_joins(const struct keeper *, const struct courier *, const struct delivery *);
void digest_make(struct keeper *, struct courier *, digest_joins *, const char *why);
/* The first that it stands for, and how many in all. */
struct notice_rest;
void digest_count(const struct keeper *, const struct courier *, uint64_t digest, struct notice_rest *);
/* Somebody has received it, and with it all that stand in it. */
void digest_sent(struct keeper *, struct courier *, uint64_t notice);
/* A delivery of it has ended: with the last one, so have those that stand in it. */
void digest_end(struct keeper *, struct courier *, uint64_t notice);

/* claims.c */
void claims_make(struct keeper *, struct courier *);

/* parcel.c: the packets of a notice, to be flushed. Returns false if it cannot be read now, or there is no memory for all of it. */
bool parcel_send(struct keeper *, struct courier *, const struct delivery *);
/* The same of one that was told before, without deliveries. */
bool parcel_repeat(struct keeper *, struct courier *, uint64_t notice);

/* repeat.c: hands out again what stands at a receiver that may have forgotten it; one notice at a time. */
void repeat_turn(struct keeper *, struct courier *);
/* Its receipt. */
void repeat_answered(struct courier *, const struct message_receipt *);

/* courier.c */
void courier_link(struct keeper *, uint32_t index, int fd);
void courier_hear(struct keeper *, struct courier *);
/* Of what is claimed, the oldest notice. */
void courier_hand_out(struct keeper *, struct courier *);
/* The notifier of the configuration with that name, NULL: there is none. */
struct courier *courier_named(const struct keeper *, struct pw_bytes name);
/* The same, if that recipient is one of its. */
struct courier *courier_for(const struct keeper *, const char *name, const char *recipient);
void courier_flush(struct courier *);
void courier_lost(struct keeper *, struct courier *);
/* Among the notifiers of the configuration. */
uint32_t courier_index(const struct keeper *, const struct courier *);

uint32_t outbox_random(struct keeper *);

/* Waits, microseconds: of a notifier whose way has failed so often in a row (5 s to 15 min, anywhere below), and of a
 * delivery that was refused for now. `random`: any number. */
int64_t patience_channel(uint32_t failures, uint32_t random);
int64_t patience_delivery(uint32_t attempts, uint32_t random);

#endif
