/*
 * For `postwatch report`: writes a report as text, Markdown, HTML, CSV or JSON.
 *
 * Words of servers stand in the cells, and are read by other programs: HTML goes through the
 * emitter of the page; a cell of CSV is always in quotes, and one that a spreadsheet would take for
 * a formula begins with an apostrophe (OWASP, CSV Injection); of Markdown punctuation that could be
 * markup is escaped (CommonMark 0.31, 2.4).
 */
#include "command/report_form.h"

#include <ctype.h>
#include <stdio.h>

#include "command/layout.h"
#include "web/emit.h"

enum { CELL_MAX = 8192 };

const struct report report_empty = {
	.note = "Availability is the time that a server was up, of the time that it was up or "
	    "down. A server is down from the first of the attempts that failed until the first "
	    "that passed. Unknown time, in which the monitor itself could not tell, and paused "
	    "time, in which it was told not to judge, count for neither; the best case has all "
	    "unknown time as up, the worst as down. Percentages are rounded down.",
	.forgotten = "",
	.tables = {
		[AVAILABILITY] = { .key = "availability", .title = "Availability",
		    .empty = "No server was watched.",
		    .columns = { { "target", "server", CELL_TEXT },
			{ "availability", "availability", CELL_PERCENT },
			{ "sla", "agreed", CELL_PERCENT }, { "kept", "kept", CELL_TEXT },
			{ "worst", "worst case", CELL_PERCENT },
			{ "best", "best case", CELL_PERCENT },
			{ "down", "down", CELL_SPAN }, { "unknown", "unknown", CELL_SPAN },
			{ "paused", "paused", CELL_SPAN }, { "incidents", "outages", CELL_COUNT },
			{ "watched", "watched", CELL_SPAN } } },
		[INCIDENTS] = { .key = "incidents", .title = "Outages", .empty = "None.",
		    .columns = { { "incident", "outage", CELL_COUNT },
			{ "target", "server", CELL_TEXT }, { "began", "began", CELL_TIME },
			{ "ended", "ended", CELL_TIME }, { "lasted", "lasted", CELL_SPAN },
			{ "cause", "cause", CELL_TEXT }, { "text", "what was seen", CELL_TEXT } } },
		[SLOWEST] = { .key = "slowest", .title = "Slowest steps",
		    .empty = "No times were measured.",
		    .columns = { { "target", "server", CELL_TEXT }, { "step", "step", CELL_TEXT },
			{ "time", "slowest", CELL_SPAN },
			{ "p95", "95 % of that hour below", CELL_SPAN },
			{ "hour", "in the hour from", CELL_TIME } } },
		[CERTIFICATES] = { .key = "certificates", .title = "Certificates that changed",
		    .empty = "None.",
		    .columns = { { "when", "when", CELL_TIME }, { "target", "server", CELL_TEXT },
			{ "text", "what was seen", CELL_TEXT } } },
		[TOLD] = { .key = "told", .title = "Who was told of an outage, and how fast",
		    .empty = "Nobody.",
		    .columns = { { "notifier", "by", CELL_TEXT },
			{ "recipient", "to", CELL_TEXT }, { "told", "notices", CELL_COUNT },
			{ "median", "half of them within", CELL_SPAN },
			{ "slowest", "slowest", CELL_SPAN },
			{ "untold", "not delivered", CELL_COUNT } } },
	},
};

static uint32_t
column_count(const struct report_table *table)
{
	uint32_t count = 0;

	while (count < REPORT_COLUMNS_MAX && table->columns[count].key != NULL)
		count++;
	return count;
}

/* As people read it, or with is_plain as programs do; "" where there is none. */
static const char *
words_of_cell(const struct past *past, enum cell_kind kind, union cell cell, bool is_plain,
    char bytes[CELL_MAX])
{
	struct text text = text_over(bytes, CELL_MAX);

	if (kind == CELL_TEXT)
		text_add_shown(&text, text_view(cell.text));
	else if (kind == CELL_TIME && cell.number != 0)
		past_time(bytes, past, cell.number);
	else if (kind == CELL_TIME || cell.number < 0)
		return "";
	else if (kind == CELL_COUNT)
		text_add_i64(&text, cell.number);
	else if (kind == CELL_PERCENT)
		text_format(&text, "%lld.%04lld%s", (long long)(cell.number / 10000),
		    (long long)(cell.number % 10000), is_plain ? "" : "\u00a0%");
	else if (is_plain)
		text_add_seconds(&text, cell.number);
	else
		text_add_span(&text, cell.number);
	return bytes;
}

