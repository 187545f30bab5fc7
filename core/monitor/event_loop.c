/*
 * The monitor process: its entry, its event loop (libev), and the reading of its sockets to the
 * parent, the probers, the keeper and the clients of the control socket. The monitor without its
 * loop is monitor.c.
 *
 * Of each socket some packets are read a turn, so that a process which sends many keeps no other
 * waiting.
 */
#include "monitor/event_loop.h"

#include <ev.h>
#include <stdlib.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "monitor/control.h"
#include "monitor/keeper_messages.h"
#include "monitor/monitor.h"
#include "monitor/own_faults.h"
#include "monitor/prober_messages.h"

enum { PACKETS_A_TURN = 64, CANNOT_BEGIN = 71, BROKEN = 70 };
static const int64_t keeper_patience = 30 * (int64_t)SECOND;

struct process {
	struct ev_loop *loop;
	struct monitor *monitor;
	ev_timer tick;
	ev_io parent, keeper, *probers;
	uint32_t prober_count; /* config->probers, and those for targets that are run apart */
	int64_t expected;    /* when the tick was to come */
	int64_t late_max, alive_due, born, stop_by;
	int status;          /* >= 0: the end */
	unsigned char packet[WIRE_MAX];
};

static void
finish(struct process *process, int status)
{
	process->status = status;
	ev_break(process->loop, EVBREAK_ALL);
}

static void
set_now(struct process *process)
{
	process->monitor->watch.now = clock_mono();
}

static void
end_event(struct process *process, bool tick)
{
	monitor_flush(process->monitor, tick);
	if (process->stop_by != 0 && monitor_is_done(process->monitor))
		finish(process, 0);
}

static void
lose_prober(struct process *process, uint32_t index)
{
	ev_io_stop(process->loop, &process->probers[index]);
	orders_lost(process->monitor->orders, index);
}

/* A prober or the keeper has said something. Whoever says what cannot be is lost to us, and the
 * parent is told whose word it was. */
static void
on_link(EV_P_ ev_io *io, int events)
{
	struct process *process = ev_userdata(EV_A);
	struct monitor *monitor = process->monitor;
	bool is_keeper = io == &process->keeper;
	uint32_t index = is_keeper ? 0 : (uint32_t)(io - process->probers);

	(void)events;
	set_now(process);
	for (int i = 0; i < PACKETS_A_TURN && ev_is_active(io); i++) {
		ssize_t size = packet_read(io->fd, process->packet, sizeof process->packet, NULL);
		if (size < 0)
			break;
		if (size > 0
		    && (is_keeper
		            ? keeper_messages_take(monitor, process->packet, (size_t)size)
		            : prober_messages_take(monitor, index, process->packet, (size_t)size)))
			continue;
		if (size > 0)
			duty_blame(monitor->watch.duty, is_keeper ? DUTY_KEEPER : DUTY_PROBER,
			    index, "to the monitor");
		if (!is_keeper) {
			lose_prober(process, index);
			continue;
		}
		ev_io_stop(EV_A_ io);
		keeper_messages_lost(monitor);
	}
	end_event(process, false);
}

/* A new link may come before the end of the old one was seen: the old one ends here. */
static bool
take_link(struct process *process, struct wire_in *in, int fd)
{
	struct message_link link;

	if (fd < 0 || !message_get_link(in, &link))
		return false;
	if (link.duty == DUTY_KEEPER) {
		ev_io_stop(process->loop, &process->keeper);
		keeper_messages_linked(process->monitor, fd);
		ev_io_set(&process->keeper, fd, EV_READ);
		ev_io_start(process->loop, &process->keeper);
		return true;
	}
	if (link.duty != DUTY_PROBER || link.index >= process->prober_count)
		return false;
	lose_prober(process, link.index);
	orders_linked(process->monitor->orders, link.index, fd);
	ev_io_set(&process->probers[link.index], fd, EV_READ);
	ev_io_start(process->loop, &process->probers[link.index]);
	return true;
}

