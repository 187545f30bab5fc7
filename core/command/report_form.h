/*
 * For `postwatch report`: a report as tables, and the forms in which they are written: text,
 * Markdown, HTML, CSV and JSON.
 */
#pragma once

#include "command/past.h"

/* By the letters of their options. */
enum report_form {
	REPORT_TEXT = 0,      /* for a terminal of any width */
	REPORT_MARKDOWN = 'M',
	REPORT_HTML = 'H',    /* one file, to be printed */
	REPORT_CSV = 'C',     /* a header before each table, whose first column is its name */
	REPORT_JSON = 'J',
	REPORT_PARTS = 'P'    /* text, HTML, JSON, each ended by NUL; not of report_write() */
};

/* What is not known is -1, and a time 0: an empty cell, or null. */
enum cell_kind {
	CELL_TEXT,
	CELL_COUNT,
	CELL_PERCENT, /* millionths; JSON has the fraction of 1 */
	CELL_SPAN,    /* microseconds; CSV and JSON have seconds */
	CELL_TIME     /* microseconds UTC; the reader's own time, in JSON UTC */
};

/* Text is ours, or foreign bytes that were escaped before. */
union cell {
	int64_t number;
	const char *text; /* NULL: none */
};

struct report_column {
	const char *key, *head;
	enum cell_kind kind;
};

enum { REPORT_COLUMNS_MAX = 12 };
enum { AVAILABILITY, INCIDENTS, SLOWEST, CERTIFICATES, TOLD, REPORT_TABLES }; /* in their order */

struct report_table {
	const char *key, *title, *empty; /* empty: what is said where it has no rows */
	struct report_column columns[REPORT_COLUMNS_MAX]; /* ended by a NULL key */
	union cell (*rows)[REPORT_COLUMNS_MAX];
	uint32_t count, room;
};

struct report {
	int64_t from, until;     /* UTC */
	const char *title, *note; /* how the figures are meant */
	const char *forgotten;    /* stands before the note: what is no longer kept; or "" */
	struct report_table tables[REPORT_TABLES];
};

/* Its tables have titles and columns, and no rows. */
extern const struct report report_empty;

/* On standard output; false: out of memory. */
bool report_write(const struct past *, const struct report *, enum report_form);
