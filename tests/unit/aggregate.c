/* Legs to a verdict: every combination of three legs against rules.md section 1 told in other words; and names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "prober/aggregate.h"

enum { KINDS = EVIDENCE_NOT_CHECKED + 1 };

static bool
has(const uint8_t *legs, uint32_t count, uint8_t verdict)
{
	return memchr(legs, verdict, count) != NULL;
}

static bool
all_alive_blocked(const uint8_t *legs, uint32_t count)
{
	return has(legs, count, PW_BLOCKED) && !has(legs, count, PW_OK) && !has(legs, count, PW_DEGRADED);
}

/* The rules as prose has them, without a table. */
static enum pw_verdict
wanted(enum addresses addresses, const uint8_t *legs, uint32_t count)
{
	bool alive = has(legs, count, PW_OK) || has(legs, count, PW_DEGRADED) || has(legs, count, PW_BLOCKED);
	bool failed = has(legs, count, PW_FAILED), unknown = has(legs, count, PW_UNKNOWN);

	if (!alive && !failed)
		return PW_UNKNOWN;
	if (addresses == ADDRESSES_ALL && failed)
		return PW_FAILED;
	if (!alive)
		return unknown ? PW_UNKNOWN : PW_FAILED;
	if (failed)
		return PW_DEGRADED;
	if (addresses == ADDRESSES_ALL && unknown)
		return PW_UNKNOWN;
	if (all_alive_blocked(legs, count))
		return PW_BLOCKED;
	return has(legs, count, PW_BLOCKED) || has(legs, count, PW_DEGRADED) ? PW_DEGRADED : PW_OK;
}

static void
check(enum addresses addresses, const uint8_t *verdicts, uint32_t count)
{
	uint8_t legs[4];
	struct aggregate aggregate;
	uint32_t counted = 0;

	for (uint32_t i = 0; i < count; i++) {
		legs[i] = verdicts[i];
		counted += verdicts[i] != EVIDENCE_NOT_CHECKED;
	}
	aggregate = aggregate_legs(addresses, legs, count);
	assert_int_equal(aggregate.verdict, wanted(addresses, verdicts, count));
	assert_int_equal(aggregate.counted, counted);
	assert_true(aggregate.leg < count);
	if (aggregate.outcome == NULL)
		assert_int_equal(verdicts[aggregate.leg], aggregate.verdict);
	for (uint32_t i = 0; counted > 0 && i < aggregate.leg; i++)
		assert_int_not_equal(verdicts[i], verdicts[aggregate.leg]);
}

static void
aggregates_every_combination(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KINDS * KINDS * KINDS; i++) {
		const uint8_t legs[] = { (uint8_t)(i % KINDS), (uint8_t)(i / KINDS % KINDS), (uint8_t)(i / KINDS / KINDS) };

		for (uint32_t count = 1; count <= 3; count++) {
			check(ADDRESSES_ANY, legs, count);
			check(ADDRESSES_ALL, legs, count);
		}
	}
}

static void
names_what_no_leg_has(void **state)
{
	const uint8_t some[] = { PW_OK, PW_FAILED, PW_FAILED };
	const uint8_t blocked[] = { PW_OK, PW_BLOCKED };
	const uint8_t none[] = { EVIDENCE_NOT_CHECKED, EVIDENCE_NOT_CHECKED };
	struct aggregate aggregate = aggregate_legs(ADDRESSES_ANY, some, 3);

	(void)state;
	assert_string_equal(aggregate.outcome, "some_addresses");
	assert_int_equal(aggregate.leg, 1);
	assert_int_equal(aggregate.sharing, 2);
	assert_string_equal(aggregate_legs(ADDRESSES_ANY, blocked, 2).outcome, "blocked_at_some");
	assert_string_equal(aggregate_legs(ADDRESSES_ALL, none, 2).outcome, "no_route");
}

struct name_row {
	enum dns_status status4, status6;
	bool alive;
	uint32_t last_good;
	unsigned before;
	enum aggregate_name_do then;
	const char *outcome;
	bool missing;
};

