/* `postwatch status`: prints how every target stands, those that are not well first. */
#include "command/command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/choice.h"
#include "command/layout.h"
#include "command/nagios.h"
#include "command/outbox.h"
#include "command/status_nagios.h"
#include "command/status_rows.h"
#include "command/textfile.h"
#include "command/watch.h"

enum { COLUMNS = 5, EXIT_UNSEEN = 2 };

static void
put_json(const struct status_row *row)
{
	struct json json = json_begin_line(stdout);

	json_string(&json, "target", row->target->name);
	json_string(&json, "state", state_name(row->state));
	json_begin_array(&json, "flags");
	for (int flag = 0; flag < STATUS_FLAGS; flag++)
		if (row->flags[flag])
			json_string(&json, NULL, status_flag_names[flag]);
	json_end(&json);
	json_time(&json, "since", row->since);
	json_string(&json, "verdict", row->run ? verdict_name(row->verdict) : NULL);
	json_string(&json, "outcome", row->run ? row->outcome : NULL);
	json_string(&json, "text", row->text == NULL ? "" : row->text);
	json_time(&json, "last_run", row->last_run);
	json_time(&json, "not_looked_at_since", row->unseen_since);
	json_time(&json, "next_run", row->next_run);
	json_time(&json, "certificate_ends", row->certificate_ends);
	json_time(&json, "chain_ends", row->chain_ends);
	if (row->incident == 0)
		json_null(&json, "incident");
	else
		json_int(&json, "incident", (int64_t)row->incident);
	json_end_line(&json);
}

/* Green needs nobody; yellow is up and has something to look at, or is not sure; red is down. */
static const char *
colour_of(const struct past *past, const struct status_row *row)
{
	bool is_odd = row->verdict != PW_OK || row->conditions != NULL || row->unseen_since != 0;

	if (!past->colour)
		return "";
	if (row->state == STATE_SUSPECT || (row->state == STATE_UP && is_odd))
		return "\033[33m";
	return row->state == STATE_UP      ? "\033[32m"
	    : state_is_down(row->state) ? "\033[31m"
	                                : "\033[2m";
}

/* How long the certificate, or the first to end of its chain, is valid still: "12 d", "ended", "" where none is known. */
static const char *
certificate_cell(const struct past *past, const struct status_row *row, char bytes[PAST_TIME_MAX])
{
	int64_t end = row->chain_ends != 0 && row->chain_ends < row->certificate_ends
	    ? row->chain_ends : row->certificate_ends;
	struct text text = text_over(bytes, PAST_TIME_MAX);

	if (end != 0 && end <= past->now)
		text_add(&text, "ended");
	else if (end != 0)
		text_add_age(&text, end - past->now);
	return bytes;
}

/* The last column is there where a certificate is known. */
struct table {
	struct layout_column columns[COLUMNS];
	size_t count;
};

static void
put_row(const struct past *past, const struct table *table, const struct status_row *all,
    const struct status_row *row)
{
	const char *name = row->target->name;
	char state[STATUS_STATE_MAX], coloured[STATUS_STATE_MAX + 16], bytes[STATUS_SEEN_MAX];
	char valid[PAST_TIME_MAX];
	const char *const cells[COLUMNS] = { name, coloured, PAST_LASTED(past, row->since),
		PAST_AGO(past, row->last_run), certificate_cell(past, row, valid) };
	const struct status_condition *item = row->conditions;
	int indent = layout_row_indent(table->columns, table->count);

	snprintf(coloured, sizeof coloured, "%s%s%s", colour_of(past, row),
	    status_row_state(row, state), past->colour ? "\033[0m" : "");
	layout_row(table->columns, table->count, cells, status_row_seen(past, row, bytes));
	for (; item != NULL; item = item->next) {
		const char *text = status_row_condition(row, item);

		/* Without what the row says already. */
		printf("%*s%s for %s", indent, "", item->code,
		    PAST_LASTED(past, item->since));
		past_end_line(row->text != NULL && strcmp(text, row->text) == 0 ? "" : text);
	}
	status_row_put_silences(past, all, row, indent, true);
}

