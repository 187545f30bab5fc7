/*
 * Whether a notifier's way to its peer (a relay, a URL, a syslog receiver) works. It fails from the
 * first notice on that reached nobody (no connection, all recipients refused, the worker process
 * died or was killed, there is no worker) until something is delivered again. The first failure is
 * logged; one that lasts longer than the notifier's `channel_grace` while something waits, or for
 * want of a worker, is told, as `impaired`, by all notifiers that work, and so is its end. What is
 * known of it outlives the keeper, and is shown by `status` and `outbox`.
 */
#pragma once

#include "base/messages_outbox.h"
#include "base/outcome.h"
#include "base/text.h"
#include "base/wire.h"
#include "store/rows.h"

struct keeper;
struct notifier;

enum { CHANNEL_WORDS_MAX = 256, CHANNEL_NAME_MAX = 256 };

/* Of one notifier. */
struct channel {
	int64_t since;      /* UTC: when it first failed, 0: it works */
	int64_t age;        /* clock_boot() then */
	int64_t absent;     /* clock_boot(): since when no worker has lasted, 0: there is one */
	/* clock_boot(): since when there is one that has yet to last, 0: there is none, or it has
	 * lasted */
	int64_t present;
	/* why there is none, as the parent says; escaped; "": not known */
	char absence[ABSENT_TEXT_MAX];
	uint64_t told;      /* the notice that told that it fails, 0: none did */
	bool unborn;        /* it fails because there is no worker, and for nothing else */
	bool lost;          /* it fails because of a worker that has gone; why is yet to be said */
	char words[CHANNEL_WORDS_MAX]; /* of the peer, or what became of the worker; escaped */
};

/* A notice came back from the notifier that nobody has received; `unborn`: or it has no worker. */
void channel_failed(struct keeper *, struct notifier *, struct pw_bytes words, bool unborn);
/* The worker has gone with a notice in hand; the parent says why. */
void channel_lost(struct keeper *, struct notifier *);
/* Somebody has received one. */
void channel_works(struct keeper *, struct notifier *);
/* What the parent says of a worker that is not there. False: it is malformed. */
bool channel_hear_parent(struct keeper *, struct wire_in *);

/* Once a second. */
void channel_turn(struct keeper *);

/* In words: "nothing delivered for 11 min, 3 waiting"; "cannot deliver, for 11 min" where nothing
 * waits. */
void channel_add_state(struct text *, int64_t lasted, uint32_t waiting);

/* Its worker has gone; has come. */
void channel_absent(struct keeper *, struct notifier *);
void channel_present(struct keeper *, struct notifier *);

/* At birth. */
void channel_recover(struct keeper *);

/* One that fails, as it is kept in the store. */
struct channel_row {
	char name[CHANNEL_NAME_MAX], words[CHANNEL_WORDS_MAX];
	/* UTC: since when; until when nothing is tried, 0: it does not rest */
	int64_t since, rests;
	uint64_t told;
	bool unborn;
};

/* The list of those that fail: a value of meta under this key. False: there are no more, or it is
 * malformed. */
#define CHANNEL_META "channels"
enum { CHANNEL_META_MAX = 64 * 1024 };
bool channel_next(struct wire_in *, struct channel_row *);

/*
 * Files of notifiers that cannot be used, as their processes say at birth: what was in them before
 * stays in force, so that they deliver all the same. Told at once, as `impaired`, by all notifiers,
 * and so is its end. Outlives the keeper; shown by `status`.
 */
enum { DAMAGE_WORDS_MAX = 512, DAMAGE_NAME_MAX = 256 };

/* Of one notifier. */
struct damage {
	int64_t since; /* UTC; 0: all its files can be used */
	uint64_t told; /* the notice that told of it */
	char words[DAMAGE_WORDS_MAX];
};

/* What a notifier has said (message_put_sources). False: it is malformed. */
bool damage_hear(struct keeper *, struct notifier *, struct wire_in *);

/* One as it is kept in the store. */
struct damage_row {
	char name[DAMAGE_NAME_MAX];
	struct damage damage;
};

/* The list of them: a value of meta under this key. False: there are no more, or it is
 * malformed. */
#define DAMAGE_META "notifier_files"
enum { DAMAGE_META_MAX = 64 * 1024 };
bool damage_next(struct wire_in *, struct damage_row *);
