/*
 * What the monitor has done: runs by verdict and how late they began. The counts are written to the
 * log every hour, and sent to the keeper every 10 s, which has the heartbeat asked only while they
 * are well.
 */
#pragma once

#include "base/histogram.h"
#include "monitor/own_side.h"
#include "monitor/observation.h"

/* Single attempts in the log, which tells no more of them than a reader can bear. Changes are not
 * among them. */

struct attempt_log {
	int64_t since;     /* monotonic: the budget of lines began then */
	uint32_t lines;    /* that it was used for */
	uint64_t withheld; /* since that was said last */
};

/* Says what has become of an attempt, if that is worth a line. */
void attempt_log_add(struct attempt_log *, const struct watch *, const struct own_side *,
    const struct run_effects *,
    const struct report *);

struct monitor;

/* Begins as zeroes, but for `hour`. */
struct activity {
	uint64_t runs_ever; /* since the process began */
	int64_t second;     /* monotonic: when what is done once a second was done last */
	struct attempt_log log;
	int64_t hour;       /* monotonic: the counts of the hour began then */
	struct counts {
		uint64_t runs, verdicts[PW_UNKNOWN + 1], passed_over, avoided, stray;
		struct histogram late;
	} counts;           /* of the hour */
	struct health {
		struct histogram late;
		uint64_t runs, passed_over;
		int64_t next;   /* when the keeper is told again */
		bool blind;     /* as was said last */
		int64_t told_late; /* the same */
	} health;           /* since it was said last */
};

/* A run that was in hand was reported, and had begun so late (microseconds). */
void activity_add_report(struct activity *, int64_t late);
/* A run was judged. */
void activity_add_run(struct activity *, const struct run_effects *, uint8_t verdict);
/* So many runs were not made because an earlier one took too long. */
void activity_add_passed_over(struct activity *, uint32_t runs);

/* Logs the counts, and begins anew. */
void activity_log(struct monitor *);
/* About once a second: says what is due. */
void activity_tick(struct monitor *);
