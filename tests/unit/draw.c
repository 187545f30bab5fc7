/* Waterfalls, strips and spark lines show what they are drawn of, in columns that can be counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/draw.h"
#include "command/layout.h"

static const struct draw_style unicode = { false, false }, ascii = { true, false },
	coloured = { false, true };

/* A greeting after 10 s of 30 s, behind a connection that took 10 s; EHLO failed at its limit. */
static struct evidence
leg_of(enum phase_status last, int64_t ehlo)
{
	return (struct evidence){ .phase_count = 4,
		.phases = { { "connect", PHASE_OK, 10 * SECOND, 15 * SECOND },
		    { "banner", PHASE_OK, 10 * SECOND, 30 * SECOND },
		    { "ehlo", last, ehlo, 20 * SECOND },
		    { "quit", PHASE_NOT_REACHED, -1, 5 * SECOND } } };
}

static const char *
bar(const struct evidence *leg, uint32_t phase, int64_t slow, bool padded,
    const struct draw_style *style)
{
	static char line[DRAW_LINE_MAX];
	struct text text = TEXT_OVER(line);

	draw_waterfall_bar(&text, leg, phase, slow, 40, padded, style);
	return line;
}

static void
shows_steps_and_marks(void **state)
{
	struct evidence leg = leg_of(PHASE_FAILED, 20 * SECOND);

	(void)state;
	assert_int_equal(draw_waterfall_span(&leg), 40 * SECOND);
	assert_string_equal(bar(&leg, 0, 5 * SECOND, false, &ascii), "=====:====     |");
	assert_string_equal(bar(&leg, 1, 0, false, &ascii),
	    "          ==========                   |");
	assert_string_equal(bar(&leg, 2, 3 * SECOND, false, &ascii),
	    "                    ===:===============|");
	assert_string_equal(bar(&leg, 3, 0, false, &ascii), "not reached");
	assert_string_equal(bar(&leg, 0, 5 * SECOND, false, &unicode), "█████┊████     │");
}

/* A limit that lies behind the end of the leg has no place in the picture. */
static void
the_last_step_is_the_end(void **state)
{
	struct evidence leg = leg_of(PHASE_OK, 20 * SECOND);

	(void)state;
	leg.phases[1].limit = 31 * SECOND;
	assert_string_equal(bar(&leg, 1, 31 * SECOND, false, &ascii), "          ==========");
	leg.phases[2].limit = 15 * SECOND; /* a patient one */
	assert_string_equal(bar(&leg, 2, 0, false, &ascii),
	    "                    ===============|====");
}

static void
what_took_any_time_has_a_mark(void **state)
{
	struct evidence leg = leg_of(PHASE_OK, 1);

	(void)state;
	assert_string_equal(bar(&leg, 2, 0, false, &unicode), "                                       ▏");
	leg.phases[0].micros = leg.phases[1].micros = leg.phases[2].micros = 0;
	assert_int_equal(draw_waterfall_span(&leg), 1);
	assert_string_equal(bar(&leg, 0, 0, false, &ascii), "-");
}

/* By eighths: 10 of 40 columns stand for 10 s, so 10.5 s end in the midst of one. */
static void
ends_between_columns(void **state)
{
	struct evidence leg = leg_of(PHASE_OK, 19500 * MILLISECOND);

	(void)state;
	leg.phases[0].micros = 10500 * MILLISECOND;
	assert_string_equal(bar(&leg, 0, 0, false, &unicode), "██████████▌    │");
	assert_string_equal(bar(&leg, 0, 0, false, &ascii), "==========-    |");
}

static void
is_padded_and_coloured(void **state)
{
	struct evidence leg = leg_of(PHASE_FAILED, 20 * SECOND);

	(void)state;
	for (uint32_t i = 0; i < leg.phase_count; i++) {
		assert_int_equal(layout_columns(bar(&leg, i, SECOND, true, &unicode)), 40);
		assert_int_equal(layout_columns(bar(&leg, i, SECOND, true, &coloured)), 40);
		assert_true(layout_columns(bar(&leg, i, SECOND, false, &ascii)) <= 40);
	}
	assert_memory_equal(bar(&leg, 0, SECOND, false, &coloured), "\033[33m", 5);
	assert_memory_equal(bar(&leg, 1, 0, false, &coloured), "\033[32m", 5);
	assert_memory_equal(bar(&leg, 2, 0, false, &coloured), "\033[31m", 5);
	assert_null(strchr(bar(&leg, 2, 0, false, &unicode), '\033'));
}

/* An instant may lie anywhere, and a step may take any time that a message can hold. */
static void
stays_within_its_columns(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct evidence leg = { .phase_count = EVIDENCE_PHASES_MAX };
		uint32_t at = (uint32_t)rand() % EVIDENCE_PHASES_MAX;

		for (uint32_t i = 0; i < leg.phase_count; i++)
			leg.phases[i] = (struct evidence_phase){ "p", (enum phase_status)(rand() % 3),
				rand() % 3 == 0 ? -1 : (int64_t)rand() << (rand() % 20),
				(int64_t)rand() << (rand() % 20) };
		assert_int_equal(layout_columns(bar(&leg, at, rand() % 9, true, &unicode)), 40);
	}
}

static struct draw_strip
strip_of(int64_t from, int64_t until, int columns)
{
	return (struct draw_strip){ from, until, columns, { { { 0 }, 0, 0, 0 } } };
}

static const char *
moods(const struct draw_strip *strip, const struct draw_style *style)
{
	static char line[DRAW_LINE_MAX];
	struct text text = TEXT_OVER(line);

	draw_strip_moods(&text, strip, style);
	return line;
}

static const char *
words(const struct draw_strip *strip)
{
	static char line[DRAW_LINE_MAX];
	struct text text = TEXT_OVER(line);

	draw_strip_words(&text, strip, &ascii);
	return line;
}

