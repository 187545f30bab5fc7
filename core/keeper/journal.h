/*
 * What is to be written, in groups: a lone change at once, else what gathers in 100 ms, or 256 changes. What is put into a group
 * of postwatch.db is seen at once by who reads inside the store. While that file is in trouble its groups are kept in the store's
 * memory, and history.db's results wait in a batch up to a bound; a file is tried again every 10 s. What is written then has its
 * true times.
 */
#ifndef KEEPER_JOURNAL_H
#define KEEPER_JOURNAL_H

#include <stddef.h>
#include "base/messages.h"
#include "store/store.h"

struct keeper;

enum { JOURNAL_GROUP = 256, JOURNAL_BYTES_MAX = 64 * 1024 * 1024, JOURNAL_HELD_MAX = 4 * 1024 * 1024 };

/* A run in a batch, the monitor's or our own: what it has changed is told when that is committed. */
struct slip {
	struct slip *next;
	uint64_t number;     /* in the monitor's sequence, 0: it is our own */
	uint64_t left_out;   /* bit i: change i was known already, and is not told again */
	uint32_t size;
	unsigned char packet[];
};

struct journal_side {
	struct store_batch *open, *sent; /* fills; was submitted */
	int64_t since;       /* when the first thing came into `open`, 0: it is empty */
	struct sequence taken; /* the last message of the monitor's that is in a batch */
	struct sequence submitted, committed; /* the last one in `sent`, and on the disk: never above `taken` */
	int64_t last;        /* the last commit */
	bool stuck;          /* what was sent is not kept until the file is well */
	enum store_trouble_kind said; /* its trouble, as was last said */
};

struct journal {
	struct store *store;
	struct journal_side sides[STORE_FILES];
	struct slip *open, **open_last;
	struct slip *done, **done_last; /* their batch was committed, or is held in memory; they are to be told */
	struct slip *held, **held_last; /* the monitor's that were told and are not committed */
	size_t held_bytes;
	uint32_t changes;    /* in the open batch */
	int64_t mend_at;     /* when what is sick is tried again, 0: nothing is */
	int64_t behind;      /* UTC: since when something waits for a file that is sick, 0: nothing does */
	uint64_t dropped;    /* rows of what was over that had no room in memory during that trouble */
	int64_t sick_since;  /* UTC: a trouble that was told and whose end was not, 0: none */
	int64_t sick_last;   /* when a file was last in trouble */
	uint64_t serial, safe; /* of the main batch that fills; the last that is durable */
	uint64_t left_out;   /* pieces of evidence, for want of room */
};

/* Takes the store. False: out of memory. */
bool journal_init(struct journal *, struct store *);
/* Closes the store; what was not committed is lost. */
void journal_fini(struct journal *);

/* The batch that fills; whoever asks puts something into it. */
struct store_batch *journal_main(struct keeper *);
struct store_batch *journal_history(struct keeper *);

/* Whether there is room for evidence. */
bool journal_has_room(const struct keeper *);

/* Adds a run to the open batch. The packet is copied. */
void journal_add_run(struct keeper *, const struct message_run *, uint64_t left_out, struct pw_bytes packet);
/* A message of the monitor's has its place in the sequence of a file: its rows are in the batch that fills. */
void journal_take(struct keeper *, enum store_file, struct sequence);

/* Whether what there is for a file is to be committed now; `idle`: nothing more is there to be read. */
bool journal_is_due(const struct journal *, enum store_file, bool idle);
/* Commits what there is for a file, as far as the disk takes it. */
void journal_commit(struct keeper *, enum store_file);

/* The first run that is to be told, for its batch is committed or held in memory; NULL: there is none. It is told. */
const struct slip *journal_untold(const struct journal *);
void journal_told(struct journal *);

/* When it is next to be called, on the monotonic clock. */
int64_t journal_next(const struct keeper *);

/* Submits what was sent once more. */
void journal_submit(struct keeper *, enum store_file);
/* postwatch.db is well, and has all that was sent to it but for so many rows. */
void journal_note_kept(struct keeper *, uint64_t lost);

/* How far the sequence that goes on now is committed. */
struct sequence journal_committed(const struct journal *, enum store_file);
/* The first run of the monitor's above that number that is not committed, of the newest 4 MiB; NULL: there is none. */
const struct slip *journal_uncommitted(const struct journal *, uint64_t above);

bool journal_is_stuck(const struct journal *);

/* There is no memory for what must not be left out. Says so and ends the process with nothing more committed: the monitor
 * tells the next keeper again what was not, and what was in hand goes out again, marked. */
void keeper_out_of_memory(struct keeper *, const char *what) __attribute__((noreturn));

#endif
