/*
 * One finished run as a person reads it: the verdict in one sentence, then for each address the steps with their times
 * and limits, what was odd, what to look at, and the transcript; fit to be pasted into a mail.
 */
#include "command/show.h"

#include <string.h>

#include "base/clock.h"
#include "base/evidence_json.h"
#include "base/transcript.h"
#include "base/units.h"
#include "command/layout.h"

/* Enough for a line of a reply with every byte escaped. */
enum { LINE_MAX_ESCAPED = 4 * 4096 + 64 };

struct colour {
	const char *good, *odd, *bad, *faint, *bold, *plain;
};

static const struct colour colours[] = {
	{ "", "", "", "", "", "" },
	{ "\033[32m", "\033[33m", "\033[31m", "\033[2m", "\033[1m", "\033[0m" },
};

struct page {
	FILE *file;
	const struct config *config;
	const struct show_style *style;
	const struct colour *colour;
};

static const char *
colour_of(const struct page *page, uint8_t verdict)
{
	if (verdict == PW_OK)
		return page->colour->good;
	return verdict == PW_FAILED ? page->colour->bad : page->colour->odd;
}

static void
put_escaped(FILE *file, struct pw_bytes foreign)
{
	char bytes[LINE_MAX_ESCAPED];
	struct text text = TEXT_OVER(bytes);

	text_escape(&text, foreign);
	fputs(bytes, file);
}

