/*
 * For the monitor: takes from each run and from the references what they show of our own network,
 * and says what that means for the run: whether its failure may be ours.
 *
 * A run is asked first what it shows of ourselves, and only then, in the light of all that is known
 * by now, what it means.
 */
#include "monitor/self_check.h"

#include <assert.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/hash.h"
#include "monitor/cross_check.h"
#include "monitor/holds.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"
#include "monitor/own_faults.h"
#include "monitor/silence.h"

/* Somebody beyond this host was heard. */
static void
hear(struct monitor *monitor, int64_t at)
{
	hearing_note(&monitor->own.hearing, at);
	if (blind_heard(&monitor->own.blind, at))
		cross_check_look(monitor);
	holds_act(monitor, 0, hold_heard(&monitor->own.hold, at));
}

/* When the connection was made, 0: it was not, or nobody says when. */
static int64_t
connected_at(const struct watch *watch, const struct observation *run, const struct report *report)
{
	uint8_t connect = target_phase(watch_target(watch, report->target)->policy, "connect");
	int64_t at = run->started;

	if (connect >= report->phase_count || !(run->reached >> connect & 1))
		return 0;
	/* A phase may be said to have taken longer than there is time. */
	for (uint8_t i = 0; i <= connect && at < run->ended; i++)
		if (report->phases[i] > 0)
			at = report->phases[i] < run->ended - at ? at + report->phases[i]
			    : run->ended;
	return at;
}

/* Targets that fail alike: the outcome, and what the server said, word for word, where anything. */
static uint64_t
likeness(const struct report *report)
{
	const char *text = report->text.data, *end = text == NULL ? NULL : text + report->text.size;
	const char *from = text == NULL ? NULL : memchr(text, '"', report->text.size);
	const char *to = from == NULL ? NULL : memrchr(from, '"', (size_t)(end - from));
	uint64_t hash = hash_add_string(HASH_BEGIN, report->outcome);

	return from == NULL ? hash : hash_add(hash, from, (size_t)(to - from));
}

/* Refused by its greeting, or by who greets in the place of all. */
static bool
is_turned_away(const struct watch *watch, const struct observation *run, uint32_t target)
{
	return run->spoken && (run->verdict == PW_BLOCKED || run->tempfail)
	    && !own_side_in_dialogue(run, watch_target(watch, target)->policy);
}

/* When it was connected and when it was last heard are two signs of life, and the time between
 * may hide a gap of ours. */
static void
hear_target(struct monitor *monitor, const struct observation *run, const struct report *report)
{
	struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	struct port_hold *of_port = own_side_port_of(own, watch, report->target);
	int64_t connected = connected_at(watch, run, report);

	assert(run->heard != 0 && connected <= run->ended);
	if (own_side_is_apart(own, &watch->targets[report->target])) {
		if (run->heard > own->private_heard)
			own->private_heard = run->heard;
		return;
	}
	if (connected != 0)
		hearing_note(&own->hearing, connected);
	hear(monitor, run->heard);
	if (of_port == NULL)
		return;
	if (run->heard > of_port->heard)
		of_port->heard = run->heard;
	if (is_turned_away(watch, run, report->target))
		holds_act(monitor, of_port->port,
		    hold_answered(&of_port->hold, likeness(report), run->heard));
	else if (run->verdict <= PW_BLOCKED) {
		of_port->passed = true;
		holds_act(monitor, of_port->port, hold_heard(&of_port->hold, run->heard));
	}
}

/* What the run has used with success, and what it lacked. */
static void
learn_means(struct own_side *own, const struct watch *watch, const struct observation *run,
    const struct report *report)
{
	const struct watched *watched = &watch->targets[report->target];
	uint16_t port = watch_target(watch, report->target)->port;
	bool beyond = !watched->local && !own_side_is_apart(own, watched);
	unsigned uses = (report->flags & REPORT_NAME_ASKED ? USED_RESOLVER : 0)
	    | (report->network != 0 && (run->heard != 0 || run->verdict != PW_UNKNOWN) ? USED_SOCKET
	    : 0) | (run->heard != 0 && beyond ? USED_NETWORK : 0);

	blind_used(&own->blind, uses, port, run->ended);
	if (run->verdict == PW_UNKNOWN)
		(void)blind_show(&own->blind, report->outcome, report->target, port, run->ended);
}

static struct suspect
suspect_of(const struct watch *watch, const struct observation *run, uint32_t target,
    uint64_t likeness)
{
	return (struct suspect){ .target = target, .network = watch->targets[target].network,
	    .likeness = likeness,
		.ended = run->ended, .interval = watch_target(watch, target)->policy->interval };
}

