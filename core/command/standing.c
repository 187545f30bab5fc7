/*
 * State and history are kept apart, and the history may have been thinned: of a target's last run counts whichever of
 * them is the newer. All is read before anything is shown.
 */
#include "command/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/pace.h"

struct reading {
	const struct past *past;
	struct standings *all;
	struct codes *codes;
	struct standing *at;   /* whose history is read */
	uint64_t number;       /* the last key */
	char code[OUTCOME_NAME_MAX];
};

static void *
must(void *memory)
{
	if (memory == NULL) {
		fputs("postwatch: out of memory\n", stderr);
		exit(EXIT_INTERNAL);
	}
	return memory;
}

static struct standing *
find(struct reading *reading, uint64_t number)
{
	const struct past_target *target = past_targets_get(&reading->all->targets, number);

	return target == NULL ? NULL : &reading->all->rows[target - reading->all->targets.rows];
}

static void
raise_flag(struct standing *row, bool set, const char *name)
{
	size_t count = 0;

	while (row->flags[count] != NULL)
		count++;
	if (set && count < STANDING_FLAGS_MAX)
		row->flags[count] = name;
}

static void
say(struct standing *row, struct pw_bytes text)
{
	free(row->text);
	row->text = text.size == 0 ? NULL : must(strndup(text.data, text.size));
}

static void
take_view(struct standing *row, const struct view *view)
{
	row->state = view->state.state;
	row->doubled = view->state.doubled;
	row->since = view->state.since;
	row->ended = view->state.ended;
	row->run = view->state.ended != 0;
	row->verdict = view->state.verdict;
	snprintf(row->outcome, sizeof row->outcome, "%s", view->outcome);
	say(row, view->text);
	raise_flag(row, view->flapping, "flapping");
	raise_flag(row, view->slow, "slow");
	raise_flag(row, view->paused, "paused");
	raise_flag(row, view->held, "held");
	raise_flag(row, view->quarantined, "quarantined");
}

static bool
on_state(void *arg, const struct store_state *state)
{
	struct reading *reading = arg;
	struct standing *row = find(reading, state->target);
	struct view view;

	reading->number = state->target;
	if (row == NULL || !view_read(&view, reading->codes, state->state))
		return true;
	take_view(row, &view);
	view_fini(&view);
	return true;
}

static bool
on_incident(void *arg, const struct store_incident *incident)
{
	struct reading *reading = arg;
	struct standing *row = find(reading, incident->target);

	reading->number = incident->number;
	if (row == NULL)
		return true;
	row->incident = incident->number;
	raise_flag(row, incident->acknowledged != 0, "acknowledged");
	if (row->text == NULL)
		say(row, incident->text);
	return true;
}

static bool
on_condition(void *arg, const struct store_condition *condition)
{
	struct reading *reading = arg;
	struct standing *row = find(reading, condition->target);
	struct standing_condition *item;

	reading->number = condition->target;
	snprintf(reading->code, sizeof reading->code, "%s", condition->code);
	if (row == NULL)
		return true;
	item = must(calloc(1, sizeof *item + condition->text.size + 1));
	snprintf(item->code, sizeof item->code, "%s", condition->code);
	item->since = condition->since;
	memcpy(item->text, condition->text.data, condition->text.size);
	item->next = row->conditions;
	row->conditions = item;
	return true;
}

static bool
on_result(void *arg, const struct store_result *result)
{
	struct reading *reading = arg;
	struct standing *row = reading->at;

	/* The end of a run is told in two ways, which may differ by some milliseconds. */
	if (result->at + result->micros + SECOND < row->ended)
		return false;
	row->run = true;
	row->last_run = result->at;
	row->ended = result->at + result->micros;
	row->verdict = (uint8_t)result->verdict;
	snprintf(row->outcome, sizeof row->outcome, "%s", result->outcome);
	say(row, result->text);
	return false;
}

