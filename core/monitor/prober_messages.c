/*
 * For the monitor: reads and checks the messages of probers (reports, evidence, resolved names,
 * references). A report becomes what the rules see of a run (struct observation), with its times on
 * our clock; then it is judged by process_run.c.
 */
#include "monitor/prober_messages.h"

#include <assert.h>

#include "base/clock.h"
#include "monitor/control.h"
#include "monitor/monitor.h"
#include "monitor/own_faults.h"
#include "monitor/pace.h"
#include "monitor/process_run.h"
#include "monitor/recent_facts.h"
#include "monitor/self_check.h"
#include "monitor/observe.h"

enum { FACTS_SHOWN = 1024 };

/* With its times on our clock. */
static bool
observe(const struct watch *watch, const struct report *report, struct observation *run)
{
	const struct watched *watched = &watch->targets[report->target];
	const struct policy *policy = watch_target(watch, report->target)->policy;

	if (!observe_report(watch->codes, policy, report, run))
		return false;
	run->patient = watched->patient;
	run->due = !watched->by_hand;
	/* It cannot have begun before it was due, nor in the future; clocks are the same for all
	 * processes. What it waited for a slot is in both its lateness and its length. */
	if (report->late > INT64_MAX / 4 || report->late < -SECOND
	    || report->micros > INT64_MAX / 4)
		return false;
	int64_t started = watched->due + report->late;
	int64_t ended = started + report->micros;
	run->started = started < watch->now ? started : watch->now;
	run->ended = ended < watch->now ? ended : watch->now;
	/* A report says no negative length (base/messages_runs.c). */
	assert(run->started <= run->ended && run->ended <= watch->now);
	clocks_date(&watch->clocks, run, report, watched->due);
	/* Nobody was heard in it before it began. */
	run->heard = report->quiet < 0 ? 0 : report->quiet < run->ended - run->started
	    ? run->ended - report->quiet : run->started;
	return started <= watch->now + SECOND;
}

static bool
take_report(struct monitor *monitor, uint32_t prober, struct report *report)
{
	struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[report->target];
	struct observation run;

	/* 0 is what a target has whose run is not in hand: no run has that number. */
	if (!orders_may_have(monitor->orders, prober, report->target) || report->run == 0)
		return false;
	if (!orders_has(monitor->orders, prober, report->target, report->run)) {
		monitor->activity.counts.stray++;
		return true;
	}
	own_faults_look(monitor); /* first: what a suspension broke may be reported before the next
	                           * tick */
	if (!observe(watch, report, &run))
		return false;
	orders_release(monitor->orders, report->target);
	activity_add_report(&monitor->activity, report->late);
	watched->by_hand = false;
	own_faults_learn(monitor, report);
	process_run(monitor, &run, report, recent_facts_get(monitor->watch.recent_facts,
	    report->run));
	if (watched->apart)
		orders_isolated_reported(monitor->orders, report);
	if (monitor->control != NULL)
		control_learnt(monitor->control, report);
	return true;
}

/* Returns which facts are others than before: those of earlier legs of the run, and of this one.
 * NULL: none. `is_renewed`: its certificate is another than was known. */
static const char *
note_facts(struct monitor *monitor, const struct message_evidence *evidence, bool *is_renewed)
{
	struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[evidence->target];
	const char *before = recent_facts_get(watch->recent_facts, evidence->run);
	const int64_t span = 10 * pace_interval(&watched->state,
	    watch_target(watch, evidence->target)->policy);
	struct text changed = TEXT_ROOM(FACTS_SHOWN);

	if (before != NULL)
		text_add(&changed, before);
	bool learnt = facts_learn(&watched->facts, &evidence->leg, (uint32_t)(watch->now / SECOND),
	    (uint32_t)(span / SECOND) + 1, &changed);
	*is_renewed = renewal_learn(&watched->renewal, &evidence->leg, watch_moment(watch).utc);
	if (*is_renewed || learnt)
		keeper_link_mark(monitor->keeper, evidence->target);
	if (changed.size > 0)
		recent_facts_put(watch->recent_facts, evidence->run, changed.bytes);
	return recent_facts_get(watch->recent_facts, evidence->run);
}

