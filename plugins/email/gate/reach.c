#include "reach.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SECOND = 1000000, RESOLVE_MAX = 20 * SECOND, CONNECT_MAX = 20 * SECOND, ADDRESSES_MAX = 16, SOCKETS_MAX = 16 };

struct addresses {
	uint32_t count;
	struct sockaddr_storage items[ADDRESSES_MAX];
	socklen_t sizes[ADDRESSES_MAX];
};

/* What is under way of a question. */
struct question {
	struct addresses *found;
	struct pollfd polled[SOCKETS_MAX];
	nfds_t polled_count;
	bool over;
	int status;
};

static void
add(struct addresses *addresses, const struct sockaddr *address, socklen_t size)
{
	if (addresses->count == ADDRESSES_MAX || size > sizeof addresses->items[0])
		return;
	memcpy(&addresses->items[addresses->count], address, size);
	addresses->sizes[addresses->count++] = size;
}

static bool
take_literal(const struct settings *settings, struct addresses *addresses)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *found;

	if (getaddrinfo(settings->host, settings->port, &hints, &found) != 0)
		return false;
	add(addresses, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

/* The resolver's sockets, and what it waits for at each. */
static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct question *question = arg;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	nfds_t at = 0;

	while (at < question->polled_count && question->polled[at].fd != fd)
		at++;
	if (at == SOCKETS_MAX)
		return;
	if (events == 0 && at < question->polled_count)
		question->polled[at] = question->polled[--question->polled_count];
	else if (events != 0) {
		question->polled[at] = (struct pollfd){ .fd = fd, .events = events };
		question->polled_count += at == question->polled_count;
	}
}

static void
on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *answer)
{
	struct question *question = arg;

	(void)timeouts;
	question->over = true;
	question->status = status;
	for (struct ares_addrinfo_node *node = answer == NULL ? NULL : answer->nodes; node != NULL; node = node->ai_next)
		add(question->found, node->ai_addr, node->ai_addrlen);
	if (answer != NULL)
		ares_freeaddrinfo(answer);
}

static void
turn(ares_channel channel, struct question *question)
{
	struct pollfd polled[SOCKETS_MAX];
	nfds_t count = question->polled_count;

	memcpy(polled, question->polled, sizeof polled);
	if (poll(polled, count, 100) <= 0)
		ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	else
		for (nfds_t i = 0; i < count; i++)
			if (polled[i].revents != 0)
				ares_process_fd(channel, polled[i].revents & (POLLIN | POLLERR | POLLHUP) ? polled[i].fd : ARES_SOCKET_BAD,
				    polled[i].revents & POLLOUT ? polled[i].fd : ARES_SOCKET_BAD);
}

/* By the hosts file and the resolvers of the system, as they are now. */
static bool
ask(struct wire *wire, const struct settings *settings, struct addresses *addresses)
{
	struct question question = { .found = addresses, .status = ARES_ETIMEOUT };
	struct ares_options options = { .timeout = 3000, .tries = 2, .sock_state_cb = on_socket, .sock_state_cb_data = &question };
	struct ares_addrinfo_hints hints = { .ai_socktype = SOCK_STREAM };
	int64_t until = wire_now() + RESOLVE_MAX;
	ares_channel channel;
	int status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS)
		return wire_fail(wire, WIRE_BROKEN, "the name %s cannot be asked for: %s", settings->host, ares_strerror(status));
	ares_getaddrinfo(channel, settings->host, settings->port, &hints, on_answer, &question);
	while (!question.over && wire_now() < until && wire_now() < wire->until)
		turn(channel, &question);
	status = question.over ? question.status : ARES_ETIMEOUT;
	ares_destroy(channel);
	if (addresses->count > 0)
		return true;
	return wire_fail(wire, status == ARES_ETIMEOUT ? WIRE_LATE : WIRE_BROKEN, "the name %s does not resolve: %s",
	    settings->host, ares_strerror(status));
}

static void
tell_address(const struct sockaddr_storage *address, socklen_t size, char *text, size_t room)
{
	char bytes[NI_MAXHOST] = "?";

	(void)getnameinfo((const struct sockaddr *)address, size, bytes, sizeof bytes, NULL, 0, NI_NUMERICHOST);
	snprintf(text, room, "%s", bytes);
}

/* False: wire->why says why. */
static bool
connect_one(struct wire *wire, const struct sockaddr_storage *address, socklen_t size, int64_t limit)
{
	static const int yes = 1;
	int error = 0;
	socklen_t error_size = sizeof error;

	wire->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return wire_fail(wire, WIRE_BROKEN, "%s", strerror(errno));
	(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(wire->fd, (const struct sockaddr *)address, size) == 0)
		return true;
	if (errno != EINPROGRESS)
		return wire_fail(wire, WIRE_BROKEN, "%s", strerror(errno));
	if (!wire_wait(wire, POLLOUT, wire_now() + limit))
		return false;
	if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
		error = errno;
	return error == 0 || wire_fail(wire, WIRE_BROKEN, "%s", strerror(error));
}

bool
reach(struct wire *wire, const struct settings *settings)
{
	struct addresses addresses = { .count = 0 };
	char words[WIRE_WHY_MAX] = "", literal[NI_MAXHOST];
	size_t size = 0;
	enum wire_end end = WIRE_BROKEN;

	if (!take_literal(settings, &addresses) && !ask(wire, settings, &addresses))
		return false;
	for (uint32_t i = 0; i < addresses.count; i++) {
		int64_t share = (wire->until - wire_now()) / (addresses.count - i);

		if (connect_one(wire, &addresses.items[i], addresses.sizes[i], share < CONNECT_MAX ? share : CONNECT_MAX)) {
			wire->end = WIRE_OPEN; /* whatever became of other addresses */
			return true;
		}
		wire->size = 0;
		end = wire->end;
		if (wire->fd >= 0)
			close(wire->fd);
		wire->fd = -1;
		tell_address(&addresses.items[i], addresses.sizes[i], literal, sizeof literal);
		size += (size_t)snprintf(words + size, sizeof words - size, "%s%s: %s", i == 0 ? "" : "; ", literal, wire->why);
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
		tell_address(&own, own_size, bytes, sizeof bytes);
	bytes[strcspn(bytes, "%")] = '\0';
	snprintf(literal, size, inet_pton(AF_INET6, bytes, &address) == 1 ? "[IPv6:%s]" : "[%s]", bytes);
}
