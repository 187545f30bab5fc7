/* `postwatch explain --table`: the rules from a run to a word, from the very tables that the monitor walks. */
#include "command/command.h"

#include <stdio.h>
#include <string.h>

#include "monitor/table.h"

enum { COLUMNS_MAX = 12 };

/* Columns on a terminal: letters, not bytes. */
static size_t
width_of(const char *cell)
{
	size_t width = 0;

	for (; *cell != '\0'; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

static void
print_cell(const char *cell, size_t width, bool last)
{
	fputs(cell, stdout);
	for (size_t i = width_of(cell); i < width + 2 && !last; i++)
		putchar(' ');
}

static void
measure(const struct rule_table *table, size_t *widths)
{
	for (size_t column = 0; column < table->columns; column++) {
		widths[column] = width_of(table->heads[column]);
		for (size_t row = 0; row < table->rows; row++)
			if (width_of(table->cell(row, column)) > widths[column])
				widths[column] = width_of(table->cell(row, column));
	}
}

static void
print_rule(const size_t *widths, size_t columns)
{
	fputs("  ", stdout);
	for (size_t column = 0; column < columns; column++) {
		for (size_t i = 0; i < widths[column]; i++)
			putchar('-');
		fputs(column + 1 < columns ? "  " : "\n", stdout);
	}
}

static void
print_table(const struct rule_table *table)
{
	size_t widths[COLUMNS_MAX];

	measure(table, widths);
	printf("%s: %s\n\n  ", table->name, table->title);
	for (size_t column = 0; column < table->columns; column++)
		print_cell(table->heads[column], widths[column], column + 1 == table->columns);
	putchar('\n');
	print_rule(widths, table->columns);
	for (size_t row = 0; row < table->rows; row++) {
		fputs("  ", stdout);
		for (size_t column = 0; column < table->columns; column++)
			print_cell(table->cell(row, column), widths[column], column + 1 == table->columns);
		putchar('\n');
	}
	if (table->note[0] != '\0')
		printf("\n  %s\n", table->note);
	putchar('\n');
}

static void
print_names(void)
{
	fputs("the tables are:", stderr);
	for (size_t i = 0; rule_table(i) != NULL; i++)
		fprintf(stderr, " %s", rule_table(i)->name);
	fputc('\n', stderr);
}

static int
explain(const struct command *command, int argc, char **argv)
{
	const char *name;
	bool tables = false, found = false;
	char *argument;
	int at = 0;

	while (command_next_option(command, argc, argv, &at, &argument) != NULL)
		tables = true;
	if (!tables || argc - at > 1)
		return command_misused(command, "`explain` takes --table, and perhaps the name of one");
	name = at < argc ? argv[at] : NULL;
	for (size_t i = 0; rule_table(i) != NULL; i++)
		if (name == NULL || strcmp(rule_table(i)->name, name) == 0) {
			print_table(rule_table(i));
			found = true;
		}
	if (found)
		return 0;
	print_names();
	return command_misused(command, "there is no table `%s`", name);
}

static const struct option_row options[] = {
	{ "table", 't', NULL, "print the tables" },
	{ NULL, 0, NULL, NULL },
};

const struct command command_explain = {
	.name = "explain",
	.arguments = "--table [NAME]",
	.summary = "the rules that lead from a run to a word",
	.help = "Prints the rules by which runs become states, conditions and words, as tables: the very ones that the\n"
	        "daemon walks. NAME: only that one.",
	.options = options,
	.run = explain,
};
