/*
 * For the monitor: finds faults of our own clock, host and files (a clock that is wrong, a
 * suspended host, a CA file that cannot be read), takes them out of what is said of servers, and
 * tells each once, as our own and not as a fault of the targets whose runs show it.
 */
#include "monitor/own_faults.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/our_clock.h"
#include "monitor/monitor.h"
#include "monitor/notify.h"

/*
 * Our own way over IPv6. A target of both families whose IPv6 addresses are all silent, while one
 * of IPv4 answers, shows a fault of its own only where others answer over IPv6. Where no target
 * does any more, in two networks or more, it is our way that is away: that is told once, about us,
 * and of no target. Where nobody else is watched over IPv6 it cannot be told apart, and the words
 * about the target say so.
 */

enum { ASKED_AT_ONCE = 4 };
static const char no_ipv6[] = "no_ipv6";

/* Those that were heard over IPv6 when they last were run are run now, a few of them: is it still
 * so? */
static void
ask_others(struct orders *orders, const struct watch *watch, uint32_t target)
{
	uint32_t asked = 0;

	for (uint32_t i = 0; i < watch->config->target_count && asked < ASKED_AT_ONCE; i++) {
		const struct watched *watched = &watch->targets[i];
		if (i == target || watched->ipv6 != IPV6_HEARD || watched->run != 0
		    || watched->state.quarantined
		    || watched->state.doubled > 0)
			continue;
		orders_plan(orders, i, watch->now);
		asked++;
	}
}

/* None answers over IPv6 any more, and they are in two networks at least. */
static bool
is_away(const struct watch *watch)
{
	uint64_t first = 0;
	bool several = false;

	for (uint32_t i = 0; i < watch->config->target_count; i++) {
		const struct watched *watched = &watch->targets[i];
		if (watched->ipv6 == IPV6_HEARD && !watched->state.quarantined)
			return false;
		if (watched->ipv6 != IPV6_SILENT)
			continue;
		several |= first != 0 && watched->network != first;
		first = first == 0 ? watched->network : first;
	}
	return several;
}

/* The run tells nothing of its target. */
static void
say_ours(const struct watch *watch, struct observation *run, struct report *report,
    const char *outcome, const char *words)
{
	run->verdict = PW_UNKNOWN;
	run->shown_count = 0;
	run->outcome = codes_of(watch->codes, outcome, NULL);
	report->verdict = PW_UNKNOWN;
	text_copy(report->outcome, sizeof report->outcome, outcome);
	report->text = text_view(words);
}

/* Takes out of the run that some of its addresses failed; what else it shows stays. */
static void
excuse(const struct watch *watch, struct observation *run, struct report *report)
{
	uint16_t some = codes_of(watch->codes, "some_addresses", NULL);
	uint32_t left = 0;

	for (uint32_t i = 0; i < run->shown_count; i++)
		if (run->shown[i].code != some)
			run->shown[left++] = run->shown[i];
	run->shown_count = left;
	if (run->outcome != some)
		return;
	run->outcome = left > 0 ? run->shown[0].code : CODE_OK;
	run->verdict = left > 0 ? PW_DEGRADED : PW_OK;
	report->verdict = (uint8_t)run->verdict;
	snprintf(report->outcome, sizeof report->outcome, "%s",
	    codes_get(watch->codes, run->outcome)->name);
	if (left == 0)
		report->text = (struct pw_bytes){ "", 0 };
}

/* Where IPv4 answers as well the target is alive, and only what is said of some of its addresses
 * is taken back. */
void
ipv6_learn(struct monitor *monitor, struct observation *run, struct report *report)
{
	const struct watch *watch = &monitor->watch;
	struct blind *blind = &monitor->own.blind;
	struct watched *watched = &watch->targets[report->target];
	bool was_silent = watched->ipv6 == IPV6_SILENT;

	if (report->ways & WAY_IPV6_HEARD) {
		watched->ipv6 = IPV6_HEARD;
		blind_used(blind, USED_IPV6, 0, run->ended);
		return;
	}
	watched->ipv6 = report->ways & WAY_IPV6_SILENT ? IPV6_SILENT : run->verdict == PW_UNKNOWN
	    ? watched->ipv6 : IPV6_UNSEEN;
	if (watched->ipv6 != IPV6_SILENT || run->verdict == PW_UNKNOWN)
		return;
	if (!was_silent)
		ask_others(monitor->orders, watch, report->target);
	if (is_away(watch))
		(void)blind_show(blind, no_ipv6, report->target, 0, run->ended);
	if (!blind_stands(blind, CAUSE_IPV6))
		return;
	if (run->verdict == PW_FAILED)
		say_ours(watch, run, report, no_ipv6,
		    "its IPv6 addresses are silent, and so are those of all targets");
	else
		excuse(watch, run, report);
}

static const int64_t told_again = 3600 * (int64_t)SECOND;

/*
 * The clock was set: what has not ended lasts as long as it does, so its beginning goes with the
 * clock, as that of an open incident does in the store. What is over stays as it was told.
 */
