/*
 * For `postwatch backtest`: replays stored attempts under the configured settings and under those
 * that are tried, and compares the outages and notices of both with what was told.
 */
#pragma once

#include "command/backtest_settings.h"
#include "command/choice.h"

enum backtest_column { BACKTEST_TOLD, BACKTEST_CONFIGURED, BACKTEST_TRIED, BACKTEST_COLUMNS };

/* An outage of a target; ended 0: not within that time. */
struct backtest_outage {
	size_t place; /* in past->targets */
	int64_t began, confirmed, ended;
	unsigned doubt;
	bool avoided;  /* it is none: a suspicion that may have become one, which is not known */
	bool has_like; /* under the other settings there is one at that time, too */
};

/* Under one set of settings; `told` is what was. */
struct backtest_sum {
	uint64_t notices, avoided;
	uint64_t unmade;                 /* attempts that would have been made and nobody made */
	struct backtest_outage *outages; /* by target, then by their begin */
	uint32_t count, room;
	uint64_t outage_count;           /* of them without those that were avoided */
	int64_t median, longest;         /* from their begin to when they were certain; -1: none */
};

struct backtest {
	int64_t from, until;     /* what is counted lies within */
	uint64_t targets, attempts;
	uint64_t unreadable;     /* rows with what cannot be */
	struct backtest_sum sums[BACKTEST_COLUMNS];
	uint64_t missed, more;   /* outages of one that the other lacks */
	uint64_t not_known;      /* outages and false alarms of the settings tried */
};

/* Replays what was chosen: 0. Else the exit status, and what is wrong was said; also where the past
 * is broken, which says so. What it made is released by backtest_fini() in any case. */
int backtest_replay(struct past *, const struct choice *, struct backtest_settings *,
    struct backtest *);
void backtest_fini(struct backtest *);
