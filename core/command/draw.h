/*
 * For `postwatch show` and `history`: pictures of characters: the steps of a dialogue as a
 * waterfall against their limits, a span of time as a strip of what a target was, and a spark line
 * of how long its runs took. Each is a line of so many columns; block elements of Unicode, or ASCII
 * where the reader's locale is not of UTF-8. Every meaning has a shape of its own; colours are
 * beside it.
 */
#pragma once

#include "base/evidence.h"
#include "base/text.h"
#include "store/rows.h"

enum {
	DRAW_COLUMNS_MAX = 120,
	DRAW_PAGE_LEAST = 80, /* a narrower page has no pictures */
	DRAW_LINE_MAX = 8192  /* bytes of a line, with its colours and its NUL */
};

struct draw_style {
	bool ascii, colour;
};

/* Whether the locale of the environment ($LC_ALL, $LC_CTYPE, $LANG) is not of UTF-8. */
bool draw_needs_ascii(void);

/* What marks a limit, and the time above which a step counts as slow, in a waterfall. */
const char *draw_limit_mark(const struct draw_style *);
const char *draw_slow_mark(const struct draw_style *);

/* The time, in microseconds, that the width of a waterfall stands for: to the end of the last step
 * that was reached. At least 1. */
int64_t draw_waterfall_span(const struct evidence *);

/* Adds the bar of a step: from where it began to where it ended, with the marks of its limit and of
 * `slow` (microseconds, 0: none) where they lie within the span; "not reached" where it was not.
 * At most `columns` columns; padded to them where `padded`. */
void draw_waterfall_bar(struct text *, const struct evidence *, uint32_t phase, int64_t slow,
    int columns, bool padded, const struct draw_style *);

/* A span of time in cells. Starts as zeroes but for the first three. */
struct draw_strip {
	int64_t from, until; /* UTC */
	int columns;         /* at most DRAW_COLUMNS_MAX */
	struct {
		int64_t time[STORE_MOODS_END];
		int64_t took; /* the sum over `runs` */
		uint32_t runs, failed;
	} cells[DRAW_COLUMNS_MAX];
};

/* The target was that from `from` until `until`; what lies outside the strip is left out. */
void draw_strip_time(struct draw_strip *, enum store_mood, int64_t from, int64_t until);
/* A run, and how long it took where it passed; microseconds, -1: it failed. */
void draw_strip_run(struct draw_strip *, int64_t at, int64_t took);

/* Adds a character for each cell, by the worst that a part of it was; a blank where nothing is
 * known. */
void draw_strip_moods(struct text *, const struct draw_strip *, const struct draw_style *);
/* Adds what that means: "up _ 23 h 50 min, down # 10 min, 3 failed attempts". */
void draw_strip_words(struct text *, const struct draw_strip *, const struct draw_style *);
/* Adds a character for each cell by the mean time that runs took in it: a step up is 1.4 times as
 * long, more where all do not fit. Returns false where no run passed. */
bool draw_strip_spark(struct text *, const struct draw_strip *, const struct draw_style *);
/* Adds the shortest and the longest of those means: "0.031 s to 0.35 s". */
void draw_strip_spark_words(struct text *, const struct draw_strip *);
