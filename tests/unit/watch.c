/* What `status --watch` shows, is typed and asks: rows through filters and in orders, on a screen of the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/layout.h"
#include "command/watch_ask.h"
#include "command/watch_table.h"
#include "command/watch_topic.h"
#include "command/watch_view.h"

enum { ROWS = 24, COLUMNS = 80, TARGETS = 40 };

/* What was put into each row of the page, one piece behind the other. */
static char page[ROWS][4096];
static int widest;

static void
put(int row, int column, unsigned look, const char *text)
{
	(void)look;
	assert_in_range(row, 0, ROWS - 1);
	assert_true(layout_columns(page[row]) == column || page[row][0] == '\0');
	snprintf(page[row] + strlen(page[row]), sizeof page[row] - strlen(page[row]), "%s", text);
	if (column + layout_columns(text) > widest)
		widest = column + layout_columns(text);
	for (; *text != '\0'; text++)
		assert_true((unsigned char)*text >= ' ' && *text != 127);
}

static const struct screen screen = { .put = put };

static struct policy policy;
static struct target configured;
static struct past_target targets[TARGETS];
static struct status_row all[TARGETS];
static const struct status_row *chosen[TARGETS], *shown[TARGETS];
static char names[TARGETS][32];
static struct watch_rows rows;
static struct watch_table table;

/* Target 3 is down, 5 is suspect, 7 has a certificate that ends, 9 is not looked at. */
static int
begin(void **state)
{
	static const char *const tags[] = { "lab", "east" };

	(void)state;
	memset(page, 0, sizeof page);
	widest = 0;
	policy = (struct policy){ .tag_count = 2, .tags = tags };
	configured = (struct target){ .name = "mx07", .policy = &policy };
	rows = (struct watch_rows){ .rows = shown, .chosen = chosen, .chosen_count = TARGETS,
		.name_width = 4, .past = { .now = 1000000 * (int64_t)SECOND, .runs = true }, .troubles = (char[]){ "" } };
	table = (struct watch_table){ .top = 0 };
	for (int i = 0; i < TARGETS; i++) {
		snprintf(names[i], sizeof names[i], "mx%02d", i);
		targets[i] = (struct past_target){ .number = (uint64_t)i + 1, .name = names[i], .identity = names[i], .host = "mail.example.org" };
		all[i] = (struct status_row){ .target = &targets[i], .state = STATE_UP, .run = true, .verdict = PW_OK, .outcome = "ok",
			.since = (999000 - i) * (int64_t)SECOND, .last_run = 999990 * (int64_t)SECOND,
			.ended = 999990 * (int64_t)SECOND + (i + 1) * MILLISECOND, .ack_by = "", .ack_why = "" };
		chosen[i] = &all[i];
	}
	all[3].state = STATE_DOWN;
	all[3].verdict = PW_FAILED;
	all[3].outcome = "banner_timeout";
	all[3].text = "no greeting within 60.0 s";
	all[3].incident = 12;
	all[5].state = STATE_SUSPECT;
	all[7].verdict = PW_DEGRADED;
	all[7].configured = &configured;
	all[9].unseen_since = 1;
	all[9].flags[STATUS_UNSEEN] = true;
	watch_rows_arrange(&rows);
	watch_table_follow(&table, &rows);
	return 0;
}

static void
filter(const char *words, size_t count, const char *first)
{
	snprintf(rows.filter, sizeof rows.filter, "%s", words);
	watch_rows_arrange(&rows);
	if (rows.count != count)
		fail_msg("%s: %zu rows, not %zu", words, rows.count, count);
	if (count > 0)
		assert_string_equal(rows.rows[0]->target->name, first);
}

static void
filters(void **state)
{
	(void)state;
	filter("", TARGETS, "mx03");
	filter("mx1", 10, "mx10");
	filter("MX1 EXAMPLE", 10, "mx10");
	filter("mx1 mx2", 0, "");
	filter("tag:lab", 1, "mx07");
	filter("tag:ea", 1, "mx07");
	filter("tag:lab mx03", 0, "");
	filter("state:down", 1, "mx03");
	filter("state:degraded", 1, "mx07");
	filter("state:not", 1, "mx09");
	filter("  greeting  banner_ ", 1, "mx03");
}

