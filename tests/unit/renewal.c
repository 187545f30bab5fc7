/* When a server used to renew its certificate, as its dates tell. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "monitor/facts.h"

#define DAY (INT64_C(86400) * SECOND)
#define NOW (INT64_C(1800000000) * SECOND) /* 2027-01-15T08:00:00Z */

static bool
see(struct renewal *renewal, const char *from, const char *end, int64_t now)
{
	struct evidence_log log = { .gap = 0 };
	struct evidence leg = { .verdict = PW_OK };

	if (from != NULL)
		evidence_add_fact(&log, "cert_not_before", (struct pw_bytes){ from, strlen(from) }, false);
	if (end != NULL)
		evidence_add_fact(&log, "cert_not_after", (struct pw_bytes){ end, strlen(end) }, false);
	leg.facts = buffer_view(&log.facts);
	bool learnt = renewal_learn(renewal, &leg, now);
	evidence_log_fini(&log);
	return learnt;
}

static void
learns_what_was_left(void **state)
{
	struct renewal renewal = { .end = 0 };

	(void)state;
	assert_true(see(&renewal, "2026-11-01T00:00:00Z", "2027-02-09T00:00:00Z", NOW)); /* 100 days */
	assert_int_equal(renewal.left, 0);
	assert_false(see(&renewal, "2026-11-01T00:00:00Z", "2027-02-09T00:00:00Z", NOW));
	assert_true(see(&renewal, "2027-01-10T00:00:00Z", "2027-04-20T00:00:00Z", NOW - 5 * DAY)); /* on January 10 at 8:00 */
	assert_int_equal(renewal.left, 29);
	/* One that had ended when its successor was seen had none left. */
	assert_true(see(&renewal, "2027-05-01T00:00:00Z", "2027-08-01T00:00:00Z", NOW + 110 * DAY));
	assert_int_equal(renewal.left, 29);
}

/* Machines behind one name that have certificates of their own renew nothing when another one answers. */
static void
several_certificates_are_no_renewals(void **state)
{
	struct renewal renewal = { .end = 0 };

	(void)state;
	see(&renewal, "2026-11-01T00:00:00Z", "2027-02-09T00:00:00Z", NOW);
	see(&renewal, "2026-12-01T00:00:00Z", "2027-03-11T00:00:00Z", NOW);
	assert_int_not_equal(renewal.left, 0);
	assert_true(see(&renewal, "2026-11-01T00:00:00Z", "2027-02-09T00:00:00Z", NOW));
	assert_int_equal(renewal.left, 0);
	assert_false(see(&renewal, "2026-12-01T00:00:00Z", "2027-03-11T00:00:00Z", NOW));
	assert_int_equal(renewal.left, 0);
}

static void
takes_only_dates(void **state)
{
	static const char *const dates[][2] = {
		{ NULL, "2027-02-09T00:00:00Z" }, { "2026-11-01T00:00:00Z", NULL }, { "", "" },
		{ "2027-02-09T00:00:00Z", "2026-11-01T00:00:00Z" }, { "2026-11-01 00:00:00 ", "2027-02-09T00:00:00Z" },
		{ "2026-11-01T00:00:00Z and more", "2027-02-09T00:00:00Z" },
	};
	struct renewal renewal = { .end = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
		assert_false(see(&renewal, dates[i][0], dates[i][1], NOW));
	assert_int_equal(renewal.end, 0);
	/* By a clock that cannot be right nothing is left of anything. */
	see(&renewal, "2026-11-01T00:00:00Z", "2027-02-09T00:00:00Z", 100 * DAY);
	see(&renewal, "2027-01-10T00:00:00Z", "2027-04-20T00:00:00Z", 100 * DAY);
	assert_int_equal(renewal.left, 0);
}

static void
comes_back_from_a_record(void **state)
{
	unsigned char bytes[64];
	struct renewal renewal = { .end = 0 }, back = { .end = 0 };
	struct wire_out out = wire_over(bytes, sizeof bytes);

	(void)state;
	see(&renewal, "2026-11-01T00:00:00Z", "2027-02-09T00:00:00Z", NOW);
	see(&renewal, "2027-01-10T00:00:00Z", "2027-04-20T00:00:00Z", NOW);
	wire_put_form(&out, &renewal_form, &renewal);
	struct wire_in in = wire_from(bytes, out.size);
	wire_get_form(&in, &renewal_form, &back, &(struct wire_terms){ 0 });
	assert_true(wire_is_whole(&in));
	assert_int_equal(back.from, renewal.from);
	assert_int_equal(back.end, renewal.end);
	assert_int_equal(back.left, renewal.left);
	assert_int_equal(back.several, renewal.several);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_what_was_left),
		cmocka_unit_test(several_certificates_are_no_renewals),
		cmocka_unit_test(takes_only_dates),
		cmocka_unit_test(comes_back_from_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
