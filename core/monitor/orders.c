/*
 * For the monitor: orders the runs that are due from the probers, the processes that connect to
 * servers.
 *
 * Once a tick it orders all runs that are due in the tick after next, in one packet for each
 * prober. A run that is wanted sooner is ordered at the end of the event that asked for it. A
 * target whose run a prober has in hand stays in the schedule, so that a run that is never reported
 * is noticed.
 */
#include "monitor/orders.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "monitor/attempt.h"
#include "monitor/pace.h"

enum { TICKS_AHEAD = 2, CONFIRMING_MAX = 16 };
static const int64_t again_later = SECOND, never_reported = 20 * 60 * (int64_t)SECOND;
static const uint32_t full_every = 3600;

struct prober_link {
	int fd; /* -1: none */
	uint32_t in_hand;
	uint32_t waiting; /* connections that wait until others have ended, as it said last */
	struct wire_out orders; /* over `bytes` */
	unsigned char bytes[WIRE_MAX];
};

struct orders {
	struct watch *watch;
	struct schedule schedule;
	struct prober_link *probers;
	uint32_t prober_count;
	/* Those that are run apart: which target each of the PROBERS_APART probers has, CONFIG_NONE
	 * if none, and who waits for one, in their order. The line has room for all targets, so
	 * that none is refused for want of memory. */
	uint32_t alone[PROBERS_APART], *line, in_line;
	/* Attempts that may confirm an outage, when they were ordered; those that are over leave
	 * when it is asked for them. */
	struct confirming { uint32_t target; uint64_t run; } confirming[CONFIRMING_MAX];
	uint32_t confirming_count;
	bool confirming_began;
};

struct orders *
orders_create(struct watch *watch)
{
	struct orders *orders = calloc(1, sizeof *orders);

	if (orders == NULL)
		return NULL;
	orders->watch = watch;
	orders->probers = calloc(watch->config->probers + PROBERS_APART, sizeof *orders->probers);
	orders->line = malloc((watch->config->target_count + 1) * sizeof *orders->line);
	for (uint32_t i = 0; i < PROBERS_APART; i++)
		orders->alone[i] = CONFIG_NONE;
	if (orders->probers == NULL || orders->line == NULL
	    || !schedule_init(&orders->schedule, watch->config->target_count, watch->now)) {
		orders_destroy(&orders);
		return NULL;
	}
	orders->prober_count = watch->config->probers + PROBERS_APART;
	for (uint32_t i = 0; i < orders->prober_count; i++) {
		orders->probers[i].fd = -1;
		orders->probers[i].orders = wire_over(orders->probers[i].bytes, WIRE_MAX);
	}
	return orders;
}

void
orders_destroy(struct orders **given)
{
	struct orders *orders = *given;

	*given = NULL;
	if (orders == NULL)
		return;
	for (uint32_t i = 0; i < orders->prober_count; i++)
		if (orders->probers[i].fd >= 0)
			close(orders->probers[i].fd);
	free(orders->line);
	schedule_fini(&orders->schedule);
	free(orders->probers);
	free(orders);
}

uint32_t
orders_prober(const struct orders *orders, uint32_t target)
{
	const struct config *config = orders->watch->config;

	if (!orders->watch->targets[target].apart)
		return config_prober_of(config, target);
	for (uint32_t i = 0; i < PROBERS_APART; i++)
		if (orders->alone[i] == target)
			return config->probers + i;
	return CONFIG_NONE;
}

bool
orders_can_run(const struct orders *orders, uint32_t target)
{
	uint32_t prober = orders_prober(orders, target);

	return prober != CONFIG_NONE && orders->probers[prober].fd >= 0;
}

bool
orders_may_have(const struct orders *orders, uint32_t prober, uint32_t target)
{
	const struct config *config = orders->watch->config;

	/* Those for targets that are run apart may have had any of them. */
	return prober >= config->probers || config_prober_of(config, target) == prober;
}

bool
orders_has(const struct orders *orders, uint32_t prober, uint32_t target, uint64_t run)
{
	return run == orders->watch->targets[target].run && orders_prober(orders, target) == prober;
}

