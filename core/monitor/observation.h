/*
 * Input and output of the monitor's rules for one run of a target (apply_run.h): `observation` is
 * what the prober's report says of the run; `run_context` is what the monitor knows beside it, such
 * as whether our own network may be the cause of a failure; `run_effects` is the decision, with the
 * changes to be told. `postwatch backtest` makes them from stored attempts (replay.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/messages.h"
#include "base/notice.h"
#include "config/config.h"
#include "monitor/state.h"

enum {
	PHASE_ANY = UINT8_MAX,                        /* a condition that belongs to no phase */
	SHOWN_MAX = REPORT_WARNINGS_MAX + 2,          /* warnings, the outcome, `unstable` */
	CONDITIONS_MAX = 32,                          /* of one target; what comes on top is not
	                                               * kept */
	RUN_EFFECTS_MAX = 3 + CONDITIONS_MAX + SHOWN_MAX
};

/* A warning, or the outcome of a run that was degraded or blocked. */
struct shown {
	uint16_t code;
	uint8_t phase; /* index in the policy's phases, PHASE_ANY */
	bool blocked;
};

/* Times on one steady clock (clock_mono). */
struct observation {
	uint64_t run;      /* its number */
	int64_t started, ended;
	int64_t started_utc, ended_utc; /* the same, for people */
	int64_t heard;     /* when anything of the peer last came, 0: nothing did */
	bool spoken;       /* the verdict is the peer's own act, not its silence */
	enum pw_verdict verdict;
	uint16_t outcome;
	bool patient;
	bool due;          /* false: by hand and not due, so it counts for nothing */
	bool over_routine; /* a phase, or the leg, took longer than its routine limit */
	bool tempfail;     /* the outcome is `tempfail` */
	bool rate_limited; /* the outcome is `rate_limited` */
	bool missing;      /* there is no such name, or it has no address */
	bool too_many;     /* refused by 4xx because of too many connections, their rate, or
	                    * throttling */
	bool policy_code;  /* refused by 4xx with an enhanced code x.7.x */
	bool undated;      /* our clock cannot be right: it does not show what the dates of a
	                    * certificate would */
	bool means_us;     /* the text of the refusal speaks of us */
	uint32_t reached;  /* phases that were gone through, by their index in the policy */
	uint32_t shown_count;
	struct shown shown[SHOWN_MAX];
};

/* The world around the target at that moment. */
struct run_context {
	bool blind;       /* we are known to be cut off: a failure says nothing */
	bool held;        /* we may be cut off, or nobody else was heard yet: nothing is confirmed
	                   * */
	bool ours;        /* we could not see it, or may not have been able to, at some time since
	                   * its suspicion began */
	bool enough;      /* its failures have gone on so long that this one confirms, were they
	                   * ever so few */
	bool alone;       /* nobody was there to ask whether it may be us */
	bool intercepted; /* it was turned away in words that may be somebody else's: it says
	                   * nothing */
	bool apart;       /* the reason for telling it together with others is over: this failure is
	                   * of it alone */
	bool may_repeat;  /* the attempt that would confirm may be made again at once */
	bool explained;   /* that the run tells nothing is told for itself, or soon is */
	uint32_t silence; /* reasons from outside (silence.h): parent, digest */
	const struct codes *codes;
};

/* One thing worth telling. */
struct change {
	enum notice_kind kind;
	uint16_t code;       /* outcome or condition */
	enum state from, to; /* STATE_NONE where no state changed */
	uint32_t number;     /* the target's own counter of everything worth telling */
	uint32_t incident;   /* the number of the `down` it belongs to, 0: none */
	uint32_t silence;    /* reasons that keep it from being told at once */
	uint32_t attempts;   /* that confirmed it */
	bool alone;          /* nobody else could be asked: it may be our own network */
	bool apart;          /* a down that was told together with others before */
	struct moment detected, confirmed;
};

static inline struct moment
observation_started(const struct observation *run)
{
	return (struct moment){ run->started, run->started_utc };
}

static inline struct moment
observation_ended(const struct observation *run)
{
	return (struct moment){ run->ended, run->ended_utc };
}

/* What a run has led to. */
struct run_effects {
	enum signal signal;
	enum state from, to;
	bool durable;      /* something changed that must survive us */
	bool avoided;      /* a false alarm */
	bool suspected;    /* the first failing attempt */
	bool slow, swift;  /* the flag `slow` was set, cleared */
	bool backed_off;   /* the interval was doubled */
	uint32_t count;
	struct change changes[RUN_EFFECTS_MAX];
};
