/* Who was told of an outage or of a condition, and why nobody was, as the overview, the list of incidents and the API say it. */
#include "web_stage.h"

#include <time.h>

static const char *const quiet_tags[] = { "none" };
static struct policy policy = { .notify_count = CONFIG_NONE, .interval = 3600 * (int64_t)SECOND, .stale_after = 5 * 3600 * (int64_t)SECOND, .tries = 3 };
static struct target targets[] = { { .name = "a", .policy = &policy, .parent = 1 }, { .name = "b", .policy = &policy, .parent = CONFIG_NONE } };
static struct config_notifier notifiers[] = { { .name = "mail" }, { .name = "pager" } };

/* One way that it may have gone. */
struct case_of {
	const char *silences;  /* of the notice; NULL: there is none */
	const char *state, *state_silences, *condition;
	struct { const char *notifier; enum store_delivery_state state; uint32_t attempts; int64_t not_before; const char *receipt; } deliveries[3];
	bool is_paused, is_over, is_merged, has_quiet;
	const char *words, *why; /* on the overview (of an outage that is over: in the list); and not_told_because, NULL: null */
};

static void
put_deliveries(struct store_batch *batch, const struct case_of *it, int64_t now)
{
	for (uint64_t i = 0; i < 3 && it->deliveries[i].notifier != NULL; i++)
		store_add_delivery(batch, &(struct store_delivery){ .notice = 1, .notifier = it->deliveries[i].notifier, .recipient = "", .target = 1,
			.state = it->is_merged ? STORE_DELIVERY_merged : it->deliveries[i].state, .merged = it->is_merged ? 2 : 0,
			.attempts = it->deliveries[i].attempts, .not_before = it->deliveries[i].not_before == 0 ? 0 : now + it->deliveries[i].not_before,
			.created = now, .ended = it->deliveries[i].state >= STORE_DELIVERY_sent ? (int64_t)(i + 1) * SECOND : 0,
			.receipt = text_view(it->deliveries[i].receipt == NULL ? "" : it->deliveries[i].receipt) });
	if (!it->is_merged)
		return;
	store_put_notice(batch, &(struct store_notice){ .number = 2, .target = 0, .change = 9, .kind = "digest", .code = "", .confirmed = now, .silences = "" });
	store_add_delivery(batch, &(struct store_delivery){ .notice = 2, .notifier = it->deliveries[0].notifier, .recipient = "",
		.state = it->deliveries[0].state, .created = now, .ended = SECOND, .receipt = text_view("") });
}

static void
put_case(const struct case_of *it)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *results = store_batch_create(STORE_HISTORY);
	int64_t now = clock_wall(), hour = INT64_C(3600) * SECOND;
	bool is_down = it->condition == NULL && strcmp(it->state, "down") == 0;

	store_put_state(batch, &(struct store_state){ .target = 1, .at = now, .state = it->is_over ? "up" : it->state, .verdict = it->condition != NULL ? "degraded" : "failed",
		.outcome = "refused", .since = now - hour, .ended = now, .interval = hour, .silences = it->state_silences, .text = text_view("") });
	if (is_down)
		store_put_incident(batch, &(struct store_incident){ .number = 1, .target = 1, .change = 1, .began = now - hour - 20 * SECOND, .confirmed = now - hour,
			.ended = it->is_over ? now : 0, .end_confirmed = it->is_over ? now : 0, .end = it->is_over ? "up" : "", .outcome = "refused", .text = text_view("") });
	if (it->condition != NULL)
		store_put_condition(batch, &(struct store_condition){ .target = 1, .code = it->condition, .since = now - hour, .standing = now - hour, .text = text_view("slow") });
	if (it->is_paused)
		store_put_pause(batch, &(struct store_pause){ .number = 1, .target = 1, .tag = "", .from = now - hour, .until = now + hour, .why = text_view("w"), .by = text_view("b") });
	if (it->silences != NULL)
		store_put_notice(batch, &(struct store_notice){ .number = 1, .target = 1, .change = 1, .kind = it->condition != NULL ? "degraded" : "down",
			.incident = is_down ? 1 : 0, .code = "refused", .confirmed = now, .text = text_view("a is down"), .silences = it->silences });
	put_deliveries(batch, it, now);
	folder_commit(&folder, batch);
	store_put_result(results, &(struct store_result){ .target = 1, .run = 2, .at = now, .verdict = it->condition != NULL ? PW_DEGRADED : it->is_over ? PW_OK : PW_FAILED,
		.outcome = "refused", .phase_names = "", .speaks_for = 60 });
	folder_commit(&folder, results);
	store_batch_destroy(&batch);
	store_batch_destroy(&results);
}

