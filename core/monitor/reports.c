/*
 * What probers say. They meet foreign bytes, so nothing they say is taken on trust: a target that is not theirs, a time
 * that cannot be, a name that nobody knows or a text that could move a cursor, and the sender is broken. A report on a
 * run that was not asked for (any more) is no fault, and is left aside.
 */
#include "monitor/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/keeper_link.h"
#include "monitor/pace.h"

enum { FACTS_SHOWN = 1024 };

static bool
is_line(struct pw_bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	return true;
}

/* A name that is missing is looked at again until that fails the run: it is told once, as down. */
static bool
is_not_yet_plain(const struct sighting *run, const char *code)
{
	return run->missing && strcmp(code, "name_unresolvable") == 0;
}

static void
show(struct sighting *run, uint16_t code, uint8_t phase, bool blocked)
{
	for (uint32_t i = 0; i < run->shown_count; i++)
		if (run->shown[i].code == code)
			return;
	if (code != CODE_NONE && run->shown_count < REPORT_WARNINGS_MAX + 1)
		run->shown[run->shown_count++] = (struct shown){ code, phase, blocked };
}

/* False: a name that neither the host nor the probe knows. */
static bool
show_warnings(struct monitor *monitor, struct sighting *run, const struct report *report, const struct policy *policy)
{
	const struct pw_outcome *own = plugin_probe(policy->probe)->outcomes;
	struct outcome outcome;

	for (uint32_t i = 0; i < report->warning_count; i++) {
		const char *code = report->warnings[i].code, *phase = report->warnings[i].phase;
		if (!outcome_find(code, own, &outcome) || !is_line(report->warnings[i].text))
			return false;
		if (!is_not_yet_plain(run, code))
			show(run, codes_of(monitor->codes, code, own), target_phase(policy, phase[0] != '\0' ? phase : outcome.phase), false);
	}
	return true;
}

/*
 * Whether an outcome that fails the run is a condition beside the failed attempt: where it is so grave that its first
 * sight counts, and the next attempt may not show it. A certificate is the same for every attempt, so `down` tells it.
 */
static bool
stands_beside_failure(const struct outcome *outcome)
{
	return outcome->at_once && strcmp(outcome->phase, "handshake") != 0;
}

/* The outcome itself is a condition where it degrades or blocks. */
static bool
show_outcome(struct monitor *monitor, struct sighting *run, const struct report *report, const struct policy *policy)
{
	const struct pw_outcome *own = plugin_probe(policy->probe)->outcomes;
	struct outcome outcome;

	run->outcome = codes_of(monitor->codes, report->outcome, own);
	if (report->verdict == PW_OK)
		return run->outcome == CODE_OK;
	if (!outcome_find(report->outcome, own, &outcome) || !is_line(report->text))
		return false;
	run->tempfail = report->verdict == PW_DEGRADED && strcmp(report->outcome, "tempfail") == 0;
	run->rate_limited = report->verdict == PW_DEGRADED && strcmp(report->outcome, "rate_limited") == 0;
	if (is_not_yet_plain(run, report->outcome))
		return true;
	if (report->verdict == PW_DEGRADED || report->verdict == PW_BLOCKED
	    || (report->verdict == PW_FAILED && stands_beside_failure(&outcome)))
		show(run, run->outcome, target_phase(policy, outcome.phase), report->verdict == PW_BLOCKED);
	return true;
}

/*
 * The phase in which a run failed was reached, and not gone through: what it would have shown was not to be seen. Nor was
 * the name, the first phase of all, where it is missing.
 */
static uint32_t
gone_through(const struct report *report)
{
	uint32_t reached = report->flags & REPORT_NAME_MISSING ? report->reached & ~1u : report->reached;

	if (report->verdict != PW_FAILED && report->verdict != PW_UNKNOWN)
		return reached;
	return reached == 0 ? 0 : reached & ~(1u << (31 - __builtin_clz(reached)));
}

