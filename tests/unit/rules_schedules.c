/*
 * A million random histories. Half of them run without silence from outside and take every change at its word; the other
 * half with pauses, parents, holds, blindness and rebirths, and a minimal ledger that compares when a silence ends.
 * In both: no up without a down, what is told alternates, and after quiet what was told is what is true.
 */
#include "rules_world.h"

#include "monitor/attempt.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_UNDEFINED__)
enum { HISTORIES = 100 * 1000 };
#else
enum { HISTORIES = 1000 * 1000 };
#endif
enum { STEPS = 18, QUIET_STEPS = 80, WATCHED = 3 };

enum meaning { MEANS_UP, MEANS_DOWN, MEANS_FLAPPING };

struct ledger {
	bool filters;                /* tells only what differs from what was told */
	enum meaning told;
	bool raised[WATCHED];        /* conditions as told, silent ones included */
	uint32_t number;             /* of the last change */
};

static uint64_t seed;

static uint32_t
chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

/* Each allowed step of what people are told. */
static void
say(struct ledger *ledger, enum notice_kind kind)
{
	switch (kind) {
	case NOTICE_down:
		assert_int_not_equal(ledger->told, MEANS_DOWN);
		ledger->told = MEANS_DOWN;
		return;
	case NOTICE_up:
		assert_int_equal(ledger->told, MEANS_DOWN);
		ledger->told = MEANS_UP;
		return;
	case NOTICE_flapping:
		assert_int_equal(ledger->told, MEANS_UP);
		ledger->told = MEANS_FLAPPING;
		return;
	case NOTICE_settled:
		assert_int_equal(ledger->told, MEANS_FLAPPING);
		ledger->told = MEANS_UP;
		return;
	case NOTICE_changed:
		assert_int_equal(ledger->told, MEANS_DOWN);
		return;
	default:
		return;
	}
}

static enum meaning
truth(const struct target_state *target)
{
	if (target->flapping != NULL && target->flapping->flap == FLAP_FLAPPING)
		return MEANS_FLAPPING;
	return state_is_down((enum state)target->state) ? MEANS_DOWN : MEANS_UP;
}

/* What the keeper does when nothing is silent any more. */
static void
compare(struct ledger *ledger, const struct target_state *target)
{
	enum meaning now = truth(target);

	if (now == ledger->told)
		return;
	if (ledger->told == MEANS_FLAPPING && now == MEANS_UP)
		say(ledger, NOTICE_settled);
	else if (ledger->told == MEANS_DOWN && now != MEANS_DOWN)
		say(ledger, NOTICE_up);
	if (now == MEANS_FLAPPING)
		say(ledger, NOTICE_flapping);
	else if (now == MEANS_DOWN)
		say(ledger, NOTICE_down);
}

static void
watch_condition(struct ledger *ledger, const struct change *change)
{
	if (change->code >= WATCHED)
		return;
	assert_int_equal(ledger->raised[change->code], change->kind == NOTICE_cleared);
	ledger->raised[change->code] = change->kind != NOTICE_cleared;
}

static void
write_down(struct ledger *ledger, const struct world *world)
{
	for (uint32_t i = 0; i < world->effects.count; i++) {
		const struct change *change = &world->effects.changes[i];
		assert_true(change->number == ++ledger->number);
		assert_true(change->detected.mono <= change->confirmed.mono && change->detected.utc <= change->confirmed.utc);
		if (change->kind == NOTICE_degraded || change->kind == NOTICE_blocked || change->kind == NOTICE_cleared)
			watch_condition(ledger, change);
		else if (!ledger->filters && change->silence == 0)
			say(ledger, change->kind);
	}
	if (ledger->filters && !(world->target.silence & ~(uint32_t)SILENCE_flapping))
		compare(ledger, &world->target);
}

static void
check(const struct world *world)
{
	const struct target_state *target = &world->target;
	enum state state = (enum state)target->state;

	assert_true(world->due > world->now && world->due - world->now <= 10 * MINUTE + 10);
	if (state == STATE_SUSPECT)
		assert_true(target->fails > 0
		    && (target->fails < attempt_needed(target, &world->policy, world->now) || target->trouble->held || world->context.held));
	if (state == STATE_RECOVERING)
		assert_in_range(target->passes, 1, world->policy.recover_tries - 1);
	if (state == STATE_UP || state == STATE_PENDING)
		assert_true(target->fails == 0 && (target->trouble == NULL || !moment_is_set(target->trouble->began)));
}

