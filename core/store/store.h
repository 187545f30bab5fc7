/*
 * The store, for the one process that writes it: the keeper. Two files in the state folder,
 * postwatch.db for what must not be lost (synchronous=FULL) and history.db for what may be
 * (NORMAL). What belongs together goes into one batch, and a batch is one transaction of one file.
 *
 * The store tells what became of a batch; what to do about it is the keeper's:
 *
 *   committed  it is durable (history: as durable as history is), but for rows of postwatch.db
 *              that contradict what is there (store_batch_refused)
 *   retry      nothing of it is kept; the file is in trouble (store_trouble), and every batch
 *              gets this answer until store_mend() says that it works again. Then submit the same
 *              batch again: if the commit that failed had reached the disk after all, that is
 *              noticed, and nothing is done twice.
 *   in memory  of a batch of store_batch_of(): the file is in trouble, and the batch was done in
 *              memory. It need not be submitted again: when store_mend() says that the file
 *              works, it has all of it, each thing once
 *   lost       this batch can never be kept: what it says contradicts what is in history.db, or
 *              there was no memory to make it
 *
 * Operations of a batch that store_batch_of() has made are done at once, in a transaction of
 * postwatch.db that is committed when the batch is submitted, and are seen by reads inside. While
 * the file is in trouble they are done in a database in memory instead, which begins with what is
 * open, and store_inside() reads that. It holds up to 64 MiB, and grows by less: evidence gives way
 * to all else in it, and what has ended to what has not; what waits to be told never goes. What
 * changes in it is kept in the redo log, too, so that it outlives the process: before the batch is
 * answered, or, where writing the log takes more than 10 ms, within a second. The log takes 4 MiB,
 * and a disk that is only full.
 */
#pragma once

#include "base/reason.h"
#include "base/sequence.h"
#include "store/rows.h"

struct store;
struct store_batch;

enum store_file { STORE_MAIN, STORE_HISTORY, STORE_FILES };

enum store_answer { STORE_COMMITTED = 1, STORE_RETRY, STORE_IN_MEMORY, STORE_LOST };

enum store_trouble_kind {
	STORE_WELL,
	STORE_FULL,      /* no space on the disk */
	STORE_IO,        /* a read, a write or a sync failed */
	STORE_READONLY,
	/* the file is not sound; store_mend() sets it aside and begins a fresh one */
	STORE_DAMAGED,
	/* the file was removed or replaced under us; store_mend() begins a fresh one and sets aside
	 * what is in its place */
	STORE_MOVED,
	/* its log was removed or replaced under us, and is still open: store_mend() has the file
	 * take all of it, and opens both anew. No reader of ours may have them open by then */
	STORE_LOG_GONE,
	/* the same, and a newer version's lies in its place, which is not touched */
	STORE_OCCUPIED,
	STORE_CANNOT     /* it cannot be opened, or there is no memory */
};

/* --- opening --- */

enum store_opening {
	STORE_OPENED,
	STORE_BUSY,      /* another writer has it */
	STORE_NEWER,     /* written by a newer version: nothing is touched */
	STORE_FAILED     /* the folder cannot be used at all; the reason says why */
};

struct store_settings {
	const char *folder;     /* the state folder, absolute; must exist */
	int64_t keep_ok;        /* microseconds; 0 for each of these: 3 d, 90 d, 2 y, 2 y, 2 y */
	int64_t keep_not_ok;
	int64_t keep_rollups;
	int64_t keep_deliveries;
	/* from their end, with their evidence; also conditions that ended and targets that are
	 * gone */
	int64_t keep_incidents;
	int64_t history_max;    /* bytes of history.db; 0: 4 GiB */
	int64_t ballast;        /* bytes held in reserve for a full disk; 0: 8 MiB, < 0: none */
	/* the same for what is done in memory while postwatch.db cannot be written */
	int64_t redo;
};

/* What was found of a file. `fresh` and not `first`: what was kept is gone, and all that is true is
 * to be written (and told) again. */
struct store_found {
	bool first;             /* there was no such file */
	bool fresh;             /* it is empty but for its schema, or another file than before */
	/* it is empty, and what the other file holds says that it was not */
	bool lost;
	int from_version;       /* migrated from this schema; 0 where nothing was to be done */
	/* the name in the folder that a damaged or foreign file was given, "" */
	char aside[256];
	struct reason why;      /* of its being set aside */
	/* of postwatch.db: the name that was given to what lay in the place of store.lock, and was
	 * no file, "" */
	char lock_aside[48];
	bool goes_on;           /* it was fresh, and has now all that was held in memory */
	/* it is not, and what is held in memory was begun without what it has */
	bool unread;
	/* rows of what was held in memory that it has not: they contradict what is there */
	uint64_t refused;
	/* who wrote it before held changes in memory, which are held again */
	bool redone;
	uint64_t dropped;       /* rows of what is over that had no room in memory */
};

