/* DNS servers on the loopback interface, and a resolver that asks them, in one loop. */
#ifndef TESTS_RESOLVER_SERVERS_H
#define TESTS_RESOLVER_SERVERS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "prober/resolver.h"

/* How a server behaves over TCP. */
enum tcp_way { TCP_SHUT, TCP_ANSWERS, TCP_CLOSES, TCP_RESETS, TCP_SILENT, TCP_DRIPS, TCP_RUBBISH };

enum { CONNECTIONS_MAX = 4, SOURCES_MAX = 64, SERVERS_MAX = 3 };

/* A server: answers by a function, or is silent. */
struct server {
	struct ev_loop *loop;
	int fd, tcp; /* on the same port */
	ev_io io, tcp_io;
	struct connection {
		struct server *server;
		ev_io io;
		int fd;
	} connections[CONNECTIONS_MAX];
	int connected;
	enum tcp_way way;
	int tcp_rcode; /* of whole_over_udp_only; 0: truncated */
	struct address at;
	/* The size of the answer made in `packet` over the query of `size` bytes; 0: silence. */
	size_t (*answer)(struct server *, unsigned char *packet, size_t size, const char *name, uint16_t type);
	int asked, asked_a, asked_canary; /* canaries are not counted among the others */
	uint16_t held_type;               /* questions for it are answered when the test says so; 0: none */
	unsigned char held[6000];
	size_t held_size;
	struct sockaddr_in held_to;
	uint16_t from;                    /* the port and the address of who asked last */
	in_addr_t source;
	uint16_t ids[SOURCES_MAX], ports[SOURCES_MAX]; /* of the first questions over UDP */
	const char *address; /* for answers that hold one */
	uint32_t ttl;
};

struct world {
	struct ev_loop *loop;
	struct server servers[SERVERS_MAX];
	struct config config;
	struct address addresses[SERVERS_MAX];
	struct resolver *resolver;
	struct asked *asked; /* to be cancelled */
	int told, without; /* without: told that there is no address */
	struct resolved resolved;
	int answered;
	int rcode;
	size_t records;
	char record[64];
	size_t record_size;
};

/* The name in a query as text with a dot behind each label; where its question ends. */
static size_t
read_query(const unsigned char *packet, char name[256], uint16_t *type)
{
	size_t at = 12;

	name[0] = '\0';
	for (; packet[at] != 0; at += packet[at] + 1u)
		snprintf(name + strlen(name), 256 - strlen(name), "%.*s.", packet[at], (const char *)packet + at + 1);
	*type = (uint16_t)(packet[at + 1] << 8 | packet[at + 2]);
	return at + 5;
}

/* A name that the resolver made up: sixteen digits below a top-level domain. */
static bool
is_canary(const char *name)
{
	return strspn(name, "0123456789abcdef") == 16 && name[16] == '.';
}

static void
note_query(struct server *server, const unsigned char *packet, uint16_t type, const char *name,
    const struct sockaddr_in *from)
{
	if (server->asked < SOURCES_MAX) {
		server->ids[server->asked] = (uint16_t)(packet[0] << 8 | packet[1]);
		server->ports[server->asked] = ntohs(from->sin_port);
	}
	server->from = ntohs(from->sin_port);
	server->source = from->sin_addr.s_addr;
	server->asked_canary += is_canary(name);
	server->asked += !is_canary(name);
	server->asked_a += type == DNS_A && !is_canary(name);
	assert_int_equal(packet[2], 0x01); /* recursion desired */
	assert_int_equal(packet[3], type == DNS_A || type == DNS_AAAA ? 0 : 0x20);
	assert_int_equal(packet[11], 0); /* no EDNS */
}

static void
on_query(EV_P_ ev_io *io, int events)
{
	struct server *server = io->data;
	unsigned char packet[6000];
	struct sockaddr_in from;
	socklen_t from_size = sizeof from;
	ssize_t size = recvfrom(server->fd, packet, 512, 0, (struct sockaddr *)&from, &from_size);
	char name[256];
	uint16_t type;

	(void)loop, (void)events;
	assert_true(size > 16);
	size_t end = read_query(packet, name, &type);
	assert_int_equal(end, size);
	note_query(server, packet, type, name, &from);
	size_t made = server->answer == NULL ? 0 : server->answer(server, packet, end, name, type);
	if (made > 0 && type == server->held_type) {
		memcpy(server->held, packet, made);
		server->held_size = made;
		server->held_to = from;
	} else if (made > 0) {
		assert_int_equal(sendto(server->fd, packet, made, 0, (struct sockaddr *)&from, from_size), (int)made);
	}
}

static inline void
answer_held(struct server *server)
{
	assert_true(server->held_size > 0);
	assert_int_equal(sendto(server->fd, server->held, server->held_size, 0, (struct sockaddr *)&server->held_to,
	    sizeof server->held_to), (int)server->held_size);
}

