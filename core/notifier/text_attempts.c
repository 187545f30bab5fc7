/* Writes the attempts and their transcripts into a notice, within the room there is. */
#include "notifier/text_private.h"

#include <inttypes.h>
#include <string.h>

#include "base/transcript.h"

enum { LEGS_SOME = 8, LINES_SOME = 64, LINE_LEAST = 120, LEAST_MAX = 1024 };

/* What is left out, harsher from one to the next. */
struct cut {
	uint32_t older;            /* so many of the older legs have no transcript */
	uint32_t hidden;           /* so many of them are counted only */
	bool no_ehlo;              /* of replies of many lines the last */
	uint32_t head, tail, line; /* lines of a transcript, bytes of a line; 0: all */
	uint32_t needed;           /* legs of the last attempts that are told, beside the last
	                            * failure; 0: all */
};

static bool
is_needed(const struct notice_view *view, const struct message_leg *leg)
{
	const struct message_leg *failure = notice_last_failure(view);

	return leg->run == view->legs[view->leg_count - 1].run
	    || (failure != NULL && leg->run == failure->run);
}

static bool
is_ehlo(const struct evidence_line *line)
{
	return (line->dir == EVIDENCE_RECEIVED || line->dir == EVIDENCE_RECEIVED_TLS)
	    && line->bytes.size > 3
	    && memcmp(line->bytes.data, "250-", 4) == 0;
}

static uint32_t
count_lines(struct pw_bytes transcript, const struct cut *cut)
{
	struct evidence_line line;
	uint32_t count = 0;

	while (evidence_next_line(&transcript, &line))
		count += !(cut->no_ehlo && is_ehlo(&line));
	return count;
}

static void
add_line(struct text *text, const struct evidence_line *line, const struct cut *cut)
{
	static char bytes[TRANSCRIPT_LINE_MAX];
	struct text whole = TEXT_OVER(bytes);

	transcript_add_line(&whole, line);
	if (cut->line == 0 || whole.size <= cut->line)
		text_add_bytes(text, bytes, whole.size);
	else {
		text_add_bytes(text, bytes, text_whole(bytes, cut->line));
		text_format(text, " … %zu bytes more", whole.size - cut->line);
	}
	text_add(text, "\n");
}

static void
add_gap(struct text *text, uint32_t *left_out)
{
	if (*left_out > 0)
		text_format(text, "         … %" PRIu32 " line%s left out …\n", *left_out,
		    *left_out == 1 ? "" : "s");
	*left_out = 0;
}

static void
add_transcript(struct text *text, struct pw_bytes transcript, const struct cut *cut)
{
	uint32_t count = count_lines(transcript, cut), number = 0, left_out = 0;
	struct evidence_line line;

	while (!text->cut && evidence_next_line(&transcript, &line)) {
		bool ehlo = cut->no_ehlo && is_ehlo(&line), middle = cut->tail > 0
		    && number >= cut->head
		    && number + cut->tail < count;

		number += !ehlo;
		if (ehlo || middle) {
			left_out++;
			continue;
		}
		add_gap(text, &left_out);
		add_line(text, &line, cut);
	}
	add_gap(text, &left_out);
}

static void
add_findings(struct text *text, const struct evidence *leg)
{
	struct pw_bytes warnings = leg->warnings, facts = leg->facts;
	struct evidence_warning warning;
	struct evidence_fact fact;

	while (evidence_next_warning(&warnings, &warning)) {
		text_format(text, "  warning (%s): ", warning.code);
		text_add_shown(text, warning.text);
		text_add(text, "\n");
	}
	while (evidence_next_fact(&facts, &fact)) {
		text_format(text, "  %s: ", fact.name);
		text_escape(text, fact.value);
		text_add(text, "\n");
	}
}

static void
add_title(struct text *text, const struct notice_view *view, const struct message_leg *leg)
{
	const struct message_notice *notice = view->notice;
	bool before = notice_ends_outage(view) && leg->run < notice->before;
	/* Of an outage those that confirmed it come first, and the last that failed where that came
	 * later. */
	uint32_t confirming = notice->attempts > 0
	    && notice->attempts < notice->before ? notice->attempts : notice->before;

	if (before && (notice_is(view, "up") || leg->run >= confirming))
		text_add(text, "\nThe last failure");
	else if (notice_ends_outage(view) && !before)
		text_format(text, "\nSuccess %" PRIu32 " of %" PRIu32,
		    leg->run - notice->before + 1, leg->runs - notice->before);
	else
		text_format(text, "\n%s %" PRIu32 " of %" PRIu32,
		    leg->leg.verdict == PW_FAILED ? "Attempt" : "Run",
		    leg->run + 1, before ? confirming : leg->runs);
	text_add(text, ": ");
	transcript_add_ends(text, &leg->leg);
	text_add(text, "\n");
}

static void
add_leg(struct text *text, const struct notice_view *view, const struct message_leg *message,
    const struct cut *cut,
    bool transcript)
{
	const struct evidence *leg = &message->leg;

	add_title(text, view, message);
	text_add(text, "  ");
	zone_add(text, view->zone, leg->started);
	text_add(text, "\n  ");
	transcript_add_verdict(text, leg);
	text_add(text, "\n");
	if (!transcript) {
		text_add(text, "  (transcript left out)\n");
		return;
	}
	if (cut->tail == 0)
		add_findings(text, leg);
	add_transcript(text, leg->transcript, cut);
}