/* Opens both files, made or migrated where needed. A file in trouble (a full or read-only disk)
 * does not prevent it: the store is then opened with store_trouble() set, and answers `retry`. Not
 * to be held over fork. NULL unless OPENED. */
struct store *store_open(const struct store_settings *, enum store_opening *,
    struct store_found found[STORE_FILES], struct reason *why);

/* Checkpoints and closes. NULL is fine. */
void store_close(struct store **);

/* The instance id, 16 bytes of randomness made with the file: part of every message key. */
const unsigned char *store_instance(const struct store *);

/* The next number, never given before; a number that is not used leaves a gap. Where the store
 * cannot be written for long, numbers are taken from the clock: they are told, and nobody else may
 * ever tell something else by them. */
enum store_numbers { STORE_TARGETS, STORE_INCIDENTS, STORE_NOTICES, STORE_CLAIMS, STORE_PAUSES,
    STORE_NUMBERS };
uint64_t store_number(struct store *, enum store_numbers);

/* How far the sequence had come whose messages are kept in the file, or were held in memory and are
 * again, when it was opened; birth 0: it holds none, or cannot be read. */
struct sequence store_sequence(const struct store *, enum store_file);

/* Reads what is kept and what is about to be, as far as the file can be read; history.db only as it
 * is kept. It is the store's, for the thread that writes. A list is read whole before the first row
 * is given, so rows may be put meanwhile; where there is no memory for that, no batch of
 * store_batch_of() is committed any more (store_batch_lacks_memory). */
struct store_reader *store_inside(struct store *);
/* Ends the transaction in which it was read: before waiting for anything, so that it does not hold
 * up a checkpoint. */
void store_let_go(struct store *);
/* Returns false where nothing of postwatch.db can be read: nothing is known of what it has. */
bool store_is_read(const struct store *);
/* Returns whether the notice of that number has been committed. */
bool store_keeps_notice(const struct store *, uint64_t number);

/* --- trouble --- */

/* WELL, or what the file suffers from since its last failure; `why` (NULL is fine) in words. */
enum store_trouble_kind store_trouble(const struct store *, enum store_file, struct reason *why);

/* Tries to get a file out of trouble: frees the ballast where the disk is full, closes, opens,
 * checks, sets aside what is damaged, and writes what was done in memory meanwhile; but not into a
 * file that is fresh where memory is known to lack some of what was kept, nor into one that could
 * not be read before: what is true is to be told anew then. Returns true if the file takes batches
 * again; `found` says what became of it. If it contradicts what memory has, twice within ten
 * minutes, it is damaged. To be called every 10 s or so, with no batch half filled. */
bool store_mend(struct store *, enum store_file, struct store_found *found);

/* Writes the redo log, if it was put off because it took long. To be called once a second or so,
 * with no batch half filled. */
void store_keep_redo(struct store *);

/* Takes note of it where reading inside has met damage in postwatch.db: store_mend() sets the file
 * aside then. What was not committed is done no more. Returns false where no damage was met. */
bool store_distrust(struct store *);

/* Makes what is held in reserve, unless it is there or the disk has little space left. False: there
 * is no ballast. */
bool store_renew_reserve(struct store *);

/* Returns whether there is room for evidence: in memory there may be none. */
bool store_has_room(const struct store *);
/* How many rows of what is over had no room in memory, since postwatch.db is in trouble; they are
 * lost. */
uint64_t store_dropped(const struct store *);

/* Says to readers that what they find is not all, since then (UTC), or that it is again (0). It
 * ends with the process. */
void store_say_behind(struct store *, int64_t since);

/* --- batches --- */

/* The caller owns a batch. */
struct store_batch *store_batch_create(enum store_file); /* NULL if out of memory */
/* The same for postwatch.db, whose operations are done as they come. Of such batches only the one
 * that was made or cleared last is added to, unless the one before is to be submitted again. */
struct store_batch *store_batch_of(struct store *);
void store_batch_destroy(struct store_batch **);

/* Empties it for use again; its memory is kept. */
void store_batch_clear(struct store_batch *);