/* Those of one state, and how many of them are not quite so: "9 up, of them 2 blocked, 1
 * degraded". Returns whether there are any. */
static bool
put_tally(enum state state, const struct status_row *const *rows, size_t count,
    const char *separator)
{
	static const char *const names[] = { "degraded", "blocked", "unknown", "slow", "flapping",
		"acknowledged", "not looked at", "not looked at yet" };
	size_t all = 0, parts[sizeof names / sizeof names[0]] = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct status_row *row = rows[i];

		if (row->state != state)
			continue;
		all++;
		parts[0] += row->run && row->verdict == PW_DEGRADED;
		parts[1] += row->run && row->verdict == PW_BLOCKED;
		parts[2] += row->run && row->verdict == PW_UNKNOWN;
		parts[3] += row->flags[STATUS_SLOW];
		parts[4] += row->flags[STATUS_FLAPPING];
		parts[5] += row->acknowledged != 0;
		parts[6] += row->run && row->unseen_since != 0;
		parts[7] += !row->run && state == STATE_PENDING;
	}
	assert(all <= count && parts[5] <= all && parts[6] + parts[7] <= all);
	if (all > 0)
		printf("%s%zu %s", separator, all, state_name(state));
	separator = ", of them ";
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (parts[i] > 0) {
			printf("%s%zu %s", separator, parts[i], names[i]);
			separator = ", ";
		}
	return all > 0;
}

/* Widths go by all rows before the first is printed. Names give way, for they may be long: what is
 * wrong has to find room. */
static void
put_table(const struct past *past, const struct status_row *all,
    const struct status_row *const *rows, size_t count, const struct channels *channels)
{
	struct table table = { .columns = { { "target", 6, false }, { "state", 5, false },
		{ "for", 3, false }, { "looked at", 9, false }, { "certificate", 11, false } },
		.count = COLUMNS - 1 };
	struct layout_column *columns = table.columns;
	char bytes[STATUS_STATE_MAX];
	const char *separator = ": ";
	size_t paused = 0;

	for (size_t i = 0; i < count; i++) {
		paused += rows[i]->flags[STATUS_PAUSED];
		layout_widen(&columns[0], rows[i]->target->name, layout_name_width());
		layout_widen(&columns[1], status_row_state(rows[i], bytes), LAYOUT_WIDE);
		layout_widen(&columns[2], PAST_LASTED(past, rows[i]->since), LAYOUT_WIDE);
		layout_widen(&columns[3], PAST_AGO(past, rows[i]->last_run), LAYOUT_WIDE);
		table.count = rows[i]->certificate_ends != 0 ? COLUMNS : table.count;
	}
	layout_heads(columns, table.count, "seen");
	for (size_t i = 0; i < count; i++)
		put_row(past, &table, all, rows[i]);
	printf("%zu target%s", count, plural(count));
	for (enum state state = STATE_PENDING; state < STATES; state++)
		separator = put_tally(state, rows, count, separator) ? "; " : separator;
	if (paused > 0)
		printf("; %zu paused", paused);
	puts(past->runs ? "; postwatch is running" : "; postwatch is not running");
	channels_put_waiting(channels, past);
	channels_put(channels, past);
}

/* Returns the exit status. */
static int
put_metrics(const struct past *past)
{
	struct config config = { .timezone = NULL };
	struct reason why;

	if (past->config != NULL)
		config = *past->config;
	config.state = past->folder;
	if (textfile_write(&config, past->textfile, &why))
		return 0;
	fprintf(stderr, "postwatch status: %s\n", why.text);
	return EX_IOERR;
}