static void
a_strip_shows_the_worst_of_each_part(void **state)
{
	const int64_t minute = 60 * SECOND;
	struct draw_strip strip = strip_of(0, 10 * minute, 10);

	(void)state;
	assert_string_equal(moods(&strip, &ascii), "          ");
	draw_strip_time(&strip, STORE_MOOD_up, -5 * minute, 4 * minute);
	draw_strip_time(&strip, STORE_MOOD_down, 4 * minute, 5 * minute + SECOND);
	draw_strip_time(&strip, STORE_MOOD_up, 5 * minute + SECOND, 6 * minute);
	draw_strip_time(&strip, STORE_MOOD_degraded, 6 * minute, 7 * minute);
	draw_strip_time(&strip, STORE_MOOD_unknown, 7 * minute, 8 * minute);
	draw_strip_time(&strip, STORE_MOOD_paused, 8 * minute, 20 * minute);
	assert_string_equal(moods(&strip, &ascii), "____##o?==");
	assert_string_equal(moods(&strip, &unicode), "▁▁▁▁██▄?══");
	assert_string_equal(words(&strip), "up _ 4 min 59 s, degraded o 1 min, down # 1 min 1 s, "
	                                   "unknown ? 1 min, paused = 2 min, 0 failed attempts");
	assert_int_equal(layout_columns(moods(&strip, &coloured)), 10);
}

static void
failed_attempts_show_where_it_is_up(void **state)
{
	struct draw_strip strip = strip_of(100, 200, 10);

	(void)state;
	draw_strip_time(&strip, STORE_MOOD_up, 100, 190);
	draw_strip_run(&strip, 155, -1);
	draw_strip_run(&strip, 199, -1); /* where nothing else is known */
	draw_strip_run(&strip, 200, -1); /* behind its end */
	draw_strip_run(&strip, 99, -1);
	assert_string_equal(moods(&strip, &ascii), "_____!___!");
	assert_non_null(strstr(words(&strip), "2 failed attempts (! where up)"));
}

/* All time that is within a strip is in its cells, whatever their width. */
static void
no_time_is_lost_between_cells(void **state)
{
	(void)state;
	srand(2);
	for (int round = 0; round < 2000; round++) {
		int64_t from = rand() % 1000, until = from + 1 + rand() % 100000, sum = 0;
		int64_t begin = rand() % 100000, end = begin + rand() % 100000;
		struct draw_strip strip = strip_of(from, until, 1 + rand() % DRAW_COLUMNS_MAX);

		draw_strip_time(&strip, STORE_MOOD_up, begin, end);
		for (int i = 0; i < strip.columns; i++)
			sum += strip.cells[i].time[STORE_MOOD_up];
		begin = begin > from ? begin : from;
		end = end < until ? end : until;
		assert_int_equal(sum, end > begin ? end - begin : 0);
	}
}

static void
a_spark_line_shows_how_long_runs_took(void **state)
{
	struct draw_strip strip = strip_of(0, 60, 6);
	char line[DRAW_LINE_MAX];
	struct text text = TEXT_OVER(line);

	(void)state;
	draw_strip_run(&strip, 5, -1);
	assert_false(draw_strip_spark(&text, &strip, &ascii));
	assert_string_equal(line, "");
	draw_strip_run(&strip, 5, 10 * MILLISECOND);
	draw_strip_run(&strip, 15, 5 * MILLISECOND); /* the mean of a cell counts */
	draw_strip_run(&strip, 15, 15 * MILLISECOND);
	draw_strip_run(&strip, 25, 21 * MILLISECOND);
	draw_strip_run(&strip, 45, 160 * MILLISECOND);
	draw_strip_run(&strip, 55, 0);
	assert_true(draw_strip_spark(&text, &strip, &unicode));
	assert_int_equal(layout_columns(line), 6);
	assert_non_null(strstr(line, "█")); /* the longest */
	text = TEXT_OVER(line);
	strip.cells[5].runs = 0;
	assert_true(draw_strip_spark(&text, &strip, &ascii));
	assert_string_equal(line, "__- @ ");
	text = TEXT_OVER(line);
	draw_strip_spark_words(&text, &strip);
	assert_string_equal(line, "0.010 s to 0.160 s");
}

/* A few percent more are no step. */
static void
a_steady_spark_line_is_flat(void **state)
{
	struct draw_strip strip = strip_of(0, 60, 6);
	char line[DRAW_LINE_MAX];
	struct text text = TEXT_OVER(line);

	(void)state;
	for (int i = 0; i < 6; i++)
		draw_strip_run(&strip, 10 * i, (100 + 5 * i) * MILLISECOND);
	assert_true(draw_strip_spark(&text, &strip, &ascii));
	assert_string_equal(line, "______");
}

static void
the_locale_decides(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	assert_true(draw_needs_ascii());
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_false(draw_needs_ascii());
	setenv("LC_ALL", "no_SUCH", 1);
	assert_true(draw_needs_ascii());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_steps_and_marks),
		cmocka_unit_test(the_last_step_is_the_end),
		cmocka_unit_test(what_took_any_time_has_a_mark),
		cmocka_unit_test(ends_between_columns),
		cmocka_unit_test(is_padded_and_coloured),
		cmocka_unit_test(stays_within_its_columns),
		cmocka_unit_test(a_strip_shows_the_worst_of_each_part),
		cmocka_unit_test(failed_attempts_show_where_it_is_up),
		cmocka_unit_test(no_time_is_lost_between_cells),
		cmocka_unit_test(a_spark_line_shows_how_long_runs_took),
		cmocka_unit_test(a_steady_spark_line_is_flat),
		cmocka_unit_test(the_locale_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