/* What site_answer() gives for a path; the caller frees its data. */
static struct buffer
page(const char *path)
{
	struct site site = { .config = &config, .board = board };
	struct buffer body = { .data = NULL };
	struct server_answer answer = { .status = 200, .body = &body };

	site_answer(&site, &(struct server_request){ .path = path, .prefix = "" }, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(buffer_add(&body, "", 1, EMIT_MAX));
	return body;
}

/* Returns whether it is there. */
static bool
says(const char *path, const char *words)
{
	struct buffer body = page(path);
	bool found = strstr(body.data, words) != NULL;

	if (!found)
		print_error("%s does not say %s\n", path, words);
	buffer_fini(&body);
	return found;
}

static const struct case_of cases[] = {
	{ .silences = "", .state = "down", .deliveries = { { "pager", STORE_DELIVERY_sent, 1, 0, NULL }, { "mail", STORE_DELIVERY_sent, 1, 0, NULL } },
	    .words = "<strong>Told</strong> <time class=\"short\" datetime=\"1970-01-01T00:00:01Z\">1 Jan 1970 00:00 UTC</time> through pager</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_sent, 1, 0, NULL }, { "pager", STORE_DELIVERY_again, 4, 0, NULL } },
	    .words = "through mail; not yet through pager, which fails</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_sent, 1, 0, NULL }, { "pager", STORE_DELIVERY_waiting, 0, 0, NULL } },
	    .words = "through mail; not yet through pager</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_sent, 1, 0, NULL }, { "pager", STORE_DELIVERY_dead, 9, 0, NULL } },
	    .words = "through mail; given up by pager</" },
	{ .silences = "", .state = "down", .is_merged = true, .deliveries = { { "mail", STORE_DELIVERY_sent, 1, 0, NULL } }, .words = "00:00 UTC</time> through mail</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_waiting, 0, 0, NULL } }, .why = "waiting", .words = "it waits for mail</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_claimed, 1, 0, NULL } }, .why = "failing", .words = "it cannot be delivered through mail</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_waiting, 0, 60 * SECOND, NULL } }, .why = "later",
	    .words = "it waits for its time, mail is told at <time" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_dead, 9, 0, NULL } }, .why = "given_up", .words = "it was given up by mail</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_dropped, 0, 0, "held: window" } }, .why = "window", .words = "a window is open</" },
	{ .silences = "", .state = "down", .deliveries = { { "mail", STORE_DELIVERY_dropped, 0, 0, "it was over before it was to be told" } }, .why = "over",
	    .words = "it was over before</" },
	{ .silences = "paused", .state = "down", .is_paused = true, .why = "paused", .words = "<strong>Not told:</strong> it is paused until <time" },
	{ .silences = "parent_unplain", .state = "down", .state_silences = "parent", .why = "parent",
	    .words = "its parent is down: <a href=\"/targets/b\">b</a></" },
	{ .silences = "flapping paused", .state = "down", .why = "flapping", .words = "it flaps, and that was told</" },
	{ .silences = "of another version", .state = "down", .why = "silent", .words = "it was kept silent</" },
	{ .silences = "", .state = "down", .why = "no_notifier", .words = "<strong>Not told:</strong> no notifier is meant for it</" },
	{ .silences = "", .state = "down", .has_quiet = true, .why = "quiet_hours", .words = "these are quiet hours</" },
	{ .state = "down", .why = "not_confirmed", .words = "<strong>Not told:</strong> it is not confirmed</" },
	{ .state = "down", .state_silences = "digest", .why = "digest", .words = "it is told with all that fail at once</" },
	{ .state = "suspect", .state_silences = "parent", .why = "not_confirmed", .words = "it is not confirmed</" },
	{ .silences = "", .state = "up", .condition = "slow_banner", .deliveries = { { "mail", STORE_DELIVERY_sent, 1, 0, NULL } }, .words = "00:00 UTC</time> through mail</" },
	{ .silences = "", .state = "up", .condition = "slow_banner", .why = "no_notifier", .words = "no notifier is meant for it</" },
	{ .state = "up", .condition = "slow_banner", .why = "not_confirmed", .words = "it is not confirmed</" },
	{ .silences = "parent", .state = "down", .is_over = true, .words = "its parent is down</" },
	{ .state = "down", .is_over = true, .words = "<div class=\"told\"></div>" },
};

