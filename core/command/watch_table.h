/* The table of `status --watch`: which of the rows are on the page, and which is selected. */
#pragma once

#include "command/screen.h"
#include "command/watch_rows.h"

/* Puts text into a row of the page; bytes that are not safe for a terminal are escaped, and what
 * does not fit into so many columns is cut. */
void watch_put(const struct screen *, int row, int column, int columns, unsigned look,
    const char *text);

/* Draws the first row of the page: how many targets are in which state, and of when that is. */
void watch_head_draw(const struct watch_rows *, const struct screen *, int columns);
/* Draws our own trouble, a row of the page each, at most so many; `why`: that the store cannot be
 * read, "" where it can. Returns how many. */
int watch_troubles_draw(const struct watch_rows *, const char *why, const struct screen *,
    int first, int most, int columns);

/* Starts as zeroes. */
struct watch_table {
	size_t top, selected; /* places in rows->rows */
	uint64_t number;      /* of the target that is selected; 0: none */
	int height;           /* rows of the page that it has */
};

/* The row that is selected; NULL: there is none. */
const struct status_row *watch_table_row(const struct watch_table *, const struct watch_rows *);
/* Selects the row that is so many behind (or before) the one that is. */
void watch_table_move(struct watch_table *, const struct watch_rows *, int64_t by);
/* To be called after the rows were read or arranged: the same target stays selected. */
void watch_table_follow(struct watch_table *, const struct watch_rows *);

/* Draws heads and rows from a row of the page on. */
void watch_table_draw(struct watch_table *, const struct watch_rows *, const struct screen *,
    int first, int height, int columns);
/* Draws all that is seen of the selected target into two rows of the page. */
void watch_table_describe(const struct watch_table *, const struct watch_rows *,
    const struct screen *, int first, int columns);