uint32_t store_batch_count(const struct store_batch *); /* operations */
size_t store_batch_bytes(const struct store_batch *);   /* memory held */
/* for some of what was put into it, or was read for it */
bool store_batch_lacks_memory(const struct store_batch *);
/* operations that contradict what is there, and were left out */
uint32_t store_batch_refused(const struct store_batch *);

/* One transaction of the file that the batch is for. An empty batch counts as committed. */
enum store_answer store_submit(struct store *, struct store_batch *);

/* How far a sequence of messages has come with what is in the batch: it is kept with the batch, in
 * either file. */
void store_put_sequence(struct store_batch *, struct sequence);

/* --- what a batch for STORE_MAIN holds: whole rows, put in place of those with the same key --- */

void store_put_meta(struct store_batch *, const char *key, struct pw_bytes value);
void store_put_target(struct store_batch *, const struct store_target *);
void store_put_state(struct store_batch *, const struct store_state *);
void store_put_incident(struct store_batch *, const struct store_incident *);
void store_put_condition(struct store_batch *, const struct store_condition *);
void store_put_ledger(struct store_batch *, const struct store_ledger *);
void store_put_pause(struct store_batch *, const struct store_pause *);
void store_put_server(struct store_batch *, const struct store_server *);

/* Of an incident that is there: its times, its end, and who took it on. */
void store_change_incident(struct store_batch *, const struct store_incident *);

/* Written once: of a notice whose (target, change, kind) is there nothing is changed. */
void store_put_notice(struct store_batch *, const struct store_notice *);

/* A delivery of a notice that is not there is not added; it is changed as a whole, where it is
 * there. */
void store_add_delivery(struct store_batch *, const struct store_delivery *);
void store_put_delivery(struct store_batch *, const struct store_delivery *);
/* Of one that is queued, and stays so: its state, claim, the time of that, and its receipt are
 * changed. */
void store_put_claim(struct store_batch *, const struct store_delivery *);

/* All that is queued for receivers that are no longer configured ends. `configured`: lines of
 * "NOTIFIER\tRECIPIENT", each ended by LF, the first behind an empty line. */
void store_end_receivers(struct store_batch *, const char *configured, int64_t now);
/* A delivery that is queued has ended, for it is told with the notice `merged`. */
void store_merge_delivery(struct store_batch *, const struct store_delivery *);
/* All of a notice that is queued for the notifier is dropped. */
void store_drop_notice(struct store_batch *, const char *notifier, uint64_t notice, const char *why,
    int64_t now);
/* What is claimed for the notifier is due again, all of it but the notice `kept`. */
void store_unclaim(struct store_batch *, const char *notifier, uint64_t kept);
/* What waits for a notifier waits no longer than until then. */
void store_hurry(struct store_batch *, const char *notifier, int64_t latest);
/* The clock was moved by so much: what is queued was made so much later by the new one, and waits
 * as long as it did. */
void store_set_clock(struct store_batch *, int64_t moved);

/* Evidence of a notice that is not there is not written. */
void store_put_notice_evidence(struct store_batch *, const struct store_notice_evidence *);

/* Evidence of a leg; with an incident at once, or attached later, all legs of the run. */
void store_put_evidence(struct store_batch *, const struct store_evidence *);
void store_attach_evidence(struct store_batch *, uint64_t target, uint64_t run, uint64_t incident,
    const char *role);

/* Evidence of all runs of the target up to `run` that belongs to no incident goes. */
void store_drop_evidence_upto(struct store_batch *, uint64_t target, uint64_t run);

/* That of the incident which gives way to newer: the last failure, and what passed behind it. */
void store_drop_loose(struct store_batch *, uint64_t target, uint64_t incident);

/* --- and one for STORE_HISTORY --- */

/* In order of arrival; results of one target in the order of its runs. */
void store_put_result(struct store_batch *, const struct store_result *);
void store_put_trace(struct store_batch *, const struct store_trace *);

/* --- maintenance: roll-ups, retention, history_max, checkpoints, the ballast --- */

struct store_maintained {
	bool more;              /* there is more to do: call again soon, other work first */
	uint64_t deleted;       /* rows, by age */
	/* of these: younger than their time, because history_max was reached */
	uint64_t crowded;
	uint64_t rolled_up;     /* roll-ups made */
};

/* UTC: up to when runs are summed up in quarters and in hours; 0: that is not known yet. */
int64_t store_summed_up(const struct store *);

/* One small step, some milliseconds of work; `now` is UTC. Call it when idle, at least once a
 * second, and with no batch open for postwatch.db, or nothing is done there. A failure shows in
 * store_trouble(). */
void store_maintain(struct store *, int64_t now, struct store_maintained *);
