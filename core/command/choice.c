/*
 * For commands that read the store (history, incidents, report ...): takes the options that choose
 * targets and a span of time.
 */
#include "command/choice.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"
#include "command/find_target.h"
#include "monitor/state.h"

/* Returns the instant, or with `behind` the end of the day or month that is meant; -1: there is no
 * such time. */
static int64_t
find_instant(const struct past *past, const char *word, bool behind)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%Y-%m" };
	enum { DAY = 4, MONTH, FORMS };
	struct tm tm;
	struct zone_time wall, shown;
	const char *rest = NULL;
	size_t form;

	for (form = 0; form < FORMS; form++) {
		tm = (struct tm){ .tm_mday = 1 };
		if ((rest = strptime(word, forms[form], &tm)) != NULL)
			break;
	}
	if (rest == NULL)
		return -1;
	wall = (struct zone_time){ .year = tm.tm_year + 1900, .month = tm.tm_mon + 1,
		.day = tm.tm_mday };
	shown = zone_at(NULL, zone_seconds(NULL, &wall));
	if (shown.month != wall.month || (rest[0] != '\0' && form >= DAY))
		return -1;
	wall.hour = tm.tm_hour, wall.minute = tm.tm_min, wall.second = tm.tm_sec;
	wall.day += behind && form == DAY;
	wall.month += behind && form == MONTH;
	if (wall.month > 12)
		wall.year++, wall.month = 1;
	if (rest[0] == '\0')
		return zone_seconds(past->zone, &wall) * SECOND;
	rest = strptime(rest, "%z", &tm);
	if (rest == NULL || *rest != '\0')
		return -1;
	return (zone_seconds(NULL, &wall) - tm.tm_gmtoff) * SECOND;
}

/* What the command calls an option that may be --from here and --since there. */
static const char *
name_of(const struct command *command, char letter)
{
	const struct option_row *option = command->options;

	while (option->name != NULL && option->letter != letter)
		option++;
	return option->name == NULL ? "until" : option->name;
}

static int
take_time(const struct past *past, const struct command *command, bool behind, int64_t *time)
{
	const char *word = behind ? past->until : past->since;
	struct reason why;
	int64_t span;

	if (word == NULL)
		return 0;
	if (units_parse_duration(word, &span, &why))
		*time = past->now - span;
	else
		*time = find_instant(past, word, behind);
	if (*time >= 0)
		return 0;
	return command_misused(command, "--%s: `%s` is no time: 2h (ago), 2026-11-23, "
	    "\"2026-11-23 20:00\" or 2026-11", name_of(command, behind ? 'U' : 's'), word);
}

/* A target of which no state is kept is pending. */
static void
narrow(struct past *past, struct choice *choice, uint32_t states)
{
	uint32_t *of = past_keep(past, (past->target_count + 1) * sizeof *of);
	struct store_status status;

	for (size_t i = 0; i < past->target_count; i++)
		of[i] = 1u << STATE_PENDING;
	PAST_EACH(past, &status, STORE_LIST_STATUS, 0) {
		size_t place = past_place(past, status.target);

		if (state_named(status.state) != STATE_NONE)
			of[place] = 1u << state_named(status.state);
	}
	for (size_t i = 0; i < past->target_count; i++) {
		choice->count -= choice->taken[i] && !(of[i] & states);
		choice->taken[i] = choice->taken[i] && of[i] & states;
	}
	assert(choice->count <= past->target_count);
}

static void
take(struct choice *choice, size_t place)
{
	choice->count += !choice->taken[place];
	choice->taken[place] = true;
}

/* Returns false if there is none, which was said. */
static bool
take_named(const struct past *past, const char *word, struct choice *choice)
{
	const char *tag = strncmp(word, "tag:", 4) == 0 ? word + 4 : NULL;
	const struct past_target *target = tag == NULL ? past_find_target(past, word) : NULL;
	size_t before = choice->count;
	bool has_any = target != NULL;

	if (target != NULL)
		take(choice, (size_t)(target - past->targets));
	for (size_t i = 0; tag != NULL && i < past->target_count; i++) {
		const struct target *configured = past->targets[i].configured;

		if (configured != NULL && target_has_tag(configured, tag)) {
			take(choice, i);
			has_any = true;
		}
	}
	assert(has_any || choice->count == before);
	if (tag != NULL && !has_any)
		fprintf(stderr, "postwatch: no target has the tag `%s`%s\n", tag,
		    past->config == NULL ? ": no configuration can be read, which has them" : "");
	return has_any;
}

int
choice_make(struct past *past, const struct command *command, const char *const *words,
    struct choice *choice)
{
	uint32_t states = 0;
	int status;

	*choice = (struct choice){ .past = past, .taken = past_keep(past, past->target_count + 1),
		.until = INT64_MAX };
	status = take_time(past, command, false, &choice->since);
	if (status == 0)
		status = take_time(past, command, true, &choice->until);
	if (status == 0 && choice->since >= choice->until)
		status = command_misused(command, "--%s is not before --%s", name_of(command, 's'),
		    name_of(command, 'U'));
	for (; status == 0 && *words != NULL; words++) {
		bool is_state = strncmp(*words, "state:", 6) == 0;
		enum state state = is_state ? state_named(*words + 6) : STATES;

		if (state == STATE_NONE)
			return command_misused(command,
			    "%s: states are pending, up, suspect, down and recovering", *words);
		if (state < STATES)
			states |= 1u << state;
		choice->is_named |= !is_state;
		if (!is_state && !take_named(past, *words, choice))
			return EXIT_NOTHING;
	}
	for (size_t i = 0; !choice->is_named && i < past->target_count; i++)
		if (past->targets[i].gone == 0)
			take(choice, i);
	if (states != 0)
		narrow(past, choice, states);
	choice->is_named |= states != 0;
	return status;
}

int
choice_open(struct past *past, const struct command *command, const char *const *words,
    struct choice *choice)
{
	int status = past_open_store(past);

	if (status != 0)
		return status;
	if (!past->broken)
		status = choice_make(past, command, words, choice);
	return past->broken || status != 0 ? past_finish(past, status) : 0;
}

size_t
choice_next(const struct choice *choice, size_t place)
{
	while (place < choice->past->target_count && !choice->taken[place])
		place++;
	return place;
}

bool
choice_has(const struct choice *choice, uint64_t number)
{
	return !choice->is_named || choice->taken[past_place(choice->past, number)];
}
