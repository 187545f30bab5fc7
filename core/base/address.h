/*
 * IPv4 and IPv6 addresses with ports: text to address and back, an order, and the class of an
 * address (loopback, private, multicast ...). Addresses that an operator names and those that DNS
 * or a redirect leads to are classified alike; what may be connected to is decided by the caller.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reason.h"
#include "base/text.h"

/* IPv4 or IPv6, with a port (0: none). All of it is zero beyond what the family uses. */
struct address {
	union {
		struct sockaddr any; /* for the calls of the kernel; any.sa_family tells which it is
		                      * */
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

enum { ADDRESS_TEXT_MAX = 72 }; /* "[fe80::…%interface]:65535" with its NUL */

/* From the 4 or 16 bytes of an A or AAAA record. */
struct address address_ipv4(const void *bytes, uint16_t port);
struct address address_ipv6(const void *bytes, uint16_t port);

/* Its 4 or 16 bytes, a view. */
struct pw_bytes address_bytes(const struct address *);

/* Reads a literal without a port and without brackets: "192.0.2.1", "2001:db8::1", "fe80::1%eth0".
 * False, and `*address` untouched: it is none. */
bool address_parse(const char *literal, uint16_t port, struct address *address);

/* The same with an optional port: "192.0.2.1:53", "[::1]:53", "::1"; without one it gets `port`. */
bool address_parse_port(const char *text, uint16_t port, struct address *address);

/* "192.0.2.1", "2001:db8::1"; and with the port: "192.0.2.1:25", "[2001:db8::1]:25". */
void address_add(struct text *, const struct address *);
void address_add_port(struct text *, const struct address *);

/* The same for text_format(); ADDRESS() has its bytes in the block around it. */
const char *address_text(char bytes[static ADDRESS_TEXT_MAX], const struct address *);
#define ADDRESS(address) address_text((char[ADDRESS_TEXT_MAX]){ "" }, (address))

bool address_is_ipv4(const struct address *);
uint16_t address_port(const struct address *);
void address_set_port(struct address *, uint16_t port);
socklen_t address_length(const struct address *); /* of ->any, for connect and bind */

/* The order in which addresses of a name are tried and shown: IPv4 before IPv6, then by bytes;
 * ports do not matter. */
int address_order(const struct address *, const struct address *);

/* The same address and the same port. */
bool address_equal(const struct address *, const struct address *);

/* Equal for addresses of one network (/16 of IPv4, /32 of IPv6), different for others. */
uint64_t address_network(const struct address *);

/* Where it leads, from what nobody may probe to what everybody may. An IPv4 address that is carried
 * in an IPv6 one (mapped, translated, NAT64, 6to4, Teredo) is what counts. */
enum address_class {
	ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, :: */
	ADDRESS_MULTICAST,   /* and broadcast */
	ADDRESS_METADATA,    /* where a cloud tells its guests their secrets: 169.254.169.254,
	                      * fd00:ec2::254 and the like */
	ADDRESS_LOOPBACK,
	ADDRESS_PRIVATE,     /* RFC 1918, CGNAT (100.64/10), link-local, ULA, and what is reserved
	                      * */
	ADDRESS_PUBLIC
};

enum address_class address_class(const struct address *);
const char *address_class_name(enum address_class); /* "a loopback address" */

/*
 * Whether a literal without a port is an address of ADDRESS_PUBLIC. False for what is no address.
 */
bool address_literal_is_public(const char *literal);

/* Nobody's choice makes sense of it: unspecified, multicast and metadata. */
bool address_is_forbidden(const struct address *);

/* "host", "host:port", "192.0.2.1:25", "[v6]:port", "[v6]", bare "v6", taken apart. */
struct endpoint {
	const char *host; /* a view into the text, without brackets; not ended by NUL */
	size_t host_size;
	uint16_t port;    /* 0: none was given */
	bool is_literal6; /* it came in brackets or with two colons, and is an IPv6 literal */
};

/* False with a reason: no host, a port that is none, brackets that do not match or hold no IPv6
 * literal. Whether the host is a good name is not looked at. */
bool endpoint_parse(const char *text, size_t size, struct endpoint *, struct reason *why);
