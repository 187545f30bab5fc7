/* Every kind of row goes in, comes out the same, is replaced where it is there, and lists go on from page to page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "store/find.h"
#include "store_folder.h"

static const char nasty_bytes[] = "a\0b\xff\xfe\"';--\r\n";
static const struct pw_bytes nasty = { nasty_bytes, sizeof nasty_bytes - 1 };

static struct folder folder;
static struct store_batch *batch;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	assert_non_null(folder.store);
	batch = store_batch_create(STORE_MAIN);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	store_batch_destroy(&batch);
	folder_remove(&folder);
	return 0;
}

/* Compares a row with what is expected, member by member. */
static void
assert_same_row(enum row_kind kind, const void *is, const void *should)
{
	for (const struct field *field = row_forms[kind].fields; field->column != NULL; field++) {
		const char *a = (const char *)is + field->offset, *b = (const char *)should + field->offset;

		if (field->type == FIELD_U32) {
			assert_int_equal(*(const uint32_t *)a, *(const uint32_t *)b);
		} else if (field->type == FIELD_I64) {
			assert_int_equal(*(const int64_t *)a, *(const int64_t *)b);
		} else if (field->type == FIELD_TEXT) {
			assert_string_equal(*(const char *const *)a, *(const char *const *)b);
		} else {
			const struct pw_bytes *x = (const void *)a, *y = (const void *)b;

			assert_int_equal(x->size, y->size);
			assert_memory_equal(x->data, y->data, y->size);
		}
	}
}

/* A list gives just these rows. */
#define ASSERT_LISTS(list, of, kind, ...)                                                                              \
	do {                                                                                                           \
		const void *const rows_[] = { __VA_ARGS__ };                                                           \
		assert_list(list, of, kind, rows_, sizeof rows_ / sizeof rows_[0]);                                     \
	} while (0)

static void
assert_list(enum store_list_kind listed, uint64_t of, enum row_kind kind, const void *const *rows, size_t count)
{
	struct store_reader *reader = folder_read(&folder);
	_Alignas(8) char row[ROW_SIZE_MAX];
	struct store_list list;

	store_list_open(&list, reader, listed, of);
	for (size_t i = 0; i < count; i++) {
		assert_true(store_list_next(&list, row));
		assert_same_row(kind, row, rows[i]);
	}
	assert_false(store_list_next(&list, row));
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	store_reader_close(&reader);
}

/* Those that are open are just these; the second may be NULL. */
static void
assert_open(const struct store_incident *first, const struct store_incident *second)
{
	struct store_incident row = { .number = 0 };

	assert_true(store_next_open_incident(folder.store, &row));
	assert_same_row(ROW_INCIDENT, &row, first);
	assert_true(store_next_open_incident(folder.store, &row) == (second != NULL));
	if (second == NULL)
		return;
	assert_same_row(ROW_INCIDENT, &row, second);
	assert_false(store_next_open_incident(folder.store, &row));
}

static void
targets_and_states(void **state)
{
	struct store_target one = { 1, "a", "n", "smtp", "mx.example.org", 25, "", 5, 0 };
	struct store_target two = { 2, "b", "m", "banner", "::1", 65535, "was", 6, 7 };
	struct store_state held = { .target = 2, .at = INT64_MAX, .record = nasty, .state = "down", .verdict = "failed",
		.outcome = "refused", .silences = "parent", .text = nasty, .since = 1, .ended = 2, .interval = 3, .fails = 4, .passes = 5,
		.attempts = 6, .doubled = 7, .flapping = 1, .slow = 1, .held = 1, .quarantined = 1 };

	(void)state;
	assert_int_equal(store_number(folder.store, STORE_TARGETS), 1);
	store_put_target(batch, &one);
	store_put_target(batch, &two);
	store_put_state(batch, &held);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_TARGETS, 0, ROW_TARGET, &one, &two);
	ASSERT_LISTS(STORE_LIST_STATES, 0, ROW_STATE, &held);
	held.record = bytes_of("");
	held.state = "up";
	held.at = 1;
	one.identity = "renamed";
	store_put_state(batch, &held);
	store_put_target(batch, &one);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_STATE, 2, ROW_STATE, &held);
	ASSERT_LISTS(STORE_LIST_TARGETS, 0, ROW_TARGET, &one, &two);
}

