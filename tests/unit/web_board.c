/* What the page knows of a store whose files hold anything, come one after the other, or cannot be read. */
#include "web_stage.h"

#include <fcntl.h>
#include <poll.h>

enum { MANY = 1200 /* more than one step reads */ };

static const struct look *
look(void)
{
	return board_look(board, board_named(board, "a"));
}

static void
numbers_of_any_size_are_taken(void **state)
{
	static const char *const rows[] = {
		/* before 1970, by three quarters; no such verdict, no such mood */
		"9, -2700000000, 0, 99, 99, x'', x''",
		"10, -9223372036854775808, -9223372036854775808, -1, -1, x'', x''",
		"11, 9223372036854775807, 9223372036854775807, 3, 2, x'0102030405060708090a0b0c0d0e0f101112131415161718', x'ff00'",
	};
	uint64_t runs = 0;

	(void)state;
	turn();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char sql[512];

		snprintf(sql, sizeof sql, "INSERT INTO results (id, target, prev, bad, outcome, phase_names, speaks_for, flags, run, at, micros,"
		    " verdict, mood, phases, text) SELECT (SELECT max(id) + 1 FROM results), 1, 0, 0, max(number), max(number), 0, 0, %s FROM words",
		    rows[i]);
		assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, sql));
	}
	turn();
	for (int i = 0; i <= PW_UNKNOWN; i++)
		runs += look()->runs[i];
	assert_int_equal(runs, sizeof rows / sizeof rows[0]);
	assert_int_equal(look()->runs[PW_UNKNOWN], 2);
	for (int i = 0; i < LOOK_QUARTERS; i++)
		assert_true(look()->quarters[i].mood < STORE_MOODS_END);
	assert_true(look()->at > 0 && look()->phase_count <= LOOK_PHASES_MAX);
	assert_int_equal(look_quarter(-1), LOOK_QUARTERS - 1);
	assert_int_equal(look_quarter(LOOK_QUARTERS), 0);
}

static void
a_failure_is_counted_at_its_own_step(void **state)
{
	static const int64_t good[] = { 5, 5 }, bad[] = { 5, -1 };
	struct store_batch *batch = store_batch_create(STORE_HISTORY);
	int64_t now = clock_wall();

	(void)state;
	turn();
	store_put_result(batch, &(struct store_result){ .target = 1, .run = 2, .at = now + SECOND, .outcome = "ok", .phase_names = "connect banner",
		.phases = good, .phase_count = 2 });
	store_put_result(batch, &(struct store_result){ .target = 1, .run = 3, .at = now - SECOND, .verdict = PW_FAILED, .outcome = "refused",
		.phase_names = "connect banner", .phases = bad, .phase_count = 2 });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	turn();
	assert_non_null(look()->failures);
	assert_string_equal(look()->failures->phase, "connect");
	assert_null(look()->failures->next);
}

/* What is said to be the time of 95 % is by nearest rank, as in roll-ups: of ten attempts it is the longest. */
static void
a_chart_tells_percentiles_by_nearest_rank(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_HISTORY);
	struct site site = { .config = &config, .board = board };
	const struct server_request request = { .path = "/targets/a", .prefix = "" };
	struct buffer body = { .data = NULL };
	struct server_answer answer = { .status = 200, .body = &body };

	(void)state;
	for (uint32_t i = 1; i < 10; i++)
		store_put_result(batch, &(struct store_result){ .target = 1, .run = 1 + i, .at = clock_wall(), .micros = i * (int64_t)SECOND,
			.outcome = "ok", .phase_names = "" });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	turn();
	site_answer(&site, &request, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(buffer_add(&body, "", 1, EMIT_MAX));
	assert_non_null(strstr(body.data, "half within 4.0 s, 95 % within 9.0 s"));
	buffer_fini(&body);
}

