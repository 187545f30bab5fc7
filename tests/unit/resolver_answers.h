/* Answers of DNS servers, good and bad, each made in the packet of the query. */
#ifndef TESTS_RESOLVER_ANSWERS_H
#define TESTS_RESOLVER_ANSWERS_H

#include "unit/resolver_servers.h"

/* Makes the header of an answer with this rcode and so many records; the question stays. */
static inline void
head(unsigned char *packet, int rcode, int answers)
{
	packet[2] = 0x81;
	packet[3] = (unsigned char)(0x80 | rcode);
	packet[6] = 0, packet[7] = (unsigned char)answers;
	packet[8] = packet[9] = packet[10] = packet[11] = 0;
}

/* Adds a record whose owner is the question's name. */
static inline size_t
record(struct server *server, unsigned char *packet, size_t size, uint16_t type, const void *data, size_t data_size)
{
	const unsigned char fixed[] = { 0xc0, 12, (unsigned char)(type >> 8), (unsigned char)type, 0, 1,
		(unsigned char)(server->ttl >> 24), (unsigned char)(server->ttl >> 16), (unsigned char)(server->ttl >> 8),
		(unsigned char)server->ttl, 0, (unsigned char)data_size };

	memcpy(packet + size, fixed, sizeof fixed);
	memcpy(packet + size + sizeof fixed, data, data_size);
	return size + sizeof fixed + data_size;
}

/* One A record, and no AAAA. */
static inline size_t
one_address(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	struct in_addr address;

	(void)name;
	head(packet, 0, type == DNS_A);
	if (type != DNS_A)
		return size;
	struct address parsed;
	assert_true(address_parse(server->address, 0, &parsed));
	address = parsed.v4.sin_addr;
	return record(server, packet, size, DNS_A, &address, 4);
}

/* A and AAAA. */
static inline size_t
both_addresses(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	if (type == DNS_A)
		return one_address(server, packet, size, name, type);
	head(packet, 0, 1);
	return record(server, packet, size, DNS_AAAA, &in6addr_loopback, 16);
}

/* Too large for UDP, with nothing but the TC bit; over TCP the address. */
static inline size_t
cut_over_udp(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	if (strcmp(name, "tcp.") == 0)
		return one_address(server, packet, size, name, type);
	head(packet, 0, 0);
	packet[2] |= 0x02;
	return size;
}

/* The TC bit and nothing else, over TCP as well. */
static inline size_t
cut_everywhere(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 0);
	packet[2] |= 0x02;
	return size;
}

/* Over UDP whole for its type, though the TC bit is set; over TCP no word about the name. */
static inline size_t
whole_over_udp_only(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	if (strcmp(name, "tcp.") != 0) {
		packet[2] |= 0x02;
		return made;
	}
	if (server->tcp_rcode == 0)
		return cut_everywhere(server, packet, size, name, type);
	head(packet, server->tcp_rcode, 0);
	return size;
}

/* Records of the name that were not asked for. */
static inline size_t
other_records(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)name, (void)type;
	head(packet, 0, 1);
	return record(server, packet, size, 16, "\3any", 4);
}

/* The address of another name. */
static inline size_t
other_owner(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 1);
	memcpy(packet + size, "\5other\4test\0\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1", 26);
	return size + 26;
}

/* The TC bit, though the address is there. */
static inline size_t
cut_but_whole(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	packet[2] |= 0x02;
	return made;
}

static inline size_t
cut_but_whole_or_silent(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return strcmp(name, "silent.test.") == 0 || is_canary(name) ? 0 : cut_but_whole(server, packet, size, name, type);
}

static inline size_t
servfail(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 2, 0);
	return size;
}

/* SERVFAIL or silence for all but canaries. */
static inline size_t
servfail_but_canary(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	if (!is_canary(name))
		return servfail(server, packet, size, name, type);
	head(packet, 3, 0);
	return size;
}

static inline size_t
silent_but_canary(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return is_canary(name) ? servfail_but_canary(server, packet, size, name, type) : 0;
}

static inline size_t
no_such_name(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 3, 0);
	return size;
}

/* The A record in order, AAAA broken. */
static inline size_t
half(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return type == DNS_AAAA ? servfail(server, packet, size, name, type) : one_address(server, packet, size, name, type);
}

static inline size_t
an_alias(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	/* Behind the question at 12: a name that ends in the asked one's last labels would do; "real.test" is written out. */
	static const unsigned char target[] = "\4real\4test";
	unsigned char address[4] = { 192, 0, 2, 9 };

	(void)name;
	head(packet, 0, type == DNS_A ? 2 : 1);
	size_t made = record(server, packet, size, DNS_CNAME, target, sizeof target);
	if (type != DNS_A)
		return made;
	size_t target_at = size + 12;
	size_t behind = record(server, packet, made, DNS_A, address, 4);
	packet[made] = (unsigned char)(0xc0 | target_at >> 8);
	packet[made + 1] = (unsigned char)target_at;
	return behind;
}

