/*
 * Whether it is us: what runs and references say of our own network, a hold on confirmations and its digest, and clocks
 * that jump. A failing run in which the peer was heard says nothing against our network.
 */
#include "monitor/monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "monitor/silence.h"

enum { DIGEST_NAMES = 50, DIGEST_TEXT = 4096 };
static const int64_t digest_pause = 60 * (int64_t)SECOND, jump_told = SECOND;

/* Outcomes that are local facts: they end runs before these have said anything about the target. */
static bool
is_local_fact(const char *outcome)
{
	static const char *const facts[] = { "no_route", "network_down", "resolver", "no_descriptors", "no_memory",
		"no_local_port", "not_permitted" };

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (strcmp(outcome, facts[i]) == 0)
			return true;
	return false;
}

static bool
is_heard(const struct report *report)
{
	return report->verdict <= PW_BLOCKED || (report->flags & REPORT_RESPONSIVE);
}

static const struct lately *
place_of(struct monitor *monitor, const struct report *report)
{
	static const struct lately nowhere;
	const struct lately *lately = &monitor->lately[report->run % LATELY];
	struct watched *watched = &monitor->targets[report->target];

	if (lately->run != report->run)
		return &nowhere;
	watched->flags = (uint8_t)(watched->flags & ~WATCHED_LOCAL);
	if (lately->local && lately->network == 0)
		watched->flags |= WATCHED_LOCAL;
	return lately;
}

static uint32_t
count_suspect(const struct monitor *monitor)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		count += monitor->targets[i].state.state == STATE_SUSPECT;
	return count;
}

static void
act(struct monitor *monitor, enum hold_act act)
{
	switch (act) {
	case HOLD_NOTHING:
		return;
	case HOLD_BEGIN:
		duty_log(monitor->duty, LOG_WARNING, 0, "targets in several networks fail and nothing passes: it may be us, so "
		    "nothing is confirmed for 5 min at most, while attempts go on");
		return;
	case HOLD_END:
		duty_log(monitor->duty, LOG_NOTICE, 0, "something answers again: attempts are confirmed as ever, %" PRIu32
		    " targets are suspect", count_suspect(monitor));
		return;
	case HOLD_DIGEST:
		judge_release(monitor);
		monitor->digest_due = monitor->now;
		return;
	}
}

/* By how much a clock has moved against the monotonic one since we last looked. */
static int64_t
jump(int64_t *offset, int64_t now)
{
	int64_t was = *offset;

	*offset = now - clock_mono();
	return *offset - was;
}

static void
look_at_clocks(struct monitor *monitor)
{
	int64_t slept = jump(&monitor->boot_offset, clock_boot());
	int64_t moved = jump(&monitor->clock_offset, clock_wall()) - slept;
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	if (!monitor->clocks_known) {
		monitor->clocks_known = true;
		return;
	}
	if (slept > jump_told) {
		monitor->interrupted = monitor->now;
		text_add_span(&span, slept);
		duty_log(monitor->duty, LOG_WARNING, 0, "this host was suspended for %s: runs that were under way say nothing",
		    bytes);
	} else if (moved > jump_told || moved < -jump_told) {
		text_add_span(&span, moved < 0 ? -moved : moved);
		duty_log(monitor->duty, LOG_WARNING, 0, "the clock was set %s by %s: the schedule does not depend on it%s",
		    moved < 0 ? "back" : "forward", bytes, moved > CLOCK_DOUBT || moved < -CLOCK_DOUBT
		    ? ", and for a day certificates are judged by both clocks" : "");
	}
}

/* Whoever was talked to when this host was suspended may have given us up. */
static void
void_interrupted(const struct monitor *monitor, struct sighting *run, struct report *report)
{
	static const char words[] = "this host was suspended while it was under way";

	if (run->verdict != PW_FAILED || run->started > monitor->interrupted)
		return;
	report->text = (struct pw_bytes){ words, sizeof words - 1 };
	snprintf(report->outcome, sizeof report->outcome, "interrupted");
	report->verdict = PW_UNKNOWN;
	run->verdict = PW_UNKNOWN;
	run->outcome = codes_of(monitor->codes, report->outcome, NULL);
	run->shown_count = 0;
}