/* A list that is not whole is not given out. */
static void
what_is_not_read_yet_is_not_denied(void **state)
{
	static const char *const paths[] = { "/api/v1/targets", "/api/v1/targets/a", "/targets/a" };
	struct site site = { .config = &config, .board = board };

	(void)state;
	put_targets(2, MANY);
	assert_true(board_turn(board));
	assert_false(board_is_read(board, NULL));
	for (int whole = 0; whole < 2; whole++) {
		for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
			struct buffer body = { .data = NULL };
			const struct server_request request = { .path = paths[i], .prefix = "" };
			struct server_answer answer = { .status = 200, .body = &body };

			site_answer(&site, &request, &answer);
			assert_int_equal(answer.status, whole ? 200 : 503);
			buffer_fini(&body);
		}
		turn();
	}
}

/* Who follows hears of it also where another target comes in the same step. */
static void
changes_beside_new_targets_are_told(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	const struct changes *changes = &board_known(board)->ranking.changes;
	enum board_rank before;
	uint64_t count;

	(void)state;
	turn();
	before = board_named(board, "a")->rank;
	count = changes->count;
	store_put_state(batch, &(struct store_state){ .target = 1, .at = clock_wall(), .state = "down", .verdict = "failed", .outcome = "refused",
		.silences = "", .since = clock_wall(), .ended = clock_wall() });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	put_targets(2, 3);
	for (int tries = 0; board_named(board, "2") == NULL && tries < 200; tries++) {
		turn();
		poll(NULL, 0, 10);
	}
	assert_int_equal(board_count(board), 2);
	assert_int_not_equal(board_named(board, "a")->rank, before);
	assert_int_equal(changes->count, count + 1);
	assert_int_equal(changes_get(changes, count + 1)->target, 1);
	assert_int_equal(changes_get(changes, count + 1)->from, before);
}

/* However many targets there are, a part stays small, and each family has each target once: also where others appear meanwhile. */
static void
metrics_come_in_parts(void **state)
{
	static char seen[2 * MANY][2];
	struct site site = { .config = &config };
	struct buffer body = { .data = NULL };
	const struct server_request request = { .path = "/metrics", .prefix = "" };
	struct server_answer answer = { .status = 200, .body = &body };
	uint32_t parts = 0;
	enum parts_next next;

	(void)state;
	put_targets(2, MANY);
	board_destroy(&board);
	site.board = board = board_create(&config);
	turn();
	site_answer(&site, &request, &answer);
	assert_non_null(answer.parts.next);
	do {
		const char *at = body.data;

		buffer_clear(&body);
		assert_true(buffer_add(&body, "\n", 1, EMIT_MAX));
		next = answer.parts.next(answer.parts.state, &body);
		assert_true(next == PARTS_MORE || next == PARTS_LAST);
		assert_true(body.size < 256 * 1024);
		assert_true(buffer_add(&body, "", 1, EMIT_MAX));
		if (++parts == 1)
			put_targets(MANY, 2 * MANY);
		turn();
		for (at = body.data; (at = strstr(at, "\npostwatch_target_")) != NULL; at++) {
			int family = strncmp(at + 1, "postwatch_target_info{", 22) == 0 ? 0
			    : strncmp(at + 1, "postwatch_target_flapping{", 26) == 0   ? 1
			                                                                : -1;
			unsigned long number = strtoul(at + 1 + strcspn(at + 1, "\"") + 1, NULL, 10);

			if (family >= 0)
				assert_true(number < 2 * MANY && !seen[number][family]++);
		}
	} while (next == PARTS_MORE);
	answer.parts.end(answer.parts.state);
	assert_true(parts > 3);
	for (uint32_t i = 2; i < MANY; i++)
		assert_true(seen[i][0] && seen[i][1]);
	buffer_fini(&body);
}

