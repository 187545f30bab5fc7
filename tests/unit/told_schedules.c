/*
 * Random schedules of all that holds notices back, against what a notifier may and has to be told: nothing of a target is
 * handed out while a reason is in force, and when it has ended what is true and untold is told, once. Time is the test's.
 *
 * SCHEDULES=n in the environment: so many; SCHEDULE=n: that one, with all that happens in it.
 */
#include "told_world.h"

enum { STEPS = 120, SCHEDULES = 30 };

static void
toggle(struct world *world, uint32_t target)
{
	bool down = world->down[target];

	if (!down) {
		say(world, target, "down", "suspect", "down", UINT64_MAX);
		world->incidents[target] = world->changes[target];
	} else
		say(world, target, "up", "down", "up", world->incidents[target]);
	world->down[target] = !down;
	world->acknowledged[target] = false;
}

static void
toggle_condition(struct world *world, uint32_t target)
{
	if (world->down[target])
		return;
	world->degraded[target] = !world->degraded[target];
	say(world, target, world->degraded[target] ? "degraded" : "cleared", "", "", 0);
}

static void
pause_target(struct world *world, uint32_t target, const char *span, int64_t time)
{
	ASK(world, "pause", target, world->config.targets[target].name, span, "x");
	if (now + time > world->paused[target])
		world->paused[target] = now + time;
	show(world, "mx%u is paused for %s", target, span);
}

static void
resume(struct world *world, uint32_t target)
{
	if (now >= world->paused[target])
		return;
	ASK(world, "resume", target, world->config.targets[target].name);
	world->paused[target] = 0;
	show(world, "mx%u is resumed", target);
}

static void
acknowledge(struct world *world, uint32_t target)
{
	char number[24];

	if (!world->down[target])
		return;
	snprintf(number, sizeof number, "%" PRIu64, open_incident(world, target));
	ASK(world, "ack", CONFIG_NONE, number, "on it");
	world->acknowledged[target] = true;
	show(world, "mx%u is acknowledged", target);
}

static void
restart(struct world *world, bool reload)
{
	if (reload)
		targets[1].parent = targets[1].parent == 0 ? CONFIG_NONE : 0;
	now += MILLISECOND;
	show(world, "%s", reload ? "reload" : "the keeper is killed");
	end(world);
	begin(world);
	if (next(2) == 0)
		say_health(world);
	else
		world->keeper.policy->blind_until = world->blind ? clock_mono() + 30 * (int64_t)SECOND : 0;
}

static void
happen(struct world *world)
{
	uint32_t target = next(TARGETS), notifier = next(NOTIFIERS);

	switch (next(14)) {
	case 0: case 1: case 2: case 3:
		toggle(world, target);
		break;
	case 4: case 5:
		toggle_condition(world, target);
		break;
	case 6:
		pause_target(world, target, "10m", 10 * MINUTE);
		break;
	case 7:
		ASK(world, "pause", CONFIG_NONE, "lab", "5m", "x");
		world->paused_tag = now + 5 * MINUTE > world->paused_tag ? now + 5 * MINUTE : world->paused_tag;
		show(world, "tag:lab is paused");
		break;
	case 8:
		resume(world, target);
		break;
	case 9:
		acknowledge(world, target);
		break;
	case 10:
		world->blind = !world->blind;
		say_health(world);
		show(world, world->blind ? "blind" : "not blind");
		break;
	case 11:
		world->works[notifier] = !world->works[notifier];
		show(world, "notifier %u %s", notifier, world->works[notifier] ? "works" : "fails");
		break;
	case 12:
		if (next(4) == 0) {
			ASK(world, "outbox", CONFIG_NONE, "retry", "all");
			show(world, "all is retried");
		}
		break;
	case 13:
		restart(world, next(3) == 0);
		break;
	}
	look_at_silence(world);
}