static void
put_text(const struct past *past, const struct report_table *table)
{
	char bytes[CELL_MAX];

	for (uint32_t row = 0; row < table->count; row++) {
		const char *separator = "";

		printf("  %s  " LAYOUT_HANG, words_of_cell(past, table->columns[0].kind,
		    table->rows[row][0], false, bytes));
		for (uint32_t i = 1; i < column_count(table); i++) {
			const char *words = words_of_cell(past, table->columns[i].kind,
			    table->rows[row][i], false, bytes);

			if (words[0] != '\0') {
				printf("%s%s %s", separator, table->columns[i].head, words);
				separator = ", ";
			}
		}
		putchar('\n');
	}
}

static void
put_markdown_words(const char *words)
{
	for (; *words != '\0'; words++) {
		if (ispunct((unsigned char)*words) && strchr(",.:;%()/'", *words) == NULL)
			putchar('\\');
		putchar(*words == '\n' ? ' ' : *words);
	}
}

static void
put_markdown(const struct past *past, const struct report_table *table)
{
	char bytes[CELL_MAX];

	for (uint32_t i = 0; i < column_count(table); i++)
		printf("| %s ", table->columns[i].head);
	fputs("|\n", stdout);
	for (uint32_t i = 0; i < column_count(table); i++)
		fputs(table->columns[i].kind == CELL_TEXT ? "| --- " : "| ---: ", stdout);
	fputs("|\n", stdout);
	for (uint32_t row = 0; row < table->count; row++) {
		for (uint32_t i = 0; i < column_count(table); i++) {
			fputs("| ", stdout);
			put_markdown_words(words_of_cell(
			    past, table->columns[i].kind, table->rows[row][i], false, bytes));
			putchar(' ');
		}
		fputs("|\n", stdout);
	}
}

static void
put_csv_cell(const char *words, bool is_first, bool is_text)
{
	fputs(is_first ? "\"" : ",\"", stdout);
	if (is_text && words[0] != '\0' && strchr("=+-@\t\r", words[0]) != NULL)
		putchar('\'');
	for (; *words != '\0'; words++) {
		if (*words == '"')
			putchar('"');
		putchar(*words);
	}
	putchar('"');
}

/* RFC 4180. */
static void
put_csv(const struct past *past, const struct report_table *table)
{
	char bytes[CELL_MAX];

	put_csv_cell("table", true, false);
	for (uint32_t i = 0; i < column_count(table); i++)
		put_csv_cell(table->columns[i].key, false, false);
	fputs("\r\n", stdout);
	for (uint32_t row = 0; row < table->count; row++) {
		put_csv_cell(table->key, true, false);
		for (uint32_t i = 0; i < column_count(table); i++) {
			enum cell_kind kind = table->columns[i].kind;

			put_csv_cell(words_of_cell(past, kind, table->rows[row][i], true, bytes),
			    false, kind == CELL_TEXT);
		}
		fputs("\r\n", stdout);
	}
}

static void
put_html(const struct past *past, const struct report_table *table, struct emit *emit)
{
	char bytes[CELL_MAX];

	EMIT(emit, "<table>\n<thead><tr>");
	for (uint32_t i = 0; i < column_count(table); i++) {
		EMIT(emit, "<th scope=\"col\">");
		emit_string(emit, table->columns[i].head);
		EMIT(emit, "</th>");
	}
	EMIT(emit, "</tr></thead>\n<tbody>\n");
	for (uint32_t row = 0; row < table->count; row++) {
		EMIT(emit, "<tr>");
		for (uint32_t i = 0; i < column_count(table); i++) {
			if (table->columns[i].kind == CELL_TEXT)
				EMIT(emit, "<td>");
			else
				EMIT(emit, "<td class=\"n\">");
			emit_string(emit, words_of_cell(past, table->columns[i].kind,
			    table->rows[row][i], false, bytes));
			EMIT(emit, "</td>");
		}
		EMIT(emit, "</tr>\n");
	}
	EMIT(emit, "</tbody>\n</table>\n");
}

