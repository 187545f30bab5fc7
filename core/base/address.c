/*
 * IPv4 and IPv6 addresses with ports, for all processes: parsing, printing, ordering, keys for
 * tables.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <string.h>


struct address
address_ipv4(const void *bytes, uint16_t port)
{
	struct address address;

	memset(&address, 0, sizeof address);
	address.v4.sin_family = AF_INET;
	address.v4.sin_port = htons(port);
	memcpy(&address.v4.sin_addr, bytes, sizeof address.v4.sin_addr);
	return address;
}

struct address
address_ipv6(const void *bytes, uint16_t port)
{
	struct address address;

	memset(&address, 0, sizeof address);
	address.v6.sin6_family = AF_INET6;
	address.v6.sin6_port = htons(port);
	memcpy(&address.v6.sin6_addr, bytes, sizeof address.v6.sin6_addr);
	return address;
}

/* "fe80::1%eth0": inet_pton does not know scopes. */
static bool
parse_scoped(const char *literal, const char *percent, uint16_t port, struct address *address)
{
	char part[INET6_ADDRSTRLEN];
	size_t size = (size_t)(percent - literal);
	struct in6_addr bytes;
	unsigned scope;

	if (size >= sizeof part)
		return false;
	memcpy(part, literal, size);
	part[size] = '\0';
	if (inet_pton(AF_INET6, part, &bytes) != 1 || (scope = if_nametoindex(percent + 1)) == 0)
		return false;
	*address = address_ipv6(&bytes, port);
	address->v6.sin6_scope_id = scope;
	return true;
}

bool
address_parse(const char *literal, uint16_t port, struct address *address)
{
	struct in6_addr bytes;
	const char *percent = strchr(literal, '%');

	if (percent != NULL)
		return parse_scoped(literal, percent, port, address);
	if (inet_pton(AF_INET, literal, &bytes) == 1)
		*address = address_ipv4(&bytes, port);
	else if (inet_pton(AF_INET6, literal, &bytes) == 1)
		*address = address_ipv6(&bytes, port);
	else
		return false;
	return true;
}

bool
address_parse_port(const char *text, uint16_t port, struct address *address)
{
	struct endpoint endpoint;
	char literal[ADDRESS_TEXT_MAX];

	if (!endpoint_parse(text, strlen(text), &endpoint, NULL)
	    || endpoint.host_size >= sizeof literal)
		return false;
	memcpy(literal, endpoint.host, endpoint.host_size);
	literal[endpoint.host_size] = '\0';
	return address_parse(literal, endpoint.port != 0 ? endpoint.port : port, address);
}

struct pw_bytes
address_bytes(const struct address *address)
{
	return address_is_ipv4(address)
	    ? (struct pw_bytes){ (const char *)&address->v4.sin_addr, sizeof address->v4.sin_addr }
	    : (struct pw_bytes){ (const char *)&address->v6.sin6_addr,
		      sizeof address->v6.sin6_addr };
}

/* inet_ntop(3) prints IPv4 by printf(3), which takes ten times as long. */
void
address_add(struct text *text, const struct address *address)
{
	const unsigned char *bytes = (const unsigned char *)address_bytes(address).data;
	char literal[INET6_ADDRSTRLEN], interface[IF_NAMESIZE];

	if (address_is_ipv4(address)) {
		for (int i = 0; i < 4; i++) {
			text_add(text, i > 0 ? "." : "");
			text_add_u64(text, bytes[i]);
		}
		return;
	}
	text_add(text, inet_ntop(AF_INET6, bytes, literal, sizeof literal));
	if (address->v6.sin6_scope_id == 0)
		return;
	text_add(text, "%");
	if (if_indextoname(address->v6.sin6_scope_id, interface) != NULL)
		text_add(text, interface);
	else
		text_add_u64(text, address->v6.sin6_scope_id);
}

const char *
address_text(char bytes[static ADDRESS_TEXT_MAX], const struct address *address)
{
	struct text text = text_over(bytes, ADDRESS_TEXT_MAX);

	address_add(&text, address);
	assert(!text.cut);
	return bytes;
}

void
address_add_port(struct text *text, const struct address *address)
{
	bool brackets = !address_is_ipv4(address);

	if (brackets)
		text_add(text, "[");
	address_add(text, address);
	text_add(text, brackets ? "]:" : ":");
	text_add_u64(text, address_port(address));
}

bool
address_is_ipv4(const struct address *address)
{
	return address->any.sa_family == AF_INET;
}

uint16_t
address_port(const struct address *address)
{
	return ntohs(address_is_ipv4(address) ? address->v4.sin_port : address->v6.sin6_port);
}

void
address_set_port(struct address *address, uint16_t port)
{
	if (address_is_ipv4(address))
		address->v4.sin_port = htons(port);
	else
		address->v6.sin6_port = htons(port);
}

socklen_t
address_length(const struct address *address)
{
	return address_is_ipv4(address) ? sizeof address->v4 : sizeof address->v6;
}

