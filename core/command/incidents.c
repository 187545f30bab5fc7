/* `postwatch incidents`: outages, the newest first, of one target or of all. */
#include "command/command.h"

#include <stdio.h>

#include "command/layout.h"
#include "command/pager.h"
#include "command/past.h"

enum { COLUMNS = 5, SAID_MAX = 8192 };

static const struct layout_column columns[COLUMNS] = { { "incident", 8, true }, { "began", 25, false }, { "lasted", 11, false },
	{ "end", 8, false }, { "outcome", 20, false } };

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

/* What was said, or else of whom it is; and who acknowledged it. */
static const char *
said(const char *name, const struct store_incident *incident, char bytes[SAID_MAX])
{
	struct text text = text_over(bytes, SAID_MAX);

	if (incident->text.size > 0)
		text_add_shown(&text, incident->text);
	else
		text_add(&text, name);
	if (incident->acknowledged != 0) {
		text_add(&text, " (acknowledged by ");
		text_add_shown(&text, incident->ack_by);
		text_add(&text, incident->ack_why.size > 0 ? ": " : "");
		text_add_shown(&text, incident->ack_why);
		text_add(&text, ")");
	}
	return bytes;
}

static void
put_line(const struct past *past, const char *name, const struct store_incident *incident)
{
	char number[24], began[PAST_TIME_MAX], span[40], bytes[SAID_MAX];
	struct text text = TEXT_OVER(span);

	snprintf(number, sizeof number, "%llu", (unsigned long long)incident->number);
	text_add_age(&text, (incident->ended != 0 ? incident->ended : past->now) - incident->began);
	layout_row(columns, COLUMNS, (const char *const[COLUMNS]){ number, past_time(past, incident->began, began), span,
		incident->ended == 0 ? "open" : incident->end, incident->outcome }, said(name, incident, bytes));
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
		layout_heads(columns, COLUMNS, "said");
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