bool
orders_are_done(const struct orders *orders)
{
	for (uint32_t i = 0; i < orders->prober_count; i++)
		if (orders->probers[i].fd >= 0 && orders->probers[i].in_hand > 0)
			return false;
	return true;
}

bool
orders_send_any(const struct orders *orders, const void *packet, size_t size)
{
	for (uint32_t i = 0; i < orders->watch->config->probers; i++)
		if (orders->probers[i].fd >= 0)
			return packet_send(orders->probers[i].fd, packet, size, -1);
	return false;
}

void
orders_note_waiting(struct orders *orders, uint32_t prober, uint32_t connections)
{
	orders->probers[prober].waiting = connections;
}

/* Counted when it is asked for, rather than kept right wherever a prober comes or goes. */
struct orders_load
orders_load(const struct orders *orders)
{
	struct orders_load load = { .in_line = orders->in_line };

	for (uint32_t i = 0; i < orders->watch->config->target_count; i++) {
		uint32_t prober = orders_prober(orders, i);
		load.unserved += prober != CONFIG_NONE && orders->probers[prober].fd < 0;
	}
	for (uint32_t i = 0; i < orders->prober_count; i++)
		load.waiting += orders->probers[i].waiting;
	return load;
}

void
orders_release(struct orders *orders, uint32_t target)
{
	struct watched *watched = &orders->watch->targets[target];

	if (watched->run == 0)
		return;
	struct prober_link *prober = &orders->probers[orders_prober(orders, target)];
	assert(prober->in_hand > 0);
	watched->run = 0;
	prober->in_hand--;
}

void
orders_cancel(struct orders *orders, uint32_t target)
{
	orders_release(orders, target);
	schedule_drop(&orders->schedule, target);
}

/* One run */

static uint8_t
flags_of(const struct watch *watch, const struct watched *watched, const struct policy *policy)
{
	const struct target_state *state = &watched->state;
	bool patient = pace_is_patient(state, policy),
	    plain = state->state == STATE_UP && state->trouble == NULL && state->missing == 0,
	    flaps = state->flapping != NULL && state->flapping->flap == FLAP_FLAPPING;
	/* Once an incident, with the attempt that may confirm it. */
	bool offer_tls = !state_is_down((enum state)state->state)
	    && pace_attempt(state) >= attempt_needed(state, policy, watch->now)
	    && (state->trouble == NULL || !state->trouble->offered);
	/* What is over is told with the run that shows it no more, though that is like the one
	 * before. */
	bool full = !plain || state->conditions != NULL || flaps
	    || watch->now / SECOND >= watched->full
	    || facts_wait(watched->facts);

	return (uint8_t)((patient ? ORDER_PATIENT : 0) | (full ? ORDER_FULL : 0)
	    | (patient || (!plain && state->state != STATE_PENDING) ? ORDER_FRESH : 0)
	    | (state->had_starttls ? ORDER_HAD_STARTTLS : 0)
	    | (state->passed_asked ? ORDER_PASSED_ASKED : 0) | (offer_tls ? ORDER_OFFER_TLS : 0)
	    | (clocks_are_behind(&watch->clocks) ? ORDER_CLOCK_BEHIND : 0));
}

static void
send_orders(struct orders *orders, struct prober_link *prober)
{
	const struct watch *watch = orders->watch;
	struct wire_in in = wire_from(prober->bytes, prober->orders.size);
	struct order order;

	prober->orders = wire_over(prober->bytes, WIRE_MAX);
	if (in.size == 0 || packet_send(prober->fd, in.bytes, in.size, -1))
		return;
	/* It does not read, or is gone: they are due again. */
	int64_t later = errno == EAGAIN ? TICK : again_later;
	while (message_next_order(&in, &order, watch->config->target_count)) {
		orders_release(orders, order.target);
		schedule_put(&orders->schedule, order.target, watch->now + later);
	}
}