/* Scopes make two of one link-local address: fe80::1 on eth0 is another host than on eth1. */
int
address_order(const struct address *left, const struct address *right)
{
	struct pw_bytes own = address_bytes(left), others = address_bytes(right);

	if (own.size != others.size)
		return own.size < others.size ? -1 : 1;
	int order = memcmp(own.data, others.data, own.size);
	if (order != 0 || address_is_ipv4(left))
		return order;
	uint32_t scope = left->v6.sin6_scope_id, other = right->v6.sin6_scope_id;
	return (scope > other) - (scope < other);
}

bool
address_equal(const struct address *left, const struct address *right)
{
	return address_order(left, right) == 0 && address_port(left) == address_port(right);
}

uint64_t
address_network(const struct address *address)
{
	uint32_t first;

	if (address_is_ipv4(address))
		return ntohl(address->v4.sin_addr.s_addr) >> 16;
	memcpy(&first, &address->v6.sin6_addr, sizeof first);
	return 1ull << 32 | ntohl(first);
}

/*
 * Classifies addresses as public, private, loopback and so on, by two tables of prefixes; an IPv6
 * address that carries an IPv4 one is classified by that.
 */

struct prefix4 {
	uint32_t bits;
	unsigned length;
	enum address_class class;
};

#define IPV4(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

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
	{ { [8] = 0xff, 0xff }, 96, ADDRESS_PUBLIC, LAST },            /* RFC 2765, IPv4-translated
	                                                                * */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, ADDRESS_PUBLIC, LAST },      /* RFC 6052, NAT64 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48, ADDRESS_PRIVATE, LAST },/* RFC 8215, local NAT64 */
	{ { [0] = 0 }, 96, ADDRESS_PRIVATE, LAST },                    /* RFC 4291, IPv4-compatible
	                                                                * */
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

/* The worse of the two: a private prefix does not become public by what it carries, nor a
 * carried private address by its prefix. */
enum address_class
address_class(const struct address *address)
{
	const unsigned char *bytes = (const unsigned char *)address_bytes(address).data;
	const struct prefix6 *prefix = prefixes6, *end = prefix + sizeof prefixes6 / sizeof *prefix;
	enum address_class carried = ADDRESS_PUBLIC;

	if (address_is_ipv4(address))
		return class_of_ipv4(ipv4_at(bytes));
	while (prefix < end && !matches(bytes, prefix))
		prefix++;
	if (prefix == end)
		return ADDRESS_PUBLIC;
	switch (prefix->carries) {
	case NOTHING: break;
	case LAST: carried = class_of_ipv4(ipv4_at(bytes + 12)); break;
	case AT_2: carried = class_of_ipv4(ipv4_at(bytes + 2)); break;
	case LAST_INVERTED: carried = class_of_ipv4(~ipv4_at(bytes + 12)); break;
	}
	return carried < prefix->class ? carried : prefix->class;
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

/* Parses "host:port", "[v6]:port" and the like as people write them. */

static bool
parse_port(const char *digits, size_t size, uint16_t *port)
{
	unsigned value = 0;

	for (size_t i = 0; i < size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		value = value * 10 + (unsigned)(digits[i] - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*port = (uint16_t)value;
	return value > 0;
}

static bool
is_literal6(const char *text, size_t size)
{
	char literal[INET6_ADDRSTRLEN];
	struct in6_addr bytes;
	const char *percent = memchr(text, '%', size);
	size_t length = percent == NULL ? size : (size_t)(percent - text);

	if (length >= sizeof literal || percent == text + size - 1)
		return false;
	memcpy(literal, text, length);
	literal[length] = '\0';
	return inet_pton(AF_INET6, literal, &bytes) == 1;
}

/* What is wrong, or NULL. */
static const char *
split(const char *text, size_t size, struct endpoint *made)
{
	const char *end = text + size, *colon = memchr(text, ':', size);
	bool brackets = size > 0 && text[0] == '[';

	if (brackets) {
		const char *close = memchr(text, ']', size);

		if (close == NULL)
			return "the bracket is not closed";
		made->host = text + 1;
		made->host_size = (size_t)(close - made->host);
		made->is_literal6 = is_literal6(made->host, made->host_size);
		colon = close + 1 < end ? close + 1 : NULL;
		if (!made->is_literal6)
			return "brackets are for IPv6 addresses, and this is none";
		if (colon != NULL && *colon != ':')
			return "behind the bracket comes :port or nothing";
	} else {
		if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
			made->is_literal6 = is_literal6(text, size);
			colon = NULL;
			if (!made->is_literal6)
				return "not an IPv6 address; write host, host:port or [IPv6]:port";
		}
		made->host = text;
		made->host_size = colon == NULL ? size : (size_t)(colon - text);
	}
	if (made->host_size == 0)
		return "there is no host";
	if (colon != NULL && !parse_port(colon + 1, (size_t)(end - colon - 1), &made->port))
		return "a port is a number from 1 to 65535";
	return NULL;
}

bool
endpoint_parse(const char *text, size_t size, struct endpoint *endpoint, struct reason *why)
{
	struct endpoint made = { .host = NULL };
	const char *fault = split(text, size, &made);
	struct text shown = TEXT_ROOM(80);

	if (fault != NULL) {
		text_escape(&shown, (struct pw_bytes){ text, size });
		return reason_set(why, "\"%s%s\": %s", shown.bytes, shown.cut ? "…" : "", fault);
	}
	assert(made.host >= text && made.host + made.host_size <= text + size);
	*endpoint = made;
	return true;
}
