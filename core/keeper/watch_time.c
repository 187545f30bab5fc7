/*
 * For the keeper: writes into the store until when it ran, so that a gap can be told, and says by
 * which time of day old rows may be deleted. What is deleted is gone: a clock that was set is
 * believed after a day only.
 */
#include "keeper/watch_time.h"

#include <syslog.h>

#include "base/clock.h"
#include "keeper/record.h"
#include "keeper/service_private.h"

enum { GAP_INTERVALS = 5 };
static const int64_t mark_every = 60 * (int64_t)SECOND, a_day = 24 * 3600 * (int64_t)SECOND,
    gap_min = 600 * (int64_t)SECOND;
static const int64_t clock_slack = 60 * (int64_t)SECOND; /* so far it may go back */

/* The newest time that is stored, where the clock says less and nobody set it back since; 0: it
 * does not. */
int64_t
watch_newest(const struct keeper *keeper)
{
	int64_t newest = keeper->service->time.newest;

	return newest != 0 && clock_wall() < newest - CLOCK_DOUBT ? newest : 0;
}

void
watch_mark(struct keeper *keeper, bool at_once)
{
	struct watch_time *time = &keeper->service->time;
	int64_t watched = record_watched(keeper);

	if ((!at_once && clock_mono() < time->next_mark) || watched == time->kept
	    || commit_queue_is_stuck(keeper->commits, STORE_MAIN))
		return;
	if (watch_newest(keeper) == 0) /* the clock is believed */
		keeper_put_time(keeper, "clock", time->newest = watched);
	keeper_put_time(keeper, "watched", time->kept = watched);
	time->next_mark = clock_mono() + mark_every;
}

void
watch_clock(struct keeper *keeper)
{
	struct watch_time *time = &keeper->service->time;
	int64_t offset = clock_wall() - clock_boot(), moved = offset - time->offset;

	if (time->offset == 0)
		moved = record_watched(keeper) != 0 ? time->born - record_watched(keeper) : 0;
	else {
		/* what is open, and what is to be told, goes by the new clock */
		if (moved > SECOND || moved < -SECOND) {
			record_clock_set(keeper, moved);
			outbox_clock_set(keeper, moved);
		}
		if (moved < -CLOCK_DOUBT || moved > CLOCK_DOUBT)
			/* somebody knows better, and what was written before may have been wrong */
			time->newest = 0;
	}
	time->offset = offset;
	if (moved > a_day || moved < -clock_slack) {
		keeper_log(keeper, LOG_NOTICE, "keeper: the clock may be wrong: nothing that is"
		    " kept is deleted for its age today");
		time->tend_from = clock_boot() + a_day;
	}
}

bool
watch_may_tend(const struct keeper *keeper)
{
	return clock_boot() >= keeper->service->time.tend_from;
}

void
watch_recover(struct keeper *keeper)
{
	struct watch_time *time = &keeper->service->time;
	int64_t now = clock_wall(), shortest = INT64_MAX, watched, gap;

	for (uint32_t i = 0; i < keeper->config->target_count; i++)
		if (keeper->config->targets[i].policy->interval < shortest)
			shortest = keeper->config->targets[i].policy->interval;
	if ((watched = keeper_read_time(keeper, "watched")) == 0 || shortest == INT64_MAX)
		return;
	record_note_watched(keeper, time->kept = watched);
	if ((time->newest = keeper_read_time(keeper, "clock")) == 0)
		time->newest = watched;
	gap = GAP_INTERVALS * shortest > gap_min ? GAP_INTERVALS * shortest : gap_min;
	if (now - watched <= gap)
		return;
	record_ours(keeper, "impaired", "gap", watched,
	    "nothing was watched for %s: that time is unknown", SPAN(now - watched));
	/* once: whoever comes next before the first result has it told already */
	keeper_put_time(keeper, "watched", now);
}