static inline size_t
rubbish(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 9);
	return size;
}

static inline size_t
mail_exchanger(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	static const unsigned char exchanger[] = { 0, 10, 2, 'm', 'x', 0xc0, 12 }; /* mx.<the asked name> */

	(void)name;
	assert_int_equal(type, DNS_MX);
	head(packet, 0, 1);
	packet[3] |= 0x20;
	return record(server, packet, size, DNS_MX, exchanger, sizeof exchanger);
}

static inline size_t
servfail_but_b(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return strcmp(name, "b.test.") == 0 ? one_address(server, packet, size, name, type)
	    : servfail(server, packet, size, name, type);
}

static inline size_t
refused(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 5, 0);
	return size;
}

static inline size_t
not_implemented(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 4, 0);
	return size;
}

/* The code is in the OPT record. */
static inline size_t
bad_version(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	static const unsigned char opt[] = { 0, 0, 41, 0x10, 0, 1, 0, 0, 0, 0, 0 };

	(void)server, (void)name, (void)type;
	head(packet, 0, 0);
	packet[11] = 1;
	memcpy(packet + size, opt, sizeof opt);
	return size + sizeof opt;
}

/* FORMERR as some send it: the header alone. */
static inline size_t
without_question(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)size, (void)name, (void)type;
	head(packet, 1, 0);
	packet[5] = 0;
	return 12;
}

/* Without recursion, an authority record: NS of the zone, or of the root. */
static inline size_t
referral(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)name, (void)type;
	head(packet, 0, 0);
	packet[3] = 0;
	packet[9] = 1;
	return record(server, packet, size, DNS_NS, "\2ns\4test", 9);
}

/* The same from one that says that it has recursion. */
static inline size_t
upward_referral(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = referral(server, packet, size, name, type);

	packet[3] = 0x80;
	return made;
}

static inline size_t
lame(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 0);
	packet[3] = 0;
	return size;
}

static inline size_t
empty_with_recursion(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 0);
	return size;
}

static inline size_t
empty_with_soa(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	static const unsigned char soa[22] = { [21] = 60 };

	(void)name, (void)type;
	head(packet, 0, 0);
	packet[3] = 0;
	packet[9] = 1;
	return record(server, packet, size, DNS_SOA, soa, sizeof soa);
}

/* NXDOMAIN, to be kept for the server's `ttl`. */
static inline size_t
no_such_name_for_a_time(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	static const unsigned char soa[22] = { [20] = 1 };

	(void)name, (void)type;
	head(packet, 3, 0);
	packet[9] = 1;
	return record(server, packet, size, DNS_SOA, soa, sizeof soa);
}

static inline size_t
empty_with_authority(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 0);
	packet[2] |= 0x04;
	packet[3] = 0;
	return size;
}

/* The name is an alias of itself. */
static inline size_t
alias_loop(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)name, (void)type;
	head(packet, 0, 1);
	return record(server, packet, size, DNS_CNAME, "\xc0\x0c", 2);
}

/* Answers to something else: an address that must never be taken. */
static inline size_t
wrong_id(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	packet[0] ^= 0x80;
	return made;
}

static inline size_t
wrong_name(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	packet[13] ^= 1;
	return made;
}

static inline size_t
wrong_type(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	packet[size - 3] ^= 16;
	return made;
}

static inline size_t
a_query(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	packet[2] &= 0x7f;
	return made;
}

/* Over UDP nothing but guesses, one for each packet of ours and many of its own. */
static inline size_t
many_wrong_ids(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	if (strcmp(name, "tcp.") == 0)
		return made;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(server->from), .sin_addr.s_addr = server->source };
	for (int i = 1; i < 40; i++) {
		packet[0] ^= (unsigned char)i;
		assert_int_equal(sendto(server->fd, packet, made, 0, (struct sockaddr *)&to, sizeof to), (int)made);
		packet[0] ^= (unsigned char)i;
	}
	return 0;
}

/* More than a packet of UDP that we take; over TCP the address. */
static inline size_t
longer_than_a_packet(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);

	if (strcmp(name, "tcp.") == 0)
		return made;
	memset(packet + made, 0, 5000 - made);
	return 5000;
}

/* A truncated answer for evil.test, and addresses for all others. */
static inline size_t
cut_if_evil(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return strcmp(name, "evil.test.") == 0 ? cut_over_udp(server, packet, size, name, type)
	    : one_address(server, packet, size, name, type);
}

#endif
