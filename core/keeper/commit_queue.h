/*
 * Group commits of the keeper to the two files of the store.
 *
 * A lone change is committed at once, others in groups of what gathers in 100 ms, or of 256
 * changes. What is put into a group of postwatch.db is seen at once by reads inside the keeper.
 * While that file is in trouble its groups are kept in the store's memory, and history.db's results
 * wait in a batch up to a bound; a file is tried again every 10 s. What is written then has its
 * true times.
 */
#pragma once

#include <stddef.h>
#include "base/messages.h"
#include "store/store.h"

struct keeper;

enum { COMMIT_GROUP = 256, COMMIT_BYTES_MAX = 64 * 1024 * 1024, COMMIT_HELD_MAX = 4 * 1024 * 1024 };

/* A run in a batch, the monitor's or our own: what it has changed is told when that is
 * committed. */
struct pending_run {
	struct pending_run *next;
	uint64_t number;     /* in the monitor's sequence, 0: it is for no monitor */
	uint64_t left_out;   /* bit i: change i was known already, and is not told again */
	bool ours;           /* no monitor's */
	uint32_t target;
	uint32_t size, changes_at, changes_size; /* of the packet, and where its changes are */
	unsigned char packet[];
};

struct commit_queue;

/* Takes the store. NULL if out of memory: the store is closed. */
struct commit_queue *commit_queue_create(struct store *);
/* Closes the store; what was not committed is lost. */
void commit_queue_destroy(struct commit_queue **);

/* The batch that fills; whoever asks puts something into it. */
struct store_batch *commit_queue_main(struct keeper *);
struct store_batch *commit_queue_history(struct keeper *);

/* Whether what was kept before our birth cannot be read. */
bool commit_queue_is_unread(const struct commit_queue *);
/* What waits for history.db, in bytes. */
size_t commit_queue_history_bytes(const struct commit_queue *);

/* Adds a run to the open batch. The packet, which has its changes, is copied. */
void commit_queue_add_run(struct keeper *, const struct message_run *, uint64_t left_out,
    struct pw_bytes packet);
/* A message of the monitor's has its place in the sequence of a file: its rows are in the batch
 * that fills. */
void commit_queue_take(struct keeper *, enum store_file, struct sequence);

/* Whether what there is for a file is to be committed now; `idle`: nothing more is there to be
 * read. */
bool commit_queue_is_due(const struct commit_queue *, enum store_file, bool idle);
/* Commits what there is for a file, as far as the disk takes it. */
void commit_queue_commit(struct keeper *, enum store_file);

/* The first run that is to be told, for its batch is committed or held in memory; NULL: there is
 * none. It is told. */
const struct pending_run *commit_queue_untold(const struct commit_queue *);
void commit_queue_told(struct commit_queue *);
/* Whether all that is recorded has been told. */
bool commit_queue_is_told(const struct commit_queue *);

/* When it is next to be called, on the monotonic clock. */
int64_t commit_queue_next(const struct keeper *);

/* The number of the group of postwatch.db that fills, and whether that of a number is durable. */
uint64_t commit_queue_serial(const struct commit_queue *);
bool commit_queue_is_safe(const struct commit_queue *, uint64_t serial);
/* Since when something waits in the group that fills (clock_mono()), 0: nothing does. */
int64_t commit_queue_since(const struct commit_queue *, enum store_file);

/* Whether what was sent to a file is not kept until it is well. */
bool commit_queue_is_stuck(const struct commit_queue *, enum store_file);
/* Whether it is time to try to mend what is stuck: returns that once each 10 s. */
bool commit_queue_mends(struct commit_queue *);
/* Tries it, with no group half filled; `found` says what became of the file. Returns false if it is
 * in trouble still, or is to begin anew. */
bool commit_queue_mend(struct keeper *, enum store_file, struct store_found *);

/* The last message of the monitor's that is in a group. */
struct sequence commit_queue_taken(const struct commit_queue *, enum store_file);
/* How far the sequence that goes on now is committed. */
struct sequence commit_queue_committed(const struct commit_queue *, enum store_file);
/* The first run of the monitor's above that number that is not committed, of the newest 4 MiB;
 * NULL: there is none. */
const struct pending_run *commit_queue_uncommitted(const struct commit_queue *, uint64_t above);

/* A time (UTC) that is kept under a key of meta; 0: none is. */
void keeper_put_time(struct keeper *, const char *key, int64_t time);
int64_t keeper_read_time(const struct keeper *, const char *key);

/* There is no memory for what must not be left out. Says so and ends the process with nothing more
 * committed: the monitor tells the next keeper again what was not, and what was in hand goes out
 * again, marked. */
void keeper_out_of_memory(struct keeper *, const char *what) __attribute__((noreturn));
