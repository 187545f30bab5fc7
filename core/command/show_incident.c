/* `postwatch show INCIDENT`: the whole story of an outage, fit to be pasted into a mail to whoever runs the server. */
#include "command/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/evidence_json.h"
#include "base/messages.h"
#include "base/transcript.h"
#include "command/differ.h"
#include "command/layout.h"
#include "command/pager.h"
#include "command/past.h"
#include "command/show.h"

struct story {
	struct past past;
	const struct past_target *target;
	struct json json;
	struct store_evidence_key key; /* of the last piece of evidence */
	struct differ differ;
	uint64_t number, of_target;
	bool found;
	uint32_t unreadable;
};

static void
put_time(const struct story *story, const char *what, int64_t time)
{
	char bytes[PAST_TIME_MAX];

	if (time != 0)
		printf("  %-14s" LAYOUT_HANG "%s\n", what, past_time(&story->past, time, bytes));
}

static void
put_sentence(const char *what, struct pw_bytes text)
{
	if (text.size == 0)
		return;
	printf("  %-14s" LAYOUT_HANG, what);
	past_put(text);
	putchar('\n');
}

static void
put_heading(const struct story *story, const struct store_incident *incident)
{
	const struct past_target *target = story->target;
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	text_add_span(&span, (incident->ended != 0 ? incident->ended : story->past.now) - incident->began);
	printf("incident %" PRIu64 ": %s, %s %s\n", incident->number, target == NULL ? "?" : target->name,
	    incident->ended != 0 ? "down for" : "down, so far for", bytes);
	if (target != NULL)
		printf("  %-14s" LAYOUT_HANG "%s, %s port %u\n", "probe", target->probe, target->host, target->port);
	put_time(story, "began", incident->began);
	put_time(story, "confirmed", incident->confirmed);
	put_time(story, "ended", incident->ended);
	put_time(story, "confirmed", incident->end_confirmed);
	if (incident->end[0] != '\0' && strcmp(incident->end, "up") != 0)
		printf("  %-14s" LAYOUT_HANG "%s\n", "by", incident->end);
	printf("  %-14s" LAYOUT_HANG "%s\n", "outcome", incident->outcome);
	put_time(story, "acknowledged", incident->acknowledged);
	put_sentence("by", incident->ack_by);
	put_sentence("because", incident->ack_why);
	put_sentence("said", incident->text);
	put_sentence("", incident->end_text);
}

static void
put_heading_json(struct story *story, const struct store_incident *incident)
{
	struct json *json = &story->json;

	json_int(json, "incident", (int64_t)incident->number);
	json_string(json, "target", story->target == NULL ? NULL : story->target->name);
	past_json_time(json, "began", incident->began);
	past_json_time(json, "confirmed", incident->confirmed);
	past_json_time(json, "ended", incident->ended);
	past_json_time(json, "end_confirmed", incident->end_confirmed);
	json_string(json, "end", incident->end[0] == '\0' ? NULL : incident->end);
	json_string(json, "outcome", incident->outcome);
	json_text(json, "text", incident->text);
	json_text(json, "end_text", incident->end_text);
	past_json_time(json, "acknowledged", incident->acknowledged);
	json_text(json, "acknowledged_by", incident->ack_by);
	json_text(json, "acknowledged_why", incident->ack_why);
}

static bool
on_incident(void *arg, const struct store_incident *incident)
{
	struct story *story = arg;

	if (story->past.json)
		put_heading_json(story, incident);
	else
		put_heading(story, incident);
	return false;
}

