/* When certificates, the build and the store say that it is our own clock that is wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/our_clock.h"

#define DAY (INT64_C(86400) * SECOND)
#define BOOT (INT64_C(5000) * SECOND)

static int64_t now; /* of the wall clock */

/* A chain that is valid from and to so many days from now. */
static struct clock_evidence
chain(int from, int end, uint64_t issuer, uint64_t domain)
{
	return (struct clock_evidence){ now + from * DAY, now + end * DAY, issuer, domain };
}

static void
see(struct our_clock *clock, struct clock_evidence evidence)
{
	our_clock_see(clock, &evidence, BOOT, BOOT, now);
}

static void
was_built_some_time_ago(void **state)
{
	struct our_clock clock = { .begun = 1 };

	(void)state;
	assert_true(clock_built() > INT64_C(1700000000) * SECOND);
	assert_true(clock_built() < clock_wall());
	assert_int_equal(our_clock_doubt(&clock, BOOT, clock_built() - 1), CLOCK_BEFORE_BUILD);
	assert_int_equal(our_clock_doubt(&clock, BOOT, clock_built()), CLOCK_BELIEVED);
	clock.before_store = true;
	assert_int_equal(our_clock_doubt(&clock, BOOT, clock_built()), CLOCK_BEFORE_STORE);
}

static void
three_that_are_out_of_date_at_once_tell(void **state)
{
	struct our_clock ahead = { .begun = 1 }, behind = { .begun = 1 };

	(void)state;
	see(&ahead, chain(-500, -400, 1, 1));
	see(&ahead, chain(-495, -405, 2, 2));
	assert_int_equal(our_clock_doubt(&ahead, BOOT, now), CLOCK_BELIEVED);
	see(&ahead, chain(-490, -410, 3, 3));
	assert_int_equal(our_clock_doubt(&ahead, BOOT, now), CLOCK_AGAINST_ALL);
	for (int i = 0; i < 3; i++)
		see(&behind, chain(10 + 2 * i, 100, (uint64_t)i + 1, (uint64_t)i + 1));
	assert_int_equal(our_clock_doubt(&behind, BOOT, now), CLOCK_AGAINST_ALL);
	/* One that is valid ends it. */
	see(&behind, chain(-1, 1, 9, 9));
	assert_int_equal(our_clock_doubt(&behind, BOOT, now), CLOCK_BELIEVED);
}

