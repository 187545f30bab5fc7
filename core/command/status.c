/* `postwatch status`: how every target stands, those that are not well first. */
#include "command/command.h"

#include <stdlib.h>
#include <string.h>

#include "command/channels.h"
#include "command/layout.h"
#include "command/pager.h"
#include "command/reasons.h"

enum { CELL_MAX = 128, SEEN_MAX = 8192, COLUMNS = 4, EXIT_UNSEEN = 2 };

static const char *
state_of(const struct standing *row)
{
	return row->state == STATE_NONE ? "pending" : state_name((enum state)row->state);
}

static void
put_json(const struct standing *row)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_string(&json, "target", row->target->name);
	json_string(&json, "state", state_of(row));
	json_begin_array(&json, "flags");
	for (size_t i = 0; row->flags[i] != NULL; i++)
		json_string(&json, NULL, row->flags[i]);
	json_end(&json);
	past_json_time(&json, "since", row->since);
	json_string(&json, "verdict", row->run ? verdict_name((enum pw_verdict)row->verdict) : NULL);
	json_string(&json, "outcome", row->run ? row->outcome : NULL);
	json_string(&json, "text", row->text == NULL ? "" : row->text);
	past_json_time(&json, "last_run", row->last_run);
	past_json_time(&json, "not_looked_at_since", row->unseen_since);
	past_json_time(&json, "next_run", row->next_run);
	if (row->incident == 0)
		json_null(&json, "incident");
	else
		json_int(&json, "incident", (int64_t)row->incident);
	json_end(&json);
	json_finish_line(&json);
}

/* "down, flapping", "up, not looked at". */
static const char *
state_cell(const struct standing *row, char bytes[CELL_MAX])
{
	struct text text = text_over(bytes, CELL_MAX);

	text_add(&text, state_of(row));
	for (size_t i = 0; row->flags[i] != NULL; i++) {
		text_add(&text, ", ");
		text_add(&text, row->flags[i]);
	}
	for (char *at = bytes; (at = strchr(at, '_')) != NULL;)
		*at = ' ';
	return bytes;
}

static const char *
colour_of(const struct past *past, const struct standing *row)
{
	if (!past->colour)
		return "";
	switch ((enum state)row->state) {
	case STATE_UP:
		return row->verdict == PW_OK && row->conditions == NULL && row->unseen_since == 0 ? "\033[32m" : "\033[33m";
	case STATE_DOWN:
	case STATE_RECOVERING:
		return "\033[31m";
	case STATE_SUSPECT:
		return "\033[33m";
	case STATE_NONE:
	case STATE_PENDING:
	case STATES:
		break;
	}
	return "\033[2m";
}

/* "not looked at since 2026-11-28 10:02:11 +0000; incident 4: failed (refused): connection refused …". */
static const char *
seen(const struct past *past, const struct standing *row, char bytes[SEEN_MAX])
{
	struct text text = text_over(bytes, SEEN_MAX);
	char since[PAST_TIME_MAX];

	if (row->run && row->unseen_since != 0)
		text_format(&text, "not looked at since %s; ", past_time(past, row->unseen_since, since));
	if (row->incident != 0)
		text_format(&text, "incident %llu: ", (unsigned long long)row->incident);
	text_add(&text, row->run ? verdict_name((enum pw_verdict)row->verdict) : "not looked at yet");
	if (row->run && row->verdict != PW_OK)
		text_format(&text, " (%s)", row->outcome);
	if (row->text != NULL) {
		text_add(&text, ": ");
		text_add_shown(&text, (struct pw_bytes){ row->text, strlen(row->text) });
	}
	return bytes;
}

/* The sentence of a condition without what the row says already: "NAME degraded(CODE): " before it, and all of it where the
 * last run says the same. */
static const char *
news_of(const struct standing *row, const struct standing_condition *item)
{
	size_t name = strlen(row->target->name);
	const char *text = item->text, *rest;

	if (strncmp(text, row->target->name, name) == 0 && text[name] == ' ' && (rest = strstr(text + name, "): ")) != NULL)
		text = rest + strlen("): ");
	return row->text != NULL && strcmp(text, row->text) == 0 ? "" : text;
}

static void
put_conditions(const struct past *past, int indent, const struct standing *row)
{
	char since[PAST_TIME_MAX];

	for (const struct standing_condition *item = row->conditions; item != NULL; item = item->next) {
		const char *text = news_of(row, item);

		printf("%*s%s for %s", indent, "", item->code, past_lasted(past, item->since, since));
		if (text[0] != '\0') {
			fputs(": ", stdout);
			past_put((struct pw_bytes){ text, strlen(text) });
		}
		putchar('\n');
	}
}

