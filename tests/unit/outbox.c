/* From a change to its receipt: what a notifier is handed, in which order, and what is remembered. */
#include "keeper/commit_queue_private.h"
#include "outbox_world.h"

#include "store/list.h"
#include "store/store_private.h"

static void
down_and_up_are_told_in_order(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.incident, 1);
	assert_int_equal(world->notice.attempt, 1);
	assert_int_equal(strlen(world->notice.key), 26);
	assert_memory_equal(world->notice.target.data, "mx1", 3);
	up(world, 0, 1, "");
	down(world, 1, "");
	assert_string_equal(handed(world), ""); /* one at a time */
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
what_waits_is_merged(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "outage");
	assert_int_equal(world->notice.covered, 2);
	assert_memory_equal(world->notice.list.data, "mx1 down\nmx1 up\n", 16);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
silence_yields_one_outage(void **state)
{
	struct world *world = create();

	(void)state;
	for (int i = 0; i < 3; i++) {
		down(world, 0, "paused");
		up(world, 0, world->changes[0], "paused");
	}
	assert_string_equal(handed(world), "");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "outage");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "");
	down(world, 0, "paused");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	up(world, 0, world->changes[0] - 1, "paused");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

static void
who_dies_with_it_in_hand_leaves_a_doubt(void **state)
{
	struct world *world = create();
	char key[NOTICE_KEY_MAX];

	(void)state;
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	memcpy(key, world->notice.key, sizeof key);
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, 0);
	close(world->notifiers[0]);
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, 0));
	notifier_at(&world->keeper, 0)->rest_until = 0;
	link_notifiers(world);
	assert_string_equal(handed(world), "down");
	assert_string_equal(world->notice.key, key);
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, NOTICE_DUPLICATE);
	assert_int_equal(world->notice.attempt, 2);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, 0);
	destroy(&world);
}

static void
a_keeper_born_again_goes_on(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	end(world);
	close(world->notifiers[0]);
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx1", 3);
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, NOTICE_DUPLICATE);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	end(world);
	begin(world);
	link_notifiers(world);
	assert_string_equal(handed(world), "");
	/* The monitor says again what it was not told to be safe. */
	world->changes[0]--;
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	assert_int_equal(incident_of(world, 0).number, 1);
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	assert_int_equal(world->notice.incident, 1);
	destroy(&world);
}

/* A keeper that died between its commit and its answer leaves the monitor to say all of it again to the next one. */
static void
what_was_safe_and_is_said_again_is_not_told_again(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	commit_all(&world->keeper);
	end(world);
	close(world->notifiers[0]);
	begin(world);
	link_notifiers(world);
	const struct sequence taken = world->keeper.commits->sides[STORE_MAIN].taken;
	const struct message_state up_now = { 0, false, { "state", 5 } };
	const struct message_change down_again = { .target = 0, .change = 1, .kind = "down", .from = "suspect", .to = "down", .incident = 1,
		.detected = BEGAN, .confirmed = BEGAN, .text = { "mx1 down", 8 } };
	assert_true(taken.birth == 1 && taken.number == 2);
	assert_true(say_run_as(&world->keeper, (struct sequence){ 1, 1 }, &down_again, &up_now));
	assert_true(say_run_as(&world->keeper, taken, NULL, &up_now));
	assert_string_equal(handed(world), "");
	assert_false(registry_is_down(world->keeper.registry, 0));
	/* One behind a gap is not taken: what is between would be lost. */
	assert_false(say_run_as(&world->keeper, (struct sequence){ 1, 4 }, &down_again, &up_now));
	assert_false(say_run_as(&world->keeper, (struct sequence){ 0, 3 }, &down_again, &up_now));
	assert_false(registry_is_down(world->keeper.registry, 0));
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

/* The version before kept no number of a run: what waits is delivered, and a sequence begins. */
static void
a_store_without_a_sequence_is_gone_on_with(void **state)
{
	struct world *world = create();
	const struct message_change change = { .target = 0, .change = 2, .kind = "up", .from = "down", .to = "up", .incident = 1,
		.detected = BEGAN, .confirmed = BEGAN, .text = { "mx1 up", 6 } };

	(void)state;
	down(world, 0, "");
	assert_true(db_exec(world->keeper.store->db_files[STORE_MAIN].db, "DELETE FROM meta WHERE key = 'sequence'"));
	begin_again(world);
	assert_int_equal(world->keeper.commits->sides[STORE_MAIN].taken.birth, 0);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_true(say_run_as(&world->keeper, (struct sequence){ 9, 1 }, &change, &(struct message_state){ 0, false, { "state", 5 } }));
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "up");
	begin_again(world);
	assert_true(sequence_is_same(world->keeper.commits->sides[STORE_MAIN].taken, (struct sequence){ 9, 1 }));
	destroy(&world);
}