static void
add_suspect(struct monitor *monitor, const struct observation *run, const struct report *report)
{
	struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[report->target];
	struct port_hold *of_port = own_side_port_of(own, watch, report->target);
	/* No connection, and not by anything that the peer did. */
	bool unanswered = !run->spoken && run->heard == 0;
	struct hold_all all = own_side_all(own, watch, 0);
	struct suspect suspect = suspect_of(watch, run, report->target, 0);

	if (!run->spoken) {
		watched->unheard = true;
		unheard_add(&own->unheard, report->target, watched->network,
		    run->heard != 0 ? run->heard : run->started, run->ended);
		cross_check_look(monitor);
		holds_act(monitor, 0, hold_suspect(&own->hold, &suspect, unanswered ? &all : NULL,
		    watch->now));
	}
	if (of_port == NULL)
		return;
	suspect.likeness = unanswered ? 1 : likeness(report);
	all = own_side_all(own, watch, of_port->port);
	/* On a port on which nothing has passed yet, a filter may refuse us in the place of all. */
	bool few = (unanswered || !of_port->passed) && all.targets > 1;
	holds_act(monitor, of_port->port,
	    hold_suspect(&of_port->hold, &suspect, few ? &all : NULL, watch->now));
}

/* Turned away in the same words as others; one that is for long is not. */
static void
add_refusal(struct monitor *monitor, const struct observation *run, const struct report *report)
{
	struct port_hold *of_port = own_side_port_of(&monitor->own, &monitor->watch,
	    report->target);
	const struct suspect suspect = suspect_of(&monitor->watch, run, report->target,
	    likeness(report));

	if (of_port == NULL)
		return;
	of_port->turned_away = suspect.likeness;
	holds_act(monitor, of_port->port,
	    hold_suspect(&of_port->hold, &suspect, NULL, monitor->watch.now));
}

void
self_check_before(struct monitor *monitor, struct observation *run, struct report *report)
{
	struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[report->target];

	own_faults_excuse(&own->faults, watch, run, report);
	if (own_side_note_place(own, watched, report))
		keeper_link_mark(monitor->keeper, report->target);
	learn_means(own, watch, run, report);
	watched->answers = run->heard != 0;
	if (watched->local)
		return;
	bool apart = own_side_is_apart(own, watched);
	if (!apart)
		ipv6_learn(monitor, run, report);
	if (run->heard != 0)
		hear_target(monitor, run, report);
	if (apart)
		return; /* its silence and its words say nothing of the way to others */
	if (watched->unheard && (run->verdict <= PW_BLOCKED
	    || (run->verdict == PW_FAILED && run->spoken))) {
		watched->unheard = false;
		unheard_end(&own->unheard, report->target,
		    run->verdict == PW_FAILED ? UNHEARD_FAILED
		    : run->over_routine ? UNHEARD_SLOW : UNHEARD_BACK);
	}
	if (run->verdict == PW_FAILED && !state_is_down((enum state)watched->state.state))
		add_suspect(monitor, run, report);
	else if (is_turned_away(watch, run, report->target)) {
		const struct condition *condition = conditions_find(watched->state.conditions,
		    run->outcome);
		if (condition == NULL || condition->stage == STAGE_SEEN)
			add_refusal(monitor, run, report);
	}
}

/* What our own side means for a failure of a target that is not down. */
static void
judge_failure(struct monitor *monitor, const struct observation *run, uint32_t target,
    struct run_context *context)
{
	const struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	const struct port_hold *of_port = own_side_port_of(own, watch, target);

	if (own_side_is_apart(own, &watch->targets[target])) {
		context->blind &= own->private_heard <= run->started;
		context->held = cross_check_is_needed(monitor, target, run);
		return;
	}
	bool digests = own->hold.stage == HOLD_RUN_OUT
	    || (of_port != NULL && of_port->hold.stage == HOLD_RUN_OUT);
	bool holds = (!run->spoken && own->hold.stage == HOLD_HOLDING)
	    || (of_port != NULL && of_port->hold.stage == HOLD_HOLDING);
	bool overlaps = !run->spoken && own_side_overlaps(own, watch, target, run->started,
	    run->ended);

	if (overlaps && !digests)
		context->enough = own_side_is_blurred(own, &watch->targets[target], run->started,
		    run->ended);
	context->blind &= !context->enough;
	context->held = !digests && (holds || cross_check_is_needed(monitor, target, run));
	context->silence = digests ? SILENCE_digest : 0;
}

/* A failure of a target that is down, while no hold is the reason for telling it together with
 * others. */
static bool
is_apart(const struct own_side *own, const struct watch *watch, const struct observation *run,
    uint32_t target)
{
	const struct port_hold *of_port = own_side_port_of(own, watch, target);

	if (own_side_is_apart(own, &watch->targets[target]))
		return true;
	return own->hold.stage == HOLD_FREE && (of_port == NULL || of_port->hold.stage == HOLD_FREE)
	    && !own_side_overlaps(own, watch, target, run->started, run->ended)
	    && (run->spoken || hearing_gap(&own->hearing, run->started, run->ended) < run->ended
	    - run->started + SECOND);
}