/* All reasons end, all notifiers work, and time enough passes for who is told later. */
static void
let_all_end(struct world *world)
{
	show(world, "all ends");
	for (uint32_t i = 0; i < TARGETS; i++)
		resume(world, i);
	world->blind = false;
	say_health(world);
	for (uint32_t i = 0; i < NOTIFIERS; i++)
		world->works[i] = true;
	if (targets[1].parent == 0 && world->down[0])
		toggle(world, 0);
	look_at_silence(world);
	do
		pass(world, 40 * MINUTE);
	while (window_is_open() || now / MINUTE % 1440 < 745);
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	pass(world, 5 * MINUTE);
}

static void
show_waiting(const struct world *world)
{
	for (uint32_t i = 0; i < NOTIFIERS; i++) {
		struct delivery delivery = { .notice = 0 };

		while (outbox_next(&world->keeper, notifier_at(&world->keeper, i), STORE_QUEUE_ALL, 0, &delivery))
			show(world, "for notifier %u there waits: %s of target %" PRIu64, i, notice_name(delivery.kind), delivery.target);
	}
}

static void
all_know(const struct world *world)
{
	for (uint32_t notifier = 0; notifier < NOTIFIERS; notifier++)
		for (uint32_t i = 0; i < TARGETS; i++) {
			const struct heard *heard = &world->heard[notifier];
			if (heard->degraded[i] != world->degraded[i] && !world->down[i])
				fail_msg("notifier %u takes mx%u for %s", notifier, i, heard->degraded[i] ? "degraded" : "not degraded");
			if (heard->down[i] != world->down[i] && !(notifier == LATER && world->down[i] && world->acknowledged[i]))
				fail_msg("notifier %u takes mx%u for %s", notifier, i, heard->down[i] ? "down" : "up");
		}
}

static void
clean(struct world *world)
{
	end(world);
	scratch_remove(world->folder);
}

static void
configure(void)
{
	static const int64_t waits[] = { 20 * MINUTE };

	for (uint32_t i = 0; i < NOTIFIERS; i++)
		rules[i] = (struct config_notifier){ .name = (const char *const[]){ "now", "later", "quiet", "keeps" }[i], .plugin = &notifiers,
			.kinds = ~(1u << NOTICE_fact | 1u << NOTICE_impaired), .storm = next(3) == 0 ? 2 : 20, .fallback = CONFIG_NONE,
			.channel_grace = 600 * (int64_t)SECOND, .deadline = 60 * (int64_t)SECOND };
	rules[LATER].after = 15 * MINUTE;
	rules[QUIET].quiet = (struct calendar){ 3, quiet_hours };
	rules[QUIET].timezone = "UTC";
	rules[KEEPS].receiver = PW_KEEPS;
	if (next(2) == 0) {
		rules[AT_ONCE].remind = waits;
		rules[AT_ONCE].remind_count = 1;
	}
	targets[1].parent = 0;
}

static void
play(uint32_t schedule, bool shows)
{
	struct world *world = calloc(1, sizeof *world);

	now = INT64_C(1767693000) * SECOND;
	seed = schedule * 2654435761u | 1;
	for (int i = 0; i < 8; i++)
		(void)next(1);
	world->shows = shows;
	/* What a disk takes for each commit is of no interest here. */
	scratch_make(world->folder, "schedules", true);
	configure();
	for (uint32_t i = 0; i < NOTIFIERS; i++)
		world->works[i] = true;
	begin(world);
	say_health(world);
	for (int i = 0; i < STEPS; i++) {
		happen(world);
		if (next(3) > 0)
			pass(world, (int64_t)next(next(4) == 0 ? 900 : 60) * SECOND);
	}
	let_all_end(world);
	show_waiting(world);
	all_know(world);
	clean(world);
	free(world);
}

static uint32_t
number_of(const char *name, uint32_t usual)
{
	const char *text = getenv(name);

	return text == NULL ? usual : (uint32_t)strtoul(text, NULL, 10);
}

static void
nothing_is_told_into_a_silence_and_nothing_is_lost_in_it(void **state)
{
	uint32_t one = number_of("SCHEDULE", 0), count = number_of("SCHEDULES", SCHEDULES);

	(void)state;
	for (uint32_t i = 1; one == 0 && i <= count; i++) {
		print_message("# schedule %u\n", i);
		play(i, false);
	}
	if (one != 0)
		play(one, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told_into_a_silence_and_nothing_is_lost_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
