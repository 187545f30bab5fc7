/* A store that another process reads for us: every list, value and configuration comes as it is read here; what is malformed is
 * no answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "store/answer.h"
#include "store/question.h"
#include "store/remote.h"
#include "store/row_bytes.h"
#include "store_stage.h"
#include "web/outline.h"

/* More than a page has, and evidence of more bytes than an answer. */
enum { TARGETS = 1201, EVIDENCE = 700, EVIDENCE_BYTES = 8000, OUTPUT_MAX = 64 * 1024 * 1024 };
#define AT(seconds) ((1700000000 + (int64_t)(seconds)) * SECOND)

/* Between the reader and the store: what becomes of an answer. */
struct way {
	struct store_reader *store;
	uint32_t questions, keep; /* bytes of an answer that come; UINT32_MAX: all */
	uint32_t changed;         /* a byte of it that is another; UINT32_MAX: none */
	const char *instead;      /* comes in place of it */
};

static const char *const keys[] = { "none", "channels", NULL };

static bool
carry(void *arg, const char *question, struct buffer *answer, struct reason *why)
{
	struct way *way = arg;

	way->questions++;
	if (way->instead != NULL)
		return buffer_add(answer, way->instead, strlen(way->instead), OUTPUT_MAX);
	assert_int_equal(store_answer(way->store, question, keys, answer, why), STORE_ANSWERED);
	if (way->keep < answer->size)
		answer->size = way->keep;
	if (way->changed < answer->size)
		answer->data[way->changed] ^= 0x55;
	return true;
}

static void
fill_main(void)
{
	static const char bytes[EVIDENCE_BYTES] = "a\0b";
	struct store_batch *main = store_batch_create(STORE_MAIN);
	char name[32];

	for (uint64_t i = 1; i <= TARGETS; i++) {
		snprintf(name, sizeof name, "mx%llu", (unsigned long long)i);
		store_put_target(main, &(struct store_target){ .number = i, .identity = name, .name = name, .probe = "smtp", .host = name,
		    .port = 25, .was = "", .known = AT(0) });
		store_put_state(main, &(struct store_state){ .target = i, .at = AT(9), .record = bytes_of("of the monitor"), .state = "up",
		    .verdict = "ok", .outcome = "ok", .silences = "", .since = AT(i), .ended = AT(i + 1) });
		store_put_condition(main, &(struct store_condition){ .target = i, .code = "slow_banner", .since = AT(1), .standing = AT(2),
		    .text = bytes_of("slow") });
		store_put_incident(main, &(struct store_incident){ .number = i, .target = 1, .change = i, .began = AT(i), .outcome = "refused",
		    .end = "", .text = bytes_of("down"), .ack_by = bytes_of("\xff\n") });
		store_put_notice(main, &(struct store_notice){ .number = i, .target = 1, .change = i, .kind = "down", .incident = 1,
		    .code = "refused", .silences = "", .text = bytes_of("told") });
		store_add_delivery(main, &(struct store_delivery){ .notice = i, .notifier = "mail", .recipient = name, .target = 1,
		    .state = i % 2 ? STORE_DELIVERY_waiting : STORE_DELIVERY_dead, .created = AT(i), .ended = i % 2 ? 0 : AT(i) });
		store_put_pause(main, &(struct store_pause){ .number = i, .target = i, .tag = "", .until = AT(i), .why = bytes_of("w") });
	}
	for (uint64_t run = 1; run <= EVIDENCE; run++)
		store_put_evidence(main, &(struct store_evidence){ .target = 1, .run = run, .leg = (uint32_t)run % 3, .incident = 1,
		    .role = "confirmed", .bytes = { bytes, sizeof bytes } });
	store_put_notice(main, &(struct store_notice){ .number = 5000, .kind = "blind", .change = 1, .code = "no_route", .silences = "",
	    .text = bytes_of("we see nothing") });
	store_put_ledger(main, &(struct store_ledger){ .target = 1, .notifier = "mail", .meaning = "down", .sent_meaning = "", .codes = "",
	    .sent_codes = "" });
	store_put_server(main, &(struct store_server){ .target = 1, .tls_version = "TLSv1.3", .tls_cipher = "", .subject = bytes_of("CN=a"),
	    .not_after = AT(9) });
	store_put_meta(main, "channels", (struct pw_bytes){ "a\0b", 3 });
	folder_commit(&folder, main);
	store_batch_destroy(&main);
}

