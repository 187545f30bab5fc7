/* The resolver against scripted DNS servers on the loopback interface, in the same loop: what it asks, in what order,
 * what it keeps, and whom it blames. */
#include <sys/resource.h>

#include "prober/hosts.h"
#include "prober/resolver_query.h"
#include "unit/resolver_answers.h"

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
	ask_name(world->resolver, "mx.test", FAMILY_IPV4, false, SECOND, on_resolved, world);
	turn_until(world, &world->told, 1);
	assert_int_equal(world->servers[0].asked, 1);
	assert_int_equal(world->resolved.status6, DNS_NOT_ASKED);
	close_world(world);
}

static void
shares_a_question(void **state)
{
	struct world *world = open_world(1);
	struct asked *cancelled;

	(void)state;
	world->servers[0].answer = one_address;
	for (int i = 0; i < 5; i++)
		ask_name(world->resolver, "mx.test", FAMILY_BOTH, true, SECOND, on_resolved, world);
	cancelled = ask_name(world->resolver, "mx.test", FAMILY_BOTH, true, SECOND, on_resolved, world);
	resolver_cancel(&cancelled->query);
	assert_null(cancelled->query);
	turn_until(world, &world->told, 5);
	assert_int_equal(world->servers[0].asked, 2);
	/* One that is ready, and cancelled before it is told. */
	cancelled = ask_name(world->resolver, "192.0.2.1", FAMILY_BOTH, true, SECOND, on_resolved, world);
	resolver_cancel(&cancelled->query);
	ev_run(world->loop, EVRUN_NOWAIT);
	assert_int_equal(world->told, 5);
	/* What is left at the end goes without a word. */
	world->servers[0].answer = NULL;
	ask_name(world->resolver, "b.test", FAMILY_BOTH, true, SECOND, on_resolved, world);
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
	struct world *world = open_world(2);
	const struct resolved *resolved;

	(void)state;
	shut_server(&world->servers[0]);
	shut_server(&world->servers[1]);
	resolved = resolve(world, "mx.test", true, 20 * SECOND); /* known at once: the limit is never waited for */
	assert_int_equal(resolved->status4, DNS_CLOSED);
	assert_int_equal(resolved->status6, DNS_CLOSED);
	assert_false(resolved->resolver_alive);
	assert_said(world, resolved, "0: nothing listens there; 1: nothing listens there");
	close_world(world);
}

/* As router advertisements put one into resolv.conf: an address that is good on one link only. */
static void
knows_addresses_with_a_scope(void **state)
{
	struct world *world = open_world(2);

	(void)state;
	world->servers[1].answer = one_address;
	resolver_destroy(&world->resolver);
	assert_true(address_parse("fe80::1%lo", 53, &world->addresses[0])); /* nobody is there */
	world->resolver = resolver_create(world->loop, &world->config, NULL, NULL);
	assert_address(resolve(world, "mx.test", true, 20 * SECOND), 0, "192.0.2.1");
	close_world(world);
}

/* What it says of a name is not known: others are not asked in its place, and it is our own trouble. */
static void
asks_for_no_name_without_its_hosts_file(void **state)
{
	struct world *world = open_world(1);
	const struct resolved *resolved;

	(void)state;
	world->servers[0].answer = one_address;
	hosts_close(&world->resolver->hosts);
	resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_int_equal(resolved->count, 0);
	assert_non_null(resolved->ours);
	assert_string_equal(resolved->ours, "hosts_file");
	assert_address(resolve(world, "192.0.2.7", true, 20 * SECOND), 0, "192.0.2.7");
	close_world(world);
}

/* RFC 5452: an id of the kernel's generator and a port for each question. */
static void
questions_cannot_be_guessed(void **state)
{
	struct world *world = open_world(1);
	struct server *server = &world->servers[0];
	int ids = 0, ports = 0;

	(void)state;
	server->answer = one_address;
	for (int i = 0; i < SOURCES_MAX / 2; i++)
		resolve(world, "mx.test", true, 20 * SECOND);
	for (int i = 0; i < SOURCES_MAX; i++)
		for (int j = 0; j < i; j++) {
			ids += server->ids[i] == server->ids[j];
			ports += server->ports[i] == server->ports[j];
		}
	assert_true(ids <= 3); /* by chance 0.03 and some 0.07 of 2,016 pairs */
	assert_true(ports <= 3);
	close_world(world);
}

