/*
 * For the gate of the e-mail notifier: looks up the relay and connects to it. The relay may be an
 * address literal, with a zone as well.
 */
#include "reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SECOND = 1000000, RESOLVE_MAX = 20 * SECOND, CONNECT_MAX = 20 * SECOND, ADDRESSES_MAX = 16 };

static bool
look_up(struct wire *wire, const struct settings *settings, const struct pw_gate_host *host,
    struct sockaddr_storage *found,
    uint32_t *count)
{
	int64_t left = wire->until - wire_now();
	char why[WIRE_WHY_MAX - 100] = "";

	*count = host->look_up(host, settings->host, left < RESOLVE_MAX ? left : RESOLVE_MAX, found,
	    ADDRESSES_MAX, why, sizeof why);
	return *count > 0 ? true
	    : wire_fail(wire, WIRE_BROKEN, "the name %.255s does not resolve: %s", settings->host, why);
}

static socklen_t
size_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	    : sizeof(struct sockaddr_in6);
}

static void
set_port(struct sockaddr_storage *address, const char *port)
{
	in_port_t number = htons((uint16_t)strtoul(port, NULL, 10));

	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = number;
	else
		((struct sockaddr_in6 *)address)->sin6_port = number;
}

static void
tell_address(const struct sockaddr_storage *address, char *text, size_t room)
{
	char bytes[NI_MAXHOST] = "?";

	(void)getnameinfo((const struct sockaddr *)address, size_of(address), bytes, sizeof bytes,
	    NULL, 0, NI_NUMERICHOST);
	snprintf(text, room, "%s", bytes);
}

/* Returns false with wire->why. */
static bool
connect_one(struct wire *wire, const struct sockaddr_storage *address, int64_t limit)
{
	static const int yes = 1;
	int error = 0;
	socklen_t error_size = sizeof error;

	wire->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return wire_fail(wire, WIRE_BROKEN, "%s", strerror(errno));
	(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(wire->fd, (const struct sockaddr *)address, size_of(address)) == 0)
		return true;
	if (errno != EINPROGRESS)
		return wire_fail(wire, WIRE_BROKEN, "%s", strerror(errno));
	if (!wire_wait(wire, POLLOUT, wire_now() + limit))
		return false;
	if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
		error = errno;
	return error == 0 ? true : wire_fail(wire, WIRE_BROKEN, "%s", strerror(error));
}

bool
reach(struct wire *wire, const struct settings *settings, const struct pw_gate_host *host)
{
	struct sockaddr_storage addresses[ADDRESSES_MAX];
	uint32_t count;
	char words[WIRE_WHY_MAX] = "", literal[NI_MAXHOST];
	size_t size = 0;
	enum wire_end end = WIRE_BROKEN;

	if (!look_up(wire, settings, host, addresses, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		int64_t share = (wire->until - wire_now()) / (count - i);

		set_port(&addresses[i], settings->port);
		if (connect_one(wire, &addresses[i], share < CONNECT_MAX ? share : CONNECT_MAX)) {
			wire->end = WIRE_OPEN; /* a failure before was another address's */
			return true;
		}
		wire->size = 0;
		end = wire->end;
		if (wire->fd >= 0)
			close(wire->fd);
		wire->fd = -1;
		tell_address(&addresses[i], literal, sizeof literal);
		size += (size_t)snprintf(words + size, sizeof words - size, "%s%s: %s",
		    i == 0 ? "" : "; ", literal, wire->why);
		if (size >= sizeof words)
			break;
	}
	return wire_fail(wire, end, "no connection to %s: %s", settings->place, words);
}

void
reach_literal(const struct wire *wire, char *literal, size_t size)
{
	struct sockaddr_storage own;
	socklen_t own_size = sizeof own;
	char bytes[NI_MAXHOST] = "127.0.0.1";
	struct in6_addr address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&own;

	if (getsockname(wire->fd, (struct sockaddr *)&own, &own_size) != 0)
		own.ss_family = AF_UNSPEC;
	if (own.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		(void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], bytes, sizeof bytes);
	else if (own.ss_family != AF_UNSPEC)
		tell_address(&own, bytes, sizeof bytes);
	bytes[strcspn(bytes, "%")] = '\0';
	snprintf(literal, size, inet_pton(AF_INET6, bytes, &address) == 1 ? "[IPv6:%s]" : "[%s]",
	    bytes);
}