static void
add_order(struct orders *orders, struct prober_link *prober, const struct order *order)
{
	if (prober->orders.size == 0)
		message_begin(&prober->orders, MESSAGE_ORDERS);
	if (message_add_order(&prober->orders, order))
		return;
	send_orders(orders, prober);
	message_begin(&prober->orders, MESSAGE_ORDERS);
	(void)message_add_order(&prober->orders, order);
}

static void
note_confirming(struct orders *orders, uint32_t target)
{
	const struct watched *watched = &orders->watch->targets[target];

	if (watched->local || orders->confirming_count == CONFIRMING_MAX)
		return;
	orders->confirming[orders->confirming_count++] = (struct confirming){ target,
	    watched->run };
	orders->confirming_began = true;
}

/* The numbers of runs and the flags at the target are set before the order is added: a full
 * packet is sent on the spot, and where that fails orders are taken back by them. */
static void
order(struct orders *orders, uint32_t target)
{
	struct watch *watch = orders->watch;
	struct watched *watched = &watch->targets[target];
	const struct policy *policy = watch_target(watch, target)->policy;
	uint32_t index = orders_prober(orders, target), attempt = pace_attempt(&watched->state);

	if (watch->stopping || watched->run != 0 || index == CONFIG_NONE)
		return;
	struct prober_link *prober = &orders->probers[index];
	if (prober->fd < 0) {
		schedule_put(&orders->schedule, target, watch->now + again_later);
		return;
	}
	if (!watched->named)
		watched->named = target_name_send(watched->name, target, prober->fd);
	uint8_t flags = flags_of(watch, watched, policy);
	if ((flags & ORDER_OFFER_TLS) && watched->state.trouble != NULL)
		watched->state.trouble->offered = true;
	if (flags & ORDER_FULL)
		watched->full = (uint32_t)(watch->now / SECOND) + full_every;
	watched->patient = flags & ORDER_PATIENT;
	watched->run = ++watch->last_run;
	prober->in_hand++;
	schedule_put(&orders->schedule, target, watch->now + never_reported);
	if (attempt >= policy->tries && watched->state.state == STATE_SUSPECT)
		note_confirming(orders, target);
	add_order(orders, prober, &(struct order){ .run = watched->run, .target = target,
	    .flags = flags,
	    .attempt = (uint8_t)(attempt < UINT8_MAX ? attempt : UINT8_MAX),
	    .missing = watched->state.missing,
	    .renewed = watched->renewal.left, .due = watched->due,
	    .fingerprint = watched->state.fingerprint });
}

void
orders_plan(struct orders *orders, uint32_t target, int64_t due)
{
	assert(target < orders->watch->config->target_count);
	orders->watch->targets[target].due = due;
	if (due >= schedule_horizon(&orders->schedule))
		schedule_put(&orders->schedule, target, due);
	else {
		schedule_drop(&orders->schedule, target);
		order(orders, target);
	}
}

void
orders_plan_soon(struct orders *orders, uint32_t target)
{
	orders_plan(orders, target, schedule_horizon(&orders->schedule));
}

/* What is due though it is in hand was lost on its way; the prober may be as alive as ever. */
static void
on_due(void *arg, uint32_t target)
{
	struct orders *orders = arg;
	struct watch *watch = orders->watch;

	if (watch->targets[target].run != 0) {
		duty_log(watch->duty, LOG_ERR, 0,
		    "%s: its prober has not reported a run for 20 min; it is run again",
		    watch_target(watch, target)->name);
		orders_release(orders, target);
		watch->targets[target].due = watch->now;
	}
	order(orders, target);
}

void
orders_collect(struct orders *orders)
{
	schedule_collect(&orders->schedule, orders->watch->now / TICK + TICKS_AHEAD, on_due,
	    orders);
}

void
orders_flush(struct orders *orders)
{
	for (uint32_t i = 0; i < orders->prober_count; i++)
		if (orders->probers[i].orders.size > 0)
			send_orders(orders, &orders->probers[i]);
}

