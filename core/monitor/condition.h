/*
 * Conditions: what is worth telling of a target beside up and down, such as a certificate that ends
 * soon; one for each (target, code). A run shows a condition, misses it (the run went through the
 * phase where it would show), or does not reach that phase; the table says what follows. Called by
 * apply_run.c.
 */
#pragma once

#include "monitor/codes.h"
#include "monitor/observation.h"

enum stage {
	STAGE_NONE, /* a forgotten cell */
	STAGE_ABSENT,
	STAGE_SEEN,
	STAGE_STANDING,
	STAGE_FADING,
	STAGES
};

enum sight {
	SIGHT_SHOWN,
	SIGHT_SHOWN_ENOUGH,
	SIGHT_MISSED,
	SIGHT_MISSED_ENOUGH,
	SIGHT_NOT_REACHED,
	SIGHT_REPLACED, /* by a nearer threshold, which stands */
	SIGHTS
};

enum condition_tell { CONDITION_TELL_NOBODY, CONDITION_TELL_RAISED, CONDITION_TELL_CLEARED };

struct condition_move {
	enum stage to;
	enum condition_tell tell;
};

struct condition_move condition_move(enum stage from, enum sight sight);
const char *stage_name(enum stage stage);

struct condition {
	uint16_t code;
	uint8_t stage; /* enum stage, never STAGE_ABSENT */
	uint8_t phase; /* index in the policy's phases, PHASE_ANY */
	uint8_t count; /* of runs in a row that showed it (SEEN) or missed it (FADING) */
	bool blocked;
	struct moment since; /* when it was first seen */
};

struct conditions {
	uint16_t count, room;
	struct condition items[];
};

/* Makes room for what a run shows. False: no memory, and nothing has changed. */
bool conditions_reserve(struct conditions **conditions, uint32_t shown_count);

/*
 * Learns from a run for which room was reserved; `passed`: it answered, so conditions of no phase
 * would have shown. `told` is called for each that was raised or cleared. Frees the list when it is
 * empty. True: something changed that must survive us.
 */
bool conditions_learn(struct conditions **conditions, const struct observation *run, bool passed,
    const struct policy *policy, const struct codes *codes,
    void (*told)(void *arg, const struct condition *, enum condition_tell), void *arg);

/* The one with that code, or NULL. */
const struct condition *conditions_find(const struct conditions *conditions, uint16_t code);

extern const struct rule_table condition_table;