static int64_t
not_after(int64_t time, int64_t now)
{
	return time < now ? time : now;
}

static bool
sight(struct monitor *monitor, const struct report *report, struct sighting *run)
{
	const struct watched *watched = &monitor->targets[report->target];
	const struct policy *policy = monitor->config->targets[report->target].policy;

	*run = (struct sighting){
		.run = report->run,
		.verdict = (enum pw_verdict)report->verdict,
		.patient = watched->flags & WATCHED_PATIENT,
		.due = !(watched->flags & WATCHED_BY_HAND),
		.over_routine = report->flags & REPORT_OVER_ROUTINE,
		.missing = report->flags & REPORT_NAME_MISSING,
		.too_many = report->flags & REPORT_TOO_MANY,
		.policy_code = report->flags & REPORT_POLICY_CODE,
		.undated = report->flags & REPORT_CLOCK_DOUBTED,
		.means_us = report->flags & REPORT_MEANS_US,
		.reached = gone_through(report),
	};
	/* It cannot have begun before it was due, nor in the future; clocks are the same for all processes. What it waited
	 * for a slot is in both its lateness and its length. */
	if (report->late > INT64_MAX / 4 || report->late < -SECOND || report->micros > INT64_MAX / 4)
		return false;
	int64_t started = watched->due + report->late;
	run->started = not_after(started, monitor->now);
	run->ended = not_after(started + report->micros, monitor->now);
	clocks_date(monitor, run, report, watched->due);
	run->spoken = report->flags & REPORT_SPOKEN;
	run->heard = report->quiet < 0 || report->quiet > run->ended ? 0 : run->ended - report->quiet;
	return started <= monitor->now + SECOND && show_outcome(monitor, run, report, policy)
	    && show_warnings(monitor, run, report, policy);
}

/* One of those for targets kept apart may have had any. */
static bool
may_have(const struct monitor *monitor, uint32_t prober, uint32_t target)
{
	return prober >= monitor->config->probers || config_prober_of(monitor->config, target) == prober;
}

static bool
take_report(struct monitor *monitor, uint32_t prober, struct report *report)
{
	struct watched *watched = &monitor->targets[report->target];
	struct sighting run;

	/* 0 is what a target has whose run is not in hand: no run has that number. */
	if (!may_have(monitor, prober, report->target) || report->run == 0)
		return false;
	if (report->run != watched->run || watch_prober(monitor, report->target) != prober) {
		monitor->counts.stray++;
		return true;
	}
	clocks_look(monitor); /* first: what a suspension broke may be reported before the next tick */
	if (!sight(monitor, report, &run))
		return false;
	watch_release(monitor, report->target);
	spread_add(&monitor->counts.late, report->late);
	spread_add(&monitor->health.late, report->late);
	watched->flags &= (uint8_t)~WATCHED_BY_HAND;
	clocks_heard(monitor, report);
	judge_run(monitor, &run, report);
	if (watched->apart)
		apart_reported(monitor, report->target, report);
	if (monitor->control != NULL)
		control_learnt(monitor->control, report);
	return true;
}

static struct lately *
lately_of(struct monitor *monitor, uint64_t run)
{
	struct lately *lately = &monitor->lately[run % LATELY];

	if (lately->run != run) {
		free(lately->facts);
		*lately = (struct lately){ .run = run };
	}
	return lately;
}

static void
note_facts(struct monitor *monitor, struct lately *lately, const struct message_evidence *evidence)
{
	struct watched *watched = &monitor->targets[evidence->target];
	char bytes[FACTS_SHOWN];
	struct text changed = TEXT_OVER(bytes);

	if (lately->facts != NULL) {
		text_add(&changed, lately->facts);
		free(lately->facts);
	}
	const int64_t span = 10 * pace_interval(&watched->state, monitor->config->targets[evidence->target].policy);
	bool learnt = facts_learn(&watched->facts, &evidence->leg, (uint32_t)(monitor->now / SECOND),
	    (uint32_t)(span / SECOND) + 1, &changed);
	if (renewal_learn(&watched->renewal, &evidence->leg, clocks_now(monitor).utc) || learnt)
		keeper_link_mark(monitor, evidence->target);
	lately->facts = changed.size == 0 ? NULL : strndup(changed.bytes, changed.size);
}

