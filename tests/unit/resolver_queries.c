/* Queries of the resolver that leave early, come late or stand in line; and what servers said of them word by word. */
#include "unit/resolver_answers.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "prober/resolver_query.h"

enum { MANY = 40 };

static bool no_random;        /* for a canary */
static int64_t passed;        /* microseconds by which the clock is ahead */
static struct address behind; /* where packets to 192.0.2.53 go */
static int refusals[2];       /* errors of the next connects; 0: none */

ssize_t __real_getrandom(void *bytes, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
int64_t __real_clock_mono(void);
int64_t __wrap_clock_mono(void);
int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);

ssize_t
__wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
	errno = ENOSYS;
	return no_random && size == 8 ? -1 : __real_getrandom(bytes, size, flags);
}

int64_t
__wrap_clock_mono(void)
{
	return __real_clock_mono() + passed;
}

int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
	const struct sockaddr_in *wanted = (const struct sockaddr_in *)(const void *)to;

	errno = refusals[0];
	refusals[0] = refusals[1];
	refusals[1] = 0;
	if (errno != 0)
		return -1;
	if (wanted->sin_family == AF_INET && wanted->sin_addr.s_addr == htonl(0xc0000235))
		return __real_connect(fd, &behind.any, address_length(&behind));
	return __real_connect(fd, to, size);
}

/* Asks a server that is not of this host, and has the usual port. */
static struct world *
open_world_afar(void)
{
	struct world *world = open_world(1);

	behind = world->servers[0].at;
	resolver_destroy(&world->resolver);
	assert_true(address_parse("192.0.2.53", 53, &world->addresses[0]));
	world->resolver = resolver_create(world->loop, &world->config, NULL, NULL);
	assert_non_null(world->resolver);
	return world;
}

static const struct resolved *
resolve_family(struct world *world, const char *name, enum family family)
{
	int before = world->told;

	ask_name(world->resolver, name, family, true, 20 * SECOND, on_resolved, world);
	turn_until(world, &world->told, before + 1);
	return &world->resolved;
}

static void
on_late(EV_P_ ev_watcher *told, int events)
{
	(void)loop, (void)events;
	++*(int *)told->data;
}

/* Who is ready behind another leaves alone. */
static void
who_is_not_first_leaves_alone(void **state)
{
	struct world *world = open_world(1);
	struct asked *second;

	(void)state;
	ask_name(world->resolver, "192.0.2.1", FAMILY_BOTH, true, SECOND, on_resolved, world);
	second = ask_name(world->resolver, "192.0.2.2", FAMILY_BOTH, true, SECOND, on_resolved, world);
	resolver_cancel(&second->query);
	turn_until(world, &world->told, 1);
	assert_address(&world->resolved, 0, "192.0.2.1");
	ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(world->told, 1);
	close_world(world);
}

/* A literal of the other family is no address, and nobody is asked for one. */
static void
a_literal_has_one_family(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved = resolve_family(world, "192.0.2.7", FAMILY_IPV6);

	(void)state;
	assert_int_equal(resolved->count, 0);
	assert_int_equal(resolved->status4, DNS_NOT_ASKED);
	assert_int_equal(resolved->status6, DNS_NO_DATA);
	assert_null(resolved->ours);
	assert_int_equal(world->servers[0].asked, 0);
	world->servers[0].answer = no_such_name;
	resolved = resolve_family(world, "mx.test", FAMILY_IPV6);
	assert_int_equal(resolved->status6, DNS_NO_NAME);
	assert_said(world, resolved, "0: AAAA NXDOMAIN");
	resolver_recall(world->resolver, "a..b", &world->addresses[0], 1, clock_mono()); /* which is no name */
	assert_int_equal(resolve_family(world, "a..b", FAMILY_BOTH)->last_good_count, 0);
	close_world(world);
}

/* Answers a canary of this server only when it is asked once more. */
static size_t
servfail_and_late_canary(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return is_canary(name) && server->asked_canary == 1 ? 0 : servfail_but_canary(server, packet, size, name, type);
}

/* One server proves that it answers for others; what the other one says of that comes too late to matter. */
static void
one_proof_is_enough(void **state)
{
	struct world *world = open_world(2);
	struct resolved resolved;
	ev_watcher told;
	int count = 0;

	(void)state;
	world->servers[0].answer = servfail_but_canary;
	world->servers[1].answer = servfail_and_late_canary;
	ev_init(&told, on_late);
	told.data = &count;
	struct resolver_query *query = resolver_ask(world->resolver, "mx.test", FAMILY_BOTH, true, 20 * SECOND, &told);
	turn_until(world, &count, 1);
	assert_int_equal(world->servers[1].asked_canary, 1);
	turn_until(world, &world->servers[1].asked_canary, 2);
	for (int i = 0; i < 4; i++)
		ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(count, 1);
	resolver_take(&query, &resolved);
	assert_null(query);
	assert_true(resolved.resolver_alive);
	assert_int_equal(resolved.status4, DNS_SERVFAIL);
	close_world(world);
}

