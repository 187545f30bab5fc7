/*
 * Classifies addresses as public, private, loopback and so on, by two tables of prefixes; an IPv6
 * address that carries an IPv4 one is classified by that.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

struct prefix4 {
	uint32_t bits;
	unsigned length;
	enum address_class class;
};

#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* The first that matches counts. Documentation networks are public: nobody is harmed there. */
static const struct prefix4 prefixes4[] = {
	{ IPV4(0, 0, 0, 0), 8, ADDRESS_UNSPECIFIED },
	{ IPV4(127, 0, 0, 0), 8, ADDRESS_LOOPBACK },
	{ IPV4(224, 0, 0, 0), 4, ADDRESS_MULTICAST },
	{ IPV4(255, 255, 255, 255), 32, ADDRESS_MULTICAST },
	/* AWS, Google, Azure, Oracle, OpenStack … */
	{ IPV4(169, 254, 169, 0), 24, ADDRESS_METADATA },
	{ IPV4(169, 254, 170, 0), 24, ADDRESS_METADATA },     /* AWS containers */
	{ IPV4(169, 254, 0, 23), 32, ADDRESS_METADATA },      /* Tencent */
	{ IPV4(100, 100, 100, 200), 32, ADDRESS_METADATA },   /* Alibaba */
	{ IPV4(192, 0, 0, 192), 32, ADDRESS_METADATA },       /* Oracle */
	{ IPV4(168, 63, 129, 16), 32, ADDRESS_METADATA },     /* Azure's wire server */
	{ IPV4(10, 0, 0, 0), 8, ADDRESS_PRIVATE },            /* RFC 1918 */
	{ IPV4(172, 16, 0, 0), 12, ADDRESS_PRIVATE },
	{ IPV4(192, 168, 0, 0), 16, ADDRESS_PRIVATE },
	{ IPV4(100, 64, 0, 0), 10, ADDRESS_PRIVATE },         /* RFC 6598, CGNAT */
	{ IPV4(169, 254, 0, 0), 16, ADDRESS_PRIVATE },        /* RFC 3927, link-local */
	{ IPV4(192, 0, 0, 0), 24, ADDRESS_PRIVATE },          /* RFC 6890, IETF assignments */
	{ IPV4(198, 18, 0, 0), 15, ADDRESS_PRIVATE },         /* RFC 2544, benchmarks */
	{ IPV4(240, 0, 0, 0), 4, ADDRESS_PRIVATE },           /* RFC 1112, reserved */
};

static enum address_class
class_of_ipv4(uint32_t bits)
{
	for (size_t i = 0; i < sizeof prefixes4 / sizeof *prefixes4; i++) {
		const struct prefix4 *prefix = &prefixes4[i];

		if ((bits ^ prefix->bits) >> (32 - prefix->length) == 0)
			return prefix->class;
	}
	return ADDRESS_PUBLIC;
}

/* How an IPv6 prefix is judged: by itself, or by the IPv4 address that its addresses carry. */
enum carries { NOTHING, LAST, AT_2, LAST_INVERTED };

struct prefix6 {
	unsigned char bytes[16];
	unsigned length;
	enum address_class class; /* where it carries something, the best it can be */
	enum carries carries;
};