/* Each message with its length before it (RFC 1035, section 4.2.2). */
static void
on_tcp_query(EV_P_ ev_io *io, int events)
{
	struct connection *connection = io->data;
	struct server *server = connection->server;
	unsigned char packet[6000];
	ssize_t size = recv(connection->fd, packet, sizeof packet, 0);
	char name[256] = "tcp.";
	uint16_t type;

	(void)events;
	ev_io_stop(EV_A_ io);
	if (size <= 0) /* the other side has gone */
		return;
	assert_true(size > 18 && (packet[0] << 8 | packet[1]) == size - 2);
	if (server->way == TCP_CLOSES) {
		close(connection->fd);
		connection->fd = -1;
		return;
	}
	size_t end = read_query(packet + 2, name, &type);
	size_t made = server->answer(server, packet + 2, end, "tcp.", type);
	packet[0] = (unsigned char)(made >> 8), packet[1] = (unsigned char)made;
	if (server->way == TCP_RUBBISH)
		packet[2] ^= 1;
	size_t sent = server->way == TCP_DRIPS ? 1 : made + 2;
	assert_int_equal(send(connection->fd, packet, sent, MSG_NOSIGNAL), (int)sent);
}

static void
on_tcp_connection(EV_P_ ev_io *io, int events)
{
	struct server *server = io->data;
	struct linger linger = { .l_onoff = 1 };
	int fd = accept4(server->tcp, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	assert_true(fd >= 0 && server->connected < CONNECTIONS_MAX);
	struct connection *connection = &server->connections[server->connected++];
	*connection = (struct connection){ .server = server, .fd = fd };
	ev_io_init(&connection->io, on_tcp_query, fd, EV_READ);
	connection->io.data = connection;
	if (server->way == TCP_RESETS)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	if (server->way == TCP_RESETS) {
		close(fd);
		connection->fd = -1;
	} else if (server->way != TCP_SILENT) {
		ev_io_start(EV_A_ &connection->io);
	}
}

static inline void
open_tcp(struct server *server, enum tcp_way way)
{
	server->way = way;
	if (way == TCP_SHUT) /* bound and not listening: refused, and nobody else's */
		return;
	assert_int_equal(listen(server->tcp, 4), 0);
	ev_io_init(&server->tcp_io, on_tcp_connection, server->tcp, EV_READ);
	server->tcp_io.data = server;
	ev_io_start(server->loop, &server->tcp_io);
}

/* An address of the loopback network that no other process has: nobody hears another's packets. */
static struct address
own_address(void)
{
	unsigned pid = (unsigned)getpid();
	const unsigned char bytes[4] = { 127, (unsigned char)(64 | (pid >> 16 & 63)), (unsigned char)(pid >> 8),
		(unsigned char)pid };

	return address_ipv4(bytes, 0);
}

static void
open_server(struct server *server, struct ev_loop *loop)
{
	socklen_t size = sizeof server->at;
	bool both = false;

	*server = (struct server){ .loop = loop, .address = "192.0.2.1", .ttl = 300 };
	for (int tries = 0; !both; tries++) { /* until the port is free for TCP, too */
		assert_true(tries < 100);
		server->at = own_address();
		server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(server->fd, &server->at.any, address_length(&server->at)), 0);
		assert_int_equal(getsockname(server->fd, &server->at.any, &size), 0);
		both = bind(server->tcp, &server->at.any, address_length(&server->at)) == 0;
		if (!both) {
			close(server->fd);
			close(server->tcp);
		}
	}
	ev_io_init(&server->io, on_query, server->fd, EV_READ);
	server->io.data = server;
	ev_io_start(loop, &server->io);
}

/* Its port stays its own, and is closed to all but itself. */
static inline void
shut_server(struct server *server)
{
	ev_io_stop(server->loop, &server->io);
	assert_int_equal(connect(server->fd, &server->at.any, address_length(&server->at)), 0);
}

static void
close_server(struct server *server)
{
	ev_io_stop(server->loop, &server->io);
	ev_io_stop(server->loop, &server->tcp_io);
	for (int i = 0; i < server->connected; i++) {
		ev_io_stop(server->loop, &server->connections[i].io);
		if (server->connections[i].fd >= 0)
			close(server->connections[i].fd);
	}
	close(server->fd);
	close(server->tcp);
}

static struct world *
open_world(uint32_t servers)
{
	struct world *world = calloc(1, sizeof *world);
	struct reason why = { "" };

	world->loop = ev_loop_new(0);
	for (uint32_t i = 0; i < servers; i++) {
		open_server(&world->servers[i], world->loop);
		world->addresses[i] = world->servers[i].at;
	}
	world->config = (struct config){ .resolvers = world->addresses, .resolver_count = servers };
	world->resolver = resolver_create(world->loop, &world->config, NULL, &why);
	if (world->resolver == NULL)
		fail_msg("%s", why.text);
	return world;
}

