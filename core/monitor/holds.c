/*
 * For the monitor: carries out what the rule of hold.c decides, for all targets and for each port:
 * writes a line to the log when a hold (outages are not confirmed, as our own network may be at
 * fault) begins or ends, and when it runs out confirms the outages that waited.
 */
#include "monitor/holds.h"

#include <inttypes.h>
#include <syslog.h>

#include "monitor/effects.h"
#include "monitor/monitor.h"
#include "monitor/silence.h"

/* All whose confirmation is held are down now. */
static void
release(struct monitor *monitor, uint16_t port)
{
	struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	struct port_hold *of_port = port == 0 ? NULL : own_side_port(own, port);

	for (uint32_t i = 0; i < watch->config->target_count; i++)
		if (port == 0 || watch_target(watch, i)->port == port)
			effects_confirm(monitor, i, SILENCE_digest, false);
	own->digest.due = watch->now; /* with the next tick */
	own->digest.port = own->hold.stage == HOLD_FREE ? port : 0;
	if (of_port != NULL && of_port->hold.likeness == of_port->turned_away)
		own_digest_tell_refused(monitor, of_port);
}

void
holds_act(struct monitor *monitor, uint16_t port, enum hold_act act)
{
	const struct watch *watch = &monitor->watch;
	uint32_t suspect = 0;

	switch (act) {
	case HOLD_NOTHING:
		return;
	case HOLD_BEGIN:
		if (port == 0)
			duty_log(watch->duty, LOG_WARNING, 0,
			    "targets in several networks fail and nobody is heard: it may be us, "
			    "so nothing is confirmed for 5 min at most, while attempts go on");
		else
			duty_log(watch->duty, LOG_WARNING, 0,
			    "targets in several networks fail alike on port %u and none passes on "
			    "it: it may be us, so none of them is confirmed for 5 min at most, "
			    "while attempts go on", port);
		return;
	case HOLD_END:
		for (uint32_t i = 0; port == 0 && i < watch->config->target_count; i++)
			suspect += watch->targets[i].state.state == STATE_SUSPECT;
		if (port == 0)
			duty_log(watch->duty, LOG_NOTICE, 0,
			    "somebody is heard again: attempts are confirmed as ever, %" PRIu32
			    " targets are suspect", suspect);
		else
			duty_log(watch->duty, LOG_NOTICE, 0, "a target passes on port %u again: "
			    "attempts on it are confirmed as ever", port);
		return;
	case HOLD_DIGEST:
		release(monitor, port);
		return;
	}
}

void
holds_tick(struct monitor *monitor)
{
	struct own_side *own = &monitor->own;
	int64_t now = monitor->watch.now;

	if (blind_is_known(&own->blind)) { /* whatever is held, is for a reason that we know */
		hold_wait(&own->hold, now);
		for (uint32_t i = 0; i < own->port_count; i++)
			hold_wait(&own->ports[i].hold, now);
		return;
	}
	holds_act(monitor, 0, hold_tick(&own->hold, now));
	for (uint32_t i = 0; i < own->port_count; i++)
		holds_act(monitor, own->ports[i].port, hold_tick(&own->ports[i].hold, now));
}
