/*
 * The main loop of the prober process: takes orders, starts each at its time, sends reports and
 * evidence, and tells the parent that the loop turns. After `ready` it opens no file and listens
 * nowhere.
 */
#include <assert.h>
#include <ev.h>
#include <sys/resource.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "base/sandbox.h"
#include "config/ports.h"
#include "prober/dispatch.h"
#include "prober/references.h"
#include "prober/run.h"
#include "prober/sources.h"
#include "prober/waiting.h"

enum {
	BROKEN = 70,
	CANNOT_BEGIN = 71,
	PACKETS_A_TURN = 64,
	HEARTBEAT = 500 * MILLISECOND,
	LAST_WORDS = 500 * MILLISECOND /* for what the monitor has not yet taken when we end */
};

struct worker {
	struct duty *duty;
	const struct config *config;
	struct ev_loop *loop;
	struct prober *prober;
	struct references *references;
	struct dispatch *dispatch;
	struct sources sources;
	struct waiting waiting;
	int monitor; /* -1: no link */
	bool heard;  /* a packet came over it */
	ev_io from_parent, from_monitor;
	ev_timer due, heartbeat, stop;
	int64_t beat_at, stop_by, confirm_by;
	uint32_t waiting_told; /* connections that wait for room, as the monitor knows it */
	uint64_t done, left_out; /* runs; those whose evidence found no room */
	bool stopping;
	int status;
};

static void
finish(struct worker *worker, int status)
{
	worker->status = status;
	ev_break(worker->loop, EVBREAK_ALL);
}

/* Reports */

/* All legs or none: a report with evidence of half of its addresses would be read as the whole. */
static bool
send_evidence(struct worker *worker, const struct run_result *result)
{
	struct message_evidence message = { .run = result->order->run,
	    .target = result->order->target };

	for (uint32_t i = 0; i < result->leg_count; i++) {
		run_evidence(result, i, &message.leg);
		if (!dispatch_add_evidence(worker->dispatch, &message)) {
			worker->left_out++;
			return false;
		}
	}
	return true;
}

static void
on_done(void *arg, const struct run_result *result)
{
	struct worker *worker = arg;
	struct report report = *result->report;

	assert(report.target == result->order->target && report.run == result->order->run);
	assert(result->leg_count > 0);
	worker->done++;
	if (!dispatch_is_heard(worker->dispatch))
		return; /* who ordered it has gone: whoever comes next orders it anew */
	if (result->name != NULL)
		dispatch_add_name(worker->dispatch, result->name);
	if ((report.flags & REPORT_FULL) != 0 && !send_evidence(worker, result))
		report.flags &= (uint16_t)~REPORT_FULL;
	dispatch_add_report(worker->dispatch, &report);
}

static void
on_references(void *arg, const struct message_references *round)
{
	unsigned char bytes[128];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_references(&out, round);
	dispatch_add(((struct worker *)arg)->dispatch, &out);
}

/* Orders */

/* Begins what is due, and sets the timer for the rest. A run that finds no memory is dropped; the
 * monitor hears nothing of it and asks again. */
static void
begin_due(struct worker *worker)
{
	int64_t now = clock_mono(), due;
	struct order order;

	while (waiting_take(&worker->waiting, now, &order)) {
		/* It was checked when it came (take_orders). */
		assert(order.target < worker->config->target_count);
		if (!prober_run(worker->prober, &order, on_done, worker))
			duty_log(worker->duty, LOG_ERR, 0, "no memory for a run of %s",
			    worker->config->targets[order.target].name);
	}
	ev_timer_stop(worker->loop, &worker->due);
	due = waiting_due(&worker->waiting);
	if (due == INT64_MAX)
		return;
	int64_t left = due - clock_mono();
	ev_now_update(worker->loop);
	ev_timer_set(&worker->due, left > 0 ? (double)left * 1e-6 : 0., 0.);
	ev_timer_start(worker->loop, &worker->due);
}

static void
on_due(EV_P_ ev_timer *timer, int revents)
{
	(void)loop, (void)revents;
	begin_due(timer->data);
}

static bool
take_orders(struct worker *worker, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_name name;
	struct order order;
	bool near;

	if (message_kind(packet, size) == MESSAGE_NAME) {
		if (!message_get_name(&in, &name, worker->config->target_count))
			return false;
		prober_recall(worker->prober, &name);
		return true;
	}
	if (message_kind(packet, size) == MESSAGE_LOOK) {
		if (!message_get_look(&in, &near))
			return false;
		references_ask(worker->references, near);
		return true;
	}
	if (message_kind(packet, size) != MESSAGE_ORDERS)
		return false;
	while (message_next_order(&in, &order, worker->config->target_count))
		if (!worker->stopping && !waiting_put(&worker->waiting, &order))
			duty_log(worker->duty, LOG_ERR, 0, "no memory for an order");
	return wire_is_whole(&in);
}