static void
incidents(void **state)
{
	struct store_incident one = { 1, 7, 3, 10, 20, 0, 0, "banner_timeout", "", nasty, bytes_of(""), 0, bytes_of(""), bytes_of(""),
		0 };
	struct store_incident two = one, again = one;
	struct store_incident found;

	(void)state;
	two.number = 2;
	two.target = 8;
	store_put_incident(batch, &one);
	store_put_incident(batch, &two);
	folder_commit(&folder, batch);
	assert_open(&one, &two);
	again.number = 3; /* the same (target, change) */
	store_put_incident(batch, &again);
	folder_commit(&folder, batch);
	assert_open(&one, &two);
	one.ended = 30;
	one.end_confirmed = 40;
	one.end = "up";
	one.end_text = nasty;
	store_put_incident(batch, &one);
	folder_commit(&folder, batch);
	assert_true(store_find_incident(folder.store, 1, &found));
	assert_same_row(ROW_INCIDENT, &found, &one);
	assert_open(&two, NULL);
}

static void
assert_waiting(struct store_waiting_of of, uint64_t notices, int64_t since)
{
	struct store_reader *reader = folder_read(&folder);
	struct store_waiting waiting;

	assert_true(store_read_waiting(reader, &of, &waiting));
	assert_int_equal(waiting.notices, notices);
	assert_int_equal(waiting.since, since);
	assert_int_equal(waiting.dead, 0);
	store_reader_close(&reader);
}

/* Its index is in the order of targets. */
static void
what_waits_is_listed_by_its_notices(void **state)
{
	static const struct { uint64_t target; enum store_delivery_state state; } rows[] = { { 1, STORE_DELIVERY_sent },
		{ 9, STORE_DELIVERY_waiting }, { 4, STORE_DELIVERY_sent }, { 7, STORE_DELIVERY_again }, { 2, STORE_DELIVERY_waiting } };
	struct store_undelivered row;
	struct store_list list;

	(void)state;
	for (uint64_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct store_notice notice = { i + 1, rows[i].target, i + 1, "down", 0, "refused", 1, 1, nasty, "", nasty };
		struct store_delivery delivery = { i + 1, "ops", "", rows[i].target, rows[i].state, 0, 0, 0, 10 + (int64_t)i, 0,
			rows[i].state == STORE_DELIVERY_sent, 0, 0, bytes_of(""), 0, 0, 0, 0, 2 };
		store_put_notice(batch, &notice);
		store_add_delivery(batch, &delivery);
	}
	folder_commit(&folder, batch);
	assert_waiting(STORE_WAITING_ALL, 3, 11);
	struct store_reader *reader = folder_read(&folder);
	store_list_open(&list, reader, STORE_LIST_WAITING, 0);
	for (uint64_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].state != STORE_DELIVERY_sent) {
			assert_true(store_list_next(&list, &row));
			assert_int_equal(row.notice, i + 1);
		}
	assert_false(store_list_next(&list, &row));
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	store_reader_close(&reader);
}

/* However many incidents are open, a page of targets reads those of its own targets. */
static void
a_page_of_targets_reads_no_other_incidents(void **state)
{
	struct query *query = db_query(folder.store->db_files[STORE_MAIN].db,
	    "EXPLAIN QUERY PLAN SELECT * FROM target_status WHERE target > 7 ORDER BY target LIMIT 5");
	int steps = 0;

	(void)state;
	assert_non_null(query);
	for (; query_step(query); steps++) {
		assert_null(strstr(query_text(query, 3), "MATERIALIZE"));
		assert_null(strstr(query_text(query, 3), "SCAN incidents"));
		assert_null(strstr(query_text(query, 3), "TEMP B-TREE"));
	}
	assert_true(steps > 3);
}

