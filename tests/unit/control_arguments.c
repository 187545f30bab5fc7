/* What words to the control socket may mean, and what is said of those that mean nothing, or more than one thing. */
#include "control_stage.h"

static void
what_is_wrong_is_said(void **state)
{
	struct theatre *stage = *state;

	CALL(stage, "postwatch/1\0probe-now\0nobody");
	assert_hears(stage, "eno such target is watched: `postwatch status` lists them");
	assert_hears(stage, "x64");
	stage->scene->targets[1].name = "first.example";
	CALL(stage, "postwatch/1\0probe-now\0first.exampel");
	assert_hears(stage, "eno such target is watched: did you mean `first.example`?");
	assert_hears(stage, "x64");
	CALL(stage, "postwatch/1\0pause\0frst.example\0" "2h\0why");
	assert_hears(stage, "eno such target is watched, and none has such a tag: did you mean `first.example`?");
	assert_hears(stage, "x64");
	CALL(stage, "postwatch/1\0sing");
	assert_hears(stage, "ethe running postwatch does not know that command");
	assert_hears(stage, "x64");
	CALL(stage, "postwatch/9\0probe-now\0a");
	assert_hears(stage, "ethe running postwatch is of another version");
	assert_hears(stage, "x64");
	call(stage, "postwatch/1\0probe-now\0a", 10);
	assert_hears(stage, "");
	stage->scene->monitor->watch.targets[0].state.quarantined = true;
	CALL(stage, "postwatch/1\0probe-now\0a");
	assert_hears(stage, "eit cannot be run now: it is quarantined or kept apart, or we begin or end");
	assert_hears(stage, "x75");
}

static void
what_may_mean_several_is_refused(void **state)
{
	static const char *const tags[] = { "relay.test" };
	struct theatre *stage = *state;
	struct target *targets = stage->scene->targets;
	struct message_ask ask;

	targets[0].host = targets[1].host = "relay.test";
	targets[0].is_named = targets[1].is_named = true;
	CALL(stage, "postwatch/1\0probe-now\0relay.test:25");
	assert_hears(stage, "ethis may mean a, b: say which");
	assert_hears(stage, "x64");
	CALL(stage, "postwatch/1\0pause\0stage://relay.test:25\0" "2h\0why");
	assert_hears(stage, "ethis may mean a, b: say which");
	CALL(stage, "postwatch/1\0resume\0Relay.test");
	assert_hears(stage, "ethis may mean a, b: say which");
	targets[1].is_named = false;
	CALL(stage, "postwatch/1\0pause\0stage://relay.test:25\0" "2h\0why");
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.target, 1);
	targets[1].host = "2001:db8::1";
	CALL(stage, "postwatch/1\0pause\0[2001:db8::1]:25\0" "2h\0why");
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.target, 1);
	CALL(stage, "postwatch/1\0pause\0relay.test\0" "2h\0why");
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.target, 0);
	stage->scene->policy.tags = tags;
	stage->scene->policy.tag_count = 1;
	CALL(stage, "postwatch/1\0pause\0relay.test\0" "2h\0why");
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.target, CONFIG_NONE);
	CALL(stage, "postwatch/1\0probe-now\0Relay.TEST");
	assert_true(stage->scene->monitor->watch.targets[0].run != 0);
}

static void
only_what_can_be_meant_is_passed_on(void **state)
{
	static const char *const tags[] = { "lab" };
	struct theatre *stage = *state;
	char large[2 * ASK_WORD_MAX] = "postwatch/1\0ack\0" "1\0";
	struct message_ask ask;

	CALL(stage, "postwatch/1\0pause\0tag:lab\0" "2h\0why");
	assert_hears(stage, "eno such target is watched, and none has such a tag: `postwatch status` lists them");
	assert_hears(stage, "x64");
	stage->scene->policy.tags = tags;
	stage->scene->policy.tag_count = 1;
	CALL(stage, "postwatch/1\0pause\0tag:lab\0" "2h\0why");
	assert_true(hears_ask(stage, &ask));
	assert_int_equal(ask.target, CONFIG_NONE);
	assert_memory_equal(ask.words[0].data, "lab", 3);
	CALL(stage, "postwatch/1\0ack\0" "1");
	assert_hears(stage, "etoo many words, too few, or one that is too long");
	memset(large + 18, 'y', ASK_WORD_MAX + 1);
	call(stage, large, 18 + ASK_WORD_MAX + 2);
	assert_hears(stage, "etoo many words, too few, or one that is too long");
	assert_hears(stage, "x64");
	assert_false(hears_ask(stage, &ask));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_wrong_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_may_mean_several_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_what_can_be_meant_is_passed_on, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
