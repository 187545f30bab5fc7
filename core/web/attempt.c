/*
 * For pages of the web process: shows one attempt (a run) at one address: its steps as a waterfall,
 * what was odd, and the transcript.
 */
#include "web/attempt.h"

#include <stdio.h>

#include "base/transcript.h"

enum { WIDTH = 1000, TEXT_ROOM = 2048, NAME_ROOM = 32, RESULTS_READ = 5000 };

static void
put_phase(struct view *view, const struct evidence_phase *phase, int64_t begun, int64_t scale, bool is_unknown)
{
	PUT(view, "<tr{}><td>{}</td><td class=\"number\">", AS_MADE(text_view(phase->status == PHASE_FAILED ? " class=\"failed\"" : "")),
	    AS_STRING(phase->name));
	if (phase->micros >= 0)
		PUT(view, "{}", AS_SPAN(phase->micros));
	PUT(view, "</td><td class=\"number\">{}</td><td><svg viewBox=\"0 0 1000 16\" "
	    "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"track\" "
	    "width=\"1000\" height=\"16\"/>", AS_DURATION(phase->limit));
	if (phase->micros >= 0) {
		int64_t width = phase->micros * WIDTH / scale, mark = (begun + phase->limit) * WIDTH / scale;

		PUT(view, "<rect class=\"bar\" height=\"16\" x=\"{}\" width=\"{}\"/>",
		    AS_I64(begun * WIDTH / scale), AS_I64(width < 4 ? 4 : width));
		if (mark <= WIDTH)
			PUT(view, "<rect class=\"limit\" height=\"16\" width=\"3\" x=\"{}\"/>",
			    AS_I64(mark > WIDTH - 3 ? WIDTH - 3 : mark));
	}
	PUT(view, "</svg></td><td>");
	if (phase->status == PHASE_FAILED)
		PUT(view, "{}", AS_STRING(is_unknown ? "ended here" : "failed here"));
	PUT(view, "</td></tr>\n");
}

/* Time goes to the longest that a step took, or to its limit where that was reached. Steps behind the one that failed are in one row. */
static void
put_waterfall(struct view *view, const struct evidence *leg)
{
	int64_t scale = 1, most = 1, begun = 0;
	uint32_t not_reached = 0;

	if (leg->phase_count == 0)
		return;
	for (uint32_t i = 0; i < leg->phase_count; i++) {
		const struct evidence_phase *phase = &leg->phases[i];

		if (phase->micros > 0)
			scale += phase->micros;
		if (phase->status == PHASE_FAILED && scale - phase->micros + phase->limit > most)
			most = scale - phase->micros + phase->limit;
	}
	scale = scale > most ? scale : most;
	PUT(view, "<div class=\"scroll\"><table class=\"waterfall\"><thead><tr><th>Step</th><th class=\"number\">Took</th><th class=\"number\">Limit</th>"
	    "<th>When</th><th>End</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < leg->phase_count; i++) {
		if (leg->phases[i].status == PHASE_NOT_REACHED)
			continue;
		put_phase(view, &leg->phases[i], begun, scale, leg->verdict == PW_UNKNOWN);
		if (leg->phases[i].micros > 0)
			begun += leg->phases[i].micros;
	}
	for (uint32_t i = 0; i < leg->phase_count; i++)
		if (leg->phases[i].status == PHASE_NOT_REACHED)
			PUT(view, "{}{}", AS_MADE(text_view(not_reached++ == 0 ? "<tr class=\"not-reached\"><td colspan=\"5\">not reached: " : ", ")),
			    AS_STRING(leg->phases[i].name));
	PUT(view, "{}</tbody></table></div>\n",
	    AS_MADE(text_view(not_reached > 0 ? "</td></tr>\n" : "")));
}

void
attempt_put(struct view *view, const struct message_evidence *message, bool open)
{
	const struct evidence *leg = message == NULL ? NULL : &message->leg;
	struct pw_bytes facts, warnings, transcript;
	struct evidence_warning warning;
	struct evidence_fact fact;
	struct evidence_line line;
	char bytes[TEXT_ROOM];
	struct text text = TEXT_OVER(bytes);

	if (leg == NULL) {
		PUT(view, "<p class=\"faint\">This evidence was written by another version, and cannot be shown.</p>\n");
		return;
	}
	transcript_add_verdict(&text, leg);
	PUT(view, "<p>{}</p>\n<p class=\"faint\">", AS_TEXT((struct pw_bytes){ bytes, text.size }));
	text = text_over(bytes, sizeof bytes);
	transcript_add_ends(&text, leg);
	PUT(view, "{}, begun {}</p>\n<div class=\"attempt\"><div>",
	    AS_TEXT((struct pw_bytes){ bytes, text.size }), AS_TIME(leg->started));
	put_waterfall(view, leg);
	warnings = leg->warnings;
	if (warnings.size > 0) {
		PUT(view, "<dl>");
		while (evidence_next_warning(&warnings, &warning))
			PUT(view, "<dt>{}</dt><dd>{}</dd>",
			    AS_STRING(warning.code), AS_TEXT(warning.text));
		PUT(view, "</dl>\n");
	}
	facts = leg->facts;
	if (facts.size > 0) {
		PUT(view, "<details><summary>Facts</summary><dl>");
		while (evidence_next_fact(&facts, &fact))
			PUT(view, "<dt>{}</dt><dd>{}</dd>",
			    AS_STRING(fact.name), AS_FOREIGN(fact.value));
		PUT(view, "</dl></details>\n");
	}
	PUT(view, "</div>");
	transcript = leg->transcript;
	if (transcript.size > 0) { /* its lines are escaped by whoever makes text of them */
		PUT(view, "<details{}><summary>Transcript</summary><pre>",
		    AS_MADE(text_view(open ? " open" : "")));
		while (evidence_next_line(&transcript, &line)) {
			char shown[TRANSCRIPT_LINE_MAX];
			struct text shown_text = TEXT_OVER(shown);

			transcript_add_line(&shown_text, &line);
			PUT(view, "{}\n", AS_TEXT((struct pw_bytes){ shown, shown_text.size }));
		}
		PUT(view, "</pre></details>\n");
	}
	PUT(view, "</div>\n");
}