static void
put_row(const struct past *past, const struct layout_column columns[COLUMNS], const struct standings *all,
    const struct standing *row)
{
	char state[CELL_MAX], coloured[CELL_MAX + 16], lasted[PAST_TIME_MAX], last[PAST_TIME_MAX], bytes[SEEN_MAX];
	int indent = layout_row_indent(columns, COLUMNS);

	snprintf(coloured, sizeof coloured, "%s%s%s", colour_of(past, row), state_cell(row, state), past->colour ? "\033[0m" : "");
	layout_row(columns, COLUMNS, (const char *const[COLUMNS]){ row->target->name, coloured, past_lasted(past, row->since, lasted),
		past_ago(past, row->last_run, last) }, seen(past, row, bytes));
	put_conditions(past, indent, row);
	reasons_put_verbs(past, row, indent);
	reasons_put_windows(past, row, indent, true);
	reasons_put_parents(past, all, row, indent, true);
}

static bool
is_paused(const struct standing *row)
{
	for (size_t i = 0; row->flags[i] != NULL; i++)
		if (strcmp(row->flags[i], "paused") == 0)
			return true;
	return false;
}

/* What is not well stands first. */
static int
urgency(const struct standing *row)
{
	static const int of_state[STATES] = { [STATE_DOWN] = 0, [STATE_RECOVERING] = 1, [STATE_SUSPECT] = 2,
		[STATE_UP] = 5, [STATE_PENDING] = 6, [STATE_NONE] = 6 };

	if (of_state[row->state] > 3 && row->unseen_since != 0)
		return 3;
	if (row->state == STATE_UP && (row->verdict != PW_OK || row->conditions != NULL))
		return 4;
	return of_state[row->state];
}

static int
compare(const void *left, const void *right)
{
	const struct standing *const *a = left, *const *b = right;
	int difference = urgency(*a) - urgency(*b);

	if (difference != 0)
		return difference;
	return (*a)->target->number < (*b)->target->number ? -1 : (*a)->target->number > (*b)->target->number;
}

/* Those of one state, and how many of them are not quite so: "9 up, of them 2 blocked, 1 degraded". */
struct tally {
	size_t all, of_them[PW_UNKNOWN + 1]; /* by the verdict of the last run */
	size_t slow, flapping, acknowledged, never, unseen; /* looked at never, or not any more */
};

static void
count(struct tally *tally, const struct standing *row)
{
	tally->all++;
	tally->never += !row->run;
	tally->unseen += row->run && row->unseen_since != 0;
	if (row->run && row->verdict <= PW_UNKNOWN)
		tally->of_them[row->verdict]++;
	tally->acknowledged += row->acknowledged != 0;
	for (size_t i = 0; row->flags[i] != NULL; i++) {
		tally->slow += strcmp(row->flags[i], "slow") == 0;
		tally->flapping += strcmp(row->flags[i], "flapping") == 0;
	}
}

static void
put_part(size_t count, const char *name, bool *first)
{
	if (count > 0)
		printf("%s%zu %s", *first ? ", of them " : ", ", count, name);
	*first &= count == 0;
}

static void
put_tally(enum state state, const struct tally *tally)
{
	bool first = true;

	printf("%zu %s", tally->all, state_name(state));
	for (enum pw_verdict verdict = PW_OK; verdict <= PW_UNKNOWN; verdict++)
		if (verdict != PW_OK && verdict != PW_FAILED)
			put_part(tally->of_them[verdict], verdict_name(verdict), &first);
	put_part(tally->slow, "slow", &first);
	put_part(tally->flapping, "flapping", &first);
	put_part(tally->acknowledged, "acknowledged", &first);
	put_part(tally->unseen, "not looked at", &first);
	put_part(state == STATE_PENDING ? tally->never : 0, "not looked at yet", &first);
}

static void
put_sum(const struct past *past, const struct standing *const *rows, size_t all)
{
	struct tally of_state[STATES] = { 0 };
	size_t paused = 0;

	for (size_t i = 0; i < all; i++) {
		count(&of_state[rows[i]->state == STATE_NONE ? STATE_PENDING : rows[i]->state], rows[i]);
		paused += is_paused(rows[i]);
	}
	printf("%zu target%s", all, all == 1 ? "" : "s");
	for (int state = STATE_PENDING, told = 0; state < STATES; state++)
		if (of_state[state].all > 0) {
			fputs(told++ == 0 ? ": " : "; ", stdout);
			put_tally((enum state)state, &of_state[state]);
		}
	if (paused > 0)
		printf("; %zu paused", paused);
	puts(past->runs ? "; postwatch is running" : "; postwatch is not running");
}

static void
put_waiting(const struct past *past, const struct store_waiting *waiting)
{
	char since[PAST_TIME_MAX], lasted[PAST_TIME_MAX];

	if (waiting->notices > 0)
		printf("%llu notice%s waiting, the oldest since %s, for %s\n", (unsigned long long)waiting->notices,
		    waiting->notices == 1 ? "" : "s", past_time(past, waiting->since, since), past_lasted(past, waiting->since, lasted));
	if (waiting->dead > 0)
		printf("%llu deliver%s given up; `postwatch outbox` tells more\n", (unsigned long long)waiting->dead,
		    waiting->dead == 1 ? "y was" : "ies were");
}

