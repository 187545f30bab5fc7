/* What pages, the API and metrics say of a store with something of all that there is. */
#include "web_stage.h"

#include <stdlib.h>
#include <string.h>

static void
put_run(struct store_batch *batch, int64_t at, enum store_mood mood, uint32_t speaks_for)
{
	static uint64_t run = 1000;

	store_put_result(batch, &(struct store_result){ .target = 1, .run = ++run, .at = at, .outcome = "ok", .phase_names = "", .mood = mood,
		.speaks_for = speaks_for });
}

/* By time: what the roll-ups have, and since the newest of these what the attempts say; no one speaks for longer than it may. */
static void
availability_goes_by_time(void **state)
{
	static const int64_t hour = INT64_C(3600) * SECOND, minute = INT64_C(60) * SECOND;
	struct store_batch *batch = store_batch_create(STORE_HISTORY);
	enum store_reader_opening opening;
	struct store_reader *reader;
	int64_t now = 1000 * hour + 40 * minute;
	struct availability found;
	char sql[512];

	(void)state;
	put_run(batch, 999 * hour + 50 * minute, STORE_MOOD_up, 3600);  /* 10 min of the hour that runs, and 10 of the one before */
	put_run(batch, 1000 * hour + 10 * minute, STORE_MOOD_down, 3600); /* 10 min */
	put_run(batch, 1000 * hour + 20 * minute, STORE_MOOD_paused, 3600); /* 5 min */
	put_run(batch, 1000 * hour + 25 * minute, STORE_MOOD_degraded, 300); /* 5 min, then 5 of which nobody speaks */
	put_run(batch, 1000 * hour + 35 * minute, STORE_MOOD_unknown, 3600); /* 5 min */
	put_run(batch, 1001 * hour, STORE_MOOD_down, 3600); /* the clock was ahead */
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	reader = store_reader_open(folder.path, &opening, NULL);
	availability_read(reader, 1, now, &found);
	for (int i = 0; i < AVAILABILITY_SPANS; i++) { /* before the first attempt nothing is unknown */
		assert_int_equal(found.spans[i].good, 25 * minute);
		assert_int_equal(found.spans[i].down, 10 * minute);
		assert_int_equal(found.spans[i].unknown, 10 * minute);
	}
	for (int i = 0; i < 3; i++) {
		static const int ago[] = { 1, 30, 24 * 60 };

		snprintf(sql, sizeof sql, "INSERT INTO rollups (target, span, start, counts, phase_names, phases, up, degraded, down, unknown, paused)"
		    " VALUES (1, 1, %lld, x'', 1, x'', %lld, 1000000, 2000000, 3000000, 4000000)", (long long)((1000 - ago[i]) * hour),
		    (long long)(i + 1) * 1000000);
		assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, sql));
	}
	availability_read(reader, 1, now, &found);
	assert_int_equal(found.spans[0].good, 15 * minute + 2 * SECOND); /* the hour before is the roll-up's */
	assert_int_equal(found.spans[1].good, 15 * minute + 5 * SECOND);
	assert_int_equal(found.spans[2].down, 10 * minute + 4 * SECOND);
	assert_int_equal(found.spans[3].good, 15 * minute + 9 * SECOND);
	assert_int_equal(found.spans[3].unknown, 10 * minute + 9 * SECOND);
	availability_read(NULL, 1, now, &found);
	assert_int_equal(found.spans[3].good, 0);
	store_reader_close(&reader);
}

/* Of more attempts than are read the older ones are no time that was not watched. */
static void
what_is_not_read_is_unknown(void **state)
{
	static const int64_t hour = INT64_C(3600) * SECOND;
	struct store_batch *batch = store_batch_create(STORE_HISTORY);
	enum store_reader_opening opening;
	struct store_reader *reader;
	struct availability found;
	int64_t now = 1000 * hour;

	(void)state;
	for (int64_t i = 7199; i >= 0; i--)
		put_run(batch, now - i * SECOND, STORE_MOOD_up, 3600);
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	reader = store_reader_open(folder.path, &opening, NULL);
	availability_read(reader, 1, now, &found);
	assert_true(found.spans[0].good > hour && found.spans[0].unknown > hour / 2);
	assert_int_equal(found.spans[0].good + found.spans[0].unknown, 24 * hour);
	store_reader_close(&reader);
}

