/*
 * The keeper's process. It takes what the monitor decided, answers when it is safe, tells it in the log, and gives a
 * monitor that is born again all that is known. What is kept is kept in memory, and as long as this process lives; a
 * keeper that is born again hears all states from the monitor.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duty.h"
#include "base/sandbox.h"
#include "base/zone.h"
#include "config/config.h"
#include "keeper/cabinet.h"
#include "keeper/states.h"
#include "keeper/tell.h"

enum { PACKETS_A_TURN = 256, BROKEN = 70, CANNOT_BEGIN = 71, RUNS_MIN = 8, LINE_WAIT_MS = 1000 };

struct keeper {
	struct duty *duty;
	const struct config *config;
	struct zone *zone;
	struct cabinet *cabinet;
	struct states *states;
	int monitor;        /* -1: no link */
	bool recovering;    /* the monitor at the link is being told all states */
	uint32_t cursor;    /* the next of them */
	uint64_t committed, answered;
	uint64_t events;    /* numbers for the lines of a change */
	uint64_t results[PW_UNKNOWN + 1]; /* by verdict */
	uint64_t done;
	int64_t stop_by;    /* 0: not told to stop */
	int64_t next_alive, late_max;
	int status;         /* >= 0: the end */
};

/* Lines of a change come in bursts, and a keeper may wait where others may not: so none of them is lost. */
static void
log_line(void *arg, int level, const char *line)
{
	struct keeper *keeper = arg;
	struct pollfd parent = { .fd = keeper->duty->parent, .events = POLLOUT };

	poll(&parent, 1, LINE_WAIT_MS);
	duty_log(keeper->duty, level, keeper->events, "%s", line);
}

/* The runs whose evidence may still be wanted: a series that confirms down, one that confirms up, the last failure. */
static uint32_t
runs_wanted(const struct policy *policy)
{
	uint32_t runs = policy->tries + policy->recover_tries + 2;

	return runs < RUNS_MIN ? RUNS_MIN : runs < CHANGE_ATTEMPTS_MAX ? runs : CHANGE_ATTEMPTS_MAX;
}

static bool
take_evidence(struct keeper *keeper, struct wire_in *in)
{
	struct message_evidence evidence;

	if (!message_get_evidence(in, &evidence, keeper->config->target_count))
		return false;
	cabinet_put(keeper->cabinet, &evidence, in->bytes, in->size,
	    runs_wanted(keeper->config->targets[evidence.target].policy));
	return true;
}

static bool
take_change(struct keeper *keeper, struct wire_in *in)
{
	struct message_change change;

	if (!message_get_change(in, &change, keeper->config->target_count))
		return false;
	/* Without a kind nothing happened but that the reasons for silence are others. */
	if (change.kind[0] != '\0') {
		keeper->events++;
		tell_change(&change, keeper->cabinet, keeper->zone, log_line, keeper);
	}
	keeper->committed = change.number;
	keeper->done++;
	return true;
}

static bool
take_results(struct keeper *keeper, struct wire_in *in)
{
	struct report result;

	while (message_next_result(in, &result, keeper->config->target_count)) {
		keeper->results[result.verdict]++;
		keeper->done++;
		/* A result comes behind the changes of its run. */
		if (result.verdict == PW_OK)
			cabinet_settle(keeper->cabinet, result.target, result.run);
	}
	return wire_is_whole(in);
}

static bool
take_state(struct keeper *keeper, struct wire_in *in)
{
	struct message_state state;

	if (!message_get_state(in, &state, keeper->config->target_count))
		return false;
	if (!states_put(keeper->states, &state))
		duty_log(keeper->duty, LOG_ERR, 0, "keeper: no memory for the state of %s",
		    keeper->config->targets[state.target].name);
	return true;
}

static bool
take(struct keeper *keeper, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);

	switch (message_kind(packet, size)) {
	case MESSAGE_EVIDENCE:
		return take_evidence(keeper, &in);
	case MESSAGE_CHANGE:
		return take_change(keeper, &in);
	case MESSAGE_RESULTS:
		return take_results(keeper, &in);
	case MESSAGE_STATE:
		return take_state(keeper, &in);
	case MESSAGE_LINK:
	case MESSAGE_STOP:
	case MESSAGE_ACCOUNT:
	case MESSAGE_READY:
	case MESSAGE_ALIVE:
	case MESSAGE_LOG:
	case MESSAGE_ORDERS:
	case MESSAGE_REPORTS:
	case MESSAGE_REFERENCES:
	case MESSAGE_RECOVERED:
	case MESSAGE_COMMITTED:
	case MESSAGE_BLAME:
	case MESSAGE_LEG:
	case MESSAGE_NOTICE:
	case MESSAGE_RECEIPT:
	case MESSAGE_KINDS:
		break;
	}
	return false;
}

static void
hang_up(struct keeper *keeper)
{
	if (keeper->monitor >= 0)
		close(keeper->monitor);
	keeper->monitor = -1;
	keeper->recovering = false;
}

/* Reads up to `count` packets of the monitor's; true where there may be more. */
static bool
hear_monitor(struct keeper *keeper, int count)
{
	static unsigned char packet[WIRE_MAX];

	for (; count > 0 && keeper->monitor >= 0; count--) {
		ssize_t size = packet_read(keeper->monitor, packet, sizeof packet, NULL);

		if (size < 0)
			return false;
		if (size > 0 && take(keeper, packet, (size_t)size))
			continue;
		if (size > 0)
			duty_blame(keeper->duty, DUTY_MONITOR, 0, "to the keeper");
		hang_up(keeper);
	}
	return keeper->monitor >= 0;
}

