/*
 * A rule of the monitor as a table that people can read: `postwatch explain --table` prints them
 * all. The cells come from the same data that the rules run on, so what is printed is what is done.
 */
#pragma once

#include <stddef.h>

struct rule_table {
	const char *name;  /* one word, for whoever asks for one of them */
	const char *title; /* a sentence */
	const char *const *heads;
	size_t columns, rows;
	const char *(*cell)(size_t row, size_t column); /* never NULL; lives as long as the process
	                                                 * */
	const char *note;  /* what the table does not show; "" for none */
};

/* All tables in the order in which they are best read; NULL behind the last. */
const struct rule_table *rule_table(size_t index);