static void
put_all(void)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *history = store_batch_create(STORE_HISTORY);
	int64_t now = clock_wall(), day = INT64_C(86400) * SECOND;

	store_put_target(batch, &(struct store_target){ .number = 2, .identity = "left", .name = "left", .probe = "talk", .host = "left.example",
		.port = 25, .was = "", .known = now - day, .gone = now });
	store_put_state(batch, &(struct store_state){ .target = 1, .at = now, .state = "down", .verdict = "failed", .outcome = "refused",
		.silences = "parent", .text = { "a is down", 9 }, .since = now, .ended = now, .interval = SECOND, .flapping = 1, .slow = 1 });
	store_put_server(batch, &(struct store_server){ .target = 1, .run = 7, .at = now, .ip = 6, .tls_version = "TLSv1.3", .tls_cipher = "X",
		.subject = { "CN=<a>", 6 }, .issuer = { "CN=ca", 5 }, .not_before = now - day, .not_after = now + day, .chain_ends = now + day / 2 });
	for (uint32_t i = 1; i <= 2; i++)
		store_put_incident(batch, &(struct store_incident){ .number = i, .target = 3 - i, .change = i, .began = now - i * (int64_t)SECOND, .confirmed = now,
			.ended = i == 1 ? now : 0, .end_confirmed = i == 1 ? now : 0, .outcome = "refused", .end = i == 1 ? "stopped" : "", .text = { "it is down", 10 },
			.end_text = { "over", i == 1 ? 4 : 0 }, .acknowledged = now, .ack_by = { "me", 2 }, .ack_why = { "<why>", 5 } });
	for (uint64_t run = 1; run <= 205; run++)
		store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .at = now, .incident = 2, .role = run % 2 ? "confirmed" : "passed",
			.bytes = { "damaged", 7 } });
	store_put_condition(batch, &(struct store_condition){ .target = 1, .code = "slow_banner", .since = now, .standing = now, .text = { "slow", 4 } });
	store_put_pause(batch, &(struct store_pause){ .number = 1, .target = 1, .tag = "", .from = now - SECOND, .until = now + day, .why = { "w", 1 }, .by = { "b", 1 } });
	store_put_notice(batch, &(struct store_notice){ .number = 1, .target = 1, .change = 2, .kind = "down", .incident = 2, .code = "refused", .detected = now,
		.confirmed = now, .text = { "a is down", 9 }, .silences = "parent" });
	store_put_notice(batch, &(struct store_notice){ .number = 2, .target = 0, .change = 1, .kind = "blind", .code = "no_route", .detected = now,
		.confirmed = now, .text = { "ours", 4 }, .silences = "" });
	store_add_delivery(batch, &(struct store_delivery){ .notice = 1, .notifier = "mail", .recipient = "ops@a.example", .target = 1,
		.state = STORE_DELIVERY_waiting, .created = now, .receipt = { "421 later", 9 } });
	folder_commit(&folder, batch);
	store_put_trace(history, &(struct store_trace){ .target = 1, .run = 900, .at = now, .bytes = { "damaged", 7 } });
	folder_commit(&folder, history);
	store_batch_destroy(&batch);
	store_batch_destroy(&history);
}

static unsigned
ask(const char *path, struct buffer *body)
{
	struct site site = { .config = &config, .board = board, .started = clock_wall() };
	const struct server_request request = { .path = path, .prefix = "" };
	struct server_answer answer = { .status = 200, .body = body };

	buffer_clear(body);
	site_answer(&site, &request, &answer);
	while (answer.parts.next != NULL && answer.parts.next(answer.parts.state, body) == PARTS_MORE)
		continue;
	if (answer.parts.next != NULL)
		answer.parts.end(answer.parts.state);
	assert_true(buffer_add(body, "", 1, EMIT_MAX));
	return answer.status;
}

struct visit { const char *path; unsigned status; const char *words; };

static void
visit_all(const struct visit *visits, size_t count)
{
	struct buffer body = { .data = NULL };
	int faults = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned status = ask(visits[i].path, &body);

		if (status == visits[i].status && strstr(body.data, visits[i].words) != NULL)
			continue;
		print_error("%s: %u, without \"%s\"\n", visits[i].path, status, visits[i].words);
		faults++;
	}
	buffer_fini(&body);
	assert_int_equal(faults, 0);
}