/* Without which there is no evidence: the last that failed, or where none did, the last. */
static const struct message_leg *
anchor_of(const struct notice_view *view)
{
	const struct message_leg *failure = notice_last_failure(view);

	return failure != NULL || view->leg_count == 0 ? failure : &view->legs[view->leg_count - 1];
}

static void
add_legs(struct text *text, const struct notice_view *view, const struct cut *cut)
{
	const struct message_leg *anchor = anchor_of(view);
	uint32_t older = 0, needed = 0, hidden = 0;

	for (uint32_t i = 0; i < view->leg_count && !text->cut; i++) {
		const struct message_leg *leg = &view->legs[i];
		bool is_older = !is_needed(view, leg);
		bool hide = is_older ? older < cut->hidden : cut->needed > 0
		    && needed + 1 >= cut->needed && leg != anchor;

		needed += !is_older && leg != anchor && !hide;
		hidden += hide;
		if (!hide)
			add_leg(text, view, leg, cut, !is_older || older >= cut->older);
		older += is_older;
	}
	if (hidden > 0)
		text_format(text, "\n%" PRIu32 " other attempt%s left out.\n", hidden,
		    hidden == 1 ? " is" : "s are");
}

static void
say_cut(struct text *text, const struct notice_view *view, const struct cut *cut)
{
	uint32_t older = cut->older - cut->hidden;

	if (cut->older == 0 && !cut->no_ehlo)
		return;
	text_add(text, "\nFor want of room are left out: ");
	if (older > 0)
		text_format(text, "%" PRIu32 " transcript%s of older attempts", older,
		    older == 1 ? "" : "s");
	else if (cut->hidden > 0)
		text_add(text, "older attempts");
	text_add(text, cut->older > 0 && cut->no_ehlo ? ", " : "");
	text_add(text, cut->no_ehlo ? "lines of EHLO replies" : "");
	text_add(text, cut->tail > 0 ? ", facts, the middle of transcripts" : "");
	if (view->notice->incident != 0)
		text_format(text, ". `postwatch show %" PRIu64 "` has them",
		    view->notice->incident);
	text_add(text, ".\n");
}

static bool
has_leg_of(const struct notice_view *view, uint32_t run)
{
	for (uint32_t i = 0; i < view->leg_count; i++)
		if (view->legs[i].run == run)
			return true;
	return false;
}

static void
say_missing(struct text *text, const struct notice_view *view)
{
	uint32_t missing = 0, runs = view->notice->runs;

	for (uint32_t run = 0; run < runs; run++)
		missing += !has_leg_of(view, run);
	if (missing > 0)
		text_format(text,
		    "\nThe evidence of %" PRIu32 " of %" PRIu32 " runs was not kept.\n", missing,
		    runs);
}

/* What it has left out is said; true where all found room. */
static bool
fits(struct text *text, const struct notice_view *view, const struct cut *cut)
{
	size_t before = text->size;

	add_legs(text, view, cut);
	say_missing(text, view);
	say_cut(text, view, cut);
	if (!text->cut)
		return true;
	text->size = before;
	text->bytes[before] = '\0';
	text->cut = false;
	return false;
}

static uint32_t
count_older(const struct notice_view *view)
{
	uint32_t older = 0;

	for (uint32_t i = 0; i < view->leg_count; i++)
		older += !is_needed(view, &view->legs[i]);
	return older;
}

static void
cut_middle(struct cut *cut, uint32_t tail)
{
	cut->tail = tail;
	cut->head = tail / 4;
	cut->line = tail * 16 < LINE_LEAST ? LINE_LEAST : tail * 16;
	cut->needed = tail > 16 ? 0 : tail > 4 ? LEGS_SOME : 1;
}

void
notice_add_attempts(struct text *text, const struct notice_view *view)
{
	struct cut cut = { .older = 0 };
	uint32_t older = count_older(view);

	for (; cut.older <= older; cut.older++)
		if (fits(text, view, &cut))
			return;
	cut.older = older;
	for (cut.hidden = 1; cut.hidden <= older; cut.hidden++)
		if (fits(text, view, &cut))
			return;
	cut.hidden = older;
	cut.no_ehlo = true;
	if (fits(text, view, &cut))
		return;
	for (uint32_t tail = LINES_SOME; tail > 0; tail /= 2) {
		cut_middle(&cut, tail);
		if (fits(text, view, &cut))
			return;
	}
	text_add(text, "\nFor want of room all transcripts are left out.\n");
}

size_t
notice_attempts_least(const struct notice_view *view)
{
	char bytes[LEAST_MAX];
	struct text text = TEXT_OVER(bytes);
	struct cut cut = { .older = count_older(view), .no_ehlo = true };

	cut.hidden = cut.older;
	for (uint32_t tail = 4; tail > 0; tail /= 2) {
		cut_middle(&cut, tail);
		if (fits(&text, view, &cut))
			return text.size + 1;
	}
	return LEAST_MAX;
}
