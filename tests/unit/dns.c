/* Names and answers of the DNS, the store of answers, and the hosts file: all without a network. */
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

static struct dns_name
named(const char *text)
{
	struct dns_name name;

	if (!dns_name_parse(text, &name))
		fail_msg("%s is not taken for a name", text);
	return name;
}

static void
names_there_and_back(void **state)
{
	static const char *const rows[][2] = { { "mx.example.org", "mx.example.org" }, { "MX.Example.ORG.", "mx.example.org" },
		{ "_25._tcp.mx", "_25._tcp.mx" }, { "", "." }, { ".", "." }, { "a b.c", "a\\032b.c" } };
	static const char *const wrong[] = { "a..b", ".a", "..",
		"a123456789012345678901234567890123456789012345678901234567890123.b" };
	char text[DNS_NAME_TEXT_MAX], long_name[300];
	struct dns_name name;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		name = named(rows[i][0]);
		dns_name_text(&name, text);
		assert_string_equal(text, rows[i][1]);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(dns_name_parse(wrong[i], &name));
	for (size_t i = 0; i < 255; i++)
		long_name[i] = i % 2 == 0 ? 'a' : '.';
	long_name[253] = '\0';
	assert_true(dns_name_parse(long_name, &name));
	assert_int_equal(name.size, 255);
	long_name[253] = '.', long_name[254] = 'a', long_name[255] = '\0';
	assert_false(dns_name_parse(long_name, &name));
}

/* An answer being made: the header and the question of (name, type). */
struct packet {
	unsigned char bytes[4096];
	size_t size;
};

