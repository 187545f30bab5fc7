/* The store of answers, and the hosts file: all without a network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "prober/answers.h"
#include "prober/hosts.h"

static unsigned left; /* pieces of memory until the one that is not had; 0: all are */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *
__wrap_malloc(size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_realloc(memory, size);
}

static struct dns_name
named(const char *text)
{
	struct dns_name name;

	if (!dns_name_parse(text, &name))
		fail_msg("%s is not taken for a name", text);
	return name;
}

static struct dns_answer
found(const char *owner, uint32_t ttl, const char *address)
{
	struct dns_answer answer = { .status = DNS_FOUND, .ttl = ttl, .owner = named(owner), .count = 1 };

	answer.records[0] = (struct pw_bytes){ address, 4 };
	return answer;
}

static void
answers_are_kept_for_their_time(void **state)
{
	static const struct {
		enum dns_status status;
		uint32_t ttl, kept; /* seconds */
	} rows[] = {
		{ DNS_FOUND, 300, 300 }, { DNS_FOUND, 0, 30 }, { DNS_FOUND, 86400, 900 }, { DNS_NO_NAME, 3600, 60 },
		{ DNS_NO_DATA, 0, 30 }, { DNS_NO_DATA, 45, 45 },
	};
	struct dns_name name = named("mx.test");
	static struct kept kept;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct answers *answers = answers_create(16);
		struct dns_answer answer = found("mx.test", rows[i].ttl, "\1\2\3\4");
		int64_t begun = 1000 * SECOND, end = begun + (int64_t)rows[i].kept * SECOND;

		answer.status = rows[i].status;
		answer.count = rows[i].status == DNS_FOUND;
		assert_false(answers_find(answers, &name, DNS_A, begun, &kept));
		answers_keep(answers, &name, DNS_A, &answer, 0, begun);
		assert_true(answers_find(answers, &name, DNS_A, end - 1, &kept));
		assert_int_equal(kept.status, rows[i].status);
		assert_int_equal(kept.age, end - 1 - begun);
		assert_int_equal(kept.count, answer.count);
		assert_false(answers_find(answers, &name, DNS_A, end, &kept));
		assert_false(answers_find(answers, &name, DNS_AAAA, begun, &kept));
		answers_destroy(&answers);
	}
}

/* What shows that an answer came out of a cache, and what that it did not. */
static void
answers_have_an_age(void **state)
{
	static const struct {
		enum dns_status first, second;
		uint32_t first_ttl, second_ttl;
		int first_server, second_server;
		int64_t after; /* milliseconds */
		bool is_fresh, repeats;
	} rows[] = {
		{ DNS_FOUND, DNS_FOUND, 300, 280, 0, 0, 20000, false, false }, /* counted down */
		{ DNS_FOUND, DNS_FOUND, 300, 281, 0, 0, 20000, false, false }, /* by whole seconds */
		{ DNS_FOUND, DNS_FOUND, 300, 300, 0, 0, 20000, true, false },
		{ DNS_FOUND, DNS_FOUND, 10, 7, 0, 0, 20000, true, false },     /* it had run out */
		{ DNS_FOUND, DNS_FOUND, 10, 30, 0, 0, 20000, false, false },   /* as stale ones are served */
		{ DNS_FOUND, DNS_FOUND, 300, 300, 0, 1, 20000, false, false }, /* another cache */
		{ DNS_FOUND, DNS_FOUND, 300, 300, 0, 0, 1000, false, false },  /* too soon to tell */
		{ DNS_FOUND, DNS_FOUND, 0, 0, 0, 0, 20000, false, false },     /* a table of its own? */
		{ DNS_FOUND, DNS_NO_NAME, 300, 60, 0, 0, 20000, true, false },
		{ DNS_NO_NAME, DNS_FOUND, 60, 300, 0, 0, 20000, true, false },
		{ DNS_NO_NAME, DNS_NO_NAME, 60, 40, 0, 0, 20000, false, true },
		{ DNS_NO_NAME, DNS_NO_NAME, 60, 41, 0, 0, 20000, false, true },
		{ DNS_NO_NAME, DNS_NO_NAME, 60, 60, 0, 0, 20000, true, false },
		{ DNS_NO_NAME, DNS_NO_NAME, 60, 40, 0, 1, 20000, false, false },
		{ DNS_NO_NAME, DNS_NO_NAME, 0, 0, 0, 0, 20000, false, false },
		{ DNS_NO_DATA, DNS_NO_DATA, 60, 40, 0, 0, 20000, false, true },
		{ DNS_NO_DATA, DNS_NO_NAME, 60, 40, 0, 0, 20000, true, false },
	};
	struct dns_name name = named("mx.test");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct answers *answers = answers_create(16);
		struct dns_answer answer = found("mx.test", rows[i].first_ttl, "\1\2\3\4");
		const int64_t begun = 1000 * SECOND;
		answer.status = rows[i].first;
		struct answer_age age = answers_keep(answers, &name, DNS_A, &answer, rows[i].first_server, begun);
		assert_false(age.is_fresh);
		assert_int_equal(age.repeats, 0);
		answer.status = rows[i].second;
		answer.ttl = rows[i].second_ttl;
		age = answers_keep(answers, &name, DNS_A, &answer, rows[i].second_server, begun + rows[i].after * MILLISECOND);
		if (age.is_fresh != rows[i].is_fresh || age.repeats != (rows[i].repeats ? rows[i].after * MILLISECOND : 0))
			fail_msg("row %zu: %d %lld", i, age.is_fresh, (long long)age.repeats);
		answers_destroy(&answers);
	}
	/* Repetitions count from the first time. */
	struct answers *answers = answers_create(16);
	struct dns_answer no = { .status = DNS_NO_NAME, .owner = name };
	for (uint32_t after = 0; after < 300; after += 20) {
		no.ttl = 300 - after;
		struct answer_age age = answers_keep(answers, &name, DNS_A, &no, 0, (1000 + (int64_t)after) * SECOND);
		assert_int_equal(age.repeats, (int64_t)after * SECOND);
	}
	answers_destroy(&answers);
}

