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
static uint32_t seconds; /* a run a minute */

/* A leg at `address` with one fact of that name and value; what it changed is in `changed`. */
static void
see(const char *address, uint8_t verdict, const char *name, const char *value, bool steady)
{
	struct evidence_log log = { .facts = { .data = NULL } };
	struct text text = TEXT_OVER(changed);

	evidence_add_fact(&log, name, (struct pw_bytes){ value, strlen(value) }, steady);
	struct evidence leg = { .legs = 2, .verdict = verdict, .address = { address, strlen(address) },
		.facts = buffer_view(&log.facts) };
	facts_learn(&facts, &leg, seconds += 60, 600, &text);
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
	assert_string_equal(changed, "tls_version was TLSv1.3, is TLSv1\\x01 at 192.0.2.1");
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

/* A token that is new in each reply is told once as what it is, and is news only where it stays. */
static void
what_varies_by_itself_is_told_once(void **unused)
{
	char value[32];

	(void)unused;
	see("192.0.2.1", PW_OK, "capabilities", "SIZE 1, FUTURERELEASE 0", true);
	for (int i = 1; i < 200; i++) {
		snprintf(value, sizeof value, "SIZE 1, FUTURERELEASE %d", i);
		see("192.0.2.1", PW_OK, "capabilities", value, true);
		if (i == 1)
			assert_string_equal(changed, "capabilities lost FUTURERELEASE 0 and gained FUTURERELEASE 1 at 192.0.2.1");
		else
			assert_string_equal(changed, i > 2 ? ""
			    : "capabilities varies (3 values in 10 runs): lost FUTURERELEASE 1 and gained FUTURERELEASE 2 at 192.0.2.1");
	}
	assert_true(facts_wait(facts));
	see("192.0.2.1", PW_OK, "capabilities", "SIZE 1", true);
	see("192.0.2.1", PW_OK, "capabilities", "SIZE 1", true);
	assert_string_equal(changed, "");
	assert_true(facts_wait(facts));
	see("192.0.2.1", PW_OK, "capabilities", "SIZE 1", true);
	assert_string_equal(changed, "capabilities is SIZE 1 at 192.0.2.1");
	assert_false(facts_wait(facts));
	facts_destroy(&facts);
}

/* Nodes with a certificate each are a set; one of them renews its own: that is told when it has been seen often enough. */
static void
certificates_of_nodes_are_a_set(void **unused)
{
	static const char nodes[] = "abcabcacbbacab", renewed[] = "adcadc", pair[] = "xyxyxyxyxyxyy";
	unsigned told = 0;

	(void)unused;
	for (const char *node = nodes; *node != '\0'; node++) {
		see("192.0.2.1", PW_OK, "cert_fingerprint", (const char[]){ *node, '\0' }, true);
		told += changed[0] != '\0';
	}
	assert_int_equal(told, 2);
	for (const char *node = renewed; *node != '\0'; node++) {
		see("192.0.2.1", PW_OK, "cert_fingerprint", (const char[]){ *node, '\0' }, true);
		assert_string_equal(changed, "");
	}
	see("192.0.2.1", PW_OK, "cert_fingerprint", "d", true);
	assert_string_equal(changed, "cert_fingerprint is d at 192.0.2.1");
	told = 0;
	for (const char *node = pair; *node != '\0'; node++) {
		see("192.0.2.2", PW_OK, "cert_fingerprint", (const char[]){ *node, '\0' }, true);
		told += changed[0] != '\0';
	}
	assert_int_equal(told, 3);
	facts_destroy(&facts);
}

/* What changes now and then is steady, and what has been one value for a day is so again. */
static void
steady_facts_are_told_whenever_they_change(void **unused)
{
	static const char *const values[] = { "A", "B", "C", "B", "A", "D" };
	char value[32];

	(void)unused;
	for (int i = 0; i < 6; i++) {
		see("192.0.2.1", PW_OK, "software", values[i], true);
		assert_int_equal(changed[0] != '\0', i > 0);
		assert_null(strstr(changed, "varies"));
		seconds += 3600;
	}
	for (int i = 0; i < 5; i++) {
		snprintf(value, sizeof value, "E%d", i);
		see("192.0.2.1", PW_OK, "software", value, true);
	}
	assert_string_equal(changed, "");
	for (int i = 0; i < 4; i++)
		see("192.0.2.1", PW_OK, "software", "F", true);
	seconds += 25 * 3600;
	see("192.0.2.1", PW_OK, "software", "F", true);
	see("192.0.2.1", PW_OK, "software", "E1", true);
	assert_string_equal(changed, "software was F, is E1 at 192.0.2.1");
	facts_destroy(&facts);
}

/* A server that has TLS 1.3 only now and then has lost it, and where it stays away that is told again. */
static void
a_version_of_tls_never_varies(void **unused)
{
	(void)unused;
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.3", true);
	for (int i = 0; i < 100; i++) {
		see("192.0.2.1", PW_OK, "tls_version", i % 2 == 0 ? "TLSv1.2" : "TLSv1.3", true);
		assert_string_equal(changed, i == 0 ? "tls_version was TLSv1.3, is TLSv1.2 at 192.0.2.1"
		    : i == 1 ? "tls_version was TLSv1.2, is TLSv1.3 at 192.0.2.1"
		    : i == 2 ? "tls_version comes and goes (2 values in 10 runs): was TLSv1.3, is TLSv1.2 at 192.0.2.1" : "");
	}
	for (int i = 0; i < 30; i++) {
		see("192.0.2.1", PW_OK, "tls_version", "TLSv1.2", true);
		assert_string_equal(changed, i == 10 ? "tls_version is TLSv1.2 at 192.0.2.1" : "");
		assert_int_equal(facts_wait(facts), i < 10);
	}
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.1", true);
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.1", true);
	assert_string_equal(changed, "");
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.1", true);
	assert_string_equal(changed, "tls_version is TLSv1.1 at 192.0.2.1");
	facts_destroy(&facts);
}

static void
what_varies_is_known_in_the_next_process(void **unused)
{
	unsigned char record[4096];
	struct wire_out out = wire_over(record, sizeof record);

	(void)unused;
	for (int i = 0; i < 3; i++)
		see("192.0.2.1", PW_OK, "cert_fingerprint", (const char[]){ (char)('a' + i), '\0' }, true);
	facts_encode(facts, &out);
	facts_encode_varieties(facts, &out);
	facts_destroy(&facts);
	struct wire_in in = wire_from(record, out.size);
	assert_true(facts_decode(&facts, &in) && facts_decode_varieties(&facts, &in) && wire_is_whole(&in));
	for (const char *node = "abcbaa"; *node != '\0'; node++) {
		see("192.0.2.1", PW_OK, "cert_fingerprint", (const char[]){ *node, '\0' }, true);
		assert_string_equal(changed, "");
	}
	facts_destroy(&facts);
	for (size_t cut = 0; cut < out.size; cut++) {
		in = wire_from(record, cut);
		(void)(facts_decode(&facts, &in) && facts_decode_varieties(&facts, &in));
		assert_true(in.bad);
		facts_destroy(&facts);
	}
}

/* What it was is told beside what it is: of a list what differs, of a long value its beginning. */
static void
the_value_before_is_told(void **unused)
{
	static const struct { const char *before, *now, *said; } values[] = {
		{ "Postfix 3.7", "Exim 4.96", "was Postfix 3.7, is Exim 4.96" },
		{ "PIPELINING, DSN, SIZE 1", "PIPELINING, SIZE 1", "lost DSN" },
		{ "PIPELINING", "PIPELINING, CHUNKING, DSN", "gained CHUNKING, DSN" },
		{ "PIPELINING, DSN, SIZE 1", "SIZE 2, PIPELINING, DSN", "lost SIZE 1 and gained SIZE 2" },
		{ "A, B", "B, A", "was A, B, is B, A" },
		{ "A, B\x07\n", "A", "lost B\\x07\\x0a" },
		{ "", "now", "is now" },
		{ "before", "", "was before, is " },
	};
	char before[3 * FACTS_VALUE_MAX], wanted[128];

	(void)unused;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		see("192.0.2.1", PW_OK, "fact", values[i].before, true);
		see("192.0.2.1", PW_OK, "fact", values[i].now, true);
		snprintf(wanted, sizeof wanted, "fact %s at 192.0.2.1", values[i].said);
		assert_string_equal(changed, wanted);
		facts_destroy(&facts);
	}
	memset(before, 'x', sizeof before);
	before[sizeof before - 1] = '\0';
	see("192.0.2.1", PW_OK, "fact", before, true);
	see("192.0.2.1", PW_OK, "fact", "a, b", true);
	assert_non_null(strstr(changed, "xxx …, is a, b at 192.0.2.1"));
	assert_true(strlen(changed) < FACTS_VALUE_MAX);
	facts_destroy(&facts);
}