void
ourselves_before(struct monitor *monitor, struct sighting *run, struct report *report)
{
	look_at_clocks(monitor); /* first: what a suspension broke may be reported before the next tick */
	void_interrupted(monitor, run, report);
	const struct lately *place = place_of(monitor, report);
	const struct watched *watched = &monitor->targets[report->target];
	bool fresh = watched->state.state == STATE_PENDING || watched->state.state == STATE_UP;

	if (watched->flags & WATCHED_LOCAL)
		return;
	if (report->verdict != PW_UNKNOWN)
		blind_local(&monitor->blind, false, run->ended);
	else if (is_local_fact(report->outcome))
		blind_local(&monitor->blind, true, run->ended);
	if (is_heard(report))
		act(monitor, blind_passed(&monitor->blind, run->started, run->ended));
	else if (report->verdict == PW_FAILED && fresh)
		act(monitor, blind_suspected(&monitor->blind, report->target, place->network,
		    monitor->config->targets[report->target].policy->interval, run->ended));
}

struct outlook
ourselves_outlook(const struct monitor *monitor, const struct report *report)
{
	bool local = monitor->targets[report->target].flags & WATCHED_LOCAL;

	return (struct outlook){
		.blind = blind_is_known(&monitor->blind) && !is_heard(report) && !local,
		.held = blind_holds(&monitor->blind) && !local,
		.silence = blind_digests(&monitor->blind) && !local ? SILENCE_digest : 0,
		.codes = monitor->codes,
	};
}

void
ourselves_digest(struct monitor *monitor, uint32_t target)
{
	monitor->targets[target].flags |= WATCHED_IN_DIGEST;
	if (monitor->digest_count++ == 0 && monitor->digest_due < monitor->now)
		monitor->digest_due = monitor->now + digest_pause;
}

void
ourselves_references(struct monitor *monitor, const struct message_references *references)
{
	act(monitor, blind_references(&monitor->blind, references->asked, references->reached, references->at));
	if (monitor->blind.doubted && !monitor->references_doubted)
		duty_log(monitor->duty, LOG_WARNING, 0, "none of the references answers, but targets do: the references count "
		    "for nothing until one of them answers again");
	monitor->references_doubted = monitor->blind.doubted;
}

/* Names those whose down was stamped since the last digest, and forgets that it was. */
static uint32_t
gather(struct monitor *monitor, struct text *names, int64_t *began)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		struct watched *watched = &monitor->targets[i];
		if (!(watched->flags & WATCHED_IN_DIGEST))
			continue;
		watched->flags = (uint8_t)(watched->flags & ~WATCHED_IN_DIGEST);
		if (watched->state.trouble != NULL && watched->state.trouble->began < *began)
			*began = watched->state.trouble->began;
		if (count++ < DIGEST_NAMES)
			text_format(names, "%s%s", count == 1 ? ": " : ", ", monitor->config->targets[i].name);
	}
	if (count > DIGEST_NAMES)
		text_format(names, " and %" PRIu32 " more", count - DIGEST_NAMES);
	return count;
}

static void
tell_digest(struct monitor *monitor)
{
	char names[DIGEST_TEXT], since[64];
	struct text text = TEXT_OVER(names), span = TEXT_OVER(since);
	int64_t began = monitor->now;
	uint32_t count = gather(monitor, &text, &began);

	monitor->digest_count = 0;
	text_add_span(&span, monitor->now - began);
	herald_ours(monitor, NOTICE_digest, "digest", began, "%s%" PRIu32 " target%s failed for %s; our network or theirs; "
	    "nothing that we can reach tells which%s", count == monitor->config->target_count ? "all " : "", count,
	    count == 1 ? " has" : "s have", since, names);
}

static void
tell_blindness(struct monitor *monitor, enum blind_tell tell)
{
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	switch (tell) {
	case BLIND_TELL_NOBODY:
		return;
	case BLIND_TELL_BLIND:
		monitor->blind_since = monitor->blind.cut_since;
		text_add_span(&span, monitor->now - monitor->blind_since);
		herald_ours(monitor, NOTICE_blind, "blind", monitor->blind_since, monitor->blind.causes & CAUSE_REFERENCES
		        ? "we are cut off: no reference has answered for %s; failures of targets say nothing"
		        : "we are cut off: for %s every run has ended on our own side", bytes);
		return;
	case BLIND_TELL_OVER:
		text_add_span(&span, monitor->now - monitor->blind_since);
		herald_ours(monitor, NOTICE_cleared, "blind", monitor->blind_since, "we see again, after %s", bytes);
		return;
	}
}

void
ourselves_tick(struct monitor *monitor)
{
	look_at_clocks(monitor);
	tell_blindness(monitor, blind_tick(&monitor->blind, monitor->now));
	act(monitor, blind_tick_hold(&monitor->blind, monitor->now));
	if (monitor->digest_count > 0 && monitor->now >= monitor->digest_due)
		tell_digest(monitor);
}
