/*
 * For `postwatch show` and `history`: draws bars, strips and spark lines as characters.
 *
 * A bar ends on an eighth of a column where block elements are at hand; it begins on whole ones, as
 * there are no characters for the other side. What took any time at all has a mark.
 */
#include "command/draw.h"

#include <assert.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <string.h>

enum { EIGHTHS = 8, LEVELS = 8 };

/* What a cell of a waterfall shows. */
enum cell {
	CELL_NOTHING,
	CELL_EIGHTH,
	CELL_FULL = CELL_EIGHTH + EIGHTHS - 1,
	CELL_SLOW,
	CELL_LIMIT
};

static const char *const bars[2][CELL_LIMIT + 1] = {
	{ " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█", "┊", "│" },
	{ " ", "-", "-", "-", "-", "=", "=", "=", "=", ":", "|" },
};
static const char *const levels[2][LEVELS] = {
	{ "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
	{ "_", ".", "-", "=", "+", "*", "#", "@" },
};

static const struct mood {
	const char *name, *shapes[2], *colour;
} moods[STORE_MOODS_END] = {
	[STORE_MOOD_up] = { "up", { "▁", "_" }, "\033[32m" },
	[STORE_MOOD_degraded] = { "degraded", { "▄", "o" }, "\033[33m" },
	[STORE_MOOD_down] = { "down", { "█", "#" }, "\033[31m" },
	[STORE_MOOD_unknown] = { "unknown", { "?", "?" }, "\033[2m" },
	[STORE_MOOD_paused] = { "paused", { "═", "=" }, "\033[2m" },
};
/* Of several in a cell the first is shown. */
static const enum store_mood by_weight[STORE_MOODS_END] = { STORE_MOOD_down, STORE_MOOD_degraded,
	STORE_MOOD_unknown, STORE_MOOD_paused, STORE_MOOD_up };
/* Up, with attempts that failed and confirmed nothing. */
static const struct mood blip = { "", { "▂", "!" }, "\033[33m" };

bool
draw_needs_ascii(void)
{
	locale_t own = newlocale(LC_CTYPE_MASK, "", NULL);
	bool is_utf8 = own != NULL && strcmp(nl_langinfo_l(CODESET, own), "UTF-8") == 0;

	if (own != NULL)
		freelocale(own);
	return !is_utf8;
}

const char *
draw_limit_mark(const struct draw_style *style)
{
	return bars[style->ascii][CELL_LIMIT];
}

const char *
draw_slow_mark(const struct draw_style *style)
{
	return bars[style->ascii][CELL_SLOW];
}

/* When a step began, from the begin of the leg. */
static int64_t
begin_of(const struct evidence *leg, uint32_t phase)
{
	int64_t begun = 0;

	assert(phase < leg->phase_count && leg->phase_count <= EVIDENCE_PHASES_MAX);
	for (uint32_t i = 0; i < phase; i++)
		if (leg->phases[i].status != PHASE_NOT_REACHED && leg->phases[i].micros > 0)
			begun += leg->phases[i].micros;
	return begun;
}

int64_t
draw_waterfall_span(const struct evidence *leg)
{
	int64_t span = 1;

	for (uint32_t i = 0; i < leg->phase_count; i++) {
		const struct evidence_phase *phase = &leg->phases[i];
		int64_t took = phase->micros > 0 ? phase->micros : 0;

		/* It may have been noticed a little early. */
		if (phase->status == PHASE_FAILED && took < phase->limit
		    && took > phase->limit - phase->limit / 20)
			took = phase->limit;
		if (phase->status != PHASE_NOT_REACHED && begin_of(leg, i) + took > span)
			span = begin_of(leg, i) + took;
	}
	return span;
}

/* The place of an instant within the width, in parts of a column. */
static int
place(int64_t at, int64_t span, int columns, int parts)
{
	return (int)((double)at * columns * parts / (double)span);
}

static void
set_mark(enum cell *cells, enum cell mark, int64_t at, int64_t span, int columns)
{
	int column = place(at, span, columns, 1);

	if (at <= span)
		cells[column < columns ? column : columns - 1] = mark;
}

void
draw_waterfall_bar(struct text *text, const struct evidence *leg, uint32_t index, int64_t slow,
    int columns, bool padded, const struct draw_style *style)
{
	const struct evidence_phase *phase = &leg->phases[index];
	int64_t span = draw_waterfall_span(leg), begun = begin_of(leg, index);
	enum cell cells[DRAW_COLUMNS_MAX] = { CELL_NOTHING };
	bool is_reached = phase->status != PHASE_NOT_REACHED;
	const char *colour = phase->status == PHASE_FAILED ? moods[STORE_MOOD_down].colour
	    : slow > 0 && phase->micros > slow             ? moods[STORE_MOOD_degraded].colour
	                                                   : moods[STORE_MOOD_up].colour;
	int end, at, last = columns;

	assert(columns > 0 && columns <= DRAW_COLUMNS_MAX);
	if (style->colour)
		text_add(text, is_reached ? colour : moods[STORE_MOOD_unknown].colour);
	if (!is_reached)
		text_format(text, "%-*s", padded ? columns : 0, "not reached");
	else if (phase->micros >= 0) {
		end = place(begun + phase->micros, span, columns, EIGHTHS);
		at = place(begun, span, columns, 1);
		at = at < columns ? at : columns - 1;
		if (end <= (at + 1) * EIGHTHS) { /* within one column its length alone shows */
			end -= place(begun, span, columns, EIGHTHS);
			end = at * EIGHTHS + (end > 0 ? end : 1);
		}
		for (int column = at; column * EIGHTHS < end && column < columns; column++) {
			int part = end - column * EIGHTHS;

			cells[column] = part >= EIGHTHS ? CELL_FULL
			                                : (enum cell)(CELL_EIGHTH + part - 1);
		}
		if (slow > 0)
			set_mark(cells, CELL_SLOW, begun + slow, span, columns);
		set_mark(cells, CELL_LIMIT, begun + phase->limit, span, columns);
		while (!padded && last > 0 && cells[last - 1] == CELL_NOTHING)
			last--;
		for (int column = 0; column < last; column++)
			text_add(text, bars[style->ascii][cells[column]]);
	} else if (padded)
		text_format(text, "%*s", columns, "");
	if (style->colour)
		text_add(text, "\033[0m");
}

/* Where a cell begins. */
static int64_t
cell_begin(const struct draw_strip *strip, int cell)
{
	return strip->from
	    + (int64_t)((double)(strip->until - strip->from) * cell / strip->columns);
}

static int
cell_at(const struct draw_strip *strip, int64_t at)
{
	int cell = (int)((double)(at - strip->from) * strip->columns
	    / (double)(strip->until - strip->from));

	assert(strip->columns > 0 && strip->columns <= DRAW_COLUMNS_MAX);
	assert(at >= strip->from && at < strip->until);
	return cell < strip->columns ? cell : strip->columns - 1;
}

void
draw_strip_time(struct draw_strip *strip, enum store_mood mood, int64_t from, int64_t until)
{
	from = from > strip->from ? from : strip->from;
	until = until < strip->until ? until : strip->until;
	if (from >= until)
		return;
	for (int cell = cell_at(strip, from); cell < strip->columns; cell++) {
		int64_t begin = cell_begin(strip, cell), end = cell_begin(strip, cell + 1);

		begin = begin > from ? begin : from;
		end = end < until ? end : until;
		if (begin >= until)
			break;
		if (end > begin)
			strip->cells[cell].time[mood] += end - begin;
	}
}

void
draw_strip_run(struct draw_strip *strip, int64_t at, int64_t took)
{
	int cell;

	if (at < strip->from || at >= strip->until)
		return;
	cell = cell_at(strip, at);
	strip->cells[cell].failed += took < 0;
	strip->cells[cell].runs += took >= 0;
	strip->cells[cell].took += took > 0 ? took : 0;
}

/* NULL: nothing is known of it. */
static const struct mood *
mood_of(const struct draw_strip *strip, int cell)
{
	for (size_t i = 0; i < STORE_MOODS_END; i++)
		if (strip->cells[cell].time[by_weight[i]] > 0)
			return by_weight[i] == STORE_MOOD_up && strip->cells[cell].failed > 0
			    ? &blip : &moods[by_weight[i]];
	return strip->cells[cell].failed > 0 ? &blip : NULL;
}

void
draw_strip_moods(struct text *text, const struct draw_strip *strip, const struct draw_style *style)
{
	const struct mood *before = NULL;

	for (int cell = 0; cell < strip->columns; cell++) {
		const struct mood *mood = mood_of(strip, cell);

		if (style->colour && mood != before)
			text_add(text, mood == NULL ? "\033[0m" : mood->colour);
		text_add(text, mood == NULL ? " " : mood->shapes[style->ascii]);
		before = mood;
	}
	if (style->colour)
		text_add(text, "\033[0m");
}

void
draw_strip_words(struct text *text, const struct draw_strip *strip, const struct draw_style *style)
{
	const char *separator = "";
	uint64_t failed = 0;

	for (int mood = 0; mood < STORE_MOODS_END; mood++) {
		int64_t time = 0;

		for (int cell = 0; cell < strip->columns; cell++)
			time += strip->cells[cell].time[mood];
		if (time <= 0)
			continue;
		text_format(text, "%s%s %s ", separator, moods[mood].name,
		    moods[mood].shapes[style->ascii]);
		text_add_age(text, time);
		separator = ", ";
	}
	for (int cell = 0; cell < strip->columns; cell++)
		failed += strip->cells[cell].failed;
	text_format(text, "%s%llu failed attempt%s", separator, (unsigned long long)failed,
	    plural(failed));
	if (failed > 0)
		text_format(text, " (%s where up)", blip.shapes[style->ascii]);
}

/* The mean of the runs that passed in that cell; 0: none did. */
static int64_t
mean(const struct draw_strip *strip, int cell)
{
	uint32_t runs = strip->cells[cell].runs;
	int64_t took = runs == 0 ? 0 : strip->cells[cell].took / runs;

	return runs > 0 && took == 0 ? 1 : took;
}

/* Returns false where no run passed. */
static bool
find_range(const struct draw_strip *strip, int64_t *least, int64_t *most)
{
	*least = INT64_MAX;
	*most = 0;
	for (int cell = 0; cell < strip->columns; cell++) {
		int64_t took = mean(strip, cell);

		*least = took > 0 && took < *least ? took : *least;
		*most = took > *most ? took : *most;
	}
	return *most > 0;
}

/* What hardly differs looks so: all of the height is sixteenfold at least. */
bool
draw_strip_spark(struct text *text, const struct draw_strip *strip, const struct draw_style *style)
{
	const double range_least = log(16);
	int64_t least, most;
	double range;

	if (!find_range(strip, &least, &most))
		return false;
	range = log((double)most / (double)least);
	range = range > range_least ? range : range_least;
	for (int cell = 0; cell < strip->columns; cell++) {
		int64_t took = mean(strip, cell);
		int level = took == 0 ? 0
		    : (int)(log((double)took / (double)least) / range * LEVELS);

		assert(level >= 0);
		text_add(text, took == 0 ? " "
		        : levels[style->ascii][level < LEVELS ? level : LEVELS - 1]);
	}
	return true;
}

void
draw_strip_spark_words(struct text *text, const struct draw_strip *strip)
{
	int64_t least, most;

	if (!find_range(strip, &least, &most))
		return;
	text_add(text, SPAN(least));
	if (strcmp(SPAN(least), SPAN(most)) != 0)
		text_format(text, " to %s", SPAN(most));
}
