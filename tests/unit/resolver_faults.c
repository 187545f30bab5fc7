/* Whose fault it is that a name has no address: what servers say of names, and what of themselves. */
#include <sys/resource.h>

#include "unit/resolver_answers.h"

#include <arpa/inet.h>
#include <errno.h>

static void
tells_theirs_from_ours(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];
	const struct resolved *resolved;

	(void)state;
	/* Fails for this name, and for one that nobody asked for before: the resolver's own. */
	server->answer = servfail;
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_int_equal(resolved->status4, DNS_SERVFAIL);
	assert_int_equal(server->asked_canary, 1);
	assert_false(resolved->resolver_alive);
	assert_said(world, resolved, "0: SERVFAIL");
	/* Answers for that one: theirs. */
	server->answer = servfail_but_canary;
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_true(resolved->resolver_alive);
	assert_int_equal(server->asked_canary, 2);
	/* It was answered just now: no need to ask again. */
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_true(resolved->resolver_alive);
	assert_int_equal(server->asked_canary, 2);
	close_world(world);

	/* Silence, too: the canary is asked in time for the limit. */
	world = open_world(1);
	world->servers[0].answer = silent_but_canary;
	resolved = resolve(world, "mx.test", true, 1200 * MILLISECOND);
	assert_int_equal(resolved->status4, DNS_NO_ANSWER);
	assert_true(resolved->resolver_alive);
	assert_int_equal(world->servers[0].asked_canary, 1);
	assert_said(world, resolved, "0: no answer");
	close_world(world);

	world = open_world(1);
	int64_t begun = clock_mono();
	resolved = resolve(world, "mx.test", true, 300 * MILLISECOND);
	assert_true(clock_mono() - begun >= 299 * MILLISECOND);
	assert_int_equal(resolved->status4, DNS_NO_ANSWER);
	assert_false(resolved->resolver_alive);
	close_world(world);
}

/* The answers of a cache prove nothing: only a name that cannot be in it does. */
static void
believes_no_cache(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	world->servers[0].answer = one_address;
	resolve(world, "b.test", true, 20 * SECOND);
	world->servers[0].answer = servfail_but_b;
	world->servers[0].ttl = 200; /* as a cache counts down, however long this test takes */
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_false(resolved->resolver_alive);
	resolved = resolve(world, "b.test", true, 20 * SECOND);
	assert_int_equal(resolved->status4, DNS_FOUND);
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_false(resolved->resolver_alive);
	close_world(world);
}

/* What a server says of itself sends us to the next one, and where there is none, is told as what it is. */
static void
words_of_a_server_about_itself(void **state)
{
	static const struct {
		size_t (*answer)(struct server *, unsigned char *, size_t, const char *, uint16_t);
		enum dns_status status;
		const char *said;
	} rows[] = {
		{ refused, DNS_REFUSED, "0: REFUSED" }, { not_implemented, DNS_REFUSED, "0: NOTIMP" },
		{ bad_version, DNS_REFUSED, "0: BADVERS" }, { without_question, DNS_REFUSED, "0: FORMERR" },
		{ referral, DNS_REFERRAL, "0: a referral to other servers" },
		{ upward_referral, DNS_REFERRAL, "0: a referral to other servers" },
		{ lame, DNS_LAME, "0: an empty answer without recursion" }, { rubbish, DNS_MALFORMED, "0: a malformed answer" },
		{ other_records, DNS_MALFORMED, "0: a malformed answer" }, { other_owner, DNS_MALFORMED, "0: a malformed answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world *world = open_world(1);
		const struct resolved *resolved;

		world->servers[0].answer = rows[i].answer;
		resolved = resolve(world, "mx.test", true, 20 * SECOND);
		assert_int_equal(resolved->status4, rows[i].status);
		assert_false(resolved->resolver_alive);
		assert_said(world, resolved, rows[i].said);
		assert_int_equal(world->servers[0].asked_canary, 0);
		close_world(world);

		world = open_world(2);
		world->servers[0].answer = rows[i].answer;
		world->servers[1].answer = one_address;
		resolved = resolve(world, "mx.test", true, 20 * SECOND);
		assert_int_equal(resolved->count, 1);
		close_world(world);
	}
}

/* An empty answer is a "no" with a mark of one: SOA, authority, or recursion. */
static void
marks_of_no_data(void **state)
{
	size_t (*const answers[])(struct server *, unsigned char *, size_t, const char *, uint16_t)
	    = { empty_with_recursion, empty_with_soa, empty_with_authority };

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct world *world = open_world(1);

		world->servers[0].answer = answers[i];
		const struct resolved *resolved = resolve(world, "mx.test", true, 20 * SECOND);
		assert_int_equal(resolved->status4, DNS_NO_DATA);
		assert_int_equal(resolved->status6, DNS_NO_DATA);
		close_world(world);
	}
}