/* Whoever is at the other end next knows nothing of what was ordered here: it is ended without a
 * report. */
static void
hang_up(struct worker *worker)
{
	ev_io_stop(worker->loop, &worker->from_monitor);
	dispatch_turn_to(worker->dispatch, -1);
	waiting_clear(&worker->waiting);
	prober_interrupt(worker->prober, true);
	if (worker->monitor >= 0)
		close(worker->monitor);
	worker->monitor = -1;
}

static void
on_monitor(EV_P_ ev_io *io, int revents)
{
	static unsigned char packet[WIRE_MAX];
	struct worker *worker = io->data;

	(void)loop, (void)revents;
	if (!worker->heard) {
		struct wire_out out = wire_over(packet, sizeof packet);

		dispatch_turn_to(worker->dispatch, worker->monitor);
		message_put_sources(&out, worker->sources.said);
		dispatch_add(worker->dispatch, &out);
		worker->waiting_told = 0;
	}
	worker->heard = true;
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		ssize_t size = packet_read(worker->monitor, packet, sizeof packet, NULL);

		if (size < 0)
			break;
		if (size == 0 || !take_orders(worker, packet, (size_t)size)) {
			if (size > 0)
				duty_blame(worker->duty, DUTY_MONITOR, 0, "to a prober");
			hang_up(worker);
			return;
		}
	}
	begin_due(worker);
}

/* The parent */

/* A word that is malformed or of another duty ends the process: the parent is the same program,
 * and one of us is not what it should be. */
static bool
take_word(struct worker *worker, const void *packet, size_t size, int passed)
{
	struct wire_in in = wire_from(packet, size);
	struct message_link link;
	struct message_stop stop;
	struct message_account account;

	switch (message_kind(packet, size)) {
	case MESSAGE_LINK:
		if (passed < 0 || !message_get_link(&in, &link))
			return false;
		/* The runs of the link before end before the loop waits, and nobody hears of
		 * them: the dispatch turns to the new one with its first packet, which is a turn
		 * of the loop later. */
		hang_up(worker);
		worker->monitor = passed;
		worker->heard = false;
		ev_io_set(&worker->from_monitor, passed, EV_READ);
		ev_io_start(worker->loop, &worker->from_monitor);
		return true;
	case MESSAGE_STOP:
		if (!message_get_stop(&in, &stop))
			return false;
		worker->stopping = true;
		worker->stop_by = clock_mono() + stop.grace;
		worker->confirm_by = clock_mono() + stop.patience;
		waiting_clear(&worker->waiting);
		ev_timer_stop(worker->loop, &worker->due);
		ev_timer_again(worker->loop, &worker->stop);
		return true;
	case MESSAGE_ACCOUNT:
		return message_get_account(&in, &account, worker->config->target_count);
	default:
		return false;
	}
}

static void
on_parent(EV_P_ ev_io *io, int revents)
{
	struct worker *worker = io->data;
	unsigned char packet[2048];
	ssize_t size;
	int passed;

	(void)loop, (void)revents;
	while ((size = packet_read(worker->duty->parent, packet, sizeof packet, &passed)) > 0) {
		bool taken = take_word(worker, packet, (size_t)size, passed);

		if (!taken && passed >= 0)
			close(passed);
		if (!taken) {
			finish(worker, BROKEN);
			return;
		}
	}
	if (size == 0)
		finish(worker, BROKEN);
}

/* The parent measures by this that our loop turns: the time by which the timer came late is told
 * along. */
static void
on_heartbeat(EV_P_ ev_timer *timer, int revents)
{
	struct worker *worker = timer->data;
	int64_t now = clock_mono(), late = now - worker->beat_at - HEARTBEAT;
	unsigned char bytes[16];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	assert(now >= worker->beat_at);
	(void)loop, (void)revents;
	worker->beat_at = now;
	duty_alive(worker->duty, &(struct message_alive){ .late_max = late > 0 ? late : 0,
		.done = worker->done,
		.in_hand = prober_active(worker->prober) });
	if (worker->waiting_told == prober_waiting(worker->prober)
	    || !dispatch_is_heard(worker->dispatch))
		return;
	worker->waiting_told = prober_waiting(worker->prober);
	message_put_waiting(&out, worker->waiting_told);
	dispatch_add(worker->dispatch, &out);
}

