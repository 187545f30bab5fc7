/* Pauses and acknowledgements: what is answered, when, what the monitor is told, and what is kept. */
#include "asks_world.h"
#include "keeper/commit_queue_private.h"
#include "keeper/store_repair.h"
#include "store/store_private.h"

static void
a_pause_is_told_and_outlives_the_keeper(void **state)
{
	struct world *world = *state;

	ASK(world, "pause", 0, "mx1", "2h", "disks");
	assert_true(starts_with(heard(world), "omx1 is paused until <utc "));
	ASK(world, "pause", CONFIG_NONE, "lab", "1h", "all");
	assert_true(starts_with(heard(world), "otag:lab is paused until <utc "));
	assert_true(silences_paused(&world->keeper, 0, clock_wall()) && silences_paused(&world->keeper, 1, clock_wall()));
	assert_false(silences_paused(&world->keeper, 1, clock_wall() + 2 * 3600 * (int64_t)SECOND));
	end(world);
	begin(world);
	assert_string_equal(heard(world), "");
	ASK(world, "resume", CONFIG_NONE, "lab");
	assert_string_equal(heard(world), "otag:lab is paused no longer|x0|");
	assert_false(silences_paused(&world->keeper, 1, clock_wall()));
	ASK(world, "resume", CONFIG_NONE, "lab");
	assert_string_equal(heard(world), "etag:lab: no pause and no quarantine to be ended|x1|");
	end(world);
	begin(world);
	assert_string_equal(heard(world), "");
}

static void
nothing_is_answered_before_it_is_durable(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	world->keeper.store->db_files[STORE_MAIN].trouble = STORE_IO; /* it is not kept before that is over */
	ASK(world, "pause", 0, "mx1", "2h", "disks");
	assert_string_equal(heard(world), "");
	assert_false(asks_wait(&world->keeper));
	world->keeper.commits->mend_at = 1;
	store_repair_turn(&world->keeper);
	assert_true(asks_wait(&world->keeper));
	assert_true(starts_with(heard(world), "o"));
	world->keeper.commits->sides[STORE_MAIN].stuck = true;
	ASK(world, "pause", 0, "mx1", "2h", "disks");
	assert_string_equal(heard(world), "ethe store cannot be written, so nothing was done: the log says why|x75|");
	world->keeper.commits->sides[STORE_MAIN].stuck = false;
	for (int i = 0; i < 3; i++)
		assert_string_equal(heard(world), "");
}

static void
what_cannot_be_meant_is_refused(void **state)
{
	static char long_reason[ASK_REASON_MAX + 2];
	struct world *world = *state;

	(void)heard(world);
	memset(long_reason, 'y', ASK_REASON_MAX + 1);
	ASK(world, "pause", 0, "mx1", "2h", " \n ");
	assert_string_equal(heard(world), "e`pause` takes a target or a tag, a time, and a reason of 1 to 500 bytes|x64|");
	ASK(world, "pause", 0, "mx1", "2h", long_reason);
	assert_string_equal(heard(world), "e`pause` takes a target or a tag, a time, and a reason of 1 to 500 bytes|x64|");
	ASK(world, "pause", 0, "mx1", "91d", "x");
	assert_string_equal(heard(world), "e--for: a pause takes from 1s to 90d|x64|");
	ASK(world, "ack", CONFIG_NONE, "-1", "x");
	assert_string_equal(heard(world), "e`ack` takes the number of an incident and a reason of 1 to 500 bytes|x64|");
	ASK(world, "outbox", CONFIG_NONE, "drop", "all");
	assert_true(starts_with(heard(world), "e`outbox` takes: "));
	ASK(world, "test", CONFIG_NONE, "nobody");
	assert_true(starts_with(heard(world), "ethere is no such notifier"));
	ASK(world, "sing", CONFIG_NONE, "x");
	assert_string_equal(heard(world), "ethe keeper does not know `sing`|x64|");
}

static const char *
bytes_text(struct pw_bytes bytes)
{
	static char text[64];

	snprintf(text, sizeof text, "%.*s", (int)bytes.size, bytes.data);
	return text;
}

static void
an_acknowledgement_is_of_an_open_incident(void **state)
{
	struct world *world = *state;
	struct store_incident incident;

	(void)heard(world);
	down(world, 0);
	ASK(world, "ack", CONFIG_NONE, "1", "on \x1b it");
	assert_string_equal(heard(world), "oincident 1 of mx1 is acknowledged until it ends|x0|");
	assert_true(registry_open_incident(world->keeper.registry, 0, &incident));
	assert_string_equal(bytes_text(incident.ack_by), "root");
	end(world);
	begin(world);
	assert_true(registry_open_incident(world->keeper.registry, 0, &incident));
	assert_true(incident.acknowledged > 0);
	assert_string_equal(bytes_text(incident.ack_why), "on \\x1b it");
	up(world, 0, 1);
	ASK(world, "ack", CONFIG_NONE, "1", "late");
	assert_true(starts_with(heard(world), "eincident 1 is over since <utc "));
	ASK(world, "ack", CONFIG_NONE, "2", "early");
	assert_string_equal(heard(world), "ethere is no incident 2: `postwatch incidents` lists them|x1|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pause_is_told_and_outlives_the_keeper, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_answered_before_it_is_durable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_meant_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_acknowledgement_is_of_an_open_incident, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