static void
the_last_good_ones_stay_a_day(void **state)
{
	struct answers *answers = answers_create(16);
	struct dns_name name = named("mx.test");
	struct dns_answer good = found("mx.test", 300, "\11\11\11\11"), bad = { .status = DNS_NO_NAME, .owner = name };
	struct address addresses[4];
	const int64_t begun = 5 * SECOND, day = (int64_t)24 * 3600 * SECOND;

	(void)state;
	assert_int_equal(answers_last_good(answers, &name, begun, addresses, 4), 0);
	answers_keep(answers, &name, DNS_A, &good, 0, begun);
	answers_keep(answers, &name, DNS_A, &bad, 0, begun + day / 2);
	assert_int_equal(answers_last_good(answers, &name, begun + day - 1, addresses, 4), 1);
	assert_int_equal(addresses[0].v4.sin_addr.s_addr, 0x09090909);
	assert_int_equal(answers_last_good(answers, &name, begun + day, addresses, 4), 0);
	answers_destroy(&answers);
}

static void
what_was_good_before_is_recalled(void **state)
{
	struct answers *answers = answers_create(16);
	struct dns_name name = named("mx.test");
	struct dns_answer good = found("mx.test", 300, "\11\11\11\11");
	struct address before[2], addresses[4];
	static struct kept kept;
	const int64_t hour = (int64_t)3600 * SECOND;

	(void)state;
	assert_true(address_parse("192.0.2.1", 0, &before[0]) && address_parse("2001:db8::1", 0, &before[1]));
	answers_recall(answers, &name, before, 2, -hour); /* before this host began */
	assert_int_equal(answers_last_good(answers, &name, hour, addresses, 4), 2);
	assert_int_equal(address_order(&addresses[0], &before[0]), 0);
	assert_int_equal(address_order(&addresses[1], &before[1]), 0);
	assert_false(answers_find(answers, &name, DNS_A, hour, &kept)); /* that is no answer */
	assert_int_equal(answers_last_good(answers, &name, 23 * hour, addresses, 4), 0);
	/* What is newer stays. */
	answers_keep(answers, &name, DNS_A, &good, 0, hour);
	answers_recall(answers, &name, before, 1, 0);
	assert_int_equal(answers_last_good(answers, &name, 23 * hour, addresses, 4), 1);
	assert_int_equal(addresses[0].v4.sin_addr.s_addr, 0x09090909);
	assert_true(answers_find(answers, &name, DNS_A, hour, &kept));
	answers_destroy(&answers);
}

