/*
 * `postwatch incidents`: lists outages, the newest first, of one target or of all; and `postwatch
 * show INCIDENT`: the whole story of one, fit to be pasted into a mail to the people who run the
 * server.
 */
#include "command/command.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/difference.h"
#include "base/evidence_json.h"
#include "base/messages.h"
#include "base/transcript.h"
#include "command/choice.h"
#include "command/find_target.h"
#include "command/layout.h"
#include "command/past.h"
#include "command/show_target.h"

enum { COLUMNS = 5, SAID_MAX = 8192 };

static const struct layout_column columns[COLUMNS] = { { "incident", 8, true },
	{ "began", 25, false }, { "lasted", 11, false }, { "end", 8, false },
	{ "outcome", 20, false } };

/* A target that is not known any more has no name. */
static const char *
name_of(const struct store_outage *incident)
{
	return incident->name[0] == '\0' ? "?" : incident->name;
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
	char bytes[SAID_MAX];
	struct text span = TEXT_ROOM(40);
	const char *const cells[COLUMNS] = { FORMAT(24, "%" PRIu64, incident->number),
		PAST_TIME(past, incident->began), span.bytes,
		incident->ended == 0 ? "open" : incident->end, incident->outcome };

	text_add_age(&span, (incident->ended != 0 ? incident->ended : past->now) - incident->began);
	layout_row(columns, COLUMNS, cells, said(incident, bytes));
}

static void
put_all(struct past *past, const struct choice *choice)
{
	bool is_of_one = choice->is_named && choice->count == 1;
	enum store_list_kind kind = is_of_one ? STORE_LIST_INCIDENTS_OF : STORE_LIST_INCIDENTS;
	uint64_t target = is_of_one ? past->targets[choice_next(choice, 0)].number : 0;
	uint32_t shown = 0, open = 0;
	struct store_outage incident;
	struct store_list list;

	past_begin(past);
	if (!past->json)
		layout_heads(columns, COLUMNS, "said");
	store_list_open(&list, past->reader, kind, target);
	while (past_next(past, &list, &incident)) {
		/* An incident is of the time that is asked for if it lasted then. */
		if (!choice_has(choice, incident.target) || incident.began >= choice->until
		    || (incident.ended != 0 && incident.ended <= choice->since))
			continue;
		shown++;
		open += incident.ended == 0;
		if (past->json) {
			struct json json = json_begin_line(stdout);

			store_outage_json(&json, &incident, name_of(&incident), false);
			json_end_line(&json);
		} else
			put_line(past, &incident);
		if (shown == past->count)
			store_list_stop(&list);
	}
	assert(open <= shown && (past->count == 0 || shown <= past->count));
	if (!past->json)
		printf("%u incident%s, %u open\n", shown, plural(shown), open);
}

static int
incidents(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	struct choice choice;
	int at, ends = past_options(&past, command, argc, argv, &at);

	if (ends != 0 || (ends = choice_open(&past, command, past_words(argv, at), &choice)) != 0)
		return ends;
	put_all(&past, &choice);
	return past_finish(&past, 0);
}

static const struct option_row options[] = { PAST_COUNT, PAST_TIMES, PAST_OPTIONS };

const struct command command_incidents = {
	.name = "incidents", .arguments = PAST_WORDS,
	.summary = "outages, the newest first",
	.help = "Lists the incidents of each TARGET, or of all: from the first failing attempt of "
	    "a confirmed outage to the first passing one of its end. `postwatch show INCIDENT` tells "
	    "the whole story of one.\n\n"
	    PAST_WORDS_HELP "--since and --until leave those that lasted then.\n\n"
	    "Exit status: as that of `postwatch status`.",
	.options = options, .run = incidents,
};

struct story {
	struct past past;
	struct json json;
	/* What is compared: the last run that failed, and the first behind it that passed. */
	struct kept_run failed, passed;
	uint64_t number;
	const struct policy *policy; /* of its target; NULL: not known */
	uint32_t unreadable; /* pieces of evidence */
};

static void
put_time(const struct story *story, const char *what, int64_t time)
{
	if (time != 0)
		printf("  %-14s" LAYOUT_HANG "%s\n", what, PAST_TIME(&story->past, time));
}

static void
put_sentence(const char *what, struct pw_bytes text)
{
	if (text.size == 0)
		return;
	printf("  %-14s" LAYOUT_HANG, what);
	past_put_line(text);
}