static void
move_what_is_open(struct monitor *monitor, int64_t by)
{
	for (uint32_t i = 0; i < monitor->watch.config->target_count; i++) {
		struct target_state *state = &monitor->watch.targets[i].state;

		if (state->trouble == NULL)
			continue;
		moment_move(&state->trouble->began, by);
		moment_move(&state->trouble->recovered, by);
		moment_move(&state->trouble->tempfail, by);
		moment_move(&state->trouble->unknown, by);
		if (!state_is_down((enum state)state->state))
			continue;
		moment_move(&state->since, by);
		moment_move(&state->flapping->outages[FLAP_DOWNS - 1].began, by);
		moment_move(&state->flapping->outages[FLAP_DOWNS - 1].confirmed, by);
		keeper_link_mark(monitor->keeper, i);
	}
	own_side_move(&monitor->own, by);
	keeper_link_mark(monitor->keeper, CONFIG_NONE);
}

/* Here, and not where clocks are read: what a jump means for what is told must not depend on
 * which part sees it first. */
void
own_faults_look(struct monitor *monitor)
{
	struct watch *watch = &monitor->watch;
	const struct clock_jump jump = clocks_look(&watch->clocks, watch->now);

	assert(jump.slept == 0 || jump.set == 0);
	if (jump.slept == 0 && jump.set == 0)
		return;
	bool far = jump.set > CLOCK_DOUBT || jump.set < -CLOCK_DOUBT;
	if (jump.slept != 0) {
		monitor->own.faults.interrupted = watch->now;
		duty_log(watch->duty, LOG_WARNING, 0,
		    "this host was suspended for %s: runs that were under way say nothing",
		    SPAN(jump.slept));
	} else {
		move_what_is_open(monitor, jump.set);
		duty_log(watch->duty, LOG_WARNING, 0,
		    "the clock was set %s by %s: the schedule does not depend on it%s",
		    jump.set < 0 ? "back" : "forward", SPAN(jump.set < 0 ? -jump.set : jump.set),
		    far && clock_wall() - jump.set >= clock_built()
		        ? ", and for a day certificates are judged by both clocks"
		        : "");
	}
}

/* Told once an hour at most: as long as the clock is wrong every run with a certificate shows
 * it. */
void
own_faults_learn(struct monitor *monitor, const struct report *report)
{
	const struct watch *watch = &monitor->watch;
	struct own_faults *faults = &monitor->own.faults;
	struct text words = TEXT_ROOM(EVIDENCE_TEXT_MAX);
	int64_t wall = clock_wall();

	if (!(report->flags & REPORT_CLOCK_WRONG))
		return;
	if (faults->clock_wrong == 0 || watch->now - faults->clock_wrong > told_again) {
		our_clock_add_words(&words, wall < clock_built() ? CLOCK_BEFORE_BUILD
		    : clocks_are_behind(&watch->clocks) ? CLOCK_BEFORE_STORE : CLOCK_AGAINST_ALL,
		    wall);
		(void)notify_own(monitor, NOTICE_impaired, "our_clock", watch_moment(watch),
		    "%s; the dates of certificates are not "
		    "judged until it is right, all else is", words.bytes);
	}
	faults->clock_wrong = watch->now;
}

void
own_faults_note_files(struct monitor *monitor, const char *said)
{
	struct own_faults *faults = &monitor->own.faults;

	assert(strlen(said) < sizeof faults->unusable);
	/* The keeper may be slower than a prober, and say later what was told. */
	if (!monitor->watch.begun) {
		faults->has_said = true;
		text_copy(faults->said, sizeof faults->said, said);
		return;
	}
	if (strcmp(said, faults->unusable) == 0)
		return;
	if (faults->unusable[0] == '\0')
		faults->unusable_since = watch_moment(&monitor->watch);
	if (said[0] != '\0')
		(void)notify_own(monitor, NOTICE_impaired, "file", faults->unusable_since,
		    "a file that probers need cannot be used: %s", said);
	else
		(void)notify_own(monitor, NOTICE_cleared, "file", faults->unusable_since,
		    "all files that probers need can be used again");
	snprintf(faults->unusable, sizeof faults->unusable, "%s", said);
}

/* One that leaks comes to its limit again and again; each time stands in the log. */
void
own_faults_note_limit(struct monitor *monitor, const char *said)
{
	const struct watch *watch = &monitor->watch;
	struct own_faults *faults = &monitor->own.faults;

	if (!watch->begun) {
		snprintf(faults->limit, sizeof faults->limit, "%s", said);
		return;
	}
	if (faults->limit_told != 0 && watch->now - faults->limit_told <= told_again)
		return;
	(void)notify_own(monitor, NOTICE_impaired, "limit", watch_moment(watch), "%s", said);
	faults->limit_told = watch->now;
}

void
own_faults_begin(struct monitor *monitor)
{
	struct own_faults *faults = &monitor->own.faults;

	if (faults->has_said)
		own_faults_note_files(monitor, faults->said);
	faults->has_said = false;
	if (faults->limit[0] != '\0')
		own_faults_note_limit(monitor, faults->limit);
	faults->limit[0] = '\0';
}

/* Whoever was talked to when this host was suspended may have given us up. */
void
own_faults_excuse(const struct own_faults *faults, const struct watch *watch,
    struct observation *run,
    struct report *report)
{
	if (run->verdict == PW_FAILED && run->started <= faults->interrupted)
		say_ours(watch, run, report, "interrupted",
		    "this host was suspended while it was under way");
}

bool
own_faults_explain(const struct own_faults *faults, const char *outcome)
{
	return faults->unusable[0] != '\0' && (strcmp(outcome, "hosts_file") == 0
	    || strcmp(outcome, "ca_file") == 0);
}
