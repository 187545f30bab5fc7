/*
 * Our own way over IPv6. A target of both families whose IPv6 addresses are all silent, while one
 * of IPv4 answers, shows a fault of its own only where others answer over IPv6. Where no target
 * does any more, in two networks or more, it is our way that is away: that is told once, about us,
 * and of no target. Where nobody else is watched over IPv6 it cannot be told apart, and the words
 * about the target say so.
 */
#include "monitor/own_ipv6.h"

#include <stdio.h>
#include <string.h>

#include "monitor/monitor.h"

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
		    || (watched->state.flags & TARGET_QUARANTINED)
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
		if (watched->ipv6 == IPV6_HEARD && !(watched->state.flags & TARGET_QUARANTINED))
			return false;
		if (watched->ipv6 != IPV6_SILENT)
			continue;
		several |= first != 0 && watched->network != first;
		first = first == 0 ? watched->network : first;
	}
	return several;
}

static void
say_ours(const struct watch *watch, struct sighting *run, struct report *report)
{
	static const char words[] =
	    "its IPv6 addresses are silent, and so are those of all targets";

	run->verdict = PW_UNKNOWN;
	run->shown_count = 0;
	run->outcome = codes_of(watch->codes, no_ipv6, NULL);
	report->verdict = PW_UNKNOWN;
	snprintf(report->outcome, sizeof report->outcome, "%s", no_ipv6);
	report->text = (struct pw_bytes){ words, sizeof words - 1 };
}

/* Takes out of the run that some of its addresses failed; what else it shows stays. */
static void
excuse(const struct watch *watch, struct sighting *run, struct report *report)
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

void
ipv6_learn(struct monitor *monitor, struct sighting *run, struct report *report)
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
		say_ours(watch, run, report);
	else
		excuse(watch, run, report);
}

bool
ipv6_is_alone(const struct watch *watch, uint32_t target)
{
	for (uint32_t i = 0; i < watch->config->target_count; i++)
		if (i != target && watch->targets[i].ipv6 != IPV6_UNSEEN
		    && watch->targets[i].network != watch->targets[target].network)
			return false;
	return true;
}
