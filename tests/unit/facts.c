/* Steady facts: seen for the first time they are no change, at another address they are others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "monitor/facts.h"

static struct facts *facts;
static char changed[2048];

/* A leg at `address` with one fact of that name and value; what it changed is in `changed`. */
static void
see(const char *address, uint8_t verdict, const char *name, const char *value, bool steady)
{
	struct evidence_log log = { .facts = { .data = NULL } };
	struct text text = TEXT_OVER(changed);

	evidence_add_fact(&log, name, (struct pw_bytes){ value, strlen(value) }, steady);
	struct evidence leg = { .legs = 2, .verdict = verdict, .address = { address, strlen(address) },
		.facts = buffer_view(&log.facts) };
	facts_learn(&facts, &leg, &text);
	evidence_log_fini(&log);
}

static void
a_change_is_told_with_its_address(void **unused)
{
	(void)unused;
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.3", true);
	assert_string_equal(changed, "");
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.3", true);
	assert_string_equal(changed, "");
	see("192.0.2.2", PW_OK, "tls_version", "TLSv1.2", true);
	assert_string_equal(changed, "");
	see("192.0.2.1", PW_DEGRADED, "tls_version", "TLSv1\x01", true);
	assert_string_equal(changed, "tls_version is TLSv1\\x01 at 192.0.2.1");
	facts_destroy(&facts);
}

static void
what_is_not_steady_or_failed_is_not_looked_at(void **unused)
{
	(void)unused;
	see("192.0.2.1", PW_OK, "queue", "1", false);
	see("192.0.2.1", PW_OK, "queue", "2", false);
	assert_string_equal(changed, "");
	see("192.0.2.1", PW_OK, "issuer", "A", true);
	see("192.0.2.1", PW_FAILED, "issuer", "B", true);
	assert_string_equal(changed, "");
	facts_destroy(&facts);
}

static void
too_many_facts_do_no_harm(void **unused)
{
	char name[32];

	(void)unused;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 400; i++) {
			snprintf(name, sizeof name, "fact_%d", i);
			see("192.0.2.1", PW_OK, name, round == 0 ? "a" : "b", true);
			assert_int_equal(changed[0] != '\0', round == 1 && i < FACTS_MAX);
		}
	facts_destroy(&facts);
}

static void
they_are_known_in_the_next_process(void **unused)
{
	unsigned char record[4096], again[4096];
	struct wire_out out = wire_over(record, sizeof record), second = wire_over(again, sizeof again);

	(void)unused;
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.3", true);
	see("192.0.2.2", PW_OK, "issuer", "A", true);
	facts_encode(facts, &out);
	facts_destroy(&facts);
	struct wire_in in = wire_from(record, out.size);
	assert_true(facts_decode(&facts, &in) && wire_is_whole(&in));
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.3", true);
	assert_string_equal(changed, "");
	facts_encode(facts, &second);
	assert_int_equal(second.size, out.size);
	see("192.0.2.2", PW_OK, "issuer", "B", true);
	assert_string_equal(changed, "issuer is B at 192.0.2.2");
	facts_destroy(&facts);
	for (size_t cut = 0; cut < out.size; cut++) {
		in = wire_from(record, cut);
		(void)facts_decode(&facts, &in);
		assert_true(in.bad);
		facts_destroy(&facts);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_told_with_its_address),
		cmocka_unit_test(what_is_not_steady_or_failed_is_not_looked_at),
		cmocka_unit_test(too_many_facts_do_no_harm),
		cmocka_unit_test(they_are_known_in_the_next_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