static void
step(struct world *world, struct ledger *ledger, char what)
{
	struct observation run = world_observation(world, what);

	assert_true(apply_run(&world->target, &run, &world->policy, &world->context, &world->effects));
	world->now = run.ended;
	world->due = pace_next(&world->target, &world->policy, 0, world->due, run.ended, chance()).at;
	write_down(ledger, world);
	check(world);
}

/* A monitor dies, the next one gets the record. */
static void
be_born_again(struct world *world)
{
	unsigned char record[2048];
	struct wire_out out = wire_over(record, sizeof record);

	target_state_put(&world->target, &world->policy, world->codes, &out);
	assert_false(out.bad);
	struct wire_in in = wire_from(record, out.size);
	target_state_fini(&world->target);
	target_state_init(&world->target, world_moment(world->now));
	assert_true(target_state_get(&world->target, &world->policy, world->codes, WORLD_UTC, &in));
	assert_true(wire_is_whole(&in));
}

/* Something in the world around changes. */
static void
disturb(struct world *world, struct ledger *ledger)
{
	static const uint32_t reasons[] = { SILENCE_parent, SILENCE_parent_unplain, SILENCE_paused, SILENCE_window };
	uint32_t which = chance() % 8;

	if (which < 4)
		world->context.silence ^= reasons[which];
	else if (which == 4)
		world->context.blind = !world->context.blind;
	else if (which == 5)
		world->context.held = !world->context.held;
	else if (which == 6)
		be_born_again(world);
	else if (world->context.held) {
		world->context.held = false;
		assert_true(apply_release(&world->target, &world->policy, &world->context, world_moment(world->now), &world->effects));
		write_down(ledger, world);
	}
	apply_silence(&world->target, world->context.silence);
	world->effects.count = 0;
	write_down(ledger, world);
}

/* Mostly in streaks, as servers are. */
static char
next_run(char last)
{
	static const char runs[] = "....xxxx?tbwXs";
	uint32_t dice = chance();

	return dice & 3 ? last : runs[(dice >> 8) % (sizeof runs - 1)];
}

static void
begin(struct world *world)
{
	static const uint16_t tries[] = { 1, 2, 3, 3, 5 };
	static const int64_t intervals[] = { MINUTE, MINUTE, 10 * SECOND, 5 * MINUTE };

	target_state_fini(&world->target);
	target_state_init(&world->target, world_moment(world->now));
	world->policy.tries = tries[chance() % 5];
	world->policy.recover_tries = (uint16_t)(1 + chance() % 3);
	world->policy.interval = intervals[chance() % 4];
	world->policy.tempfail_grace = (chance() & 1 ? 2 : 15) * MINUTE;
	world->context = (struct run_context){ .codes = world->codes };
}

static void
be_quiet(struct world *world, struct ledger *ledger)
{
	world->context = (struct run_context){ .codes = world->codes };
	apply_silence(&world->target, 0);
	world->effects.count = 0;
	write_down(ledger, world);
	for (int i = 0; i < QUIET_STEPS; i++) {
		step(world, ledger, '.');
		if (world->target.state == STATE_UP && world->target.conditions == NULL && world->target.silence == 0)
			break;
		if (i > 4) /* let the episode pass */
			world->due = pace_grid(0, world->policy.interval, world->now + 10 * MINUTE);
	}
	assert_int_equal(world->target.state, STATE_UP);
	assert_int_equal(ledger->told, MEANS_UP);
	for (int i = 0; i < WATCHED; i++)
		assert_false(ledger->raised[i]);
}

static void
live(struct world *world, bool disturbed)
{
	struct ledger ledger = { .filters = disturbed };
	char what = '.';

	begin(world);
	for (int i = 0; i < STEPS; i++) {
		step(world, &ledger, what = next_run(what));
		if (disturbed && chance() % 6 == 0)
			disturb(world, &ledger);
	}
	be_quiet(world, &ledger);
}

static void
random_histories_keep_the_promises(void **disturbed)
{
	struct world *world = world_create(3, 2);

	seed = 0x9e3779b97f4a7c15u;
	for (int i = 0; i < HISTORIES / 2; i++)
		live(world, *disturbed != NULL);
	world_destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(random_histories_keep_the_promises, NULL),
		cmocka_unit_test_prestate(random_histories_keep_the_promises, "disturbed"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
