/* A monitor and its keepers: what the one after the next has to know. */
#include "monitor_scene.h"

#include "monitor/notify.h"

#define NOW (1000 * MINUTE)

/* A run of the target b, the one of that number of a monitor before. */
static void
hand_over(struct scene *scene, uint64_t number)
{
	unsigned char changes[512];
	struct wire_out one = wire_over(changes, sizeof changes), out = wire_over(scene->handed, sizeof scene->handed);

	message_add_change(&one, &(struct message_change){ .change = 7, .kind = "down", .code = "refused", .from = "suspect",
	    .to = "down", .incident = 7, .detected = 1, .confirmed = 2, .text = { "b down", 6 } });
	message_put_run(&out, &(struct message_run){ .sequence = { 5, number }, .target = 1, .state = { "", 0 }, .change_count = 1,
	    .changes = { (const char *)changes, one.size } });
	scene->handed_size = out.size;
	scene->taken = (struct sequence){ 5, number };
	scene->committed = (struct sequence){ 5, number - 1 };
}

/* The keeper that had it in memory alone is gone as well. */
static void
what_another_monitor_said_is_said_to_the_next_keeper(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	hand_over(scene, 41);
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "");
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down b");
	assert_true(scene->change.change == 7);
	assert_int_equal(scene->changed.number, 41);
	scene->told[0] = '\0';
	scene_commit(scene);
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "");
	/* What comes of this monitor has the numbers behind it. */
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	assert_true(scene->taken.birth == 5 && scene->taken.number > 42);
	scene_destroy(&scene);
}

/* Of very many runs that the disk does not have the keeper hands over the newest; of the others the states tell. A keeper
 * behind it that has none of them cannot go on in that sequence, and hears what is open. */
static void
the_oldest_that_are_not_committed_may_be_missing(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	hand_over(scene, 43);
	scene->committed.number = 40;
	scene->monitor = monitor_create(&scene->duty, NOW, 1);
	scene_link_keeper(scene);
	scene->taken = (struct sequence){ 5, 43 };
	assert_true(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
	scene_recovered(scene, 1);
	assert_true(scene->monitor->watch.begun);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "");
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down b");
	assert_true(scene->changed.birth != 5 && scene->changed.number == 1);
	scene_destroy(&scene);
}

/* What happens to ourselves while the keeper has not said all yet has its number behind what that says, or a sequence of its own
 * where it is not waited for. */