static int
fill(void **state)
{
	struct store_batch *history = store_batch_create(STORE_HISTORY);
	const int64_t times[] = { 1000, -1 };

	(void)set_up(state);
	fill_main();
	for (uint64_t run = 1; run <= TARGETS; run++)
		store_put_result(history, &(struct store_result){ .target = run % 2 + 1, .run = run, .at = AT(run), .micros = 90, .outcome = "ok",
		    .phase_names = "connect banner", .phase_count = 2, .phases = times, .text = bytes_of("") });
	for (uint64_t run = 3; run <= 8; run++)
		store_put_trace(history, &(struct store_trace){ .target = 1, .run = run / 2, .leg = run % 2, .at = AT(run), .bytes = { "t", 1 } });
	folder_commit(&folder, history);
	store_batch_destroy(&history);
	return 0;
}

/* The rows of a list, as bytes. Returns how many they are. */
static uint32_t
read_list(struct store_reader *reader, enum store_list_kind kind, struct buffer *rows, enum store_reading *ended)
{
	_Alignas(8) char row[ROW_SIZE_MAX];
	struct store_list list;
	uint32_t count = 0;

	buffer_clear(rows);
	store_list_open(&list, reader, kind, 1);
	for (; store_list_next(&list, row); count++)
		assert_true(row_put(rows, OUTPUT_MAX, store_list_form(kind)->fields, row));
	*ended = store_list_close(&list);
	return count;
}

static struct store_reader *
open_both(struct way *way)
{
	enum store_reader_opening opening;
	struct store_reader *reader;

	*way = (struct way){ .store = store_reader_open(folder.path, &opening, NULL), .keep = UINT32_MAX, .changed = UINT32_MAX };
	assert_non_null(way->store);
	reader = store_remote_open(carry, way);
	assert_non_null(reader);
	return reader;
}

static void
close_both(struct way *way, struct store_reader *reader)
{
	store_reader_close(&way->store);
	store_reader_close(&reader);
}

static void
every_list_is_the_same(void **state)
{
	struct buffer here = { .data = NULL }, there = { .data = NULL };
	enum store_reading ended;
	uint32_t empty = 0;
	struct way way;
	struct store_reader *reader = open_both(&way);

	(void)state;
	for (enum store_list_kind kind = 0; kind < STORE_LISTS; kind++) {
		uint32_t count = read_list(way.store, kind, &here, &ended);

		empty += count == 0;
		assert_int_equal(read_list(reader, kind, &there, &ended), count);
		assert_int_equal(ended, STORE_READ_END);
		assert_int_equal(here.size, there.size);
		assert_memory_equal(here.size == 0 ? "" : here.data, there.size == 0 ? "" : there.data, here.size);
	}
	assert_int_equal(empty, 4); /* nothing is proved, nothing rolled up, and no notice has evidence of its own */
	assert_true(way.questions > STORE_LISTS); /* some were answered in parts */
	buffer_fini(&here);
	buffer_fini(&there);
	close_both(&way, reader);
}

