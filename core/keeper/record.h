/*
 * For the keeper: runs of the monitor, and what we notice of ourselves, as rows of the store:
 * notices, incidents, conditions, states.
 */
#pragma once

#include "base/messages.h"
#include "keeper/notifier_filters.h"
#include "store/rows.h"

struct keeper;

#define OWN_META "ourselves" /* where the store keeps the state of our own side */

/* The value of meta that says since when (UTC, i64) which files cannot be used, and what is in
 * force instead (bytes); empty while all can be. */
#define FILES_META "files"
enum { FILES_META_MAX = SOURCES_TEXT_MAX + 256 };

/* Returns false if out of memory. */
bool record_open(struct keeper *);
void record_close(struct keeper *);

/* How many changes and results were taken. */
uint64_t record_done(const struct keeper *);
/* UTC: when the last result came, of a keeper before us, too, where that is noted; 0: it is not
 * known. */
int64_t record_watched(const struct keeper *);
void record_note_watched(struct keeper *, int64_t watched);

/* Makes rows of a run and of its place in the sequence; `packet` is what it came in, and is kept
 * until it is told. */
void record_run(struct keeper *, const struct message_run *, struct pw_bytes packet);
/* The clock was moved by so much: what is open began so much later by the new one, and lasts as
 * long as it did. */
void record_clock_set(struct keeper *, int64_t moved);
/* A run has told something of the target: it is known again. */
void record_seen(struct keeper *, uint32_t target, uint64_t run);
/* Nothing more is wanted of that run's evidence in memory once what is recorded has been told. */
void record_settle(struct keeper *, uint32_t target, uint64_t run);
/* Makes rows of a notice of our own making, and nothing of it is told; returns its number.
 * `target`: the store's. */
uint64_t record_notice(struct keeper *, const struct message_change *, uint64_t target,
    uint64_t incident);
/* Something of our own, for an audience (NULL: all); returns the notice's number. */
uint64_t record_ours_to(struct keeper *, const struct audience *, const char *kind,
    const char *code, int64_t since, const char *format, ...) __attribute__((format(printf, 6, 7)));
#define record_ours(keeper, ...) record_ours_to((keeper), NULL, __VA_ARGS__)
/* Writes what may change of the row of an incident. */
void record_change_incident(struct keeper *, const struct store_incident *);

/* Commits what there is for postwatch.db, and tells in the log what was committed, or is held in
 * memory. */
void record_commit(struct keeper *);
