/*
 * Whether it is us: what runs and references say of our own network, and holds on confirmations. What was heard counts at
 * the instant at which it was heard, and what our own side means for a run is asked for the whole time that it took.
 */
#include "monitor/monitor.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/hash.h"
#include "monitor/ipv6.h"
#include "monitor/keeper_link.h"
#include "monitor/silence.h"

enum { BLURRED_SECONDS = 600, BLURRED_RUNS = 5 };

static uint32_t
count_suspect(const struct monitor *monitor)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		count += monitor->targets[i].state.state == STATE_SUSPECT;
	return count;
}

struct port_hold *
ourselves_port(const struct monitor *monitor, uint16_t port)
{
	for (uint32_t i = 0; i < monitor->port_count; i++)
		if (monitor->ports[i].port == port)
			return &monitor->ports[i];
	return NULL;
}

static uint16_t
port_of(const struct monitor *monitor, uint32_t target)
{
	return monitor->config->targets[target].port;
}

static bool
is_in_public(const struct watched *watched)
{
	return watched->network != 0 && !watched->in_private && !(watched->flags & WATCHED_LOCAL);
}

void
ourselves_begin(struct monitor *monitor)
{
	monitor->in_public = 0;
	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		monitor->in_public += is_in_public(&monitor->targets[i]);
}

/* `port` 0: the hold of all. */
static void
begin_hold(const struct monitor *monitor, uint16_t port)
{
	if (port == 0)
		duty_log(monitor->duty, LOG_WARNING, 0, "targets in several networks fail and nobody is heard: it may be us, so "
		    "nothing is confirmed for 5 min at most, while attempts go on");
	else
		duty_log(monitor->duty, LOG_WARNING, 0, "targets in several networks fail alike on port %u and none passes on it: "
		    "it may be us, so none of them is confirmed for 5 min at most, while attempts go on", port);
}

static void
end_hold(const struct monitor *monitor, uint16_t port)
{
	if (port == 0)
		duty_log(monitor->duty, LOG_NOTICE, 0, "somebody is heard again: attempts are confirmed as ever, %" PRIu32
		    " targets are suspect", count_suspect(monitor));
	else
		duty_log(monitor->duty, LOG_NOTICE, 0, "a target passes on port %u again: attempts on it are confirmed as ever",
		    port);
}

/* All whose confirmation is held are down now. */
static void
release(struct monitor *monitor, uint16_t port)
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		if (port == 0 || port_of(monitor, i) == port)
			judge_confirm(monitor, i, SILENCE_digest, false);
	together_now(monitor, monitor->hold.stage == HOLD_FREE ? port : 0);
	if (port != 0 && ourselves_port(monitor, port)->hold.likeness == ourselves_port(monitor, port)->turned_away)
		together_refused(monitor, ourselves_port(monitor, port));
}

static void
act(struct monitor *monitor, enum hold_act act, uint16_t port)
{
	switch (act) {
	case HOLD_NOTHING:
		return;
	case HOLD_BEGIN:
		begin_hold(monitor, port);
		return;
	case HOLD_END:
		end_hold(monitor, port);
		return;
	case HOLD_DIGEST:
		release(monitor, port);
		return;
	}
}

void
ourselves_begin_hold(struct monitor *monitor, int64_t since)
{
	act(monitor, hold_begin(&monitor->hold, since), 0);
}

bool
ourselves_hold(const struct monitor *monitor, uint32_t target)
{
	const struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, target));

	return !ourselves_are_apart(monitor, target)
	    && (hold_holds(&monitor->hold) || (of_port != NULL && hold_holds(&of_port->hold)));
}

