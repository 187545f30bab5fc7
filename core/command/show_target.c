/*
 * `postwatch show TARGET`: prints the last run of a target whose evidence (steps, transcript) is
 * kept. Evidence of a run that belongs to no incident lies in history.db, that of a suspicion that
 * is not confirmed yet in postwatch.db: the later one is shown.
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
	struct text text = TEXT_ROOM(4096);
	bool is_page = layout_width() >= DRAW_PAGE_LEAST && layout_width() != LAYOUT_WIDE;

	transcript_add_ends(&text, leg);
	text_add(&text, ": ");
	transcript_add_verdict(&text, leg);
	if (!is_page) {
		text_add(&text, "\n    ");
		transcript_add_phases(&text, leg);
	}
	printf("  %s  %s, %s\n", PAST_TIME(past, leg->started), past_role(role), text.bytes);
	if (is_page) {
		show_phases(stdout, policy, leg);
		putchar('\n');
	}
	show_transcript(stdout, leg->transcript, "", "");
	putchar('\n');
}

bool
kept_leg(struct pw_bytes message, struct evidence *leg)
{
	struct message_evidence evidence;

	if (!message_read_evidence(message, &evidence))
		return false;
	*leg = evidence.leg;
	return true;
}

void
kept_run_add(
    struct past *past, struct kept_run *it, uint64_t run, int64_t at, struct pw_bytes message)
{
	if (run != it->run)
		*it = (struct kept_run){ .run = run, .at = at };
	if (it->count < EVIDENCE_LEGS_MAX)
		it->legs[it->count++] =
		    (struct pw_bytes){ past_copy(past, message), message.size };
}

int
show_target(struct past *past, const char *word)
{
	const struct past_target *target = past_find_target(past, word);
	struct kept_run last = { .run = 0 };
	struct json json = json_to_file(stdout);
	struct store_evidence row;
	struct store_trace trace;
	struct evidence leg;

	if (target == NULL)
		return EXIT_NOTHING;
	PAST_EACH(past, &trace, STORE_LIST_TRACES, target->number)
		if (trace.run == last.run || trace.at >= last.at)
			kept_run_add(past, &last, trace.run, trace.at, trace.bytes);
	PAST_EACH(past, &row, STORE_LIST_EVIDENCE, 0)
		if (row.target == target->number && (row.run == last.run || row.at >= last.at))
			kept_run_add(past, &last, row.run, row.at, row.bytes);
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
	for (uint32_t i = 0; i < last.count; i++) {
		bool is_read = kept_leg(last.legs[i], &leg);

		if (is_read && past->json)
			evidence_json(&json, NULL, &leg);
		else if (is_read)
			show_kept_leg(past, "run", target->configured == NULL
			        ? NULL : target->configured->policy, &leg);
		else if (!past->json)
			puts("  it cannot be read: another version wrote it");
	}
	if (past->json) {
		json_end(&json);
		json_end(&json);
		json_finish_line(&json);
	}
	return 0;
}
