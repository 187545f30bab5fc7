/* `postwatch incidents`: outages, the newest first, of one target or of all. */
#include "command/command.h"

#include <stdio.h>

#include "command/pager.h"
#include "command/past.h"

struct list {
	const struct past *past;
	const struct past_targets *targets;
	uint64_t last; /* number of the last one shown */
	uint32_t shown, open;
	bool enough;
};

static void
put_json(const char *name, const struct store_incident *incident)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_int(&json, "incident", (int64_t)incident->number);
	json_string(&json, "target", name);
	past_json_time(&json, "began", incident->began);
	past_json_time(&json, "confirmed", incident->confirmed);
	past_json_time(&json, "ended", incident->ended);
	json_string(&json, "end", incident->end[0] == '\0' ? NULL : incident->end);
	json_string(&json, "outcome", incident->outcome);
	json_text(&json, "text", incident->text);
	json_text(&json, "end_text", incident->end_text);
	past_json_time(&json, "acknowledged", incident->acknowledged);
	json_text(&json, "acknowledged_by", incident->ack_by);
	json_text(&json, "acknowledged_why", incident->ack_why);
	json_end(&json);
	json_finish_line(&json);
}

static void
put_line(const struct past *past, const char *name, const struct store_incident *incident)
{
	char began[PAST_TIME_MAX], span[40];
	struct text text = TEXT_OVER(span);

	text_add_span(&text, (incident->ended != 0 ? incident->ended : past->now) - incident->began);
	printf("%8llu  %s  %-12s  %-8s  %-20s  ", (unsigned long long)incident->number,
	    past_time(past, incident->began, began), span, incident->ended == 0 ? "open" : incident->end, incident->outcome);
	if (incident->text.size > 0)
		past_put(incident->text);
	else
		fputs(name, stdout);
	if (incident->acknowledged != 0) {
		fputs(" (acknowledged by ", stdout);
		past_put(incident->ack_by);
		if (incident->ack_why.size > 0)
			fputs(": ", stdout);
		past_put(incident->ack_why);
		putchar(')');
	}
	putchar('\n');
}

static bool
on_incident(void *arg, const struct store_incident *incident)
{
	struct list *list = arg;
	const struct past_target *target = past_targets_get(list->targets, incident->target);
	const char *name = target == NULL ? "?" : target->name;

	list->last = incident->number;
	list->open += incident->ended == 0;
	if (list->past->json)
		put_json(name, incident);
	else
		put_line(list->past, name, incident);
	list->enough = ++list->shown == list->past->count;
	return !list->enough;
}

static enum store_reading
put_all(struct list *list, uint64_t target)
{
	enum store_reading reading;

	if (!list->past->json)
		pager_begin();
	past_say_running(list->past);
	if (!list->past->json)
		printf("%8s  %-25s  %-12s  %-8s  %-20s  %s\n", "incident", "began", "lasted", "end", "outcome", "said");
	do
		reading = store_read_incidents(list->past->reader, target, list->last, PAST_PAGE, on_incident, list);
	while (reading == STORE_READ_MORE && !list->enough);
	if (!list->past->json)
		printf("%u incident%s, %u open\n", list->shown, list->shown == 1 ? "" : "s", list->open);
	return reading;
}

static int
incidents(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	struct past_targets targets;
	struct list list = { .past = &past, .targets = &targets };
	const struct past_target *target = NULL;
	enum store_reading reading;
	int at, ends = past_open(&past, command, argc, argv, &at);

	if (ends != 0)
		return ends;
	reading = past_targets_read(&past, &targets);
	if (argc - at > 1)
		ends = command_misused(command, "`incidents` takes one target at most");
	else if (reading != STORE_READ_BROKEN && at < argc && (target = past_targets_find(&targets, argv[at])) == NULL)
		ends = EXIT_NOTHING;
	else if (reading != STORE_READ_BROKEN)
		reading = put_all(&list, target == NULL ? 0 : target->number);
	ends = past_finish(&past, reading, ends);
	past_targets_free(&targets);
	return ends;
}

static const struct option_row options[] = {
	PAST_COUNT,
	PAST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_incidents = {
	.name = "incidents",
	.arguments = "[TARGET]",
	.summary = "outages, the newest first",
	.help = "Lists the incidents of TARGET, or of all: from the first failing attempt of a confirmed outage to the\n"
	        "first passing one of its end. `postwatch show INCIDENT` tells the whole story of one.\n\n"
	        "Exit status: as that of `postwatch status`.",
	.options = options,
	.run = incidents,
};
