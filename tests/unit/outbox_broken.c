/* A store that cannot be read while somebody asks for what waits in it, or is handed it. SQLite's step fails as it does where
 * the disk gives an error. */
#include "asks_world.h"

#include <sqlite3.h>

#include "keeper/commit_queue.h"

/* What statements whose next steps fail have in them, in that order; NULL: none does. */
static const char *broken, *broken_then;

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

int
__wrap_sqlite3_step(sqlite3_stmt *statement)
{
	if (broken == NULL || strstr(sqlite3_sql(statement), broken) == NULL)
		return __real_sqlite3_step(statement);
	broken = broken_then;
	broken_then = NULL;
	return SQLITE_IOERR_READ;
}

static char number[24];

static void
give_up(struct world *world)
{
	assert_string_equal(handed(world), "down");
	snprintf(number, sizeof number, "%llu", (unsigned long long)world->notice.notice);
	grow_old(&world->keeper, 0, 8 * 24 * 3600 * (int64_t)SECOND, false);
	answer(world, 0, PW_NEVER);
	notifier_at(&world->keeper, 0)->rest_until = 0;
	commit_all(&world->keeper);
}

/* What can be read is done, and that there may be more is said. */
static void
a_list_that_breaks_is_said(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	down(world, 0);
	give_up(world);
	broken = "WHERE state = 5 AND";
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_null(broken);
	assert_string_equal(heard(world), "ethe store could not be read whole: more may be waiting|eso nothing was done|x1|");
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX; /* or it would be claimed at once */
	down(world, 1);
	broken = "WHERE state = 5 AND";
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_string_equal(heard(world), "ethe store could not be read whole: more may be waiting|o1 delivery is due at once|x0|");
	broken = "WHERE notice = ?4 AND (notice, notifier";
	ASK(world, "outbox", CONFIG_NONE, "drop", number);
	assert_null(broken);
	assert_string_equal(heard(world), "ethe store could not be read whole: more may be waiting|eso nothing was done|x1|");
	ASK(world, "outbox", CONFIG_NONE, "drop", number);
	assert_string_equal(heard(world), "o1 delivery is dropped|x0|");
}

static void
mend(struct world *world)
{
	struct store_found found;
	struct reason why;

	assert_int_not_equal(store_trouble(world->keeper.store, STORE_MAIN, &why), STORE_WELL);
	assert_true(commit_queue_mend(&world->keeper, STORE_MAIN, &found));
	assert_int_equal(store_trouble(world->keeper.store, STORE_MAIN, &why), STORE_WELL);
}

/* It was in the list, and then its file broke, and what is copied into memory is without it: it is not said to be nobody's,
 * and is there when the file can be read again. */
static void
one_that_cannot_be_looked_up_is_left(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	down(world, 0);
	give_up(world);
	broken = "?2 = 0 AND d.recipient = ?3";
	broken_then = "SELECT * FROM deliveries";
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_null(broken);
	assert_string_equal(heard(world), "ethe store could not be read whole: more may be waiting|eso nothing was done|x1|");
	mend(world);
	ASK(world, "outbox", CONFIG_NONE, "retry", number);
	assert_string_equal(heard(world), "o1 delivery is due at once|x0|");
	assert_string_equal(handed(world), "down");
}

static void
what_waits_is_handed_out_from_memory(void **state)
{
	struct world *world = *state;

	(void)heard(world);
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX; /* or it would be claimed at once */
	down(world, 0);
	notifier_at(&world->keeper, 0)->rest_until = 0;
	broken = "d.rank = ?4";
	assert_string_equal(handed(world), "down");
	assert_null(broken);
	mend(world);
	answer(world, 0, PW_SENT);
	commit_all(&world->keeper);
	assert_false(waits(&world->keeper, 0));
}

/* The file of a keeper that begins breaks while it looks for those who are no longer configured. */
static void
a_keeper_begins_all_the_same(void **state)
{
	struct world *world = *state;
	struct reason why;

	down(world, 0);
	end(world);
	broken = "no longer configured";
	begin(world);
	assert_null(broken);
	assert_int_not_equal(store_trouble(world->keeper.store, STORE_MAIN, &why), STORE_WELL);
	assert_string_equal(handed(world), "down");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_list_that_breaks_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_looked_up_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_waits_is_handed_out_from_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_keeper_begins_all_the_same, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
