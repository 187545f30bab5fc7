/*
 * Which evidence is kept: of an open suspicion all attempts; of an incident the attempts that confirmed it, each change of
 * outcome, one an hour, the last failure and what passed behind it; of a notice without an incident its attempts. The rest
 * goes to the history, or nowhere.
 */
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

struct fetch {
	struct keeper *keeper;
	const struct message_change *change;
	struct store_evidence_key last;
};

static bool
is_among(const struct message_change *change, uint64_t run)
{
	for (uint32_t i = 0; i < change->attempt_count; i++)
		if (change->attempts[i] == run)
			return true;
	return false;
}

static bool
on_fetched(void *arg, const struct store_evidence *row)
{
	struct fetch *fetch = arg;
	struct message_evidence here;

	fetch->last = (struct store_evidence_key){ row->run, row->leg, row->target };
	if (is_among(fetch->change, row->run)
	    && !cabinet_leg(fetch->keeper->cabinet, fetch->change->target, row->run, row->leg, &here))
		keeper_take_back(fetch->keeper, fetch->change->target, row);
	return true;
}

/* What was seen before we were born, or has given way in memory, is read from the store. */
static void
fetch(struct keeper *keeper, const struct message_change *change, uint64_t incident)
{
	struct fetch wanted = { keeper, change, STORE_EVIDENCE_FIRST };
	struct cabinet_run found;
	bool all = true;

	for (uint32_t i = 0; i < change->attempt_count; i++)
		all &= cabinet_find(keeper->cabinet, change->target, change->attempts[i], &found);
	if (all)
		return;
	while (store_read_evidence(keeper->reader, incident, &wanted.last, 100, on_fetched, &wanted) == STORE_READ_MORE)
		continue;
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
	fetch(keeper, change, incident);
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

static void
drop_loose(struct keeper *keeper, uint32_t target, struct incident *incident)
{
	for (uint32_t i = 0; i < incident->loose_count; i++)
		store_drop_attached(journal_main(keeper), roll_number(&keeper->roll, target), incident->loose[i], incident->number);
	incident->loose_count = 0;
}

/* While a target is down: what a failing run is kept as, which may make room by what it replaces. */
static const char *
role_while_down(struct keeper *keeper, uint32_t target, struct incident *incident, uint64_t run)
{
	struct message_evidence evidence;
	const char *role = "failed";

	if (!cabinet_leg(keeper->cabinet, target, run, 0, &evidence))
		return role;
	drop_loose(keeper, target, incident);
	if (strcmp(incident->last, evidence.leg.outcome) != 0)
		role = "changed";
	else if (evidence.leg.started - incident->kept >= hourly)
		role = "hourly";
	memcpy(incident->last, evidence.leg.outcome, sizeof incident->last);
	if (strcmp(role, "failed") != 0)
		incident->kept = evidence.leg.started;
	return role;
}

static void
keep_while_down(struct keeper *keeper, uint32_t target, struct incident *incident, const struct cabinet_run *run)
{
	const char *role = run->passed ? "passed" : role_while_down(keeper, target, incident, run->run);

	put_run(keeper, target, run->run, incident->number, role);
	bool loose = run->passed || strcmp(role, "failed") == 0;
	if (loose && incident->loose_count < LOOSE_MAX)
		incident->loose[incident->loose_count++] = run->run;
}

void
evidence_of_state(struct keeper *keeper, uint32_t target)
{
	struct incident *incident = keeper->files[target].incident;
	struct cabinet_run run;

	for (uint32_t i = 0; cabinet_run(keeper->cabinet, target, i, &run); i++) {
		if (run.kept)
			continue;
		if (incident != NULL)
			keep_while_down(keeper, target, incident, &run);
		else if (!run.passed)
			put_run(keeper, target, run.run, 0, "attempt");
	}
	/* What has given way in memory would only have given way later. */
	if (incident == NULL && cabinet_run(keeper->cabinet, target, 0, &run) && run.kept)
		store_drop_evidence_upto(journal_main(keeper), roll_number(&keeper->roll, target), run.run - 1);
}

void
record_passed(struct keeper *keeper, uint32_t target, uint64_t until)
{
	struct cabinet_run run;
	bool any = false;

	if (keeper->files[target].incident != NULL)
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