/* A server that offers the same in another order, or in other letters, offers the same. */
static void
capabilities_are_a_set(void **unused)
{
	static const char *const same[] = { "SIZE 1, AUTH PLAIN LOGIN, DSN", "DSN, SIZE 1, AUTH PLAIN LOGIN",
		"SIZE 1, AUTH LOGIN PLAIN, DSN", "size 1, auth plain login, dsn" };

	(void)unused;
	for (size_t i = 0; i < 4 * sizeof same / sizeof same[0]; i++) {
		see("192.0.2.1", PW_OK, "capabilities", same[i % (sizeof same / sizeof same[0])], true);
		assert_string_equal(changed, "");
	}
	see("192.0.2.1", PW_OK, "capabilities", "DSN, size 1, AUTH LOGIN", true);
	assert_string_equal(changed, "capabilities lost AUTH PLAIN LOGIN and gained AUTH LOGIN at 192.0.2.1");
	facts_destroy(&facts);
}

/* However much of it there is: what finds no room is known by its hash. */
static void
values_are_bounded(void **unused)
{
	static unsigned char record[64 * 1024];
	struct wire_out out = wire_over(record, sizeof record);
	char value[FACTS_VALUE_MAX + 1], name[32];

	(void)unused;
	memset(value, 'x', sizeof value);
	value[FACTS_VALUE_MAX] = '\0';
	for (int i = 0; i < FACTS_MAX; i++) {
		snprintf(name, sizeof name, "fact_%d", i);
		see("192.0.2.1", PW_OK, name, value, true);
	}
	facts_encode_values(facts, &out);
	assert_true(!out.bad && out.size <= 1 + 2 * FACTS_MAX + FACTS_BYTES_MAX);
	see("192.0.2.1", PW_OK, "fact_1", "y", true);
	assert_non_null(strstr(changed, "fact_1 was xxx"));
	see("192.0.2.1", PW_OK, "fact_254", "y", true);
	assert_string_equal(changed, "fact_254 is y at 192.0.2.1");
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
	see("192.0.2.2", PW_OK, "issuer", "B", true); /* of an older record, in which only hashes are */
	assert_string_equal(changed, "issuer is B at 192.0.2.2");
	see("192.0.2.1", PW_OK, "tls_version", "TLSv1.2", true);
	assert_string_equal(changed, "tls_version was TLSv1.3, is TLSv1.2 at 192.0.2.1");
	struct wire_out values = wire_over(again, sizeof again);
	facts_encode(facts, &values);
	facts_encode_values(facts, &values);
	facts_destroy(&facts);
	in = wire_from(again, values.size);
	assert_true(facts_decode(&facts, &in));
	facts_decode_values(facts, &in);
	assert_true(wire_is_whole(&in));
	see("192.0.2.2", PW_OK, "issuer", "C", true);
	assert_string_equal(changed, "issuer was B, is C at 192.0.2.2");
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
		cmocka_unit_test(what_varies_by_itself_is_told_once),
		cmocka_unit_test(certificates_of_nodes_are_a_set),
		cmocka_unit_test(steady_facts_are_told_whenever_they_change),
		cmocka_unit_test(a_version_of_tls_never_varies),
		cmocka_unit_test(what_varies_is_known_in_the_next_process),
		cmocka_unit_test(the_value_before_is_told),
		cmocka_unit_test(capabilities_are_a_set),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(they_are_known_in_the_next_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