static void
put_bytes(FILE *file, struct pw_bytes ours)
{
	char bytes[2 * EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	text_add_shown(&text, ours);
	fputs(bytes, file);
}

static void
put_heading(const struct page *page, const struct run_result *result)
{
	const struct report *report = result->report;
	const struct target *target = &page->config->targets[report->target];
	char bytes[256];
	struct text text = TEXT_OVER(bytes);

	fprintf(page->file, "%s%s%s  %s%s%s", page->colour->bold, target->name, page->colour->plain,
	    colour_of(page, report->verdict), verdict_name((enum pw_verdict)report->verdict), page->colour->plain);
	if (strcmp(report->outcome, "ok") != 0)
		fprintf(page->file, " (%s)", report->outcome);
	fputs("  ", page->file);
	put_bytes(page->file, report->text);
	zone_add(&text, page->style->zone, report->started);
	text_add(&text, ", ");
	text_add_span(&text, report->micros);
	fprintf(page->file, "\n%sprobe %s, %s%s%s\n", page->colour->faint, target->policy->probe->descriptor->name,
	    result->order->flags & ORDER_PATIENT ? "patient limits, " : "", bytes, page->colour->plain);
}

/* "0.31 ms", "1.204 s". */
static void
add_time(struct text *text, int64_t micros)
{
	if (micros < MILLISECOND)
		text_add_span(text, micros);
	else
		text_format(text, "%.3f s", (double)micros / SECOND);
}

/* What is to be said of a step: that the run ended there, or that its outcome is of it. */
static void
put_mark(const struct page *page, const struct evidence *leg, const struct evidence_phase *phase, const char *blamed)
{
	if (phase->status == PHASE_NOT_REACHED)
		fprintf(page->file, "   %snot reached%s", page->colour->faint, page->colour->plain);
	else if (phase->status == PHASE_FAILED && leg->verdict == PW_FAILED)
		fprintf(page->file, "   %sFAILED%s", page->colour->bad, page->colour->plain);
	else if (phase->status == PHASE_FAILED || strcmp(phase->name, blamed) == 0)
		fprintf(page->file, "   %s%s%s", colour_of(page, leg->verdict), evidence_verdict_name(leg->verdict), page->colour->plain);
}

static void
put_phase(const struct page *page, const struct evidence *leg, const struct evidence_phase *phase, int width, const char *blamed)
{
	char spent[32] = "-", limit[32];
	struct text spent_text = TEXT_OVER(spent), limit_text = TEXT_OVER(limit);

	units_add_duration(&limit_text, phase->limit);
	if (phase->status != PHASE_NOT_REACHED && phase->micros >= 0)
		add_time(&spent_text, phase->micros);
	fprintf(page->file, "    %-*s %11s %9s", width, phase->name, spent, limit);
	put_mark(page, leg, phase, blamed);
	fputc('\n', page->file);
}

static void
put_phases(const struct page *page, const struct policy *policy, const struct evidence *leg)
{
	struct outcome outcome = { .phase = "" };
	int width = 10;

	if (leg->phase_count == 0)
		return;
	if (leg->verdict != PW_OK)
		outcome_find(leg->outcome, plugin_probe(policy->probe)->outcomes, &outcome);
	for (uint32_t i = 0; i < leg->phase_count; i++)
		if ((int)strlen(leg->phases[i].name) > width)
			width = (int)strlen(leg->phases[i].name);
	fprintf(page->file, "\n    %s%-*s %11s %9s%s\n", page->colour->faint, width, "step", "time", "limit",
	    page->colour->plain);
	for (uint32_t i = 0; i < leg->phase_count; i++)
		put_phase(page, leg, &leg->phases[i], width, outcome.phase);
}

static void
put_warnings(const struct page *page, struct pw_bytes list)
{
	struct evidence_warning warning;

	for (bool first = true; evidence_next_warning(&list, &warning); first = false) {
		fprintf(page->file, "%s    %s%s%s: ", first ? "\n" : "", page->colour->odd, warning.code,
		    page->colour->plain);
		put_bytes(page->file, warning.text);
		fputc('\n', page->file);
	}
}

static void
put_facts(const struct page *page, struct pw_bytes list)
{
	struct evidence_fact fact;

	for (bool first = true; evidence_next_fact(&list, &fact); first = false) {
		fprintf(page->file, "%s    %-18s " LAYOUT_HANG, first ? "\n" : "", fact.name);
		put_escaped(page->file, fact.value);
		fputc('\n', page->file);
	}
}

void
show_transcript(FILE *file, struct pw_bytes list, const char *faint, const char *plain)
{
	struct evidence_line line;

	while (evidence_next_line(&list, &line)) {
		bool event = line.dir == EVIDENCE_EVENT;
		char bytes[TRANSCRIPT_LINE_MAX];
		struct text text = TEXT_OVER(bytes);
		int said;

		transcript_add_line(&text, &line);
		said = (int)(strstr(bytes, transcript_arrow(line.dir)) + strlen(transcript_arrow(line.dir)) + 1 - bytes);
		fprintf(file, "    %s%.*s" LAYOUT_HANG "%s%s\n", event ? faint : "", said, bytes, bytes + said, event ? plain : "");
	}
}

static void
put_hint(const struct page *page, const struct policy *policy, const char *name)
{
	struct outcome outcome;

	if (outcome_find(name, plugin_probe(policy->probe)->outcomes, &outcome) && outcome.hint != NULL
	    && outcome.hint[0] != '\0')
		fprintf(page->file, "\n    What to look at: " LAYOUT_HANG "%s\n", outcome.hint);
}

/* Whom we talked to, as whom: what a postmaster searches his log for. */
static void
put_ends(const struct page *page, const struct evidence *leg)
{
	fputs("\n  ", page->file);
	fputs(leg->address.size == 0 ? "no address" : "to ", page->file);
	put_bytes(page->file, leg->address);
	if (leg->address.size != 0)
		fprintf(page->file, " port %u", leg->port);
	if (leg->local.size != 0)
		fprintf(page->file, ", from %.*s", (int)leg->local.size, leg->local.data);
	if (leg->helo.size != 0)
		fprintf(page->file, ", as %.*s", (int)leg->helo.size, leg->helo.data);
}

static void
put_leg(const struct page *page, const struct policy *policy, const struct evidence *leg)
{
	put_ends(page, leg);
	if (leg->legs > 1) {
		fprintf(page->file, ": %s%s%s  ", colour_of(page, leg->verdict), evidence_verdict_name(leg->verdict),
		    page->colour->plain);
		put_bytes(page->file, leg->text);
	}
	fputc('\n', page->file);
	put_phases(page, policy, leg);
	put_warnings(page, leg->warnings);
	if (strcmp(leg->outcome, "ok") != 0)
		put_hint(page, policy, leg->outcome);
	put_facts(page, leg->facts);
	if (!page->style->brief) {
		fputs(leg->transcript.size > 0 ? "\n" : "", page->file);
		show_transcript(page->file, leg->transcript, page->colour->faint, page->colour->plain);
	}
}

void
show_text(FILE *file, const struct config *config, const struct run_result *result, const struct show_style *style)
{
	struct page page = { file, config, style, &colours[style->colour] };
	const struct policy *policy = config->targets[result->report->target].policy;

	put_heading(&page, result);
	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence leg;

		run_evidence(result, i, &leg);
		put_leg(&page, policy, &leg);
	}
	fputc('\n', file);
}

void
show_text_lost(FILE *file, const struct show_lost *lost, const struct show_style *style)
{
	const struct colour *colour = &colours[style->colour];

	fprintf(file, "%s%s%s  %s%s%s (plugin)  %s\n\n", colour->bold, lost->target->name, colour->plain, colour->odd,
	    verdict_name(PW_UNKNOWN), colour->plain, lost->text);
}
