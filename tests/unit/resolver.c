/* The resolver against scripted DNS servers on the loopback interface, in the same loop: what it asks, in what order,
 * what it keeps, and whom it blames. */
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
	int fd;
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

	*server = (struct server){ .loop = loop, .address = "192.0.2.1", .ttl = 300 };
	assert_true(address_parse("127.0.0.1", 0, &server->at));
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, &server->at.any, address_length(&server->at)), 0);
	assert_int_equal(getsockname(server->fd, &server->at.any, &size), 0);
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

static void
answers_without_asking(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved = resolve(world, "192.0.2.7", false, SECOND);

	(void)state;
	assert_int_equal(resolved->count, 1);
	assert_int_equal(resolved->status4, DNS_FOUND);
	assert_false(resolved->from_hosts);
	resolved = resolve(world, "::1", false, SECOND);
	assert_int_equal(resolved->status6, DNS_FOUND);
	resolved = resolve(world, "localhost", true, SECOND);
	assert_true(resolved->from_hosts);
	assert_address(resolved, 0, "127.0.0.1");
	resolved = resolve(world, "a..b", true, SECOND);
	assert_int_equal(resolved->status4, DNS_NO_NAME);
	assert_int_equal(world->servers[0].asked, 0);
	close_world(world);
}

static void
asks_and_keeps(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];
	const struct resolved *resolved;

	(void)state;
	server->answer = one_address;
	resolved = resolve(world, "mx.test", false, SECOND);
	assert_int_equal(server->asked, 2);
	assert_address(resolved, 0, "192.0.2.1");
	assert_int_equal(resolved->status4, DNS_FOUND);
	assert_int_equal(resolved->status6, DNS_NO_DATA);
	assert_false(resolved->kept);
	assert_true(resolved->resolver_alive);
	assert_string_equal(resolved->canonical, "");
	resolved = resolve(world, "MX.test.", false, SECOND);
	assert_int_equal(server->asked, 2);
	assert_true(resolved->kept);
	assert_address(resolved, 0, "192.0.2.1");
	server->address = "10.0.0.2";
	resolved = resolve(world, "mx.test", true, SECOND); /* a retry asks anew */
	assert_int_equal(server->asked, 4);
	assert_false(resolved->kept);
	assert_address(resolved, 0, "10.0.0.2");
	assert_int_equal(resolved->last_good_count, 1);
	assert_false(resolved->last_good_public);
	close_world(world);
}

static void
asks_one_family_only(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = one_address;
	assert_non_null(resolver_ask(world->resolver, "mx.test", FAMILY_IPV4, false, SECOND, on_resolved, world));
	turn_until(world, &world->told, 1);
	assert_int_equal(world->servers[0].asked, 1);
	assert_int_equal(world->resolved.status6, DNS_NOT_ASKED);
	close_world(world);
}

static void
shares_a_question(void **state)
{
	struct world *world = open_world(1);
	struct resolver_query *cancelled;

	(void)state;
	world->servers[0].answer = one_address;
	for (int i = 0; i < 5; i++)
		assert_non_null(resolver_ask(world->resolver, "mx.test", FAMILY_BOTH, true, SECOND, on_resolved, world));
	cancelled = resolver_ask(world->resolver, "mx.test", FAMILY_BOTH, true, SECOND, on_resolved, world);
	resolver_cancel(&cancelled);
	assert_null(cancelled);
	turn_until(world, &world->told, 5);
	assert_int_equal(world->servers[0].asked, 2);
	/* One that is ready, and cancelled before it is told. */
	cancelled = resolver_ask(world->resolver, "192.0.2.1", FAMILY_BOTH, true, SECOND, on_resolved, world);
	resolver_cancel(&cancelled);
	ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(world->told, 5);
	/* What is left at the end goes without a word. */
	world->servers[0].answer = NULL;
	assert_non_null(resolver_ask(world->resolver, "b.test", FAMILY_BOTH, true, SECOND, on_resolved, world));
	close_world(world);
}

static void
follows_aliases(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	world->servers[0].answer = an_alias;
	for (int kept = 0; kept < 2; kept++) {
		resolved = resolve(world, "www.test", false, SECOND);
		assert_int_equal(resolved->status4, DNS_FOUND);
		assert_address(resolved, 0, "192.0.2.9");
		assert_string_equal(resolved->canonical, "real.test");
		assert_int_equal(resolved->kept, kept);
	}
	close_world(world);
}

static void
goes_to_the_next_server(void **state)
{
	size_t (*const bad[])(struct server *, unsigned char *, size_t, const char *, uint16_t) = { servfail, rubbish, NULL };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *world = open_world(2);
		const struct resolved *resolved;

		world->servers[0].answer = bad[i];
		world->servers[1].answer = one_address;
		resolved = resolve(world, "mx.test", true, 5 * SECOND);
		assert_int_equal(resolved->status4, DNS_FOUND);
		assert_int_equal(world->servers[0].asked_a, 1);
		assert_int_equal(world->servers[1].asked_a, 1);
		/* Who answered is asked first from then on: a dead server costs nobody's time twice. */
		resolve(world, "b.test", true, 5 * SECOND);
		assert_int_equal(world->servers[0].asked_a, 1);
		close_world(world);
	}
}