/* Before a name is said to lead nowhere, the other servers are asked. */
static void
a_no_is_looked_at_elsewhere(void **state)
{
	size_t (*const noes[])(struct server *, unsigned char *, size_t, const char *, uint16_t)
	    = { no_such_name, empty_with_soa, alias_loop };
	static const enum dns_status statuses[] = { DNS_NO_NAME, DNS_NO_DATA, DNS_ALIAS_LOOP };
	static const char *const said[] = { "0: A NXDOMAIN", "0: A NODATA", "0: A aliases in a circle" };

	(void)state;
	for (size_t i = 0; i < sizeof noes / sizeof noes[0]; i++) {
		struct world *world = open_world(3);
		const struct resolved *resolved;

		world->servers[0].answer = noes[i];
		world->servers[1].answer = refused;
		world->servers[2].answer = one_address;
		resolved = resolve(world, "mx.test", true, 20 * SECOND);
		assert_int_equal(resolved->status4, DNS_FOUND);
		assert_address(resolved, 0, "192.0.2.1");
		assert_said(world, resolved, said[i]); /* the contradiction is noted */
		close_world(world);

		/* Who cannot say anything does not stand against it. */
		world = open_world(2);
		world->servers[0].answer = noes[i];
		world->servers[1].answer = refused;
		resolved = resolve(world, "mx.test", true, 20 * SECOND);
		assert_int_equal(resolved->status4, statuses[i]);
		assert_int_equal(world->servers[1].asked, 2);
		close_world(world);
	}
	struct world *world = open_world(2); /* an address is enough: no second question for what is not there */
	world->servers[0].answer = world->servers[1].answer = one_address;
	resolve(world, "mx.test", true, 20 * SECOND);
	assert_int_equal(world->servers[0].asked + world->servers[1].asked, 2);
	close_world(world);
}

/* TCP that does not work is our resolver's trouble: what is whole over UDP serves, or another resolver does. */
static void
bears_without_tcp(void **state)
{
	static const struct {
		enum tcp_way way;
		const char *said;
	} rows[] = {
		{ TCP_SHUT, "0: truncated, and TCP: refused" }, { TCP_CLOSES, "0: truncated, and TCP: closed" },
		{ TCP_RESETS, "0: truncated, and TCP: reset" }, { TCP_SILENT, "0: truncated, and TCP: silent" },
		{ TCP_DRIPS, "0: truncated, and TCP: silent" }, { TCP_RUBBISH, "0: truncated, and TCP: something else" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool waits = rows[i].way == TCP_SILENT || rows[i].way == TCP_DRIPS;
		int64_t limit = waits ? 200 * MILLISECOND : 20 * SECOND;
		struct world *world = open_world(1);
		const struct resolved *resolved;

		open_tcp(&world->servers[0], rows[i].way);
		world->servers[0].answer = cut_over_udp;
		resolved = resolve(world, "mx.test", true, limit);
		assert_int_equal(resolved->status4, DNS_TRUNCATED);
		assert_false(resolved->resolver_alive);
		assert_said(world, resolved, rows[i].said);
		close_world(world);

		world = open_world(1);
		open_tcp(&world->servers[0], rows[i].way);
		world->servers[0].answer = cut_but_whole;
		resolved = resolve(world, "mx.test", true, limit);
		assert_address(resolved, 0, "192.0.2.1");
		close_world(world);

		world = open_world(2);
		open_tcp(&world->servers[0], rows[i].way);
		world->servers[0].answer = cut_over_udp;
		world->servers[1].answer = one_address;
		resolved = resolve(world, "mx.test", true, 20 * SECOND);
		assert_address(resolved, 0, "192.0.2.1");
		close_world(world);
	}
}

static int sending_fails; /* over TCP, with this errno; 0: it does not */

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);

ssize_t
__wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	int type = 0;
	socklen_t type_size = sizeof type;

	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size);
	errno = type == SOCK_STREAM ? sending_fails : 0;
	return errno != 0 ? -1 : __real_send(fd, bytes, size, flags);
}

