/* `postwatch explain TARGET`, and `--table`: the rules from a run to a word, from the very tables that the monitor walks. */
#include "command/explain.h"

#include <stdio.h>
#include <string.h>

#include "command/layout.h"
#include "command/table.h"
#include "monitor/table.h"
#include "prober/fold.h"

static const char *const name_heads[FOLD_NAME_COLUMNS] = { "what the resolvers say of a name", "verdict", "outcome",
	"with addresses that were good in the last 24 h" };

static const struct rule_table name_table = {
	.name = "names",
	.title = "From what resolvers say to a verdict, where a name has no address",
	.heads = name_heads,
	.columns = FOLD_NAME_COLUMNS,
	.rows = FOLD_NAME_ROWS,
	.cell = fold_name_cell,
	.note = "NXDOMAIN, NODATA and aliases say something of the name, and are put to the other resolvers before. An attempt that would "
	        "confirm is unknown(answer_repeated) where the same \"no\" comes out of the same cache again, and "
	        "unknown(resolver) where names in three or more domains fail alike and none was answered afresh since: for "
	        "five minutes at most.",
};

/* The prober's table first, for names are; then those of the monitor. NULL behind the last. */
static const struct rule_table *
table_at(size_t index)
{
	return index == 0 ? &name_table : rule_table(index - 1);
}

static void
print_table(const struct rule_table *table)
{
	printf("%s: " LAYOUT_HANG "%s\n\n", table->name, table->title);
	table_put(&(struct table){ table->heads, table->columns, table->rows, table->cell });
	if (table->note[0] != '\0')
		printf("\n  " LAYOUT_HANG "%s\n", table->note);
	putchar('\n');
}

static void
print_names(void)
{
	fputs("the tables are:", stderr);
	for (size_t i = 0; table_at(i) != NULL; i++)
		fprintf(stderr, " %s", table_at(i)->name);
	fputc('\n', stderr);
}

static int
explain_table(const struct command *command, const char *name)
{
	bool found = false;

	for (size_t i = 0; table_at(i) != NULL; i++)
		if (name == NULL || strcmp(table_at(i)->name, name) == 0) {
			print_table(table_at(i));
			found = true;
		}
	if (found)
		return 0;
	print_names();
	return command_misused(command, "there is no table `%s`", name);
}

static int
explain(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	int at, status = past_options(&past, command, argc, argv, &at);

	if (status != 0)
		return status;
	if (argc - at > 1 || (!past.tables && argc - at != 1))
		return command_misused(command, "`explain` takes one target, or --table and perhaps the name of one");
	if (past.tables)
		return explain_table(command, argv[at]);
	if (!past_has_store(&past) && explain_outcome(NULL, argv[at]))
		return 0;
	status = past_open_store(&past);
	return status != 0 ? status : explain_word(&past, argv[at]);
}

static const struct option_row options[] = {
	{ "table", 't', NULL, "print the tables" },
	PAST_ASK_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_explain = {
	.name = "explain",
	.arguments = "TARGET | OUTCOME | --table [NAME]",
	.summary = "why a target is in the state it is, and the rules for it",
	.help = "Tells why TARGET is in the state it is: since when, the series of attempts it is in, the conditions that\n"
	        "stand or may come, reasons for silence, its parents, what each notifier was told, and the pace and limits\n"
	        "that it is watched by, each with what is built in. Reads the store, so it works while the daemon does not\n"
	        "run, too, and then says so. OUTCOME: what it means, and what to look at; that needs no state.\n\n"
	        "--table prints the rules by which runs become states, conditions and words, as tables: the very ones that\n"
	        "the daemon walks. NAME: only that one.\n\n"
	        "Exit status: as that of `postwatch status`.",
	.options = options,
	.run = explain,
};