static void
put_table(const struct past *past, const struct standings *all, const struct standing *const *rows, size_t count,
    const struct channels *channels)
{
	struct layout_column columns[COLUMNS] = { { "target", 6, false }, { "state", 5, false }, { "for", 3, false },
		{ "looked at", 9, false } };

	for (size_t i = 0; i < count; i++) {
		char bytes[CELL_MAX], time[PAST_TIME_MAX];

		layout_widen(&columns[0], rows[i]->target->name, layout_name_width());
		layout_widen(&columns[1], state_cell(rows[i], bytes), LAYOUT_WIDE);
		layout_widen(&columns[2], past_lasted(past, rows[i]->since, time), LAYOUT_WIDE);
		layout_widen(&columns[3], past_ago(past, rows[i]->last_run, time), LAYOUT_WIDE);
	}
	layout_heads(columns, COLUMNS, "seen");
	for (size_t i = 0; i < count; i++)
		put_row(past, columns, all, rows[i]);
	put_sum(past, rows, count);
	put_waiting(past, &all->waiting);
	channels_put(channels, past);
}

/* The targets that are named, or all that are watched. False: a word names none. */
static bool
choose(const struct standings *all, char **words, const struct standing **rows, size_t *count)
{
	*count = 0;
	for (size_t i = 0; words[0] == NULL && i < all->targets.count; i++)
		if (all->rows[i].target->gone == 0)
			rows[(*count)++] = &all->rows[i];
	for (; *words != NULL; words++) {
		const struct past_target *target = past_targets_find(&all->targets, *words);

		if (target == NULL)
			return false;
		rows[(*count)++] = &all->rows[target - all->targets.rows];
	}
	return true;
}

static size_t
count_unseen(const struct standing *const *rows, size_t count)
{
	size_t unseen = 0;

	for (size_t i = 0; i < count; i++)
		unseen += rows[i]->unseen_since != 0;
	return unseen;
}

static void
put_all(struct past *past, const struct standings *all, const struct standing **rows, size_t count,
    const struct channels *channels)
{
	qsort(rows, count, sizeof *rows, compare);
	if (!past->json)
		pager_begin();
	past_say_running(past);
	if (!past->json)
		put_table(past, all, rows, count, channels);
	for (size_t i = 0; past->json && i < count; i++)
		put_json(rows[i]);
	if (past->json && past->totals)
		channels_put_json(channels, past, &all->waiting);
}

static int
status(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	const struct standing **rows;
	enum store_reading reading;
	struct standings all;
	struct channels channels;
	size_t count;
	int at, ends = past_open(&past, command, argc, argv, &at);

	if (ends != 0)
		return ends;
	reading = standings_read(&past, &all);
	if (!channels_read(&past, &channels))
		reading = STORE_READ_BROKEN;
	rows = calloc(all.targets.count + (size_t)(argc - at) + 1, sizeof *rows);
	if (rows == NULL)
		ends = EXIT_INTERNAL;
	else if (reading != STORE_READ_BROKEN && !choose(&all, argv + at, rows, &count))
		ends = EXIT_NOTHING;
	else if (reading != STORE_READ_BROKEN) {
		put_all(&past, &all, rows, count, &channels);
		ends = count_unseen(rows, count) > 0 ? EXIT_UNSEEN : 0;
	}
	ends = past_finish(&past, reading, ends);
	free(rows);
	standings_free(&all);
	channels_free(&channels);
	return ends;
}

static const struct option_row options[] = {
	{ "totals", 'T', NULL, "with --json: at the end an object of what waits and what fails" },
	PAST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_status = {
	.name = "status",
	.arguments = "[TARGET…]",
	.summary = "how every target stands",
	.help = "Prints the state of each TARGET, or of all that are watched, with what was seen last and the conditions\n"
	        "that stand, acknowledgements and pauses, and what waits to be told; those that are not well come first.\n"
	        "A target of which no run has ended for longer than its settings allow is not looked at, and so is each while\n"
	        "the daemon does not run; since when is said beside its state.\n"
	        "A notifier that delivers nothing is named with the reason, and so is why the heartbeat is held back.\n"
	        "With --json and --totals the last object, which has no \"target\", tells what waits, which notifiers fail,\n"
	        "and which files cannot be used.\n"
	        "Reads the store, so it works while the daemon does not run, too, and then says so.\n\n"
	        "Exit status: 0; 1 nothing is kept, or no such target; 2 a target is not looked at; 64 wrong command line; 70 the store cannot be\n"
	        "read; 78 there is no such file.",
	.options = options,
	.run = status,
};
