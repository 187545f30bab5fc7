/* Scripted DNS servers on the loopback interface, and a resolver that asks them, in one loop. */
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

/* A server: answers by a function, or is silent. */
struct server {
	struct ev_loop *loop;
	int fd, tcp; /* on the same port */
	ev_io io;
	struct address at;
	/* The size of the answer made in `packet` over the query of `size` bytes; 0: silence. */
	size_t (*answer)(struct server *, unsigned char *packet, size_t size, const char *name, uint16_t type);
	int asked, asked_root, asked_a;
	const char *address; /* for answers that hold one */
	uint32_t ttl;
};

struct world {
	struct ev_loop *loop;
	struct server servers[2];
	struct config config;
	struct address addresses[2];
	struct resolver *resolver;
	int told;
	struct resolved resolved;
	int answered;
	int rcode;
	size_t records;
	char record[64];
	size_t record_size;
};

static void
on_query(EV_P_ ev_io *io, int events)
{
	struct server *server = io->data;
	unsigned char packet[1500];
	struct sockaddr_storage from;
	socklen_t from_size = sizeof from;
	ssize_t size = recvfrom(server->fd, packet, 512, 0, (struct sockaddr *)&from, &from_size);
	char name[256] = "";
	size_t at = 12;

	(void)loop;
	(void)events;
	assert_true(size > 16);
	for (; packet[at] != 0; at += packet[at] + 1u)
		snprintf(name + strlen(name), sizeof name - strlen(name), "%.*s.", packet[at], (char *)packet + at + 1);
	uint16_t type = (uint16_t)(packet[at + 1] << 8 | packet[at + 2]);
	server->asked++;
	server->asked_root += type == DNS_NS && name[0] == '\0';
	server->asked_a += type == DNS_A;
	assert_int_equal(packet[2], 0x01); /* recursion desired */
	assert_int_equal(packet[3] & 0x20, 0x20);
	assert_int_equal(packet[11], 1);   /* EDNS */
	size_t made = server->answer == NULL ? 0 : server->answer(server, packet, at + 5, name, type);
	if (made > 0)
		assert_int_equal(sendto(server->fd, packet, made, 0, (struct sockaddr *)&from, from_size), (int)made);
}

/* Over TCP, each message with its length before it (RFC 1035, section 4.2.2): one connection, one question. */
struct tcp_server {
	struct server *server; /* whose port and answers it shares */
	int connection;
	ev_io io;
	int asked;
};

static void
on_tcp_query(EV_P_ ev_io *io, int events)
{
	struct tcp_server *tcp = io->data;
	unsigned char packet[1502];
	ssize_t size = recv(tcp->connection, packet, sizeof packet, 0);
	size_t end = 14;

	(void)events;
	ev_io_stop(EV_A_ io);
	assert_true(size > 18 && (packet[0] << 8 | packet[1]) == size - 2);
	for (; packet[end] != 0; end += packet[end] + 1u)
		continue;
	uint16_t type = (uint16_t)(packet[end + 1] << 8 | packet[end + 2]);
	tcp->asked++;
	size_t made = tcp->server->answer(tcp->server, packet + 2, end + 5 - 2, "tcp.", type);
	packet[0] = (unsigned char)(made >> 8), packet[1] = (unsigned char)made;
	assert_int_equal(send(tcp->connection, packet, made + 2, MSG_NOSIGNAL), (int)made + 2);
}

static void
on_tcp_connection(EV_P_ ev_io *io, int events)
{
	struct tcp_server *tcp = io->data;

	(void)events;
	tcp->connection = accept4(tcp->server->tcp, NULL, NULL, SOCK_CLOEXEC);
	assert_true(tcp->connection >= 0);
	ev_io_stop(EV_A_ io);
	ev_io_init(io, on_tcp_query, tcp->connection, EV_READ);
	ev_io_start(EV_A_ io);
}

