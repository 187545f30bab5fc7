/* Names, questions and answers of the DNS as bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prober/dns.h"

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
	for (unsigned aliases = 0; aliases <= 18; aliases++) {
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
		assert_int_equal(read_answer(&packet, "n0.test", DNS_A, &answer), aliases <= 16 ? DNS_FOUND : DNS_ALIAS_CHAIN);
		if (aliases <= 16) {
			assert_int_equal(answer.count, 1);
			assert_int_equal(answer.ttl, aliases == 0 ? 300 : 101); /* the least */
		}
	}
	/* What belongs to another name is not taken, and does not say that there is none of this one. */
	struct packet stray = answer_to("a.test", DNS_A, 0, 1, 0);
	put_record(&stray, "b.test", DNS_A, 300, "\1\2\3\4", 4);
	assert_int_equal(read_answer(&stray, "a.test", DNS_A, &answer), DNS_MALFORMED);
	assert_int_equal(answer.count, 0);
}

/* Circles of one to twelve names, met after none to six others. */
static void
circles_are_found(void **state)
{
	static struct dns_answer answer;

	(void)state;
	for (unsigned size = 1; size <= 12; size++)
		for (unsigned before = 0; before <= 6; before++) {
			struct packet packet = answer_to("n0.test", DNS_A, 0, size + before, 0);
			char owner[16], target[16];
			for (unsigned i = 0; i < size + before; i++) {
				snprintf(owner, sizeof owner, "n%u.test", i);
				snprintf(target, sizeof target, "n%u.test", i + 1 == size + before ? before : i + 1);
				put_alias(&packet, owner, target, 60);
			}
			assert_int_equal(read_answer(&packet, "n0.test", DNS_A, &answer), DNS_ALIAS_LOOP);
		}
}

/* DNAME (RFC 6672): with the CNAME that its server adds, and without. */
static void
domains_are_aliases(void **state)
{
	static struct dns_answer answer;
	struct dns_name target = named("new.test"), loop = named("a.old.test");

	(void)state;
	for (int with_cname = 0; with_cname < 2; with_cname++) {
		struct packet packet = answer_to("a.mx.old.test", DNS_A, 0, 2u + (unsigned)with_cname, 0);
		put_record(&packet, "old.test", DNS_DNAME, 70, target.bytes, target.size);
		if (with_cname)
			put_alias(&packet, "a.mx.old.test", "a.mx.new.test", 70);
		put_record(&packet, "a.mx.new.test", DNS_A, 300, "\1\2\3\4", 4);
		assert_int_equal(read_answer(&packet, "a.mx.old.test", DNS_A, &answer), DNS_FOUND);
		assert_int_equal(answer.ttl, 70);
		assert_true(dns_name_equal(&answer.owner, &(struct dns_name[]){ named("a.mx.new.test") }[0]));
	}
	/* Not for the owner itself, and not for what only ends alike. */
	static const char *const others[] = { "old.test", "xold.test", "test" };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct packet packet = answer_to(others[i], DNS_A, 0, 1, 0);
		put_record(&packet, "old.test", DNS_DNAME, 70, target.bytes, target.size);
		assert_int_equal(read_answer(&packet, others[i], DNS_A, &answer), DNS_MALFORMED);
	}
	/* A name that grows with each step is too long in the end. */
	struct packet growing = answer_to("b.old.test", DNS_A, 0, 1, 0);
	put_record(&growing, "old.test", DNS_DNAME, 70, loop.bytes, loop.size);
	assert_int_equal(read_answer(&growing, "b.old.test", DNS_A, &answer), DNS_ALIAS_CHAIN);
}

static void
an_opt_record_is_no_fault(void **state)
{
	static const unsigned char opt[] = { 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };
	static struct dns_answer answer;

	(void)state;
	for (int section = 0; section < 3; section++) {
		struct packet packet = answer_to("a.test", DNS_A, 0, 1u + (section == 0), section == 1);
		packet.bytes[11] = section == 2;
		if (section == 0)
			put(&packet, opt, sizeof opt);
		put_record(&packet, "a.test", DNS_A, 300, "\1\2\3\4", 4);
		if (section > 0)
			put(&packet, opt, sizeof opt);
		assert_int_equal(read_answer(&packet, "a.test", DNS_A, &answer), DNS_FOUND);
		assert_int_equal(answer.rcode, 0);
	}
	struct packet alone = answer_to("a.test", DNS_A, 0, 1, 0);
	put(&alone, opt, sizeof opt);
	assert_int_equal(read_answer(&alone, "a.test", DNS_A, &answer), DNS_NO_DATA);
}

