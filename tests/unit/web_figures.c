/*
 * Figures of the page, traced to the store: a store is generated, and each figure of the overview, of targets, incidents and certificates is
 * what one SQL statement over its tables says. The other way round, no page shows a time that is not in the store.
 */
#include "web_stage.h"

#include <sqlite3.h>

#include "base/text.h"

enum { TARGETS = 12, QUARTERS = 124, HOUR_QUARTERS = 4 };

static const int64_t quarter = INT64_C(900) * SECOND, day = INT64_C(86400) * SECOND;
static uint64_t seed;

/* The same in every run. */
static uint64_t
chance(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

static const struct policy policy = { .interval = INT64_C(3600) * SECOND, .retry_interval = SECOND, .stale_after = INT64_C(6) * 3600 * SECOND, .tries = 3,
	.notify_count = CONFIG_NONE };
static char names[TARGETS][16];
static struct target targets[TARGETS];
static uint64_t notices, incidents;
static struct site site;

static void
put_notice(struct store_batch *batch, uint64_t target, uint64_t incident, const char *kind, int64_t at)
{
	static const char *const ways[] = { "mail", "pager" };
	uint64_t number = ++notices;

	store_put_notice(batch, &(struct store_notice){ .number = number, .target = target, .change = number, .incident = incident, .kind = kind, .code = "", .silences = "",
		.confirmed = at, .text = text_view("it is so") });
	for (uint64_t i = 0; i < 1 + chance(2); i++)
		store_add_delivery(batch, &(struct store_delivery){ .notice = number, .notifier = ways[i], .recipient = "ops@example.org", .target = target,
			.state = STORE_DELIVERY_sent, .created = at, .ended = at + (int64_t)(1 + chance(90)) * SECOND, .receipt = text_view("250 taken") });
}

static void
put_incident(struct store_batch *batch, uint64_t target, int64_t began, int64_t ended)
{
	int64_t confirmed = began + (int64_t)(40 + chance(200)) * SECOND;

	incidents++;
	store_put_incident(batch, &(struct store_incident){ .number = incidents, .target = target, .change = incidents, .began = began, .confirmed = confirmed,
		.ended = ended, .end_confirmed = ended == 0 ? 0 : ended + 60 * (int64_t)SECOND, .outcome = "refused", .end = ended == 0 ? "" : "up",
		.text = text_view("connection refused"), .end_text = text_view(ended == 0 ? "" : "it is up") });
	put_notice(batch, target, incidents, "down", confirmed);
	if (ended != 0)
		put_notice(batch, target, incidents, "up", ended + 60 * (int64_t)SECOND);
}

/* A target whose history is a run of moods; the last of them is how it stands. Each run holds for the quarter that it begins. */
static void
put_target_of(struct store_batch *batch, struct store_batch *history, uint64_t number, int64_t last)
{
	static const struct { uint32_t verdict, mood; const char *state, *verdict_name, *condition; } likes[] = { { PW_OK, STORE_MOOD_up, "up", "ok", "" },
		{ PW_FAILED, STORE_MOOD_down, "down", "failed", "" }, { PW_DEGRADED, STORE_MOOD_degraded, "up", "degraded", "slow" }, { PW_BLOCKED, STORE_MOOD_degraded, "up", "blocked", "policy" },
		{ PW_UNKNOWN, STORE_MOOD_unknown, "up", "unknown", "" }, { PW_OK, STORE_MOOD_paused, "up", "ok", "" } };
	uint32_t now = (uint32_t)(number % 5), like = 0;
	int64_t began = 0, at = last, micros = 0;

	for (int i = QUARTERS - 1; i >= 0; i--) {
		uint32_t next = i < 6 ? now : chance(10) == 0 ? (uint32_t)chance(6) : like;

		at = last - i * quarter;
		if (like == 1 && next != 1)
			put_incident(batch, number, began, at);
		began = next == 1 && like != 1 ? at : began;
		like = next;
		micros = (int64_t)(1000 + chance(3000000));
		store_put_result(history, &(struct store_result){ .target = number, .run = number * 1000 + (uint64_t)i, .at = at, .micros = micros, .verdict = likes[like].verdict,
			.mood = likes[like].mood, .speaks_for = 900, .outcome = likes[like].verdict == PW_OK ? "ok" : "refused", .phase_names = "connect banner", .phase_count = 2,
			.phases = (int64_t[]){ micros / 3, micros - micros / 3 }, .text = text_view(likes[like].verdict == PW_OK ? "" : "so") });
	}
	if (like == 1)
		put_incident(batch, number, began, 0);
	snprintf(names[number - 1], sizeof names[0], "n%u", (unsigned)number);
	targets[number - 1] = (struct target){ .name = names[number - 1], .policy = &policy, .parent = CONFIG_NONE };
	store_put_target(batch, &(struct store_target){ .number = number, .identity = names[number - 1], .name = names[number - 1], .probe = "talk", .host = "mx.example", .port = 25, .was = "",
		.known = last - QUARTERS * quarter });
	store_put_state(batch, &(struct store_state){ .target = number, .at = at, .state = likes[like].state, .verdict = likes[like].verdict_name, .outcome = "refused",
		.since = like == 1 ? began + 60 * (int64_t)SECOND : last - 5 * quarter, .ended = at + micros, .interval = policy.interval,
		.text = text_view(like == 1 ? "connection refused" : "") });
	if (likes[like].condition[0] != '\0') {
		store_put_condition(batch, &(struct store_condition){ .target = number, .code = likes[like].condition, .since = last - 4 * quarter, .standing = last, .text = text_view("it is so") });
		put_notice(batch, number, 0, like == 3 ? "blocked" : "degraded", last - 3 * quarter);
	}
	store_put_server(batch, &(struct store_server){ .target = number, .run = 1, .at = last, .tls_version = "TLSv1.3", .tls_cipher = "X", .not_before = last - 30 * day,
		.not_after = last + (int64_t)(3 + chance(80)) * day + (int64_t)chance(86400) * SECOND });
}

static int
fill(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *history = store_batch_create(STORE_HISTORY);
	int64_t last = (clock_wall() / quarter - 2) * quarter; /* it is over, and stragglers are waited for no longer */

	assert_int_equal(set_up(state), 0);
	seed = 7;
	notices = incidents = 0;
	assert_true(db_exec(folder.store->db_files[STORE_HISTORY].db, "DELETE FROM results; DELETE FROM heads"));
	for (uint64_t number = 1; number <= TARGETS; number++)
		put_target_of(batch, history, number, last);
	(void)folder_tend(&folder, last - (QUARTERS + 1) * quarter); /* roll-ups are made from then on */
	folder_commit(&folder, batch);
	folder_commit(&folder, history);
	store_batch_destroy(&batch);
	store_batch_destroy(&history);
	assert_true(folder_tend(&folder, clock_wall()) > 0);
	config.target_count = TARGETS;
	config.targets = targets;
	board_destroy(&board);
	board = board_create(&config);
	turn();
	site = (struct site){ .config = &config, .board = board, .started = SECOND };
	return 0;
}

/* --- what SQL says, in the form that the page has --- */

static void
give(sqlite3_context *context, void (*put)(struct emit *, int64_t), sqlite3_value *value)
{
	struct buffer bytes = { .data = NULL };
	struct emit emit = { .to = &bytes };

	put(&emit, sqlite3_value_int64(value));
	sqlite3_result_text(context, bytes.data, (int)bytes.size, SQLITE_TRANSIENT);
	buffer_fini(&bytes);
}

static void
sql_form(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	give(context, *(void (**)(struct emit *, int64_t))sqlite3_user_data(context), values[0]);
}

static void
sql_now(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	(void)values;
	sqlite3_result_int64(context, board_time(board));
}

static sqlite3 *
open_store(void)
{
	static void (*const forms[])(struct emit *, int64_t) = { emit_age, emit_span, emit_time, emit_moment, emit_instant, emit_thousandths };
	static const char *const called[] = { "age", "span", "instant", "moment", "iso", "thousandths" };
	char sql[512];
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(folder_file(&folder, "postwatch.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	snprintf(sql, sizeof sql, "ATTACH '%s' AS h", folder_file(&folder, "history.db"));
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		assert_int_equal(sqlite3_create_function(db, called[i], 1, SQLITE_UTF8, (void *)(uintptr_t)&forms[i], sql_form, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, "now", 0, SQLITE_UTF8, NULL, sql_now, NULL, NULL), SQLITE_OK);
	return db;
}

static void
get(const char *path, struct buffer *body)
{
	struct server_answer answer = { .status = 200, .body = body };

	buffer_clear(body);
	site_answer(&site, &(struct server_request){ .path = path, .prefix = "" }, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(buffer_add(body, "", 1, EMIT_MAX));
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), sql);
	return statement;
}

/* Each row: the address of a page, and what it says. Returns how many are missing. */
static int
compare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = prepare(db, sql);
	struct buffer body = { .data = NULL };
	int rows = 0, missing = 0;

	for (; sqlite3_step(statement) == SQLITE_ROW; rows++) {
		const char *path = (const char *)sqlite3_column_text(statement, 0), *words = (const char *)sqlite3_column_text(statement, 1);

		assert_non_null(words);
		get(path, &body);
		if (strstr(body.data, words) != NULL)
			continue;
		print_error("%s does not say %s\n", path, words);
		missing++;
	}
	if (rows == 0)
		{
		print_error("no row: %s\n", sql);
		missing++;
	}
	sqlite3_finalize(statement);
	buffer_fini(&body);
	return missing;
}

/* How a target stands, by its state, its last run and its conditions. */
#define NEWEST "(SELECT target, max(at) AS at, micros, verdict FROM h.results GROUP BY target)"
#define RANKS_OF_TARGETS \
	"WITH ranks AS (SELECT t.number, t.name, CASE WHEN s.state = 'down' THEN 'down' WHEN r.verdict = 4 THEN 'unknown' WHEN r.verdict = 2 THEN 'blocked'" \
	" WHEN r.verdict = 1 OR EXISTS (SELECT 1 FROM conditions c WHERE c.target = t.number AND cleared = 0) THEN 'degraded' ELSE 'up' END AS rank" \
	" FROM targets t JOIN states s ON s.target = t.number JOIN " NEWEST " r ON r.target = t.number) "

static const char *const statements[] = {
	/* the overview */
	RANKS_OF_TARGETS "SELECT '/', printf('<title>(%d) %d of %d down - Postwatch</title>', n, n, m) FROM (SELECT sum(rank = 'down') AS n, count(*) AS m FROM ranks)",
	RANKS_OF_TARGETS "SELECT '/', printf('Mail %s at %d of %d (%d up, %d degraded); %d %s down', iif(sum(rank = 'unknown') > 0, 'is known to arrive', 'arrives'), sum(rank IN ('up', 'degraded')), count(*), sum(rank = 'up'),"
	" sum(rank = 'degraded'), sum(rank = 'down'), iif(sum(rank = 'down') = 1, 'is', 'are')) FROM ranks",
	RANKS_OF_TARGETS "SELECT '/', printf('</svg>%s</span> %d</a></li>', rank, count(*)) FROM ranks GROUP BY rank",
	"SELECT '/', printf('%s</a> does not, since %s: connection refused. <span class=\"told\"><strong>Told</strong> %s through ', t.name, moment(began),"
	" moment((SELECT min(d.ended) FROM deliveries d JOIN notices n ON n.number = d.notice WHERE n.incident = i.number)))"
	" FROM incidents i JOIN targets t ON t.number = i.target WHERE end_confirmed = 0",
	"SELECT '/', printf('<td class=\"when since\">%s <span class=\"faint\">%s</span></td>', moment(began), age(now() - began)) FROM incidents WHERE end_confirmed = 0",
	"SELECT '/', printf('<td class=\"when since\">%s <span class=\"faint\">%s</span></td>', moment(min(since)), age(now() - min(since))) FROM conditions WHERE cleared = 0 GROUP BY target",
	"SELECT '/', printf('<span class=\"before\">Down %d time%s before, last on %s</span>', count(*), iif(count(*) = 1, '', 's'), moment(max(b.began)))"
	" FROM incidents i JOIN incidents b ON b.target = i.target AND b.number < i.number WHERE i.end_confirmed = 0 GROUP BY i.number",
	"SELECT '/', printf('<td class=\"when looked\">%s ago</td><td class=\"when number took\">%s</td>', age(now() - at - micros), span(micros)) FROM " NEWEST,
	"SELECT '/', printf('certificate</a> to end is that of <a href=\"/targets/%s\">%s</a>, in %s, on %s.</p>', name, name, age(ends - now()), moment(ends))"
	" FROM (SELECT t.name, min(not_after) AS ends FROM servers s JOIN targets t ON t.number = s.target WHERE not_after > now())",
	"SELECT '/', printf('<title>p50 from %s, p95 up to %s</title>', span(min(p50)), span(max(p95))) FROM h.rollups WHERE span = 1 AND p50 IS NOT NULL"
	" AND start >= now() - now() % 3600000000 - 23 * 3600000000 GROUP BY target",
	/* a quarter is shown as the worst that was in it */
	"WITH quarters AS (SELECT target, CASE WHEN down > 0 THEN 'down' WHEN unknown > 0 THEN 'unknown' WHEN degraded = 0 THEN iif(paused > 0, 'paused', 'up')"
	" WHEN EXISTS (SELECT 1 FROM h.results r WHERE r.target = q.target AND at = start AND verdict = 2) THEN 'blocked' ELSE 'degraded' END AS mood,"
	" (SELECT count(*) FROM h.results r WHERE r.target = q.target AND at = start AND verdict = 3) AS failed"
	" FROM h.rollups q WHERE span = 0 AND start >= now() - now() % 900000000 - 95 * 900000000)"
	" SELECT '/', printf('aria-label=\"The last 24 hours:%s %d failed attempts\"', (SELECT group_concat(' ' || age(n * 900000000) || ' ' || mood || ',', '') FROM (SELECT mood, count(*) AS n"
	" FROM quarters q WHERE q.target = t.number AND mood <> 'up' GROUP BY mood ORDER BY instr('degraded down unknown paused blocked', mood))),"
	" (SELECT sum(failed) FROM quarters q WHERE q.target = t.number)) FROM targets t WHERE EXISTS (SELECT 1 FROM quarters q WHERE q.target = t.number AND mood <> 'up')",
	/* a target: of the time in which it was known, that in which it was good */
	"WITH spells AS (SELECT target, at, mood, min(coalesce(lead(at) OVER (PARTITION BY target ORDER BY at), now()), at + 900000000) - at AS took,"
	" coalesce(lead(at) OVER (PARTITION BY target ORDER BY at), now()) - at AS whole FROM h.results)"
	", sums AS (SELECT t.name, sum(took * (mood IN (0, 1))) AS good, sum(took * (mood = 2)) AS down, sum(took * (mood = 3) + whole - took) AS dark"
	" FROM spells s JOIN targets t ON t.number = s.target WHERE at >= (now() - 86400000000 + 3599999999) / 3600000000 * 3600000000 GROUP BY target)"
	" SELECT '/targets/' || name, printf('<strong>%s %%</strong><span>24 hours, %s %% at worst, %s %% at best: %s unknown</span>', thousandths(100000 * good / (good + down)),"
	" thousandths(100000 * good / (good + down + dark)), thousandths(100000 * (good + dark) / (good + down + dark)), age(dark)) FROM sums WHERE good + down > 0 AND dark > 0",
	"SELECT '/targets/' || t.name, printf('<td class=\"when\">%s <span class=\"faint under\">confirmed after %s</span></td><td class=\"when\">%s', instant(began), age(confirmed - began),"
	" iif(ended = 0, '<span class=\"rank down\">', age(ended - began) || '</td>')) FROM incidents i JOIN targets t ON t.number = i.target",
	"SELECT '/incidents', printf('/incidents/%d\">%d</a></td><td class=\"name\"><a href=\"/targets/%s\">', i.number, i.number, t.name) FROM incidents i JOIN targets t ON t.number = i.target",
	"SELECT '/incidents', printf('<strong>Told</strong> %s through ', moment(min(d.ended))) FROM deliveries d JOIN notices n ON n.number = d.notice WHERE incident > 0 GROUP BY incident",
	"SELECT '/targets/' || t.name, printf('<tr><td>%s</td><td class=\"when\">%s</td>', code, instant(since)) FROM conditions c JOIN targets t ON t.number = c.target",
	"SELECT '/targets/' || t.name, printf('<tr><td class=\"when\">%s</td><td>%s</td>', instant(confirmed), kind) FROM notices n JOIN targets t ON t.number = n.target",
	"SELECT '/targets/' || t.name, printf('<div>%s (%s): sent %s</div>', notifier, recipient, moment(ended)) FROM deliveries d JOIN targets t ON t.number = d.target",
	"SELECT '/targets/' || t.name, printf('<p>Ends in %s, at %s, of a lifetime of %s</p>', age(not_after - now()), instant(not_after), age(not_after - not_before))"
	" FROM servers s JOIN targets t ON t.number = s.target",
	"SELECT '/targets/' || t.name, printf('aria-label=\"%d %% of its lifetime is left\"', 100 * (not_after - now()) / (not_after - not_before)) FROM servers s JOIN targets t ON t.number = s.target",
	"SELECT '/targets/' || t.name, printf('<p>%s, %s in all</p>', instant(at), span(micros)) FROM " NEWEST " r JOIN targets t ON t.number = r.target",
	"WITH last AS (SELECT target, at, micros, row_number() OVER (PARTITION BY target ORDER BY at DESC) AS back FROM h.results), shown AS"
	" (SELECT *, row_number() OVER (PARTITION BY target ORDER BY micros) AS place FROM last WHERE back <= 96)"
	" SELECT '/targets/' || t.name, printf('<p class=\"faint\">%d attempts since %s;', count(*), instant(min(at))) FROM shown s JOIN targets t ON t.number = s.target GROUP BY target"
	" UNION ALL SELECT '/targets/' || t.name, printf('the whole attempt</strong> half within %s, 95 %% within %s', span(max(iif(place = 48, micros, 0))), span(max(iif(place = 92, micros, 0))))"
	" FROM shown s JOIN targets t ON t.number = s.target GROUP BY target",
	/* an incident */
	"SELECT '/incidents/' || i.number, printf(iif(ended = 0, '</a> is down, for %s', '</a> was down for %s'), age(iif(ended = 0, now(), ended) - began)) FROM incidents i",
	"SELECT '/incidents/' || number, printf('<dt>First sign</dt><dd>%s</dd><dt>Confirmed</dt><dd>%s</dd>', instant(began), instant(confirmed)) FROM incidents",
	"SELECT '/incidents/' || number, printf('<dt>First success</dt><dd>%s</dd><dt>End confirmed</dt><dd>%s</dd>', instant(ended), instant(end_confirmed)) FROM incidents WHERE ended > 0",
	"SELECT '/incidents/' || n.incident, printf('<td>%s</td><td>%s</td><td>sent</td><td class=\"when\">%s</td><td class=\"cause\">%s</td>', notifier, recipient, instant(ended), CAST(receipt AS TEXT))"
	" FROM deliveries d JOIN notices n ON n.number = d.notice WHERE n.incident > 0",
	/* certificates, in the order of their ends */
	"SELECT '/certificates', printf('/targets/%s\">%s</a></td><td class=\"when\">in %s</td><td class=\"when\">%s</td>', t.name, t.name, age(not_after - now()), instant(not_after))"
	" FROM servers s JOIN targets t ON t.number = s.target",
};

static void
each_figure_is_what_the_store_says(void **state)
{
	sqlite3 *db = open_store();
	int missing = 0;

	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		missing += compare(db, statements[i]);
	sqlite3_close(db);
	assert_int_equal(missing, 0);
}

static void
no_time_is_shown_that_is_not_in_the_store(void **state)
{
	static const char all[] = "SELECT 1 FROM (SELECT began AS at FROM incidents UNION SELECT confirmed FROM incidents UNION SELECT ended FROM incidents UNION SELECT end_confirmed FROM incidents"
	    " UNION SELECT since FROM conditions UNION SELECT since FROM states UNION SELECT confirmed FROM notices UNION SELECT ended FROM deliveries UNION SELECT not_after FROM servers"
	    " UNION SELECT at FROM servers UNION SELECT known FROM targets UNION SELECT at FROM h.results UNION SELECT at + micros FROM h.results UNION SELECT start FROM h.rollups UNION SELECT now())"
	    " WHERE iso(at) = ?1";
	sqlite3 *db = open_store();
	sqlite3_stmt *paths = prepare(db, "SELECT '/' UNION SELECT '/incidents' UNION SELECT '/certificates' UNION SELECT '/targets/' || name FROM targets UNION SELECT '/incidents/' || number FROM incidents"),
		     *times = prepare(db, all);
	struct buffer body = { .data = NULL };
	int shown = 0, strange = 0;

	(void)state;
	while (sqlite3_step(paths) == SQLITE_ROW) {
		const char *at;

		get((const char *)sqlite3_column_text(paths, 0), &body);
		for (at = body.data; (at = strstr(at, "datetime=\"")) != NULL; shown++) {
			at += strlen("datetime=\"");
			sqlite3_reset(times);
			sqlite3_bind_text(times, 1, at, (int)strcspn(at, "\""), SQLITE_STATIC);
			if (sqlite3_step(times) == SQLITE_ROW)
				continue;
			print_error("%s shows %.20s\n", sqlite3_column_text(paths, 0), at);
			strange++;
		}
	}
	sqlite3_finalize(paths);
	sqlite3_finalize(times);
	sqlite3_close(db);
	buffer_fini(&body);
	assert_int_equal(strange, 0);
	assert_true(shown > 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_figure_is_what_the_store_says, fill, tear_down),
		cmocka_unit_test_setup_teardown(no_time_is_shown_that_is_not_in_the_store, fill, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
