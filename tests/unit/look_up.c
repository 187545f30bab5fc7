/* Names for a process that waits for them: what it is told, when, and what serves where no resolver answers. */
#include "prober/look_up.h"
#include "prober/resolver_query.h"
#include "unit/resolver_answers.h"

static char why[RESOLVED_SAID_MAX];
static struct address found[4];

static uint32_t
ask(struct world *world, const char *name, int64_t limit, uint32_t max)
{
	struct look_up names = { world->loop, world->resolver };
	struct text text = TEXT_OVER(why);

	return look_up_host(&names, name, limit, found, max, &text);
}

static void
assert_found(uint32_t index, const char *expected)
{
	struct address address;

	assert_true(address_parse(expected, 0, &address));
	assert_true(address_equal(&found[index], &address));
}

static size_t
half_silent(struct server *server, unsigned char *packet, size_t size, const char *name, uint16_t type)
{
	return type == DNS_AAAA ? 0 : one_address(server, packet, size, name, type);
}

static void
gives_literals_and_names(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	assert_int_equal(ask(world, "2001:db8::1", SECOND, 4), 1);
	assert_found(0, "2001:db8::1");
	world->servers[0].answer = both_addresses;
	assert_int_equal(ask(world, "relay.test", SECOND, 4), 2);
	assert_int_equal(ask(world, "relay.test", SECOND, 1), 1);
	assert_string_equal(why, "");
	close_world(world);
}

/* One family is enough, soon after it is known: the other may be silent for as long as the limit is. */
static void
waits_for_no_silent_family(void **state)
{
	struct world *world = open_world(1);
	int64_t begun = clock_mono();

	(void)state;
	world->servers[0].answer = half_silent;
	assert_int_equal(ask(world, "relay.test", 60 * SECOND, 4), 1);
	assert_true(clock_mono() - begun < 30 * SECOND);
	assert_true(LIST_EMPTY(&world->resolver->all));
	close_world(world);
}

static void
says_what_each_server_said(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = no_such_name;
	assert_int_equal(ask(world, "relay.test", SECOND, 4), 0);
	assert_non_null(strstr(why, ": NXDOMAIN"));
	assert_int_equal(ask(world, "a..b", SECOND, 4), 0);
	assert_string_equal(why, "it is no name of the DNS");
	close_world(world);
}

/* The last good addresses serve where resolvers fail, not where they say that the name is gone. */
static void
remembers_where_nobody_answers(void **state)
{
	struct world *world = open_world(1);

	(void)state;
	world->servers[0].answer = one_address;
	assert_int_equal(ask(world, "relay.test", SECOND, 4), 1);
	answers_destroy(&world->resolver->answers);
	world->resolver->answers = answers_create(16);
	resolver_recall(world->resolver, "relay.test", found, 1, clock_mono());
	world->servers[0].answer = servfail;
	assert_int_equal(ask(world, "relay.test", SECOND, 4), 1);
	assert_found(0, "192.0.2.1");
	world->servers[0].answer = no_such_name;
	assert_int_equal(ask(world, "relay.test", SECOND, 4), 0);
	close_world(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_literals_and_names),
		cmocka_unit_test(waits_for_no_silent_family),
		cmocka_unit_test(says_what_each_server_said),
		cmocka_unit_test(remembers_where_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