/* The words for what a connection fails of, whatever that is. */
static void
tells_why_tcp_failed(void **state)
{
	static const struct {
		int error;
		const char *said;
	} rows[] = { { EPIPE, "0: truncated, and TCP: reset" }, { ETIMEDOUT, "0: truncated, and TCP: silent" },
		{ EHOSTUNREACH, "0: truncated, and TCP: No route to host" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world *world = open_world(1);

		open_tcp(&world->servers[0], TCP_ANSWERS);
		world->servers[0].answer = cut_over_udp;
		sending_fails = rows[i].error;
		assert_said(world, resolve(world, "mx.test", true, 20 * SECOND), rows[i].said);
		sending_fails = 0;
		close_world(world);
	}
}

/* A and AAAA with different words, a code without a name, and an address that is given twice. */
static size_t
other_words(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	(void)server, (void)name;
	head(packet, type == DNS_A ? 7 : 2, 0);
	return size;
}

static size_t
twice(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	size_t made = one_address(server, packet, size, name, type);
	struct in_addr address = { htonl(0xc0000201) };

	if (type != DNS_A)
		return made;
	packet[7] = 2;
	return record(server, packet, made, DNS_A, &address, 4);
}

static void
tells_what_each_type_met(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	world->servers[0].answer = other_words;
	assert_said(world, resolve(world, "mx.test", true, 20 * SECOND), "0: A response code 7, AAAA SERVFAIL");
	world->servers[0].answer = twice;
	resolved = resolve(world, "two.test", true, 20 * SECOND);
	assert_int_equal(resolved->count, 1);
	assert_address(resolved, 0, "192.0.2.1");
	close_world(world);
}

/* What is cut off over TCP, too, is no word about the name. */
static void
bears_truncation_over_tcp(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	open_tcp(&world->servers[0], TCP_ANSWERS);
	world->servers[0].answer = cut_everywhere;
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_int_equal(resolved->status4, DNS_TRUNCATED);
	assert_said(world, resolved, "0: truncated, and TCP: truncated as well");
	close_world(world);
}

/* So does what came over UDP where TCP brings a reply that tells nothing. */
static void
falls_back_on_what_came_over_udp(void **state)
{
	static const int rcodes[] = { 0 /* truncated as well */, DNS_SERVER_FAILURE, 1, 4, 5 };

	(void)state;
	for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++) {
		struct world *world = open_world(1);

		open_tcp(&world->servers[0], TCP_ANSWERS);
		world->servers[0].answer = whole_over_udp_only;
		world->servers[0].tcp_rcode = rcodes[i];
		assert_address(resolve(world, "mx.test", true, 20 * SECOND), 0, "192.0.2.1");
		close_world(world);
	}
}

static rlim_t descriptors; /* that the process may have, before the server took them away */

/* By the time at which its answer is read, no descriptor is left for TCP. */
static size_t
cut_and_none_left(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	descriptors = limit.rlim_cur > 3 ? limit.rlim_cur : descriptors;
	limit.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return cut_over_udp(server, packet, size, name, type);
}

/* What we lack on the way to TCP is no fault of the server's, and not its silence either. */
static void
lacks_on_the_way_to_tcp_are_ours(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;
	struct rlimit limit;

	(void)state;
	world->servers[0].answer = cut_and_none_left;
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = descriptors;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(resolved->status4, DNS_OURS);
	assert_int_equal(resolved->status6, DNS_OURS);
	assert_string_equal(resolved->ours, "no_descriptors");
	assert_said(world, resolved, "0: truncated, and TCP not asked: Too many open files");
	close_world(world);
}

/* A whole answer does not wait for TCP to its end, which would be told as slowness of the target. */
static void
waits_for_tcp_for_a_moment(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];

	(void)state;
	open_tcp(server, TCP_SILENT);
	server->answer = cut_but_whole_or_silent;
	ask_name(world->resolver, "mx.test", FAMILY_IPV4, true, 20 * SECOND, on_resolved, world);
	ask_name(world->resolver, "silent.test", FAMILY_IPV4, true, 2 * SECOND, on_resolved, world);
	turn_until(world, &world->told, 1);
	assert_address(&world->resolved, 0, "192.0.2.1"); /* sooner than the other's limit */
	close_world(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_theirs_from_ours),
		cmocka_unit_test(believes_no_cache),
		cmocka_unit_test(words_of_a_server_about_itself),
		cmocka_unit_test(marks_of_no_data),
		cmocka_unit_test(a_no_is_looked_at_elsewhere),
		cmocka_unit_test(bears_without_tcp),
		cmocka_unit_test(tells_why_tcp_failed),
		cmocka_unit_test(tells_what_each_type_met),
		cmocka_unit_test(bears_truncation_over_tcp),
		cmocka_unit_test(falls_back_on_what_came_over_udp),
		cmocka_unit_test(lacks_on_the_way_to_tcp_are_ours),
		cmocka_unit_test(waits_for_tcp_for_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
