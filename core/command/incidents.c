/* `postwatch incidents`: outages, the newest first, of one target or of all. */
#include "command/command.h"

#include <stdio.h>

#include "command/layout.h"
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
	store_outage_json(&json, incident, name_of(incident), false);
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
static void
put_all(struct past *past, uint64_t target)
{
	uint32_t shown = 0, open = 0;
	struct store_outage incident;
	struct store_list list;

	past_begin(past);
	if (!past->json)
		layout_heads(columns, COLUMNS, "said");
	store_list_open(&list, past->reader, target == 0 ? STORE_LIST_INCIDENTS : STORE_LIST_INCIDENTS_OF, target);
	while (past_next(past, &list, &incident)) {
		shown++;
		open += incident.ended == 0;
		if (past->json)
			put_json(&incident);
		else
			put_line(past, &incident);
		if (shown == past->count)
			store_list_stop(&list);
	}
	if (!past->json)
		printf("%u incident%s, %u open\n", shown, shown == 1 ? "" : "s", open);
}

static int
incidents(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	const struct past_target *target = NULL;
	int at, ends = past_options(&past, command, argc, argv, &at);

	if (ends == 0 && argc - at > 1)
		return command_misused(command, "`incidents` takes one target at most");
	if (ends != 0 || (ends = past_open_store(&past)) != 0)
		return ends;
	if (at < argc && !past.broken && (target = past_find_target(&past, argv[at])) == NULL)
		ends = EXIT_NOTHING;
	else if (!past.broken)
		put_all(&past, target == NULL ? 0 : target->number);
	return past_finish(&past, ends);
}

static const struct option_row options[] = { PAST_COUNT, PAST_OPTIONS };

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
