/* How long postwatch.db keeps what is over, and that a damaged page of a large file is met before it is needed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/list.h"
#include "store/maintenance.h"
#include "store_folder.h"

static const int64_t DAY = INT64_C(86400) * SECOND, BEGIN = INT64_C(1795392000) * SECOND;
enum { LARGE_BYTES = 48 * 1024 * 1024 };

static struct folder folder;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	folder.store->settings.keep_incidents = 100 * DAY;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static int64_t
number(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	int64_t value;

	assert_int_equal(sqlite3_open_v2(folder_file(&folder, "postwatch.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

/* Each incident with a piece of evidence, and with a notice whose one delivery is in this state (4: sent, 1: waiting). */
static void
put_incident(struct store_batch *batch, uint64_t incident, uint64_t target, int64_t began, int64_t ended, enum store_delivery_state state)
{
	store_put_incident(batch, &(struct store_incident){ .number = incident, .target = target, .change = incident, .began = began,
	    .confirmed = began, .ended = ended, .end_confirmed = ended, .outcome = "refused", .end = ended == 0 ? "" : "up" });
	store_put_evidence(batch, &(struct store_evidence){ .target = target, .run = incident, .at = began, .incident = incident,
	    .role = "confirmed", .bytes = bytes_of("evidence") });
	store_put_notice(batch, &(struct store_notice){ .number = incident, .target = target, .change = incident, .kind = "down",
	    .incident = incident, .code = "", .detected = began, .confirmed = began, .text = bytes_of("down"), .silences = "" });
	store_add_delivery(batch, &(struct store_delivery){ .notice = incident, .notifier = "mail", .recipient = "", .target = target,
	    .state = state, .created = began, .ended = state < STORE_DELIVERY_sent ? 0 : began });
}

static void
tend(int64_t now)
{
	struct store_maintained tended;

	do
		store_maintain(folder.store, now, &tended);
	while (tended.more);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_WELL);
}

/* Of 100 incidents the open ones, the young ones and those that somebody is still to be told of stay, whole. */
static void
old_incidents_go(void **state)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	(void)state;
	for (uint64_t i = 1; i <= 100; i++)
		put_incident(batch, i, 7, BEGIN + (int64_t)i * DAY, i % 10 == 3 ? 0 : BEGIN + (int64_t)i * DAY + SECOND,
		    i % 10 == 4 ? STORE_DELIVERY_waiting : STORE_DELIVERY_sent);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	tend(BEGIN + 150 * DAY);
	/* Ended before day 50: 49 without 3, 13, 23, 33, 43 (open) and 4, 14, 24, 34, 44 (waiting). */
	assert_int_equal(number("SELECT count(*) FROM incidents"), 100 - 39);
	assert_int_equal(number("SELECT count(*) FROM evidence"), 100 - 39);
	assert_int_equal(number("SELECT count(*) FROM notices"), 100 - 39);
	assert_int_equal(number("SELECT count(*) FROM deliveries"), 100 - 39);
	assert_int_equal(number("SELECT min(number) FROM incidents"), 3);
	assert_int_equal(number("SELECT count(*) FROM incidents WHERE end_confirmed = 0"), 10);
	store_batch_destroy(&batch);
}

/* A condition that ended, and a target that left, go as late; a target that an incident names stays with it. */
static void
old_targets_go(void **state)
{
	static const char *const tables[] = { "targets", "states", "servers", "ledger", "conditions" };
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	(void)state;
	for (uint64_t i = 1; i <= 200; i++) {
		char name[16];

		snprintf(name, sizeof name, "mx%d", (int)i);
		store_put_target(batch, &(struct store_target){ .number = i, .identity = name, .name = name, .probe = "smtp", .host = name,
		    .port = 25, .was = "", .known = BEGIN, .gone = i % 2 == 0 ? BEGIN + DAY : 0 });
		store_put_state(batch, &(struct store_state){ .target = i, .at = BEGIN, .record = bytes_of("state") });
		store_put_server(batch, &(struct store_server){ .target = i, .run = 1 });
		store_put_ledger(batch, &(struct store_ledger){ .target = i, .notifier = "mail", .meaning = "up" });
		store_put_condition(batch, &(struct store_condition){ .target = i, .code = "slow", .since = BEGIN, .standing = BEGIN,
		    .cleared = i % 3 == 0 ? BEGIN + 2 * DAY : 0 });
	}
	put_incident(batch, 1, 2, BEGIN + 60 * DAY, BEGIN + 61 * DAY, STORE_DELIVERY_sent);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	tend(BEGIN + 50 * DAY);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		char sql[64];

		snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
		assert_int_equal(number(sql), 200);
	}
	tend(BEGIN + 150 * DAY);
	assert_int_equal(number("SELECT count(*) FROM targets"), 101);
	assert_int_equal(number("SELECT count(*) FROM states"), 101);
	assert_int_equal(number("SELECT count(*) FROM ledger"), 101);
	assert_int_equal(number("SELECT count(*) FROM conditions"), 101 - 33);
	assert_int_equal(number("SELECT count(*) FROM targets WHERE gone > 0"), 1);
	store_batch_destroy(&batch);
}

