/*
 * For the keeper: looks once a second for targets whose runs have stopped coming, and records the
 * notices that tell people so (`not_looked_at`), and those of long standstills (`standstill`). How
 * long a target was not looked at is measured by a clock of this module that gains at most 5 s in
 * a turn of the keeper's loop. That leaves time, after a long turn (the host was stopped, or the
 * disk was slow), to read the results that have queued up meanwhile.
 */
#include "keeper/stale_targets.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "keeper/service_private.h"
#include "keeper/record.h"
#include "store/list.h"

static const int64_t turn_max = 5 * (int64_t)SECOND, look_every = SECOND,
    still_told = 600 * (int64_t)SECOND, health_max = 30 * (int64_t)SECOND;
static const char meta_key[] = "not_looked_at";

void
stale_recover(struct keeper *keeper)
{
	keeper->service->stale.since = keeper_read_time(keeper, meta_key);
}

void
stale_run_ended(struct keeper *keeper, uint32_t target, int64_t ended)
{
	struct seen *seen = &keeper->service->stale.targets[target];

	assert(target < keeper->config->target_count);
	seen->ended = ended;
	seen->at = keeper->service->stale.clock;
}

void
stale_interval(struct keeper *keeper, uint32_t target, int64_t interval)
{
	struct seen *seen = &keeper->service->stale.targets[target];

	if (seen->interval == INTERVAL_NONE && interval != INTERVAL_NONE)
		/* it is out of quarantine, and has its time from now on */
		seen->at = keeper->service->stale.clock;
	seen->interval = interval;
}

/* Counts those that are not looked at. Of one in quarantine it was told that it is not, and why.
 * Returns whether all have been looked at: after the birth of a keeper no target counts as that
 * until one of its runs has ended. */
static bool
look_at_all(struct keeper *keeper)
{
	struct stale_targets *stale = &keeper->service->stale;
	bool all = true;

	stale->count = 0;
	for (uint32_t i = 0; i < keeper->config->target_count; i++) {
		const struct seen *seen = &stale->targets[i];
		const struct policy *policy = keeper->config->targets[i].policy;

		if (seen->interval == INTERVAL_NONE)
			continue;
		all &= seen->ended != 0;
		if (stale->clock - seen->at
		    <= policy_patience(policy, seen->interval > policy->interval ? seen->interval
		    : policy->interval))
			continue;
		if (stale->count++ == 0 || seen->at < stale->targets[stale->first].at)
			stale->first = i;
	}
	assert(stale->count <= keeper->config->target_count);
	return all;
}

/* When the last run of a target ended; 0: not known. */
static int64_t
last_end(struct keeper *keeper, uint64_t target)
{
	struct store_list list;
	struct store_run run;
	int64_t end = 0;

	store_list_open(&list, store_inside(keeper->store), STORE_LIST_NEWEST_RUNS, 0);
	store_list_behind(&list, target - 1);
	store_list_limit(&list, 1);
	if (store_list_next(&list, &run) && run.target == target)
		end = run.at + run.micros;
	(void)store_list_close(&list);
	return end;
}

/* What they wait for, as far as anybody says. */
static void
add_reason(struct text *text, const struct keeper *keeper)
{
	const struct message_health *health = &keeper->service->beat.health;

	if (keeper->service->link.socket < 0 || keeper->service->beat.heard == 0
	    || clock_mono() - keeper->service->beat.heard > health_max)
		text_add(text, "the process that orders their runs says nothing");
	else if (health->unserved > 0)
		text_add(text, "their prober does not begin, or dies each time");
	else if (health->in_line > 0)
		text_format(text, "%" PRIu32 " targets that a prober died of wait for a prober of"
		    " their own", health->in_line);
	else if (health->waiting > 0)
		text_format(text, "%" PRIu32 " connections wait until others have ended, as"
		    " per_address and max_runs allow no more at once", health->waiting);
	else
		text_add(text, "their runs were ordered, and have not ended");
	text_add(text, "; the log tells more");
}

static void
tell(struct keeper *keeper)
{
	struct text names = TEXT_ROOM(EVIDENCE_TEXT_MAX), reason = TEXT_ROOM(EVIDENCE_TEXT_MAX);
	uint32_t first = keeper->service->stale.first;
	int64_t now = clock_wall(), since = keeper->service->stale.targets[first].ended;

	if (since == 0 && !commit_queue_is_unread(keeper->commits))
		since = last_end(keeper, registry_number(keeper->registry, first));
	/* Where no run is known to have ended: since when nobody has looked at least. */
	if (since == 0)
		since = keeper->service->time.born;
	stale_add_names(&names, keeper);
	add_reason(&reason, keeper);
	keeper_put_time(keeper, meta_key, keeper->service->stale.since = since);
	record_ours(keeper, "impaired", "not_looked_at", since,
	    "%s %s not been looked at for %s: %s", names.bytes, keeper->service->stale.count == 1
	    ? "has" : "have", SPAN(now > since ? now - since : 0), reason.bytes);
}

static void
tell_end(struct keeper *keeper)
{
	int64_t now = clock_wall(), since = keeper->service->stale.since;

	keeper_put_time(keeper, meta_key, keeper->service->stale.since = 0);
	record_ours(keeper, "cleared", "not_looked_at", since,
	    "all targets are looked at again, after %s", SPAN(now > since ? now - since : 0));
}

static void
run_clock(struct keeper *keeper)
{
	struct stale_targets *stale = &keeper->service->stale;
	int64_t now = clock_mono(), boot = clock_boot(), passed = now - stale->turned,
	    still = boot - stale->turned_boot;

	if (stale->turned != 0) {
		stale->clock += passed < turn_max ? passed : turn_max;
		if (still > still_told) /* nobody was there to see that nobody looked */
			record_ours(keeper, "impaired", "standstill", clock_wall() - still,
			    "this host, or Postwatch on it, stood still "
			    "for %s: suspended, stopped, or waiting for its disk; what happened in"
			    " that time is unknown", SPAN(still));
	}
	stale->turned = now;
	stale->turned_boot = boot;
}

/* The end is told when the last of them has been looked at, or is no longer watched. */
void
stale_turn(struct keeper *keeper)
{
	struct stale_targets *stale = &keeper->service->stale;
	bool all;

	run_clock(keeper);
	if (stale->clock < stale->next || keeper->end.by != 0)
		return;
	stale->next = stale->clock + look_every;
	all = look_at_all(keeper);
	if (stale->count > 0 && stale->since == 0)
		tell(keeper);
	else if (stale->count == 0 && stale->since != 0 && all)
		tell_end(keeper);
}

void
stale_add_names(struct text *text, const struct keeper *keeper)
{
	const struct stale_targets *stale = &keeper->service->stale;

	if (stale->count > 0)
		text_add(text, keeper->config->targets[stale->first].name);
	if (stale->count > 1)
		text_format(text, " and %" PRIu32 " other target%s", stale->count - 1,
		    stale->count == 2 ? "" : "s");
}
