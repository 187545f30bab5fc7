/* Clocks that are set, and hosts that were suspended: what they mean for the runs that were under way. */
#include "monitor/monitor.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/our_clock.h"
#include "monitor/keeper_link.h"

static const int64_t jump_told = SECOND, dates_differ = SECOND, told_again = 3600 * (int64_t)SECOND;

/* By how much a clock has moved against the monotonic one since we last looked. */
static int64_t
jump(int64_t *offset, int64_t now)
{
	int64_t was = *offset;

	*offset = now - clock_mono();
	return *offset - was;
}

struct moment
clocks_at(const struct monitor *monitor, int64_t mono)
{
	for (int i = 0; i < CLOCKS_BEFORE; i++)
		if (monitor->clock_before[i].until != 0 && mono <= monitor->clock_before[i].until)
			return (struct moment){ mono, mono + monitor->clock_before[i].offset };
	return (struct moment){ mono, mono + monitor->clock_offset };
}

struct moment
clocks_now(const struct monitor *monitor)
{
	return clocks_at(monitor, monitor->now);
}

void
clocks_date(const struct monitor *monitor, struct sighting *run, const struct report *report, int64_t due)
{
	int64_t started = clocks_at(monitor, run->started).utc, ended = clocks_at(monitor, run->ended).utc;
	int64_t theirs = report->started + report->micros;

	run->started_utc = started;
	run->ended_utc = ended;
	/* What it waited in line for belongs to its time there, and not to ours. */
	if (report->started < clocks_at(monitor, due).utc - dates_differ || report->started > started + dates_differ)
		return;
	run->started_utc = report->started;
	if (theirs >= ended - dates_differ && theirs <= ended + dates_differ)
		run->ended_utc = theirs;
}

static void
remember_offset(struct monitor *monitor, int64_t offset)
{
	struct clock_before *before = monitor->clock_before;

	memmove(before, before + 1, (CLOCKS_BEFORE - 1) * sizeof *before);
	before[CLOCKS_BEFORE - 1] = (struct clock_before){ monitor->clocks_looked, offset };
}

static void
move(struct moment *moment, int64_t by)
{
	if (moment_is_set(*moment))
		moment->utc += by;
}

/* The clock was set: what has not ended lasts as long as it does, so its beginning goes with the clock, as that of an open
 * incident does in the store. What is over stays as it was told. */
static void
move_what_is_open(struct monitor *monitor, int64_t by)
{
	for (uint32_t i = 0; monitor->targets != NULL && i < monitor->config->target_count; i++) {
		struct target_state *state = &monitor->targets[i].state;

		if (state->trouble == NULL)
			continue;
		move(&state->trouble->began, by);
		move(&state->trouble->recovered, by);
		move(&state->trouble->tempfail, by);
		move(&state->trouble->unknown, by);
		if (!state_is_down((enum state)state->state))
			continue;
		move(&state->since, by);
		move(&state->flapping->outages[FLAP_DOWNS - 1].began, by);
		move(&state->flapping->outages[FLAP_DOWNS - 1].confirmed, by);
		keeper_link_mark(monitor, i);
	}
	move(&monitor->blind_since, by);
	move(&monitor->together.began, by);
	move(&monitor->together.told, by);
	move(&monitor->unusable_since, by);
	for (uint32_t i = 0; i < monitor->port_count; i++)
		move(&monitor->ports[i].refused, by);
	keeper_link_mark(monitor, CONFIG_NONE);
}

void
clocks_look(struct monitor *monitor)
{
	int64_t was = monitor->clock_offset;
	int64_t slept = jump(&monitor->boot_offset, clock_boot());
	int64_t moved = jump(&monitor->clock_offset, clock_wall()) - slept;
	char bytes[64];
	struct text span = TEXT_OVER(bytes);

	if (!monitor->clocks_known) {
		monitor->clocks_known = true;
		monitor->clocks_looked = monitor->now;
		return;
	}
	if (slept > jump_told)
		remember_offset(monitor, was);
	monitor->clocks_looked = monitor->now;
	if (moved > CLOCK_DOUBT || moved < -CLOCK_DOUBT)
		monitor->newest = 0; /* somebody knows better than what was stored */
	if (slept > jump_told) {
		monitor->interrupted = monitor->now;
		text_add_span(&span, slept);
		duty_log(monitor->duty, LOG_WARNING, 0, "this host was suspended for %s: runs that were under way say nothing",
		    bytes);
	} else if (moved > jump_told || moved < -jump_told) {
		move_what_is_open(monitor, moved);
		text_add_span(&span, moved < 0 ? -moved : moved);
		duty_log(monitor->duty, LOG_WARNING, 0, "the clock was set %s by %s: the schedule does not depend on it%s",
		    moved < 0 ? "back" : "forward", bytes, (moved > CLOCK_DOUBT || moved < -CLOCK_DOUBT)
		    && clock_wall() - moved >= clock_built() ? ", and for a day certificates are judged by both clocks" : "");
	}
}

bool
clocks_are_behind(const struct monitor *monitor)
{
	return monitor->newest != 0 && clock_wall() < monitor->newest;
}

void
clocks_heard(struct monitor *monitor, const struct report *report)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text words = TEXT_OVER(bytes);
	int64_t wall = clock_wall();

	if (!(report->flags & REPORT_CLOCK_WRONG))
		return;
	if (monitor->clock_wrong == 0 || monitor->now - monitor->clock_wrong > told_again) {
		our_clock_add_words(&words, wall < clock_built() ? CLOCK_BEFORE_BUILD : clocks_are_behind(monitor) ? CLOCK_BEFORE_STORE
		    : CLOCK_AGAINST_ALL, wall);
		herald_ours(monitor, NOTICE_impaired, "our_clock", clocks_now(monitor), "%s; the dates of certificates are not judged until it is "
		    "right, all else is", bytes);
	}
	monitor->clock_wrong = monitor->now;
}

/* Whoever was talked to when this host was suspended may have given us up. */
void
clocks_void(const struct monitor *monitor, struct sighting *run, struct report *report)
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
