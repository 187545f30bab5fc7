/*
 * For the text of a notice: writes how far a failed attempt came, what differs from the last one
 * that passed, and the attempts with their transcripts, within the room there is.
 */
#include "notifier/text_evidence.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/difference.h"
#include "base/transcript.h"

enum { LEGS_SOME = 8, LINES_SOME = 64, LINE_LEAST = 120, LEAST_MAX = 1024 };

const struct message_leg *
notice_last_failure(const struct notice_view *view)
{
	const struct message_leg *last = NULL;

	for (uint32_t i = 0; i < view->leg_count; i++)
		if (view->legs[i].leg.verdict == PW_FAILED
		    && (!notice_ends_outage(view) || view->legs[i].run < view->notice->before))
			last = &view->legs[i];
	return last;
}

static void
add_row(struct text *text, const struct evidence_phase *phase)
{
	text_format(text, "  %-11s", phase->name);
	if (phase->status == PHASE_NOT_REACHED || phase->micros < 0) {
		text_add(text, "not reached\n");
		return;
	}
	text_format(text, "%-13s", SPAN(phase->micros));
	if (phase->limit > 0)
		text_format(text, "limit %s", SPAN(phase->limit));
	text_add(text, phase->status == PHASE_FAILED ? "  FAILED\n" : "\n");
}

/* Of what decided: what failed, or what answers again. */
void
notice_add_phases(struct text *text, const struct notice_view *view)
{
	const struct message_leg *last = notice_ends_outage(view) ? NULL
	                                                          : notice_last_failure(view);

	for (uint32_t i = view->leg_count; last == NULL && i > 0; i--)
		if (view->legs[i - 1].leg.phase_count > 0)
			last = &view->legs[i - 1];
	if (last == NULL || last->leg.phase_count == 0)
		return;
	text_add(text, "\nHow far it came");
	if (last->leg.address.size > 0) {
		text_add(text, " at ");
		transcript_add_address(text, last->leg.address, last->leg.port);
	}
	text_add(text, last->runs > 1 && last->run + 1 >= last->runs ? ", last attempt\n" : "\n");
	for (uint32_t i = 0; i < last->leg.phase_count; i++)
		add_row(text, &last->leg.phases[i]);
}