static int
status(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	const struct status_row **rows, *all;
	struct channels channels;
	struct choice choice;
	size_t count = 0;
	int at, ends;

	if (nagios_is_asked(command, argv))
		return status_nagios(command, argc, argv);
	ends = past_options(&past, command, argc, argv, &at);
	if (ends == 0 && past.totals && !past.json)
		return command_misused(command,
		    "--totals goes with --json: without it the totals always stand at the end");
	if (ends == 0 && past.watch && (past.json || past.textfile != NULL))
		return command_misused(command,
		    "--watch is a form of its own: without --json and --textfile");
	if (ends == 0 && past.watch)
		return watch(&past, command, past_words(argv, at));
	past.local = past.textfile != NULL;
	if (ends != 0 || (ends = past_open_store(&past)) != 0)
		return ends;
	if (past.textfile != NULL)
		return past_finish(&past, put_metrics(&past));
	all = status_rows_read(&past);
	channels_read(&past, &channels);
	rows = past_keep(&past, past.target_count * sizeof *rows);
	if (past.broken)
		return past_finish(&past, 0);
	if ((ends = choice_make(&past, command, past_words(argv, at), &choice)) != 0)
		return past_finish(&past, ends);
	for (size_t i = 0; i < past.target_count; i++)
		if (choice.taken[i] && all[i].since >= choice.since && all[i].since < choice.until)
			rows[count++] = &all[i];
	qsort(rows, count, sizeof *rows, status_rows_compare);
	past_begin(&past);
	if (!past.json)
		put_table(&past, all, rows, count, &channels);
	for (size_t i = 0; past.json && i < count; i++)
		put_json(rows[i]);
	if (past.totals)
		channels_put_json(&channels, &past);
	for (size_t i = 0; i < count; i++)
		ends = rows[i]->unseen_since != 0 ? EXIT_UNSEEN : ends;
	return past_finish(&past, ends);
}

static const struct option_row options[] = {
	{ "textfile", 'x', "FILE",
	    "writes metrics into FILE, for the node_exporter, and prints nothing",
	    PAST_MEMBER(textfile) },
	{ "nagios", 'n', NULL, "as a Nagios plugin", PAST_MEMBER(nagios) },
	{ "watch", 'W', NULL, "on the whole terminal, refreshed by itself; ? is its help",
	    PAST_MEMBER(watch) },
	PAST_TIMES,
	{ "totals", 'T', NULL, "with --json: at the end an object of what waits and what fails",
	    PAST_MEMBER(totals) },
	PAST_OPTIONS
};

const struct command command_status = {
	.name = "status", .arguments = PAST_WORDS,
	.summary = "how every target stands",
	.help = "Prints the state of each TARGET, or of all that are watched, with what was seen "
	    "last and the conditions that stand, acknowledgements and pauses, and what waits to be "
	    "told; those that are not well come first. A target of which no run has ended for "
	    "longer than its settings allow is not looked at, and so is each while the daemon does "
	    "not run; since when is said beside its state. Of a certificate is said how long it "
	    "is valid still, or one of its chain that ends before. Since when and why nothing is seen of "
	    "targets is said below them; a notifier that delivers nothing is named with the "
	    "reason, and so is why the heartbeat is held back. With --json and --totals the last "
	    "object, which has no \"target\", tells what waits, which notifiers fail, and which "
	    "files cannot be used. With --textfile the metrics of /metrics, without counters, "
	    "replace FILE, whose name ends with .prom in the folder of the node_exporter's "
	    "textfile collector. Reads the store, so it works while the daemon does not run, too, "
	    "and then says so.\n\n"
	    PAST_WORDS_HELP "--since and --until leave those that entered their state then.\n\n"
	    "With --nagios prints the line of a Nagios plugin from what the daemon knows: of one "
	    "TARGET with the times of its last run, else with how many are OK, WARNING, CRITICAL "
	    "and UNKNOWN, and a line for each that is not OK. CRITICAL is what is down, or has a "
	    "certificate whose end is urgent; WARNING what is suspect, degraded or blocked; "
	    "UNKNOWN, with the reason, what is not known now: the daemon does not run or cannot "
	    "write, it is blind, the target is paused or not looked at.\n\n"
	    "With --watch the table has the whole terminal and refreshes itself from the store; "
	    "the key ? lists the others, by which it sorts, filters, opens incidents, and has the "
	    "daemon acknowledge, pause and resume.\n\n"
	    "Exit status: 0; 1 nothing is kept, or no such target; 2 a target is not looked at; 64 "
	    "wrong command line; 70 the store cannot be read; 74 FILE cannot be written; 78 there "
	    "is no such file.",
	.options = options, .run = status,
};
