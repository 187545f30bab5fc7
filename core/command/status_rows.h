/*
 * For `postwatch status`, its --watch, and `explain`: how all targets stand, put together from the
 * views of the store.
 */
#pragma once

#include "base/outcome.h"
#include "command/past.h"
#include "monitor/target_state.h"

/* What a state does not say, in the order in which it is shown. */
enum status_flag { STATUS_FLAPPING, STATUS_SLOW, STATUS_HELD, STATUS_QUARANTINED,
	STATUS_ACKNOWLEDGED, STATUS_PAUSED, STATUS_UNSEEN, STATUS_UNKNOWN, STATUS_FLAGS };
extern const char *const status_flag_names[STATUS_FLAGS];

/* A condition that stands. */
struct status_condition {
	struct status_condition *next;
	const char *code, *text;
	int64_t since;
};

/* A pause in force. */
struct status_pause {
	struct status_pause *next;
	int64_t until;
	const char *tag;      /* "": of the target itself */
	const char *by, *why;
};

/* All that it points at is kept by the past. */
struct status_row {
	const struct past_target *target;
	const struct target *configured; /* NULL: without a configuration, or not in it */
	enum state state;     /* STATE_PENDING where the store has none */
	uint8_t doubled;
	bool run;             /* there was one */
	enum pw_verdict verdict; /* of the last run */
	const char *outcome, *text; /* text NULL: none */
	/* Reasons in force (monitor/silence.h): of the monitor's when the state was written;
	 * paused, window now. */
	uint32_t silence;
	int64_t since;
	int64_t last_run;     /* when it began; 0: none, or long forgotten */
	int64_t ended;        /* when it ended */
	int64_t unseen_since; /* nobody looks at it: since when at least; 0: it is looked at */
	/* 0: cannot be told, as the daemon does not run or without its configuration. */
	int64_t next_run;
	/* UTC: of its certificate, and of the first of its chain; 0: not known. */
	int64_t certificate_ends, chain_ends;
	uint64_t incident;    /* the open one; 0: none */
	int64_t acknowledged; /* 0: it is not */
	const char *ack_by, *ack_why; /* "": none */
	bool flags[STATUS_FLAGS];
	struct status_condition *conditions;
	struct status_pause *pauses;
};

/* Returns how each target stands, in the order of past->targets. */
struct status_row *status_rows_read(struct past *);

/* What is said of a condition, without the "NAME degraded(CODE): " before it. */
const char *status_row_condition(const struct status_row *, const struct status_condition *);

/* "down, flapping", "up, not looked at". */
enum { STATUS_STATE_MAX = 128, STATUS_SEEN_MAX = 8192 };
const char *status_row_state(const struct status_row *, char bytes[STATUS_STATE_MAX]);

/* "not looked at since 2026-11-28 10:02:11 +0000; incident 4: failed (refused): connection
 * refused …"; foreign bytes are escaped. */
const char *status_row_seen(const struct past *, const struct status_row *,
    char bytes[STATUS_SEEN_MAX]);

/* How much it needs somebody; of two of one need the one with the lower number comes first. */
enum status_need { STATUS_IS_DOWN, STATUS_RECOVERS, STATUS_IS_SUSPECT, STATUS_IS_UNSEEN,
	STATUS_IS_ODD, STATUS_IS_UP, STATUS_IS_PENDING };
enum status_need status_row_need(const struct status_row *);
/* For qsort(3) over pointers to rows. */
int status_rows_compare(const void *, const void *);

/* Why nobody is told of a target, a line each behind so many blanks: who paused or acknowledged
 * it, its windows, its parents. only_in_force: not windows that open later, nor parents that are
 * up. */
void status_row_put_silences(const struct past *, const struct status_row *all,
    const struct status_row *, int indent, bool only_in_force);