static void
orders(void **state)
{
	static const struct {
		enum watch_order order;
		int first, last;
	} wanted[] = { { WATCH_BY_NEED, 3, 39 }, { WATCH_BY_NAME, 0, 39 }, { WATCH_BY_SINCE, 0, 39 }, { WATCH_BY_TOOK, 39, 0 } };

	(void)state;
	for (int reversed = 0; reversed < 2; reversed++)
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			rows.order = wanted[i].order;
			rows.is_reversed = reversed;
			watch_rows_arrange(&rows);
			assert_int_equal(rows.count, TARGETS);
			assert_ptr_equal(rows.rows[reversed ? TARGETS - 1 : 0], &all[wanted[i].first]);
			assert_ptr_equal(rows.rows[reversed ? 0 : TARGETS - 1], &all[wanted[i].last]);
		}
	rows.order = WATCH_BY_NEED;
	rows.is_reversed = false;
	watch_rows_arrange(&rows);
	assert_ptr_equal(rows.rows[1], &all[5]);
	assert_ptr_equal(rows.rows[2], &all[9]);
	assert_ptr_equal(rows.rows[3], &all[7]);
	assert_ptr_equal(rows.rows[4], &all[0]);
}

/* What is selected stays so when rows come and go; what nobody selected is the worst. */
static void
follows_its_target(void **state)
{
	(void)state;
	assert_ptr_equal(watch_table_row(&table, &rows), &all[3]);
	all[20].state = STATE_DOWN;
	all[3].state = STATE_UP;
	watch_rows_arrange(&rows);
	watch_table_follow(&table, &rows);
	assert_ptr_equal(watch_table_row(&table, &rows), &all[20]);
	watch_table_move(&table, &rows, 5);
	const struct status_row *row = watch_table_row(&table, &rows);
	rows.order = WATCH_BY_NAME;
	watch_rows_arrange(&rows);
	watch_table_follow(&table, &rows);
	assert_ptr_equal(watch_table_row(&table, &rows), row);
	watch_table_move(&table, &rows, -1000);
	assert_ptr_equal(watch_table_row(&table, &rows), &all[0]);
	watch_table_move(&table, &rows, 1000);
	assert_ptr_equal(watch_table_row(&table, &rows), &all[39]);
	filter("mx1", 10, "mx10");
	watch_table_follow(&table, &rows);
	assert_ptr_equal(watch_table_row(&table, &rows), &all[19]);
	filter("nothing", 0, "");
	watch_table_follow(&table, &rows);
	assert_null(watch_table_row(&table, &rows));
}

static void
draws_a_table(void **state)
{
	(void)state;
	watch_head_draw(&rows, &screen, COLUMNS);
	watch_table_draw(&table, &rows, &screen, 1, 10, COLUMNS);
	watch_table_describe(&table, &rows, &screen, 20, COLUMNS);
	assert_int_equal(table.height, 9);
	assert_int_equal(widest, COLUMNS);
	assert_memory_equal(page[1], "   target", 9);
	assert_memory_equal(page[2], ">X mx03   down ", 15);
	assert_memory_equal(page[3], " ! mx05   suspect ", 18);
	assert_memory_equal(page[4], " ? mx09   up, not looked at", 27);
	assert_memory_equal(page[5], " ~ mx07   up ", 13);
	assert_memory_equal(page[6], " . mx00   up ", 13);
	assert_string_equal(page[20], "mx03: incident 12: failed (banner_timeout): no greeting within 60.0 s");
	assert_string_equal(page[11], "");
	/* The selected row stays in sight. */
	memset(page, 0, sizeof page);
	watch_table_move(&table, &rows, 30);
	watch_table_draw(&table, &rows, &screen, 1, 10, COLUMNS);
	assert_int_equal(page[10][0], '>');
}

