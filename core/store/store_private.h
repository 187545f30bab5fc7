/* The members of the writer's store (store/store.h), for its own files and its tests. */
#pragma once

#include <limits.h>

#include "store/batch.h"
#include "store/history.h"
#include "store/maintenance.h"
#include "store/memory.h"
#include "store/reader_private.h"
#include "store/redo.h"
#include "store/db_file.h"

enum { INSTANCE_SIZE = 16, NUMBERS_AHEAD = 1000 };

/* The look-ups of find.h, a statement each. */
enum find {
	FIND_INCIDENT,
	FIND_OPEN_INCIDENT,
	FIND_NEXT_OPEN_INCIDENT,
	FIND_NOTICE,
	FIND_FIRST_NOTICE,
	FIND_BEGINNING,
	FIND_LEG,
	FIND_LAST_FAILURE,
	FIND_LAST_KEPT,
	FIND_CONDITION,
	FIND_NEXT_CONDITION_OF,
	FIND_NEXT_CONDITION,
	FIND_PAUSE,
	FIND_NEXT_PAUSE,
	FIND_SERVER,
	FIND_LEDGER,
	FIND_NEXT_LEDGER_IN_USE,
	FINDS
};

/* What each transaction leaves in its file: which batch it was, and how far the numbers are. */
struct counters {
	uint64_t batch;
	uint64_t numbers[STORE_NUMBERS];
};

/* With what is held in memory: what it follows, and what came of it. */
struct redo_head {
	int64_t schema;
	unsigned char instance[INSTANCE_SIZE];
	uint64_t batch;             /* the last one in the file */
	uint64_t tried;             /* of the earlier changes; it may be in the file after all */
	struct counters counters;
};

struct store {
	struct store_settings settings;
	char *folder;
	char ballast[PATH_MAX]; /* a file that is there to be removed where the disk is full */
	int lock;
	struct db_file db_files[STORE_FILES];
	struct counters counters[STORE_FILES]; /* batch: the last one that was tried */
	struct sequence sequences[STORE_FILES]; /* as they were found */
	/* numbers up to here are given to nobody else, whatever becomes of us */
	uint64_t reserved[STORE_NUMBERS];
	/* the instance is made up: the file has not been read */
	bool provisional;
	uint64_t in_file[STORE_FILES];         /* the last batch that it is known to have */
	uint64_t doubtful[STORE_FILES];        /* the batch whose transaction failed, 0: none */
	uint64_t kept[STORE_FILES];            /* the same where it had been kept after all */
	unsigned char instance[INSTANCE_SIZE];
	struct history history;
	struct maintenance maintenance;
	struct store_batch *found[FINDS];      /* the last row of each */
	/* whose operations are done in the open transaction of postwatch.db; NULL: none */
	struct store_batch *group;
	uint64_t notice;                       /* the highest number of a notice that is kept */
	/* stands in for postwatch.db; NULL: it does not have to */
	struct memory *memory;
	/* the highest number of a notice that is committed there */
	uint64_t notice_in_memory;
	struct redo *redo;                     /* where what memory has is kept; NULL: nowhere */
	bool redo_behind;                      /* there is more in memory than in it */
	/* when it is written next at the earliest, on the monotonic clock; 0: at once */
	int64_t redo_next;
	/* when what memory has could not be written to the file, 0: never */
	int64_t contradicted_at;
	/* reads a postwatch.db that the writer could not open; NULL: nobody does */
	struct store_reader *still;
	struct store_reader reader;            /* what store_inside() gives */
	bool no_memory;                        /* that there was none for what was read there */
};

/* Writes the counters of a file into it, within a transaction; numbers of postwatch.db with `ahead`
 * of them reserved. */
bool store_apply_counters(struct store *, enum store_file, uint64_t ahead);

/* Writes one batch's operations, or one of them, within a transaction. False: a fault. What
 * contradicts what postwatch.db has is left out and counted. */
bool store_apply(struct store *, struct store_batch *);
bool store_apply_one(struct store *, struct db *, struct store_batch *, const struct operation *);

/* What stands at the end of each transaction. */
bool store_apply_end(struct store *, enum store_file);

/* store.c: does an operation of a batch where store_inside() reads. */
void store_do(struct store *, struct store_batch *, const struct operation *);

/* store.c: where postwatch.db is read and written now; NULL: nowhere. */
struct db *store_current(const struct store *);
/* The same for a statement that reads. Where that has failed, what is open goes on in memory, and
 * store_end_reading() returns false: it is to be read once more there. */
struct db *store_begin_reading(struct store *);
bool store_end_reading(struct store *);

/* Makes what is to be held in reserve, as far as the disk has space. */
void store_make_reserve(struct store *);

/* open.c: takes the folder and opens both files. */
enum store_opening store_open_all(struct store *, struct store_found found[STORE_FILES],
    struct reason *why);
/* A transaction of postwatch.db was kept, and with it numbers reserved. */
void store_note_reserved(struct store *);

/* Loads what is kept in memory of a file that has been opened. */
bool store_load(struct store *, enum store_file);