/* What is told of a target where its state has no sentence is told of its open incident, and by when that was certain. */
static void
a_target_stands_by_its_state_and_its_incident(void **state)
{
	struct store_target target = { 7, "a", "n", "smtp", "mx.example.org", 25, "", 5, 0 };
	struct store_state held = { .target = 7, .at = 1, .record = nasty, .state = "down", .verdict = "failed", .outcome = "refused",
		.silences = "parent", .since = 1, .ended = 2, .doubled = 7, .slow = 1 };
	struct store_incident open = { .number = 2, .target = 7, .change = 3, .began = 10, .confirmed = 20, .outcome = "refused",
		.text = bytes_of("no answer"), .acknowledged = 30, .ack_by = bytes_of("eva"), .ack_why = bytes_of("known") };
	struct store_outage outage = { .number = 2, .target = 7, .name = "n", .probe = "smtp", .host = "mx.example.org", .port = 25, .outcome = "refused",
		.end = "", .began = 10, .confirmed = 20, .acknowledged = 30, .text = open.text, .end_text = bytes_of(""),
		.ack_by = open.ack_by, .ack_why = open.ack_why };
	struct store_status status = { 7, "down", "failed", "refused", open.text, 20, 2, 7, 0, 1, 0, 0, "parent", 2, 30, open.ack_by,
		open.ack_why };
	struct store_status bare = { .target = 7, .state = "pending", .verdict = "", .outcome = "", .text = bytes_of(""), .silences = "",
		.ack_by = bytes_of(""), .ack_why = bytes_of("") };

	(void)state;
	store_put_target(batch, &target);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_STATUS, 0, ROW_STATUS, &bare);
	store_put_state(batch, &held);
	store_put_incident(batch, &open);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_STATUS, 0, ROW_STATUS, &status);
	ASSERT_LISTS(STORE_LIST_INCIDENT, 2, ROW_OUTAGE, &outage);
	status.since = held.since;
	status.state = held.state = "up";
	store_put_state(batch, &held);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_STATUS, 0, ROW_STATUS, &status);
}

static void
evidence(void **state)
{
	struct store_evidence first = { 7, 100, 0, 50, 0, "", nasty }, second = { 7, 100, 1, 50, 0, "", nasty };
	struct store_evidence later = { 7, 101, 0, 40, 0, "", nasty }, last = { 7, 102, 0, 30, 0, "", nasty }; /* by another clock */
	struct store_reader *reader;
	struct store_evidence row;
	struct store_list list;

	(void)state;
	store_put_evidence(batch, &first);
	store_put_evidence(batch, &second);
	store_put_evidence(batch, &later);
	store_put_evidence(batch, &last);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_EVIDENCE, 0, ROW_EVIDENCE, &first, &second, &later, &last);
	reader = folder_read(&folder);
	store_list_open(&list, reader, STORE_LIST_EVIDENCE, 0);
	store_list_behind_leg(&list, &(struct store_leg_key){ 7, 100, 0 });
	store_list_limit(&list, 2);
	assert_true(store_list_next(&list, &row));
	assert_same_row(ROW_EVIDENCE, &row, &second);
	assert_true(store_list_next(&list, &row));
	assert_same_row(ROW_EVIDENCE, &row, &later);
	assert_false(store_list_next(&list, &row)); /* the limit */
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	store_reader_close(&reader);
	store_attach_evidence(batch, 7, 100, 5, "confirmed");
	store_drop_evidence_upto(batch, 7, 101); /* attached: stays */
	folder_commit(&folder, batch);
	first.incident = second.incident = 5;
	first.role = second.role = "confirmed";
	ASSERT_LISTS(STORE_LIST_EVIDENCE, 5, ROW_EVIDENCE, &first, &second);
	ASSERT_LISTS(STORE_LIST_EVIDENCE, 0, ROW_EVIDENCE, &last);
	store_drop_evidence_upto(batch, 7, 102);
	store_drop_loose(batch, 7, 4); /* not its incident */
	store_drop_loose(batch, 7, 5); /* what confirmed it stays */
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_EVIDENCE, 5, ROW_EVIDENCE, &first, &second);
	store_attach_evidence(batch, 7, 100, 5, "failed");
	store_drop_loose(batch, 7, 5);
	folder_commit(&folder, batch);
	assert_list(STORE_LIST_EVIDENCE, 5, ROW_EVIDENCE, NULL, 0);
	assert_list(STORE_LIST_EVIDENCE, 0, ROW_EVIDENCE, NULL, 0);
}

