/*
 * For `postwatch explain`: prints a table whose cells wrap within their columns. The widths of all
 * cells are known before the first is printed; the widest column gives way first.
 */
#include "command/table.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command/layout.h"

enum { INDENT = 2, GAP = 2, WORD_MOST = 20 /* longer words are broken */ };

struct shape {
	int widths[LAYOUT_COLUMNS_MAX], least[LAYOUT_COLUMNS_MAX];
	bool narrow; /* not every cell has its own width */
};

/* A column is as wide as its widest cell, and at least as its longest word. */
static void
take_cell(struct shape *shape, size_t column, const char *cell)
{
	int width = layout_columns(cell), *least = &shape->least[column];

	shape->widths[column] = width > shape->widths[column] ? width : shape->widths[column];
	for (const char *at = cell; *at != '\0'; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		char word[WORD_MOST * 4 + 1];

		snprintf(word, sizeof word, "%.*s", (int)size, at);
		width = layout_columns(word) < WORD_MOST ? layout_columns(word) : WORD_MOST;
		*least = width > *least ? width : *least;
		at += size;
	}
}

static void
fit(struct shape *shape, size_t columns, int room)
{
	int sum = 0;

	for (size_t i = 0; i < columns; i++) {
		assert(shape->least[i] <= shape->widths[i] || shape->least[i] <= WORD_MOST);
		sum += shape->widths[i] + (i > 0 ? GAP : 0);
	}
	for (; sum > room; sum--) {
		size_t widest = columns;

		for (size_t i = 0; i < columns; i++)
			if (shape->widths[i] > shape->least[i]
			    && (widest == columns || shape->widths[i] > shape->widths[widest]))
				widest = i;
		if (widest == columns)
			break;
		shape->widths[widest]--;
		shape->narrow = true;
	}
}

static void
put_row(const struct shape *shape, const char **cells, size_t columns)
{
	bool more;

	do {
		int blanks = INDENT;

		more = false;
		for (size_t i = 0; i < columns; i++) {
			const char *cell = cells[i] + strspn(cells[i], " ");
			size_t size = layout_fit(cell, shape->widths[i], true);
			char line[4096];

			assert(size <= strlen(cell));
			snprintf(line, sizeof line, "%.*s", (int)size, cell);
			if (size > 0) {
				printf("%*s%s", blanks, "", line);
				blanks = -layout_columns(line);
			}
			blanks += shape->widths[i] + GAP;
			cells[i] = cell + size;
			more |= cells[i][strspn(cells[i], " ")] != '\0';
		}
		putchar('\n');
	} while (more);
}

void
table_put(const struct table *table)
{
	struct shape shape = { .narrow = false };
	const char *cells[LAYOUT_COLUMNS_MAX];

	assert(table->columns <= LAYOUT_COLUMNS_MAX);
	for (size_t column = 0; column < table->columns; column++) {
		take_cell(&shape, column, table->heads[column]);
		for (size_t row = 0; row < table->rows; row++)
			take_cell(&shape, column, table->cell(row, column));
		cells[column] = table->heads[column];
	}
	fit(&shape, table->columns, layout_width() - INDENT);
	put_row(&shape, cells, table->columns);
	for (size_t i = 0; i < table->columns; i++) {
		printf("%*s", i == 0 ? INDENT : GAP, "");
		for (int at = 0; at < shape.widths[i]; at++)
			putchar('-');
	}
	putchar('\n');
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t column = 0; column < table->columns; column++)
			cells[column] = table->cell(row, column);
		put_row(&shape, cells, table->columns);
		if (shape.narrow && row + 1 < table->rows)
			putchar('\n');
	}
}
