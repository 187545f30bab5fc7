/* What is warned of as slow: a name only where it resolved, the whole dialogue only where no phase of it says why. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "probe_world.h"

static struct world world;
static struct dialogue *dialogue;
static struct dialogue_setup setup;

static int
begin(void **state)
{
	(void)state;
	world_init(&world, "smtp", PW_TLS_NONE);
	setup = (struct dialogue_setup){ .target = &world.target, .address = "192.0.2.1", .helo = "watch.example.net",
		.resolve = -1, .stalled = &world.stalled };
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dialogue_destroy(&dialogue);
	world_fini(&world);
	return 0;
}

/* A good dialogue: connected at once, the greeting and the reply to EHLO after so long each. */
static void
talk(int64_t greeting, int64_t ehlo)
{
	static const char banner[] = "220 mx ESMTP\r\n", reply[] = "250 mx\r\n";
	struct dialogue_step step;

	dialogue = dialogue_create(&setup, 0);
	dialogue_connected(dialogue, 0, NULL, &step);
	dialogue_received(dialogue, greeting, banner, sizeof banner - 1, &step);
	dialogue_received(dialogue, greeting + ehlo, reply, sizeof reply - 1, &step);
}

/* "code: text; " of each warning. */
static const char *
warnings(void)
{
	static char bytes[512];
	struct text text = TEXT_OVER(bytes);
	struct pw_bytes list = buffer_view(&dialogue_log(dialogue)->warnings);
	struct evidence_warning warning;

	while (evidence_next_warning(&list, &warning))
		text_format(&text, "%s: %.*s; ", warning.code, (int)warning.text.size, warning.text.data);
	return bytes;
}

static void
a_name_that_resolved_late_is_slow(void **state)
{
	(void)state;
	setup.resolve = 5 * SECOND;
	setup.resolved = true;
	talk(SECOND, SECOND);
	assert_string_equal(warnings(), "slow_resolve: the name resolved after 5.0 s (slow above 1 s, 192.0.2.1); ");
}

/* Its last known address was talked to. */
static void
a_name_that_did_not_resolve_was_not_slow_to(void **state)
{
	(void)state;
	setup.resolve = 5 * SECOND;
	talk(SECOND, SECOND);
	assert_string_equal(warnings(), "");
	assert_int_equal(dialogue_verdict(dialogue), PW_OK);
}

static void
no_address_is_named_where_there_is_none(void **state)
{
	(void)state;
	setup.resolve = 5 * SECOND;
	setup.resolved = true;
	setup.address = "";
	dialogue = dialogue_create(&setup, 0);
	dialogue_refuse(dialogue, 1000, "no_memory", "");
	assert_string_equal(warnings(), "slow_resolve: the name resolved after 5.0 s (slow above 1 s); ");
}

static void
a_slow_phase_says_why_the_whole_was_slow(void **state)
{
	(void)state;
	talk(25 * SECOND, SECOND);
	assert_string_equal(warnings(), "slow_banner: greeting after 25.0 s (slow above 8 s, 192.0.2.1); ");
}

static void
the_whole_is_slow_where_no_phase_of_it_was(void **state)
{
	(void)state;
	world.policy.leg.slow = 5 * SECOND;
	setup.resolve = 2 * SECOND;
	setup.resolved = true;
	talk(4 * SECOND, 2 * SECOND);
	assert_string_equal(warnings(), "slow_resolve: the name resolved after 2.0 s (slow above 1 s, 192.0.2.1); "
	    "slow_leg: the whole dialogue took 6.0 s (slow above 5 s, 192.0.2.1); ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_that_resolved_late_is_slow, begin, end),
		cmocka_unit_test_setup_teardown(a_name_that_did_not_resolve_was_not_slow_to, begin, end),
		cmocka_unit_test_setup_teardown(no_address_is_named_where_there_is_none, begin, end),
		cmocka_unit_test_setup_teardown(a_slow_phase_says_why_the_whole_was_slow, begin, end),
		cmocka_unit_test_setup_teardown(the_whole_is_slow_where_no_phase_of_it_was, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