static void
what_is_told_before_all_is_known_comes_behind_it(void **unused)
{
	(void)unused;
	for (int patient = 0; patient < 2; patient++) {
		struct scene *scene = scene_create(2);

		hand_over(scene, 41);
		scene->monitor = monitor_create(&scene->duty, NOW, 1);
		scene_link_keeper(scene);
		scene->taken = (struct sequence){ 5, 41 };
		for (uint32_t i = 0; i < SCENE_PROBERS; i++)
			scene_link_prober(scene, i);
		/* However often it is said: what a run of ours could hold is not the bound. */
		for (int i = 0; i < 2 * RUN_CHANGES_MAX; i++)
			scene_say_files(scene, i % 2 == 0 ? "" : "ca_file: it cannot be read");
		monitor_flush(scene->monitor, true);
		assert_true(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
		if (!patient)
			monitor_begin(scene->monitor);
		scene_recovered(scene, 1);
		scene_run(scene, SECOND);
		assert_string_equal(scene->told, "impaired -");
		assert_true(patient ? scene->changed.birth == 5 && scene->changed.number == 42
		    : scene->changed.birth != 5 && scene->changed.number == 1);
		scene_destroy(&scene);
	}
}

/* What a keeper cannot say: it has committed what was not said to it, or what it has taken is not what it hands over. */
static void
a_keeper_that_says_what_cannot_be_is_not_believed(void **unused)
{
	struct scene *scene = scene_create(2);
	unsigned char packet[128];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	message_put_committed(&out, &(struct message_committed){ .runs = { scene->taken.birth, scene->taken.number + 1 } });
	assert_false(keeper_messages_take(scene->monitor, packet, out.size));
	out = wire_over(packet, sizeof packet);
	message_put_committed(&out, &(struct message_committed){ .results = { scene->taken.birth, 1000 } });
	assert_false(keeper_messages_take(scene->monitor, packet, out.size));
	monitor_destroy(&scene->monitor);
	hand_over(scene, 41);
	for (uint64_t taken = 40; taken < 43; taken++) {
		scene->monitor = monitor_create(&scene->duty, NOW, 1);
		scene_link_keeper(scene);
		assert_true(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
		out = wire_over(packet, sizeof packet);
		message_put_recovered(&out, &(struct message_recovered){ .runs = { 5, 40 }, .runs_taken = taken });
		assert_int_equal(keeper_messages_take(scene->monitor, packet, out.size), taken == 41);
		assert_int_equal(scene->monitor->watch.begun, taken == 41);
		monitor_destroy(&scene->monitor);
	}
	/* Nor is one that hands over the same again, or leaves one out. */
	scene->monitor = monitor_create(&scene->duty, NOW, 1);
	scene_link_keeper(scene);
	assert_true(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
	assert_false(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
	hand_over(scene, 43);
	assert_false(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
	scene_destroy(&scene);
}

/* Whatever is taken and whatever is committed when a keeper dies: each run is in the next one once, in order. */
static void
each_run_is_committed_once(void **unused)
{
	struct scene *scene = scene_create(4);
	uint32_t chance = 7;

	(void)unused;
	scene_bear(scene, NOW);
	for (int round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < 4; i++)
			scene->scripts[i] = (chance = chance * 1103515245 + 12345) >> 16 & 1 ? "r" : ".";
		scene_run(scene, (chance >> 20) % 180 * SECOND);
		uint64_t behind = scene->taken.number - scene->committed.number;
		scene->committed = scene->taken;
		scene->committed.number -= behind == 0 ? 0 : (chance >> 12) % behind;
		if (round % 3 == 0)
			scene_link_keeper(scene);
		if (round % 3 == 0)
			scene_recovered(scene, 1); /* what comes is checked to be the next */
	}
	scene_run(scene, SECOND);
	assert_true(scene->changes > 50);
	scene_destroy(&scene);
}

static void
results_are_said_again_until_they_are_committed(void **unused)
{
	struct scene *scene = scene_create(1);
	unsigned char packet[128];

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, 3 * MINUTE);
	uint32_t results = scene->results;
	assert_in_range(results, 3, 4);
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_in_range(scene->results, 2 * results, 2 * results + 1);
	results = scene->results;
	struct wire_out out = wire_over(packet, sizeof packet);
	message_put_committed(&out, &(struct message_committed){ .results = scene->results_taken });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
	/* A keeper whose history.db is another one says less. */
	out = wire_over(packet, sizeof packet);
	message_put_committed(&out, &(struct message_committed){ .results = { scene->taken.birth, 1 } });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_int_equal(scene->results, results);
	scene_destroy(&scene);
}

/* A run of our own that is full is closed by the change behind it, and does not hold that one. */
static void
a_full_run_of_our_own_holds_no_change_behind_it(void **unused)
{
	struct scene *scene = scene_create(1);
	struct keeper_link *link;
	unsigned char packet[128];
	struct wire_out out = wire_over(packet, sizeof packet);
	uint64_t last = 0, next;

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, SECOND);
	scene_commit(scene);
	link = scene->monitor->keeper;
	struct sequence full = { scene->taken.birth, scene->taken.number + 1 };
	for (int i = 0; i < RUN_CHANGES_MAX; i++)
		last = notify_own(scene->monitor, NOTICE_impaired, "limit", watch_moment(&scene->monitor->watch), "few");
	next = notify_own(scene->monitor, NOTICE_impaired, "limit", watch_moment(&scene->monitor->watch), "few");
	keeper_link_flush(link, false);
	scene_keep(scene);
	assert_int_equal(scene->taken.number, full.number + 1);
	assert_false(keeper_link_has_committed(link, last));
	message_put_committed(&out, &(struct message_committed){ .runs = full });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
	assert_true(keeper_link_has_committed(link, last));
	assert_false(keeper_link_has_committed(link, next));
	scene_commit(scene);
	assert_true(keeper_link_has_committed(link, next));
	scene_destroy(&scene);
}

/* It was lost before it had said all: the next one says what is so. */
static void
what_half_a_keeper_said_is_forgotten(void **unused)
{
	struct scene *scene = scene_create(2);

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	monitor_destroy(&scene->monitor);
	scene->monitor = monitor_create(&scene->duty, NOW + 3 * MINUTE, 1);
	scene_link_keeper(scene);
	scene_say_state(scene, 0, scene->record[0], scene->record_size[0]);
	assert_int_equal(scene->monitor->watch.targets[0].state.state, STATE_DOWN);
	assert_non_null(scene->monitor->watch.targets[0].attempts);
	held_targets_take(scene->monitor, &(struct message_account){ .account = ACCOUNT_HELD, .text = "its prober died" });
	scene_link_keeper(scene);
	assert_int_equal(scene->monitor->watch.targets[0].state.state, STATE_PENDING);
	assert_null(scene->monitor->watch.targets[0].attempts);
	scene_recovered(scene, 1); /* and what the parent has said by then is not */
	assert_true(scene->monitor->watch.targets[0].state.quarantined);
	scene_destroy(&scene);
}

/* What the store shows of a target is said with its state; and of one that an earlier version kept, as soon as it is told. */
static void
what_is_shown_of_a_target_goes_with_its_state(void **unused)
{
	struct scene *scene = scene_create(2);
	const struct message_columns *columns = &scene->columns[0];
	unsigned char packet[5000];

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(columns->state, "down");
	assert_string_equal(columns->verdict, "failed");
	assert_string_equal(columns->outcome, "refused");
	assert_true(columns->since > 0 && columns->ended > 0 && columns->attempts > 0);
	assert_true(columns->text.size > 0 && !columns->quarantined && !columns->flapping);
	scene->columns[0] = (struct message_columns){ .state = "" };
	monitor_destroy(&scene->monitor);
	scene->monitor = monitor_create(&scene->duty, NOW + 3 * MINUTE, 1);
	scene->committed = scene->taken;
	struct sequence taken = scene->taken;
	scene_link_keeper(scene);
	scene->taken = taken;
	uint32_t states = scene->states;
	struct wire_out out = wire_over(packet, sizeof packet);
	message_put_state(&out, &(struct message_state){ 0, true, { (char *)scene->record[0], scene->record_size[0] } });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
	scene_recovered(scene, 1);
	keeper_link_flush(scene->monitor->keeper, false);
	scene_keep(scene);
	assert_int_equal(scene->states, states + 1);
	assert_string_equal(columns->state, "down");
	assert_string_equal(columns->outcome, "refused");
	scene_destroy(&scene);
}

static void
a_keeper_of_another_store_hears_what_is_open(void **unused)
{
	struct scene *scene = scene_create(2);
	uint64_t incident;

	(void)unused;
	scene_bear(scene, NOW);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "down a");
	incident = scene->change.change;
	scene_commit(scene);
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "down a");
	scene->told[0] = '\0';
	scene_link_keeper(scene);
	scene_recovered(scene, 2);
	scene_run(scene, SECOND);
	assert_string_equal(scene->told, "again down a");
	assert_string_equal(scene->change.to, "down");
	assert_true(scene->change.change == incident && scene->change.incident == incident);
	/* It was not committed: the next hears it once, whatever that one writes. */
	scene->told[0] = '\0';
	scene_link_keeper(scene);
	scene_recovered(scene, 3);
	scene->scripts[0] = ".";
	scene_run(scene, 3 * MINUTE);
	assert_string_equal(scene->told, "again down a up a");
	assert_true(scene->change.incident == incident);
	scene_destroy(&scene);
}

