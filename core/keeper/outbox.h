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
 *   queued.c    the same by target
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
#include "store/rows.h"

struct keeper;

enum { CLAIM_MAX = 32 };

struct delivery {
	struct delivery *next;
	struct delivery *behind; /* in the line of its target (queued.h) */
	uint64_t notice, target, incident;
	uint64_t digest;       /* the notice of the digest that it stands in; 0: it waits by itself */
	uint64_t claim;
	uint64_t opened;       /* the notice by which its receiver knows what it is about; 0: itself */
	enum notice_kind kind;
	enum store_delivery_state state;
	uint32_t attempts, doubt;
	bool stands_in, stood_in; /* for a notifier that could not deliver it in time; another does so for this one */
	int64_t retried;       /* clock_mono(): until then it goes out whatever may be said against it, for somebody said so */
	bool claimed_kept;     /* its row says that it is claimed */
	bool withheld;         /* it ended unsent because it could not be told then: it may be made once more */
	int64_t due;           /* clock_mono() */
	int64_t created, claimed; /* UTC */
	int64_t born;          /* clock_boot(): when it was made; before this keeper's life, by what the wall clock said of that */
	char code[OUTCOME_NAME_MAX];
	char recipient[];
};

/* A digest that is not at its end, and the deliveries that it stands for, by notice. */
struct digest {
	struct digest *next;
	uint64_t notice;
	bool told;                     /* to one of its recipients */
	struct delivery *members, **last;
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
	struct delivery *first, **last; /* open ones, by notice */
	struct line *lines;            /* the same by target, with those that stand in digests (queued.h) */
	uint32_t claims, ends;         /* how many of them are claimed; of all that are queued end something */
	struct digest *digests;        /* whose deliveries are among these */
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
	struct delivery *hand[NOTICE_RECIPIENTS_MAX]; /* NULL: its receipt has come */
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
	int64_t due;    /* clock_mono(); 0: at once */
	bool stands_in;
};
/* A delivery for each of its recipients. */
void outbox_add(struct keeper *, uint32_t courier, const struct outbox_entry *);
/* Ends it unsent. */
void outbox_drop(struct keeper *, struct courier *, struct delivery *, const char *why);
/* The notifier has it. */
bool outbox_is_in_hand(const struct courier *, const struct delivery *);
/* Nobody has it, had it, or may have it. */
bool outbox_is_unsent(const struct courier *, const struct delivery *);
/* It is not at its end, or stands in a digest that is not. */
bool outbox_is_queued(const struct delivery *);
/* Its notifier is to be told of it later. */
bool outbox_is_unripe(const struct delivery *);
/* It tells that a target, or many together, are down, or that we see nothing: somebody has to hear of it. */
bool outbox_is_urgent(const struct delivery *);
/* How long ago it was made: whatever clock is set while we run, and never less than nothing. */
int64_t outbox_age(const struct delivery *);
/* Its incident is open. */
bool outbox_is_of_open(const struct keeper *, const struct delivery *);
/* What a row and its notice say; NULL: no memory. */
struct delivery *outbox_make(const struct keeper *, const struct store_delivery *);
/* Of one that stood in a digest: into the list of what is open, in its place among the others, to be tried again; its row is
 * not written. */
void outbox_put_back(struct courier *, struct delivery *);
/* Whether there was a delivery of the notice for that notifier, but for one that was withheld and may be made once more. */
bool outbox_had(const struct keeper *, const struct courier *, uint64_t notice);
/* Somebody wants it to be tried at once. */
void outbox_retry(struct delivery *);
/* One that had ended is due again, in its place among the others. */
void outbox_revive(struct keeper *, struct courier *, struct delivery *);
/* Writes its row. */
void outbox_write(struct keeper *, struct courier *, struct delivery *, struct pw_bytes receipt, uint64_t merged);
/* Out of the list of what is open; it is the caller's then, and still in the line of its target. */
void outbox_take_out(struct courier *, const struct delivery *);
/* Ends one that is in no list, but in the line of its target. */
void outbox_free(struct keeper *, struct courier *, struct delivery *);
/* Writes its row; at an end it goes, and the pointer with it. */
void outbox_put(struct keeper *, struct courier *, struct delivery *, struct pw_bytes receipt, uint64_t merged);
/* Whether the notice of a delivery waits for each recipient of this notifier, and nobody has it, had it, or may have it. */
bool outbox_is_all_unsent(const struct keeper *, const struct courier *, const struct delivery *);
/* The same of the `down` of an incident of that target, both by the store's numbers. */
bool outbox_may_merge(const struct keeper *, const struct courier *, uint64_t target, uint64_t incident);
void outbox_merge(struct keeper *, struct courier *, uint64_t target, uint64_t incident, uint64_t into);
void outbox_turn(struct keeper *);
/* What is due at once and goes to a notifier that is free is claimed in the batch that fills, which may be committed with it. */
void outbox_claim(struct keeper *);
int64_t outbox_next(const struct keeper *);
/* The links into `polled`, which has room for all couriers; returns how many. */
uint32_t outbox_poll(const struct keeper *, struct pollfd *polled);

/* digest.c */

typedef bool digest_joins(const struct keeper *, const struct courier *, const struct delivery *);
/* All deliveries of the notifier that join become one, of a new notice. */
void digest_make(struct keeper *, struct courier *, digest_joins *, const char *why);
/* NULL: that notice is no digest that is not at its end. */
struct digest *outbox_digest(const struct courier *, uint64_t notice);
/* The first that it stands for, and how many in all. */
struct notice_rest;
void digest_count(const struct digest *, struct notice_rest *);
/* A delivery of it has ended: with the last one, so has it. */
void digest_end(struct keeper *, struct courier *, uint64_t notice);
/* At birth: the deliveries that those digests stand for that are not at their end. False: no memory, or it cannot be read. */
bool digest_recover(struct keeper *, struct courier *);
void digest_free(struct courier *);
/* Takes a member out, which is the caller's then; `link`: where it hangs. */
void digest_take_out(struct digest *, struct delivery **link);

/* claims.c */
void claims_make(struct keeper *, struct courier *);
/* Whether nothing but a reason for silence keeps it from being claimed. */
bool claims_is_ripe(const struct keeper *, const struct courier *, const struct delivery *);
bool claims_may_be_made(const struct keeper *, const struct courier *);

/* parcel.c: the packets of a notice, to be flushed. LATER: it cannot be read now, or there is no memory for all of it. GONE:
 * the store is well, and has no such notice. */
enum parcel_end { PARCEL_SENT, PARCEL_LATER, PARCEL_GONE };
enum parcel_end parcel_send(struct keeper *, struct courier *, uint64_t notice);
/* The same of one that was told before, without deliveries. */
enum parcel_end parcel_repeat(struct keeper *, struct courier *, uint64_t notice);

/* repeat.c: hands out again what stands at a receiver that may have forgotten it; one notice at a time. */
void repeat_turn(struct keeper *, struct courier *);
/* Its receipt. */
void repeat_answered(struct courier *, const struct message_receipt *);

/* courier.c */
void courier_link(struct keeper *, uint32_t index, int fd);
void courier_hear(struct keeper *, struct courier *);
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