static void
all_of_it_is_told(void **state)
{
	static const struct visit visits[] = {
		{ "/", 200, "a is down" }, { "/targets/a", 200, "CN=&lt;a&gt;" }, { "/targets/a", 200, "CN=ca" }, { "/targets/a", 200, "slow_banner" },
		{ "/targets/a", 200, "parent" }, { "/targets/left", 200, "It is not watched any more." }, { "/targets/nobody", 404, "Not found" },
		{ "/targets/a/attempts/1", 200, "cannot be shown" }, { "/targets/a/attempts/900", 200, "cannot be shown" }, { "/targets/a/attempts/x", 404, "Not found" },
		{ "/certificates", 200, "of its chain" }, { "/certificates", 200, "TLSv1.3 X" },
		{ "/incidents", 200, "/targets/left" }, { "/incidents/1", 200, "over" }, { "/incidents/2", 200, "?after=200.0" }, { "/incidents/2", 200, "&lt;why&gt;" },
		{ "/incidents/2", 200, "421 later" }, { "/incidents/3", 404, "Not found" }, { "/incidents/0", 404, "Not found" }, { "/about", 200, "ours" },
		{ "/metrics", 200, "postwatch_target_up{target=\"a\"} 0" }, { "/metrics", 200, "postwatch_target_tls_info{target=\"a\",version=\"TLSv1.3\",cipher=\"X\"} 1" },
		{ "/probe", 400, "target is missing" }, { "/readyz", 503, "the parent's first word" }, { "/healthz", 503, "no_route" },
		{ "/api/v1/health", 200, "\"healthy\":false" }, { "/api/v1/status", 200, "\"down\":1" }, { "/api/v1/targets/a", 200, "\"acknowledged_by\":\"me\"" },
		{ "/api/v1/targets/a/results", 200, "\"run\":1" }, { "/api/v1/incidents", 200, "\"incident\":2" }, { "/api/v1/incidents/2", 200, "\"next_cursor\":\"200.0\"" },
		{ "/api/v1/attempts/1", 200, "\"legs\":[null]" }, { "/api/v1/attempts/900", 200, "\"target\":\"a\"" }, { "/api/v1/attempts/901", 404, "nothing is kept" },
		{ "/api/v1/deliveries", 200, "ops@a.example" }, { "/api/v1/conditions", 200, "slow_banner" }, { "/api/v1/openapi.json", 200, "openapi" },
		{ "/api/v1/events", 200, "event: anew" }, { "/api/v1/nothing", 404, "no such address" },
		{ "/feed.atom", 200, "<title>a is down: refused</title>" }, { "/feed.atom", 200, "<title>left was down for 1 s: refused</title>" },
		{ "/badge/a.svg", 200, "<title>a: down</title>" }, { "/badge/left.svg", 404, "no target that is watched" }, { "/badge/.svg", 404, "no target that is watched" }, { "/icon/down.svg", 200, "<rect" }, { "/icon/up.svg", 200, "<circle" },
		{ "/icon/blocked.svg", 200, "<path" }, { "/icon/x.svg", 404, "no such icon" }, { "/assets/x", 404, "no such file" }, { "/x", 404, "No page" },
	};

	(void)state;
	put_all();
	board_destroy(&board);
	board = board_create(&config);
	turn();
	visit_all(visits, sizeof visits / sizeof visits[0]);
}

/* What cannot be read is not said to be not there. */
static void
what_cannot_be_read_is_not_denied(void **state)
{
	static const struct visit visits[] = {
		{ "/api/v1/attempts/900", 503, "cannot be read" }, { "/api/v1/attempts/1", 200, "\"target\":\"a\"" }, { "/targets/a", 200, "not known" },
	}, none[] = {
		{ "/api/v1/attempts/1", 503, "cannot be read" }, { "/incidents/2", 503, "cannot be read" }, { "/targets/a", 503, "cannot be read" },
		{ "/api/v1/targets", 503, "cannot be read" }, { "/healthz", 503, "\"healthy\":false" },
		{ "/feed.atom", 503, "cannot be read" }, { "/badge/a.svg", 503, "cannot be read" },
	};

	(void)state;
	put_all();
	board_destroy(&board);
	store_close(&folder.store);
	assert_int_equal(unlink(folder_file(&folder, "history.db")), 0);
	board = board_create(&config);
	turn();
	visit_all(visits, sizeof visits / sizeof visits[0]);
	board_destroy(&board);
	assert_int_equal(unlink(folder_file(&folder, "postwatch.db")), 0);
	board = board_create(&config);
	turn();
	visit_all(none, sizeof none / sizeof none[0]);
}

/* What was read of a list would look like all of it. */
static void
a_list_that_cannot_be_read_on_is_no_list(void **state)
{
	static const struct { const char *table; struct visit visit; } cases[] = { { "evidence", { "/api/v1/incidents/2", 503, "cannot be read" } },
		{ "incidents", { "/api/v1/incidents", 503, "cannot be read" } }, { "deliveries", { "/api/v1/deliveries", 503, "cannot be read" } },
		{ "conditions", { "/api/v1/conditions", 503, "cannot be read" } } };
	struct buffer body = { .data = NULL };
	char sql[64];

	(void)state;
	put_all();
	turn();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(ask(cases[i].visit.path, &body), 200);
		snprintf(sql, sizeof sql, "DROP TABLE %s", cases[i].table);
		assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, sql));
		visit_all(&cases[i].visit, 1);
	}
	buffer_fini(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(availability_goes_by_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_read_is_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_of_it_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_not_denied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_list_that_cannot_be_read_on_is_no_list, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