/* A monitor that says what is true to a keeper which may not know it: what stands already is not told again. */
static void
what_stands_is_not_told_again_when_it_is_restated(void **state)
{
	struct world *world = create();
	unsigned char changes[1024], packet[2048];
	struct wire_out both = wire_over(changes, sizeof changes), out = wire_over(packet, sizeof packet);
	struct message_change change = { .target = 0, .change = 1, .kind = "down", .from = "suspect", .to = "down", .incident = 1,
		.detected = BEGAN, .confirmed = BEGAN, .text = { "mx1 down", 8 } };
	struct message_run run = { .sequence = { 2, 1 }, .restated = true, .state = { "state", 5 }, .change_count = 2 };

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	message_add_change(&both, &change);
	change = (struct message_change){ .target = 0, .change = 9, .kind = "degraded", .code = "slow_banner", .detected = BEGAN,
		.confirmed = BEGAN, .text = { "slow", 4 } };
	message_add_change(&both, &change);
	run.changes = (struct pw_bytes){ (const char *)changes, both.size };
	for (int i = 0; i < 2; i++) {
		out = wire_over(packet, sizeof packet);
		message_put_run(&out, &run);
		assert_true(keeper_hear(&world->keeper, packet, out.size));
		commit_all(&world->keeper);
		assert_string_equal(handed(world), i == 0 ? "degraded" : "");
		if (i == 0)
			answer(world, PW_SENT, false);
		run.sequence.number++;
	}
	assert_int_equal(incident_of(world, 0).number, 1);
	destroy(&world);
}

/* A monitor that began without us says of a target that it is up, of which an incident is open: that has ended unseen. */
static void
an_incident_that_the_monitor_knows_nothing_of_is_ended(void **state)
{
	struct world *world = create();
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	message_put_run(&out, &(struct message_run){ .sequence = { 2, 1 }, .columns = { .state = "up" }, .state = { "state", 5 }, .changes = { "", 0 } });
	assert_true(keeper_hear(&world->keeper, packet, out.size));
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "up");
	assert_memory_equal(world->notice.text.data, "mx1 is up: when it came back was not seen", 41);
	assert_false(registry_is_down(world->keeper.registry, 0));
	destroy(&world);
}

/* Each result is counted once, whatever is said again; those behind a gap are taken, for the monitor holds only so many. */
static void
results_have_numbers_of_their_own(void **state)
{
	struct world *world = create();
	unsigned char packet[1024];

	(void)state;
	for (uint64_t number = 1, taken = 0; number < 12; number += number % 4 == 0 ? 3 : 1)
		for (int again = 0; again < 2; again++) {
			struct wire_out out = wire_over(packet, sizeof packet);
			message_begin_results(&out);
			assert_true(message_add_report(&out, &(struct report){ .run = 100 + number, .target = 0, .verdict = PW_OK, .outcome = "ok",
			    .started = BEGAN }));
			message_set_sequence(packet, (struct sequence){ 1, number });
			taken += again == 0;
			assert_true(keeper_hear(&world->keeper, packet, out.size));
			assert_int_equal(world->keeper.record->done, taken);
			assert_int_equal(store_batch_count(world->keeper.commits->sides[STORE_MAIN].open), 0);
			if (number == 7) {
				commit_all(&world->keeper);
				assert_int_equal(world->keeper.commits->sides[STORE_HISTORY].committed.number, number);
			}
		}
	begin_again(world);
	assert_int_equal(world->keeper.commits->sides[STORE_HISTORY].taken.number, 7);
	destroy(&world);
}

/* What goes to a free notifier is claimed with its own notice, and handed out when that is durable. */
static void
a_mail_costs_two_commits(void **state)
{
	struct world *world = create();
	uint64_t serial = world->keeper.commits->serial;

	(void)state;
	down(world, 0, "");
	assert_true(outbox_has_claims(&world->keeper, notifier_at(&world->keeper, 0)));
	assert_int_equal(notifier_at(&world->keeper, 0)->in_hand, 0);
	assert_int_equal(world->keeper.commits->serial, serial + 1);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_int_equal(world->keeper.commits->serial, serial + 2);
	down(world, 1, ""); /* as a kill does, before it is handed out */
	begin_again(world);
	assert_string_equal(handed(world), "down");
	assert_true(world->notice.flags & NOTICE_DUPLICATE);
	destroy(&world);
}

/* What is told of ourselves, and the record of our own side with it, are there for the next keeper. */
static void
what_is_our_own_is_kept_with_what_was_told_of_it(void **state)
{
	struct world *world = create();
	struct message_change change = { .target = CONFIG_NONE, .change = 7, .kind = "blind",
		.code = "no_route", .detected = BEGAN, .confirmed = clock_wall(), .text = { "cut off", 7 } };
	char kept[64];

	(void)state;
	assert_true(say_run(&world->keeper, &change, &(struct message_state){ CONFIG_NONE, false, { "blind since", 11 } }));
	commit_all(&world->keeper);
	assert_string_equal(handed(world), "blind");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_int_equal(store_read_meta(store_inside(world->keeper.store), OWN_META, kept, sizeof kept), 11);
	assert_memory_equal(kept, "blind since", 11);
	destroy(&world);
}