/* A name in a record may be compressed, which is of no use behind the packet. */
static void
names_in_records_are_written_out(void **state)
{
	static const struct {
		uint16_t type;
		const char *before;
		size_t size;
	} rows[] = { { DNS_NS, "", 0 }, { DNS_PTR, "", 0 }, { DNS_CNAME, "", 0 }, { DNS_MX, "\0\12", 2 } };
	static struct dns_answer answer;
	struct dns_name asked = named("a.test");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct packet packet = answer_to("a.test", rows[i].type, 0, 1, 0);
		char data[8];

		memcpy(data, rows[i].before, rows[i].size);
		memcpy(data + rows[i].size, "\xc0\x0c", 2); /* the name that was asked for */
		put_record(&packet, "a.test", rows[i].type, 300, data, rows[i].size + 2);
		assert_int_equal(read_answer(&packet, "a.test", rows[i].type, &answer), DNS_FOUND);
		assert_int_equal(answer.count, 1);
		assert_int_equal(answer.records[0].size, rows[i].size + asked.size);
		assert_memory_equal(answer.records[0].data, rows[i].before, rows[i].size);
		assert_memory_equal(answer.records[0].data + rows[i].size, asked.bytes, asked.size);
		packet.bytes[packet.size - 1] = 0xff; /* beyond the packet */
		assert_int_not_equal(read_answer(&packet, "a.test", rows[i].type, &answer), DNS_FOUND);
	}
}

/* Records of another class say nothing of the name, and an answer that has none but those is not one without data. */
static void
another_class_is_no_answer(void **state)
{
	static struct dns_answer answer;
	struct packet packet = answer_to("a.test", DNS_A, 0, 1, 0);

	(void)state;
	put_record(&packet, "a.test", DNS_A, 300, "\1\2\3\4", 4);
	packet.bytes[packet.size - 11] = 3; /* CHAOS */
	assert_int_equal(read_answer(&packet, "a.test", DNS_A, &answer), DNS_MALFORMED);
}

/* The servers of a domain by another class do not make a referral, nor does a circle of a name that does not exist become one. */
static void
sections_say_no_more_than_they_do(void **state)
{
	static struct dns_answer answer;
	struct dns_name target = named("ns.test");
	struct packet packet = answer_to("a.test", DNS_A, 0, 0, 1), circle = answer_to("n0.test", DNS_A, 3, 2, 0);

	(void)state;
	packet.bytes[2] &= 0xfb;
	packet.bytes[3] &= 0x7f;
	put_record(&packet, "test", DNS_NS, 300, target.bytes, target.size);
	enum dns_status referred = read_answer(&packet, "a.test", DNS_A, &answer);
	packet.bytes[packet.size - target.size - 7] = 3; /* CHAOS */
	assert_int_not_equal(read_answer(&packet, "a.test", DNS_A, &answer), referred);
	put_alias(&circle, "n0.test", "n1.test", 60);
	put_alias(&circle, "n1.test", "n0.test", 60);
	assert_int_equal(read_answer(&circle, "n0.test", DNS_A, &answer), DNS_ALIAS_LOOP);
}

/* Written out, compressed names need more room than the packet has; what finds none is left out. A walk that is much longer
 * than any that is followed ends, whether or not it is a circle. */
static void
room_and_steps_are_bounded(void **state)
{
	static struct dns_answer answer;
	struct dns_walk walk;
	char long_name[256];
	struct packet packet = answer_to("a.test", DNS_MX, 0, 64, 0);
	struct dns_name first = named("n0.test");

	(void)state;
	memset(long_name, 'x', 253); /* as long as a name can be */
	long_name[63] = long_name[127] = long_name[191] = '.';
	long_name[253] = '\0';
	struct dns_name target = named(long_name);
	put(&packet, "\xc0\x0c\0\17\0\1\0\0\0\1", 10);
	put16(&packet, 2u + target.size);
	size_t at = packet.size + 2;
	put(&packet, "\0\1", 2);
	put(&packet, target.bytes, target.size);
	for (int i = 1; i < 64; i++) {
		put(&packet, "\xc0\x0c\0\17\0\1\0\0\0\1\0\4\0\1", 14);
		put16(&packet, 0xc000 | (unsigned)at);
	}
	assert_int_equal(read_answer(&packet, "a.test", DNS_MX, &answer), DNS_FOUND);
	assert_true(answer.count == sizeof answer.space / (2u + target.size) && answer.count < 64);
	walk = dns_walk_begin(&first);
	for (unsigned i = 1; i <= 128; i++) {
		char name[16];

		snprintf(name, sizeof name, "n%u.test", i);
		assert_int_equal(dns_walk_step(&walk, &(struct dns_name[]){ named(name) }[0], 128), DNS_NOT_ASKED);
	}
	assert_int_equal(dns_walk_step(&walk, &(struct dns_name[]){ named("last.test") }[0], 128), DNS_ALIAS_CHAIN);
	assert_false(dns_is_truncated("\0\0\2", 3));
}

