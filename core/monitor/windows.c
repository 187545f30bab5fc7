/* A window that opened or closed while nobody looked is as good as one that does now. */
#include "monitor/windows.h"

#include "base/clock.h"
#include "monitor/silence.h"

static int64_t
wall(const struct monitor *monitor)
{
	return monitor->now + clock_wall() - clock_mono();
}

static void
refresh(struct monitor *monitor)
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++) {
		struct watched *watched = &monitor->targets[i];
		bool held = window_clock_holds(&monitor->windows, i);

		watched->flags = (uint8_t)((watched->flags & ~WATCHED_WINDOW) | (held ? WATCHED_WINDOW : 0));
		if (monitor->begun && held != !!(watched->state.silence & SILENCE_window))
			watch_hush(monitor, i);
	}
}

void
windows_tick(struct monitor *monitor)
{
	if (window_clock_turn(&monitor->windows, wall(monitor)))
		refresh(monitor);
}

void
windows_begin(struct monitor *monitor)
{
	(void)window_clock_turn(&monitor->windows, wall(monitor));
	refresh(monitor);
}