static void
the_store_is_bounded(void **state)
{
	struct answers *answers = answers_create(100);
	static struct kept kept;
	int there = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char text[32];
		snprintf(text, sizeof text, "n%d.test", i);
		struct dns_name name = named(text);
		struct dns_answer answer = found(text, 300, "\1\2\3\4");
		answers_keep(answers, &name, DNS_A, &answer, 0, i);
		assert_true(answers_find(answers, &name, DNS_A, i, &kept));
	}
	for (int i = 0; i < 1000; i++) {
		char text[32];
		snprintf(text, sizeof text, "n%d.test", i);
		struct dns_name name = named(text);
		there += answers_find(answers, &name, DNS_A, 1000, &kept);
	}
	assert_int_equal(there, 100);
	answers_destroy(&answers);
}

/* What finds no memory is not known, rather than known to be nothing; what was known before stays. */
static void
what_finds_no_memory_is_not_known(void **state)
{
	struct answers *answers = answers_create(16);
	struct dns_name name = named("mx.test");
	struct dns_answer answer = found("mx.test", 300, "\1\2\3\4");
	struct address before, addresses[2];
	static struct kept kept;

	(void)state;
	assert_true(address_parse("192.0.2.1", 0, &before));
	for (unsigned piece = 1; piece <= 2; piece++) { /* the name, and its addresses */
		left = piece;
		answers_keep(answers, &name, DNS_A, &answer, 0, SECOND);
		assert_int_equal(left, 0);
		assert_false(answers_find(answers, &name, DNS_A, SECOND, &kept));
		assert_int_equal(answers_last_good(answers, &name, SECOND, addresses, 2), 0);
	}
	name = named("b.test");
	for (unsigned piece = 1; piece <= 2; piece++) {
		left = piece;
		answers_recall(answers, &name, &before, 1, SECOND);
		assert_int_equal(left, 0);
		assert_int_equal(answers_last_good(answers, &name, SECOND, addresses, 2), 0);
	}
	answers_recall(answers, &name, &before, 1, SECOND);
	left = 1;
	answers_recall(answers, &name, &before, 1, 2 * SECOND);
	assert_int_equal(left, 0);
	assert_int_equal(answers_last_good(answers, &name, SECOND, addresses, 2), 1);
	answers_destroy(&answers);
}

static void
hosts_are_found(void **state)
{
	static const char file[] = "# hosts\r\n127.0.0.1\tlocalhost\r\n"
		"192.0.2.1 mx.test MX2.test # comment\n  2001:db8::1\tmx.test\n"
		"192.0.2.9 other.test\nnonsense here\n192.0.2.3\n192.0.2.2 mx.test";
	static const struct {
		const char *name;
		uint32_t count;
	} rows[] = { { "mx.test", 3 }, { "MX.TEST.", 3 }, { "mx2.test", 1 }, { "localhost", 1 }, { "a.localhost", 2 },
		{ "test", 0 }, { "", 0 }, { ".", 0 }, { "here", 0 }, { "comment", 0 }, { "notlocalhost", 0 } };
	struct hosts *hosts = hosts_read(file, sizeof file - 1);
	struct address addresses[8];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (hosts_find(hosts, rows[i].name, addresses, 8) != rows[i].count)
			fail_msg("%s", rows[i].name);
	assert_int_equal(hosts_find(hosts, "mx.test", addresses, 2), 2); /* in the order of the file */
	assert_true(address_is_ipv4(&addresses[0]));
	assert_false(address_is_ipv4(&addresses[1]));
	hosts_close(&hosts);
	struct reason why = { "" };
	hosts = hosts_open("/nonexistent/hosts", &why);
	assert_int_equal(hosts_find(hosts, "localhost", addresses, 8), 2);
	hosts_close(&hosts);
	assert_null(hosts_open("/", &why));
	assert_true(why.text[0] != '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_kept_for_their_time),
		cmocka_unit_test(answers_have_an_age),
		cmocka_unit_test(the_last_good_ones_stay_a_day),
		cmocka_unit_test(what_was_good_before_is_recalled),
		cmocka_unit_test(the_store_is_bounded),
		cmocka_unit_test(what_finds_no_memory_is_not_known),
		cmocka_unit_test(hosts_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
