/* Notifiers, as the configuration has them, and the links to their workers. */
#ifndef KEEPER_COURIER_H
#define KEEPER_COURIER_H

#include "base/packet_queue.h"
#include "config/config.h"
#include "keeper/channel.h"
#include "keeper/damage.h"

struct keeper;

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

/* Makes a courier for each notifier of the configuration. Returns false if out of memory. */
bool outbox_open(struct keeper *);

/* Whether that notifier is the heartbeat's. */
bool outbox_is_heartbeat(const struct keeper *, uint32_t courier);
/* Whether the notifier is told of a target at all. */
bool outbox_includes(const struct keeper *, uint32_t target, uint32_t courier);

/* The notifier of the configuration with that name, NULL: there is none. */
struct courier *courier_named(const struct keeper *, struct pw_bytes name);
/* The same, if that recipient is one of its. */
struct courier *courier_for(const struct keeper *, const char *name, const char *recipient);
/* Among the notifiers of the configuration. */
uint32_t courier_index(const struct keeper *, const struct courier *);
/* Sends what its socket takes. */
void courier_flush(struct courier *);
/* Its worker has gone; has come. */
void courier_absent(struct courier *);
void courier_present(struct courier *);
/* Its way has failed for longer than its grace. */
bool courier_is_dead(const struct courier *);

#endif
