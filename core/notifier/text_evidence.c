/*
 * Writes into a notice how far a failed attempt came, and what differs from the last one that
 * passed.
 */
#include "notifier/text_private.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/difference.h"
#include "base/transcript.h"

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

/* What decided: what failed, or what answers again. */
static const struct message_leg *
last_attempt(const struct notice_view *view)
{
	const struct message_leg *last = notice_ends_outage(view) ? NULL
	    : notice_last_failure(view);

	for (uint32_t i = view->leg_count; last == NULL && i > 0; i--)
		if (view->legs[i - 1].leg.phase_count > 0)
			last = &view->legs[i - 1];
	return last;
}

static void
add_row(struct text *text, const struct evidence_phase *phase)
{
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	text_format(text, "  %-11s", phase->name);
	if (phase->status == PHASE_NOT_REACHED || phase->micros < 0) {
		text_add(text, "not reached\n");
		return;
	}
	text_add_span(&span, phase->micros);
	text_format(text, "%-13s", bytes);
	if (phase->limit > 0) {
		text_add(text, "limit ");
		text_add_span(text, phase->limit);
	}
	text_add(text, phase->status == PHASE_FAILED ? "  FAILED\n" : "\n");
}

void
notice_add_phases(struct text *text, const struct notice_view *view)
{
	const struct message_leg *last = last_attempt(view);

	if (last == NULL || last->leg.phase_count == 0)
		return;
	text_add(text, "\nHow far it came");
	if (last->leg.address.size > 0) {
		text_add(text, " at ");
		transcript_add_address(text, last->leg.address, last->leg.port);
	}
	if (last->runs > 1)
		text_add(text, last->run + 1 < last->runs ? "" : ", last attempt");
	text_add(text, "\n");
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
		{ "resolve", "answer from DNS" }, { "connect", "connection" },
		    { "banner", "greeting" },
		{ "ehlo", "reply to EHLO" }, { "starttls", "reply to STARTTLS" },
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

static void
add_attempts(const struct changes *changes)
{
	uint32_t attempts = changes->view->notice->attempts;

	if (attempts > 0)
		text_format(changes->text, ", %" PRIu32 " attempt%s", attempts,
		    attempts == 1 ? "" : "s");
	text_add(changes->text, "\n");
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
	add_attempts(changes);
	changes->told = true;
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
	text_format(text, "  %s after ", phase_word(now->name));
	text_add_span(text, now->micros);
	if (then->status == PHASE_FAILED && then->limit > 0 && then->micros >= then->limit) {
		text_add(text, "; was: none within ");
		text_add_span(text, then->micros);
		add_attempts(changes);
		changes->told = true;
	} else if (then->status == PHASE_FAILED)
		add_failure(changes);
	else
		text_format(text, "; was: %s\n", difference->then);
}

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

static void
add_place(struct changes *changes, const struct evidence *passed)
{
	text_add(changes->text, "  at ");
	transcript_add_address(changes->text, passed->address, passed->port);
	text_add(changes->text, changes->failed == NULL ? ": was not looked at when it failed\n"
	    : "\n");
}

static void
add_leg(struct changes *changes, const struct message_leg *passed, bool alone)
{
	changes->failed = find_failed(changes->view, &passed->leg);
	if ((!alone || changes->failed == NULL) && passed->leg.address.size > 0)
		add_place(changes, &passed->leg);
	if (changes->failed != NULL)
		difference_each(changes->failed, &passed->leg, on_difference, changes);
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
	for (uint32_t i = first; i <= last; i++)
		add_leg(&changes, &view->legs[i], first == last);
	if (changes.told)
		return;
	changes.failed = &failure->leg;
	text_add(text, "  it answers");
	add_failure(&changes);
}