/* An owner that ends as the name does, and does not begin at one of its labels. */
static void
substitutes_whole_labels_only(void **state)
{
	struct dns_name name = named("a\001b.test"), owner = named("b.test"), target = named("c.test"), found;

	(void)state;
	assert_int_equal(name.bytes[2], 1);
	assert_false(dns_name_substitute(&name, &owner, &target, &found));
	name = named("a.b.test");
	assert_true(dns_name_substitute(&name, &owner, &target, &found));
	assert_true(dns_name_equal(&found, &(struct dns_name[]){ named("a.c.test") }[0]));
}

static void
registered_domains(void **state)
{
	static const char *const rows[][2] = { { "mx.example.org", "example.org" }, { "a.b.example.org", "example.org" },
		{ "example.org", "example.org" }, { "mail", "mail" }, { "mx.example.co.uk", "example.co.uk" },
		{ "mx1.bmw.de", "bmw.de" }, { "co.uk", "co.uk" }, { ".", "." } };
	char text[DNS_NAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dns_name name = named(rows[i][0]), domain = dns_name_registered(&name);
		dns_name_text(&domain, text);
		assert_string_equal(text, rows[i][1]);
	}
}

/* A response is taken for the answer to a query if it has its id and its question. */
static void
answers_have_a_question(void **state)
{
	unsigned char query[DNS_QUERY_MAX];
	struct dns_name name = named("mx.test");
	size_t size = dns_query(query, &name, DNS_A);

	(void)state;
	query[0] = 0x12, query[1] = 0x34;
	unsigned char good[DNS_QUERY_MAX];
	memcpy(good, query, size);
	good[2] |= 0x80;
	good[13] = 'M'; /* capitals do not matter */
	assert_true(dns_answers(good, size, query, size));
	assert_false(dns_answers(query, size, query, size));
	static const uint8_t rows[][2] = { { 0, 1 }, { 1, 1 }, { 2, 0x08 }, { 5, 2 }, { 12, 1 }, { 14, 1 }, { 22, 1 }, { 24, 1 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		good[rows[i][0]] ^= rows[i][1];
		if (dns_answers(good, size, query, size))
			fail_msg("a response with another byte %u is taken", rows[i][0]);
		good[rows[i][0]] ^= rows[i][1];
	}
	for (size_t cut = 0; cut < size; cut++)
		assert_false(dns_answers(good, cut, query, size));
	good[5] = 0; /* errors may have none */
	assert_false(dns_answers(good, 12, query, size));
	good[3] = 3 /* NXDOMAIN, of which name? */;
	assert_false(dns_answers(good, 12, query, size));
	good[3] = 1;
	assert_true(dns_answers(good, 12, query, size));
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

/* A long way of pointers would be gone again for each record that leads to its end. */
static void
pointers_are_no_more_than_labels(void **state)
{
	static struct dns_answer answer;

	(void)state;
	for (unsigned pointers = 127; pointers <= 1000; pointers += 873) {
		struct packet packet = answer_to("name.test", DNS_A, 0, 2, 0);
		unsigned target = 12;

		put(&packet, "\0\0\20\0\1\0\0\0\1", 9);
		put16(&packet, 2 * pointers);
		for (unsigned i = 0; i < pointers; i++) {
			unsigned at = (unsigned)packet.size;
			put16(&packet, 0xc000 | target);
			target = at;
		}
		put16(&packet, 0xc000 | target);
		put(&packet, "\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 14);
		assert_int_equal(read_answer(&packet, "name.test", DNS_A, &answer), pointers == 127 ? DNS_FOUND : DNS_MALFORMED);
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
	assert_int_equal(read_answer(&failed, "a.test", DNS_A, &answer), DNS_REFUSED);
	assert_int_equal(answer.rcode, 5);
	assert_int_equal(read_answer(&bare, "b.test", DNS_A, &answer), DNS_MALFORMED); /* another question */
	for (size_t size = 0; size < bare.size; size++) {
		struct packet cut = bare;
		cut.size = size;
		assert_int_equal(read_answer(&cut, "a.test", DNS_A, &answer), DNS_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_there_and_back),
		cmocka_unit_test(chains_have_an_end),
		cmocka_unit_test(circles_are_found),
		cmocka_unit_test(domains_are_aliases),
		cmocka_unit_test(an_opt_record_is_no_fault),
		cmocka_unit_test(names_in_records_are_written_out),
		cmocka_unit_test(another_class_is_no_answer),
		cmocka_unit_test(sections_say_no_more_than_they_do),
		cmocka_unit_test(room_and_steps_are_bounded),
		cmocka_unit_test(substitutes_whole_labels_only),
		cmocka_unit_test(registered_domains),
		cmocka_unit_test(answers_have_a_question),
		cmocka_unit_test(pointers_lead_backwards),
		cmocka_unit_test(pointers_are_no_more_than_labels),
		cmocka_unit_test(a_no_has_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