static void
knows_a_dead_port(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	ev_io_stop(world->loop, &world->servers[0].io);
	close(world->servers[0].fd);
	world->servers[0].fd = dup(0);
	int64_t begun = clock_mono();
	resolved = resolve(world, "mx.test", true, 5 * SECOND);
	assert_true(clock_mono() - begun < 2 * SECOND);
	assert_int_equal(resolved->status4, DNS_NO_ANSWER);
	assert_int_equal(resolved->status6, DNS_NO_ANSWER);
	assert_false(resolved->resolver_alive);
	close_world(world);
}

static void
tells_theirs_from_ours(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];
	const struct resolved *resolved;

	(void)state;
	/* Fails for this name, and for the root: the resolver's own. */
	server->answer = servfail;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_int_equal(resolved->status4, DNS_SERVFAIL);
	assert_int_equal(resolved->rcode4, 2);
	assert_int_equal(server->asked_root, 1);
	assert_false(resolved->resolver_alive);
	/* Answers for the root: theirs. */
	server->answer = servfail_but_root;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_true(resolved->resolver_alive);
	assert_int_equal(server->asked_root, 2);
	/* The root was answered: no need to ask again. */
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_true(resolved->resolver_alive);
	assert_int_equal(server->asked_root, 2);
	close_world(world);

	/* Silence, too: the root is asked in time for the limit. */
	world = open_world(1);
	world->servers[0].answer = silent_but_root;
	resolved = resolve(world, "mx.test", true, 1200 * MILLISECOND);
	assert_int_equal(resolved->status4, DNS_NO_ANSWER);
	assert_true(resolved->resolver_alive);
	assert_int_equal(world->servers[0].asked_root, 1);
	close_world(world);

	world = open_world(1);
	int64_t begun = clock_mono();
	resolved = resolve(world, "mx.test", true, 300 * MILLISECOND);
	assert_true(clock_mono() - begun >= 299 * MILLISECOND);
	assert_int_equal(resolved->status4, DNS_NO_ANSWER);
	assert_false(resolved->resolver_alive);
	close_world(world);
}

static void
holds_the_last_good_ones(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];
	const struct resolved *resolved;

	(void)state;
	server->answer = one_address;
	server->address = "9.9.9.9";
	resolve(world, "mx.test", true, SECOND);
	resolve(world, "b.test", true, SECOND);
	server->answer = no_such_name;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_int_equal(resolved->status4, DNS_NO_NAME);
	assert_int_equal(resolved->rcode4, 3);
	assert_int_equal(resolved->count, 0);
	assert_int_equal(resolved->last_good_count, 1);
	assert_true(resolved->last_good_public);
	server->answer = servfail;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_int_equal(resolved->last_good_count, 1);
	assert_true(resolved->resolver_alive); /* b.test was answered */
	close_world(world);
}

static void
keeps_the_families_apart(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	world->servers[0].answer = half;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_int_equal(resolved->status4, DNS_FOUND);
	assert_int_equal(resolved->status6, DNS_SERVFAIL);
	assert_int_equal(resolved->count, 1);
	close_world(world);
}

static void
looks_up_any_type(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = mail_exchanger;
	assert_non_null(resolver_look_up(world->resolver, "example.test", DNS_MX, SECOND, on_records, world));
	turn_until(world, &world->answered, 1);
	assert_int_equal(world->rcode, 0);
	assert_int_equal(world->records, 1);
	assert_true(world->resolved.kept); /* AD, from the loopback interface */
	assert_int_equal(world->record_size, 2 + sizeof "\2mx\7example\4test");
	assert_memory_equal(world->record, "\0\12\2mx\7example\4test", world->record_size);
	world->servers[0].answer = no_such_name;
	assert_non_null(resolver_look_up(world->resolver, "example.test", DNS_MX, SECOND, on_records, world));
	turn_until(world, &world->answered, 2);
	assert_int_equal(world->rcode, 3);
	world->servers[0].answer = NULL;
	assert_non_null(resolver_look_up(world->resolver, "example.test", DNS_MX, 100 * MILLISECOND, on_records, world));
	turn_until(world, &world->answered, 3);
	assert_int_equal(world->rcode, -1);
	close_world(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_without_asking),
		cmocka_unit_test(asks_and_keeps),
		cmocka_unit_test(asks_one_family_only),
		cmocka_unit_test(shares_a_question),
		cmocka_unit_test(follows_aliases),
		cmocka_unit_test(goes_to_the_next_server),
		cmocka_unit_test(knows_a_dead_port),
		cmocka_unit_test(tells_theirs_from_ours),
		cmocka_unit_test(holds_the_last_good_ones),
		cmocka_unit_test(keeps_the_families_apart),
		cmocka_unit_test(looks_up_any_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