static const struct name_row names[] = {
	{ DNS_NO_NAME, DNS_NO_NAME, true, 1, 0, NAME_LAST_GOOD, "no_such_name", true },
	{ DNS_NO_NAME, DNS_NO_NAME, true, 1, 1, NAME_LAST_GOOD, "no_such_name", true },
	{ DNS_NO_NAME, DNS_NO_NAME, true, 1, 2, NAME_END, "no_such_name", true },
	{ DNS_NO_NAME, DNS_NO_NAME, true, 0, 0, NAME_END, "no_such_name", true },
	{ DNS_NO_NAME, DNS_SERVFAIL, true, 0, 0, NAME_END, "no_such_name", true },
	{ DNS_NO_DATA, DNS_NO_DATA, true, 1, 1, NAME_LAST_GOOD, "no_address", true },
	{ DNS_NO_DATA, DNS_NO_DATA, true, 1, 2, NAME_END, "no_address", true },
	{ DNS_NO_DATA, DNS_NOT_ASKED, true, 0, 0, NAME_END, "no_address", true },
	{ DNS_SERVFAIL, DNS_SERVFAIL, true, 1, 9, NAME_LAST_GOOD, "name_unresolvable", false },
	{ DNS_SERVFAIL, DNS_NO_DATA, true, 0, 0, NAME_END, "name_unresolvable", false },
	{ DNS_NO_ANSWER, DNS_NO_ANSWER, true, 2, 0, NAME_LAST_GOOD, "name_unresolvable", false },
	{ DNS_MALFORMED, DNS_NO_ANSWER, true, 0, 0, NAME_END, "name_unresolvable", false },
	{ DNS_ALIAS_LOOP, DNS_ALIAS_LOOP, false, 1, 1, NAME_LAST_GOOD, "alias_loop", true },
	{ DNS_ALIAS_LOOP, DNS_SERVFAIL, false, 1, 2, NAME_END, "alias_loop", true },
	{ DNS_ALIAS_CHAIN, DNS_NO_DATA, false, 0, 0, NAME_END, "alias_chain", true },
	{ DNS_REFUSED, DNS_REFUSED, false, 2, 0, NAME_END, "resolver", false },
	{ DNS_NO_DATA, DNS_REFERRAL, false, 2, 0, NAME_END, "resolver", false },
	{ DNS_LAME, DNS_NOT_ASKED, false, 0, 0, NAME_END, "resolver", false },
	{ DNS_TRUNCATED, DNS_NO_DATA, false, 0, 0, NAME_END, "resolver", false },
	{ DNS_NO_ANSWER, DNS_NO_ANSWER, false, 2, 0, NAME_END, "resolver", false },
	{ DNS_SERVFAIL, DNS_NOT_ASKED, false, 0, 0, NAME_END, "resolver", false },
};

static void
judges_names(void **state)
{
	struct resolved found = { .status4 = DNS_FOUND, .status6 = DNS_SERVFAIL, .count = 1 };

	(void)state;
	assert_int_equal(aggregate_name(&found, 5).then, NAME_TALK);
	assert_false(aggregate_name(&found, 5).missing);
	const struct resolved ours = { .status4 = DNS_OURS, .status6 = DNS_OURS, .ours = "no_descriptors", .last_good_count = 1 };
	assert_int_equal(aggregate_name(&ours, 5).then, NAME_END);
	assert_string_equal(aggregate_name(&ours, 5).outcome, "no_descriptors");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct resolved resolved = { .status4 = names[i].status4, .status6 = names[i].status6,
			.resolver_alive = names[i].alive, .last_good_count = names[i].last_good };
		struct aggregate_name rule = aggregate_name(&resolved, names[i].before);

		if (rule.then != names[i].then || strcmp(rule.outcome, names[i].outcome) != 0
		    || rule.missing != names[i].missing)
			fail_msg("row %zu: %d %s", i, rule.then, rule.outcome);
	}
}

/* The table that people read: each cell is there, and the rows differ. */
static void
the_table_is_whole(void **state)
{
	(void)state;
	for (size_t row = 0; row < AGGREGATE_NAME_ROWS; row++)
		for (size_t column = 0; column < AGGREGATE_NAME_COLUMNS; column++)
			assert_true(aggregate_name_cell(row, column)[0] != '\0');
	assert_string_equal(aggregate_name_cell(0, 3), "talked to; degraded where one answers");
	assert_string_equal(aggregate_name_cell(1, 1), "failed");
	assert_string_equal(aggregate_name_cell(1, 2), "no_such_name");
	assert_string_equal(aggregate_name_cell(1, 3), "the same");
	assert_string_equal(aggregate_name_cell(8, 1), "unknown");
	assert_string_equal(aggregate_name_cell(8, 2), "resolver");
}

static void
says_what_the_resolver_said(void **state)
{
	const struct resolved resolved = { .status4 = DNS_SERVFAIL, .status6 = DNS_NO_ANSWER,
		.said = "192.0.2.53: A SERVFAIL, AAAA no answer" };
	char bytes[200];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	aggregate_name_text(&resolved, "mx.example.org", "name_unresolvable", &text);
	assert_string_equal(bytes,
	    "the name does not resolve, while others do: mx.example.org (192.0.2.53: A SERVFAIL, AAAA no answer)");
	assert_int_equal(aggregate_last_good(PW_BLOCKED), PW_DEGRADED);
	assert_int_equal(aggregate_last_good(PW_FAILED), PW_FAILED);
	assert_int_equal(aggregate_last_good(PW_UNKNOWN), PW_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aggregates_every_combination),
		cmocka_unit_test(names_what_no_leg_has),
		cmocka_unit_test(judges_names),
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(says_what_the_resolver_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
