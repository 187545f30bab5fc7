/*
 * Which evidence is kept: of an open suspicion all attempts; of an incident the attempts that confirmed it, each change of
 * outcome, one an hour, the last failure and what passed behind it; of a notice without an incident its attempts. The rest
 * goes to the history, or nowhere.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/keeper.h"

static const int64_t hourly = 3600 * (int64_t)SECOND;

static void
put_run(struct keeper *keeper, uint32_t target, uint64_t run, uint64_t incident, const char *role)
{
	struct message_evidence evidence;

	for (uint32_t leg = 0; cabinet_leg(keeper->cabinet, target, run, leg, &evidence); leg++) {
		if (!journal_has_room(keeper)) {
			keeper->journal.left_out++;
			return;
		}
		store_put_evidence(journal_main(keeper), &(struct store_evidence){ .target = roll_number(&keeper->roll, target),
		    .run = run, .leg = evidence.leg.leg, .at = evidence.leg.started, .incident = incident, .role = role,
		    .bytes = cabinet_packet(keeper->cabinet, target, run, leg) });
	}
	cabinet_mark(keeper->cabinet, target, run);
}

/* What was seen before we were born, or has given way in memory, is read from the store. */
static void
fetch(struct keeper *keeper, const struct message_change *change)
{
	uint64_t target = roll_number(&keeper->roll, change->target);

	for (uint32_t i = 0; i < change->attempt_count; i++) {
		struct store_evidence row = { .leg = 0 };
		struct cabinet_run found;

		if (cabinet_find(keeper->cabinet, change->target, change->attempts[i], &found))
			continue;
		for (; store_find_leg(keeper->journal.store, target, change->attempts[i], row.leg, &row); row.leg++)
			keeper_take_back(keeper, change->target, &row);
	}
}

static const char *
role_in(const struct message_change *change, bool passed)
{
	if (strcmp(change->kind, "changed") == 0)
		return "changed";
	if (strcmp(change->to, "down") == 0)
		return "confirmed";
	return passed ? "passed" : "failed";
}

struct keeping {
	struct keeper *keeper;
	uint64_t notice;
	bool any;
};

static void
put_own(struct keeping *it, uint64_t run, uint32_t leg, struct pw_bytes bytes)
{
	it->any = true;
	if (journal_has_room(it->keeper))
		store_put_notice_evidence(journal_main(it->keeper), &(struct store_notice_evidence){ .notice = it->notice,
		    .run = run, .leg = leg, .at = clock_wall(), .bytes = bytes });
	else
		it->keeper->journal.left_out++;
}

static bool
on_trace(void *arg, const struct store_trace *row)
{
	put_own(arg, row->run, row->leg, row->bytes);
	return true;
}

/* Where no incident keeps it: whoever is told late, or told again, is told it with its evidence. */
static void
put_with_notice(struct keeper *keeper, const struct message_change *change, uint64_t notice)
{
	struct message_evidence evidence;

	for (uint32_t i = 0; i < change->attempt_count; i++) {
		struct keeping it = { keeper, notice, false };
		uint64_t run = change->attempts[i];
		for (uint32_t leg = 0; cabinet_leg(keeper->cabinet, change->target, run, leg, &evidence); leg++)
			put_own(&it, run, evidence.leg.leg, cabinet_packet(keeper->cabinet, change->target, run, leg));
		if (!it.any)
			store_read_trace(keeper->reader, roll_number(&keeper->roll, change->target), run, on_trace, &it);
	}
}

void
evidence_of_change(struct keeper *keeper, const struct message_change *change, uint64_t notice, uint64_t incident)
{
	uint64_t target = roll_number(&keeper->roll, change->target);
	bool down = strcmp(change->to, "down") == 0;
	struct cabinet_run found;

	if (incident == 0) {
		put_with_notice(keeper, change, notice);
		return;
	}
	fetch(keeper, change);
	for (uint32_t i = 0; i < change->attempt_count; i++) {
		uint64_t run = change->attempts[i];
		bool here = cabinet_find(keeper->cabinet, change->target, run, &found);
		if (here && (!found.kept || found.over)) /* what is over has left the store */
			put_run(keeper, change->target, run, incident, role_in(change, found.passed));
		else if (down)
			store_attach_evidence(journal_main(keeper), target, run, incident, "confirmed");
	}
	for (uint32_t i = 0; down && cabinet_run(keeper->cabinet, change->target, i, &found); i++)
		cabinet_mark(keeper->cabinet, change->target, found.run);
	if (down && change->attempt_count > 0)
		store_drop_evidence_upto(journal_main(keeper), target, change->attempts[0] - 1);
}

/* While a target is down: what a failing run is kept as. It gives way to newer where neither its outcome nor the hour is new. */
static const char *
role_while_down(struct keeper *keeper, const struct store_incident *incident, const struct evidence *leg)
{
	struct store *store = keeper->journal.store;
	struct message_evidence last;
	struct store_evidence row;

	if (store_find_last_failure(store, incident->number, &row)) {
		struct wire_in in = wire_from(row.bytes.data, row.bytes.size);
		if (message_get_evidence(&in, &last, CONFIG_NONE) && strcmp(last.leg.outcome, leg->outcome) != 0)
			return "changed";
	}
	if (store_find_last_kept(store, incident->number, &row) && llabs(leg->started - row.at) < hourly)
		return "failed";
	return "hourly";
}

static void
keep_while_down(struct keeper *keeper, uint32_t target, const struct store_incident *incident, const struct cabinet_run *run)
{
	struct message_evidence evidence;
	const char *role = "passed";

	if (!run->passed && cabinet_leg(keeper->cabinet, target, run->run, 0, &evidence)) {
		role = role_while_down(keeper, incident, &evidence.leg);
		store_drop_loose(journal_main(keeper), incident->target, incident->number);
	}
	put_run(keeper, target, run->run, incident->number, role);
}

void
evidence_of_state(struct keeper *keeper, uint32_t target)
{
	struct store_incident incident;
	struct cabinet_run run;
	bool down;

	if (!cabinet_run(keeper->cabinet, target, 0, &run))
		return;
	down = record_open_incident(keeper, target, &incident);
	for (uint32_t i = 0; cabinet_run(keeper->cabinet, target, i, &run); i++) {
		if (run.kept)
			continue;
		if (down)
			keep_while_down(keeper, target, &incident, &run);
		else if (!run.passed)
			put_run(keeper, target, run.run, 0, "attempt");
	}
	/* What has given way in memory would only have given way later. */
	(void)cabinet_run(keeper->cabinet, target, 0, &run);
	if (!down && run.kept)
		store_drop_evidence_upto(journal_main(keeper), roll_number(&keeper->roll, target), run.run - 1);
}

void
record_passed(struct keeper *keeper, uint32_t target, uint64_t until)
{
	struct cabinet_run run;
	bool any = false;

	if (record_is_down(keeper, target))
		return;
	for (uint32_t i = 0; cabinet_run(keeper->cabinet, target, i, &run) && run.run <= until; i++) {
		any |= run.kept && !run.over;
		/* What failed alone may be told later, with others of its kind. */
		if (run.kept && !run.over && !run.passed)
			history_put_attempt(keeper, target, run.run);
	}
	cabinet_close(keeper->cabinet, target, until);
	if (any)
		store_drop_evidence_upto(journal_main(keeper), roll_number(&keeper->roll, target), until);
}
