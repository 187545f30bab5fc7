/* What pages show of rows of the store. */
#include "base/messages.h"
#include "keeper/channel.h"
#include "keeper/heartbeat.h"
#include "keeper/record.h"
#include "keeper/shadow.h"
#include "store/question.h"
#include "web/store_api.h"
#include "web/outline.h"
#include "web_stage.h"

static const struct look *
look(void)
{
	return board_look(board, board_named(board, "a"));
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

/* The hours that were summed up, each in its place, with a gap where there was none; none of another day. */
static void
the_pace_of_a_day_is_by_hours(void **state)
{
	static const int64_t hour = INT64_C(3600) * SECOND;
	int64_t number = clock_wall() / hour;
	char sql[512];
	struct buffer body;

	(void)state;
	snprintf(sql, sizeof sql, "INSERT INTO rollups (target, span, start, counts, phase_names, phases, p50, p95) VALUES"
	    " (1, 1, %lld, x'', 1, x'', 1000, 1000000), (1, 1, %lld, x'', 1, x'', 2000, 16000), (1, 1, %lld, x'', 1, x'', NULL, NULL),"
	    " (1, 1, %lld, x'', 1, x'', 5000000000, 5000000000)",
	    (long long)((number - 10) * hour), (long long)((number - 8) * hour), (long long)((number - 7) * hour), (long long)((number - 30) * hour));
	assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, sql));
	turn();
	assert_int_equal(look()->hours[look_hour(number - 8)].p95, 16000);
	assert_int_equal(look()->hours[look_hour(number - 7)].p50, 0);
	assert_int_equal(look()->hours[look_hour(number - 30)].p50, 0);
	body = page("/");
	assert_non_null(strstr(body.data, "<title>p50 from 0.001 s, p95 up to 1.0 s</title>"));
	assert_non_null(strstr(body.data, "class=\"p95\" d=\"M130 2h10M150 12h10\"/>"));
	buffer_fini(&body);
}

/* One that answers and is not well is so since the first of its conditions, and a quarter in which it refused us is told so. */
static void
what_is_not_well_is_so_since_its_condition(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *results = store_batch_create(STORE_HISTORY);
	int64_t now = clock_wall(), hour = INT64_C(3600) * SECOND;
	struct buffer body;

	(void)state;
	store_put_state(batch, &(struct store_state){ .target = 1, .at = now, .state = "up", .verdict = "blocked", .outcome = "policy", .since = now - 30 * hour,
		.ended = now, .interval = hour, .text = text_view("") });
	store_put_condition(batch, &(struct store_condition){ .target = 1, .code = "policy", .since = now - 3 * hour, .standing = now, .text = text_view("refused") });
	folder_commit(&folder, batch);
	turn();
	store_put_result(results, &(struct store_result){ .target = 1, .run = 2, .at = now + 1, .verdict = PW_BLOCKED, .mood = STORE_MOOD_degraded,
		.outcome = "policy", .phase_names = "", .text = text_view("greeted with 554") });
	folder_commit(&folder, results);
	turn();
	board_destroy(&board);
	board = board_create(&config);
	turn();
	assert_int_equal(board_named(board, "a")->rank, RANK_BLOCKED);
	assert_int_equal(board_since(board, board_named(board, "a")), now - 3 * hour);
	body = page("/");
	assert_non_null(strstr(body.data, "<span class=\"faint\">3 h</span>"));
	buffer_fini(&body);
	store_batch_destroy(&batch);
	store_batch_destroy(&results);
}