/* What the parent says. `fd` came along, and is closed where nobody takes it. */
static bool
hear_parent(struct process *process, size_t size, int fd)
{
	struct monitor *monitor = process->monitor;
	struct wire_in in = wire_from(process->packet, size);
	struct message_account account;
	struct message_limit limit;
	struct message_stop stop;
	bool taken = false;

	switch (message_kind(process->packet, size)) {
	case MESSAGE_LINK:
		if (take_link(process, &in, fd))
			return true;
		break;
	case MESSAGE_STOP:
		if (!(taken = message_get_stop(&in, &stop)))
			break;
		process->stop_by = monitor->watch.now + stop.patience;
		monitor_stop(monitor);
		break;
	case MESSAGE_ACCOUNT:
		taken = message_get_account(&in, &account, monitor->watch.config->target_count);
		if (taken)
			held_targets_take(monitor, &account);
		break;
	case MESSAGE_LIMIT:
		taken = message_get_limit(&in, &limit);
		if (taken)
			own_faults_note_limit(monitor, limit.text);
		break;
	case MESSAGE_ANSWER:
		taken = keeper_messages_take_answer(monitor, &in);
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
	return taken;
}

static void
on_parent(EV_P_ ev_io *io, int events)
{
	struct process *process = ev_userdata(EV_A);

	(void)events;
	set_now(process);
	for (int i = 0; i < PACKETS_A_TURN && process->status < 0; i++) {
		int fd = -1;
		ssize_t size = packet_read(io->fd, process->packet, sizeof process->packet, &fd);
		if (size < 0)
			break;
		if (size == 0 || !hear_parent(process, (size_t)size, fd))
			finish(process, BROKEN);
	}
	end_event(process, false);
}

static void
on_tick(EV_P_ ev_timer *timer, int events)
{
	struct process *process = ev_userdata(EV_A);
	struct monitor *monitor = process->monitor;

	(void)events;
	set_now(process);
	if (monitor->watch.now - process->expected > process->late_max)
		process->late_max = monitor->watch.now - process->expected;
	/* A keeper whose disk is sick must not keep us from watching: what it knows is then not
	 * known. */
	if (!monitor->watch.begun && monitor->watch.now - process->born >= keeper_patience) {
		duty_log(monitor->watch.duty, LOG_ERR, 0,
		    "the keeper has not said for 30 s what it knows: all targets begin anew");
		monitor_begin(monitor);
	}
	monitor_tick(monitor);
	if (monitor->watch.now >= process->alive_due) {
		duty_alive(monitor->watch.duty,
		    &(struct message_alive){ .late_max = process->late_max,
			.done = monitor->activity.runs_ever,
			.late = monitor->activity.health.told_late,
			.blind = blind_is_known(&monitor->own.blind) });
		process->late_max = 0;
		process->alive_due = monitor->watch.now + SECOND;
	}
	end_event(process, true);
	if (process->stop_by != 0 && monitor->watch.now >= process->stop_by)
		finish(process, 0);
	/* On the grid of ticks, whatever this one cost. */
	process->expected = (clock_mono() / TICK + 1) * TICK;
	ev_timer_set(timer, (double)(process->expected - clock_mono()) / SECOND, 0.);
	ev_now_update(EV_A);
	ev_timer_start(EV_A_ timer);
}

static bool
prepare(struct process *process, struct duty *duty, struct reason *why)
{
	const struct sandbox sandbox = { .network = SANDBOX_NO_TCP,
		.calls = CALLS_OF_MONITOR,
		.limits = limits_of(DUTY_MONITOR),
		.tell = duty_forbidden,
		.tell_to = duty };
	uint32_t seed = 1;
	int landlock;

	(void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
	/* timegm(3), by which dates of certificates are read, would read the zone's file when it is
	 * first called. */
	tzset();
	process->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	process->monitor = monitor_create(duty, clock_mono(), seed);
	process->prober_count = duty->config->probers + PROBERS_APART;
	process->probers = calloc(process->prober_count, sizeof *process->probers);
	if (process->loop == NULL || process->monitor == NULL || process->probers == NULL) {
		reason_set(why, "no memory");
		return false;
	}
	ev_set_userdata(process->loop, process);
	for (uint32_t i = 0; i < process->prober_count; i++)
		ev_init(&process->probers[i], on_link);
	ev_init(&process->keeper, on_link);
	ev_io_init(&process->parent, on_parent, duty->parent, EV_READ);
	ev_io_start(process->loop, &process->parent);
	ev_timer_init(&process->tick, on_tick, 0., 0.);
	ev_timer_start(process->loop, &process->tick);
	process->monitor->control = control_create(process->loop, process->monitor, why);
	if (process->monitor->control == NULL)
		duty_log(duty, LOG_ERR, 0, "nobody can ask for anything: %s", why->text);
	return sandbox_enter(&sandbox, &landlock, why);
}

int
monitor_main(struct duty *duty)
{
	struct process *process = calloc(1, sizeof *process);
	struct reason why;

	if (process == NULL || !prepare(process, duty, &why)) {
		duty_log(duty, LOG_ERR, 0, "monitor: cannot begin: %s",
		    process == NULL ? "no memory" : why.text);
		return CANNOT_BEGIN;
	}
	process->status = -1;
	process->born = process->expected = clock_mono();
	duty_ready(duty);
	ev_run(process->loop, 0);
	int status = process->status < 0 ? BROKEN : process->status;
	control_destroy(&process->monitor->control);
	monitor_destroy(&process->monitor);
	ev_loop_destroy(process->loop);
	free(process->probers);
	free(process);
	return status;
}
