/* `postwatch incidents`: outages, the newest first, of one target or of all. */
#include "command/command.h"

#include <stdio.h>

#include "command/layout.h"
#include "command/pager.h"
#include "command/past.h"

enum { COLUMNS = 5, SAID_MAX = 8192 };

static const struct layout_column columns[COLUMNS] = { { "incident", 8, true }, { "began", 25, false }, { "lasted", 11, false },
	{ "end", 8, false }, { "outcome", 20, false } };

/* A target that is not known any more has no name. */
static const char *
name_of(const struct store_outage *incident)
{
	return incident->name[0] == '\0' ? "?" : incident->name;
}

static void
put_json(const struct store_outage *incident)
{
	struct json json = json_to_file(stdout);

	json_begin_object(&json, NULL);
	json_int(&json, "incident", (int64_t)incident->number);
	json_string(&json, "target", name_of(incident));
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
said(const struct store_outage *incident, char bytes[SAID_MAX])
{
	struct text text = text_over(bytes, SAID_MAX);

	if (incident->text.size > 0)
		text_add_shown(&text, incident->text);
	else
		text_add(&text, name_of(incident));
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
put_line(const struct past *past, const struct store_outage *incident)
{
	char number[24], began[PAST_TIME_MAX], span[40], bytes[SAID_MAX];
	struct text text = TEXT_OVER(span);

	snprintf(number, sizeof number, "%llu", (unsigned long long)incident->number);
	text_add_age(&text, (incident->ended != 0 ? incident->ended : past->now) - incident->began);
	layout_row(columns, COLUMNS, (const char *const[COLUMNS]){ number, past_time(past, incident->began, began), span,
		incident->ended == 0 ? "open" : incident->end, incident->outcome }, said(incident, bytes));
}

/* `target`: the store's number; 0: of all. */
static enum store_reading
put_all(const struct past *past, uint64_t target)
{
	uint32_t shown = 0, open = 0;
	struct store_outage incident;
	struct store_list list;

	if (!past->json)
		pager_begin();
	past_say_running(past);
	if (!past->json)
		layout_heads(columns, COLUMNS, "said");
	store_list_open(&list, past->reader, target == 0 ? STORE_LIST_INCIDENTS : STORE_LIST_INCIDENTS_OF, target);
	while ((past->count == 0 || shown < past->count) && store_list_next(&list, &incident)) {
		shown++;
		open += incident.ended == 0;
		if (past->json)
			put_json(&incident);
		else
			put_line(past, &incident);
	}
	if (!past->json)
		printf("%u incident%s, %u open\n", shown, shown == 1 ? "" : "s", open);
	return store_list_close(&list);
}

static int
incidents(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	struct past_targets targets;
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
		reading = put_all(&past, target == NULL ? 0 : target->number);
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