/* Wherever a part ends: also just behind the head of a family. */
static void
a_family_has_one_head(void **state)
{
	struct site site = { .config = &config, .board = board };
	const struct server_request request = { .path = "/metrics", .prefix = "" };
	uint32_t met = 0;

	(void)state;
	turn();
	for (uint32_t filled = 62 * 1024; filled < 64 * 1024; filled += 16) {
		struct buffer body = { .data = NULL };
		struct server_answer answer = { .status = 200, .body = &body };
		uint32_t heads = 0;
		enum parts_next next;

		site_answer(&site, &request, &answer);
		do {
			char *room;

			buffer_clear(&body);
			room = buffer_reserve(&body, filled, EMIT_MAX);
			assert_non_null(room);
			memset(room, '#', filled); /* as if so much had been told */
			body.size = filled;
			next = answer.parts.next(answer.parts.state, &body);
			assert_true(next == PARTS_MORE || next == PARTS_LAST);
			assert_true(buffer_add(&body, "", 1, EMIT_MAX));
			for (const char *at = body.data; (at = strstr(at, "# TYPE postwatch_target_paused ")) != NULL; at++)
				heads++;
			met += next == PARTS_MORE;
		} while (next == PARTS_MORE);
		answer.parts.end(answer.parts.state);
		buffer_fini(&body);
		assert_int_equal(heads, 1);
	}
	assert_true(met > 0);
}

/* A store of the first minute may have no history.db yet. */
static void
history_may_come_later(void **state)
{
	char away[SCRATCH_PATH + 32];

	(void)state;
	store_close(&folder.store);
	snprintf(away, sizeof away, "%s/away", folder.path);
	assert_int_equal(rename(folder_file(&folder, "history.db"), away), 0);
	turn();
	assert_true(board_is_read(board, NULL));
	assert_int_equal(look()->at, 0);
	assert_int_equal(rename(away, folder_file(&folder, "history.db")), 0);
	for (int tries = 0; look()->at == 0 && tries < 200; tries++) {
		poll(NULL, 0, 100);
		turn();
	}
	assert_int_not_equal(look()->at, 0);
}

/* The result of the run before is there until that of the run that changed the state is written. */
static void
a_result_of_the_run_before_says_nothing_of_the_state(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *results = store_batch_create(STORE_HISTORY);
	int64_t ended = clock_wall() + 300 * MILLISECOND;
	const struct board_row *row;

	(void)state;
	store_put_state(batch, &(struct store_state){ .target = 1, .at = ended, .state = "down", .verdict = "failed", .outcome = "refused",
		.since = ended, .ended = ended, .interval = SECOND, .text = text_view("") });
	folder_commit(&folder, batch);
	turn();
	row = board_named(board, "a");
	assert_int_equal(look()->verdict, PW_OK);
	assert_false(row_is_of_look(row, look()));
	assert_int_equal(row->verdict, PW_FAILED);
	assert_int_equal(row->last_run, ended);
	store_put_result(results, &(struct store_result){ .target = 1, .run = 2, .at = ended - 5 * MILLISECOND, .micros = 2 * MILLISECOND,
		.verdict = PW_FAILED, .outcome = "refused", .phase_names = "" });
	folder_commit(&folder, results);
	turn();
	assert_true(row_is_of_look(board_named(board, "a"), look()));
	assert_int_equal(board_named(board, "a")->verdict, PW_FAILED);
	store_batch_destroy(&batch);
	store_batch_destroy(&results);
}