static void
values_are_the_same(void **state)
{
	struct store_waiting here, there;
	char value[8] = "";
	struct way way;
	struct store_reader *reader = open_both(&way);

	(void)state;
	assert_int_equal(store_read_meta(reader, "channels", value, sizeof value), 3);
	assert_memory_equal(value, "a\0b", 4);
	assert_int_equal(store_read_meta(reader, "channels", value, 1), 3);
	assert_int_equal(store_read_meta(reader, "none", value, sizeof value), -1);
	for (int i = 0; i < 2; i++) {
		const struct store_waiting_of of = { i == 0 ? "" : "other", INT64_MAX };

		assert_true(store_read_waiting(way.store, &of, &here));
		assert_true(store_read_waiting(reader, &of, &there));
		assert_memory_equal(&here, &there, sizeof here);
		assert_int_equal(here.notices, i == 0 ? TARGETS / 2 + 1 : 0);
	}
	way.keep = 3;
	assert_int_equal(store_read_meta(reader, "channels", value, sizeof value), -1);
	assert_false(store_read_waiting(reader, &STORE_WAITING_ALL, &there));
	close_both(&way, reader);
}

/* A cut answer is never taken for a shorter list. */
static void
what_is_not_whole_is_broken(void **state)
{
	static const char *const hostile[] = { "", "r", "m", "x", "ee", "rrrrrrrrrrrrrrrrrrrrrrrr" };
	struct buffer rows = { .data = NULL };
	enum store_reading ended = 0;
	struct way way;
	struct store_reader *reader = open_both(&way);

	(void)state;
	for (way.keep = 0; way.keep < 400; way.keep++) {
		(void)read_list(reader, STORE_LIST_STATE, &rows, &ended);
		if (ended == STORE_READ_END)
			break;
		assert_string_equal(store_reader_why(reader), "what was answered is malformed");
	}
	assert_true(way.keep > 50 && way.keep < 400);
	way.keep = UINT32_MAX;
	for (way.changed = 0; way.changed < 2000; way.changed++)
		(void)read_list(reader, STORE_LIST_TARGETS, &rows, &ended); /* it comes to an end */
	way.changed = UINT32_MAX;
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		way.instead = hostile[i];
		assert_int_equal(read_list(reader, STORE_LIST_TARGETS, &rows, &ended), 0);
		assert_int_equal(ended, STORE_READ_BROKEN);
	}
	buffer_fini(&rows);
	close_both(&way, reader);
}

static bool
repeat(void *arg, const char *question, struct buffer *answer, struct reason *why)
{
	const struct store_target row = { .number = 7, .identity = "a", .name = "a", .probe = "p", .host = "h", .was = "" };
	uint32_t *questions = arg;
	const char more = ANSWER_MORE, tag = ANSWER_ROW;

	(void)question, (void)why;
	++*questions;
	return buffer_add(answer, &tag, 1, OUTPUT_MAX) && row_put(answer, OUTPUT_MAX, row_forms[ROW_TARGET].fields, &row)
	    && buffer_add(answer, &more, 1, OUTPUT_MAX);
}

/* Whoever gives the same row again and again is not asked for ever. */
static void
what_does_not_go_on_is_broken(void **state)
{
	struct buffer rows = { .data = NULL };
	enum store_reading ended;
	uint32_t questions = 0;
	struct store_reader *reader = store_remote_open(repeat, &questions);

	(void)state;
	assert_int_equal(read_list(reader, STORE_LIST_TARGETS, &rows, &ended), 1);
	assert_int_equal(ended, STORE_READ_BROKEN);
	assert_int_equal(questions, 2);
	buffer_fini(&rows);
	store_reader_close(&reader);
}

/* What would be done by a terminal that it is printed on. */
static void
a_text_with_controls_is_malformed(void **state)
{
	static const struct { const char *name; bool is_taken; } names[] = { { "m\xc3\xbcller \xc2\xa0\tx\n", true },
		{ "a\x1b[2J", false }, { "\r", false }, { "a\x7f", false }, { "\xc2\x9b" "31m", false }, { "\xc2", true } };
	_Alignas(8) char row[ROW_SIZE_MAX];
	struct buffer bytes = { .data = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct store_target target = { .number = 1, .identity = "a", .name = names[i].name, .probe = "smtp", .host = "h",
			.was = "" };
		const struct field *fields = store_list_form(STORE_LIST_TARGETS)->fields;
		struct pw_bytes from;

		buffer_clear(&bytes);
		assert_true(row_put(&bytes, OUTPUT_MAX, fields, &target));
		from = buffer_view(&bytes);
		assert_int_equal(row_get(&from, fields, row), names[i].is_taken);
	}
	buffer_fini(&bytes);
}