/* It is written with its notice alone, and goes with it. */
static void
evidence_of_a_notice(void **state)
{
	struct store_notice notice = { 3, 7, 1, "fact", 0, "", 5, 6, nasty, "", nasty };
	struct store_notice_evidence second = { 3, 102, 0, 40, nasty }, first = { 3, 101, 1, 50, nasty }, none = { 4, 101, 0, 50, nasty };

	(void)state;
	store_put_notice(batch, &notice);
	store_put_notice_evidence(batch, &second);
	store_put_notice_evidence(batch, &first);
	store_put_notice_evidence(batch, &none);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_NOTICE_EVIDENCE, 3, ROW_NOTICE_EVIDENCE, &first, &second);
	assert_list(STORE_LIST_NOTICE_EVIDENCE, 4, ROW_NOTICE_EVIDENCE, NULL, 0);
}

static void
notices_and_deliveries(void **state)
{
	struct store_notice notice = { 1, 7, 3, "down", 5, "banner_timeout", 10, 20, nasty, "paused", nasty };
	struct store_notice replayed = notice, found;
	struct store_delivery mail = { 1, "email", "a@example.org", 7, STORE_DELIVERY_waiting, 0, 0, 0, 20, 0, 0, 0, 0, bytes_of(""), 1, 2, 3, 1, 2 };
	struct store_delivery log = { 1, "syslog", "", 7, STORE_DELIVERY_sent, 1, 0, 1, 20, 21, 22, 0, 0, nasty, 0, 0, 0, 0, 1 };
	struct store_delivery stray = mail;
	struct store_undelivered queued = { 1, "email", "a@example.org", 7, "", "down", nasty, STORE_DELIVERY_waiting, 0, 0, 20, bytes_of("") };

	(void)state;
	store_put_notice(batch, &notice);
	store_add_delivery(batch, &mail);
	store_add_delivery(batch, &log);
	stray.notice = 99;
	store_add_delivery(batch, &stray);
	store_put_delivery(batch, &stray);
	folder_commit(&folder, batch);
	assert_true(store_find_notice(folder.store, 1, &found));
	assert_same_row(ROW_NOTICE, &found, &notice);
	assert_true(store_find_first_notice(folder.store, 5, &found));
	assert_same_row(ROW_NOTICE, &found, &notice);
	assert_false(store_find_notice(folder.store, 99, &found));
	ASSERT_LISTS(STORE_LIST_RECORDED_OF, 7, ROW_NOTICE, &notice);
	ASSERT_LISTS(STORE_LIST_RECORDED, 0, ROW_NOTICE, &notice);
	ASSERT_LISTS(STORE_LIST_DELIVERIES, 1, ROW_DELIVERY, &mail, &log);
	assert_list(STORE_LIST_DEAD, 0, ROW_DELIVERY, NULL, 0);
	ASSERT_LISTS(STORE_LIST_WAITING, 0, ROW_UNDELIVERED, &queued);
	assert_waiting(STORE_WAITING_ALL, 1, mail.created);
	assert_waiting((struct store_waiting_of){ mail.notifier, mail.not_before }, 1, mail.created);
	assert_waiting((struct store_waiting_of){ mail.notifier, mail.not_before - 1 }, 0, 0);
	assert_waiting((struct store_waiting_of){ log.notifier, INT64_MAX }, 0, 0);
	ASSERT_LISTS(STORE_LIST_PROVED, 0, ROW_PROVED, &log.notifier);
	replayed.number = 2;
	replayed.text = bytes_of("another");
	mail.notice = 2;
	store_put_notice(batch, &replayed);
	store_add_delivery(batch, &mail);
	folder_commit(&folder, batch);
	mail.notice = 1;
	mail.state = STORE_DELIVERY_dead;
	store_put_delivery(batch, &mail);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_DEAD, 0, ROW_DELIVERY, &mail);
	queued.state = STORE_DELIVERY_dead;
	ASSERT_LISTS(STORE_LIST_GIVEN_UP, 0, ROW_UNDELIVERED, &queued);
	ASSERT_LISTS(STORE_LIST_RECORDED, 0, ROW_NOTICE, &notice);
}