/* Overwrites the root of a table, so that no row of it can be read. */
static void
damage(const char *name, enum store_file file, const char *table)
{
	static const char rubbish[64];
	char sql[128];
	int64_t page;
	int fd;

	snprintf(sql, sizeof sql, "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
	page = db_number(folder.store->db_files[file].db, sql, 0);
	assert_true(page > 1);
	store_close(&folder.store);
	fd = open(folder_file(&folder, name), O_WRONLY);
	assert_int_equal(pwrite(fd, rubbish, sizeof rubbish, (page - 1) * 4096), sizeof rubbish);
	close(fd);
}

static void
damage_is_told_and_keeps_nobody_busy(void **state)
{
	const char *why;

	(void)state;
	damage("postwatch.db", STORE_MAIN, "targets");
	turn();
	assert_false(board_is_read(board, &why));
	assert_string_not_equal(why, "");
}

static void
rows_are_there_without_their_results(void **state)
{
	(void)state;
	damage("history.db", STORE_HISTORY, "results");
	turn();
	assert_true(board_is_read(board, NULL));
	assert_int_equal(board_count(board), 1);
}

/* A place of the strip is used again each day: what was there a day before is not shown as of today. */
static void
a_strip_shows_no_other_day(void **state)
{
	static const int64_t quarter = INT64_C(900) * SECOND;
	enum store_reader_opening opening;
	struct store_reader *reader = store_reader_open(folder.path, &opening, NULL);
	int64_t now = clock_wall(), number = now / quarter;
	struct looks *looks = looks_create();
	char sql[256];

	(void)state;
	snprintf(sql, sizeof sql, "INSERT INTO rollups (target, span, start, counts, phase_names, phases) VALUES (1, 0, %lld, x'', 1, x'')",
	    (long long)((number - 90) * quarter));
	assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, sql));
	assert_non_null(reader);
	assert_int_equal(looks_find(looks, 1), 0);
	while (looks_turn(looks, reader, now))
		continue;
	assert_true(looks_get(looks, 0)->quarters[look_quarter(number - 90)].share > 0);
	while (looks_turn(looks, reader, now + 24 * quarter)) /* six hours in which nobody looked */
		continue;
	assert_int_equal(looks_get(looks, 0)->quarters[look_quarter(number + 6)].share, 0);
	looks_destroy(&looks);
	store_reader_close(&reader);
}

/* Where the page begins, and where the newest run is older than a quarter, which it speaks for. */
static void
a_quarter_without_a_roll_up_is_as_its_runs_say(void **state)
{
	static const int64_t quarter = INT64_C(900) * SECOND;
	struct store_batch *batch = store_batch_create(STORE_HISTORY);
	enum store_reader_opening opening;
	struct store_reader *reader = store_reader_open(folder.path, &opening, NULL);
	struct quarter day[LOOK_QUARTERS];
	struct looks *looks = looks_create();
	int64_t number = clock_wall() / quarter + 8, now = number * quarter + quarter / 2;
	uint64_t run = 100;

	(void)state;
	assert_non_null(reader);
	store_put_result(batch, &(struct store_result){ .target = 3, .run = ++run, .at = now - 5 * quarter, .outcome = "refused", .phase_names = "", .verdict = PW_FAILED,
		.mood = STORE_MOOD_down, .speaks_for = 5 * 900 });
	for (int64_t ago = 4; ago >= 2; ago--) /* two runs in the second quarter before the one that runs, and as many in the one before, all of target 2 */
		for (int i = 0; i < 2; i++)
			store_put_result(batch, &(struct store_result){ .target = 2, .run = ++run, .at = now - ago * quarter / 2 + i, .outcome = "ok", .phase_names = "",
				.verdict = i == 0 && ago == 3 ? PW_FAILED : PW_OK, .speaks_for = 900 });
	folder_commit(&folder, batch);
	assert_int_equal(looks_find(looks, 2), 0);
	assert_int_equal(looks_find(looks, 3), 1);
	while (looks_turn(looks, reader, now))
		continue;
	look_day(looks_get(looks, 0), number, day);
	assert_int_equal(day[LOOK_QUARTERS - 2].share, UINT8_MAX);
	assert_int_equal(day[LOOK_QUARTERS - 2].mood, STORE_MOOD_up);
	assert_int_equal(day[LOOK_QUARTERS - 2].failed, 1);
	assert_int_equal(day[LOOK_QUARTERS - 3].share, 0); /* what was before has its roll-ups */
	assert_int_equal(looks_get(looks, 0)->runs[PW_FAILED] + looks_get(looks, 0)->runs[PW_OK], 0); /* these were there before */
	assert_int_equal(looks_results(looks), 0);
	look_day(looks_get(looks, 1), number, day);
	for (int i = LOOK_QUARTERS - 6; i < LOOK_QUARTERS; i++) {
		assert_int_equal(day[i].share, UINT8_MAX);
		assert_int_equal(day[i].mood, STORE_MOOD_down);
		assert_int_equal(day[i].failed, 0);
	}
	assert_int_equal(day[LOOK_QUARTERS - 7].share, 0);
	look_day(looks_get(looks, 1), number + 1, day);
	assert_int_equal(day[LOOK_QUARTERS - 1].share, 0); /* it has nothing to say of that any more */
	store_batch_clear(batch);
	store_put_result(batch, &(struct store_result){ .target = 2, .run = ++run, .at = now, .outcome = "ok", .phase_names = "", .speaks_for = 900 });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	while (looks_turn(looks, reader, now))
		continue;
	assert_int_equal(looks_get(looks, 0)->runs[PW_OK], 1);
	assert_int_equal(looks_results(looks), 1);
	looks_destroy(&looks);
	store_reader_close(&reader);
}