/* Evidence of a run over one address, which has one fact. */
static void
put_trace(struct store_batch *batch, uint64_t run, const char *address, uint8_t verdict, int64_t micros, const char *software)
{
	struct evidence_log log = { 0 };
	struct message_evidence message = { .run = run, .leg = { .legs = 1, .verdict = verdict, .outcome = "refused", .address = text_view(address),
		.port = 25, .started = (int64_t)run * 1000 * SECOND, .micros = micros } };
	char bytes[4096];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	if (software != NULL)
		evidence_add_fact(&log, "software", text_view(software), true);
	message.leg.facts = buffer_view(&log.facts);
	message_put_evidence(&out, &message);
	store_put_trace(batch, &(struct store_trace){ .target = 1, .run = run, .leg = strchr(address, ':') != NULL, .at = message.leg.started, .bytes = { bytes, out.size } });
	evidence_log_fini(&log);
}

/* Each address by itself, families apart; a fact since the oldest run that had the value of the newest, and what it was before. */
static void
a_target_is_told_by_addresses_and_facts(void **state)
{
	struct store_batch *results = store_batch_create(STORE_HISTORY);
	struct buffer body;
	const char *v4, *v6;

	(void)state;
	put_trace(results, 10, "192.0.2.1", PW_OK, 400000, "Exim <4>");
	put_trace(results, 11, "192.0.2.1", PW_OK, 100000, "Postfix");
	put_trace(results, 12, "2001:db8::1", PW_FAILED, 900000, NULL);
	put_trace(results, 12, "192.0.2.1", PW_DEGRADED, 200000, "Postfix");
	folder_commit(&folder, results);
	turn();
	body = page("/targets/a");
	v4 = strstr(body.data, "<td>IPv4</td><td>192.0.2.1</td><td>degraded (refused)</td>");
	v6 = strstr(body.data, "<td>IPv6</td><td>2001:db8::1</td><td>failed (refused)</td>");
	assert_true(v4 != NULL && v6 != NULL && v4 < v6);
	assert_non_null(strstr(v4, "0 of 3</td><td class=\"number\">0.200 s</td><td class=\"number\">0.400 s</td>"));
	assert_non_null(strstr(v6, "1 of 1</td><td class=\"number\"></td><td class=\"number\"></td>"));
	assert_non_null(strstr(body.data, "<td>192.0.2.1</td><td>software</td><td class=\"cause\">Postfix</td><td class=\"when\">"
	    "<time class=\"short\" datetime=\"1970-01-01T03:03:20Z\">"));
	assert_non_null(strstr(body.data, "<td class=\"cause\">Exim &lt;4&gt;</td>"));
	buffer_fini(&body);
	store_batch_destroy(&results);
}

/* What an attempt says that came late is no failure of the server. */
static void
an_attempt_that_tells_nothing_is_no_failure(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	int64_t now = clock_wall();
	static const char *const outcomes[] = { "refused", "we_were_late", "refused", "banner_timeout" };
	struct buffer body;

	(void)state;
	store_put_incident(batch, &(struct store_incident){ .number = 1, .target = 1, .change = 1, .began = now - SECOND, .confirmed = now, .outcome = "refused",
		.text = text_view("refused") });
	for (uint64_t run = 1; run <= 4; run++) {
		struct message_evidence message = { .run = run, .leg = { .legs = 1, .verdict = run == 2 ? PW_UNKNOWN : PW_FAILED,
			.address = text_view("192.0.2.1"), .port = 25, .started = now } };
		char bytes[4096];
		struct wire_out out = wire_over(bytes, sizeof bytes);

		text_copy(message.leg.outcome, sizeof message.leg.outcome, outcomes[run - 1]);
		message_put_evidence(&out, &message);
		store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .at = now, .incident = 1, .role = run == 1 ? "confirmed" : "changed",
			.bytes = { bytes, out.size } });
	}
	folder_commit(&folder, batch);
	turn();
	body = page("/incidents/1");
	assert_non_null(strstr(body.data, "<li class=\"down\">"));
	assert_non_null(strstr(body.data, "<li class=\"unknown\">"));
	assert_non_null(strstr(body.data, "An attempt that tells nothing of the server"));
	/* What came after is compared with what was seen of the server before. */
	const char *again = strstr(body.data, "It failed again"), *otherwise = strstr(body.data, "It failed in another way");
	assert_true(again != NULL && otherwise != NULL && again < otherwise);
	assert_null(strstr(otherwise + 1, "It failed in another way"));
	buffer_fini(&body);
	store_batch_destroy(&batch);
}