/* The first that matches counts. */
static const struct prefix6 prefixes6[] = {
	{ { [15] = 0 }, 128, ADDRESS_UNSPECIFIED, NOTHING },
	{ { [15] = 1 }, 128, ADDRESS_LOOPBACK, NOTHING },
	{ { 0xff }, 8, ADDRESS_MULTICAST, NOTHING },
	{ { [10] = 0xff, 0xff }, 96, ADDRESS_PUBLIC, LAST },           /* RFC 4291, IPv4-mapped */
	{ { [8] = 0xff, 0xff }, 96, ADDRESS_PUBLIC, LAST },            /* RFC 2765, IPv4-translated */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, ADDRESS_PUBLIC, LAST },      /* RFC 6052, NAT64 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48, ADDRESS_PRIVATE, LAST },/* RFC 8215, local NAT64 */
	{ { [0] = 0 }, 96, ADDRESS_PRIVATE, LAST },                    /* RFC 4291, IPv4-compatible */
	{ { 0x20, 0x02 }, 16, ADDRESS_PUBLIC, AT_2 },                  /* RFC 3056, 6to4 */
	{ { 0x20, 0x01, 0, 0 }, 32, ADDRESS_PUBLIC, LAST_INVERTED },   /* RFC 4380, Teredo */
	{ { 0xfd, 0x00, 0x0e, 0xc2 }, 32, ADDRESS_METADATA, NOTHING }, /* fd00:ec2::/32, AWS */
	{ { 0xfd, 0x20, 0x00, 0xce }, 32, ADDRESS_METADATA, NOTHING }, /* fd20:ce::/32, Google */
	{ { 0xfd, 0x00, 0x00, 0xc1 }, 32, ADDRESS_METADATA, NOTHING }, /* fd00:c1::/32, Oracle */
	{ { 0xfc }, 7, ADDRESS_PRIVATE, NOTHING },                     /* RFC 4193, ULA */
	{ { 0xfe, 0x80 }, 10, ADDRESS_PRIVATE, NOTHING },              /* RFC 4291, link-local */
	{ { 0xfe, 0xc0 }, 10, ADDRESS_PRIVATE, NOTHING },              /* RFC 3879, site-local */
	{ { 0x01 }, 64, ADDRESS_PRIVATE, NOTHING },                    /* RFC 6666, discard */
};

static bool
matches(const unsigned char *bytes, const struct prefix6 *prefix)
{
	unsigned whole = prefix->length / 8, rest = prefix->length % 8;

	if (memcmp(bytes, prefix->bytes, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}

static uint32_t
ipv4_at(const unsigned char *bytes)
{
	return IPV4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

static enum address_class
judge(const unsigned char *bytes, const struct prefix6 *prefix)
{
	enum address_class carried = ADDRESS_PUBLIC;

	switch (prefix->carries) {
	case NOTHING: break;
	case LAST: carried = class_of_ipv4(ipv4_at(bytes + 12)); break;
	case AT_2: carried = class_of_ipv4(ipv4_at(bytes + 2)); break;
	case LAST_INVERTED: carried = class_of_ipv4(~ipv4_at(bytes + 12)); break;
	}
	return carried < prefix->class ? carried : prefix->class;
}

enum address_class
address_class(const struct address *address)
{
	if (address_is_ipv4(address))
		return class_of_ipv4(ntohl(address->v4.sin_addr.s_addr));
	for (size_t i = 0; i < sizeof prefixes6 / sizeof *prefixes6; i++)
		if (matches(address->v6.sin6_addr.s6_addr, &prefixes6[i]))
			return judge(address->v6.sin6_addr.s6_addr, &prefixes6[i]);
	return ADDRESS_PUBLIC;
}

const char *
address_class_name(enum address_class class)
{
	static const char *const names[] = {
		[ADDRESS_UNSPECIFIED] = "the unspecified address",
		[ADDRESS_MULTICAST] = "a multicast address",
		[ADDRESS_METADATA] = "a cloud metadata address",
		[ADDRESS_LOOPBACK] = "a loopback address",
		[ADDRESS_PRIVATE] = "a private address",
		[ADDRESS_PUBLIC] = "a public address",
	};

	assert((size_t)class < sizeof names / sizeof *names);
	return names[class];
}

bool
address_literal_is_public(const char *literal)
{
	struct address address;

	return address_parse(literal, 0, &address) && address_class(&address) == ADDRESS_PUBLIC;
}

bool
address_is_forbidden(const struct address *address)
{
	return address_class(address) <= ADDRESS_METADATA;
}