void
attempt_put_steps(struct view *view, const struct board_row *row, struct run_steps steps)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;

	PUT(view, "<div class=\"scroll\"><table class=\"waterfall plain\" id=\"phases\"><thead><tr><th>Step</th><th class=\"number\">Took</th>"
	    "<th class=\"number\">Slow above</th><th class=\"number\">Limit</th></tr></thead><tbody>\n");
	while (run_steps_next(&steps)) {
		const struct phase_plan *plan;
		char name[NAME_ROOM];
		uint32_t index;

		snprintf(name, sizeof name, "%.*s", (int)steps.name.size, steps.name.data);
		index = policy == NULL ? CONFIG_NONE : policy_phase(policy, name);
		plan = index == CONFIG_NONE ? NULL : &policy->phases[index];
		PUT(view, "<tr{}><td>{}</td><td class=\"number\">", AS_MADE(text_view(steps.micros < 0 ? " class=\"not-reached\"" : "")), AS_STRING(name));
		if (steps.micros < 0)
			PUT(view, "not reached");
		else
			PUT(view, "{}", AS_SPAN(steps.micros));
		PUT(view, "</td><td class=\"number\">");
		if (plan != NULL && plan->slow > 0 && plan->slow < plan->routine)
			PUT(view, "{}", AS_DURATION(plan->slow));
		PUT(view, "</td><td class=\"number\">");
		if (plan != NULL)
			PUT(view, "{}", AS_DURATION(plan->routine));
		PUT(view, "</td></tr>\n");
	}
	PUT(view, "</tbody></table></div>\n");
}

/* Results have no index by run: those of a chart are among the newest. Returns false where it is not among them. */
static bool
put_result(struct view *view, const struct board_row *row, uint64_t run)
{
	struct store_list results;
	struct store_run result;
	bool found = false;

	store_list_open(&results, view->reader, STORE_LIST_HISTORY, row->number);
	for (int i = 0; !found && i < RESULTS_READ && store_list_next(&results, &result); i++)
		found = result.run == run;
	if (found) {
		int64_t times[STORE_PHASES_MAX];
		struct run_steps steps = { .names = result.phase_names, .times = times,
		    .left = store_run_phases(&result, times) };

		PUT(view, "<p><strong>");
		PUT(view, "{}", AS_STRING(verdict_name(verdict_of(result.verdict))));
		if (result.verdict != PW_OK)
			PUT(view, " ({}): {}", AS_STRING(outcome_current(result.outcome)),
			    AS_TEXT(result.text));
		PUT(view, "</strong></p>\n<p class=\"faint\">{}, {} in all. The result alone is "
		    "kept: what was said on the wire is kept of attempts that confirmed "
		    "something.</p>\n", AS_TIME(result.at), AS_SPAN(result.micros));
		attempt_put_steps(view, row, steps);
	}
	(void)store_list_close(&results);
	return found;
}

void
attempt_legs_open(struct attempt_legs *legs, struct store_reader *reader, uint64_t run)
{
	*legs = (struct attempt_legs){ .run = run };
	store_list_open(&legs->list, reader, STORE_LIST_RUN_EVIDENCE, run);
}

bool
attempt_legs_next(struct attempt_legs *legs)
{
	struct store_evidence evidence;
	struct store_trace trace;

	if (legs->list.kind == STORE_LIST_RUN_EVIDENCE) {
		if (store_list_next(&legs->list, &evidence)) {
			legs->target = evidence.target;
			legs->bytes = evidence.bytes;
			return true;
		}
		if (legs->list.given > 0 || store_list_close(&legs->list) == STORE_READ_BROKEN)
			return false;
		store_list_open(&legs->list, legs->list.reader, STORE_LIST_RUN_TRACES, legs->run);
	}
	if (!store_list_next(&legs->list, &trace))
		return false;
	legs->target = trace.target;
	legs->bytes = trace.bytes;
	return true;
}

bool
attempt_legs_close(struct attempt_legs *legs)
{
	return store_list_close(&legs->list) != STORE_READ_BROKEN;
}

void
attempt_answer(struct view *view, const struct board_row *row, uint64_t run)
{
	struct message_evidence message;
	struct attempt_legs legs;
	uint32_t count = 0;
	char title[128];

	snprintf(title, sizeof title, "Attempt %llu of %.60s - Postwatch", (unsigned long long)run, row->name);
	view_begin(view, title, row->rank);
	PUT(view, "<h1>Attempt {} of ", AS_U64(run));
	view_target(view, row->name);
	PUT(view, "</h1>\n");
	attempt_legs_open(&legs, view->reader, run);
	while (attempt_legs_next(&legs)) {
		if (legs.target != row->number)
			continue;
		attempt_put(view, message_read_evidence(legs.bytes, &message) ? &message : NULL,
		    true);
		count++;
	}
	(void)attempt_legs_close(&legs);
	if (count == 0 && !put_result(view, row, run)) {
		view->answer->status = 404;
		PUT(view, "<p>Nothing is kept of this attempt: results and what was said go with time.</p>\n");
	}
	view_end(view);
}