/* Blindness stands until an end of it is told, or another is. */
static void
blindness_that_stands(void **state)
{
	struct store_notice first = { 1, 0, 1, "blind", 0, "no_route", 10, 20, bytes_of("no route"), "", nasty };
	struct store_notice other = { 3, 0, 3, "blind", 0, "resolver", 30, 40, bytes_of("no resolver"), "", nasty };

	(void)state;
	store_put_notice(batch, &(struct store_notice){ .number = 2, .target = 0, .change = 2, .kind = "impaired", .code = "undurable" });
	store_put_notice(batch, &first);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_BLIND, 0, ROW_NOTICE, &first);
	store_put_notice(batch, &other);
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_BLIND, 0, ROW_NOTICE, &other);
	store_put_notice(batch, &(struct store_notice){ .number = 4, .target = 0, .change = 4, .kind = "cleared", .code = "resolver" });
	folder_commit(&folder, batch);
	assert_list(STORE_LIST_BLIND, 0, ROW_NOTICE, NULL, 0);
}

static void
conditions_ledger_pauses_meta(void **state)
{
	struct store_condition standing = { 7, "cert_expires_soon", 1, 2, 0, nasty }, over = { 7, "slow_banner", 1, 2, 3, nasty };
	struct store_ledger told = { 7, "email", 5, "down", 4, "up", "a b", "a" };
	struct store_pause pause = { 1, 7, "", 10, 100, 0, nasty, nasty }, ended = { 2, 0, "tag", 10, 100, 50, nasty, nasty };
	struct store_reader *meta;
	char value[4];

	(void)state;
	store_put_condition(batch, &standing);
	store_put_condition(batch, &over);
	store_put_ledger(batch, &told);
	store_put_pause(batch, &pause);
	store_put_pause(batch, &ended);
	store_put_meta(batch, "key", bytes_of("value"));
	folder_commit(&folder, batch);
	ASSERT_LISTS(STORE_LIST_CONDITIONS, 0, ROW_CONDITION, &standing);
	ASSERT_LISTS(STORE_LIST_LEDGER, 7, ROW_LEDGER, &told);
	ASSERT_LISTS(STORE_LIST_PAUSES, 99, ROW_PAUSE, &pause);
	meta = folder_read(&folder);
	assert_int_equal(store_read_meta(meta, "key", value, sizeof value), 5);
	assert_memory_equal(value, "valu", 4);
	assert_int_equal(store_read_meta(meta, "none", value, sizeof value), -1);
	store_reader_close(&meta);
}

/* Numbers go on where they were, also those that were given and left unused. */
static void
numbers_stay_given(void **state)
{
	unsigned char instance[INSTANCE_SIZE];
	struct stat status;

	(void)state;
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(store_number(folder.store, STORE_NOTICES), i);
	store_put_meta(batch, "any", bytes_of(""));
	folder_commit(&folder, batch);
	memcpy(instance, store_instance(folder.store), sizeof instance);
	assert_int_equal(stat(folder_file(&folder, "postwatch.db"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	store_close(&folder.store);
	folder_open(&folder);
	assert_false(folder.found[STORE_MAIN].first || folder.found[STORE_MAIN].fresh);
	assert_int_equal(store_number(folder.store, STORE_NOTICES), 6);
	assert_memory_equal(instance, store_instance(folder.store), sizeof instance);
}

/* What contradicts is left out, and troubles nobody. */
static void
refused_row(void **state)
{
	struct store_target first = { 1, "a", "", "", "", 0, "", 0, 0 }, target = first;

	(void)state;
	store_put_target(batch, &target);
	store_put_meta(batch, NULL, bytes_of("x"));
	folder_commit(&folder, batch);
	target.number = 2;
	store_put_target(batch, &target);
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db,
	    "CREATE TRIGGER t BEFORE INSERT ON pauses BEGIN SELECT raise(ABORT, 'no'); END"));
	store_put_pause(batch, &(struct store_pause){ .number = 1 });
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	assert_int_equal(store_batch_refused(batch), 1);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_WELL);
	store_batch_clear(batch);
	ASSERT_LISTS(STORE_LIST_TARGETS, 0, ROW_TARGET, &first, &target);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(targets_and_states, set_up, tear_down),
		cmocka_unit_test_setup_teardown(incidents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_target_stands_by_its_state_and_its_incident, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_waits_is_listed_by_its_notices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_page_of_targets_reads_no_other_incidents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(evidence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(evidence_of_a_notice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(notices_and_deliveries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(blindness_that_stands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(conditions_ledger_pauses_meta, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_stay_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused_row, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