static void
put_delivery(struct story *story, const struct store_told *told)
{
	int64_t time = told->ended != 0 ? told->ended : told->created;
	char bytes[PAST_TIME_MAX], words[4 * PW_RECEIPT_MAX + 1];
	struct text text = TEXT_OVER(words);

	text_escape(&text, told->receipt);
	if (story->past.json) {
		json_begin_object(&story->json, NULL);
		json_string(&story->json, "notifier", told->notifier);
		json_string(&story->json, "recipient", told->recipient);
		json_string(&story->json, "state", told->delivery);
		json_int(&story->json, "attempts", told->attempts);
		past_json_time(&story->json, "created", told->created);
		past_json_time(&story->json, "ended", told->ended);
		json_foreign(&story->json, "receipt", told->receipt);
		json_end(&story->json);
		return;
	}
	printf("      %s%s%s: %s %s, %u attempt%s%s%s\n", told->notifier, told->recipient[0] == '\0' ? "" : " ", told->recipient, told->delivery,
	    past_time(&story->past, time, bytes), told->attempts, told->attempts == 1 ? "" : "s", words[0] != '\0' ? ": " : "", words);
}

static void
begin_notice(struct story *story, const struct store_told *told)
{
	char bytes[PAST_TIME_MAX], shown[1024];
	struct text text = TEXT_OVER(shown);

	text_add_shown(&text, told->text);
	if (story->past.json) {
		json_begin_object(&story->json, NULL);
		json_int(&story->json, "notice", (int64_t)told->notice);
		json_string(&story->json, "kind", told->kind);
		past_json_time(&story->json, "confirmed", told->confirmed);
		json_string(&story->json, "text", shown);
		json_begin_array(&story->json, "deliveries");
	} else
		printf("  %s  %-9s " LAYOUT_HANG "%s\n", past_time(&story->past, told->confirmed, bytes), told->kind, shown);
}

static void
end_notice(struct story *story)
{
	if (story->past.json) {
		json_end(&story->json);
		json_end(&story->json);
	}
}

/* A notice has as many rows as there are recipients, or one without a notifier. */
static enum store_reading
put_told(struct story *story)
{
	struct store_list list;
	struct store_told told;
	uint64_t notice = 0;

	if (story->past.json)
		json_begin_array(&story->json, "notices");
	store_list_open(&list, story->past.reader, STORE_LIST_TOLD, story->number);
	while (store_list_next(&list, &told)) {
		if (notice == 0 && !story->past.json)
			puts("\nWhat there was to tell, and who was told\n");
		if (notice != told.notice) {
			if (notice != 0)
				end_notice(story);
			begin_notice(story, &told);
		}
		notice = told.notice;
		if (told.notifier[0] != '\0')
			put_delivery(story, &told);
	}
	if (notice != 0)
		end_notice(story);
	if (story->past.json)
		json_end(&story->json);
	return store_list_close(&list);
}

static void
put_leg(const struct story *story, const char *role, const struct evidence *leg)
{
	char at[PAST_TIME_MAX], bytes[4096];
	struct text text = TEXT_OVER(bytes);

	transcript_add_ends(&text, leg);
	text_add(&text, ": ");
	transcript_add_verdict(&text, leg);
	text_add(&text, "\n    ");
	transcript_add_phases(&text, leg);
	printf("  %s  %s, %s\n", past_time(&story->past, leg->started, at), past_role(role), bytes);
	show_transcript(stdout, leg->transcript, "", "");
	putchar('\n');
}

static void
put_leg_json(struct story *story, const struct store_evidence *row, const struct evidence *leg)
{
	json_begin_object(&story->json, NULL);
	json_int(&story->json, "run", (int64_t)row->run);
	json_string(&story->json, "role", row->role);
	past_json_time(&story->json, "started", leg->started);
	json_seconds(&story->json, "seconds", leg->micros);
	evidence_json(&story->json, "leg", leg);
	json_end(&story->json);
}

static bool
on_evidence(void *arg, const struct store_evidence *row)
{
	struct story *story = arg;
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct message_evidence evidence;

	story->key = (struct store_evidence_key){ row->run, row->leg, row->target };
	if (!message_get_evidence(&in, &evidence, UINT32_MAX)) {
		story->unreadable++;
		return true;
	}
	differ_take(&story->differ, row->run, row->at, strcmp(row->role, "passed") == 0, row->bytes);
	if (story->past.json)
		put_leg_json(story, row, &evidence.leg);
	else
		put_leg(story, row->role, &evidence.leg);
	return true;
}