/* No colour of a chart or a strip is without its meaning. */
static void
colours_have_a_legend(void **state)
{
	static const struct { const char *class, *words; } meanings[] = { { "up", "passed" },
		{ "degraded", "slower than the mark, or degraded, blocked or unknown" }, { "down", "failed" } };
	static const enum pw_verdict verdicts[] = { PW_OK, PW_DEGRADED, PW_FAILED };
	struct store_batch *results = store_batch_create(STORE_HISTORY);
	struct buffer body;
	char words[256];

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		store_put_result(results, &(struct store_result){ .target = 1, .run = 10 + i, .at = clock_wall() + (int64_t)i, .verdict = verdicts[i], .outcome = "slow_banner", .phase_names = "" });
	folder_commit(&folder, results);
	turn();
	body = page("/targets/a");
	assert_non_null(strstr(body.data, "</svg>down, from its confirmation on</span>"));
	for (size_t i = 0; i < 3; i++) {
		const char *at = strstr(body.data, "The last attempts");

		snprintf(words, sizeof words, "<rect class=\"%s\" width=\"10\" height=\"10\"/></svg>%s</span>", meanings[i].class, meanings[i].words);
		at = strstr(at, words);
		assert_non_null(at);
		snprintf(words, sizeof words, "/attempts/%zu\"><rect class=\"%s\"", 10 + i, meanings[i].class);
		assert_non_null(strstr(at, words));
	}
	buffer_fini(&body);
	store_batch_destroy(&results);
}

static void
put_attempt(struct store_batch *batch, uint64_t run, int64_t at, const char *role, const char *outcome)
{
	for (uint32_t leg = 0; leg < 2; leg++) {
		struct message_evidence message = { .run = run, .leg = { .legs = 2, .verdict = strcmp(role, "passed") == 0 ? PW_OK : PW_FAILED,
			.address = text_view(leg == 0 ? "192.0.2.1" : "2001:db8::1"), .port = 25, .started = at, .micros = (int64_t)run } };
		char bytes[4096];
		struct wire_out out = wire_over(bytes, sizeof bytes);

		text_copy(message.leg.outcome, sizeof message.leg.outcome, outcome);
		message_put_evidence(&out, &message);
		store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .leg = leg, .at = at, .incident = 1, .role = role, .bytes = { bytes, out.size } });
	}
}

/* Of attempts that are alike, each of which has two legs, the first is shown, also where each took another time; those before the confirmation
 * are no outage yet. */
