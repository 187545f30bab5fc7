/* Who is held, for how long, and who is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "parent/quarantine.h"
#include "scratch.h"

static const int64_t minute = (int64_t)60 * SECOND, hour = (int64_t)3600 * SECOND, day = (int64_t)86400 * SECOND;

static struct quarantine quarantine;
static char why[512];

static int
begin(void **state)
{
	(void)state;
	quarantine = (struct quarantine){ .times = { hour, day } };
	return 0;
}

static bool
die(uint32_t target, int64_t now, const char *how)
{
	const struct quarantine_entry *entry = quarantine_learn(&quarantine, target, now, how);
	struct text text = TEXT_OVER(why);

	if (entry == NULL || entry->stage != QUARANTINE_HELD)
		return false;
	quarantine_explain(&quarantine, entry, &text);
	return true;
}

static void
two_deaths_within_the_hour_hold_it(void **state)
{
	(void)state;
	assert_false(die(7, 0, "of SIGSEGV"));
	assert_int_equal(quarantine_next(&quarantine), INT64_MAX);
	assert_true(die(7, hour - 1, "of SIGABRT"));
	assert_string_equal(why, "the prober died twice with it in hand, of SIGSEGV and then of SIGABRT; it is "
	    "not probed for 1 d, then tried once");
	assert_int_equal(quarantine_next(&quarantine), hour - 1 + day);
}

static void
two_deaths_further_apart_do_not(void **state)
{
	(void)state;
	assert_false(die(7, 0, "of SIGSEGV"));
	quarantine_clear(&quarantine, 7);
	assert_false(die(7, hour, "of SIGSEGV"));
	assert_true(die(7, hour + 1, "of SIGSEGV"));
}

static void
two_targets_do_not_add_up(void **state)
{
	(void)state;
	assert_false(die(7, 0, "of SIGSEGV"));
	assert_false(die(8, 1, "of SIGSEGV"));
	assert_false(die(9, 2, "of SIGSEGV"));
	assert_true(die(8, 3, "of SIGSEGV"));
}

static void
it_is_released_once_after_a_day(void **state)
{
	uint32_t target = 0;

	(void)state;
	die(7, 0, "of SIGSEGV");
	die(7, minute, "of SIGSEGV");
	assert_false(quarantine_release(&quarantine, minute + day - 1, &target));
	assert_true(quarantine_release(&quarantine, minute + day, &target));
	assert_int_equal(target, 7);
	assert_string_equal(why, "the prober died twice with it in hand, both times of SIGSEGV; "
	    "it is not probed for 1 d, then tried once");
	assert_false(quarantine_release(&quarantine, minute + day, &target));
	assert_int_equal(quarantine_next(&quarantine), INT64_MAX);
}

static void
it_ends_by_hand(void **state)
{
	(void)state;
	die(7, 0, "of SIGSEGV");
	assert_false(quarantine_end(&quarantine, 7));
	die(7, minute, "of SIGSEGV");
	assert_false(quarantine_end(&quarantine, 8));
	assert_true(quarantine_end(&quarantine, 7));
	assert_false(quarantine_end(&quarantine, 7));
	assert_int_equal(quarantine_next(&quarantine), INT64_MAX);
	assert_false(die(7, minute, "of SIGSEGV"));
	assert_true(die(7, minute, "of SIGSEGV"));
}

static void
a_failed_trial_holds_it_at_once(void **state)
{
	uint32_t target;

	(void)state;
	die(7, 0, "of SIGSEGV");
	die(7, 0, "of SIGSEGV");
	quarantine_release(&quarantine, day, &target);
	assert_true(die(7, day + 5 * hour, "of SIGBUS"));
	assert_string_equal(why, "the prober died again at the trial of it, of SIGBUS; it is not "
	    "probed for 1 d, then tried once");
	assert_int_equal(quarantine_next(&quarantine), 2 * day + 5 * hour);
}

static void
a_good_trial_is_forgotten(void **state)
{
	uint32_t target;

	(void)state;
	die(7, 0, "of SIGSEGV");
	die(7, 0, "of SIGSEGV");
	quarantine_release(&quarantine, day, &target);
	quarantine_clear(&quarantine, target);
	assert_false(die(7, 2 * day, "of SIGSEGV"));
}

static void
what_is_held_stays_held(void **state)
{
	(void)state;
	die(7, 0, "of SIGSEGV");
	die(7, 0, "of SIGSEGV");
	assert_false(die(7, hour, "of SIGSEGV"));
	assert_int_equal(quarantine_next(&quarantine), day);
}

static void
a_suspect_is_kept_apart_until_a_run_ends_well(void **state)
{
	uint32_t target;

	(void)state;
	die(7, 0, "of SIGSEGV");
	die(8, 1, "of SIGSEGV");
	assert_true(quarantine_is_apart(&quarantine, 7));
	assert_false(quarantine_is_apart(&quarantine, 9));
	assert_int_equal(quarantine_count_apart(&quarantine), 2);
	assert_true(quarantine_clear(&quarantine, 7));
	assert_false(quarantine_clear(&quarantine, 7));
	assert_int_equal(quarantine_count_apart(&quarantine), 1);
	assert_true(die(7, 2, "of SIGSEGV")); /* it is a suspect still */
	assert_false(quarantine_is_apart(&quarantine, 7));
	assert_true(quarantine_release(&quarantine, 2 + day, &target));
	assert_true(quarantine_is_apart(&quarantine, 7)); /* so is its trial */
	assert_true(quarantine_is_apart(&quarantine, 8)); /* no run of it has ended for more than the hour */
	assert_true(die(8, 2 + day, "of SIGSEGV"));
}

