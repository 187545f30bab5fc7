/*
 * What a command prints on standard output, laid out for the terminal that it goes to: a line that
 * is too wide is wrapped at words, and goes on under its hanging indent. Where the output is no
 * terminal a line stays whole, for grep(1) and its kind. $COLUMNS, where it is set, says how wide
 * in both cases.
 *
 * Width is counted as terminals show it: characters of UTF-8, two columns for wide ones, none for
 * combining ones and for the sequences that colour.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A mark within a line, which is not printed: what is wrapped goes on under this place. Without
 * one a line goes on four columns right of where it began. */
#define LAYOUT_HANG "\v"

enum {
	LAYOUT_WIDE = 1 << 20, /* as wide as it comes: nothing is wrapped */
	LAYOUT_COLUMNS_MAX = 12
};

/* From here on standard output is laid out. Its lines are written as they become whole, so also
 * before another process writes to the same place. */
void layout_begin(void);
/* What follows is for programs: it is written as it is. */
void layout_be_plain(void);
/* What follows is read as a page of a book is: no wider than 80 columns, also where the output
 * is no terminal. */
void layout_be_prose(void);
/* Writes all, also a line that has no end yet, and standard output is as it was. False:
 * something could not be written; errno says why where that was now. */
bool layout_end(void);

/* Columns of standard output, LAYOUT_WIDE where nothing is wrapped; at least 20. */
int layout_width(void);
/* Columns of what is written to that descriptor, which is a terminal: 80 where it does not say. */
int layout_terminal_width(int fd);
/* Whether it is a terminal that shows colours, and nobody wants none ($TERM, $NO_COLOR). */
bool layout_has_colour(int fd);

/* Columns that a terminal needs for it. */
int layout_columns(const char *string);
/* The size of as much of a string as fits into so many columns; at_words: cut at a blank, where
 * there is one. */
size_t layout_fit(const char *string, int columns, bool at_words);

/* A column of a list. Cells that are wider than their column push those behind them to the next
 * line. */
struct layout_column {
	const char *head;
	int width;
	bool right; /* its cells stand at its right end */
};

/* Makes a column as wide as that cell, and no wider than `most`. */
void layout_widen(struct layout_column *, const char *cell, int most);

/* The widest that a column of names may be: a third of the page. */
int layout_name_width(void);

/* The heads of the columns, and one more, which has the rest of the line. */
void layout_heads(const struct layout_column *, size_t count, const char *rest);
/* A cell for each column, then what has the rest of the line, or where little is left, lines of
 * its own. */
void layout_row(
    const struct layout_column *, size_t count, const char *const *cells, const char *rest);
/* The blanks before a line that belongs to the row above. */
int layout_row_indent(const struct layout_column *, size_t count);