/* Each with a store of its own. */
static void
who_was_told_and_why_nobody_was(void **state)
{
	static const struct calendar_range night = { .days = 1, .from = 0, .to = 60 };
	int faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct case_of *it = &cases[i];
		char wanted[64];

		assert_int_equal(set_up(NULL), 0);
		notifiers[0].quiet = it->has_quiet ? (struct calendar){ 1, &night } : (struct calendar){ .count = 0 };
		notifiers[1].tag_count = 1;
		notifiers[1].tags = quiet_tags;
		config.target_count = 2;
		config.targets = targets;
		config.notifier_count = 2;
		config.notifiers = notifiers;
		put_case(it);
		board_destroy(&board);
		board = board_create(&config);
		turn();
		snprintf(wanted, sizeof wanted, it->why == NULL ? "\"not_told_because\":null" : "\"not_told_because\":\"%s\"", it->why);
		faults += !says(it->is_over ? "/incidents" : "/", it->words) || !says("/api/v1/targets/a", wanted);
		if (it->condition == NULL && strcmp(it->state, "down") == 0)
			faults += !says("/incidents", it->words[0] == '<' ? it->words + 8 : it->words) && strstr(it->words, "not confirmed") == NULL;
		(void)tear_down(NULL);
		if (faults > 0)
			print_error("up to case %zu: %d faults\n", i, faults);
	}
	assert_int_equal(faults, 0);
}

/* What is said to be down is so since its first sign, beside which stands when that was confirmed; in the API both have names. */
static void
an_outage_has_two_beginnings(void **state)
{
	char began[64];
	struct tm parts;
	time_t at;

	(void)state;
	put_case(&cases[0]);
	board_destroy(&board);
	board = board_create(&config);
	turn();
	at = (time_t)(board_since(board, board_named(board, "a")) / SECOND);
	assert_int_equal(board_named(board, "a")->since / SECOND - at, 20);
	strftime(began, sizeof began, "\"first_sign\":\"%Y-%m-%dT%H:%M:%S", gmtime_r(&at, &parts));
	assert_true(says("/api/v1/targets/a", began));
	assert_true(says("/", "<span class=\"faint\">1 h</span>"));
	assert_true(says("/targets/a", ", confirmed after 20 s.</p>"));
	assert_true(says("/incidents", "confirmed after 20 s</span>"));
	assert_true(says("/", "through pager</div>"));
}

/* Whether it happened before, and when last. */
static void
outages_before_are_counted(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	(void)state;
	for (uint64_t i = 1; i <= 2; i++)
		store_put_incident(batch, &(struct store_incident){ .number = i, .target = 1, .change = i, .began = (int64_t)i * 3600 * SECOND, .confirmed = (int64_t)i * 3600 * SECOND,
			.ended = 1, .end_confirmed = 1, .outcome = "refused", .end = "up", .text = text_view("") });
	store_put_state(batch, &(struct store_state){ .target = 1, .at = clock_wall(), .state = "down", .verdict = "failed", .outcome = "refused", .since = clock_wall(),
		.ended = clock_wall(), .interval = SECOND, .text = text_view("") });
	store_put_incident(batch, &(struct store_incident){ .number = 3, .target = 1, .change = 3, .began = clock_wall(), .confirmed = clock_wall(), .outcome = "refused",
		.end = "", .text = text_view("") });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	board_destroy(&board);
	board = board_create(&config);
	turn();
	assert_true(says("/", "Down 2 times before, last on <time class=\"short\" datetime=\"1970-01-01T02:00:00Z\">"));
	assert_true(says("/targets/a", "Down 2 times before, last on "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_told_and_why_nobody_was),
		cmocka_unit_test_setup_teardown(an_outage_has_two_beginnings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outages_before_are_counted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
