/* Numbers of runs grow from one monitor to the next, so that none is taken for another's. */
#include "monitor/watch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "monitor/pace.h"

enum {
	RUNS_A_MILLISECOND = 12, /* as bits: more than are ever begun */
	RUNS_UNKNOWN = 1 << 20   /* so many may have been given behind the last that is known */
};

bool
watch_init(struct watch *watch, struct duty *duty, int64_t now, uint32_t seed)
{
	uint32_t count = duty->config->target_count;

	*watch = (struct watch){ .duty = duty, .config = duty->config, .now = now,
	    .random = seed | 1, .codes = codes_create(),
		.targets = calloc(count == 0 ? 1 : count, sizeof *watch->targets) };
	(void)clocks_look(&watch->clocks, now);
	/* Above those that a monitor before us has given, unless the clock was set back: then we
	 * hear which these were. */
	watch->last_run = (uint64_t)(clock_wall() / MILLISECOND) << RUNS_A_MILLISECOND;
	for (uint32_t i = 0; watch->targets != NULL && i < count; i++)
		watch_begin_anew(watch, &watch->targets[i].state);
	return watch->codes != NULL && watch->targets != NULL;
}

void
watch_fini(struct watch *watch)
{
	for (uint32_t i = 0; watch->targets != NULL && i < watch->config->target_count; i++) {
		target_state_fini(&watch->targets[i].state);
		attempts_destroy(&watch->targets[i].attempts);
		facts_destroy(&watch->targets[i].facts);
		target_name_forget(&watch->targets[i].name);
	}
	codes_destroy(&watch->codes);
	free(watch->targets);
	watch->targets = NULL;
}

/*
 * A target that comes back after it was gone, or whose record was lost, has told things under
 * numbers that are kept. So they go on from the time of day, which no target outruns: a number that
 * was given would be taken for a repetition.
 */
void
watch_begin_anew(const struct watch *watch, struct target_state *state)
{
	target_state_init(state, watch_moment(watch));
	state->number = (uint32_t)(clock_wall() / SECOND);
}

void
watch_forget_target(const struct watch *watch, uint32_t target)
{
	struct watched *watched = &watch->targets[target];

	assert(!watch->begun && watched->run == 0);
	target_state_fini(&watched->state);
	watch_begin_anew(watch, &watched->state);
	attempts_destroy(&watched->attempts);
	facts_destroy(&watched->facts);
	target_name_forget(&watched->name);
	watched->renewal = (struct renewal){ .end = 0 };
	watched->network = 0;
	watched->blurred = watched->blurred_end = watched->blurred_runs = 0;
	watched->in_private = watched->was_held = false;
	watched->flags &= WATCHED_MARKED;
}

void
watch_forget(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->config->target_count; i++)
		watch_forget_target(watch, i);
}

void
watch_number_behind(struct watch *watch, uint64_t run)
{
	if (run > watch->last_run && run < RUNS_MAX - RUNS_UNKNOWN)
		watch->last_run = run + RUNS_UNKNOWN;
}

int64_t
watch_interval(const struct watch *watch, uint32_t target)
{
	if (target == CONFIG_NONE)
		return 0;
	const struct target_state *state = &watch->targets[target].state;

	if (state->flags & TARGET_QUARANTINED)
		return INTERVAL_NONE;
	return state->doubled > 0 ? pace_interval(state, watch_target(watch, target)->policy) : 0;
}
