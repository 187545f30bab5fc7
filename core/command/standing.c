/*
 * State and history are kept apart, and the history may have been thinned: of a target's last run counts whichever of
 * them is the newer. All is read before anything is shown.
 */
#include "command/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/memory.h"
#include "config/window_clock.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

static const int64_t patience_unknown = 15 * 60 * (int64_t)SECOND; /* of a target whose settings cannot be read */

struct reading {
	const struct past *past;
	struct standings *all;
	uint64_t number;       /* the last key */
	char code[OUTCOME_NAME_MAX];
};

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

static char *
copy(struct pw_bytes text)
{
	return text.size == 0 ? NULL : must(strndup(text.data, text.size));
}

static void
say(struct standing *row, struct pw_bytes text)
{
	free(row->text);
	row->text = copy(text);
}

static bool
on_state(void *arg, const struct store_state *state)
{
	struct reading *reading = arg;
	struct standing *row = find(reading, state->target);

	reading->number = state->target;
	if (row == NULL || state->state[0] == '\0')
		return true;
	row->state = (uint8_t)state_named(state->state);
	row->doubled = (uint8_t)state->doubled;
	row->since = state->since;
	row->ended = state->ended;
	row->run = verdict_of_name(state->verdict, &row->verdict);
	row->silence = silence_named(state->silences);
	snprintf(row->outcome, sizeof row->outcome, "%s", state->outcome);
	say(row, state->text);
	raise_flag(row, state->flapping, "flapping");
	raise_flag(row, state->slow, "slow");
	raise_flag(row, state->held, "held");
	raise_flag(row, state->quarantined, "quarantined");
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
	/* The same instant; where the clock was set since, the incident's time was moved with it. */
	if (state_is_down((enum state)row->state))
		row->since = incident->confirmed;
	row->acknowledged = incident->acknowledged;
	if (row->acknowledged != 0) {
		raise_flag(row, true, "acknowledged");
		row->ack_by = copy(incident->ack_by);
		row->ack_why = copy(incident->ack_why);
	}
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
	struct standing *row = find(reading, result->target);

	reading->number = result->target;
	/* The end of a run is told in two ways, which may differ by some milliseconds. */
	if (row == NULL || row->target->gone != 0 || result->at + result->micros + SECOND < row->ended)
		return true;
	row->run = true;
	row->last_run = result->at;
	row->ended = result->at + result->micros;
	row->verdict = (enum pw_verdict)result->verdict;
	snprintf(row->outcome, sizeof row->outcome, "%s", result->outcome);
	say(row, result->text);
	return true;
}

static bool
is_held(const struct standing *row, const struct store_pause *pause)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;

	if (pause->target != 0 || pause->tag[0] == '\0')
		return pause->target == row->target->number;
	for (uint32_t i = 0; policy != NULL && i < policy->tag_count; i++)
		if (strcmp(policy->tags[i], pause->tag) == 0)
			return true;
	return false;
}

static bool
on_pause(void *arg, const struct store_pause *pause)
{
	struct reading *reading = arg;

	reading->number = pause->number;
	for (size_t i = 0; i < reading->all->targets.count; i++) {
		struct standing *row = &reading->all->rows[i];

		if (!is_held(row, pause))
			continue;
		struct standing_pause *item = must(calloc(1, sizeof *item + pause->why.size + 1));
		struct text tag = TEXT_OVER(item->tag), by = TEXT_OVER(item->by);
		item->until = pause->until;
		text_add(&tag, pause->tag);
		text_add_bytes(&by, pause->by.data, pause->by.size);
		memcpy(item->why, pause->why.data, pause->why.size);
		item->next = row->pauses;
		row->pauses = item;
	}
	return true;
}