static void
put_differences(const struct story *story)
{
	char then[PAST_TIME_MAX], now[PAST_TIME_MAX];

	if (story->unreadable > 0)
		printf("  %u pieces of evidence cannot be read: another version wrote them\n\n", story->unreadable);
	if (!differ_is_whole(&story->differ))
		return;
	printf("What differs between the last failure (%s) and the success (%s)\n\n",
	    past_time(&story->past, story->differ.failed.at, then), past_time(&story->past, story->differ.passed.at, now));
	differ_put(&story->differ);
}

static enum store_reading
put_evidence(struct story *story)
{
	enum store_reading reading;

	if (story->past.json)
		json_begin_array(&story->json, "evidence");
	else
		puts("\nWhat was seen\n");
	story->key = STORE_EVIDENCE_FIRST;
	do
		reading = store_read_evidence(story->past.reader, story->number, &story->key, PAST_PAGE, on_evidence, story);
	while (reading == STORE_READ_MORE);
	if (story->past.json)
		json_end(&story->json);
	else
		put_differences(story);
	return reading;
}

static bool
on_owner(void *arg, const struct store_incident *incident)
{
	struct story *story = arg;

	story->found = true;
	story->of_target = incident->target;
	return false;
}

static enum store_reading
tell(struct story *story, const struct past_targets *targets)
{
	struct store_reader *reader = story->past.reader;
	enum store_reading reading;

	story->target = past_targets_get(targets, story->of_target);
	if (story->past.json)
		json_begin_object(&story->json, NULL);
	else
		pager_begin();
	past_say_running(&story->past);
	reading = store_read_incident(reader, story->number, on_incident, story);
	if (reading != STORE_READ_BROKEN)
		reading = put_told(story);
	if (reading != STORE_READ_BROKEN)
		reading = put_evidence(story);
	if (story->past.json) {
		json_end(&story->json);
		json_finish_line(&story->json);
	}
	return reading;
}

static int
tell_one(struct story *story)
{
	struct past_targets targets;
	enum store_reading reading = past_targets_read(&story->past, &targets);
	int ends = 0;

	if (reading != STORE_READ_BROKEN)
		reading = store_read_incident(story->past.reader, story->number, on_owner, story);
	if (reading != STORE_READ_BROKEN && story->found)
		reading = tell(story, &targets);
	else if (reading != STORE_READ_BROKEN) {
		fprintf(stderr, "postwatch: there is no incident %" PRIu64 ": `postwatch incidents` lists them\n", story->number);
		ends = EXIT_NOTHING;
	}
	ends = past_finish(&story->past, reading, ends);
	past_targets_free(&targets);
	differ_fini(&story->differ);
	return ends;
}

static int
show(const struct command *command, int argc, char **argv)
{
	struct story story = { .number = 0 };
	char *end = NULL;
	int at, ends = past_options(&story.past, command, argc, argv, &at);

	if (ends != 0)
		return ends;
	if (argc - at == 1)
		story.number = strtoull(argv[at] + (argv[at][0] == '#'), &end, 10);
	if (end == NULL || *end != '\0' || story.number == 0)
		return command_misused(command, "`show` takes the number of an incident: `postwatch incidents` lists them");
	if ((ends = past_open_store(&story.past)) != 0)
		return ends;
	story.json = json_to_file(stdout);
	return tell_one(&story);
}

static const struct option_row options[] = {
	PAST_OPTIONS,
	{ NULL, 0, NULL, NULL },
};

const struct command command_show = {
	.name = "show",
	.arguments = "INCIDENT",
	.summary = "the whole story of an outage",
	.help = "Tells the whole story of an incident: when it began and ended and when that was certain, what there was\n"
	        "to tell and who was told, the transcript of every attempt that was kept, and what differs between the\n"
	        "last failure and the success.\n\n"
	        "Exit status: as that of `postwatch status`.",
	.options = options,
	.run = show,
};