static void
only_questions_are_answered(void **state)
{
	char digits[QUESTION_DIGITS_MAX + 1], bytes[QUESTION_DIGITS_MAX / 2], key[QUESTION_DIGITS_MAX];
	struct question question = { .kind = QUESTION_PAGE, .list = STORE_LISTS - 1, .texts = { "a", "", "c" } }, read;
	struct buffer answer = { .data = NULL };
	struct reason why;
	struct way way;
	struct store_reader *reader = open_both(&way);

	(void)state;
	assert_true(question_write(&question, digits));
	assert_true(question_read(digits, bytes, &read));
	assert_string_equal(read.texts[2], "c");
	for (size_t size = strlen(digits); size-- > 0;) {
		digits[size] = '\0';
		assert_int_equal(store_answer(way.store, digits, keys, &answer, &why), STORE_NO_QUESTION);
	}
	question.list = STORE_LISTS;
	assert_true(question_write(&question, digits));
	assert_int_equal(store_answer(way.store, digits, keys, &answer, &why), STORE_NO_QUESTION);
	question = (struct question){ .kind = QUESTION_WAITING + 1 };
	assert_true(question_write(&question, digits));
	assert_int_equal(store_answer(way.store, digits, keys, &answer, &why), STORE_NO_QUESTION);
	assert_int_equal(store_answer(way.store, "xx", keys, &answer, &why), STORE_NO_QUESTION);
	memset(key, 'k', sizeof key);
	key[STORE_KEY_ROOM] = '\0';
	question = (struct question){ .kind = QUESTION_META, .texts = { key } };
	assert_true(question_write(&question, digits));
	assert_int_equal(store_answer(way.store, digits, keys, &answer, &why), STORE_NO_QUESTION);
	/* One that nobody is told. */
	question.texts[0] = "instance";
	assert_true(question_write(&question, digits));
	assert_int_equal(store_answer(way.store, digits, keys, &answer, &why), STORE_NO_QUESTION);
	question.texts[0] = "channels";
	assert_true(question_write(&question, digits));
	assert_int_equal(store_answer(way.store, digits, keys, &answer, &why), STORE_ANSWERED);
	key[STORE_KEY_ROOM] = 'k';
	key[sizeof key - 1] = '\0';
	assert_int_equal(store_read_meta(reader, key, NULL, 0), -1);
	assert_int_equal(way.questions, 0);
	buffer_fini(&answer);
	close_both(&way, reader);
}

/* --- the configuration --- */

static const char *const tags[] = { "in", "all" };
static const struct phase_plan phases[] = { { .name = "connect", .routine = 1, .patient = 2, .slow = 3 },
	{ .name = "banner", .routine = 4, .patient = 5, .slow = 6 } };
static const struct pw_outcome outcomes[] = { { "early", PW_FAILED, "spoke early", NULL, "banner" }, { .name = NULL } };
static const struct pw_probe_ops ops = { .size = sizeof ops, .outcomes = outcomes };
static const struct pw_plugin descriptor = { .name = "smtp", .ops = &ops };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct policy policies[] = { { .probe = &plugin, .interval = 60 * SECOND, .retry_interval = 20, .stale_after = 300, .sla = 999000, .tries = 3,
	.recover_tries = 2, .leg = { .name = "leg", .patient = 9 }, .phase_count = 2, .phases = phases, .tag_count = 2, .tags = tags },
	{ .probe = &plugin, .interval = 61 * SECOND, .retry_interval = 21, .leg = { .name = "leg" } } };
