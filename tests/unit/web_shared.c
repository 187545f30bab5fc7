/* What a customer sees of the targets of a tag, and how many have none. */
#include "web_stage.h"

enum { MANY = 1200 /* more than one step reads */ };

/* The first page, of a tag or (NULL) of all, by a board over the store and the configuration as they are. */
static struct buffer
page(const char *tag)
{
	struct site site = { .config = &config };
	struct buffer body = { .data = NULL };
	struct server_answer answer = { .status = 200, .body = &body };

	board_destroy(&board);
	site.board = board = board_create(&config);
	assert_non_null(board);
	turn();
	site_answer(&site, &(struct server_request){ .path = "/", .prefix = tag == NULL ? "" : "/share/x", .tag = tag }, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(buffer_add(&body, "", 1, EMIT_MAX));
	return body;
}

/* What a page does not show of a tag is said. */
static void
a_shared_page_tells_what_it_leaves_out(void **state)
{
	static const char *const tags[] = { "lab" };
	static const struct policy policy = { .interval = 60 * (int64_t)SECOND, .tag_count = 1, .tags = tags };
	static struct target targets[MANY];
	static char names[MANY][16];
	struct buffer body;
	uint32_t rows = 0;

	(void)state;
	for (uint32_t i = 2; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "%u", i);
		targets[i - 2] = (struct target){ .name = names[i], .policy = &policy };
	}
	config.targets = targets;
	config.target_count = MANY - 2;
	put_targets(2, MANY);
	body = page("lab");
	for (const char *at = body.data; (at = strstr(at, "<td class=\"name\">")) != NULL; at++)
		rows++;
	assert_int_equal(rows, 200);
	assert_non_null(strstr(body.data, "of 1198.</h1>"));
	assert_non_null(strstr(body.data, "Page 1 of 6 <a href=\"/share/x/?page=2\">next</a>"));
	buffer_fini(&body);
}

/* A customer reads what an outcome or a condition means, and its name where nobody knows what that is. */
static void
a_shared_page_is_in_words(void **state)
{
	static const char *const tags[] = { "lab" };
	static const struct pw_outcome own[] = { { .name = "program_full", .severity = PW_DEGRADED, .text = "its queue is full" }, { .name = NULL } };
	static const struct pw_probe_ops ops = { .size = sizeof ops, .outcomes = own };
	static const struct pw_plugin descriptor = { .name = "talk", .ops = &ops };
	static const struct plugin probe = { .descriptor = &descriptor };
	static const struct policy policy = { .probe = &probe, .interval = 60 * (int64_t)SECOND, .tag_count = 1, .tags = tags };
	static const struct target target = { .name = "a", .policy = &policy };
	static const char *const words[] = { "<td>of_the_future, its queue is full, slower than it should be</td>", "<td>connection refused</td>" };

	(void)state;
	config.targets = &target;
	config.target_count = 1;
	for (int is_down = 0; is_down <= 1; is_down++) {
		struct store_batch *batch = store_batch_create(STORE_MAIN);
		struct buffer body;
		int64_t now = clock_wall();

		store_put_state(batch, &(struct store_state){ .target = 1, .at = now, .state = is_down ? "down" : "up", .verdict = is_down ? "failed" : "degraded",
			.outcome = is_down ? "refused" : "slow_banner", .since = now, .ended = now, .interval = 60 * (int64_t)SECOND, .text = text_view("secret words") });
		for (int i = 0; i < 4; i++)
			store_put_condition(batch, &(struct store_condition){ .target = 1, .code = i == 0 ? "slow_banner" : i == 1 ? "slow_connect" : i == 2 ? "program_full" : "of_the_future",
				.since = now + i, .standing = now, .text = text_view("secret words") });
		folder_commit(&folder, batch);
		store_batch_destroy(&batch);
		body = page("lab");
		if (strstr(body.data, words[is_down]) == NULL)
			fail_msg("without %s: %s", words[is_down], strstr(body.data, "<tbody>"));
		assert_null(strstr(body.data, "secret"));
		buffer_fini(&body);
	}
}

/* Each name that nobody knows is shown, also where two of them follow each other. */
static void
names_that_are_not_known_stand_side_by_side(void **state)
{
	static const char *const tags[] = { "lab" }, *const codes[] = { "of_the_past", "of_the_past_too", "of_the_future" };
	static const struct pw_probe_ops ops = { .size = sizeof ops };
	static const struct pw_plugin descriptor = { .name = "talk", .ops = &ops };
	static const struct plugin probe = { .descriptor = &descriptor };
	static const struct policy policy = { .probe = &probe, .interval = 60 * (int64_t)SECOND, .tag_count = 1, .tags = tags };
	static const struct target target = { .name = "a", .policy = &policy };
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	int64_t now = clock_wall();
	struct buffer body;

	(void)state;
	config.targets = &target;
	config.target_count = 1;
	store_put_state(batch, &(struct store_state){ .target = 1, .at = now, .state = "up", .verdict = "degraded", .outcome = codes[0],
		.since = now, .ended = now, .interval = 60 * (int64_t)SECOND });
	for (int i = 0; i < 3; i++)
		store_put_condition(batch, &(struct store_condition){ .target = 1, .code = codes[i], .since = now + i, .standing = now });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	body = page("lab");
	for (int i = 0; i < 3; i++)
		if (strstr(body.data, codes[i]) == NULL)
			fail_msg("without %s: %s", codes[i], strstr(body.data, "<tbody>"));
	buffer_fini(&body);
}

/* Beside the groups stands at how many mail arrives that are in none, where there are such and there are groups. */
static void
targets_without_a_tag_are_counted_beside_the_groups(void **state)
{
	static const char *const tags[] = { "lab" };
	static const struct policy tagged = { .interval = 60 * (int64_t)SECOND, .tag_count = 1, .tags = tags }, bare = { .interval = 60 * (int64_t)SECOND };
	struct target targets[] = { { .name = "2", .policy = &tagged }, { .name = "a", .policy = &bare } };
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	(void)state;
	store_put_state(batch, &(struct store_state){ .target = 1, .at = clock_wall(), .state = "up", .verdict = "ok", .outcome = "ok", .since = clock_wall(), .ended = clock_wall(),
		.interval = 60 * (int64_t)SECOND });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	put_targets(2, 4);
	config.targets = targets;
	config.target_count = 2;
	for (int bit = 0; bit < 4; bit++) { /* which of both have a tag */
		struct buffer body;

		targets[0].policy = bit & 1 ? &tagged : &bare;
		targets[1].policy = bit & 2 ? &tagged : &bare;
		body = page(NULL);
		/* the one of target 3, which is not configured, is never tagged, nor was it looked at */
		assert_int_equal(strstr(body.data, "<li class=\"faint\">without a tag 1 of 2</li></ul>") != NULL, bit == 1);
		assert_int_equal(strstr(body.data, "<li class=\"faint\">without a tag 0 of 2</li></ul>") != NULL, bit == 2);
		assert_int_equal(strstr(body.data, "<li class=\"faint\">without a tag 0 of 1</li></ul>") != NULL, bit == 3);
		assert_int_equal(strstr(body.data, "without a tag") != NULL, bit > 0);
		buffer_fini(&body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_shared_page_tells_what_it_leaves_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_shared_page_is_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_are_not_known_stand_side_by_side, set_up, tear_down),
		cmocka_unit_test_setup_teardown(targets_without_a_tag_are_counted_beside_the_groups, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