static void
a_full_table_gives_up_its_oldest_suspect(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < QUARANTINE_ROOM; i++) {
		assert_false(die(i, i, "of SIGSEGV"));
		quarantine_clear(&quarantine, i);
	}
	assert_false(die(1000, 1000, "of SIGSEGV"));
	assert_false(die(0, 1001, "of SIGSEGV")); /* forgotten, and in its turn it makes 1 be */
	assert_true(die(1000, 1002, "of SIGSEGV"));
	assert_true(die(2, 1003, "of SIGSEGV"));
}

static void
who_is_kept_apart_gives_way_to_nobody(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < QUARANTINE_ROOM; i++)
		assert_non_null(quarantine_learn(&quarantine, i, i, "of SIGSEGV"));
	assert_null(quarantine_learn(&quarantine, 1000, 1000, "of SIGSEGV"));
	assert_true(die(0, 1001, "of SIGSEGV"));
}

static void
a_table_full_of_held_ones_takes_no_more(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < QUARANTINE_ROOM; i++) {
		die(i, 0, "of SIGSEGV");
		assert_true(die(i, 0, "of SIGSEGV"));
	}
	assert_false(die(1000, 0, "of SIGSEGV"));
	assert_false(die(1000, 0, "of SIGSEGV"));
}

static const struct pw_plugin probe = { .name = "smtp" };
static const struct plugin plugin = { .descriptor = &probe };
static const struct policy policy = { .probe = &plugin };

/* What is known is known to the next parent, under the numbers of its own configuration; not of what is probed otherwise. */
static void
the_next_parent_knows_who_is_held(void **state)
{
	char folder[SCRATCH_PATH];
	struct target targets[] = { { .name = "a b", .host = "a", .port = 25, .policy = &policy },
		{ .name = "b", .host = "b", .port = 25, .policy = &policy }, { .name = "c", .host = "c", .port = 25, .policy = &policy } };
	struct target others[] = { { .name = "c", .host = "c", .port = 25, .policy = &policy },
		{ .name = "a b", .host = "a", .port = 25, .policy = &policy }, { .name = "b", .host = "b", .port = 587, .policy = &policy } };
	int64_t now = clock_mono();
	struct reason reason;

	(void)state;
	scratch_make(folder, "quarantine", false);
	struct config config = { .state = folder, .target_count = 3, .targets = targets };
	die(0, now - 3 * minute, "of SIGSEGV");
	assert_true(die(0, now - 2 * minute, "of SIGBUS"));
	die(1, now, "of SIGSEGV");
	die(2, now - minute, "by our kill: silent for 10.0 s");
	assert_int_equal(quarantine.changes, 4);
	assert_true(quarantine_keep(&quarantine, &config, now, &reason));
	quarantine = (struct quarantine){ .times = { hour, day } };
	config.targets = others;
	quarantine_take_back(&quarantine, &config, now);
	assert_int_equal(quarantine.count, 2);
	const struct quarantine_entry *held = &quarantine.entries[0], *suspect = &quarantine.entries[1];
	assert_int_equal(held->target, 1);
	assert_int_equal(held->stage, QUARANTINE_HELD);
	assert_in_range(held->since, now - 2 * minute - 2 * SECOND, now - 2 * minute + 2 * SECOND);
	assert_string_equal(held->before, "of SIGSEGV");
	assert_string_equal(held->last, "of SIGBUS");
	assert_int_equal(suspect->target, 0);
	assert_int_equal(suspect->stage, QUARANTINE_SUSPECT);
	assert_true(suspect->apart);
	assert_true(die(0, now, "of SIGSEGV")); /* its second one */
	scratch_remove(folder);
}

