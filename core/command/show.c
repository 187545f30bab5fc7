/*
 * For `postwatch probe` and `show`: prints one finished run.
 *
 * As text the verdict stands in one sentence, then for each address the steps with their times and
 * limits, what was odd, what to look at, and the transcript; fit to be pasted into a mail. As JSON
 * it is one line, the stable form for programs. As a Nagios plugin line, so that `postwatch probe
 * --nagios` can stand where check_smtp stood, it has all warnings on lines of their own behind it.
 */
#include "command/show.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/evidence_json.h"
#include "base/transcript.h"
#include "base/units.h"
#include "command/draw.h"
#include "command/layout.h"
#include "command/nagios.h"

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

/* The name of a verdict in its colour. */
static void
put_verdict(const struct page *page, uint8_t verdict)
{
	const struct colour *colour = page->colour;

	fprintf(page->file, "%s%s%s",
	    verdict == PW_OK           ? colour->good
	        : verdict == PW_FAILED ? colour->bad
	                               : colour->odd,
	    evidence_verdict_name(verdict), colour->plain);
}

static void
put_bytes(FILE *file, struct pw_bytes ours)
{
	struct text text = TEXT_ROOM(2 * EVIDENCE_TEXT_MAX);

	text_add_shown(&text, ours);
	fputs(text.bytes, file);
}

static void
put_heading(const struct page *page, const struct run_result *result)
{
	const struct report *report = result->report;
	const struct target *target = &page->config->targets[report->target];
	struct text text = TEXT_ROOM(256);

	fprintf(page->file, "%s%s%s  ", page->colour->bold, target->name, page->colour->plain);
	put_verdict(page, report->verdict);
	if (strcmp(report->outcome, "ok") != 0)
		fprintf(page->file, " (%s)", report->outcome);
	fputs("  ", page->file);
	put_bytes(page->file, report->text);
	zone_add(&text, page->style->zone, report->started);
	text_format(&text, ", %s", SPAN(report->micros));
	fprintf(page->file, "\n%sprobe %s, %s%s%s\n", page->colour->faint,
	    target->policy->probe->descriptor->name,
	    result->order->flags & ORDER_PATIENT ? "patient limits, " : "", text.bytes,
	    page->colour->plain);
}

/* A step of a leg, as a row: its time as "0.31 ms", "1.204 s", when it counts as slow, its limit,
 * its bar where there is room for one; and behind it that the run ended there, or that its outcome
 * is of that step. */
struct step_row {
	const struct evidence *leg;
	uint32_t phase;
	int64_t slow;        /* 0: never, or not known */
	int width, bar;      /* of the names, and of the bar; 0: none */
	const char *blamed;  /* the step that the outcome is of; "": none */
	struct draw_style draw;
};

static void
put_step(const struct page *page, const struct step_row *row)
{
	const struct evidence_phase *phase = &row->leg->phases[row->phase];
	struct text bar = TEXT_ROOM(DRAW_LINE_MAX);
	bool has_failed = phase->status == PHASE_FAILED && row->leg->verdict == PW_FAILED;
	bool is_blamed = phase->status == PHASE_FAILED || strcmp(phase->name, row->blamed) == 0;
	const char *spent = phase->status == PHASE_NOT_REACHED || phase->micros < 0 ? ""
	    : phase->micros < MILLISECOND ? SPAN(phase->micros)
	                                  : FORMAT(32, "%.3f s", (double)phase->micros / SECOND);

	fprintf(page->file, "    %-*s %9s %6s %7s", row->width, phase->name, spent,
	    row->slow > 0 ? DURATION(row->slow) : "", DURATION(phase->limit));
	is_blamed &= phase->status != PHASE_NOT_REACHED;
	if (row->bar > 0) {
		text_add(&bar, "  ");
		draw_waterfall_bar(&bar, row->leg, row->phase, row->slow, row->bar, is_blamed,
		    &row->draw);
		while (bar.size > 0 && bar.bytes[bar.size - 1] == ' ' && !is_blamed)
			bar.bytes[--bar.size] = '\0';
		fputs(bar.bytes, page->file);
	} else if (phase->status == PHASE_NOT_REACHED)
		fprintf(page->file, "  %snot reached%s", page->colour->faint, page->colour->plain);
	if (is_blamed && has_failed)
		fprintf(page->file, "  %sFAILED%s", page->colour->bad, page->colour->plain);
	else if (is_blamed) {
		fputs("  ", page->file);
		put_verdict(page, row->leg->verdict);
	}
	fputc('\n', page->file);
}