static void
put_json_cell(struct json *json, const struct report_column *column, union cell cell)
{
	if (column->kind == CELL_TEXT)
		json_string(json, column->key, cell.text);
	else if (column->kind == CELL_TIME)
		json_time(json, column->key, cell.number);
	else if (cell.number < 0)
		json_null(json, column->key);
	else if (column->kind == CELL_COUNT)
		json_int(json, column->key, cell.number);
	else
		json_seconds(json, column->key, cell.number);
}

static void
write_json(const struct report *report)
{
	struct json json = json_begin_line(stdout);

	json_time(&json, "from", report->from);
	json_time(&json, "until", report->until);
	json_bool(&json, "incidents_forgotten", report->forgotten[0] != '\0');
	for (const struct report_table *table = report->tables;
	     table < report->tables + REPORT_TABLES; table++) {
		json_begin_array(&json, table->key);
		for (uint32_t row = 0; row < table->count; row++) {
			json_begin_object(&json, NULL);
			for (uint32_t i = 0; i < column_count(table); i++)
				put_json_cell(&json, &table->columns[i], table->rows[row][i]);
			json_end(&json);
		}
		json_end(&json);
	}
	json_end_line(&json);
}

static bool
write_html(const struct past *past, const struct report *report)
{
	struct buffer buffer = { 0 };
	struct emit emit = { .to = &buffer };

	EMIT(&emit, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<title>");
	emit_string(&emit, report->title);
	EMIT(&emit, "</title>\n<style>\n"
	    "body { font: 10pt/1.4 sans-serif; margin: 2em; color: #000; background: #fff }\n"
	    "table { border-collapse: collapse; width: 100%; font-size: 9pt }\n"
	    "th, td { text-align: left; vertical-align: top; padding: 3px 8px 3px 0;"
	    " border-bottom: 1px solid #999; overflow-wrap: anywhere }\n"
	    ".n { white-space: nowrap }\nthead { display: table-header-group }\n"
	    "tr { break-inside: avoid }\nh2 { break-after: avoid; margin-top: 1.6em }\n"
	    "@page { margin: 15mm }\n@media print { body { margin: 0 } }\n</style>\n</head>\n"
	    "<body>\n<h1>");
	emit_string(&emit, report->title);
	EMIT(&emit, "</h1>\n");
	for (const struct report_table *table = report->tables;
	     table < report->tables + REPORT_TABLES; table++) {
		EMIT(&emit, "<h2>");
		emit_string(&emit, table->title);
		EMIT(&emit, "</h2>\n");
		if (table->count > 0) {
			put_html(past, table, &emit);
			continue;
		}
		EMIT(&emit, "<p>");
		emit_string(&emit, table->empty);
		EMIT(&emit, "</p>\n");
	}
	EMIT(&emit, "<p>");
	emit_string(&emit, report->forgotten);
	emit_string(&emit, report->note);
	EMIT(&emit, "</p>\n</body>\n</html>\n");
	fwrite(buffer.data, 1, emit.failed ? 0 : buffer.size, stdout);
	buffer_fini(&buffer);
	return !emit.failed;
}

bool
report_write(const struct past *past, const struct report *report, enum report_form form)
{
	bool is_markdown = form == REPORT_MARKDOWN;

	if (form == REPORT_HTML)
		return write_html(past, report);
	if (form == REPORT_JSON) {
		write_json(report);
		return true;
	}
	if (form != REPORT_CSV)
		printf("%s%s\n", is_markdown ? "# " : "", report->title);
	for (const struct report_table *table = report->tables;
	     table < report->tables + REPORT_TABLES; table++) {
		if (form == REPORT_CSV) {
			put_csv(past, table);
			continue;
		}
		printf("\n%s%s\n\n", is_markdown ? "## " : "", table->title);
		if (table->count == 0)
			printf("%s%s\n", is_markdown ? "" : "  ", table->empty);
		else if (is_markdown)
			put_markdown(past, table);
		else
			put_text(past, table);
	}
	if (form != REPORT_CSV)
		printf("\n%s%s%s\n", is_markdown ? "" : LAYOUT_HANG, report->forgotten,
		    report->note);
	return true;
}