/* What cannot be read is left aside, and whom another version held may be mended. */
static void
of_another_version_it_is_on_trial(void **state)
{
	char folder[SCRATCH_PATH], path[128];
	struct target targets[] = { { .name = "a", .host = "a", .port = 25, .policy = &policy } };
	struct reason reason;
	char bytes[512];

	(void)state;
	scratch_make(folder, "quarantine", false);
	struct config config = { .state = folder, .target_count = 1, .targets = targets };
	snprintf(path, sizeof path, "%s/quarantine", folder);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody will ever write to it */
	quarantine_take_back(&quarantine, &config, clock_mono());
	assert_int_equal(quarantine.count, 0);
	unlink(path);
	snprintf(path, sizeof path, "%s/quarantine.new", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	quarantine_take_back(&quarantine, &config, clock_mono());
	assert_int_equal(quarantine.count, 0);
	die(0, clock_mono(), "of SIGSEGV");
	assert_true(die(0, clock_mono(), "of SIGSEGV"));
	assert_true(quarantine_keep(&quarantine, &config, clock_mono(), &reason));
	snprintf(path, sizeof path, "%s/quarantine", folder);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	size_t size = fread(bytes, 1, sizeof bytes, file);
	for (size_t cut = 0; cut <= size; cut++) {
		quarantine = (struct quarantine){ .times = { hour, day } };
		assert_int_equal(ftruncate(fileno(file), 0), 0);
		rewind(file);
		fwrite(bytes, 1, cut, file);
		fflush(file);
		quarantine_take_back(&quarantine, &config, clock_mono());
		assert_int_equal(quarantine.count, cut == size);
	}
	assert_int_equal(quarantine.entries[0].stage, QUARANTINE_HELD);
	rewind(file);
	fputc('9', file);
	fclose(file);
	quarantine = (struct quarantine){ .times = { hour, day } };
	quarantine_take_back(&quarantine, &config, clock_mono());
	assert_int_equal(quarantine.entries[0].stage, QUARANTINE_TRIAL);
	assert_true(quarantine.entries[0].apart);
	scratch_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_deaths_within_the_hour_hold_it, begin),
		cmocka_unit_test_setup(two_deaths_further_apart_do_not, begin),
		cmocka_unit_test_setup(two_targets_do_not_add_up, begin),
		cmocka_unit_test_setup(it_ends_by_hand, begin),
		cmocka_unit_test_setup(it_is_released_once_after_a_day, begin),
		cmocka_unit_test_setup(a_failed_trial_holds_it_at_once, begin),
		cmocka_unit_test_setup(a_good_trial_is_forgotten, begin),
		cmocka_unit_test_setup(what_is_held_stays_held, begin),
		cmocka_unit_test_setup(a_suspect_is_kept_apart_until_a_run_ends_well, begin),
		cmocka_unit_test_setup(who_is_kept_apart_gives_way_to_nobody, begin),
		cmocka_unit_test_setup(a_full_table_gives_up_its_oldest_suspect, begin),
		cmocka_unit_test_setup(the_next_parent_knows_who_is_held, begin),
		cmocka_unit_test_setup(of_another_version_it_is_on_trial, begin),
		cmocka_unit_test_setup(a_table_full_of_held_ones_takes_no_more, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