/* Evidence of this many bytes in all, without an incident. */
static void
grow(int64_t bytes)
{
	static char piece[64 * 1024];
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	memset(piece, 'x', sizeof piece);
	for (int64_t at = 0; at < bytes; at += (int64_t)sizeof piece)
		store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = (uint64_t)at + 1, .at = BEGIN, .role = "failed",
		    .bytes = { piece, sizeof piece } });
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	store_batch_destroy(&batch);
}

/* The pages that belong to this table or index, by SQLite's own account of the file. */
static int64_t
page_of(const char *tree, const char *type)
{
	char sql[256];

	snprintf(sql, sizeof sql, "SELECT pageno FROM dbstat WHERE name = '%s' AND pagetype = '%s' ORDER BY pageno LIMIT 1 OFFSET"
	    " (SELECT count(*) / 2 FROM dbstat WHERE name = '%s' AND pagetype = '%s')", tree, type, tree, type);
	return number(sql);
}

static void
zero_page(int64_t page)
{
	static const char zeros[4096];
	FILE *file = fopen(folder_file(&folder, "postwatch.db"), "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, (page - 1) * 4096, SEEK_SET), 0);
	assert_int_equal(fwrite(zeros, sizeof zeros, 1, file), 1);
	fclose(file);
}

/* One second of maintenance after the other, until the file is in trouble or has been read to its end: on a slow machine each
 * second reads less. */
static enum store_trouble_kind
watch(void)
{
	const struct verify *verify = &folder.store->maintenance.verify[STORE_MAIN];
	struct store_maintained tended;

	for (int64_t i = 0; verify->rests_until == 0 && store_trouble(folder.store, STORE_MAIN, NULL) == STORE_WELL; i++) {
		assert_true(i < 86400);
		do
			store_maintain(folder.store, BEGIN + i * SECOND, &tended);
		while (tended.more);
	}
	return store_trouble(folder.store, STORE_MAIN, NULL);
}

static const struct { const char *tree, *type; } damages[] = {
	{ "evidence", "leaf" }, { "evidence", "overflow" }, { "evidence", "internal" },
	{ "evidence_incident", "leaf" }, { "sqlite_autoindex_evidence_1", "leaf" }, { "states", "leaf" },
	{ "deliveries", "leaf" }, { "notices_target", "leaf" }, { "incidents_open", "leaf" },
};

/* A page that is zeroed in the midst of a large file while nobody looks: opening takes the file, the pass finds it. */
static void
zeroed_page_is_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		struct store_batch *batch = store_batch_create(STORE_MAIN);
		struct reason why = { .text = "" };

		for (uint64_t n = 1; n <= 400; n++) {
			put_incident(batch, n, 7, BEGIN, 0, STORE_DELIVERY_sent);
			store_put_state(batch, &(struct store_state){ .target = n, .at = BEGIN, .record = bytes_of("a state of some bytes") });
		}
		assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
		store_batch_destroy(&batch);
		grow(LARGE_BYTES);
		assert_int_equal(watch(), STORE_WELL);
		int64_t page = page_of(damages[i].tree, damages[i].type);
		store_close(&folder.store);
		zero_page(page);
		folder_open(&folder);
		assert_int_equal(folder.opening, STORE_OPENED);
		assert_false(folder.found[STORE_MAIN].fresh);
		assert_int_equal(watch(), STORE_DAMAGED);
		assert_int_equal(store_trouble(folder.store, STORE_MAIN, &why), STORE_DAMAGED);
		assert_non_null(strstr(why.text, "malformed"));
		struct store_found found;
		assert_true(store_mend(folder.store, STORE_MAIN, &found));
		assert_true(found.fresh);
		assert_non_null(strstr(found.aside, "damaged"));
		folder_remove(&folder);
		folder_make(&folder);
		folder_open(&folder);
	}
}