static void
what_says_nothing_about_our_clock(void **state)
{
	static const struct {
		int from, end;
		uint64_t issuer, domain;
	} rows[][3] = {
		{ { -500, -400, 1, 1 }, { -500, -410, 1, 2 }, { -500, -420, 3, 3 } },     /* two of one issuer */
		{ { -500, -400, 1, 1 }, { -500, -410, 2, 1 }, { -500, -420, 3, 3 } },     /* two of one domain */
		{ { -500, -400, 1, 1 }, { -500, -401, 2, 2 }, { -500, -420, 3, 3 } },     /* they end together */
		{ { -500, -400, 1, 1 }, { -500, -410, 2, 2 }, { -500, -420, 0, 3 } },     /* one has signed itself */
		{ { -500, -400, 1, 1 }, { -300, -200, 2, 2 }, { -100, -50, 3, 3 } },      /* no time at which all were valid */
		{ { -500, -400, 1, 1 }, { 10, 20, 2, 2 }, { -500, -420, 3, 3 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct our_clock clock = { .begun = 1 };

		for (int round = 0; round < 3; round++)
			for (size_t j = 0; j < 3; j++)
				see(&clock, chain(rows[i][j].from, rows[i][j].end, rows[i][j].issuer, rows[i][j].domain));
		if (our_clock_doubt(&clock, BOOT, now) != CLOCK_BELIEVED)
			fail_msg("row %zu", i);
	}
}

/* One that is long dead among them does not keep the others from telling. */
static void
finds_three_among_more(void **state)
{
	struct our_clock clock = { .begun = 1 };

	(void)state;
	see(&clock, chain(-4000, -3000, 9, 9));
	for (int i = 0; i < 3; i++)
		see(&clock, chain(-500, -400 - 2 * i, (uint64_t)i + 1, (uint64_t)i + 1));
	assert_int_equal(our_clock_doubt(&clock, BOOT, now), CLOCK_AGAINST_ALL);
	for (int i = 0; i < 20; i++)
		see(&clock, chain(-4000, -3000 - i, 20 + (uint64_t)i, 20 + (uint64_t)i));
	assert_int_equal(our_clock_doubt(&clock, BOOT, now), CLOCK_AGAINST_ALL);
}

static void
one_valid_in_the_last_hour_vouches(void **state)
{
	struct our_clock clock = { .begun = 1 };

	(void)state;
	see(&clock, chain(-1, 1, 9, 9));
	for (int i = 0; i < 3; i++)
		see(&clock, chain(-500, -400 - 2 * i, (uint64_t)i + 1, (uint64_t)i + 1));
	assert_int_equal(our_clock_doubt(&clock, BOOT + 3599 * (int64_t)SECOND, now), CLOCK_BELIEVED);
	assert_int_equal(our_clock_doubt(&clock, BOOT + 3601 * (int64_t)SECOND, now), CLOCK_AGAINST_ALL);
}

/* What was seen before the clock was set says nothing about it. */
static void
begins_anew_when_the_clock_is_set(void **state)
{
	struct our_clock clock = { .begun = 1 };
	struct clock_evidence evidence = chain(-1, 1, 9, 9);
	int64_t later = now + 400 * DAY;

	(void)state;
	see(&clock, evidence);
	for (int i = 0; i < 3; i++) {
		evidence = chain(-10, 10 + 2 * i, (uint64_t)i + 1, (uint64_t)i + 1);
		our_clock_see(&clock, &evidence, BOOT, BOOT, later);
	}
	assert_int_equal(our_clock_doubt(&clock, BOOT, later), CLOCK_AGAINST_ALL);
	evidence = chain(-10, 10, 1, 1);
	our_clock_see(&clock, &evidence, BOOT, BOOT, now);
	assert_int_equal(our_clock_doubt(&clock, BOOT, now), CLOCK_BELIEVED);
}

static void
waits_for_others_at_first(void **state)
{
	struct our_clock clock = { .begun = BOOT, .many = true }, few = { .begun = BOOT };

	(void)state;
	see(&clock, chain(-500, -400, 1, 1));
	see(&few, chain(-500, -400, 1, 1));
	assert_int_equal(our_clock_doubt(&few, BOOT, now), CLOCK_BELIEVED);
	assert_int_equal(our_clock_doubt(&clock, BOOT, now), CLOCK_NOT_KNOWN);
	assert_int_equal(our_clock_doubt(&clock, BOOT + 60 * (int64_t)SECOND, now), CLOCK_BELIEVED);
	see(&clock, chain(-1, 1, 2, 2));
	assert_int_equal(our_clock_doubt(&clock, BOOT, now), CLOCK_BELIEVED);
}

static void
says_which(void **state)
{
	char bytes[200];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	our_clock_add_words(&text, CLOCK_BEFORE_BUILD, 62 * (int64_t)SECOND);
	assert_string_equal(bytes, "our own clock is wrong: it says 1970-01-01T00:01:02Z, before this program was built");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(was_built_some_time_ago),
		cmocka_unit_test(three_that_are_out_of_date_at_once_tell),
		cmocka_unit_test(what_says_nothing_about_our_clock),
		cmocka_unit_test(finds_three_among_more),
		cmocka_unit_test(one_valid_in_the_last_hour_vouches),
		cmocka_unit_test(begins_anew_when_the_clock_is_set),
		cmocka_unit_test(waits_for_others_at_first),
		cmocka_unit_test(says_which),
	};

	now = clock_wall();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