/* Silent until it is asked again; then the address, and the canary when the test says so. */
static size_t
address_at_last(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	if (is_canary(name)) {
		server->held_size = no_such_name(server, packet, size, name, type);
		memcpy(server->held, packet, server->held_size);
		server->held_to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(server->from),
			.sin_addr.s_addr = server->source };
		return 0;
	}
	return type == DNS_A && server->asked_a > 1 ? one_address(server, packet, size, name, type) : 0;
}

/* What a canary proves while an address waits for the other family is no news: that is told once. */
static void
a_canary_is_no_news_beside_an_address(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];

	(void)state;
	server->answer = address_at_last;
	ask_name(world->resolver, "mx.test", FAMILY_BOTH, true, 1500 * MILLISECOND, on_resolved, world);
	turn_until(world, &server->asked_a, 2);
	for (int i = 0; i < 4; i++)
		ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(world->told, 0);
	answer_held(server);
	turn_until(world, &world->told, 1);
	assert_true(world->resolved.more);
	assert_address(&world->resolved, 0, "192.0.2.1");
	turn_until(world, &world->told, 2);
	assert_false(world->resolved.more);
	assert_int_equal(world->resolved.status6, DNS_NO_ANSWER);
	close_world(world);
}

static size_t
many_addresses(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)name;
	head(packet, 0, type == DNS_A ? MANY : 1);
	if (type != DNS_A)
		return record(server, packet, size, DNS_AAAA, &in6addr_loopback, 16);
	for (unsigned char i = 0; i < MANY; i++)
		size = record(server, packet, size, DNS_A, (const unsigned char[]){ 192, 0, 2, i }, 4);
	return size;
}

/* An alias of bytes that are no letters: as text it is longer than what is kept of it. */
static size_t
a_long_alias(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	unsigned char target[3 * 64 + 1] = { 0 };

	(void)name;
	for (int label = 0; label < 3; label++) {
		memset(target + 64 * label, 1, 64);
		target[64 * label] = 63;
	}
	head(packet, 0, type == DNS_A ? 2 : 1);
	size_t made = record(server, packet, size, DNS_CNAME, target, sizeof target);
	if (type != DNS_A)
		return made;
	size_t behind_it = record(server, packet, made, DNS_A, "\xc0\0\2\x09", 4);
	packet[made] = (unsigned char)(0xc0 | (size + 12) >> 8);
	packet[made + 1] = (unsigned char)(size + 12);
	return behind_it;
}

static void
what_is_kept_is_bounded(void **state)
{
	static const uint32_t targets[] = { 5000, 1u << 20 };
	struct world *world = open_world(1);
	const struct resolved *resolved;
	struct address one;

	(void)state;
	world->servers[0].answer = many_addresses;
	assert_int_equal(resolve(world, "many.test", true, 20 * SECOND)->count, RESOLVED_MAX);
	world->servers[0].answer = a_long_alias;
	for (int kept = 0; kept < 2; kept++) {
		resolved = resolve(world, "mx.test", false, 20 * SECOND);
		assert_int_equal(resolved->kept, kept);
		assert_address(resolved, 0, "192.0.2.9");
		assert_string_equal(resolved->canonical, "");
	}
	assert_int_equal(resolver_servers(world->resolver, &one, 1), 1);
	assert_int_equal(resolver_servers(world->resolver, &one, 0), 0);
	close_world(world);
	/* As many targets as there may be, and more: the resolver has places for so many, or the most. */
	for (unsigned i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		world = open_world(1);
		resolver_destroy(&world->resolver);
		world->config.target_count = targets[i];
		world->resolver = resolver_create(world->loop, &world->config, NULL, NULL);
		world->servers[0].answer = one_address;
		assert_address(resolve(world, "mx.test", true, 20 * SECOND), 0, "192.0.2.1");
		close_world(world);
	}
}

/* Nobody waits for ever for a socket of ours: twelve limits, and it is told as what it is. */
static void
who_stands_in_line_is_told_at_last(void **state)
{
	struct rlimit before, few;
	char name[16];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 128;
	for (int taken = 15; taken <= 16; taken++) { /* of 16: there is one for A, or none */
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		struct world *world = open_world(1);
		struct resolved resolved;
		ev_watcher told;
		int count = 0;

		for (int i = 0; i < taken; i++) {
			snprintf(name, sizeof name, "n%d.test", i);
			ask_name(world->resolver, name, FAMILY_IPV4, true, 20 * SECOND, on_resolved, world);
		}
		ev_init(&told, on_late);
		told.data = &count;
		int64_t begun = clock_mono();
		struct resolver_query *query =
		    resolver_ask(world->resolver, "mx.test", FAMILY_BOTH, true, 10 * MILLISECOND, &told);
		turn_until(world, &count, 1);
		assert_true(clock_mono() - begun >= 120 * MILLISECOND);
		resolver_take(&query, &resolved);
		assert_int_equal(resolved.status4, taken == 15 ? DNS_NO_ANSWER : DNS_OURS);
		assert_int_equal(resolved.status6, DNS_OURS);
		assert_true(taken == 15 ? resolved.ours == NULL : strcmp(resolved.ours, "no_descriptors") == 0);
		assert_int_equal(world->told, 0);
		close_world(world);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	}
}

