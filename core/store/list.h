/*
 * Lists of rows of the store (targets, incidents, runs ...), one after the other, for commands, the
 * web process and the keeper. A list is read in pages by itself, each behind the last row of the
 * one before, and each page whole before its first row is given, so that no transaction lasts
 * longer than a second however slowly rows are taken, and so that rows may be written, or other
 * lists of the same reader read, while one is.
 */
#pragma once

#include "base/json.h"
#include "store/reader.h"

enum store_list_kind {
	STORE_LIST_TARGETS,      /* struct store_target, by number, those that are gone included */
	STORE_LIST_INCIDENTS,    /* struct store_outage, the newest first */
	STORE_LIST_INCIDENTS_OF, /* the same of the target `of` */
	STORE_LIST_INCIDENT,     /* that one, `of` */
	/* struct store_evidence of the incident `of`, in the order of its runs; 0: of none */
	STORE_LIST_EVIDENCE,
	STORE_LIST_RUN_EVIDENCE, /* the same of the run `of`, by target and leg */
	/* struct store_notice_evidence of the notice `of`, in the order of its runs */
	STORE_LIST_NOTICE_EVIDENCE,
	/* struct store_trace of the newest run of the target `of` that has any, by leg */
	STORE_LIST_TRACES,
	STORE_LIST_TRACES_OF,    /* struct store_trace of the target `of`, the newest run first */
	STORE_LIST_RUN_TRACES,   /* the same of the run `of`, by target and leg */
	STORE_LIST_STATES,       /* struct store_state, by target */
	STORE_LIST_STATE,        /* the same of the target `of` */
	STORE_LIST_STATUS,       /* struct store_status, by target */
	STORE_LIST_LAST_RUNS,    /* struct store_last_run, by target */
	STORE_LIST_HISTORY,      /* struct store_run of the target `of`, the newest first */
	STORE_LIST_NEWEST_RUNS,  /* the same of the newest of each target, by target */
	STORE_LIST_RUNS,         /* the same of all targets, in the order in which they came */
	STORE_LIST_CONDITIONS,   /* struct store_condition that stand, by target and code */
	/* struct store_pause that hold at the time `of` or will, by number */
	STORE_LIST_PAUSES,
	STORE_LIST_SERVERS,      /* struct store_server, by target */
	STORE_LIST_LEDGER,       /* struct store_ledger of the target `of`, by notifier */
	STORE_LIST_DELIVERIES,   /* struct store_delivery of the notice `of`, by its key */
	/* struct store_undelivered not at its end, by notice, notifier and recipient */
	STORE_LIST_WAITING,
	STORE_LIST_GIVEN_UP,     /* the same of those that ended dead */
	STORE_LIST_DEAD,         /* these as struct store_delivery */
	STORE_LIST_RECORDED,     /* struct store_notice, the newest first */
	STORE_LIST_RECORDED_OF,  /* the same of the target `of` */
	/* the same: that says that we are blind, as long as that stands */
	STORE_LIST_BLIND,
	/* const char *: notifiers that have delivered any of the newest 100,000 deliveries */
	STORE_LIST_PROVED,
	/* struct store_sum of the target `of`, by its start: 15 min each */
	STORE_LIST_QUARTERS,
	STORE_LIST_HOURS,        /* the same of an hour each */
	/* struct store_told of all notices, by notice, notifier and recipient */
	STORE_LIST_NOTICES,
	/* struct store_told of the incident `of`, by notice, notifier and recipient */
	STORE_LIST_TOLD,
	STORE_LISTS
};

enum { STORE_KEY_ROOM = 1024 };

/* Belongs to the caller; what it holds is released by store_list_close(). */
struct store_list {
	struct store_reader *reader;
	enum store_list_kind kind;
	uint64_t of;
	uint32_t limit, given;        /* rows in all, 0: as many as there are; those that were given */
	struct store_batch *rows;     /* the page at hand; NULL: none */
	const struct operation *row;  /* the next one in it */
	enum store_reading page;      /* how it was read; 0: none was */
	enum store_reading ended;     /* how the list ended; 0: it goes on */
	int64_t numbers[3];           /* the key of the last row */
	char texts[3][STORE_KEY_ROOM];
};

/* The times of the phases of a run into `times`, which has room for STORE_PHASES_MAX; returns their
 * count. */
uint32_t store_run_phases(const struct store_run *, int64_t *times);

/* The same of the steps of a roll-up. */
uint32_t store_sum_phases(const struct store_sum *, struct store_phase_times *times);

/* The form of its rows (store/row.h). */
struct row_form;
const struct row_form *store_list_form(enum store_list_kind);

/* Begins a list. Every list that was begun has to be closed, unless store_list_next() has returned
 * false and nobody asks how it ended. */
struct store_list store_list_of(struct store_reader *, enum store_list_kind, uint64_t of);
void store_list_open(struct store_list *, struct store_reader *, enum store_list_kind, uint64_t of);

/* Into `row`, one after the other, the rows of a list that is read to its end. */
#define STORE_EACH(row, reader, kind, of) \
	for (struct store_list list_ = store_list_of(reader, kind, of); \
	    store_list_next(&list_, row);)

/* To be called before the first row is asked for. Of one whose key is a number: it begins behind the
 * row with that one; of evidence: behind the leg as a whole; it has so many rows at most. */
void store_list_behind(struct store_list *, uint64_t number);
struct store_leg_key { uint64_t target, run; uint32_t leg; };
void store_list_behind_leg(struct store_list *, const struct store_leg_key *);
void store_list_limit(struct store_list *, uint32_t rows);

/* The next row, into the struct of that kind; what it points at is good until the next call.
 * Returns false behind the last one, and where the store cannot be read. */
bool store_list_next(struct store_list *, void *row);

/* Enough was read: store_list_next() returns false from now on. */
void store_list_stop(struct store_list *);

/* Returns STORE_READ_BROKEN where rows could not be read, store_reader_why() says why; else
 * STORE_READ_END. */
enum store_reading store_list_close(struct store_list *);

/* All that incident_view tells of an outage, as members of the object at hand; `target`: its name,
 * NULL where it has none; end_confirmed only where it is wanted. */
void store_outage_json(struct json *, const struct store_outage *, const char *target,
    bool end_confirmed);
/* The same of a delivery: by whom to whom, how often it was tried, and what came of it. */
void store_delivery_json(struct json *, const struct store_told *);
