/*
 * For `postwatch backtest`: the monitor's rules over attempts that were made and stored, under the
 * settings that are configured and under others, side by side. Other settings would have made other
 * attempts: of those that were made they take what they would have made themselves, and what they
 * would have made and nobody made is counted, and never guessed.
 */
#pragma once

#include "monitor/observation.h"
#include "monitor/target_state.h"

enum replay_which { REPLAY_CONFIGURED, REPLAY_TRIED, REPLAY_MACHINES };

/* What of a judgement is not known, as bits. */
enum replay_doubt {
	REPLAY_UNMADE = 1, /* attempts that nobody made may have decided otherwise */
	REPLAY_ROUTINE = 2 /* an attempt that would have had the patient limits had the others */
};

/* A run as it was kept. Times are UTC. */
struct replay_run {
	uint64_t run;
	int64_t started, ended;
	enum pw_verdict verdict;
	uint32_t flags;          /* REPORT_…, RESULT_… */
	bool paused;             /* nobody was to be told then */
	const char *outcome;
	uint32_t phase_count;    /* of the policy, in its order; 0: their times are not known */
	const int64_t *phases;   /* microseconds, -1 where not reached */
};

/* Of a target; both have the same phases. */
struct replay_settings {
	const struct policy *policies[REPLAY_MACHINES];
	bool slow_differs; /* the limits above which a phase is slow */
};

/* One of the two. What it holds is released by replay_fini(). */
struct replay_machine {
	struct target_state state;
	int64_t held;     /* the end of the attempt whose confirmation is held; 0: none is */
	uint32_t silence; /* reasons in force at that attempt */
	int64_t grid;     /* the begin of the last run that belongs to no series */
	uint64_t unmade;  /* attempts that it would have made and nobody made */
	uint32_t unmade_in_row; /* those of the open suspicion */
	unsigned doubt;   /* REPLAY_ROUTINE of the attempt that is held */
};

/* A target. Starts as zeroes. */
struct replay {
	struct replay_machine machines[REPLAY_MACHINES];
	int64_t ended; /* the last run; 0: there was none yet */
};

/* What a run has led to in one of the two; `doubt`: of a confirmation, or of a false alarm. */
typedef void replay_told(void *arg, enum replay_which, const struct run_effects *, unsigned doubt);

/* What is shared by all targets. */
struct replayer {
	struct codes *codes;
	replay_told *told;
	void *arg;
	struct report report;
	struct run_effects effects;
};

/* Judges the next run of a target. Returns false if there is no memory. */
bool replay_run(struct replayer *, struct replay *, const struct replay_settings *,
    const struct replay_run *);

/* What is kept of a `down` (or `flapping`): `silence` are the reasons that were in force. */
struct replay_confirmation {
	int64_t began, at;
	uint32_t silence;
};
/* That was told, up to the next run of the target: releases what the configured machine holds, and
 * the other where it holds the same attempt. Returns false if there is no memory. */
bool replay_confirmed(struct replayer *, struct replay *, const struct replay_settings *,
    const struct replay_confirmation *);

/* Whether an attempt that would confirm under the settings tried alone waits for somebody else to
 * be heard; and somebody was, at `at`. Returns false if there is no memory. */
bool replay_waits(const struct replay *);
bool replay_heard(struct replayer *, struct replay *, const struct replay_settings *, int64_t at);

void replay_fini(struct replay *);