/* A good leg of a target of which nothing is open belongs to something that is told only where a fact of it is news. */
static bool
is_worth_keeping(const struct target_state *state, const struct evidence *leg, const struct lately *lately)
{
	return leg->verdict != PW_OK || lately->facts != NULL || state->trouble != NULL || state->conditions != NULL || state->flapping != NULL;
}

static bool
take_evidence(struct monitor *monitor, uint32_t prober, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_evidence evidence;

	if (!message_get_evidence(&in, &evidence, monitor->config->target_count)
	    || !may_have(monitor, prober, evidence.target) || evidence.run == 0)
		return false;
	if (evidence.run != monitor->targets[evidence.target].run || watch_prober(monitor, evidence.target) != prober)
		return true;
	struct lately *lately = lately_of(monitor, evidence.run);
	note_facts(monitor, lately, &evidence);
	if (is_worth_keeping(&monitor->targets[evidence.target].state, &evidence.leg, lately))
		keeper_link_add_evidence(monitor, packet, size);
	return true;
}

static bool
take_reports(struct monitor *monitor, uint32_t prober, struct wire_in *in)
{
	struct report report;

	while (message_next_report(in, &report, monitor->config->target_count))
		if (!take_report(monitor, prober, &report))
			return false;
	return wire_is_whole(in);
}

static bool
take_name(struct monitor *monitor, uint32_t prober, struct wire_in *in)
{
	struct message_name name;

	if (!message_get_name(in, &name, monitor->config->target_count) || !may_have(monitor, prober, name.target))
		return false;
	/* Of one that is not its own any more, whoever has it now will say it. */
	return watch_prober(monitor, name.target) != prober || names_heard(monitor, &name);
}

/* All probers need the same files: the last word holds, and is told where it is new. */
static bool
take_sources(struct monitor *monitor, struct wire_in *in)
{
	char said[SOURCES_TEXT_MAX];

	if (!message_get_sources(in, said))
		return false;
	if (strcmp(said, monitor->unusable) == 0)
		return true;
	if (monitor->unusable[0] == '\0')
		monitor->unusable_since = clocks_now(monitor);
	if (said[0] != '\0')
		herald_ours(monitor, NOTICE_impaired, "file", monitor->unusable_since, "a file that probers need cannot be used: %s", said);
	else
		herald_ours(monitor, NOTICE_cleared, "file", monitor->unusable_since, "all files that probers need can be used again");
	snprintf(monitor->unusable, sizeof monitor->unusable, "%s", said);
	return true;
}

bool
reports_explain_by_files(const struct monitor *monitor, const char *outcome)
{
	return monitor->unusable[0] != '\0' && (strcmp(outcome, "hosts_file") == 0 || strcmp(outcome, "ca_file") == 0);
}

bool
reports_heard(struct monitor *monitor, uint32_t prober, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_references references;

	switch (message_kind(packet, size)) {
	case MESSAGE_REPORTS:
		return take_reports(monitor, prober, &in);
	case MESSAGE_EVIDENCE:
		return take_evidence(monitor, prober, packet, size);
	case MESSAGE_NAME:
		return take_name(monitor, prober, &in);
	case MESSAGE_SOURCES:
		return take_sources(monitor, &in);
	case MESSAGE_WAITING:
		return message_get_waiting(&in, &monitor->probers[prober].waiting);
	case MESSAGE_REFERENCES:
		if (!message_get_references(&in, &references) || references.asked > monitor->config->reference_count
		    || references.at > monitor->now + SECOND || references.at < 0)
			return false;
		ourselves_references(monitor, &references);
		return true;
	default:
		return false;
	}
}
