/*
 * The store, for those who read it: commands, the web process, and the keeper. Files are opened
 * read-only; a reader never migrates, never repairs, and holds no transaction for more than a
 * second. Its rows are read as lists (store/list.h); single values of it are here. A reader that is
 * NULL reads nothing: its lists are empty and its values are not there.
 */
#pragma once

#include "base/reason.h"
#include "store/rows.h"

struct store_reader;

enum { STORE_PAGE_MAX = 10000 };

enum store_reading {
	STORE_READ_END = 1, /* that was the last row of all */
	STORE_READ_MORE,    /* go on behind the last row */
	STORE_READ_BROKEN   /* the file cannot be read; store_reader_why() says why */
};

enum store_reader_opening {
	STORE_READER_OPENED,
	STORE_READER_NOTHING,  /* nothing was ever kept in this folder */
	/* another version's schema: older (the daemon brings it up) or newer */
	STORE_READER_OTHER,
	STORE_READER_FAILED
};

/* Opens postwatch.db and, where it is there, history.db: without it, its lists are empty. NULL
 * unless OPENED. */
struct store_reader *store_reader_open(const char *folder, enum store_reader_opening *,
    struct reason *why);
void store_reader_close(struct store_reader **);
const char *store_reader_why(const struct store_reader *);

/* Whether a daemon has the folder, by the flock on its `lock`. */
bool store_daemon_runs(const char *folder);

/* Since when the daemon that runs has not been able to write its store (UTC): what is read is what
 * was kept until then. 0: it can, or there is none. */
int64_t store_behind_since(const char *folder);

/* A value of meta into `room` bytes; -1: not there (or broken), else its size, more than `room`
 * where it was cut. */
int64_t store_read_meta(struct store_reader *, const char *key, void *value, size_t room);

/* How much waits to be delivered and how much was given up; false: it cannot be read. */
struct store_waiting {
	uint64_t notices;   /* that some delivery is open of */
	int64_t since;      /* the oldest of these deliveries; 0: none */
	uint64_t dead;      /* deliveries */
};
/* Of which notifier ("": all of them), and of what that was tried or is due by then. */
struct store_waiting_of { const char *notifier; int64_t due; };
#define STORE_WAITING_ALL ((struct store_waiting_of){ "", INT64_MAX })
bool store_read_waiting(struct store_reader *, const struct store_waiting_of *,
    struct store_waiting *);

/* Runs of all targets in the order in which they came, behind the row `behind`: without their
 * texts, and faster than a list of them. There are some (store_read_kept()). NULL if out of
 * memory. */
struct store_runs;
struct store_runs *store_runs_create(struct store_reader *, uint64_t behind);
/* The next one; what it points at is good until the next call. Returns false behind the last one,
 * and where the file cannot be read. */
bool store_runs_next(struct store_runs *, struct store_run *);
/* Returns STORE_READ_BROKEN where it could not, store_reader_why() says why; else STORE_READ_END. */
enum store_reading store_runs_destroy(struct store_runs **);
/* From which row on all runs are kept, not only those that were not ok. Returns false, and last is 0,
 * where none are kept, and where the file cannot be read, which store_reader_why() then says. */
struct store_kept {
	uint64_t behind, last; /* rows */
	int64_t since;         /* when the first of them began */
	bool from_start;       /* none has gone yet */
};
bool store_read_kept(struct store_reader *, struct store_kept *, bool *broken);

/* The highest number among the runs that were written last, of whatever target; 0: there are none,
 * or they cannot be read. */
uint64_t store_read_last_run(struct store_reader *);