static bool
take_evidence(struct monitor *monitor, uint32_t prober, const void *packet, size_t size)
{
	static unsigned char bare[WIRE_MAX];
	struct wire_in in = wire_from(packet, size);
	struct wire_out out = wire_over(bare, sizeof bare);
	struct message_evidence evidence;

	if (!message_get_evidence(&in, &evidence, monitor->watch.config->target_count)
	    || !orders_may_have(monitor->orders, prober, evidence.target) || evidence.run == 0)
		return false;
	if (!orders_has(monitor->orders, prober, evidence.target, evidence.run))
		return true;
	bool is_renewed;
	const char *facts = note_facts(monitor, &evidence, &is_renewed);
	const struct target_state *state = &monitor->watch.targets[evidence.target].state;
	/* A good leg of a target of which nothing is open belongs to something that is told only
	 * where a fact of it is news. */
	if (evidence.leg.verdict != PW_OK || facts != NULL || state->trouble != NULL
	    || state->conditions != NULL || state->flapping != NULL)
		keeper_link_add_evidence(monitor->keeper, packet, size);
	else if (is_renewed) {
		/* For whoever asks the store which certificate a server has; how the attempt went
		 * is not kept. */
		evidence.leg.transcript = (struct pw_bytes){ "", 0 };
		message_put_evidence(&out, &evidence);
		if (!out.bad)
			keeper_link_add_evidence(monitor->keeper, bare, out.size);
	}
	return true;
}

static bool
take_name(struct monitor *monitor, uint32_t prober, struct wire_in *in)
{
	struct watch *watch = &monitor->watch;
	struct message_name name;

	if (!message_get_name(in, &name, watch->config->target_count)
	    || !orders_may_have(monitor->orders, prober, name.target))
		return false;
	/* Of one that is not its own any more, whoever has it now will say it. */
	if (orders_prober(monitor->orders, name.target) != prober)
		return true;
	struct watched *watched = &watch->targets[name.target];
	if (!target_name_learn(&watched->name, &name, &watch->clocks, watch->now))
		return false;
	watched->named = true; /* it is from the prober that is asked next */
	keeper_link_mark(monitor->keeper, name.target);
	return true;
}

static bool
take_references(struct monitor *monitor, struct wire_in *in)
{
	struct message_references references;

	if (!message_get_references(in, &references)
	    || references.asked > monitor->watch.config->reference_count
	    || references.at > monitor->watch.now + SECOND || references.at < 0)
		return false;
	self_check_references(monitor, &references);
	return true;
}

bool
prober_messages_take(struct monitor *monitor, uint32_t prober, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	char unusable[SOURCES_TEXT_MAX];
	struct report report;
	uint32_t waiting;

	switch (message_kind(packet, size)) {
	case MESSAGE_REPORTS:
		while (message_next_report(&in, &report, monitor->watch.config->target_count))
			if (!take_report(monitor, prober, &report))
				return false;
		return wire_is_whole(&in);
	case MESSAGE_EVIDENCE:
		return take_evidence(monitor, prober, packet, size);
	case MESSAGE_NAME:
		return take_name(monitor, prober, &in);
	case MESSAGE_SOURCES:
		if (!message_get_sources(&in, unusable))
			return false;
		own_faults_note_files(monitor, unusable);
		return true;
	case MESSAGE_WAITING:
		if (!message_get_waiting(&in, &waiting))
			return false;
		orders_note_waiting(monitor->orders, prober, waiting);
		return true;
	case MESSAGE_REFERENCES:
		return take_references(monitor, &in);
	default:
		return false;
	}
}
