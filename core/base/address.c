/* IPv4 and IPv6 addresses: parsing, printing, ordering, and keys for tables. */
#include "base/address.h"

#include <arpa/inet.h>
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

static void
add_ipv4(struct text *text, const struct address *address)
{
	unsigned char bytes[4];

	memcpy(bytes, &address->v4.sin_addr, sizeof bytes);
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			text_add(text, ".");
		text_add_u64(text, bytes[i]);
	}
}

static void
add_ipv6(struct text *text, const struct address *address)
{
	char literal[INET6_ADDRSTRLEN], interface[IF_NAMESIZE];

	text_add(text, inet_ntop(AF_INET6, &address->v6.sin6_addr, literal, sizeof literal));
	if (address->v6.sin6_scope_id == 0)
		return;
	text_add(text, "%");
	if (if_indextoname(address->v6.sin6_scope_id, interface) != NULL)
		text_add(text, interface);
	else
		text_add_u64(text, address->v6.sin6_scope_id);
}

void
address_add(struct text *text, const struct address *address)
{
	if (address_is_ipv4(address))
		add_ipv4(text, address);
	else
		add_ipv6(text, address);
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

int
address_order(const struct address *left, const struct address *right)
{
	bool left4 = address_is_ipv4(left), right4 = address_is_ipv4(right);

	if (left4 != right4)
		return left4 ? -1 : 1;
	if (left4)
		return memcmp(&left->v4.sin_addr, &right->v4.sin_addr, sizeof left->v4.sin_addr);
	int order = memcmp(&left->v6.sin6_addr, &right->v6.sin6_addr, sizeof left->v6.sin6_addr);
	uint32_t scope = left->v6.sin6_scope_id, other = right->v6.sin6_scope_id;
	return order != 0 ? order : (scope > other) - (scope < other);
}

bool
address_equal(const struct address *left, const struct address *right)
{
	return address_order(left, right) == 0 && address_port(left) == address_port(right);
}

static uint64_t
mix(uint64_t value)
{
	value *= 0x9e3779b97f4a7c15u;
	value ^= value >> 32;
	return value * 0xd6e8feb86659fd93u;
}

uint32_t
address_hash(const struct address *address)
{
	uint64_t halves[2];

	if (address_is_ipv4(address))
		return (uint32_t)(mix(address->v4.sin_addr.s_addr) >> 32);
	memcpy(halves, &address->v6.sin6_addr, sizeof halves);
	return (uint32_t)(mix(mix(halves[0]) ^ halves[1]) >> 32);
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