/* The bars have what the other columns and the word behind them leave of the page. */
static void
put_phases(const struct page *page, const struct policy *policy, const struct evidence *leg)
{
	enum { NAME_LEAST = 10, OTHERS = 4 + 10 + 7 + 8 + 2, WORD = 10, BAR_MOST = 72 };
	struct step_row row = { leg, .width = NAME_LEAST, .blamed = "",
		.draw = { draw_needs_ascii(), page->colour->plain[0] != '\0' } };
	struct outcome outcome = { .phase = "" };
	int columns = layout_width() == LAYOUT_WIDE ? DRAW_PAGE_LEAST : layout_width();

	if (leg->phase_count == 0)
		return;
	if (leg->verdict != PW_OK && policy != NULL
	    && outcome_find(leg->outcome, plugin_probe(policy->probe)->outcomes, &outcome))
		row.blamed = outcome.phase;
	for (uint32_t i = 0; i < leg->phase_count; i++)
		if ((int)strlen(leg->phases[i].name) > row.width)
			row.width = (int)strlen(leg->phases[i].name);
	row.bar = columns - row.width - OTHERS - WORD;
	row.bar = columns < DRAW_PAGE_LEAST || row.bar < WORD ? 0
	    : row.bar > BAR_MOST                               ? BAR_MOST
	                                                       : row.bar;
	fprintf(page->file, "\n    %s%-*s %9s %4s %s %5s %s", page->colour->faint, row.width,
	    "step", "time", "slow", row.bar > 0 ? draw_slow_mark(&row.draw) : " ", "limit",
	    row.bar > 0 ? draw_limit_mark(&row.draw) : " ");
	if (row.bar > 0)
		fprintf(page->file, "  0%*s", row.bar - 1, SPAN(draw_waterfall_span(leg)));
	fprintf(page->file, "%s\n", page->colour->plain);
	for (; row.phase < leg->phase_count; row.phase++) {
		uint32_t index = policy == NULL ? CONFIG_NONE
		                                : policy_phase(policy, leg->phases[row.phase].name);

		row.slow = index == CONFIG_NONE ? 0 : policy->phases[index].slow;
		put_step(page, &row);
	}
}

void
show_phases(FILE *file, const struct policy *policy, const struct evidence *leg)
{
	put_phases(&(struct page){ file, NULL, NULL, &colours[0] }, policy, leg);
}

static void
put_warnings_and_hint(
    const struct page *page, const struct policy *policy, const struct evidence *leg)
{
	struct pw_bytes list = leg->warnings;
	struct evidence_warning warning;
	struct outcome outcome;

	for (bool first = true; evidence_next_warning(&list, &warning); first = false) {
		fprintf(page->file, "%s    %s%s%s: ", first ? "\n" : "", page->colour->odd,
		    warning.code, page->colour->plain);
		put_bytes(page->file, warning.text);
		fputc('\n', page->file);
	}
	if (strcmp(leg->outcome, "ok") != 0
	    && outcome_find(leg->outcome, plugin_probe(policy->probe)->outcomes, &outcome)
	    && outcome.hint != NULL && outcome.hint[0] != '\0')
		fprintf(page->file, "\n    What to look at: " LAYOUT_HANG "%s\n", outcome.hint);
}