static void
open_tcp_server(struct tcp_server *tcp, struct server *server)
{
	*tcp = (struct tcp_server){ .server = server, .connection = -1 };
	assert_int_equal(listen(server->tcp, 4), 0);
	ev_io_init(&tcp->io, on_tcp_connection, server->tcp, EV_READ);
	tcp->io.data = tcp;
	ev_io_start(server->loop, &tcp->io);
}

static void
close_tcp_server(struct tcp_server *tcp)
{
	ev_io_stop(tcp->server->loop, &tcp->io);
	close(tcp->connection);
}

/* Makes the header of an answer with this rcode and so many records; the question stays. */
static void
head(unsigned char *packet, int rcode, int answers)
{
	packet[2] = 0x81;
	packet[3] = (unsigned char)(0x80 | rcode);
	packet[6] = 0, packet[7] = (unsigned char)answers;
	packet[8] = packet[9] = packet[10] = packet[11] = 0;
}

/* Adds a record whose owner is the question's name. */
static size_t
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
static size_t
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

/* Too large for UDP; over TCP the address. */
static size_t
cut_over_udp(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	if (strcmp(name, "tcp.") == 0)
		return one_address(server, packet, size, name, type);
	head(packet, 0, 0);
	packet[2] |= 0x02;
	return size;
}

static size_t
servfail(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 2, 0);
	return size;
}

/* SERVFAIL for all but the root. */
static size_t
servfail_but_root(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	if (name[0] != '\0')
		return servfail(server, packet, size, name, type);
	head(packet, 0, 0);
	return size;
}

static size_t
silent_but_root(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return name[0] == '\0' ? servfail_but_root(server, packet, size, name, type) : 0;
}

static size_t
no_such_name(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 3, 0);
	return size;
}

/* The A record in order, AAAA broken. */
static size_t
half(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return type == DNS_AAAA ? servfail(server, packet, size, name, type) : one_address(server, packet, size, name, type);
}

static size_t
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

static size_t
rubbish(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name, (void)type;
	head(packet, 0, 9);
	return size;
}

static size_t
mail_exchanger(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	static const unsigned char exchanger[] = { 0, 10, 2, 'm', 'x', 0xc0, 12 }; /* mx.<the asked name> */

	(void)name;
	assert_int_equal(type, DNS_MX);
	head(packet, 0, 1);
	packet[3] |= 0x20;
	return record(server, packet, size, DNS_MX, exchanger, sizeof exchanger);
}

static void
open_server(struct server *server, struct ev_loop *loop)
{
	socklen_t size = sizeof server->at;
	bool both = false;

	*server = (struct server){ .loop = loop, .address = "192.0.2.1", .ttl = 300 };
	for (int tries = 0; !both; tries++) { /* until the port is free for TCP, too */
		assert_true(tries < 100);
		assert_true(address_parse("127.0.0.1", 0, &server->at));
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
	world->resolver = resolver_create(world->loop, &world->config, &why);
	if (world->resolver == NULL)
		fail_msg("%s", why.text);
	return world;
}

static void
close_world(struct world *world)
{
	resolver_destroy(&world->resolver);
	for (uint32_t i = 0; i < world->config.resolver_count; i++) {
		ev_io_stop(world->loop, &world->servers[i].io);
		close(world->servers[i].fd);
		close(world->servers[i].tcp);
	}
	ev_loop_destroy(world->loop);
	free(world);
}

static void
on_resolved(void *arg, const struct resolved *resolved)
{
	struct world *world = arg;

	world->told++;
	world->resolved = *resolved;
}

static void
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
static const struct resolved *
resolve(struct world *world, const char *name, bool fresh, int64_t limit)
{
	int before = world->told;

	assert_non_null(resolver_ask(world->resolver, name, FAMILY_BOTH, fresh, limit, on_resolved, world));
	assert_int_equal(world->told, before); /* never from within the call */
	turn_until(world, &world->told, before + 1);
	return &world->resolved;
}

static void
assert_address(const struct resolved *resolved, uint32_t index, const char *expected)
{
	char bytes[ADDRESS_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	assert_true(index < resolved->count);
	address_add(&text, &resolved->addresses[index]);
	assert_string_equal(bytes, expected);
}

#endif