/* Read after what the run shows of ourselves was learnt: the run that ends our blindness is not
 * judged as blind. */
struct run_context
self_check_context(struct monitor *monitor, const struct observation *run,
    const struct report *report)
{
	const struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	uint32_t target = report->target;
	struct watched *watched = &watch->targets[target];
	const struct port_hold *of_port = own_side_port_of(own, watch, target);
	struct run_context context = { .codes = watch->codes, .may_repeat = true };
	int64_t since = watched->state.state == STATE_SUSPECT ? watched->state.trouble->began.mono
	    : run->started;

	context.ours = (run->verdict != PW_FAILED || !run->spoken)
	    && own_side_overlaps(own, watch, target, since, run->ended);
	if (run->verdict <= PW_BLOCKED)
		watched->blurred = 0;
	/* Turned away in the words for which its port is held, or was told as perhaps shut. */
	context.intercepted = of_port != NULL && !watched->local
	    && is_turned_away(watch, run, target) && of_port->hold.stage != HOLD_FREE
	    && of_port->hold.likeness == likeness(report);
	if (run->verdict == PW_FAILED && !watched->local) {
		context.blind = !run->spoken && spells_overlap(&own->blind.spells, run->started,
		    run->ended);
		if (!state_is_down((enum state)watched->state.state))
			judge_failure(monitor, run, target, &context);
		else
			context.apart = is_apart(own, watch, run, target);
	}
	context.explained = run->verdict == PW_UNKNOWN && (strcmp(report->outcome, "our_clock") == 0
	    || own_faults_explain(&own->faults, report->outcome)
	    || blind_explains(&own->blind, report->outcome,
	    watch_target(watch, target)->policy->stale_after));
	return context;
}

void
self_check_after(struct monitor *monitor, const struct observation *run,
    const struct report *report,
    const struct run_context *context)
{
	const struct target_state *state = &monitor->watch.targets[report->target].state;

	if (context->held && state->state == STATE_SUSPECT && state->trouble->held)
		cross_check_await(monitor, report->target, run, context->enough);
	cross_check_settle(monitor);
}

void
self_check_references(struct monitor *monitor, const struct message_references *round)
{
	struct own_side *own = &monitor->own;

	blind_references(&own->blind, round);
	if (round->reached > 0)
		hear(monitor, round->began);
	if (own->blind.doubted && !own->references_doubted)
		duty_log(monitor->watch.duty, LOG_WARNING, 0,
		    "none of the references answers, but targets do: the references count "
		    "for nothing until one of them answers again");
	own->references_doubted = own->blind.doubted;
	cross_check_looked(monitor, round);
	cross_check_settle(monitor);
}

/* Since when is kept apart from the cause, since the cause may change while it lasts, and the
 * end has to name the whole. */
static void
tell_blindness(struct monitor *monitor, enum blind_tell tell)
{
	struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	enum blind_cause cause = own->blind.told;

	if (tell == BLIND_TELL_NOBODY)
		return;
	struct text words = TEXT_ROOM(256);
	if (tell == BLIND_TELL_BLIND) {
		if (!moment_is_set(own->blind_since))
			own->blind_since = clocks_at(&watch->clocks,
			    own->blind.causes[cause].since);
		blind_add_words(
		    &words, &own->blind, cause, SPAN(watch->now - own->blind_since.mono));
		own->blind_change = notify_own(monitor, NOTICE_blind, blind_code(cause),
		    own->blind_since, "%s", words.bytes);
	} else {
		(void)notify_own(monitor, NOTICE_cleared, blind_code(cause), own->blind_since,
		    own->record.unseen
		    ? "it has not shown itself again since postwatch began anew, %s after it was "
		    "first seen" : "we see again, after %s",
		    SPAN(watch->now - own->blind_since.mono));
		own->record.unseen = false;
		own->blind_since = (struct moment){ 0, 0 };
	}
}

void
self_check_restate(struct monitor *monitor)
{
	const struct own_side *own = &monitor->own;

	if (own->blind.stage == BLIND_TOLD && keeper_link_has_committed(monitor->keeper,
	    own->blind_change))
		tell_blindness(monitor, BLIND_TELL_BLIND);
}

void
self_check_tick(struct monitor *monitor)
{
	own_faults_look(monitor);
	if (!monitor->watch.begun)
		return; /* what was told of us is not known yet */
	tell_blindness(monitor, blind_tick(&monitor->own.blind));
	holds_tick(monitor);
	own_digest_tick(monitor);
}