static const struct target targets[] = { { .name = "a", .policy = &policies[1], .parent = 2, .hash = 77 },
	{ .name = "b", .policy = &policies[0], .parent = CONFIG_NONE }, { .name = "c", .policy = &policies[1], .parent = 1 } };
static const struct calendar_range ranges[] = { { 1, 120, 240 } };
static const uint32_t shut[] = { 0, 2 };
static const struct config_window windows[] = { { .when = { 1, ranges }, .why = "patches", .target_count = 2, .targets = shut } };
static const struct config_share shares[] = { { "in", "a-secret-that-nobody-may-know" } };

static struct config
make_config(void)
{
	return (struct config){ .state = "/var/lib/postwatch", .timezone = "Europe/Berlin", .target_count = 3, .targets = targets,
		.window_count = 1, .windows = windows, .web = { .token = "a-secret", .share_count = 1, .shares = shares } };
}

static const struct config *
read_outline(const struct buffer *outline, uint32_t size, struct arena *arena, int64_t *behind)
{
	const char *end = memchr(outline->data, '\n', outline->size);

	return outline_read((struct pw_bytes){ end + 1, size - (uint32_t)(end + 1 - outline->data) }, arena, behind);
}

static void
an_outline_has_what_commands_need(void **state)
{
	const struct config config = make_config();
	struct arena *arena = arena_create();
	struct buffer outline = { .data = NULL };
	const struct config *read;
	int64_t behind = 0;

	(void)state;
	assert_true(outline_write(&outline, &config, 1234));
	assert_null(memmem(outline.data, outline.size, "secret", 6));
	read = read_outline(&outline, outline.size, arena, &behind);
	assert_non_null(read);
	assert_int_equal(behind, 1234);
	assert_string_equal(read->timezone, "Europe/Berlin");
	assert_int_equal(read->target_count, 3);
	assert_string_equal(read->targets[0].name, "a");
	assert_int_equal(read->targets[0].hash, 77);
	assert_int_equal(read->targets[0].parent, 2);
	assert_ptr_equal(read->targets[0].policy, read->targets[2].policy);
	assert_int_equal(read->targets[0].policy->interval, 61 * SECOND);
	assert_int_equal(read->targets[1].policy->sla, 999000);
	assert_true(target_has_tag(&read->targets[1], "all"));
	assert_false(target_has_tag(&read->targets[0], "all"));
	assert_int_equal(policy_phase(read->targets[1].policy, "banner"), 1);
	assert_int_equal(read->targets[1].policy->phases[1].slow, 6);
	assert_ptr_equal(read->targets[0].policy->probe, read->targets[1].policy->probe);
	assert_string_equal(plugin_probe(read->targets[0].policy->probe)->outcomes[0].phase, "banner");
	assert_null(plugin_probe(read->targets[0].policy->probe)->outcomes[1].name);
	assert_int_equal(policy_patience(read->targets[1].policy, 60), policy_patience(&policies[0], 60));
	assert_true(window_has_target(&read->windows[0], 2));
	assert_false(window_has_target(&read->windows[0], 1));
	assert_null(read->windows[0].timezone);
	assert_int_equal(read->windows[0].when.ranges[0].to, 240);
	buffer_fini(&outline);
	arena_destroy(&arena);
}