static void
a_story_does_not_repeat_itself(void **state)
{
	static const struct { const char *role, *outcome; } runs[] = { { "confirmed", "refused" }, { "confirmed", "refused" }, { "confirmed", "refused" },
		{ "confirmed", "refused" }, { "changed", "banner_timeout" }, { "hourly", "banner_timeout" }, { "hourly", "banner_timeout" }, { "passed", "ok" } };
	static const char *const words[] = { "<li class=\"suspect\">", "First sign: it failed", "[2001:db8::1]:25", "It failed again", "192.0.2.1:25", "[2001:db8::1]:25",
		"<li class=\"alike\">2 more attempts alike, until <a href=\"/targets/a/attempts/4\"><time datetime=\"1970-01-01T01:07:00Z\">",
		"<li class=\"down\"><span class=\"faint\"><time datetime=\"1970-01-01T01:07:30Z\">1970-01-01 01:07:30 UTC</time></span> <strong>It is certain that it is down, and counts as down from here on",
		"<li class=\"down\">", "It failed in another way", "Still so", "1 more attempt alike, at ", "01:10:00Z", "<li class=\"up\">", "It passed" };
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	int64_t minute = 60 * (int64_t)SECOND;
	struct buffer body;
	const char *at;

	(void)state;
	store_put_incident(batch, &(struct store_incident){ .number = 1, .target = 1, .change = 1, .began = 64 * minute, .confirmed = 67 * minute + minute / 2, .outcome = "refused",
		.text = text_view("refused") });
	for (uint64_t i = 0; i < sizeof runs / sizeof *runs; i++)
		put_attempt(batch, i + 1, (int64_t)(64 + i) * minute, runs[i].role, runs[i].outcome);
	folder_commit(&folder, batch);
	turn();
	body = page("/incidents/1");
	at = strstr(body.data, "id=\"story\"");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		at = strstr(at, words[i]);
		if (at == NULL)
			fail_msg("%s is not there, or not in its place", words[i]);
		at++;
	}
	at = strstr(body.data, "It failed again");
	at = strstr(at + 1, "It failed again"); /* its other leg */
	assert_null(strstr(at + 1, "It failed again"));
	assert_null(strstr(strstr(body.data, "It is certain"), "class=\"suspect\""));
	buffer_fini(&body);
	store_batch_destroy(&batch);
}

/* Of a server that is down the last attempt may have learnt nothing: what is shown of the server is older, and that is said. */
static void
the_last_attempt_at_one_that_is_down_may_tell_nothing(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	int64_t now = clock_wall(), hour = INT64_C(3600) * SECOND;
	struct buffer body;

	(void)state;
	store_put_incident(batch, &(struct store_incident){ .number = 1, .target = 1, .change = 1, .began = now - hour, .confirmed = now - hour,
		.outcome = "refused", .text = text_view("refused") });
	for (int is_unknown = 0; is_unknown <= 1; is_unknown++) {
		store_put_state(batch, &(struct store_state){ .target = 1, .at = now - hour, .state = "down", .verdict = is_unknown ? "unknown" : "failed",
			.outcome = is_unknown ? "resolver" : "refused", .since = now - hour, .ended = now - hour, .interval = hour, .text = text_view("refused") });
		folder_commit(&folder, batch);
		board_destroy(&board);
		board = board_create(&config);
		turn();
		body = page("/");
		assert_non_null(strstr(body.data, "<td class=\"when looked\">"));
		assert_int_equal(strstr(body.data, " ago <span class=\"faint\">unknown</span>") != NULL, is_unknown);
		buffer_fini(&body);
		body = page("/incidents/1");
		assert_int_equal(strstr(body.data, " ago, which says nothing of the server</dd>") != NULL, is_unknown);
		buffer_fini(&body);
	}
	store_batch_destroy(&batch);
}

/* Trouble of our own is told as of when it was told, and beside it what waits now. */
static void
trouble_of_our_own_is_told_with_what_waits(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	struct buffer body;

	(void)state;
	store_put_notice(batch, &(struct store_notice){ .number = 1, .kind = "impaired", .code = "channel_mail", .confirmed = clock_wall() - 60 * SECOND,
		.silences = "", .text = text_view("mail: nothing delivered for 10 min") });
	store_add_delivery(batch, &(struct store_delivery){ .notice = 1, .notifier = "mail", .recipient = "", .state = STORE_DELIVERY_waiting,
		.created = clock_wall() - 60 * SECOND });
	folder_commit(&folder, batch);
	board_destroy(&board);
	board = board_create(&config);
	turn();
	body = page("/");
	assert_non_null(strstr(body.data, ", and not over: mail: nothing delivered for 10 min</li>"));
	assert_non_null(strstr(body.data, "<li>Notices that wait to be told now: 1, the oldest since "));
	buffer_fini(&body);
	store_batch_destroy(&batch);
}

static struct store_api_time store_time;