struct hold_all
ourselves_all(const struct monitor *monitor, uint16_t port)
{
	struct hold_all all = { 0, 0 };
	uint64_t first = 0;

	for (uint32_t i = 0; i < monitor->config->target_count && all.targets <= HOLD_MANY_TARGETS; i++) {
		const struct watched *watched = &monitor->targets[i];
		if ((watched->flags & WATCHED_LOCAL) || ourselves_are_apart(monitor, i) || (port != 0 && port_of(monitor, i) != port))
			continue;
		all.targets += !state_is_down((enum state)watched->state.state);
		if (watched->network == 0 || (all.networks > 0 && watched->network == first))
			continue;
		if (all.networks++ == 0)
			first = watched->network;
	}
	return all;
}

static void
note_place(struct monitor *monitor, const struct report *report)
{
	struct watched *watched = &monitor->targets[report->target];

	if (report->network == 0 && !(report->flags & REPORT_OWN_HOST))
		return; /* it had no address: it is where it was */
	if (watched->network != report->network)
		keeper_link_mark(monitor, report->target);
	monitor->in_public -= is_in_public(watched);
	watched->network = report->network;
	watched->in_private = report->ways & WAY_PRIVATE;
	watched->flags = (uint8_t)((watched->flags & ~WATCHED_LOCAL) | (report->flags & REPORT_OWN_HOST ? WATCHED_LOCAL : 0));
	monitor->in_public += is_in_public(watched);
}

/* Somebody beyond this host was heard. */
static void
hear(struct monitor *monitor, int64_t at)
{
	hearing_note(&monitor->hearing, at);
	if (blind_heard(&monitor->blind, at))
		witness_look(monitor);
	act(monitor, hold_heard(&monitor->hold, at), 0);
}

/* When the connection was made, 0: it was not, or nobody says when. */
static int64_t
connected_at(const struct monitor *monitor, const struct sighting *run, const struct report *report)
{
	uint8_t connect = target_phase(monitor->config->targets[report->target].policy, "connect");
	int64_t at = run->started;

	if (connect >= report->phase_count || !(run->reached >> connect & 1))
		return 0;
	for (uint8_t i = 0; i <= connect; i++)
		at += report->phases[i] > 0 ? report->phases[i] : 0;
	return at < run->ended ? at : run->ended;
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

bool
ourselves_in_dialogue(const struct monitor *monitor, uint32_t target, const struct sighting *run)
{
	uint8_t connect = target_phase(monitor->config->targets[target].policy, "connect");

	return connect < 31 && run->reached >> (connect + 1) != 0;
}

/* Refused by its greeting, or by who greets in the place of all. */
static bool
is_turned_away(const struct monitor *monitor, const struct sighting *run, uint32_t target)
{
	return run->spoken && (run->verdict == PW_BLOCKED || run->tempfail) && !ourselves_in_dialogue(monitor, target, run);
}

static void
hear_target(struct monitor *monitor, const struct sighting *run, const struct report *report)
{
	struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, report->target));
	int64_t connected = connected_at(monitor, run, report);

	if (ourselves_are_apart(monitor, report->target)) {
		if (run->heard > monitor->private_heard)
			monitor->private_heard = run->heard;
		return;
	}
	if (connected != 0)
		hearing_note(&monitor->hearing, connected);
	hear(monitor, run->heard);
	if (of_port == NULL)
		return;
	if (run->heard > of_port->heard)
		of_port->heard = run->heard;
	if (is_turned_away(monitor, run, report->target))
		act(monitor, hold_answered(&of_port->hold, likeness(report), run->heard), of_port->port);
	else if (run->verdict <= PW_BLOCKED) {
		of_port->passed = true;
		act(monitor, hold_heard(&of_port->hold, run->heard), of_port->port);
	}
}

/* What the run has used with success, and what it lacked. */
static void
learn_means(struct monitor *monitor, const struct sighting *run, const struct report *report, bool local)
{
	uint16_t port = port_of(monitor, report->target);
	unsigned uses = (report->flags & REPORT_NAME_ASKED ? USED_RESOLVER : 0)
	    | (report->network != 0 && (run->heard != 0 || run->verdict != PW_UNKNOWN) ? USED_SOCKET : 0)
	    | (run->heard != 0 && !local && !ourselves_are_apart(monitor, report->target) ? USED_NETWORK : 0);

	blind_used(&monitor->blind, uses, port, run->ended);
	if (run->verdict == PW_UNKNOWN)
		(void)blind_show(&monitor->blind, report->outcome, report->target, port, run->ended);
}