/* What is asked for other types: no name at all, nobody's answer, and the code of the server that says most. */
static void
records_that_are_not_there(void **state)
{
	struct world *world = open_world(2);

	(void)state;
	ask_records(world->resolver, "a..b", DNS_MX, SECOND, on_records, world);
	turn_until(world, &world->answered, 1);
	assert_int_equal(world->rcode, DNS_NXDOMAIN);
	world->servers[0].answer = refused;
	world->servers[1].answer = servfail;
	ask_records(world->resolver, "example.test", DNS_MX, 20 * SECOND, on_records, world);
	turn_until(world, &world->answered, 2);
	assert_int_equal(world->rcode, DNS_SERVER_FAILURE);
	close_world(world);
	/* Silence beyond a resolver's patience, which proves nothing here. */
	world = open_world(1);
	world->servers[0].answer = silent_but_canary;
	ask_records(world->resolver, "example.test", DNS_MX, 900 * MILLISECOND, on_records, world);
	turn_until(world, &world->answered, 1);
	assert_int_equal(world->rcode, DNS_RCODE_NONE);
	assert_int_equal(world->servers[0].asked, 2);
	assert_int_equal(world->servers[0].asked_canary, 0);
	close_world(world);
}

/* The AD bit of a server on another host may have been set on the way. */
static void
only_the_own_host_is_trusted(void **state)
{
	struct world *world = open_world_afar();

	(void)state;
	world->servers[0].answer = mail_exchanger;
	ask_records(world->resolver, "example.test", DNS_MX, SECOND, on_records, world);
	turn_until(world, &world->answered, 1);
	assert_int_equal(world->records, 1);
	assert_false(world->resolved.kept);
	close_world(world);
}

/* Refused with one code for A, and another for AAAA. */
static size_t
two_codes(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return type == DNS_A ? not_implemented(server, packet, size, name, type)
	    : refused(server, packet, size, name, type);
}

static void
each_is_told_in_its_own_words(void **state)
{
	struct world *world = open_world_afar();
	const struct resolved *resolved;

	(void)state;
	world->servers[0].answer = no_such_name;
	assert_string_equal(resolve(world, "mx.test", true, SECOND)->said, "192.0.2.53: NXDOMAIN");
	world->servers[0].answer = two_codes;
	assert_string_equal(resolve(world, "mx.test", true, SECOND)->said, "192.0.2.53: A NOTIMP, AAAA REFUSED");
	refusals[0] = EHOSTUNREACH, refusals[1] = EHOSTDOWN;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_string_equal(resolved->said,
	    "192.0.2.53: A unreachable: No route to host, AAAA unreachable: Host is down");
	assert_null(resolved->ours);
	assert_int_equal(resolved->status4, DNS_UNREACHABLE);
	close_world(world);
}

/* Without random bytes there is no name that nobody knows: nothing is proven. */
static void
without_randomness_nothing_is_proven(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = servfail_but_canary;
	no_random = true;
	assert_false(resolve(world, "mx.test", true, 20 * SECOND)->resolver_alive);
	no_random = false;
	assert_int_equal(world->servers[0].asked_canary, 0);
	close_world(world);
}

/* An answer whose end has moved was fetched anew, so that its server reaches others: no canary is needed. */
static void
a_fresh_answer_proves_as_much(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = one_address;
	resolve(world, "b.test", true, SECOND);
	passed = 20 * SECOND;
	resolve(world, "b.test", true, SECOND);
	world->servers[0].answer = servfail;
	assert_true(resolve(world, "mx.test", true, SECOND)->resolver_alive);
	assert_int_equal(world->servers[0].asked_canary, 0);
	passed = 0;
	close_world(world);
}

/* A "no" from a cache is as old as the younger of its two. */
static void
a_no_is_as_old_as_its_younger_half(void **state)
{
	static const enum family first[] = { FAMILY_IPV4, FAMILY_IPV6 };
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = no_such_name_for_a_time;
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "a.test" : "b.test";

		world->servers[0].ttl = 250;
		(void)resolve_family(world, name, first[i]);
		passed += 50 * SECOND;
		world->servers[0].ttl = 200;
		(void)resolve_family(world, name, first[1 - i]);
		passed += 5 * SECOND;
		world->servers[0].ttl = 195;
		int64_t repeats = resolve(world, name, true, SECOND)->repeats;
		assert_true(repeats >= 5 * SECOND && repeats < 50 * SECOND);
	}
	passed = 0;
	close_world(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_not_first_leaves_alone),
		cmocka_unit_test(a_literal_has_one_family),
		cmocka_unit_test(one_proof_is_enough),
		cmocka_unit_test(a_canary_is_no_news_beside_an_address),
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(who_stands_in_line_is_told_at_last),
		cmocka_unit_test(records_that_are_not_there),
		cmocka_unit_test(only_the_own_host_is_trusted),
		cmocka_unit_test(each_is_told_in_its_own_words),
		cmocka_unit_test(without_randomness_nothing_is_proven),
		cmocka_unit_test(a_fresh_answer_proves_as_much),
		cmocka_unit_test(a_no_is_as_old_as_its_younger_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