static unsigned
ask(const char *path, bool is_local, struct buffer *body)
{
	struct site site = { .config = &config, .board = board, .store_time = &store_time };
	struct server_answer answer = { .status = 200, .body = body };

	buffer_clear(body);
	site_answer(&site, &(struct server_request){ .path = path, .prefix = "", .is_local = is_local }, &answer);
	assert_true(answer.is_secret);
	return answer.status;
}

/* What commands ask for is answered at a UNIX socket alone, and where it is a question of this version. */
static void
rows_are_for_the_socket(void **state)
{
	const struct question question = { .kind = QUESTION_PAGE, .list = STORE_LIST_TARGETS };
	char name[OUTLINE_NAME_MAX], digits[QUESTION_DIGITS_MAX + 1], path[QUESTION_DIGITS_MAX + 64];
	struct buffer body = { .data = NULL };
	const char *hash;

	(void)state;
	outline_name(name);
	hash = strrchr(name, ' ') + 1;
	assert_true(question_write(&question, digits));
	snprintf(path, sizeof path, "/store/%s/%s", hash, digits);
	assert_int_equal(ask(path, true, &body), 503); /* nothing was opened yet */
	turn();
	assert_int_equal(ask(path, true, &body), 200);
	assert_int_equal(body.data[0], ANSWER_ROW);
	assert_int_equal(body.data[body.size - 1], ANSWER_END);
	assert_int_equal(ask(path, false, &body), 404);
	assert_int_equal(ask("/store/outline", true, &body), 200);
	assert_memory_equal(body.data, name, strlen(name));
	assert_int_equal(ask("/store/outline", false, &body), 404);
	static const char *const keys[] = { FILES_META, DAMAGE_META, CHANNEL_META, BEAT_META, SHADOW_META, OWN_META };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) { /* no command asks for the last */
		assert_true(question_write(&(struct question){ .kind = QUESTION_META, .texts = { keys[i] } }, digits));
		snprintf(path, sizeof path, "/store/%s/%s", hash, digits);
		assert_int_equal(ask(path, true, &body), strcmp(keys[i], OWN_META) == 0 ? 400 : 200);
	}
	path[strlen("/store/")] ^= 1; /* another version */
	assert_int_equal(ask(path, true, &body), 404);
	assert_int_equal(ask("/store/", true, &body), 404);
	snprintf(path, sizeof path, "/store/%s", hash);
	assert_int_equal(ask(path, true, &body), 404);
	snprintf(path, sizeof path, "/store/%s/00", hash);
	assert_int_equal(ask(path, true, &body), 400);
	buffer_fini(&body);
}

/* Whoever asks on and on leaves half of the time to others. */
static void
rows_take_half_of_the_time(void **state)
{
	struct buffer body = { .data = NULL };

	(void)state;
	store_time = (struct store_api_time){ .taken = INT64_C(7200) * SECOND, .at = clock_mono() - INT64_C(3600) * SECOND };
	assert_int_equal(ask("/store/outline", true, &body), 429);
	assert_int_equal(ask("/store/00/00", true, &body), 429);
	assert_in_range(store_time.taken, INT64_C(5340) * SECOND, INT64_C(5401) * SECOND);
	assert_int_equal(ask("/store/outline", false, &body), 404);
	store_time.at -= INT64_C(10900) * SECOND;
	assert_int_equal(ask("/store/outline", true, &body), 200);
	assert_in_range(store_time.taken, 1, INT64_C(60) * SECOND); /* what it took */
	store_time = (struct store_api_time){ .at = 0 };
	buffer_fini(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_pace_of_a_day_is_by_hours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_well_is_so_since_its_condition, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_target_is_told_by_addresses_and_facts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_attempt_that_tells_nothing_is_no_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(colours_have_a_legend, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_story_does_not_repeat_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_attempt_at_one_that_is_down_may_tell_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trouble_of_our_own_is_told_with_what_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_are_for_the_socket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_take_half_of_the_time, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
