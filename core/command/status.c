/* `postwatch status`: how every target stands, those that are not well first. */
#include "command/command.h"

#include <stdlib.h>
#include <string.h>

#include "command/channels.h"
#include "command/pager.h"
#include "command/standing.h"

enum { CELL_MAX = 128 };

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
	past_json_time(&json, "next_run", row->next_run);
	if (row->incident == 0)
		json_null(&json, "incident");
	else
		json_int(&json, "incident", (int64_t)row->incident);
	json_end(&json);
	json_finish_line(&json);
}

/* "down, flapping". */
static const char *
state_cell(const struct standing *row, char bytes[CELL_MAX])
{
	struct text text = text_over(bytes, CELL_MAX);

	text_add(&text, state_of(row));
	for (size_t i = 0; row->flags[i] != NULL; i++) {
		text_add(&text, ", ");
		text_add(&text, row->flags[i]);
	}
	return bytes;
}

static const char *
colour_of(const struct past *past, const struct standing *row)
{
	if (!past->colour)
		return "";
	switch ((enum state)row->state) {
	case STATE_UP:
		return row->verdict == PW_OK && row->conditions == NULL ? "\033[32m" : "\033[33m";
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

static void
put_seen(const struct standing *row)
{
	if (row->incident != 0)
		printf("incident %llu: ", (unsigned long long)row->incident);
	if (!row->run)
		fputs("not looked at yet", stdout);
	else
		fputs(verdict_name((enum pw_verdict)row->verdict), stdout);
	if (row->run && row->verdict != PW_OK)
		printf(" (%s)", row->outcome);
	if (row->text != NULL) {
		fputs(": ", stdout);
		past_put((struct pw_bytes){ row->text, strlen(row->text) });
	}
	putchar('\n');
}

struct widths {
	int name, state;
};

static void
put_silences(const struct past *past, int margin, const struct standing *row)
{
	char at[PAST_TIME_MAX];

	if (row->acknowledged != 0) {
		printf("%-*s  acknowledged %s by %s: ", margin, "", past_time(past, row->acknowledged, at),
		    row->ack_by == NULL ? "?" : row->ack_by);
		past_put(row->ack_why == NULL ? (struct pw_bytes){ "", 0 } : (struct pw_bytes){ row->ack_why, strlen(row->ack_why) });
		putchar('\n');
	}
	for (const struct standing_pause *item = row->pauses; item != NULL; item = item->next) {
		printf("%-*s  paused until %s by %s%s%s: ", margin, "", past_time(past, item->until, at), item->by,
		    item->tag[0] == '\0' ? "" : ", as tag:", item->tag);
		past_put((struct pw_bytes){ item->why, strlen(item->why) });
		putchar('\n');
	}
}

static void
put_row(const struct past *past, const struct widths *widths, const struct standing *row)
{
	char state[CELL_MAX], since[PAST_TIME_MAX], last[PAST_TIME_MAX];

	printf("%-*s  %s%-*s%s  %-25s  %-25s  ", widths->name, row->target->name, colour_of(past, row), widths->state,
	    state_cell(row, state), past->colour ? "\033[0m" : "", past_time(past, row->since, since),
	    past_time(past, row->last_run, last));
	put_seen(row);
	for (const struct standing_condition *item = row->conditions; item != NULL; item = item->next) {
		printf("%-*s  stands since %s: %s", widths->name, "", past_time(past, item->since, since), item->code);
		if (item->text[0] != '\0') {
			fputs(": ", stdout);
			past_put((struct pw_bytes){ item->text, strlen(item->text) });
		}
		putchar('\n');
	}
	put_silences(past, widths->name, row);
}

/* What is not well stands first. */
static int
urgency(const struct standing *row)
{
	static const int of_state[STATES] = { [STATE_DOWN] = 0, [STATE_RECOVERING] = 1, [STATE_SUSPECT] = 2,
		[STATE_UP] = 4, [STATE_PENDING] = 5, [STATE_NONE] = 5 };

	if (row->state == STATE_UP && (row->verdict != PW_OK || row->conditions != NULL))
		return 3;
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

static void
put_sum(const struct past *past, const struct standing *const *rows, size_t count)
{
	size_t of_state[STATES] = { 0 };

	for (size_t i = 0; i < count; i++)
		of_state[rows[i]->state == STATE_NONE ? STATE_PENDING : rows[i]->state]++;
	printf("%zu target%s", count, count == 1 ? "" : "s");
	for (int state = STATE_PENDING; state < STATES; state++)
		if (of_state[state] > 0)
			printf(", %zu %s", of_state[state], state_name((enum state)state));
	puts(past->runs ? "; postwatch is running" : "; postwatch is not running");
}

static void
put_waiting(const struct past *past, const struct store_waiting *waiting)
{
	char since[PAST_TIME_MAX];

	if (waiting->notices > 0)
		printf("%llu notice%s waiting, the oldest since %s\n", (unsigned long long)waiting->notices,
		    waiting->notices == 1 ? "" : "s", past_time(past, waiting->since, since));
	if (waiting->dead > 0)
		printf("%llu deliver%s given up; `postwatch outbox` tells more\n", (unsigned long long)waiting->dead,
		    waiting->dead == 1 ? "y was" : "ies were");
}

static void
put_table(const struct past *past, const struct standing *const *rows, size_t count, const struct store_waiting *waiting,
    const struct channels *channels)
{
	struct widths widths = { 6, 5 };

	for (size_t i = 0; i < count; i++) {
		char bytes[CELL_MAX];
		int name = (int)strlen(rows[i]->target->name), state = (int)strlen(state_cell(rows[i], bytes));
		widths.name = name > widths.name ? name : widths.name;
		widths.state = state > widths.state ? state : widths.state;
	}
	printf("%-*s  %-*s  %-25s  %-25s  %s\n", widths.name, "target", widths.state, "state", "since", "last run", "seen");
	for (size_t i = 0; i < count; i++)
		put_row(past, &widths, rows[i]);
	put_sum(past, rows, count);
	put_waiting(past, waiting);
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

static void
put_all(struct past *past, const struct standing **rows, size_t count, const struct store_waiting *waiting,
    const struct channels *channels)
{
	qsort(rows, count, sizeof *rows, compare);
	if (!past->json)
		pager_begin();
	past_say_running(past);
	if (!past->json)
		put_table(past, rows, count, waiting, channels);
	for (size_t i = 0; past->json && i < count; i++)
		put_json(rows[i]);
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
	else if (reading != STORE_READ_BROKEN)
		put_all(&past, rows, count, &all.waiting, &channels);
	ends = past_finish(&past, reading, ends);
	free(rows);
	standings_free(&all);
	channels_free(&channels);
	return ends;
}

static const struct option_row options[] = {
	PAST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_status = {
	.name = "status",
	.arguments = "[TARGET…]",
	.summary = "how every target stands",
	.help = "Prints the state of each TARGET, or of all that are watched, with what was seen last and the conditions\n"
	        "that stand, acknowledgements and pauses, and what waits to be told; those that are not well come first.\n"
	        "A notifier that delivers nothing is named with the reason, and so is why the heartbeat is held back.\n"
	        "Reads the store, so it works while the daemon does not run, too, and then says so.\n\n"
	        "Exit status: 0; 1 nothing is kept, or no such target; 64 wrong command line; 70 the store cannot be\n"
	        "read; 78 there is no such file.",
	.options = options,
	.run = status,
};