static void
pauses_hold_in_their_time(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	int64_t now = clock_wall(), hour = INT64_C(3600) * SECOND;

	(void)state;
	store_put_pause(batch, &(struct store_pause){ .number = 1, .target = 1, .tag = "", .from = now + hour, .until = now + 2 * hour });
	folder_commit(&folder, batch);
	turn();
	assert_false(board_named(board, "a")->paused);
	board_destroy(&board);
	store_batch_clear(batch);
	store_put_pause(batch, &(struct store_pause){ .number = 2, .target = 1, .tag = "", .from = now - hour, .until = now + hour });
	folder_commit(&folder, batch);
	board = board_create(&config);
	turn();
	assert_true(board_named(board, "a")->paused);
	store_batch_destroy(&batch);
}

/* Outages of the last day are counted, also where one that began long before was confirmed after them, and in each step that reads targets. */
static void
outages_of_the_last_day_are_counted(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	int64_t now = clock_wall(), hour = INT64_C(3600) * SECOND;
	const int64_t began[] = { 72 * hour, 5 * hour, 3 * hour, 72 * hour, 2 * hour }, confirmed[] = { 71 * hour, 4 * hour, 2 * hour, hour, hour };
	const uint64_t targets[] = { 1, 1, 1, 2, MANY - 1 };
	char last[16];

	(void)state;
	put_targets(2, MANY);
	snprintf(last, sizeof last, "%d", MANY - 1);
	for (uint64_t i = 0; i < 5; i++)
		store_put_incident(batch, &(struct store_incident){ .number = i + 1, .target = targets[i], .change = i + 1, .began = now - began[i],
			.confirmed = now - confirmed[i], .ended = now - confirmed[i], .end_confirmed = now - confirmed[i], .outcome = "refused", .end = "up" });
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
	turn();
	assert_int_equal(board_named(board, "a")->lately, 2);
	assert_int_equal(board_named(board, "a")->lately_at, now - began[2]);
	assert_int_equal(board_named(board, "2")->lately, 0);
	assert_int_equal(board_named(board, last)->lately, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_of_any_size_are_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_counted_at_its_own_step, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_chart_tells_percentiles_by_nearest_rank, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_read_yet_is_not_denied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_beside_new_targets_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(metrics_come_in_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_family_has_one_head, set_up, tear_down),
		cmocka_unit_test_setup_teardown(history_may_come_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_result_of_the_run_before_says_nothing_of_the_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_told_and_keeps_nobody_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_are_there_without_their_results, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_strip_shows_no_other_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_quarter_without_a_roll_up_is_as_its_runs_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outages_of_the_last_day_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pauses_hold_in_their_time, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