static void
shows_hostile_bytes_as_text(void **state)
{
	(void)state;
	all[3].text = "\033]0;owned\007 \xff \xe2\x80\xae \033[2J";
	rows.troubles = (char[]){ "mail: \033[31mred\nand another\nand a third\n" };
	watch_table_draw(&table, &rows, &screen, 1, 4, 200);
	watch_table_describe(&table, &rows, &screen, 8, 200);
	assert_non_null(strstr(page[2], "\\x1b]0;owned\\x07 \\xff \\xe2\\x80\\xae"));
	assert_non_null(strstr(page[8], "\\x1b]0;owned"));
	assert_int_equal(watch_troubles_draw(&rows, "the file is \033damaged", &screen, 12, 2, 60), 2);
	assert_string_equal(page[12], "! cannot be read now: the file is \\x1bdamaged");
	assert_memory_equal(page[13], "! there is more of our own trouble", 34);
}

static void
key_each(struct watch_ask *ask, const char *keys)
{
	for (; *keys != '\0'; keys++)
		assert_int_equal(watch_ask_key(ask, *keys == '\n' ? SCREEN_ENTER : (uint32_t)*keys), WATCH_GOES_ON);
}

static void
asks_before_it_does_anything(void **state)
{
	const char *words[WATCH_JOB_WORDS];
	struct watch_ask ask;
	struct text text = TEXT_ROOM(1024);

	(void)state;
	assert_non_null(watch_ask_begin(&ask, WATCH_ACK, &all[0])); /* no incident */
	assert_non_null(watch_ask_begin(&ask, WATCH_RESUME, &all[0]));
	assert_non_null(watch_ask_begin(&ask, WATCH_PAUSE, NULL));
	assert_null(watch_ask_begin(&ask, WATCH_PAUSE, &all[0]));
	key_each(&ask, "soon\n"); /* no time */
	key_each(&ask, "\x15" "2h\n \n"); /* no reason */
	key_each(&ask, "new disk\n");
	watch_ask_add(&text, &ask);
	assert_string_equal(text.bytes, "Pause mx00 for 2h:  new disk  (y/n)");
	assert_int_equal(watch_ask_key(&ask, SCREEN_ENTER), WATCH_GOES_ON);
	assert_int_equal(watch_ask_key(&ask, 'n'), WATCH_GIVEN_UP);
	assert_int_equal(watch_ask_key(&ask, 'y'), WATCH_DECIDED);
	assert_int_equal(watch_ask_words(&ask, words), 7);
	assert_string_equal(words[0], "pause");
	assert_string_equal(words[2], "2h");
	assert_string_equal(words[4], " new disk");
	assert_string_equal(words[6], "mx00");
	assert_null(watch_ask_begin(&ask, WATCH_ACK, &all[3]));
	key_each(&ask, "on it\n");
	assert_int_equal(watch_ask_key(&ask, SCREEN_ESCAPE), WATCH_GIVEN_UP);
	assert_int_equal(watch_ask_words(&ask, words), 5);
	assert_string_equal(words[4], "12");
}

/* A pause of a tag is ended as such. */
static void
resumes_what_was_paused(void **state)
{
	struct status_pause pause = { .tag = "lab", .by = "anna", .why = "" };
	const char *words[WATCH_JOB_WORDS];
	struct watch_ask ask;

	(void)state;
	all[7].pauses = &pause;
	assert_null(watch_ask_begin(&ask, WATCH_RESUME, &all[7]));
	assert_int_equal(watch_ask_words(&ask, words), 3);
	assert_string_equal(words[2], "tag:lab");
}