uint32_t
orders_confirming(struct orders *orders, bool *began)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < orders->confirming_count; i++)
		if (orders->watch->targets[orders->confirming[i].target].run
		    == orders->confirming[i].run)
			orders->confirming[left++] = orders->confirming[i];
	*began = orders->confirming_began;
	orders->confirming_count = left;
	orders->confirming_began = false;
	return left > 0 ? orders->confirming[0].target : CONFIG_NONE;
}

/* Probers that come and go, and targets that are run apart */

/* Free probers are given to those in line; not before runs are ordered at all. */
static void
give_probers(struct orders *orders)
{
	const struct watch *watch = orders->watch;

	for (uint32_t i = 0; i < PROBERS_APART && watch->begun; i++) {
		if (orders->probers[watch->config->probers + i].fd < 0 || orders->in_line == 0
		    || orders->alone[i] != CONFIG_NONE)
			continue;
		uint32_t target = orders->alone[i] = orders->line[0];
		assert(orders->watch->targets[target].apart
		    && orders->in_line <= watch->config->target_count);
		memmove(orders->line, orders->line + 1, --orders->in_line * sizeof *orders->line);
		orders_plan(orders, target, watch->now);
	}
}

void
orders_begin(struct orders *orders)
{
	orders->schedule.tick = orders->watch->now / TICK;
	give_probers(orders);
}

void
orders_lost(struct orders *orders, uint32_t index)
{
	struct watch *watch = orders->watch;
	struct prober_link *prober = &orders->probers[index];

	if (prober->fd >= 0)
		close(prober->fd);
	prober->fd = -1;
	prober->waiting = 0;
	prober->orders = wire_over(prober->bytes, WIRE_MAX);
	for (uint32_t i = 0; i < watch->config->target_count; i++) {
		if (orders_prober(orders, i) != index)
			continue;
		watch->targets[i].named = false; /* the next prober knows nothing */
		if (watch->targets[i].run == 0)
			continue;
		orders_release(orders, i);
		orders_plan_soon(orders, i);
	}
	assert(prober->in_hand == 0);
}

void
orders_linked(struct orders *orders, uint32_t index, int fd)
{
	orders_lost(orders, index);
	orders->probers[index].fd = fd;
	give_probers(orders);
}

void
orders_isolate(struct orders *orders, uint32_t target)
{
	struct watched *watched = &orders->watch->targets[target];

	if (watched->apart)
		return;
	/* Whoever has it in hand is dead, or is not to report on it any more. */
	orders_cancel(orders, target);
	watched->apart = true;
	watched->named = false;
	assert(orders->in_line < orders->watch->config->target_count);
	orders->line[orders->in_line++] = target;
	give_probers(orders);
}

/* The prober that ran it apart is free for the next in line. */
static void
run_among_others(struct orders *orders, uint32_t target)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < PROBERS_APART; i++)
		if (orders->alone[i] == target)
			orders->alone[i] = CONFIG_NONE;
	for (uint32_t i = 0; i < orders->in_line; i++)
		if (orders->line[i] != target)
			orders->line[left++] = orders->line[i];
	assert(left <= orders->in_line && left + 1 >= orders->in_line);
	orders->in_line = left;
	orders->watch->targets[target].apart = orders->watch->targets[target].named = false;
	give_probers(orders);
}

void
orders_end_isolation(struct orders *orders, uint32_t target)
{
	if (!orders->watch->targets[target].apart)
		return;
	orders_cancel(orders, target);
	run_among_others(orders, target);
}

void
orders_isolated_reported(struct orders *orders, const struct report *report)
{
	unsigned char packet[16];
	struct wire_out out = wire_over(packet, sizeof packet);

	assert(orders->watch->targets[report->target].apart);
	if (orders_prober(orders, report->target) == CONFIG_NONE
	    || orders->watch->targets[report->target].run != 0
	    || strcmp(report->outcome, "interrupted") == 0)
		return;
	message_put_cleared(&out, report->target);
	/* Where the parent does not hear it, the target stays where it is, and its next run says it
	 * again. */
	if (packet_send(orders->watch->duty->parent, packet, out.size, -1))
		run_among_others(orders, report->target);
}
