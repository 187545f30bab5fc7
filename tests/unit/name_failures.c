/* Names that fail alike in many domains are our resolver's failure, for a while. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "prober/name_failures.h"

static unsigned
add_failure(struct name_failures *failures, const char *text, enum dns_status status, int64_t seconds)
{
	struct dns_name name;

	assert_true(dns_name_parse(text, &name));
	return name_failures_add(failures, &name, status, seconds * SECOND);
}

static void
answer(struct name_failures *failures, const char *text, bool fresh)
{
	struct dns_name name;

	assert_true(dns_name_parse(text, &name));
	name_failures_answered(failures, &name, fresh);
}

static void
three_domains_are_ours(void **state)
{
	struct name_failures failures = { .held_since = 0 };

	(void)state;
	assert_int_equal(add_failure(&failures, "mx.one.test", DNS_NO_NAME, 1000), 0);
	assert_int_equal(add_failure(&failures, "mx.two.test", DNS_NO_NAME, 1001), 0);
	assert_int_equal(add_failure(&failures, "mx2.two.test", DNS_NO_NAME, 1002), 0); /* the same domain */
	assert_int_equal(add_failure(&failures, "mx.three.test", DNS_SERVFAIL, 1003), 0); /* in another way */
	assert_int_equal(add_failure(&failures, "mx.four.test", DNS_NO_NAME, 1004), 3);
	assert_int_equal(add_failure(&failures, "mx.one.test", DNS_NO_NAME, 1021), 3);
	/* An answer that may come from a cache ends nothing but that name's own. */
	answer(&failures, "mx.five.test", false);
	assert_int_equal(add_failure(&failures, "mx.two.test", DNS_NO_NAME, 1022), 3);
	answer(&failures, "mx.four.test", false);
	assert_int_equal(add_failure(&failures, "mx.two.test", DNS_NO_NAME, 1023), 0);
}

/* Once a name is answered afresh, whoever still fails does so by himself; others may be ours again later. */
static void
a_fresh_answer_ends_it(void **state)
{
	struct name_failures failures = { .held_since = 0 };
	static const char *const names[] = { "mx.one.test", "mx.two.test", "mx.three.test" };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_failure(&failures, names[i], DNS_NO_ANSWER, 1000), i == 2 ? 3 : 0);
	answer(&failures, "mx.four.test", true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_failure(&failures, names[i], DNS_NO_ANSWER, 1020), 0);
	for (int i = 0; i < 3; i++)
		answer(&failures, names[i], true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add_failure(&failures, names[i], DNS_NO_ANSWER, 1060), i == 2 ? 3 : 0);
}

static void
it_is_held_for_five_minutes(void **state)
{
	struct name_failures failures = { .held_since = 0 };

	(void)state;
	add_failure(&failures, "mx.one.test", DNS_NO_DATA, 1000);
	add_failure(&failures, "mx.two.test", DNS_NO_DATA, 1000);
	assert_int_equal(add_failure(&failures, "mx.three.test", DNS_NO_DATA, 1000), 3);
	assert_int_equal(add_failure(&failures, "mx.three.test", DNS_NO_DATA, 1299), 3);
	assert_int_equal(add_failure(&failures, "mx.three.test", DNS_NO_DATA, 1300), 0);
	assert_int_equal(add_failure(&failures, "mx.one.test", DNS_NO_DATA, 1320), 0);
	/* What failed long ago is no company. */
	answer(&failures, "mx.four.test", true);
	add_failure(&failures, "mx.five.test", DNS_NO_DATA, 2000);
	add_failure(&failures, "mx.six.test", DNS_NO_DATA, 2601);
	assert_int_equal(add_failure(&failures, "mx.seven.test", DNS_NO_DATA, 2602), 0);
}

/* More domains than there are places for. */
static void
the_table_is_bounded(void **state)
{
	struct name_failures failures = { .held_since = 0 };
	char name[32];

	(void)state;
	for (int i = 0; i < 2 * NAME_FAILURES_MAX; i++) {
		snprintf(name, sizeof name, "mx.n%d.test", i);
		assert_int_equal(add_failure(&failures, name, DNS_NO_NAME, 1000 + i / 4), i < 2 ? 0 : i < NAME_FAILURES_MAX ? i + 1 : NAME_FAILURES_MAX);
	}
}

/* A long list has names that are gone for good: each is told, whatever others do and in whatever order they are asked. */
static void
names_that_are_gone_are_told(void **state)
{
	enum { GONE = 200, MINUTES = 10 };
	static struct name_failures failures;
	unsigned told[GONE] = { 0 };
	char name[32];

	(void)state;
	for (int minute = 0; minute < MINUTES; minute++) {
		answer(&failures, "mx.well.test", true);
		for (int i = 0; i < GONE; i++) {
			snprintf(name, sizeof name, "mx.n%d.test", i);
			told[i] += add_failure(&failures, name, DNS_NO_NAME, 1000 + 60 * minute + i / 4) == 0;
		}
	}
	for (int i = 0; i < GONE; i++)
		assert_true(told[i] >= MINUTES - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_domains_are_ours),
		cmocka_unit_test(a_fresh_answer_ends_it),
		cmocka_unit_test(it_is_held_for_five_minutes),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(names_that_are_gone_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