void
show_transcript(FILE *file, struct pw_bytes list, const char *faint, const char *plain)
{
	struct evidence_line line;

	while (evidence_next_line(&list, &line)) {
		bool event = line.dir == EVIDENCE_EVENT;
		struct text text = TEXT_ROOM(TRANSCRIPT_LINE_MAX);
		const char *arrow = transcript_arrow(line.dir), *said;

		transcript_add_line(&text, &line);
		said = strstr(text.bytes, arrow) + strlen(arrow) + 1;
		fprintf(file, "    %s%.*s" LAYOUT_HANG "%s%s\n", event ? faint : "",
		    (int)(said - text.bytes), text.bytes, said, event ? plain : "");
	}
}

static void
put_leg(const struct page *page, const struct policy *policy, const struct evidence *leg)
{
	struct pw_bytes facts = leg->facts;
	struct evidence_fact fact;

	/* Whom we talked to, as whom: what a postmaster searches his log for. */
	if (evidence_is_of_program(leg))
		fputs("\n  by a program", page->file);
	else if (leg->address.size == 0)
		fputs("\n  no address", page->file);
	else {
		fputs("\n  to ", page->file);
		put_bytes(page->file, leg->address);
		fprintf(page->file, " port %u", leg->port);
	}
	fputs(leg->local.size != 0 ? ", from " : "", page->file);
	put_bytes(page->file, leg->local);
	fputs(leg->helo.size != 0 ? ", as " : "", page->file);
	put_bytes(page->file, leg->helo);
	if (leg->legs > 1) {
		fputs(": ", page->file);
		put_verdict(page, leg->verdict);
		fputs("  ", page->file);
		put_bytes(page->file, leg->text);
	}
	fputc('\n', page->file);
	put_phases(page, policy, leg);
	put_warnings_and_hint(page, policy, leg);
	for (bool first = true; evidence_next_fact(&facts, &fact); first = false) {
		struct text text = TEXT_ROOM(LINE_MAX_ESCAPED);

		text_escape(&text, fact.value);
		fprintf(page->file, "%s    %-18s " LAYOUT_HANG "%s\n", first ? "\n" : "", fact.name,
		    text.bytes);
	}
	if (!page->style->brief) {
		fputs(leg->transcript.size > 0 ? "\n" : "", page->file);
		show_transcript(
		    page->file, leg->transcript, page->colour->faint, page->colour->plain);
	}
}

/* A run of which nothing came has no legs. */
static void
put_json(FILE *file, enum pw_verdict verdict, const char *outcome, const struct show_lost *run,
    const struct run_result *result)
{
	const struct target *target = run->target;
	struct json json = json_begin_line(file);

	json_string(&json, "target", target->name);
	json_string(&json, "probe", target->policy->probe->descriptor->name);
	json_string(&json, "verdict", verdict_name(verdict));
	json_string(&json, "outcome", outcome);
	json_text(&json, "text", run->text);
	json_time(&json, "started", run->started);
	json_seconds(&json, "seconds", run->micros);
	json_begin_array(&json, "legs");
	for (uint32_t i = 0; result != NULL && i < result->leg_count; i++) {
		struct evidence leg;

		run_evidence(result, i, &leg);
		evidence_json(&json, NULL, &leg);
	}
	json_end(&json);
	json_end_line(&json);
}

/* The steps of one address that were reached, by the limits that were in force. */
static void
put_measures(FILE *file, const struct policy *policy, const struct evidence *leg, int64_t leg_limit)
{
	struct pw_bytes address = leg->legs > 1 ? leg->address : (struct pw_bytes){ "", 0 };

	for (uint32_t i = 0; i < leg->phase_count; i++) {
		const struct evidence_phase *phase = &leg->phases[i];
		uint32_t index = policy_phase(policy, phase->name);

		int64_t slow = index == CONFIG_NONE ? 0 : policy->phases[index].slow;

		if (phase->status != PHASE_NOT_REACHED && phase->micros >= 0)
			nagios_put_measure(file, phase->name, address, phase->micros, slow,
			    phase->limit < leg_limit ? phase->limit : leg_limit);
	}
}