static int64_t
bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	long long bytes = -1;

	if (file == NULL || fscanf(file, "rchar: %lld", &bytes) != 1)
		bytes = -1;
	if (file != NULL)
		fclose(file);
	return bytes;
}

/* 14 GiB, most of them a hole: opening reads what it needs, and no more. */
static void
opening_does_not_read_all(void **state)
{
	enum { PAGES = 14 * 256 * 1024 };
	unsigned char count[4] = { PAGES >> 24 & 255, PAGES >> 16 & 255, PAGES >> 8 & 255, PAGES & 255 };
	int64_t before = bytes_read();

	(void)state;
	if (before < 0)
		skip();
	grow(LARGE_BYTES);
	store_close(&folder.store);
	FILE *file = fopen(folder_file(&folder, "postwatch.db"), "r+");
	assert_int_equal(fseek(file, 28, SEEK_SET), 0); /* the file's header: its size in pages */
	assert_int_equal(fwrite(count, sizeof count, 1, file), 1);
	fclose(file);
	assert_int_equal(truncate(folder_file(&folder, "postwatch.db"), (off_t)PAGES * 4096), 0);
	before = bytes_read();
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_WELL);
	assert_false(folder.found[STORE_MAIN].fresh);
	assert_in_range(bytes_read() - before, 1, 16 * 1024 * 1024);
	assert_int_equal(number("PRAGMA page_count"), PAGES);
}

/* A list goes on behind the last row of each page, in either direction, and over keys of text. */
static void
a_list_is_read_page_by_page(void **state)
{
	enum { INCIDENTS = 1300, MANY = 100000 };
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	struct store_reader *reader;
	struct store_list list;
	struct store_outage outage;
	struct store_told told;
	enum store_reader_opening opening;
	struct reason why;
	uint64_t count = 0;

	(void)state;
	store_put_target(batch, &(struct store_target){ .number = 7, .identity = "mx7", .name = "mx7", .probe = "smtp", .host = "mx7",
	    .port = 25, .was = "", .known = BEGIN });
	for (uint64_t n = 1; n <= INCIDENTS; n++)
		put_incident(batch, n, n % 2 == 0 ? 7 : 8, BEGIN, 0, STORE_DELIVERY_waiting);
	store_put_notice(batch, &(struct store_notice){ .number = INCIDENTS + 1, .target = 7, .change = 1, .kind = "reminder", .incident = MANY });
	for (int i = 0; i < INCIDENTS; i++) {
		char recipient[16];
		snprintf(recipient, sizeof recipient, "a%04d", i);
		store_add_delivery(batch, &(struct store_delivery){ .notice = INCIDENTS + 1, .notifier = "ops", .recipient = recipient,
		    .state = STORE_DELIVERY_sent, .ended = 1 });
	}
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	store_batch_destroy(&batch);
	reader = store_reader_open(folder.path, &opening, &why);
	assert_non_null(reader);
	store_list_open(&list, reader, STORE_LIST_INCIDENTS, 0);
	for (uint64_t next = INCIDENTS; store_list_next(&list, &outage); next--, count++)
		assert_true(outage.number == next && strcmp(outage.name, next % 2 == 0 ? "mx7" : "") == 0);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	assert_int_equal(count, INCIDENTS);
	store_list_open(&list, reader, STORE_LIST_INCIDENTS_OF, 7);
	for (count = 0; store_list_next(&list, &outage); count++)
		assert_int_equal(outage.number, INCIDENTS - 2 * count);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	assert_int_equal(count, INCIDENTS / 2);
	store_list_open(&list, reader, STORE_LIST_TOLD, MANY);
	for (count = 0; store_list_next(&list, &told); count++) {
		char expected[16];
		snprintf(expected, sizeof expected, "a%04d", (int)count);
		assert_true(told.notice == INCIDENTS + 1 && strcmp(told.recipient, expected) == 0 && strcmp(told.delivery, "sent") == 0);
	}
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	assert_int_equal(count, INCIDENTS);
	/* Enough was read of it. */
	store_list_open(&list, reader, STORE_LIST_INCIDENTS, 0);
	assert_true(store_list_next(&list, &outage));
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	store_reader_close(&reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_list_is_read_page_by_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_incidents_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_targets_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(zeroed_page_is_met, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opening_does_not_read_all, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