/* What a phase waits for, in words. */
static const char *
phase_word(const char *name)
{
	static const struct {
		const char *name, *word;
	} words[] = {
		{ "resolve", "answer from DNS" },
		{ "connect", "connection" },
		{ "banner", "greeting" },
		{ "ehlo", "reply to EHLO" },
		{ "starttls", "reply to STARTTLS" },
		{ "handshake", "TLS handshake" },
		{ "ehlo_tls", "reply to EHLO inside TLS" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].word;
	return name;
}

struct changes {
	struct text *text;
	const struct notice_view *view;
	const struct evidence *failed;
	bool told; /* what failed */
};

/* Ends the line with how often it failed. */
static void
end_failure(struct changes *changes)
{
	uint32_t attempts = changes->view->notice->attempts;

	if (attempts > 0)
		text_format(changes->text, ", %" PRIu32 " attempt%s", attempts,
		    attempts == 1 ? "" : "s");
	text_add(changes->text, "\n");
	changes->told = true;
}

static void
add_failure(struct changes *changes)
{
	const struct evidence *failed = changes->failed;

	text_add(changes->text, "; was: ");
	if (failed->text.size > 0)
		text_add_shown(changes->text, failed->text);
	else
		text_add(changes->text, failed->outcome);
	end_failure(changes);
}

/* "greeting after 0.040 s; was: none within 60.0 s, 3 attempts" */
static void
on_difference(void *arg, const struct difference *difference)
{
	struct changes *changes = arg;
	struct text *text = changes->text;
	const struct evidence_phase *then = difference->then_phase, *now = difference->now_phase;

	if (then == NULL) {
		text_format(text, "  %s: %s; was: %s\n", difference->name, difference->now,
		    difference->then);
		return;
	}
	if (then->status == PHASE_NOT_REACHED || now->status == PHASE_NOT_REACHED)
		return;
	text_format(text, "  %s after %s", phase_word(now->name), SPAN(now->micros));
	if (then->status == PHASE_FAILED && then->limit > 0 && then->micros >= then->limit) {
		text_format(text, "; was: none within %s", SPAN(then->micros));
		end_failure(changes);
	} else if (then->status == PHASE_FAILED)
		add_failure(changes);
	else
		text_format(text, "; was: %s\n", difference->then);
}

/* The leg of the last failure at the place of one that passed; NULL: there is none. */
static const struct evidence *
find_failed(const struct notice_view *view, const struct evidence *passed)
{
	const struct message_leg *last = notice_last_failure(view);

	for (uint32_t i = 0; last != NULL && i < view->leg_count; i++)
		if (view->legs[i].run == last->run
		    && difference_same_place(&view->legs[i].leg, passed))
			return &view->legs[i].leg;
	return NULL;
}

void
notice_add_changes(struct text *text, const struct notice_view *view)
{
	const struct message_leg *failure = notice_last_failure(view);
	struct changes changes = { .text = text, .view = view };
	uint32_t last, first;

	if (!notice_ends_outage(view) || failure == NULL
	    || view->legs[view->leg_count - 1].run < view->notice->before)
		return;
	text_add(text, "\nWhat changed\n");
	last = view->leg_count - 1;
	for (first = last; first > 0 && view->legs[first - 1].run == view->legs[last].run; first--)
		continue;
	for (uint32_t i = first; i <= last; i++) {
		const struct evidence *passed = &view->legs[i].leg;

		changes.failed = find_failed(view, passed);
		if ((first != last || changes.failed == NULL) && passed->address.size > 0) {
			text_add(text, "  at ");
			transcript_add_address(text, passed->address, passed->port);
			text_add(text,
			    changes.failed == NULL ? ": was not looked at when it failed\n" : "\n");
		}
		if (changes.failed != NULL)
			difference_each(changes.failed, passed, on_difference, &changes);
	}
	if (changes.told)
		return;
	changes.failed = &failure->leg;
	text_add(text, "  it answers");
	add_failure(&changes);
}

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

/* Whether a line of a reply to EHLO is left out: all but the last of it. */
static bool
is_left_out(const struct cut *cut, const struct evidence_line *line)
{
	bool received = line->dir == EVIDENCE_RECEIVED || line->dir == EVIDENCE_RECEIVED_TLS;

	return cut->no_ehlo && received && line->bytes.size > 3
	    && memcmp(line->bytes.data, "250-", 4) == 0;
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
	struct pw_bytes counted = transcript;
	struct evidence_line line;
	uint32_t count = 0, number = 0, left_out = 0;

	while (evidence_next_line(&counted, &line))
		count += !is_left_out(cut, &line);
	while (!text->cut && evidence_next_line(&transcript, &line)) {
		bool ehlo = is_left_out(cut, &line);
		bool middle = cut->tail > 0 && number >= cut->head && number + cut->tail < count;

		number += !ehlo;
		if (ehlo || middle) {
			left_out++;
			continue;
		}
		add_gap(text, &left_out);
		add_line(text, &line, cut);
	}
	assert(number <= count);
	add_gap(text, &left_out);
}

static void
add_title(struct text *text, const struct notice_view *view, const struct message_leg *leg)
{
	const struct message_notice *notice = view->notice;
	bool before = notice_ends_outage(view) && leg->run < notice->before;
	/* Of an outage those that confirmed it come first, and the last that failed where that came
	 * later. */
	uint32_t confirming = notice->attempts > 0 && notice->attempts < notice->before
	    ? notice->attempts
	    : notice->before;

	if (before && (notice_is(view, "up") || leg->run >= confirming))
		text_add(text, "\nThe last failure");
	else if (notice_ends_outage(view) && !before)
		text_format(text, "\nSuccess %" PRIu32 " of %" PRIu32,
		    leg->run - notice->before + 1, leg->runs - notice->before);
	else
		text_format(text, "\n%s %" PRIu32 " of %" PRIu32,
		    leg->leg.verdict == PW_FAILED ? "Attempt" : "Run", leg->run + 1,
		    before ? confirming : leg->runs);
	text_add(text, ": ");
	transcript_add_ends(text, &leg->leg);
	text_add(text, "\n");
}

static void
add_leg(struct text *text, const struct notice_view *view, const struct message_leg *message,
    const struct cut *cut, bool transcript)
{
	const struct evidence *leg = &message->leg;
	struct pw_bytes warnings = leg->warnings, facts = leg->facts;
	struct evidence_warning warning;
	struct evidence_fact fact;

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
	while (cut->tail == 0 && evidence_next_warning(&warnings, &warning)) {
		text_format(text, "  warning (%s): ", warning.code);
		text_add_shown(text, warning.text);
		text_add(text, "\n");
	}
	while (cut->tail == 0 && evidence_next_fact(&facts, &fact)) {
		text_format(text, "  %s: ", fact.name);
		text_escape(text, fact.value);
		text_add(text, "\n");
	}
	add_transcript(text, leg->transcript, cut);
}

/* The anchor is the leg without which there is no evidence: the last that failed, or where none
 * did, the last. */
static void
add_legs(struct text *text, const struct notice_view *view, const struct cut *cut)
{
	const struct message_leg *failure = notice_last_failure(view);
	const struct message_leg *anchor = failure != NULL || view->leg_count == 0
	    ? failure
	    : &view->legs[view->leg_count - 1];
	uint32_t older = 0, needed = 0, hidden = 0;

	for (uint32_t i = 0; i < view->leg_count && !text->cut; i++) {
		const struct message_leg *leg = &view->legs[i];
		bool is_older = !is_needed(view, leg);
		bool hide = is_older
		    ? older < cut->hidden
		    : cut->needed > 0 && needed + 1 >= cut->needed && leg != anchor;

		needed += !is_older && leg != anchor && !hide;
		hidden += hide;
		if (!hide)
			add_leg(text, view, leg, cut, !is_older || older >= cut->older);
		older += is_older;
	}
	assert(hidden <= view->leg_count && older <= view->leg_count);
	if (hidden > 0)
		text_format(text, "\n%" PRIu32 " other attempt%s left out.\n", hidden,
		    hidden == 1 ? " is" : "s are");
}

static void
say_cut(struct text *text, const struct notice_view *view, const struct cut *cut)
{
	uint32_t older = cut->older - cut->hidden;

	assert(cut->hidden <= cut->older);
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

static void
say_missing(struct text *text, const struct notice_view *view)
{
	uint32_t missing = 0, runs = view->notice->runs;

	for (uint32_t run = 0; run < runs; run++) {
		uint32_t leg = 0;

		while (leg < view->leg_count && view->legs[leg].run != run)
			leg++;
		missing += leg == view->leg_count;
	}
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
	assert(before <= text->size);
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
	struct text text = TEXT_ROOM(LEAST_MAX);
	struct cut cut = { .older = count_older(view), .no_ehlo = true };

	cut.hidden = cut.older;
	for (uint32_t tail = 4; tail > 0; tail /= 2) {
		cut_middle(&cut, tail);
		if (fits(&text, view, &cut))
			return text.size + 1;
	}
	return LEAST_MAX;
}