/* Only an answer to the question itself is taken. */
static void
takes_no_other_answer(void **state)
{
	size_t (*const forged[])(struct server *, unsigned char *, size_t, const char *, uint16_t)
	    = { wrong_id, wrong_name, wrong_type, a_query };

	(void)state;
	for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
		struct world *world = open_world(1);
		const struct resolved *resolved;

		world->servers[0].answer = forged[i];
		resolved = resolve(world, "mx.test", true, 100 * MILLISECOND);
		assert_int_equal(resolved->status4, forged[i] == wrong_id ? DNS_NO_ANSWER : DNS_MALFORMED);
		assert_int_equal(resolved->count, 0);
		close_world(world);
	}
	struct world *world = open_world(1); /* many wrong ids: somebody guesses, and TCP cannot be guessed into */
	open_tcp(&world->servers[0], TCP_ANSWERS);
	world->servers[0].answer = many_wrong_ids;
	assert_int_equal(resolve(world, "mx.test", true, 20 * SECOND)->status4, DNS_FOUND);
	close_world(world);
	world = open_world(1);
	world->servers[0].answer = many_wrong_ids;
	assert_said(world, resolve(world, "mx.test", true, 20 * SECOND), "0: wrong ids, and TCP: refused");
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
	assert_int_equal(resolved->count, 0);
	assert_int_equal(resolved->last_good_count, 1);
	assert_true(resolved->last_good_public);
	server->answer = servfail_but_canary;
	resolved = resolve(world, "mx.test", true, SECOND);
	assert_int_equal(resolved->last_good_count, 1);
	assert_true(resolved->resolver_alive);
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
cancel_when_told(void *arg, const struct resolved *resolved)
{
	struct world *world = arg;

	assert_true(resolved->more);
	resolver_cancel(&world->asked->query);
	world->told++;
}

/* What is there is told 50 ms later; what comes late is told as well, and so is what never comes. */
static void
tells_one_family_early(void **state)
{
	static const uint16_t late[] = { DNS_AAAA, DNS_A };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *world = open_world(1);
		struct server *server = &world->servers[0];

		server->held_type = late[i];
		server->answer = both_addresses;
		ask_name(world->resolver, "mx.test", FAMILY_BOTH, true, 20 * SECOND, on_resolved, world);
		turn_until(world, &world->told, 1);
		assert_true(world->resolved.more);
		assert_int_equal(world->resolved.count, 1);
		assert_int_equal(address_is_ipv4(&world->resolved.addresses[0]), late[i] == DNS_AAAA);
		answer_held(server);
		turn_until(world, &world->told, 2);
		assert_false(world->resolved.more);
		assert_int_equal(world->resolved.count, 2);
		assert_string_equal(world->resolved.said, "");
		close_world(world);
	}
	struct world *world = open_world(1);
	world->servers[0].held_type = DNS_AAAA;
	world->servers[0].answer = both_addresses;
	ask_name(world->resolver, "mx.test", FAMILY_BOTH, true, 200 * MILLISECOND, on_resolved, world);
	turn_until(world, &world->told, 2);
	assert_false(world->resolved.more);
	assert_int_equal(world->resolved.status6, DNS_NO_ANSWER);
	assert_said(world, &world->resolved, "0: AAAA no answer");
	/* Who has enough may leave when told early. */
	world->asked = ask_name(world->resolver, "mx.test", FAMILY_BOTH, true, 20 * SECOND, cancel_when_told, world);
	turn_until(world, &world->told, 3);
	assert_null(world->asked->query);
	close_world(world);
}

