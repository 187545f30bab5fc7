/* Outcomes and phases: every name of the lists is found, names made of phases too, and nothing else is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/outcome.h"

static void
finds_every_row(void **state)
{
	struct outcome found;

	(void)state;
#define OUTCOME(name_, severity_, at_once_, phase_, text_, hint_)                                                      \
	assert_true(outcome_find(#name_, NULL, &found));                                                               \
	assert_string_equal(found.name, #name_);                                                                       \
	assert_int_equal(found.severity, severity_);                                                                   \
	assert_int_equal(found.at_once, at_once_);                                                                     \
	assert_string_equal(found.phase, phase_);                                                                      \
	assert_string_equal(found.text, text_);                                                                        \
	assert_string_equal(found.hint, hint_);
#define PHASED(prefix_, suffix_, severity_, text_, hint_)                                                              \
	assert_true(outcome_find(prefix_ "capa" suffix_, NULL, &found));                                               \
	assert_int_equal(found.severity, severity_);                                                                   \
	assert_string_equal(found.phase, "capa");                                                                      \
	assert_string_equal(found.text, text_);
#include <postwatch/outcomes.def>
#undef OUTCOME
#undef PHASED
}

static void
finds_phased_names(void **state)
{
	struct outcome found;

	(void)state;
	assert_true(outcome_find("banner_timeout", NULL, &found));
	assert_string_equal(found.name, "banner_timeout");
	assert_string_equal(found.phase, "banner");
	assert_int_equal(found.severity, PW_FAILED);
	assert_true(outcome_find("reset_at_ehlo_tls", NULL, &found));
	assert_string_equal(found.phase, "ehlo_tls");
	assert_true(outcome_find("slow_leg", NULL, &found));
	assert_int_equal(found.severity, PW_DEGRADED);
	assert_string_equal(found.phase, "");
	assert_true(outcome_find("closed_at_my_2nd_step", NULL, &found));
	assert_string_equal(found.phase, "my_2nd_step");
}

/* Names of earlier versions, as they stand in configurations and stores. */
static void
finds_names_of_earlier_versions(void **state)
{
	static const char *const names[][2] = {
		{ "cert_expires_21d", "cert_expires_soon" }, { "cert_expires_4d", "cert_expires_soon" },
		{ "cert_expires_3d", "cert_expires_urgent" }, { "cert_expires_1d", "cert_expires_urgent" },
	};
	static const char *const others[] = { "cert_expires_d", "cert_expires_21", "cert_expires_999999d", "cert_expires" };
	struct outcome found;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_string_equal(outcome_current(names[i][0]), names[i][1]);
		assert_true(outcome_find(names[i][0], NULL, &found));
		assert_string_equal(found.name, names[i][1]);
		assert_string_equal(found.phase, "handshake");
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_ptr_equal(outcome_current(others[i]), others[i]);
		assert_false(outcome_find(others[i], NULL, &found));
	}
	assert_string_equal(outcome_current("banner_timeout"), "banner_timeout");
}

static void
refuses_other_names(void **state)
{
	static const char *const names[] = { "", "OK", "nonsense", "_timeout", "slow_", "closed_at_", "closed_at_Banner",
		"slow_a-b", "slow_a_phase_name_far_too_long_to_be_one", "a_name_that_is_too_long_for_an_outcome_name_timeout" };
	struct outcome found = { .name = "untouched" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_false(outcome_find(names[i], NULL, &found));
	assert_string_equal(found.name, "untouched");
}

static void
finds_a_plugins_own(void **state)
{
	static const struct pw_outcome own[] = {
		{ .name = "pop_locked", .severity = PW_FAILED, .text = "locked", .hint = "look", .phase = "capa" },
		{ .name = "pop_odd", .severity = PW_DEGRADED },
		{ .name = "ok", .severity = PW_FAILED },
		{ .name = NULL },
	};
	struct outcome found, host;

	(void)state;
	assert_true(outcome_find("pop_locked", own, &found));
	assert_string_equal(found.phase, "capa");
	assert_string_equal(found.hint, "look");
	assert_true(outcome_find("blind", own, &host));
	assert_true(found.rank > host.rank);
	assert_true(outcome_find("pop_odd", own, &found));
	assert_string_equal(found.text, "");
	assert_true(outcome_find("ok", own, &found));
	assert_int_equal(found.severity, PW_OK);
}

static void
names_verdicts(void **state)
{
	enum pw_verdict verdict = PW_OK;

	(void)state;
	for (int i = PW_OK; i <= PW_UNKNOWN; i++) {
		assert_true(verdict_of_name(verdict_name((enum pw_verdict)i), &verdict));
		assert_int_equal(verdict, i);
	}
	assert_string_equal(verdict_name(PW_BLOCKED), "blocked");
	assert_false(verdict_of_name("up", &verdict));
}

static void
knows_phases(void **state)
{
	(void)state;
	assert_true(phase_standard("banner")->limit == 30ull * SECOND);
	assert_true(phase_standard("banner")->patient == 60ull * SECOND);
	assert_true(phase_standard("leg")->slow == 20ull * SECOND);
	assert_true(phase_standard("quit")->slow == 0);
	assert_null(phase_standard("capa"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_row),
		cmocka_unit_test(finds_phased_names),
		cmocka_unit_test(finds_names_of_earlier_versions),
		cmocka_unit_test(refuses_other_names),
		cmocka_unit_test(finds_a_plugins_own),
		cmocka_unit_test(names_verdicts),
		cmocka_unit_test(knows_phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