/* The monitor knows nothing of pauses and windows: they are looked up. */
static void
flag_pauses(struct reading *reading)
{
	struct window_clock windows = { .config = NULL };

	if (reading->past->config != NULL)
		must(window_clock_init(&windows, reading->past->config) ? reading : NULL);
	(void)window_clock_turn(&windows, reading->past->now);
	for (size_t i = 0; i < reading->all->targets.count; i++) {
		struct standing *row = &reading->all->rows[i];

		row->silence |= row->pauses != NULL ? SILENCE_paused : 0;
		if (row->configured != NULL && window_clock_holds(&windows, (uint32_t)(row->configured - reading->past->config->targets)))
			row->silence |= SILENCE_window;
		raise_flag(row, row->silence & (SILENCE_paused | SILENCE_window), "paused");
	}
	window_clock_fini(&windows);
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
find_configured(const struct past *past, struct standings *all)
{
	const struct config *config = past->config;
	const struct target **sorted;

	if (config == NULL || config->target_count == 0)
		return;
	sorted = must(calloc(config->target_count, sizeof *sorted));
	for (uint32_t i = 0; i < config->target_count; i++)
		sorted[i] = &config->targets[i];
	qsort(sorted, config->target_count, sizeof *sorted, by_name);
	for (size_t i = 0; i < all->targets.count; i++) {
		struct standing *row = &all->rows[i];
		const struct target **found = bsearch(row->target->name, sorted, config->target_count, sizeof *sorted, name_of);

		row->configured = found == NULL || row->target->gone != 0 ? NULL : *found;
	}
	free(sorted);
}

static void
find_next_runs(const struct past *past, struct standings *all)
{
	int64_t to_utc = past->now - clock_mono();

	for (size_t i = 0; past->runs && i < all->targets.count; i++) {
		struct standing *row = &all->rows[i];

		if (row->configured != NULL && row->state != STATE_NONE && row->ended != 0)
			plan(row, row->configured, to_utc);
	}
}

/* By the clock, as the daemon judges it; while that does not run nobody looks. What is kept may be older than what was seen
 * where the store cannot be written: who reads it is told so. */
static void
find_unseen(const struct past *past, struct standings *all)
{
	bool behind = past->runs && store_behind_since(past->folder) != 0;

	for (size_t i = 0; i < all->targets.count && !behind; i++) {
		struct standing *row = &all->rows[i];
		const struct target_state state = { .state = row->state, .doubled = row->doubled };
		int64_t last = row->ended != 0 ? row->ended : row->since != 0 ? row->since : row->target->known, patience = patience_unknown;

		if (row->target->gone != 0)
			continue;
		if (row->configured != NULL)
			patience = policy_patience(row->configured->policy, pace_interval(&state, row->configured->policy));
		if (!past->runs || past->now - last > patience)
			row->unseen_since = last;
		raise_flag(row, row->unseen_since != 0, STANDING_UNSEEN);
		raise_flag(row, row->run && row->verdict == PW_UNKNOWN, "unknown");
	}
}

static enum store_reading
read_states(struct reading *it)
{
	return store_read_states(it->past->reader, it->number, PAST_PAGE, on_state, it);
}

static enum store_reading
read_incidents(struct reading *it)
{
	return store_read_open_incidents(it->past->reader, it->number, PAST_PAGE, on_incident, it);
}

static enum store_reading
read_conditions(struct reading *it)
{
	return store_read_conditions(it->past->reader, true, it->number, it->code, PAST_PAGE, on_condition, it);
}

static enum store_reading
read_newest(struct reading *it)
{
	return store_read_newest(it->past->reader, it->number, STORE_PAGE_MAX, on_result, it);
}

static enum store_reading
read_pauses(struct reading *it)
{
	return store_read_pauses(it->past->reader, it->past->now, it->number, PAST_PAGE, on_pause, it);
}

static enum store_reading
read_all(struct reading *reading)
{
	static enum store_reading (*const lists[])(struct reading *) = { read_states, read_incidents, read_conditions, read_newest,
		read_pauses };
	enum store_reading read = STORE_READ_END;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0] && read != STORE_READ_BROKEN; i++) {
		reading->number = 0;
		do
			read = lists[i](reading);
		while (read == STORE_READ_MORE);
	}
	for (size_t i = 0; i < reading->all->targets.count; i++)
		if (reading->all->rows[i].last_run == 0)
			reading->all->rows[i].last_run = reading->all->rows[i].ended;
	flag_pauses(reading);
	if (read != STORE_READ_BROKEN && !store_read_waiting(reading->past->reader, &reading->all->waiting))
		read = STORE_READ_BROKEN;
	return read;
}

enum store_reading
standings_read(const struct past *past, struct standings *all)
{
	struct reading reading = { .past = past, .all = all };
	enum store_reading read;

	*all = (struct standings){ 0 };
	read = past_targets_read(past, &all->targets);
	all->rows = must(calloc(all->targets.count + 1, sizeof *all->rows));
	for (size_t i = 0; i < all->targets.count; i++)
		all->rows[i].target = &all->targets.rows[i];
	find_configured(past, all);
	if (read != STORE_READ_BROKEN)
		read = read_all(&reading);
	find_next_runs(past, all);
	find_unseen(past, all);
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
		for (struct standing_pause *item = all->rows[i].pauses, *next; item != NULL; item = next) {
			next = item->next;
			free(item);
		}
		free(all->rows[i].ack_by);
		free(all->rows[i].ack_why);
	}
	free(all->rows);
	past_targets_free(&all->targets);
}