static enum store_reading
read_histories(struct reading *reading)
{
	for (size_t i = 0; i < reading->all->targets.count; i++) {
		uint64_t cursor = 0, number = reading->all->targets.rows[i].number;

		reading->at = &reading->all->rows[i];
		if (reading->at->target->gone == 0
		    && store_read_history(reading->past->reader, number, &cursor, 1, on_result, reading) == STORE_READ_BROKEN)
			return STORE_READ_BROKEN;
		if (reading->at->last_run == 0)
			reading->at->last_run = reading->at->ended;
	}
	return STORE_READ_END;
}

static int
by_name(const void *left, const void *right)
{
	const struct target *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

static int
name_of(const void *key, const void *member)
{
	const struct target *const *target = member;

	return strcmp(key, (*target)->name);
}

/* The monitor goes by the monotonic clock, which is the same for us; the jitter of a retry we cannot know. */
static void
plan(struct standing *row, const struct target *target, int64_t to_utc)
{
	struct target_state state = { .state = row->state, .doubled = row->doubled };

	row->next_run = pace_next(&state, target->policy, target->hash, 0, row->ended - to_utc, 0).at + to_utc;
}

static void
find_next_runs(const struct past *past, struct standings *all)
{
	const struct config *config = past->config;
	int64_t to_utc = past->now - clock_mono();
	const struct target **sorted;

	if (config == NULL || !past->runs || config->target_count == 0)
		return;
	sorted = must(calloc(config->target_count, sizeof *sorted));
	for (uint32_t i = 0; i < config->target_count; i++)
		sorted[i] = &config->targets[i];
	qsort(sorted, config->target_count, sizeof *sorted, by_name);
	for (size_t i = 0; i < all->targets.count; i++) {
		struct standing *row = &all->rows[i];
		const struct target **found = bsearch(row->target->name, sorted, config->target_count, sizeof *sorted, name_of);

		if (found != NULL && row->target->gone == 0 && row->state != STATE_NONE && row->ended != 0)
			plan(row, *found, to_utc);
	}
	free(sorted);
}

static enum store_reading
read_all(struct reading *reading)
{
	struct store_reader *reader = reading->past->reader;
	enum store_reading read;

	do
		read = store_read_states(reader, reading->number, PAST_PAGE, on_state, reading);
	while (read == STORE_READ_MORE);
	reading->number = 0;
	do
		read = read == STORE_READ_BROKEN ? read
		                                 : store_read_open_incidents(reader, reading->number, PAST_PAGE, on_incident, reading);
	while (read == STORE_READ_MORE);
	reading->number = 0;
	do
		read = read == STORE_READ_BROKEN ? read : store_read_conditions(reader, true, reading->number, reading->code,
		    PAST_PAGE, on_condition, reading);
	while (read == STORE_READ_MORE);
	return read == STORE_READ_BROKEN ? read : read_histories(reading);
}

enum store_reading
standings_read(const struct past *past, struct standings *all)
{
	struct reading reading = { .past = past, .all = all, .codes = must(codes_create()) };
	enum store_reading read;

	*all = (struct standings){ 0 };
	read = past_targets_read(past, &all->targets);
	all->rows = must(calloc(all->targets.count + 1, sizeof *all->rows));
	for (size_t i = 0; i < all->targets.count; i++)
		all->rows[i].target = &all->targets.rows[i];
	if (read != STORE_READ_BROKEN)
		read = read_all(&reading);
	find_next_runs(past, all);
	codes_destroy(&reading.codes);
	return read;
}

void
standings_free(struct standings *all)
{
	for (size_t i = 0; i < all->targets.count; i++) {
		free(all->rows[i].text);
		for (struct standing_condition *item = all->rows[i].conditions, *next; item != NULL; item = next) {
			next = item->next;
			free(item);
		}
	}
	free(all->rows);
	past_targets_free(&all->targets);
}