/* No connection, and not by anything that the peer did. */
static bool
is_unanswered(const struct sighting *run)
{
	return !run->spoken && run->heard == 0;
}

static void
suspect(struct monitor *monitor, const struct sighting *run, const struct report *report)
{
	uint16_t port = port_of(monitor, report->target);
	struct port_hold *of_port = ourselves_port(monitor, port);
	struct hold_all all = ourselves_all(monitor, 0), on_port = ourselves_all(monitor, port);
	struct suspect suspect = { .target = report->target, .network = monitor->targets[report->target].network,
		.ended = run->ended, .interval = monitor->config->targets[report->target].policy->interval };

	if (!run->spoken) {
		monitor->targets[report->target].unheard = true;
		unheard_add(&monitor->unheard, report->target, suspect.network, run->heard != 0 ? run->heard : run->started,
		    run->ended);
		witness_look(monitor);
		act(monitor, hold_suspect(&monitor->hold, &suspect, is_unanswered(run) ? &all : NULL, monitor->now), 0);
	}
	suspect.likeness = is_unanswered(run) ? 1 : likeness(report);
	if (of_port == NULL)
		return;
	/* On a port on which nothing has passed yet, a filter may refuse us in the place of all. */
	bool few = (is_unanswered(run) || !of_port->passed) && on_port.targets > 1;
	act(monitor, hold_suspect(&of_port->hold, &suspect, few ? &on_port : NULL, monitor->now), port);
}

/* Turned away in the same words as others; one that is for long is not. */
static void
suspect_refusal(struct monitor *monitor, const struct sighting *run, const struct report *report)
{
	struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, report->target));
	struct suspect suspect = { .target = report->target, .network = monitor->targets[report->target].network,
		.likeness = likeness(report), .ended = run->ended,
		.interval = monitor->config->targets[report->target].policy->interval };

	if (of_port == NULL)
		return;
	of_port->turned_away = suspect.likeness;
	act(monitor, hold_suspect(&of_port->hold, &suspect, NULL, monitor->now), of_port->port);
}

static bool
stands(const struct watched *watched, uint16_t code)
{
	const struct condition *condition = conditions_find(watched->state.conditions, code);

	return condition != NULL && condition->stage != STAGE_SEEN;
}

void
ourselves_before(struct monitor *monitor, struct sighting *run, struct report *report)
{
	struct watched *watched = &monitor->targets[report->target];

	clocks_void(monitor, run, report);
	note_place(monitor, report);
	bool local = watched->flags & WATCHED_LOCAL;
	learn_means(monitor, run, report, local);
	watched->answers = run->heard != 0;
	if (local)
		return;
	if (!ourselves_are_apart(monitor, report->target))
		ipv6_learn(monitor, run, report);
	if (run->heard != 0)
		hear_target(monitor, run, report);
	if (ourselves_are_apart(monitor, report->target))
		return; /* its silence and its words say nothing of the way to others */
	if (watched->unheard && (run->verdict <= PW_BLOCKED || (run->verdict == PW_FAILED && run->spoken))) {
		watched->unheard = false;
		unheard_end(&monitor->unheard, report->target, run->verdict == PW_FAILED ? UNHEARD_FAILED
		    : run->over_routine ? UNHEARD_SLOW : UNHEARD_BACK);
	}
	if (run->verdict == PW_FAILED && !state_is_down((enum state)watched->state.state))
		suspect(monitor, run, report);
	else if (is_turned_away(monitor, run, report->target) && !stands(watched, run->outcome))
		suspect_refusal(monitor, run, report);
}

bool
ourselves_overlap(const struct monitor *monitor, uint32_t target, int64_t from, int64_t to)
{
	const struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, target));

	return blind_overlaps(&monitor->blind, from, to) || hold_overlaps(&monitor->hold, from, to)
	    || (of_port != NULL && hold_overlaps(&of_port->hold, from, to));
}

