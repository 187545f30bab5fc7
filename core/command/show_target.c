/*
 * Prints the last run of a target whose evidence is kept.
 *
 * Evidence of a run that belongs to no incident lies in history.db, that of a suspicion that is
 * not confirmed yet in postwatch.db: the later one is shown.
 */
#include "command/show_target.h"

#include <stdio.h>

#include "base/evidence_json.h"
#include "base/messages.h"
#include "base/transcript.h"
#include "command/draw.h"
#include "command/find_target.h"
#include "command/layout.h"
#include "command/show.h"

void
show_kept_leg(const struct past *past, const char *role, const struct policy *policy,
    const struct evidence *leg)
{
	char bytes[4096];
	struct text text = TEXT_OVER(bytes);
	bool is_page = layout_width() >= DRAW_PAGE_LEAST && layout_width() != LAYOUT_WIDE;

	transcript_add_ends(&text, leg);
	text_add(&text, ": ");
	transcript_add_verdict(&text, leg);
	if (!is_page) {
		text_add(&text, "\n    ");
		transcript_add_phases(&text, leg);
	}
	printf("  %s  %s, %s\n", PAST_TIME(past, leg->started), past_role(role), bytes);
	if (is_page) {
		show_phases(stdout, policy, leg);
		putchar('\n');
	}
	show_transcript(stdout, leg->transcript, "", "");
	putchar('\n');
}

/* The legs of one run, kept by the past. */
struct last_run {
	struct past *past;
	uint64_t run; /* 0: none */
	int64_t at;
	uint32_t count;
	struct pw_bytes legs[EVIDENCE_LEGS_MAX];
};

static void
take_leg(struct last_run *last, uint64_t run, int64_t at, struct pw_bytes bytes)
{
	if (run != last->run && at < last->at)
		return;
	if (run != last->run)
		*last = (struct last_run){ last->past, run, at, 0, { { NULL, 0 } } };
	if (last->count == EVIDENCE_LEGS_MAX)
		return;
	last->legs[last->count++] = (struct pw_bytes){ past_copy(last->past, bytes), bytes.size };
}

static void
put_leg(const struct past_target *target, struct last_run *last, struct pw_bytes bytes,
    struct json *json)
{
	struct message_evidence evidence;

	if (!message_read_evidence(bytes, &evidence)) {
		if (json == NULL)
			puts("  it cannot be read: another version wrote it");
		return;
	}
	if (json != NULL)
		evidence_json(json, NULL, &evidence.leg);
	else
		show_kept_leg(last->past, "run", target->configured == NULL
		        ? NULL : target->configured->policy, &evidence.leg);
}

int
show_target(struct past *past, const char *word)
{
	const struct past_target *target = past_find_target(past, word);
	struct last_run last = { .past = past };
	struct json json = json_to_file(stdout);
	struct store_evidence row;
	struct store_trace trace;

	if (target == NULL)
		return EXIT_NOTHING;
	PAST_EACH(past, &trace, STORE_LIST_TRACES, target->number)
		take_leg(&last, trace.run, trace.at, trace.bytes);
	PAST_EACH(past, &row, STORE_LIST_EVIDENCE, 0)
		if (row.target == target->number)
			take_leg(&last, row.run, row.at, row.bytes);
	if (past->broken)
		return EXIT_NOTHING;
	if (last.count == 0)
		return command_fail(EXIT_NOTHING,
		    "%s: no evidence is kept but that of its incidents: `postwatch incidents` "
		    "lists them", target->name);
	past_begin(past);
	if (past->json) {
		json_begin_object(&json, NULL);
		json_string(&json, "target", target->name);
		json_int(&json, "run", (int64_t)last.run);
		json_begin_array(&json, "legs");
	} else
		printf("%s: the last run whose evidence is kept, of no incident\n\n", target->name);
	for (uint32_t i = 0; i < last.count; i++)
		put_leg(target, &last, last.legs[i], past->json ? &json : NULL);
	if (past->json) {
		json_end(&json);
		json_end(&json);
		json_finish_line(&json);
	}
	return 0;
}
