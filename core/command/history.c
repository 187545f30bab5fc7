/* `postwatch history TARGET`: its runs, the newest first, as far back as they are kept. */
#include "command/command.h"

#include <stdio.h>
#include <string.h>

#include "base/outcome.h"
#include "command/layout.h"
#include "command/pager.h"
#include "command/past.h"

enum { NAME_MAX_SIZE = 24, DAY_MAX = 24, NARROW = 100 };

struct list {
	const struct past *past;
	const struct past_target *target;
	uint32_t shown;
	bool enough;
	char day[DAY_MAX]; /* of the last one shown, on a narrow page */
};

/* Takes the next word of a list; false at its end. */
static bool
next_name(const char **names, char name[NAME_MAX_SIZE])
{
	size_t size = strcspn(*names, " ");

	if (size == 0)
		return false;
	snprintf(name, NAME_MAX_SIZE, "%.*s", (int)size, *names);
	*names += size;
	*names += **names == ' ';
	return true;
}

static const char *
verdict_of(const struct store_result *result)
{
	return result->verdict <= PW_UNKNOWN ? verdict_name((enum pw_verdict)result->verdict) : "?";
}

static void
put_json(const struct list *list, const struct store_result *result)
{
	struct json json = json_to_file(stdout);
	const char *names = result->phase_names;
	char name[NAME_MAX_SIZE];

	json_begin_object(&json, NULL);
	json_string(&json, "target", list->target->name);
	json_string(&json, "verdict", verdict_of(result));
	json_string(&json, "outcome", result->outcome);
	json_text(&json, "text", result->text);
	past_json_time(&json, "started", result->at);
	json_seconds(&json, "seconds", result->micros);
	json_begin_array(&json, "phases");
	for (uint32_t i = 0; i < result->phase_count && next_name(&names, name); i++) {
		json_begin_object(&json, NULL);
		json_string(&json, "phase", name);
		if (result->phases[i] < 0)
			json_null(&json, "seconds");
		else
			json_seconds(&json, "seconds", result->phases[i]);
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
	json_finish_line(&json);
}

/* The steps that it reached, with their times. */
static void
add_phases(struct text *text, const struct store_result *result)
{
	const char *names = result->phase_names, *separator = ": ";
	char name[NAME_MAX_SIZE];

	for (uint32_t i = 0; i < result->phase_count && next_name(&names, name); i++)
		if (result->phases[i] >= 0) {
			text_format(text, "%s%s ", separator, name);
			text_add_span(text, result->phases[i]);
			separator = ", ";
		}
}

/* On a narrow page the day stands above its runs. */
static const char *
time_of(struct list *list, int64_t at, char bytes[PAST_TIME_MAX])
{
	struct text clock = text_over(bytes, PAST_TIME_MAX);
	char whole[PAST_TIME_MAX], day[DAY_MAX];

	past_time(list->past, at, whole);
	if (layout_width() < NARROW) {
		snprintf(day, sizeof day, "%.10s%s", whole, strrchr(whole, ' ') == NULL ? "" : strrchr(whole, ' '));
		if (strcmp(day, list->day) != 0)
			printf("%s\n", day);
		memcpy(list->day, day, sizeof day);
		zone_add_clock(&clock, list->past->zone, at);
	} else
		text_add(&clock, whole);
	return bytes;
}

static void
put_line(struct list *list, const struct store_result *result)
{
	const struct layout_column columns[] = { { "", layout_width() < NARROW ? 8 : 25, false }, { "", 9, true } };
	char at[PAST_TIME_MAX], took[40], bytes[8192];
	struct text span = TEXT_OVER(took), text = TEXT_OVER(bytes);

	text_add_span(&span, result->micros);
	text_add(&text, verdict_of(result));
	if (result->verdict != PW_OK)
		text_format(&text, " (%s)", result->outcome);
	if (result->text.size > 0) {
		text_add(&text, ": ");
		text_add_shown(&text, result->text);
	} else
		add_phases(&text, result);
	layout_row(columns, 2, (const char *const[]){ time_of(list, result->at, at), took }, bytes);
}

static bool
on_result(void *arg, const struct store_result *result)
{
	struct list *list = arg;

	if (list->past->json)
		put_json(list, result);
	else
		put_line(list, result);
	list->enough = ++list->shown == list->past->count;
	return !list->enough;
}

static enum store_reading
put_all(struct list *list)
{
	enum store_reading reading;
	uint64_t cursor = 0;

	if (!list->past->json)
		pager_begin();
	past_say_running(list->past);
	do
		reading = store_read_history(list->past->reader, list->target->number, &cursor, PAST_PAGE, on_result, list);
	while (reading == STORE_READ_MORE && !list->enough);
	if (!list->past->json && list->shown == 0)
		printf("%s: no runs are kept\n", list->target->name);
	return reading;
}

static int
history(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	struct past_targets targets;
	struct list list = { .past = &past };
	enum store_reading reading;
	int at, ends = past_options(&past, command, argc, argv, &at);

	if (ends == 0 && argc - at != 1)
		return command_misused(command, "`history` takes one target");
	if (ends != 0 || (ends = past_open_store(&past)) != 0)
		return ends;
	reading = past_targets_read(&past, &targets);
	if (reading != STORE_READ_BROKEN && (list.target = past_targets_find(&targets, argv[at])) == NULL)
		ends = EXIT_NOTHING;
	else if (reading != STORE_READ_BROKEN)
		reading = put_all(&list);
	ends = past_finish(&past, reading, ends);
	past_targets_free(&targets);
	return ends;
}

static const struct option_row options[] = {
	PAST_COUNT,
	PAST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_history = {
	.name = "history",
	.arguments = "TARGET",
	.summary = "the runs of a target, the newest first",
	.help = "Lists the runs of TARGET as far back as they are kept: when, the verdict, how long it took, and the\n"
	        "sentence, or where all was well the seconds of each step.\n\n"
	        "Exit status: as that of `postwatch status`.",
	.options = options,
	.run = history,
};