/*
 * Failures that overlap blind spells say nothing, each for itself. Where they go on for long while others are heard
 * between them, it is not for our spells: a flapping line lets some of the attempts of a living target through.
 */
bool
ourselves_are_blurred(struct monitor *monitor, uint32_t target, int64_t from, int64_t to)
{
	struct watched *watched = &monitor->targets[target];
	uint32_t began = (uint32_t)(from / SECOND), ended = (uint32_t)(to / SECOND);

	if (watched->blurred == 0) {
		watched->blurred = began;
		watched->blurred_runs = 0;
	} else if (monitor->blind.heard / SECOND > watched->blurred_end && watched->blurred_runs < UINT8_MAX)
		watched->blurred_runs++;
	watched->blurred_end = ended;
	return ended - watched->blurred >= BLURRED_SECONDS && watched->blurred_runs >= BLURRED_RUNS;
}

/* What our own side means for a failure of a target that is not down. */
static void
judge_failure(struct monitor *monitor, const struct sighting *run, uint32_t target, struct outlook *outlook)
{
	const struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, target));

	if (ourselves_are_apart(monitor, target)) {
		outlook->blind &= monitor->private_heard <= run->started;
		outlook->held = witness_needed(monitor, target, run);
		return;
	}
	bool digests = hold_digests(&monitor->hold) || (of_port != NULL && hold_digests(&of_port->hold));
	bool holds = (!run->spoken && hold_holds(&monitor->hold)) || (of_port != NULL && hold_holds(&of_port->hold));
	bool overlaps = !run->spoken && ourselves_overlap(monitor, target, run->started, run->ended);

	if (overlaps && !digests)
		outlook->enough = ourselves_are_blurred(monitor, target, run->started, run->ended);
	outlook->blind &= !outlook->enough;
	outlook->held = !digests && (holds || witness_needed(monitor, target, run));
	outlook->silence = digests ? SILENCE_digest : 0;
}

/* A failure of a target that is down, while no hold is the reason for telling it together with others. */
static bool
is_apart(const struct monitor *monitor, const struct sighting *run, uint32_t target)
{
	const struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, target));

	if (ourselves_are_apart(monitor, target))
		return true;
	return hold_is_free(&monitor->hold) && (of_port == NULL || hold_is_free(&of_port->hold))
	    && !ourselves_overlap(monitor, target, run->started, run->ended)
	    && (run->spoken || hearing_gap(&monitor->hearing, run->started, run->ended) < run->ended - run->started + SECOND);
}

/* Turned away in the words for which its port is held, or was told as perhaps shut. */
static bool
is_intercepted(const struct monitor *monitor, const struct sighting *run, const struct report *report)
{
	const struct port_hold *of_port = ourselves_port(monitor, port_of(monitor, report->target));

	return of_port != NULL && !(monitor->targets[report->target].flags & WATCHED_LOCAL)
	    && is_turned_away(monitor, run, report->target) && !hold_is_free(&of_port->hold)
	    && of_port->hold.likeness == likeness(report);
}

static int64_t
suspected_since(const struct watched *watched, const struct sighting *run)
{
	return watched->state.state == STATE_SUSPECT ? watched->state.trouble->began.mono : run->started;
}