static void
a_keeper_that_does_not_read_costs_only_results(void **unused)
{
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	static unsigned char filler[WIRE_MAX] = { MESSAGE_EVIDENCE };
	scene_run(scene, SECOND);
	scene_commit(scene);
	scene_link_keeper(scene); /* which has not said anything yet, so that all waits for it */
	for (int i = 0; i < 1024; i++)
		keeper_link_add_evidence(scene->monitor->keeper, filler, sizeof filler);
	scene->scripts[0] = "r";
	scene_run(scene, 2 * MINUTE);
	assert_string_equal(scene->told, "");
	scene_link_keeper(scene);
	scene_recovered(scene, 1);
	scene_run(scene, MINUTE);
	assert_string_equal(scene->told, "down a");
	struct keeper_link_dropped dropped = keeper_link_dropped(scene->monitor->keeper);
	assert_true(dropped.results > 0 && dropped.evidence > 0);
	scene_destroy(&scene);
}

static void
runs_are_numbered_behind_all_that_were_given(void **unused)
{
	static const uint64_t year_3000 = UINT64_C(32503680000) * 1000 << 12, old = UINT64_C(1795000000000000) << 12;
	struct scene *scene = scene_create(1);

	(void)unused;
	scene_bear(scene, NOW);
	scene_run(scene, MINUTE);
	assert_true(scene->last[0].run > 0 && scene->last[0].run < RUNS_MAX / 2);
	uint64_t given[] = { scene->last[0].run + 1000, year_3000, old }, before = scene->last[0].run;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
		scene->last_run = given[i];
		scene_bear(scene, scene->monitor->watch.now);
		scene_run(scene, MINUTE);
		assert_true(scene->last[0].run > given[i] && scene->last[0].run < RUNS_MAX);
		assert_true(scene->last[0].run > before);
		before = scene->last[0].run;
	}
	/* A number that none has given leads nowhere. */
	scene->last_run = UINT64_MAX;
	scene_bear(scene, scene->monitor->watch.now);
	scene_run(scene, MINUTE);
	assert_true(scene->last[0].run < RUNS_MAX);
	scene_destroy(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_numbered_behind_all_that_were_given),
		cmocka_unit_test(what_another_monitor_said_is_said_to_the_next_keeper),
		cmocka_unit_test(the_oldest_that_are_not_committed_may_be_missing),
		cmocka_unit_test(what_is_told_before_all_is_known_comes_behind_it),
		cmocka_unit_test(a_keeper_that_says_what_cannot_be_is_not_believed),
		cmocka_unit_test(each_run_is_committed_once),
		cmocka_unit_test(results_are_said_again_until_they_are_committed),
		cmocka_unit_test(a_full_run_of_our_own_holds_no_change_behind_it),
		cmocka_unit_test(what_half_a_keeper_said_is_forgotten),
		cmocka_unit_test(what_is_shown_of_a_target_goes_with_its_state),
		cmocka_unit_test(a_keeper_of_another_store_hears_what_is_open),
		cmocka_unit_test(a_keeper_that_does_not_read_costs_only_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
