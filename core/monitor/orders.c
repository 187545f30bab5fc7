/*
 * Orders: once a tick all that is due in the tick after next, one packet for each prober; what comes up meanwhile and is
 * due sooner, at the end of the event that brought it up. A target whose run is in hand stays in the wheel, so that one
 * that is never reported is noticed.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "monitor/attempt.h"
#include "monitor/pace.h"

enum { TICKS_AHEAD = 2 };
static const int64_t again_later = SECOND, never_reported = 20 * 60 * (int64_t)SECOND;
static const uint32_t full_every = 3600;

/* Once an incident, with the attempt that may confirm it. */
static bool
may_offer_tls(const struct target_state *state, const struct policy *policy, int64_t now)
{
	if (state_is_down((enum state)state->state) || pace_attempt(state) < attempt_needed(state, policy, now))
		return false;
	return state->trouble == NULL || !state->trouble->offered;
}

static uint8_t
flags_of(const struct monitor *monitor, const struct watched *watched, const struct policy *policy)
{
	const struct target_state *state = &watched->state;
	bool patient = pace_is_patient(state, policy),
	    plain = state->state == STATE_UP && state->trouble == NULL && state->missing == 0,
	    flaps = state->flapping != NULL && state->flapping->flap == FLAP_FLAPPING;
	/* What is over is told with the run that shows it no more, though that is like the one before. */
	bool full = !plain || state->conditions != NULL || flaps || monitor->now / SECOND >= watched->full
	    || facts_wait(watched->facts);

	return (uint8_t)((patient ? ORDER_PATIENT : 0) | (full ? ORDER_FULL : 0)
	    | (patient || (!plain && state->state != STATE_PENDING) ? ORDER_FRESH : 0)
	    | (state->flags & TARGET_HAD_STARTTLS ? ORDER_HAD_STARTTLS : 0)
	    | (state->flags & TARGET_PASSED_ASKED ? ORDER_PASSED_ASKED : 0)
	    | (may_offer_tls(state, policy, monitor->now) ? ORDER_OFFER_TLS : 0)
	    | (clocks_are_behind(monitor) ? ORDER_CLOCK_BEHIND : 0));
}

static void
send_orders(struct monitor *monitor, struct prober_link *prober)
{
	struct wire_in in = wire_from(prober->bytes, prober->orders.size);
	struct order order;

	prober->orders = wire_over(prober->bytes, WIRE_MAX);
	if (in.size == 0 || packet_send(prober->fd, in.bytes, in.size, -1))
		return;
	/* It does not read, or is gone: they are due again. */
	while (message_next_order(&in, &order, monitor->config->target_count)) {
		watch_release(monitor, order.target);
		schedule_put(&monitor->schedule, order.target, monitor->now + (errno == EAGAIN ? TICK : again_later));
	}
}

static void
add_order(struct monitor *monitor, struct prober_link *prober, const struct order *order)
{
	if (prober->orders.size == 0)
		message_begin_orders(&prober->orders);
	if (message_add_order(&prober->orders, order))
		return;
	send_orders(monitor, prober);
	message_begin_orders(&prober->orders);
	(void)message_add_order(&prober->orders, order);
}

void
orders_order(struct monitor *monitor, uint32_t target)
{
	struct watched *watched = &monitor->targets[target];
	const struct policy *policy = monitor->config->targets[target].policy;
	uint32_t index = watch_prober(monitor, target), attempt = pace_attempt(&watched->state);

	if (monitor->stopping || watched->run != 0 || index == CONFIG_NONE)
		return;
	struct prober_link *prober = &monitor->probers[index];
	if (prober->fd < 0) {
		schedule_put(&monitor->schedule, target, monitor->now + again_later);
		return;
	}
	names_tell(monitor, target, prober->fd);
	uint8_t flags = flags_of(monitor, watched, policy);
	if ((flags & ORDER_OFFER_TLS) && watched->state.trouble != NULL)
		watched->state.trouble->offered = true;
	if (flags & ORDER_FULL)
		watched->full = (uint32_t)(monitor->now / SECOND) + full_every;
	watched->flags = (uint8_t)((watched->flags & ~WATCHED_PATIENT) | (flags & ORDER_PATIENT ? WATCHED_PATIENT : 0));
	watched->run = ++monitor->run;
	prober->in_hand++;
	schedule_put(&monitor->schedule, target, monitor->now + never_reported);
	if (attempt >= policy->tries && watched->state.state == STATE_SUSPECT)
		witness_accompany(monitor, target);
	add_order(monitor, prober, &(struct order){ .run = watched->run, .target = target, .flags = flags,
	    .attempt = (uint8_t)(attempt < UINT8_MAX ? attempt : UINT8_MAX), .missing = watched->state.missing, .renewed = watched->renewal.left,
	    .due = watched->due, .fingerprint = watched->state.fingerprint });
}

static void
on_due(void *arg, uint32_t target)
{
	struct monitor *monitor = arg;
	struct watched *watched = &monitor->targets[target];

	if (watched->run != 0) {
		duty_log(monitor->duty, LOG_ERR, 0, "%s: its prober has not reported a run for 20 min; it is run again",
		    monitor->config->targets[target].name);
		watch_release(monitor, target);
		watched->due = monitor->now;
	}
	orders_order(monitor, target);
}

void
orders_collect(struct monitor *monitor)
{
	schedule_collect(&monitor->schedule, monitor->now / TICK + TICKS_AHEAD, on_due, monitor);
}

void
orders_flush(struct monitor *monitor)
{
	for (uint32_t i = 0; i < watch_prober_count(monitor); i++)
		if (monitor->probers[i].orders.size > 0)
			send_orders(monitor, &monitor->probers[i]);
}

void
orders_lost(struct monitor *monitor, uint32_t index)
{
	struct prober_link *prober = &monitor->probers[index];

	if (prober->fd >= 0)
		close(prober->fd);
	prober->fd = -1;
	prober->waiting = 0;
	prober->orders = wire_over(prober->bytes, WIRE_MAX);
	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		if (watch_prober(monitor, i) == index)
			monitor->targets[i].named = false; /* the next one knows nothing */
	for (uint32_t i = 0; prober->in_hand > 0 && i < monitor->config->target_count; i++)
		if (monitor->targets[i].run != 0 && watch_prober(monitor, i) == index) {
			watch_release(monitor, i);
			watch_plan(monitor, i, schedule_horizon(&monitor->schedule));
		}
}

void
orders_linked(struct monitor *monitor, uint32_t index, int fd)
{
	orders_lost(monitor, index);
	monitor->probers[index].fd = fd;
	apart_give_out(monitor);
}
