/*
 * For the keeper, `status` and the web process: tracks which maintenance windows (times in which
 * nobody is told) are open. Windows are looked at again only when one of them opens or closes, and
 * not for each run.
 */
#include "config/window_clock.h"

#include <assert.h>
#include <stdlib.h>

bool
window_clock_init(struct window_clock *clock, const struct config *config)
{
	*clock = (struct window_clock){ .config = config, .looked = INT64_MAX };
	clock->zones = calloc(config->window_count + 1, sizeof(struct zone *));
	clock->open = calloc(config->window_count + 1, sizeof *clock->open);
	for (uint32_t i = 0; clock->zones != NULL && i < config->window_count; i++) {
		struct reason why;
		const char *name = config->windows[i].timezone;
		clock->zones[i] = name == NULL ? NULL : zone_open(name, &why);
	}
	return clock->zones != NULL && clock->open != NULL;
}

void
window_clock_fini(struct window_clock *clock)
{
	if (clock->config == NULL)
		return;
	for (uint32_t i = 0; clock->zones != NULL && i < clock->config->window_count; i++)
		zone_close(&clock->zones[i]);
	free(clock->zones);
	free(clock->open);
	*clock = (struct window_clock){ .config = NULL };
}

/* Clocks may be set in either direction: what was looked up holds between the two instants only. */
bool
window_clock_turn(struct window_clock *clock, int64_t utc)
{
	bool changed = false;

	if (clock->config == NULL || clock->config->window_count == 0
	    || (utc >= clock->looked && utc < clock->next))
		return false;
	clock->looked = utc;
	clock->next = INT64_MAX;
	clock->open_count = 0;
	for (uint32_t i = 0; i < clock->config->window_count; i++) {
		const struct calendar *when = &clock->config->windows[i].when;
		bool open = calendar_holds(when, clock->zones[i], utc);
		int64_t next = calendar_next(when, clock->zones[i], utc);

		changed |= open != clock->open[i];
		clock->open[i] = open;
		clock->open_count += open;
		if (next < clock->next)
			clock->next = next;
	}
	assert(clock->open_count <= clock->config->window_count);
	return changed;
}

bool
window_clock_holds(const struct window_clock *clock, uint32_t target)
{
	for (uint32_t i = 0; clock->open_count > 0 && i < clock->config->window_count; i++)
		if (clock->open[i] && window_has_target(&clock->config->windows[i], target))
			return true;
	return false;
}

int64_t
window_clock_until(const struct window_clock *clock, uint32_t target)
{
	int64_t until = 0;

	for (uint32_t i = 0; clock->open_count > 0 && i < clock->config->window_count; i++) {
		int64_t next;

		if (!clock->open[i] || !window_has_target(&clock->config->windows[i], target))
			continue;
		next = calendar_next(&clock->config->windows[i].when, clock->zones[i], clock->looked);
		if (next != INT64_MAX && next > until)
			until = next;
	}
	return until;
}
