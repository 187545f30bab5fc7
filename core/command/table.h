/*
 * For `postwatch explain`: a table whose cells are sentences: where the terminal is too narrow each
 * is wrapped within its column.
 */
#pragma once

#include <stddef.h>

struct table {
	const char *const *heads;
	size_t columns, rows; /* LAYOUT_COLUMNS_MAX columns at most */
	const char *(*cell)(size_t row, size_t column); /* never NULL */
};

void table_put(const struct table *);
