/* The resolver against scripted DNS servers on the loopback interface, in the same loop: what it asks, in what order,
 * what it keeps, and whom it blames. */
#include "unit/resolver_servers.h"

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
goes_on_over_tcp(void **state)
{
	struct world *world = open_world(1);
	struct tcp_server tcp;

	(void)state;
	open_tcp_server(&tcp, &world->servers[0]);
	world->servers[0].answer = cut_over_udp;
	assert_non_null(resolver_ask(world->resolver, "mx.test", FAMILY_IPV4, true, SECOND, on_resolved, world));
	turn_until(world, &world->told, 1);
	assert_int_equal(tcp.asked, 1);
	assert_address(&world->resolved, 0, "192.0.2.1");
	close_tcp_server(&tcp);
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
		cmocka_unit_test(goes_on_over_tcp),
		cmocka_unit_test(looks_up_any_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