/* The keeper writes what the monitor says. */
static void
what_is_shown_of_a_state_is_what_the_monitor_says(void **state)
{
	struct world *world = create();
	struct store_state row;
	struct store_list list;
	char said[128];

	(void)state;
	for (int64_t interval = INTERVAL_NONE; interval <= 90 * (int64_t)SECOND; interval += 90 * (int64_t)SECOND - INTERVAL_NONE) {
		assert_true(say_whole_run(&world->keeper, &(struct message_run){ .sequence = next_of(&world->keeper, STORE_MAIN), .target = 1,
		    .state = { "\1\xff", 2 }, .interval = interval, .columns = { .state = "suspect", .outcome = "refused",
		    .silences = "parent", .fails = 2, .slow = true, .text = { "a\xffword", 6 } } }));
		commit_all(&world->keeper);
		store_list_open(&list, store_inside(world->keeper.store), STORE_LIST_STATE, registry_number(world->keeper.registry, 1));
		assert_true(store_list_next(&list, &row));
		snprintf(said, sizeof said, "%s %s %s %.*s %lld %u %u", row.state, row.outcome, row.silences, (int)row.text.size, row.text.data,
		    (long long)(row.interval / SECOND), row.fails, row.slow);
		assert_int_equal(store_list_close(&list), STORE_READ_END);
		assert_string_equal(said, interval > 0 ? "suspect refused parent a\xffword 90 2 1" : "suspect refused parent a\xffword 0 2 1");
	}
	destroy(&world);
}

static void
the_way_rests_and_a_refusal_does_not_hold_up_others(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_AGAIN, true);
	notifier_at(&world->keeper, 0)->rest_until = clock_mono() + 3600 * (int64_t)SECOND;
	assert_string_equal(handed(world), "");
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.attempt, 2);
	answer(world, PW_NEVER, false);
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_storm_becomes_a_digest(void **state)
{
	struct world *world = create();
	int sent = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		say(world, (uint32_t)i % TARGETS, "blocked", "", "", 0, "");
	/* One code each: conditions that were told are not told again. */
	assert_string_equal(handed(world), "blocked");
	destroy(&world);
	world = create();
	for (int i = 0; i < 3 * 20; i++)
		record_ours(&world->keeper, "impaired", "test", BEGAN, "trouble %d", i);
	commit_all(&world->keeper);
	while (strcmp(handed(world), "impaired") == 0) {
		answer(world, PW_SENT, false);
		sent++;
	}
	assert_int_equal(sent, 20);
	assert_string_equal(world->notice.kind, "digest");
	assert_int_equal(world->notice.covered, 2 * 20);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
waits_grow_and_end(void **state)
{
	(void)state;
	assert_int_equal(patience_channel(0, UINT32_MAX), 0);
	assert_int_equal(patience_channel(1, UINT32_MAX), 5 * SECOND);
	assert_int_equal(patience_channel(2, UINT32_MAX), 10 * SECOND);
	assert_int_equal(patience_channel(1, 0), 0);
	assert_int_equal(patience_channel(1000, UINT32_MAX), 900 * (int64_t)SECOND);
	assert_true(patience_delivery(0, 0) >= 30 * (int64_t)SECOND);
	assert_true(patience_delivery(1000, UINT32_MAX) <= 930 * (int64_t)SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(down_and_up_are_told_in_order),
		cmocka_unit_test(what_waits_is_merged),
		cmocka_unit_test(silence_yields_one_outage),
		cmocka_unit_test(who_dies_with_it_in_hand_leaves_a_doubt),
		cmocka_unit_test(a_keeper_born_again_goes_on),
		cmocka_unit_test(what_was_safe_and_is_said_again_is_not_told_again),
		cmocka_unit_test(a_store_without_a_sequence_is_gone_on_with),
		cmocka_unit_test(what_stands_is_not_told_again_when_it_is_restated),
		cmocka_unit_test(an_incident_that_the_monitor_knows_nothing_of_is_ended),
		cmocka_unit_test(results_have_numbers_of_their_own),
		cmocka_unit_test(a_mail_costs_two_commits),
		cmocka_unit_test(what_is_our_own_is_kept_with_what_was_told_of_it),
		cmocka_unit_test(what_is_shown_of_a_state_is_what_the_monitor_says),
		cmocka_unit_test(the_way_rests_and_a_refusal_does_not_hold_up_others),
		cmocka_unit_test(a_storm_becomes_a_digest),
		cmocka_unit_test(waits_grow_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