/* Everything that is known, as fast as the monitor takes it; then that it was everything. */
static void
recover(struct keeper *keeper)
{
	static unsigned char packet[WIRE_MAX];
	struct message_state state;

	while (keeper->recovering) {
		struct wire_out out = wire_over(packet, sizeof packet);
		uint32_t cursor = keeper->cursor;
		bool more = states_next(keeper->states, &cursor, &state);

		if (more)
			message_put_state(&out, &state);
		else
			message_begin(&out, MESSAGE_RECOVERED);
		if (!packet_send(keeper->monitor, packet, out.size, -1))
			return;
		keeper->cursor = cursor;
		keeper->recovering = more;
	}
}

static void
answer(struct keeper *keeper)
{
	unsigned char packet[16];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (keeper->monitor < 0 || keeper->recovering || keeper->answered == keeper->committed)
		return;
	message_put_committed(&out, keeper->committed);
	if (packet_send(keeper->monitor, packet, out.size, -1))
		keeper->answered = keeper->committed;
}

/* The new link is another monitor's, but first the last words of the one before are taken. */
static void
take_link(struct keeper *keeper, int socket)
{
	while (hear_monitor(keeper, PACKETS_A_TURN))
		continue;
	hang_up(keeper);
	keeper->monitor = socket;
	keeper->recovering = true;
	keeper->cursor = 0;
	keeper->committed = keeper->answered = 0;
}

static bool
take_order(struct keeper *keeper, const void *packet, size_t size, int passed)
{
	struct wire_in in = wire_from(packet, size);
	struct message_link link;
	struct message_stop stop;

	if (message_kind(packet, size) == MESSAGE_LINK && passed >= 0 && message_get_link(&in, &link)) {
		take_link(keeper, passed);
		return true;
	}
	if (passed >= 0)
		close(passed);
	if (message_kind(packet, size) != MESSAGE_STOP || !message_get_stop(&in, &stop))
		return false;
	keeper->stop_by = clock_mono() + stop.grace;
	return true;
}

static void
hear_parent(struct keeper *keeper)
{
	unsigned char packet[1024];
	int passed;
	ssize_t size;

	while ((size = packet_read(keeper->duty->parent, packet, sizeof packet, &passed)) > 0) {
		if (!take_order(keeper, packet, (size_t)size, passed)) {
			keeper->status = BROKEN;
			return;
		}
	}
	if (size == 0)
		keeper->status = BROKEN;
}

static void
say_alive(struct keeper *keeper, int64_t now)
{
	if (now < keeper->next_alive)
		return;
	if (keeper->next_alive != 0 && now - keeper->next_alive > keeper->late_max)
		keeper->late_max = now - keeper->next_alive;
	duty_alive(keeper->duty, keeper->late_max, keeper->done);
	keeper->late_max = 0;
	keeper->next_alive = now + SECOND;
}

/* Told to stop, and either the monitor has said its last, or the time is over. */
static bool
may_end(const struct keeper *keeper, int64_t now)
{
	return keeper->stop_by != 0 && (keeper->monitor < 0 || now >= keeper->stop_by);
}

static void
turn(struct keeper *keeper)
{
	bool waits = keeper->recovering || keeper->answered != keeper->committed;
	struct pollfd polled[] = {
		{ .fd = keeper->duty->parent, .events = POLLIN },
		{ .fd = keeper->monitor, .events = waits ? POLLIN | POLLOUT : POLLIN },
	};
	int64_t now = clock_mono();
	int64_t until = keeper->stop_by != 0 && keeper->stop_by < keeper->next_alive ? keeper->stop_by : keeper->next_alive;

	poll(polled, 2, until > now ? (int)((until - now) / MILLISECOND) + 1 : 0);
	hear_parent(keeper);
	hear_monitor(keeper, PACKETS_A_TURN);
	if (keeper->monitor >= 0)
		recover(keeper);
	answer(keeper);
	say_alive(keeper, clock_mono());
}

static bool
prepare(struct keeper *keeper, struct reason *why)
{
	static const struct sandbox sandbox = { .network = SANDBOX_NO_TCP };
	const struct config *config = keeper->config;
	int landlock;

	keeper->zone = config->timezone == NULL ? zone_open_own() : zone_open(config->timezone, NULL);
	keeper->cabinet = cabinet_create(config->target_count, CABINET_BYTES_MAX);
	keeper->states = states_create(config->target_count);
	if (keeper->cabinet != NULL && keeper->states != NULL)
		return sandbox_enter(&sandbox, &landlock, why);
	reason_set(why, "no memory");
	return false;
}

int
keeper_main(struct duty *duty)
{
	struct keeper keeper = { .duty = duty, .config = duty->config, .monitor = -1, .status = -1 };
	struct reason why;

	if (!prepare(&keeper, &why)) {
		duty_log(duty, LOG_ERR, 0, "keeper: cannot begin: %s", why.text);
		return CANNOT_BEGIN;
	}
	duty_ready(duty);
	while (keeper.status < 0 && !may_end(&keeper, clock_mono()))
		turn(&keeper);
	if (cabinet_lost(keeper.cabinet) > 0)
		duty_log(duty, LOG_INFO, 0, "keeper: %llu legs of evidence gave way to younger ones",
		    (unsigned long long)cabinet_lost(keeper.cabinet));
	return keeper.status < 0 ? 0 : keeper.status;
}