static void
a_malformed_outline_is_none(void **state)
{
	struct target circle[] = { targets[0], targets[1], targets[2] };
	struct calendar_range long_one = { 1, 120, 3000 };
	struct config_window window = windows[0];
	struct config config = make_config();
	struct arena *arena = arena_create();
	struct buffer outline = { .data = NULL };
	int64_t behind;

	(void)state;
	assert_true(outline_write(&outline, &config, 0));
	for (uint32_t size = OUTLINE_NAME_MAX; size < outline.size; size++)
		assert_null(read_outline(&outline, size, arena, &behind));
	for (uint32_t i = OUTLINE_NAME_MAX; i < outline.size; i++) { /* whatever it gives, it is within its bounds */
		outline.data[i] ^= 0x7f;
		(void)read_outline(&outline, outline.size, arena, &behind);
		outline.data[i] ^= 0x7f;
	}
	circle[1].parent = 0;
	config.targets = circle;
	buffer_clear(&outline);
	assert_true(outline_write(&outline, &config, 0));
	assert_null(read_outline(&outline, outline.size, arena, &behind));
	window.when.ranges = &long_one;
	config = make_config();
	config.windows = &window;
	buffer_clear(&outline);
	assert_true(outline_write(&outline, &config, 0));
	assert_null(read_outline(&outline, outline.size, arena, &behind));
	buffer_fini(&outline);
	arena_destroy(&arena);
}

/* Each of the four numbers of its head, as if what follows were as many records. */
static void
what_an_outline_claims_takes_no_memory(void **state)
{
	enum { PADDING = 1024 * 1024, NUMBERS = 4 };
	const struct config config = make_config();
	struct buffer outline = { .data = NULL };
	char *padding = calloc(1, PADDING);
	size_t numbers;

	(void)state;
	assert_true(outline_write(&outline, &config, 0));
	assert_true(buffer_add(&outline, padding, PADDING, OUTLINE_MAX));
	numbers = (size_t)((const char *)memchr(outline.data, '\n', outline.size) - outline.data) + 1 + sizeof(int64_t)
	    + sizeof(uint32_t) + strlen(config.state) + 1 + sizeof(uint32_t) + strlen(config.timezone) + 1;
	for (size_t i = 0; i < NUMBERS; i++) {
		struct arena *arena = arena_create();
		char *number = outline.data + numbers + i * sizeof(uint32_t);
		uint32_t was, claimed = PADDING;
		int64_t behind;

		memcpy(&was, number, sizeof was);
		assert_in_range(was, 1, 3);
		memcpy(number, &claimed, sizeof claimed);
		assert_null(read_outline(&outline, outline.size, arena, &behind));
		assert_true(arena_size(arena) < PADDING);
		memcpy(number, &was, sizeof was);
		arena_destroy(&arena);
	}
	free(padding);
	buffer_fini(&outline);
}

/* The last: the store is damaged by it. */
static void
a_circle_of_runs_is_broken(void **state)
{
	_Alignas(8) char row[ROW_SIZE_MAX];
	enum store_reader_opening opening;
	struct store_reader *reader;
	struct store_list list;
	uint32_t count = 0;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(folder_file(&folder, "history.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE results SET prev = (SELECT max(id) FROM results WHERE target = 1)"
	    " WHERE id = (SELECT min(id) FROM results WHERE target = 1)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(db), 1);
	sqlite3_close(db);
	reader = store_reader_open(folder.path, &opening, NULL);
	assert_non_null(reader);
	store_list_open(&list, reader, STORE_LIST_HISTORY, 1);
	while (count <= TARGETS && store_list_next(&list, row))
		count++;
	assert_int_equal(count, TARGETS / 2);
	assert_int_equal(store_list_close(&list), STORE_READ_BROKEN);
	assert_non_null(strstr(store_reader_why(reader), "come again"));
	store_reader_close(&reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_list_is_the_same),
		cmocka_unit_test(values_are_the_same),
		cmocka_unit_test(what_is_not_whole_is_broken),
		cmocka_unit_test(what_does_not_go_on_is_broken),
		cmocka_unit_test(a_text_with_controls_is_malformed),
		cmocka_unit_test(only_questions_are_answered),
		cmocka_unit_test(an_outline_has_what_commands_need),
		cmocka_unit_test(a_malformed_outline_is_none),
		cmocka_unit_test(what_an_outline_claims_takes_no_memory),
		cmocka_unit_test(a_circle_of_runs_is_broken),
	};

	return cmocka_run_group_tests(tests, fill, tear_down);
}