/* Until all is said and done, or the time is over. */
static void
on_stop(EV_P_ ev_timer *timer, int revents)
{
	struct worker *worker = timer->data;
	int64_t now = clock_mono();

	(void)loop, (void)revents;
	if (prober_active(worker->prober) > 0) {
		if (now >= worker->stop_by)
			prober_interrupt(worker->prober, now >= worker->confirm_by);
		if (now < worker->confirm_by + LAST_WORDS)
			return;
	}
	if (prober_lingers(worker->prober) && now < worker->confirm_by + LAST_WORDS)
		return;
	if (dispatch_flush(worker->dispatch) || now >= worker->confirm_by + LAST_WORDS)
		finish(worker, 0);
}

/* Birth */

static void
start(struct worker *worker)
{
	ev_io_init(&worker->from_parent, on_parent, worker->duty->parent, EV_READ);
	ev_init(&worker->from_monitor, on_monitor);
	ev_init(&worker->due, on_due);
	ev_init(&worker->heartbeat, on_heartbeat);
	ev_init(&worker->stop, on_stop);
	worker->from_parent.data = worker->from_monitor.data = worker;
	worker->due.data = worker->heartbeat.data = worker->stop.data = worker;
	worker->heartbeat.repeat = (double)HEARTBEAT * 1e-6;
	worker->stop.repeat = 0.02;
	worker->beat_at = clock_mono();
	ev_io_start(worker->loop, &worker->from_parent);
	ev_timer_again(worker->loop, &worker->heartbeat);
	worker->references
	    = references_create(worker->loop, worker->config, worker->prober->resolver,
	    on_references, worker);
}

static bool
prepare(struct worker *worker, struct reason *why)
{
	bool binds = false;
	struct rlimit descriptors;

	for (uint32_t i = 0; i < worker->config->target_count; i++)
		binds |= worker->config->targets[i].policy->has_source4
		    || worker->config->targets[i].policy->has_source6;
	struct sandbox_ports ports = { { 0 } };
	const struct sandbox sandbox = { .network = binds ? SANDBOX_CONNECTS_FROM
	                                                  : SANDBOX_CONNECTS,
		.ports = &ports,
		.limits = limits_of(DUTY_PROBER),
		.calls = CALLS_OF_PROBER | (binds ? CALL_BINDS : 0),
		.tell = duty_forbidden,
		.tell_to = worker->duty };
	int landlock;

	/* Connections are descriptors: all that we may have. */
	if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
		descriptors.rlim_cur = descriptors.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &descriptors);
	}
	/* gmtime_r(3), which OpenSSL calls, would read the zone's file when it is first called. */
	tzset();
	worker->loop = ev_loop_new(EVFLAG_AUTO);
	worker->dispatch = worker->loop != NULL ? dispatch_create(worker->loop) : NULL;
	if (worker->dispatch == NULL) {
		reason_set(why, "no event loop, or no memory");
		return false;
	}
	sources_init(&worker->sources, worker->config->state);
	worker->prober = prober_create(worker->loop, worker->config, &worker->sources, why);
	if (worker->prober == NULL)
		return false;
	if (worker->sources.unkept.text[0] != '\0')
		duty_log(worker->duty, LOG_WARNING, 0,
		    "without a copy to go on with if it is damaged: %s",
		    worker->sources.unkept.text);
	prober_set_page(worker->prober, worker->duty->page);
	prober_set_runner(worker->prober, worker->duty->gate);
	prober_hold_dates(worker->prober, worker->duty->index);
	ports_add_prober(&ports, worker->config);
	return sandbox_enter(&sandbox, &landlock, why);
}

int
prober_main(struct duty *duty)
{
	struct worker worker = { .duty = duty, .config = duty->config, .monitor = -1 };
	struct reason why;

	if (!prepare(&worker, &why)) {
		duty_log(duty, LOG_ERR, 0, "cannot begin: %s", why.text);
		return CANNOT_BEGIN;
	}
	start(&worker);
	duty_ready(duty);
	ev_run(worker.loop, 0);
	references_destroy(&worker.references);
	prober_destroy(&worker.prober);
	dispatch_destroy(&worker.dispatch);
	waiting_fini(&worker.waiting);
	if (worker.left_out > 0)
		duty_log(duty, LOG_WARNING, 0,
		    "the evidence of %llu runs found no room on its way",
		    (unsigned long long)worker.left_out);
	ev_loop_destroy(worker.loop);
	return worker.status;
}