static void
goes_on_over_tcp(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	open_tcp(&world->servers[0], TCP_ANSWERS);
	world->servers[0].answer = cut_over_udp;
	assert_address(resolve(world, "mx.test", true, 20 * SECOND), 0, "192.0.2.1");
	assert_int_equal(world->servers[0].connected, 2); /* a connection for each question */
	world->servers[0].answer = longer_than_a_packet;
	assert_address(resolve(world, "mx.test", true, 20 * SECOND), 0, "192.0.2.1");
	close_world(world);
}

static void
on_evil(void *arg, const struct resolved *resolved)
{
	(void)arg, (void)resolved;
}

/* Whatever becomes of one name, others do not notice. */
static void
names_share_no_fate(void **state)
{
	static const enum tcp_way ways[] = { TCP_SHUT, TCP_CLOSES, TCP_RESETS, TCP_SILENT };

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct world *world = open_world(1);
		struct server *server = &world->servers[0];

		open_tcp(server, ways[i]);
		server->answer = cut_if_evil;
		for (int j = 0; j < 20; j++) {
			char name[16];
			snprintf(name, sizeof name, "n%d.test", j);
			ask_name(world->resolver, name, FAMILY_BOTH, true, 20 * SECOND, on_resolved, world);
		}
		ask_name(world->resolver, "evil.test", FAMILY_IPV4, true, 20 * SECOND, on_evil, world);
		turn_until(world, &world->told, 20);
		assert_int_equal(server->asked_a, 21); /* none was asked twice */
		assert_int_equal(world->without, 0);
		close_world(world);
	}
}

/* Questions wait for a socket of ours, and their limit does not run meanwhile. */
static void
sockets_are_bounded(void **state)
{
	struct world *world;
	struct rlimit before, few;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 128;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(resolver_descriptors(), 16);
	world = open_world(1);
	world->servers[0].answer = one_address;
	for (int i = 0; i < 500; i++) {
		char name[16];
		snprintf(name, sizeof name, "n%d.test", i);
		ask_name(world->resolver, name, FAMILY_BOTH, true, 20 * SECOND, on_resolved, world);
	}
	turn_until(world, &world->told, 500);
	assert_int_equal(world->without, 0);
	/* None is left at all: ours. */
	few.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	const struct resolved *resolved = resolve(world, "mx.test", true, 20 * SECOND);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(resolved->status4, DNS_OURS);
	assert_string_equal(resolved->ours, "no_descriptors");
	close_world(world);
}

static void
looks_up_any_type(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = mail_exchanger;
	ask_records(world->resolver, "example.test", DNS_MX, SECOND, on_records, world);
	turn_until(world, &world->answered, 1);
	assert_int_equal(world->rcode, 0);
	assert_int_equal(world->records, 1);
	assert_true(world->resolved.kept); /* AD, from the loopback interface */
	assert_int_equal(world->record_size, 2 + sizeof "\2mx\7example\4test");
	assert_memory_equal(world->record, "\0\12\2mx\7example\4test", world->record_size);
	world->servers[0].answer = no_such_name;
	ask_records(world->resolver, "example.test", DNS_MX, SECOND, on_records, world);
	turn_until(world, &world->answered, 2);
	assert_int_equal(world->rcode, 3);
	world->servers[0].answer = NULL;
	ask_records(world->resolver, "example.test", DNS_MX, 100 * MILLISECOND, on_records, world);
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
		cmocka_unit_test(knows_addresses_with_a_scope),
		cmocka_unit_test(asks_for_no_name_without_its_hosts_file),
		cmocka_unit_test(questions_cannot_be_guessed),
		cmocka_unit_test(takes_no_other_answer),
		cmocka_unit_test(holds_the_last_good_ones),
		cmocka_unit_test(keeps_the_families_apart),
		cmocka_unit_test(tells_one_family_early),
		cmocka_unit_test(goes_on_over_tcp),
		cmocka_unit_test(names_share_no_fate),
		cmocka_unit_test(sockets_are_bounded),
		cmocka_unit_test(looks_up_any_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