/* All warnings, a line each, where there is a file. Returns whether a certificate is nearer to
 * its end than both thresholds. */
static bool
put_nagios_warnings(FILE *file, const struct run_result *result)
{
	bool is_urgent = false;

	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence_warning warning;
		struct evidence leg;

		run_evidence(result, i, &leg);
		while (evidence_next_warning(&leg.warnings, &warning)) {
			is_urgent |= strcmp(warning.code, "cert_expires_urgent") == 0;
			if (file == NULL)
				continue;
			if (leg.legs > 1)
				fprintf(file, "%.*s ", (int)leg.address.size, leg.address.data);
			fprintf(file, "%s: ", warning.code);
			nagios_put_text(file, warning.text);
			fputc('\n', file);
		}
	}
	return is_urgent;
}

/* Returns the exit status of a Nagios plugin. */
static int
put_nagios(FILE *file, const struct config *config, const struct run_result *result)
{
	const struct report *report = result->report;
	const struct target *target = &config->targets[report->target];
	const struct policy *policy = target->policy;
	bool is_patient = result->order->flags & ORDER_PATIENT;
	int64_t limit = is_patient ? policy->leg.patient : policy->leg.routine;
	enum nagios_status status = nagios_of_verdict((enum pw_verdict)report->verdict);

	assert(report->target < config->target_count && limit > 0);
	if (status < NAGIOS_CRITICAL && put_nagios_warnings(NULL, result))
		status = NAGIOS_CRITICAL;
	nagios_put_head(file, policy->probe->descriptor->name, status, target->name);
	nagios_put_text(file, report->text);
	fputs(" |", file);
	nagios_put_measure(file, "time", text_view(""), report->micros, policy->leg.slow, limit);
	for (uint32_t i = 0; i < result->leg_count; i++) {
		struct evidence leg;

		run_evidence(result, i, &leg);
		put_measures(file, policy, &leg, limit);
	}
	fputc('\n', file);
	put_nagios_warnings(file, result);
	return (int)status;
}

int
show_run(FILE *file, const struct config *config, const struct run_result *result,
    const struct show_style *style)
{
	const struct report *report = result->report;
	const struct target *target = &config->targets[report->target];
	const struct page page = { file, config, style, &colours[style->colour] };

	if (style->form == SHOW_NAGIOS)
		return put_nagios(file, config, result);
	if (style->form == SHOW_TEXT) {
		put_heading(&page, result);
		for (uint32_t i = 0; i < result->leg_count; i++) {
			struct evidence leg;

			run_evidence(result, i, &leg);
			put_leg(&page, target->policy, &leg);
		}
		fputc('\n', file);
	} else
		put_json(file, (enum pw_verdict)report->verdict, report->outcome,
		    &(struct show_lost){ target, report->text, report->started, report->micros },
		    result);
	return (int)nagios_of_verdict((enum pw_verdict)report->verdict);
}

void
show_lost(FILE *file, const struct show_lost *lost, const struct show_style *style)
{
	const struct page page = { file, NULL, style, &colours[style->colour] };

	if (style->form == SHOW_NAGIOS) {
		nagios_put_head(file, lost->target->policy->probe->descriptor->name, NAGIOS_UNKNOWN,
		    lost->target->name);
		nagios_put_text(file, lost->text);
		fputc('\n', file);
	} else if (style->form == SHOW_JSON)
		put_json(file, PW_UNKNOWN, "plugin", lost, NULL);
	else {
		fprintf(file, "%s%s%s  ", page.colour->bold, lost->target->name,
		    page.colour->plain);
		put_verdict(&page, PW_UNKNOWN);
		fprintf(file, " (plugin)  %.*s\n\n", (int)lost->text.size, lost->text.data);
	}
}
