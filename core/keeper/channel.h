/*
 * Whether a notifier's way to its peer works. It fails from the first notice on that reached nobody (no connection, all
 * recipients refused, the worker died or was killed, there is no worker) until something is delivered again. The first
 * failure is logged; one that lasts longer than the notifier's `channel_grace` while something waits, or for want of a worker,
 * is told, as `impaired`, by all notifiers that work, and so is its end. What is known of it outlives the keeper, and is shown by
 * `status` and `outbox`.
 */
#ifndef KEEPER_CHANNEL_H
#define KEEPER_CHANNEL_H

#include "base/messages_outbox.h"
#include "base/outcome.h"
#include "base/text.h"
#include "base/wire.h"
#include "store/rows.h"

struct keeper;
struct courier;

enum { CHANNEL_WORDS_MAX = 256, CHANNEL_NAME_MAX = 256 };

/* As it stands in a courier. */
struct channel {
	int64_t since;      /* UTC: when it first failed, 0: it works */
	int64_t age;        /* clock_boot() then */
	int64_t absent;     /* clock_boot(): since when no worker has lasted, 0: there is one */
	int64_t present;    /* clock_boot(): since when there is one that has yet to last, 0: there is none, or it has lasted */
	char absence[ABSENT_TEXT_MAX]; /* why there is none, as the parent says; escaped; "": not known */
	uint64_t told;      /* the notice that told that it fails, 0: none did */
	bool unborn;        /* it fails because there is no worker, and for nothing else */
	char words[CHANNEL_WORDS_MAX]; /* of the peer, or what became of the worker; escaped */
};

/* A notice came back from the notifier that nobody has received. */
void channel_failed(struct keeper *, struct courier *, struct pw_bytes words);
/* Somebody has received one. */
void channel_works(struct keeper *, struct courier *);
/* What the parent says of a worker that is not there. False: it is malformed. */
bool channel_hear_parent(struct keeper *, struct wire_in *);

/* Once a second. */
void channel_turn(struct keeper *);

/* What a trouble of our own with a notifier is known by, to whoever has to find the begin of what ended: "PREFIX_NAME", as
 * far as the name has such letters. */
void channel_name_code(const char *prefix, const char *name, char code[static OUTCOME_NAME_MAX]);

/* In words: "nothing delivered for 11 min, 3 waiting"; "cannot deliver, for 11 min" where nothing waits. */
void channel_add_state(struct text *, int64_t lasted, uint32_t waiting);

/* At birth, when the couriers are there. */
void channel_recover(struct keeper *);

/* One that fails, as it is kept in the store. */
struct channel_row {
	char name[CHANNEL_NAME_MAX], words[CHANNEL_WORDS_MAX];
	int64_t since, rests; /* UTC: since when; until when nothing is tried, 0: it does not rest */
	uint64_t told;
	bool unborn;
};

/* The list of those that fail: a value of meta under this key. False: there are no more, or it is malformed. */
#define CHANNEL_META "channels"
enum { CHANNEL_META_MAX = 64 * 1024 };
bool channel_next(struct wire_in *, struct channel_row *);

#endif