static void
types_utf8(void **state)
{
	struct watch_input input = { .size = 0 };

	(void)state;
	assert_true(watch_input_key(&input, 'a'));
	assert_true(watch_input_key(&input, 0xfc));
	assert_true(watch_input_key(&input, 0x65e5));
	assert_true(watch_input_key(&input, 0x202e)); /* which may not be shown */
	assert_string_equal(input.bytes, "aü日");
	assert_true(watch_input_key(&input, SCREEN_BACKSPACE));
	assert_string_equal(input.bytes, "aü");
	assert_true(watch_input_key(&input, SCREEN_BACKSPACE));
	assert_false(watch_input_key(&input, SCREEN_KEY_UP));
	assert_false(watch_input_key(&input, 1));
	assert_string_equal(input.bytes, "a");
	for (int i = 0; i < 2 * WATCH_INPUT_MAX; i++)
		watch_input_key(&input, 0xfc);
	assert_in_range(input.size, WATCH_INPUT_MAX - 3, WATCH_INPUT_MAX - 1);
	assert_true(watch_input_key(&input, 0x15));
	assert_int_equal(input.size, 0);
	assert_true(watch_input_key(&input, SCREEN_BACKSPACE));
}

static void
scrolls(void **state)
{
	struct watch_view view = { .count = 0 };

	(void)state;
	watch_view_add(&view, text_view("one\ntwo\n\nfour\nfive\nsix"));
	assert_int_equal(view.count, 6);
	watch_view_draw(&view, &screen, 2, 4, COLUMNS);
	assert_string_equal(page[2], "one");
	assert_string_equal(page[5], "four");
	assert_true(watch_view_key(&view, SCREEN_KEY_DOWN));
	assert_int_equal(view.top, 1);
	assert_true(watch_view_key(&view, SCREEN_KEY_PAGE_DOWN));
	assert_int_equal(view.top, 2);
	assert_true(watch_view_key(&view, SCREEN_KEY_UP));
	assert_true(watch_view_key(&view, SCREEN_KEY_HOME));
	assert_int_equal(view.top, 0);
	assert_true(watch_view_key(&view, 'G'));
	assert_int_equal(view.top, 2);
	assert_false(watch_view_key(&view, 'x'));
	watch_view_draw(&view, &screen, 12, 12, COLUMNS); /* a greater page shows all */
	assert_string_equal(page[12], "one");
	assert_string_equal(page[17], "six");
	watch_view_fini(&view);
}

static void
a_topic_has_its_commands(void **state)
{
	const char *words[WATCH_JOB_WORDS];
	struct watch_topic topic;
	struct text title = TEXT_ROOM(64);

	(void)state;
	assert_false(watch_topic_begin(&topic, WATCH_ABOUT_TARGET, NULL));
	assert_true(watch_topic_begin(&topic, WATCH_ABOUT_INCIDENT, &all[3]));
	watch_topic_title(&topic, &title);
	assert_string_equal(title.bytes, " mx03, incident 12");
	assert_true(watch_topic_next(&topic, words));
	assert_string_equal(words[0], "show");
	assert_string_equal(words[2], "12");
	assert_null(words[3]);
	assert_false(watch_topic_next(&topic, words));
	assert_true(watch_topic_begin(&topic, WATCH_ABOUT_TARGET, &all[3]));
	for (int i = 0; i < 3; i++)
		assert_true(watch_topic_next(&topic, words));
	assert_false(watch_topic_next(&topic, words));
	watch_topic_again(&topic);
	assert_true(watch_topic_next(&topic, words));
	assert_string_equal(words[0], "explain");
	assert_string_equal(words[2], "mx03");
	assert_true(watch_topic_begin(&topic, WATCH_ABOUT_HELP, NULL));
	assert_false(watch_topic_next(&topic, words));
	for (const char *at = watch_help, *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
		assert_true(end - at <= COLUMNS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(filters, begin),
		cmocka_unit_test_setup(orders, begin),
		cmocka_unit_test_setup(follows_its_target, begin),
		cmocka_unit_test_setup(draws_a_table, begin),
		cmocka_unit_test_setup(shows_hostile_bytes_as_text, begin),
		cmocka_unit_test_setup(asks_before_it_does_anything, begin),
		cmocka_unit_test_setup(resumes_what_was_paused, begin),
		cmocka_unit_test_setup(types_utf8, begin),
		cmocka_unit_test_setup(scrolls, begin),
		cmocka_unit_test_setup(a_topic_has_its_commands, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