struct outlook
ourselves_outlook(struct monitor *monitor, const struct sighting *run, const struct report *report)
{
	struct watched *watched = &monitor->targets[report->target];
	struct outlook outlook = { .codes = monitor->codes, .may_repeat = true };

	outlook.ours = (run->verdict != PW_FAILED || !run->spoken)
	    && ourselves_overlap(monitor, report->target, suspected_since(watched, run), run->ended);
	if (run->verdict <= PW_BLOCKED)
		watched->blurred = 0;
	outlook.intercepted = is_intercepted(monitor, run, report);
	if (run->verdict == PW_FAILED && !(watched->flags & WATCHED_LOCAL)) {
		outlook.blind = !run->spoken && blind_overlaps(&monitor->blind, run->started, run->ended);
		if (!state_is_down((enum state)watched->state.state))
			judge_failure(monitor, run, report->target, &outlook);
		else
			outlook.apart = is_apart(monitor, run, report->target);
	}
	outlook.explained = run->verdict == PW_UNKNOWN && (strcmp(report->outcome, "our_clock") == 0
	    || reports_explain_by_files(monitor, report->outcome)
	    || blind_explains(&monitor->blind, report->outcome, monitor->config->targets[report->target].policy->stale_after));
	return outlook;
}

void
ourselves_after(struct monitor *monitor, const struct sighting *run, const struct report *report,
    const struct outlook *outlook)
{
	const struct target_state *state = &monitor->targets[report->target].state;

	if (outlook->held && state->state == STATE_SUSPECT && state->trouble->held)
		witness_await(monitor, report->target, run, outlook->enough);
	witness_settle(monitor);
}

void
ourselves_references(struct monitor *monitor, const struct message_references *round)
{
	blind_references(&monitor->blind, round);
	if (round->reached > 0)
		hear(monitor, round->began);
	if (monitor->blind.doubted && !monitor->references_doubted)
		duty_log(monitor->duty, LOG_WARNING, 0, "none of the references answers, but targets do: the references count "
		    "for nothing until one of them answers again");
	monitor->references_doubted = monitor->blind.doubted;
	witness_looked(monitor, round);
	witness_settle(monitor);
}

static void
tell_blindness(struct monitor *monitor, enum blind_tell tell)
{
	enum blind_cause cause = monitor->blind.told;
	char spans[64], words[256];
	struct text span = TEXT_OVER(spans), text = TEXT_OVER(words);

	switch (tell) {
	case BLIND_TELL_NOBODY:
		return;
	case BLIND_TELL_BLIND:
		if (!moment_is_set(monitor->blind_since))
			monitor->blind_since = clocks_at(monitor, monitor->blind.causes[cause].since);
		text_add_span(&span, monitor->now - monitor->blind_since.mono);
		blind_add_words(&text, &monitor->blind, cause, spans);
		herald_ours(monitor, NOTICE_blind, blind_code(cause), monitor->blind_since, "%s", words);
		monitor->blind_change = monitor->own_change;
		return;
	case BLIND_TELL_OVER:
		text_add_span(&span, monitor->now - monitor->blind_since.mono);
		herald_ours(monitor, NOTICE_cleared, blind_code(cause), monitor->blind_since, monitor->own.unseen
		    ? "it has not shown itself again since postwatch began anew, %s after it was first seen" : "we see again, after %s", spans);
		monitor->own.unseen = false;
		monitor->blind_since = (struct moment){ 0, 0 };
		return;
	}
}

void
ourselves_say_again(struct monitor *monitor)
{
	if (monitor->blind.stage == BLIND_TOLD && keeper_link_has_committed(monitor, monitor->blind_change))
		tell_blindness(monitor, BLIND_TELL_BLIND);
}

static void
tick_holds(struct monitor *monitor)
{
	if (blind_is_known(&monitor->blind)) { /* whatever is held, is for a reason that we know */
		hold_wait(&monitor->hold, monitor->now);
		for (uint32_t i = 0; i < monitor->port_count; i++)
			hold_wait(&monitor->ports[i].hold, monitor->now);
		return;
	}
	act(monitor, hold_tick(&monitor->hold, monitor->now), 0);
	for (uint32_t i = 0; i < monitor->port_count; i++)
		act(monitor, hold_tick(&monitor->ports[i].hold, monitor->now), monitor->ports[i].port);
}

void
ourselves_tick(struct monitor *monitor)
{
	clocks_look(monitor);
	tell_blindness(monitor, blind_tick(&monitor->blind));
	tick_holds(monitor);
	together_tick(monitor);
}