/* A query that calls `on_resolved` or `on_answer` with what is taken. All are freed with the world. */
struct asked {
	ev_watcher told;
	struct resolver_query *query;
	void (*on_resolved)(void *arg, const struct resolved *);
	void (*on_answer)(void *arg, const struct pw_answer *);
	void *arg;
	struct asked *next;
};

static struct asked *all_asked;

static void
on_told(EV_P_ ev_watcher *told, int events)
{
	struct asked *asked = told->data;
	struct resolved resolved;
	struct dns_answer space;

	(void)loop, (void)events;
	if (asked->on_answer != NULL) {
		struct pw_answer answer = resolver_answer(asked->query, &space);

		asked->on_answer(asked->arg, &answer);
		resolver_cancel(&asked->query);
		return;
	}
	resolver_take(&asked->query, &resolved);
	asked->on_resolved(asked->arg, &resolved);
}

static struct asked *
new_asked(void *arg)
{
	struct asked *asked = calloc(1, sizeof *asked);

	assert_non_null(asked);
	ev_init(&asked->told, on_told);
	asked->told.data = asked;
	asked->arg = arg;
	asked->next = all_asked;
	all_asked = asked;
	return asked;
}

static inline struct asked *
ask_name(struct resolver *resolver, const char *name, enum family family, bool fresh, int64_t limit,
    void (*on_resolved)(void *arg, const struct resolved *), void *arg)
{
	struct asked *asked = new_asked(arg);

	asked->on_resolved = on_resolved;
	asked->query = resolver_ask(resolver, name, family, fresh, limit, &asked->told);
	assert_non_null(asked->query);
	return asked;
}

static inline void
ask_records(struct resolver *resolver, const char *name, uint16_t type, int64_t limit,
    void (*on_answer)(void *arg, const struct pw_answer *), void *arg)
{
	struct asked *asked = new_asked(arg);

	asked->on_answer = on_answer;
	asked->query = resolver_look_up(resolver, name, type, limit, &asked->told);
	assert_non_null(asked->query);
}

static void
close_world(struct world *world)
{
	resolver_destroy(&world->resolver);
	for (struct asked *next; all_asked != NULL; all_asked = next) {
		next = all_asked->next;
		free(all_asked);
	}
	for (uint32_t i = 0; i < world->config.resolver_count; i++)
		close_server(&world->servers[i]);
	ev_loop_destroy(world->loop);
	free(world);
}

static void
on_resolved(void *arg, const struct resolved *resolved)
{
	struct world *world = arg;

	world->told++;
	world->without += resolved->count == 0;
	world->resolved = *resolved;
}

static inline void
on_records(void *arg, const struct pw_answer *answer)
{
	struct world *world = arg;

	world->answered++;
	world->rcode = answer->rcode;
	world->records = answer->count;
	if (answer->count > 0) {
		world->record_size = answer->records[0].size;
		memcpy(world->record, answer->records[0].data, answer->records[0].size);
	}
	world->resolved.kept = answer->secure;
}

static void
turn_until(struct world *world, const int *what, int wanted)
{
	int64_t end = clock_mono() + 20 * SECOND;

	for (;;) {
		ev_invoke_pending(world->loop);
		if (*what >= wanted)
			return;
		assert_true(clock_mono() < end);
		ev_run(world->loop, EVRUN_ONCE);
	}
}

/* Asks and waits for the answer. */
static inline const struct resolved *
resolve(struct world *world, const char *name, bool fresh, int64_t limit)
{
	int before = world->told;

	ask_name(world->resolver, name, FAMILY_BOTH, fresh, limit, on_resolved, world);
	assert_int_equal(world->told, before); /* never from within the call */
	turn_until(world, &world->told, before + 1);
	return &world->resolved;
}

/* What the servers said; each is a digit in `expected`: "0: SERVFAIL; 1: no answer". */
static inline void
assert_said(const struct world *world, const struct resolved *resolved, const char *expected)
{
	char bytes[RESOLVED_SAID_MAX];
	struct text text = TEXT_OVER(bytes);

	for (const char *at = expected; *at != '\0'; at++) {
		bool begins = at == expected || (at - expected >= 2 && strncmp(at - 2, "; ", 2) == 0);
		bool is_server = begins && *at >= '0' && *at < '0' + SERVERS_MAX;
		if (is_server)
			address_add_port(&text, &world->servers[*at - '0'].at);
		else
			text_add_bytes(&text, at, 1);
	}
	assert_string_equal(resolved->said, bytes);
}

static inline void
assert_address(const struct resolved *resolved, uint32_t index, const char *expected)
{
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	assert_true(index < resolved->count);
	address_add(&text, &resolved->addresses[index]);
	assert_string_equal(bytes, expected);
}

#endif