static void
put(struct packet *packet, const void *bytes, size_t size)
{
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void
put16(struct packet *packet, unsigned value)
{
	const unsigned char bytes[2] = { (unsigned char)(value >> 8), (unsigned char)value };

	put(packet, bytes, 2);
}

static struct packet
answer_to(const char *name, uint16_t type, unsigned rcode, unsigned answers, unsigned authorities)
{
	struct packet packet = { .size = 0 };
	struct dns_name wire = named(name);

	put16(&packet, 7);
	put16(&packet, 0x8180 | rcode);
	put16(&packet, 1);
	put16(&packet, answers);
	put16(&packet, authorities);
	put16(&packet, 0);
	put(&packet, wire.bytes, wire.size);
	put16(&packet, type);
	put16(&packet, 1);
	return packet;
}

static void
put_record(struct packet *packet, const char *owner, uint16_t type, uint32_t ttl, const void *data, size_t size)
{
	struct dns_name wire = named(owner);

	put(packet, wire.bytes, wire.size);
	put16(packet, type);
	put16(packet, 1);
	put16(packet, ttl >> 16);
	put16(packet, ttl & 0xffff);
	put16(packet, (unsigned)size);
	put(packet, data, size);
}

static void
put_alias(struct packet *packet, const char *owner, const char *target, uint32_t ttl)
{
	struct dns_name wire = named(target);

	put_record(packet, owner, DNS_CNAME, ttl, wire.bytes, wire.size);
}

static enum dns_status
read_answer(const struct packet *packet, const char *name, uint16_t type, struct dns_answer *answer)
{
	struct dns_name wire = named(name);

	dns_read(packet->bytes, packet->size, &wire, type, answer);
	return answer->status;
}

static void
chains_have_an_end(void **state)
{
	static struct dns_answer answer;

	(void)state;
	for (unsigned aliases = 0; aliases <= 10; aliases++) {
		struct packet packet = answer_to("n0.test", DNS_A, 0, aliases + 1, 0);
		char owner[16], target[16];

		/* The records come in no order. */
		snprintf(owner, sizeof owner, "n%u.test", aliases);
		put_record(&packet, owner, DNS_A, 300, "\1\2\3\4", 4);
		for (unsigned i = aliases; i > 0; i--) {
			snprintf(owner, sizeof owner, "n%u.test", i - 1);
			snprintf(target, sizeof target, "N%u.TEST", i);
			put_alias(&packet, owner, target, 100 + i);
		}
		assert_int_equal(read_answer(&packet, "n0.test", DNS_A, &answer), aliases <= 8 ? DNS_FOUND : DNS_MALFORMED);
		if (aliases <= 8) {
			assert_int_equal(answer.count, 1);
			assert_int_equal(answer.ttl, aliases == 0 ? 300 : 101); /* the least */
		}
	}
	struct packet loop = answer_to("a.test", DNS_A, 0, 2, 0);
	put_alias(&loop, "a.test", "b.test", 60);
	put_alias(&loop, "b.test", "a.test", 60);
	assert_int_equal(read_answer(&loop, "a.test", DNS_A, &answer), DNS_MALFORMED);
	/* What belongs to another name is not looked at. */
	struct packet stray = answer_to("a.test", DNS_A, 0, 1, 0);
	put_record(&stray, "b.test", DNS_A, 300, "\1\2\3\4", 4);
	assert_int_equal(read_answer(&stray, "a.test", DNS_A, &answer), DNS_NO_DATA);
	assert_int_equal(answer.count, 0);
}

/* A name that points at itself, ahead, out of the packet, or back into its own beginning; and one that is cut. */
static void
pointers_lead_backwards(void **state)
{
	static const struct pw_bytes names[] = { { "\xc0\x1b", 2 }, { "\xc0\x1d", 2 }, { "\xff\xff", 2 },
		{ "\1a\xc0\x1b", 4 }, { "\x80z", 2 }, { "\xc0", 1 } };
	static struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct packet packet = answer_to("name.test", DNS_A, 0, 1, 0);
		assert_int_equal(packet.size, 0x1b); /* where the name of the record begins */
		put(&packet, names[i].data, names[i].size);
		if (names[i].size > 1)
			put(&packet, "\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 14);
		assert_int_equal(read_answer(&packet, "name.test", DNS_A, &answer), DNS_MALFORMED);
	}
}

static void
a_no_has_its_time(void **state)
{
	static struct dns_answer answer;
	static const unsigned char soa[] = "\0\0" "\0\0\0\1" "\0\0\0\2" "\0\0\0\3" "\0\0\0\4" "\0\0\0\45";

	(void)state;
	for (unsigned rcode = 0; rcode <= 3; rcode += 3) {
		struct packet packet = answer_to("a.test", DNS_A, rcode, 0, 1);
		put_record(&packet, "test", DNS_SOA, 900, soa, sizeof soa - 1);
		assert_int_equal(read_answer(&packet, "a.test", DNS_A, &answer), rcode == 0 ? DNS_NO_DATA : DNS_NO_NAME);
		assert_int_equal(answer.rcode, rcode);
		assert_int_equal(answer.ttl, 37);
	}
	struct packet bare = answer_to("a.test", DNS_A, 3, 0, 0);
	read_answer(&bare, "a.test", DNS_A, &answer);
	assert_int_equal(answer.ttl, 0);
	struct packet failed = answer_to("a.test", DNS_A, 5, 0, 0);
	assert_int_equal(read_answer(&failed, "a.test", DNS_A, &answer), DNS_SERVFAIL);
	assert_int_equal(answer.rcode, 5);
	assert_int_equal(read_answer(&bare, "b.test", DNS_A, &answer), DNS_MALFORMED); /* another question */
	for (size_t size = 0; size < bare.size; size++) {
		struct packet cut = bare;
		cut.size = size;
		assert_int_equal(read_answer(&cut, "a.test", DNS_A, &answer), DNS_MALFORMED);
	}
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
		answers_keep(answers, &name, DNS_A, &answer, begun);
		assert_true(answers_find(answers, &name, DNS_A, end - 1, &kept));
		assert_int_equal(kept.status, rows[i].status);
		assert_int_equal(kept.age, end - 1 - begun);
		assert_int_equal(kept.count, answer.count);
		assert_false(answers_find(answers, &name, DNS_A, end, &kept));
		assert_false(answers_find(answers, &name, DNS_AAAA, begun, &kept));
		answers_destroy(&answers);
	}
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
	answers_keep(answers, &name, DNS_A, &good, begun);
	answers_keep(answers, &name, DNS_A, &bad, begun + day / 2);
	assert_int_equal(answers_last_good(answers, &name, begun + day - 1, addresses, 4), 1);
	assert_int_equal(addresses[0].v4.sin_addr.s_addr, 0x09090909);
	assert_int_equal(answers_last_good(answers, &name, begun + day, addresses, 4), 0);
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
		answers_keep(answers, &name, DNS_A, &answer, i);
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
		cmocka_unit_test(names_there_and_back),
		cmocka_unit_test(chains_have_an_end),
		cmocka_unit_test(pointers_lead_backwards),
		cmocka_unit_test(a_no_has_its_time),
		cmocka_unit_test(answers_are_kept_for_their_time),
		cmocka_unit_test(the_last_good_ones_stay_a_day),
		cmocka_unit_test(the_store_is_bounded),
		cmocka_unit_test(hosts_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
