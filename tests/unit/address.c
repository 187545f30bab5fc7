/* Addresses: text and back, order, classes (also through IPv6 that carries IPv4), endpoints as people write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

static struct address
parsed(const char *text)
{
	struct address address;

	if (!address_parse_port(text, 0, &address))
		fail_msg("%s is not taken for an address", text);
	return address;
}

static void
reads_and_writes(void **state)
{
	static const char *const same[] = { "192.0.2.1:25", "0.0.0.0:1", "255.255.255.255:65535", "[2001:db8::1]:25", "[::1]:587",
		"[::ffff:192.0.2.1]:25", "[fe80::1%lo]:25" };

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		char bytes[ADDRESS_TEXT_MAX];
		struct text text = TEXT_OVER(bytes);
		struct address address = parsed(same[i]);

		address_add_port(&text, &address);
		assert_string_equal(bytes, same[i]);
	}
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);
	struct address address = parsed("2001:DB8:0:0::1");
	address_add(&text, &address);
	assert_string_equal(bytes, "2001:db8::1");
	assert_int_equal(address_length(&address), sizeof(struct sockaddr_in6));
}

static void
refuses_what_is_no_address(void **state)
{
	static const char *const wrong[] = { "", "mx", "192.0.2", "192.0.2.256", "192.0.2.01", " 192.0.2.1", "192.0.2.1 ",
		"[192.0.2.1]:25", "::1::", "1::%", "fe80::1%no-such-if", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", "0x7f.1" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct address address;

		if (address_parse_port(wrong[i], 25, &address))
			fail_msg("\"%s\" is taken for an address", wrong[i]);
	}
}

static void
keeps_ports(void **state)
{
	struct address address;

	(void)state;
	assert_true(address_parse("::1", 25, &address));
	assert_int_equal(address_port(&address), 25);
	address_set_port(&address, 587);
	assert_int_equal(ntohs(address.v6.sin6_port), 587);
	assert_true(address_parse_port("127.0.0.1", 53, &address));
	assert_int_equal(address_port(&address), 53);
	assert_true(address_parse_port("127.0.0.1:5311", 53, &address));
	assert_int_equal(address_port(&address), 5311);
}

static int
order(const void *left, const void *right)
{
	return address_order(left, right);
}

static void
sorts_ipv4_first(void **state)
{
	struct address all[] = { parsed("2001:db8::2"), parsed("192.0.2.200"), parsed("2001:db8::1"), parsed("192.0.2.9"), parsed("9.9.9.9") };
	static const char *const sorted[] = { "9.9.9.9", "192.0.2.9", "192.0.2.200", "2001:db8::1", "2001:db8::2" };

	(void)state;
	qsort(all, 5, sizeof *all, order);
	for (size_t i = 0; i < 5; i++) {
		struct address expected = parsed(sorted[i]);

		assert_true(address_equal(&all[i], &expected));
	}
	struct address port = parsed("9.9.9.9:25");
	assert_int_equal(address_order(&all[0], &port), 0);
	assert_false(address_equal(&all[0], &port));
}

static void
knows_networks(void **state)
{
	struct address a = parsed("192.0.2.1"), b = parsed("192.0.77.1"), c = parsed("192.1.2.1");
	struct address d = parsed("2001:db8:1::1"), e = parsed("2001:db8:2::1"), f = parsed("2001:db9::1"), g = parsed("0:0:0:1::");
	struct address h = parsed("0.0.0.0");

	(void)state;
	assert_true(address_network(&a) == address_network(&b));
	assert_true(address_network(&a) != address_network(&c));
	assert_true(address_network(&d) == address_network(&e));
	assert_true(address_network(&d) != address_network(&f));
	assert_true(address_network(&g) != address_network(&h));
}

static void
knows_public_literals(void **state)
{
	static const char *const private[] = { "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.127.255.255", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12::1",
		"ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b:1:a00:0:100:808:808", "2002:a00:1::1", "2002:7f00:1::", "nonsense", "" };
	static const char *const public[] = { "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.1.1", "100.63.0.1", "100.128.0.1",
		"2001:db8::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "223.255.255.255" };
	(void)state;

	for (size_t i = 0; i < sizeof private / sizeof private[0]; i++)
		if (address_literal_is_public(private[i]))
			fail_msg("%s", private[i]);
	for (size_t i = 0; i < sizeof public / sizeof public[0]; i++)
		if (!address_literal_is_public(public[i]))
			fail_msg("%s", public[i]);
}

static void
classifies(void **state)
{
	static const struct {
		const char *literal;
		enum address_class class;
	} cases[] = {
		{ "0.0.0.0", ADDRESS_UNSPECIFIED },          { "0.1.2.3", ADDRESS_UNSPECIFIED },
		{ "127.0.0.1", ADDRESS_LOOPBACK },           { "127.255.255.255", ADDRESS_LOOPBACK },
		{ "224.0.0.1", ADDRESS_MULTICAST },          { "239.255.255.255", ADDRESS_MULTICAST },
		{ "255.255.255.255", ADDRESS_MULTICAST },    { "169.254.169.254", ADDRESS_METADATA },
		{ "169.254.170.2", ADDRESS_METADATA },       { "100.100.100.200", ADDRESS_METADATA },
		{ "168.63.129.16", ADDRESS_METADATA },       { "168.63.129.17", ADDRESS_PUBLIC },
		{ "169.254.1.1", ADDRESS_PRIVATE },          { "10.0.0.0", ADDRESS_PRIVATE },
		{ "10.255.255.255", ADDRESS_PRIVATE },       { "11.0.0.0", ADDRESS_PUBLIC },
		{ "172.15.255.255", ADDRESS_PUBLIC },        { "172.16.0.0", ADDRESS_PRIVATE },
		{ "172.31.255.255", ADDRESS_PRIVATE },       { "172.32.0.0", ADDRESS_PUBLIC },
		{ "192.168.0.1", ADDRESS_PRIVATE },          { "192.167.0.1", ADDRESS_PUBLIC },
		{ "100.63.255.255", ADDRESS_PUBLIC },        { "100.64.0.0", ADDRESS_PRIVATE },
		{ "100.127.255.255", ADDRESS_PRIVATE },      { "100.128.0.0", ADDRESS_PUBLIC },
		{ "240.0.0.1", ADDRESS_PRIVATE },            { "192.0.2.7", ADDRESS_PUBLIC },
		{ "9.9.9.9", ADDRESS_PUBLIC },

		{ "::", ADDRESS_UNSPECIFIED },               { "::1", ADDRESS_LOOPBACK },
		{ "ff02::1", ADDRESS_MULTICAST },            { "fd00:ec2::254", ADDRESS_METADATA },
		{ "fd20:ce::254", ADDRESS_METADATA },        { "fd00:c1::a9fe:a9fe", ADDRESS_METADATA },
		{ "fd12:3456::1", ADDRESS_PRIVATE },         { "fc00::1", ADDRESS_PRIVATE },
		{ "fe80::1", ADDRESS_PRIVATE },              { "febf::1", ADDRESS_PRIVATE },
		{ "fec0::1", ADDRESS_PRIVATE },              { "fe00::1", ADDRESS_PUBLIC },
		{ "100::1", ADDRESS_PRIVATE },               { "2001:db8::1", ADDRESS_PUBLIC },
		{ "2620:fe::9", ADDRESS_PUBLIC },

		{ "::ffff:127.0.0.1", ADDRESS_LOOPBACK },    { "::ffff:169.254.169.254", ADDRESS_METADATA },
		{ "::ffff:9.9.9.9", ADDRESS_PUBLIC },        { "::ffff:0:10.0.0.1", ADDRESS_PRIVATE },
		{ "64:ff9b::10.0.0.1", ADDRESS_PRIVATE },    { "64:ff9b::9.9.9.9", ADDRESS_PUBLIC },
		{ "64:ff9b::224.0.0.1", ADDRESS_MULTICAST }, { "64:ff9b:1::9.9.9.9", ADDRESS_PRIVATE },
		{ "64:ff9b:1::7f00:1", ADDRESS_LOOPBACK },   { "::127.0.0.1", ADDRESS_LOOPBACK },
		{ "2002:7f00:1::", ADDRESS_LOOPBACK },       { "2002:a9fe:a9fe::1", ADDRESS_METADATA },
		{ "2002:909:909::1", ADDRESS_PUBLIC },       { "2001::80ff:fffe", ADDRESS_LOOPBACK },
		{ "2001:0:1:2:3:4:f6f6:f6f6", ADDRESS_PUBLIC },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address address = parsed(cases[i].literal);

		if (address_class(&address) != cases[i].class)
			fail_msg("%s is taken for %s", cases[i].literal, address_class_name(address_class(&address)));
		assert_int_equal(address_is_forbidden(&address), cases[i].class <= ADDRESS_METADATA);
	}
}

static void
takes_endpoints_apart(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		bool literal6;
	} cases[] = {
		{ "mx1.example.org", "mx1.example.org", 0, false }, { "mail:587", "mail", 587, false },
		{ "192.0.2.1:25", "192.0.2.1", 25, false },         { "[2001:db8::1]:25", "2001:db8::1", 25, true },
		{ "[::1]", "::1", 0, true },                        { "2001:db8::25", "2001:db8::25", 0, true },
		{ "[fe80::1%eth0]:25", "fe80::1%eth0", 25, true },  { "b\xc3\xbc" "cher.example:465", "b\xc3\xbc" "cher.example", 465, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct endpoint endpoint;

		assert_true(endpoint_parse(cases[i].text, strlen(cases[i].text), &endpoint, NULL));
		assert_int_equal(endpoint.host_size, strlen(cases[i].host));
		assert_memory_equal(endpoint.host, cases[i].host, endpoint.host_size);
		assert_int_equal(endpoint.port, cases[i].port);
		assert_int_equal(endpoint.is_literal6, cases[i].literal6);
	}
}

static void
says_what_is_wrong_with_endpoints(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "\"\": there is no host" },
		{ ":25", "\":25\": there is no host" },
		{ "mx:", "\"mx:\": a port is a number from 1 to 65535" },
		{ "mx:0", "\"mx:0\": a port is a number from 1 to 65535" },
		{ "mx:70000", "\"mx:70000\": a port is a number from 1 to 65535" },
		{ "mx:smtp", "\"mx:smtp\": a port is a number from 1 to 65535" },
		{ "[::1", "\"[::1\": the bracket is not closed" },
		{ "[]:25", "\"[]:25\": brackets are for IPv6 addresses, and this is none" },
		{ "[mx]:25", "\"[mx]:25\": brackets are for IPv6 addresses, and this is none" },
		{ "[::1]25", "\"[::1]25\": behind the bracket comes :port or nothing" },
		{ "a:b:25", "\"a:b:25\": not an IPv6 address; write host, host:port or [IPv6]:port" },
		{ "\x1b:x", "\"\\x1b:x\": a port is a number from 1 to 65535" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct endpoint endpoint;
		struct reason why;

		assert_false(endpoint_parse(cases[i].text, strlen(cases[i].text), &endpoint, &why));
		assert_string_equal(why.text, cases[i].reason);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(keeps_ports),
		cmocka_unit_test(sorts_ipv4_first),
		cmocka_unit_test(knows_networks),
		cmocka_unit_test(classifies),
		cmocka_unit_test(knows_public_literals),
		cmocka_unit_test(takes_endpoints_apart),
		cmocka_unit_test(says_what_is_wrong_with_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