static void
put_heading(const struct story *story, const struct store_outage *incident)
{
	int64_t until = incident->ended != 0 ? incident->ended : story->past.now;

	printf("incident %" PRIu64 ": %s, %s %s\n", incident->number, name_of(incident),
	    incident->ended != 0 ? "down for" : "down, so far for", SPAN(until - incident->began));
	if (incident->name[0] != '\0')
		printf("  %-14s" LAYOUT_HANG "%s, %s port %u\n", "probe", incident->probe,
		    incident->host, incident->port);
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
put_delivery(struct story *story, const struct store_told *told)
{
	int64_t time = told->ended != 0 ? told->ended : told->created;
	struct text text = TEXT_ROOM(4 * PW_RECEIPT_MAX + 1);

	if (story->past.json) {
		json_begin_object(&story->json, NULL);
		store_delivery_json(&story->json, told);
		json_end(&story->json);
		return;
	}
	printf("      %s%s%s: %s %s, %u attempt%s", told->notifier,
	    told->recipient[0] == '\0' ? "" : " ", told->recipient, told->delivery,
	    PAST_TIME(&story->past, time), told->attempts, plural(told->attempts));
	text_escape(&text, told->receipt);
	past_end_line(text.bytes);
}

static void
begin_notice(struct story *story, const struct store_told *told)
{
	struct text text = TEXT_ROOM(1024);

	text_add_shown(&text, told->text);
	if (story->past.json) {
		json_begin_object(&story->json, NULL);
		json_int(&story->json, "notice", (int64_t)told->notice);
		json_string(&story->json, "kind", told->kind);
		json_time(&story->json, "confirmed", told->confirmed);
		json_string(&story->json, "text", text.bytes);
		json_begin_array(&story->json, "deliveries");
	} else
		printf("  %s  %-9s " LAYOUT_HANG "%s\n",
		    PAST_TIME(&story->past, told->confirmed), told->kind, text.bytes);
}

static void
end_notice(struct story *story)
{
	json_end(&story->json);
	json_end(&story->json);
}

/* A notice has as many rows as there are recipients, or one without a notifier. */
static void
put_told(struct story *story)
{
	bool is_json = story->past.json;
	struct store_list list;
	struct store_told told;
	uint64_t notice = 0;

	if (is_json)
		json_begin_array(&story->json, "notices");
	store_list_open(&list, story->past.reader, STORE_LIST_TOLD, story->number);
	for (; past_next(&story->past, &list, &told); notice = told.notice) {
		if (notice == 0 && !is_json)
			puts("\nWhat there was to tell, and who was told\n");
		if (notice != 0 && notice != told.notice && is_json)
			end_notice(story);
		if (notice != told.notice)
			begin_notice(story, &told);
		if (told.notifier[0] != '\0')
			put_delivery(story, &told);
	}
	if (notice != 0 && is_json)
		end_notice(story);
	if (is_json)
		json_end(&story->json);
}

/* Legs come in the order of their runs. */
static void
take_leg(struct story *story, const struct store_evidence *row)
{
	bool passed = strcmp(row->role, "passed") == 0;
	struct kept_run *run = passed ? &story->passed : &story->failed;

	if (passed && run->run != 0 && run->run != row->run)
		return;
	if (!passed && run->run != row->run)
		story->passed = (struct kept_run){ .run = 0 };
	kept_run_add(&story->past, run, row->run, row->at, row->bytes);
}

/* Decoded anew each time: the messages are small, and views into them are all that is held. */
static bool
find_leg(const struct kept_run *run, const struct evidence *like, struct evidence *leg)
{
	assert(run->count <= EVIDENCE_LEGS_MAX);
	for (uint32_t i = 0; i < run->count; i++)
		if (kept_leg(run->legs[i], leg) && difference_same_place(leg, like))
			return true;
	return false;
}

static void
put_difference(void *arg, const struct difference *difference)
{
	(void)arg;
	printf("    %-18s " LAYOUT_HANG, difference->name);
	past_put(text_view(difference->then));
	fputs("  →  ", stdout);
	past_put_line(text_view(difference->now));
}

static void
put_address(const struct evidence *leg, const char *what)
{
	struct text text = TEXT_ROOM(128);

	if (evidence_is_of_program(leg))
		text_add(&text, "by a program");
	else if (leg->address.size == 0)
		text_add(&text, "no address");
	else
		transcript_add_address(&text, leg->address, leg->port);
	fputs("  ", stdout);
	past_put(text_view(text.bytes));
	puts(what);
}

static void
put_differences(const struct story *story)
{
	const struct kept_run *failed = &story->failed, *passed = &story->passed;
	struct evidence leg, other;

	if (story->unreadable > 0)
		printf("  %u pieces of evidence cannot be read: another version wrote them\n\n",
		    story->unreadable);
	if (failed->count == 0 || passed->count == 0)
		return;
	printf("What differs between the last failure (%s) and the success (%s)\n\n",
	    PAST_TIME(&story->past, failed->at), PAST_TIME(&story->past, passed->at));

	for (uint32_t i = 0; i < passed->count; i++) {
		if (!kept_leg(passed->legs[i], &leg))
			continue;
		bool both = find_leg(failed, &leg, &other);
		put_address(&leg, both ? "" : ": was not looked at when it failed");
		if (!both)
			continue;
		struct text before = TEXT_ROOM(2048), after = TEXT_ROOM(2048);

		transcript_add_verdict(&before, &other);
		transcript_add_verdict(&after, &leg);
		put_difference(NULL,
		    &(struct difference){ "verdict", before.bytes, after.bytes, NULL, NULL });
		difference_each(&other, &leg, put_difference, NULL);
	}
	for (uint32_t i = 0; i < failed->count; i++)
		if (kept_leg(failed->legs[i], &leg) && !find_leg(passed, &leg, &other))
			put_address(&leg, ": was not looked at when it succeeded");
}

static void
put_evidence(struct story *story)
{
	struct evidence leg;
	struct store_evidence row;

	if (story->past.json)
		json_begin_array(&story->json, "evidence");
	else
		puts("\nWhat was seen\n");
	PAST_EACH(&story->past, &row, STORE_LIST_EVIDENCE, story->number) {
		if (!kept_leg(row.bytes, &leg)) {
			story->unreadable++;
			continue;
		}
		take_leg(story, &row);
		if (!story->past.json) {
			show_kept_leg(&story->past, row.role, story->policy, &leg);
			continue;
		}
		json_begin_object(&story->json, NULL);
		json_int(&story->json, "run", (int64_t)row.run);
		json_string(&story->json, "role", row.role);
		json_time(&story->json, "started", leg.started);
		json_seconds(&story->json, "seconds", leg.micros);
		evidence_json(&story->json, "leg", &leg);
		json_end(&story->json);
	}
	if (story->past.json)
		json_end(&story->json);
	else
		put_differences(story);
}

/* Returns the exit status. */
static int
tell(struct story *story)
{
	struct past *past = &story->past;
	const struct past_target *target;
	struct store_outage incident;
	struct store_list list;

	store_list_open(&list, past->reader, STORE_LIST_INCIDENT, story->number);
	if (!past_next(past, &list, &incident))
		return past->broken
		    ? EXIT_NOTHING
		    : command_fail(EXIT_NOTHING,
		          "there is no incident %" PRIu64 ": `postwatch incidents` lists them",
		          story->number);
	target = past_target(past, incident.target);
	if (target != NULL && target->configured != NULL)
		story->policy = target->configured->policy;
	past_begin(past);
	if (past->json) {
		json_begin_object(&story->json, NULL);
		store_outage_json(&story->json, &incident,
		    incident.name[0] == '\0' ? NULL : incident.name, true);
	} else
		put_heading(story, &incident);
	past->broken |= store_list_close(&list) == STORE_READ_BROKEN;
	put_told(story);
	put_evidence(story);
	if (past->json) {
		json_end(&story->json);
		json_finish_line(&story->json);
	}
	return 0;
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
	if (end == NULL || (*end == '\0' && story.number == 0))
		return command_misused(command, "`show` takes the number of an incident, or a "
		    "target: `postwatch incidents` lists incidents");
	if ((ends = past_open_store(&story.past)) != 0)
		return ends;
	story.json = json_to_file(stdout);
	return past_finish(&story.past,
	    *end == '\0' ? tell(&story) : show_target(&story.past, argv[at]));
}

static const struct option_row show_options[] = { PAST_OPTIONS };

const struct command command_show = {
	.name = "show", .arguments = "INCIDENT|TARGET",
	.summary = "the whole story of an outage, or the last run of a target",
	.help = "Tells the whole story of an incident: when it began and ended and when that was "
	    "certain, what there was to tell and who was told, the transcript of every attempt "
	    "that was kept, and what differs between the last failure and the success. Of a "
	    "TARGET, whose name is no number, the last run is shown whose evidence is kept and "
	    "belongs to no incident.\n\n"
	    "Exit status: as that of `postwatch status`.",
	.options = show_options, .run = show,
};
