/*
 * What waits for the keeper. The monitor waits for nobody, so a keeper that is slow or dead lets this grow: changes are
 * never dropped and are kept until they are safe; states wait as a mark on their target, so that the last one counts;
 * evidence and results have a bound, and what is beyond it is counted.
 */
#include "monitor/control.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "monitor/pace.h"
#include "monitor/pauses.h"

enum { EVIDENCE_WAITING_MAX = 32 * 1024 * 1024, RESULTS_WAITING_MAX = 4 * 1024 * 1024,
	EVIDENCE_UNSAFE_MAX = 4 * 1024 * 1024, RECORD_MAX = 24 * 1024 };

struct parcel {
	struct parcel *next;
	uint64_t change; /* its number, 0: it is none */
	uint32_t size;
	unsigned char bytes[];
};

bool
outbox_init(struct monitor *monitor)
{
	struct outbox *outbox = &monitor->outbox;

	*outbox = (struct outbox){ .fd = -1 };
	outbox->last = &outbox->first;
	outbox->unsafe_last = &outbox->unsafe;
	outbox->dirty = malloc((monitor->config->target_count + 1) * sizeof *outbox->dirty);
	outbox->result_bytes = malloc(WIRE_MAX);
	outbox->results = wire_over(outbox->result_bytes, WIRE_MAX);
	return outbox->dirty != NULL && outbox->result_bytes != NULL;
}

static void
free_all(struct parcel *parcel)
{
	while (parcel != NULL) {
		struct parcel *next = parcel->next;
		free(parcel);
		parcel = next;
	}
}

void
outbox_fini(struct monitor *monitor)
{
	struct outbox *outbox = &monitor->outbox;

	free_all(outbox->first);
	free_all(outbox->unsafe);
	free(outbox->dirty);
	free(outbox->result_bytes);
	if (outbox->last != NULL && outbox->fd >= 0)
		close(outbox->fd);
	*outbox = (struct outbox){ .fd = -1 };
}

static void
append(struct parcel *parcel, struct parcel ***last)
{
	parcel->next = NULL;
	**last = parcel;
	*last = &parcel->next;
}

static bool
add(struct parcel ***last, const void *bytes, size_t size, uint64_t change)
{
	struct parcel *parcel = malloc(sizeof *parcel + size);

	if (parcel == NULL)
		return false;
	*parcel = (struct parcel){ .change = change, .size = (uint32_t)size };
	memcpy(parcel->bytes, bytes, size);
	append(parcel, last);
	return true;
}

static bool
put(struct outbox *outbox, const void *bytes, size_t size, uint64_t change)
{
	bool added = add(&outbox->last, bytes, size, change);

	outbox->bytes += added ? size : 0;
	return added;
}

void
outbox_put_change(struct monitor *monitor, const struct message_change *change)
{
	unsigned char packet[16 * 1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_change(&out, change);
	assert(!out.bad);
	if (put(&monitor->outbox, packet, out.size, change->number))
		return;
	/* The state has moved: with it lost, too, the next monitor learns the same again from what the keeper has. */
	duty_log(monitor->duty, LOG_CRIT, 0, "monitor: no memory to pass on a change: it ends, and the next one goes on from what is kept: "
	    "%.*s", (int)change->text.size, change->text.data);
	_exit(EX_OSERR);
}

void
outbox_put_evidence(struct monitor *monitor, const void *packet, size_t size)
{
	struct outbox *outbox = &monitor->outbox;

	if (outbox->bytes + size > EVIDENCE_WAITING_MAX || !put(outbox, packet, size, 0))
		outbox->evidence_dropped++;
}

/* As the keeper is told it. */
static int64_t
interval_of(const struct monitor *monitor, uint32_t target)
{
	const struct target_state *state = &monitor->targets[target].state;

	if (state->flags & TARGET_QUARANTINED)
		return INTERVAL_NONE;
	return state->doubled > 0 ? pace_interval(state, monitor->config->targets[target].policy) : 0;
}

static bool
put_state(struct monitor *monitor, uint32_t target, struct wire_out *out)
{
	unsigned char record[RECORD_MAX];
	struct wire_out state = wire_over(record, sizeof record);

	if (target == CONFIG_NONE)
		own_record_encode(monitor, &state);
	else
		watch_encode(monitor, target, &state);
	message_put_state(out, &(struct message_state){ target, { (const char *)record, state.size },
	    target == CONFIG_NONE ? 0 : interval_of(monitor, target) });
	return !state.bad && !out->bad;
}

void
outbox_put_state(struct monitor *monitor, uint32_t target)
{
	unsigned char packet[RECORD_MAX + 16];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (!put_state(monitor, target, &out) || !put(&monitor->outbox, packet, out.size, 0))
		outbox_mark(monitor, target);
}

void
outbox_mark(struct monitor *monitor, uint32_t target)
{
	if (target == CONFIG_NONE) {
		monitor->outbox.own_dirty = true;
		return;
	}
	struct watched *watched = &monitor->targets[target];
	if (watched->flags & WATCHED_DIRTY)
		return;
	watched->flags |= WATCHED_DIRTY;
	monitor->outbox.dirty[monitor->outbox.dirty_count++] = target;
}

static void
pack_results(struct outbox *outbox)
{
	if (outbox->results.size > 0 && !put(outbox, outbox->result_bytes, outbox->results.size, 0))
		outbox->results_dropped++;
	outbox->results = wire_over(outbox->result_bytes, WIRE_MAX);
}

void
outbox_put_result(struct monitor *monitor, const struct report *report)
{
	struct outbox *outbox = &monitor->outbox;

	if (outbox->bytes > RESULTS_WAITING_MAX) {
		outbox->results_dropped++;
		return;
	}
	if (outbox->results.size == 0)
		message_begin_results(&outbox->results);
	if (message_add_report(&outbox->results, report))
		return;
	pack_results(outbox);
	message_begin_results(&outbox->results);
	(void)message_add_report(&outbox->results, report);
}

static bool
is_evidence(const struct parcel *parcel)
{
	return message_kind(parcel->bytes, parcel->size) == MESSAGE_EVIDENCE;
}

/* The oldest evidence goes where too much of it has been sent since the keeper last said that something is safe. */
static void
forget_evidence(struct outbox *outbox)
{
	struct parcel **link = &outbox->unsafe;

	while (outbox->unsafe_bytes > EVIDENCE_UNSAFE_MAX && *link != NULL) {
		struct parcel *parcel = *link;
		if (parcel->change != 0) {
			link = &parcel->next;
			continue;
		}
		outbox->unsafe_bytes -= parcel->size;
		*link = parcel->next;
		if (outbox->unsafe_last == &parcel->next)
			outbox->unsafe_last = link;
		free(parcel);
	}
}

/* What the socket takes now of what waits; true where nothing is left. */
static bool
send_parcels(struct outbox *outbox)
{
	struct parcel *parcel;

	while ((parcel = outbox->first) != NULL) {
		if (!packet_send(outbox->fd, parcel->bytes, parcel->size, -1))
			return false;
		outbox->bytes -= parcel->size;
		outbox->first = parcel->next;
		if (outbox->first == NULL)
			outbox->last = &outbox->first;
		/* A change is nothing without its evidence: who has to be told again is told both. */
		if (is_evidence(parcel))
			outbox->unsafe_bytes += parcel->size;
		if (parcel->change != 0 || is_evidence(parcel))
			append(parcel, &outbox->unsafe_last);
		else
			free(parcel);
		forget_evidence(outbox);
	}
	return true;
}

static bool
send_own(struct monitor *monitor)
{
	unsigned char packet[RECORD_MAX + 16];
	struct wire_out out = wire_over(packet, sizeof packet);

	return !put_state(monitor, CONFIG_NONE, &out) || packet_send(monitor->outbox.fd, packet, out.size, -1);
}

static void
send_states(struct monitor *monitor)
{
	struct outbox *outbox = &monitor->outbox;
	unsigned char packet[RECORD_MAX + 16];

	if (outbox->own_dirty && !send_own(monitor))
		return;
	outbox->own_dirty = false;
	while (outbox->dirty_count > 0) {
		uint32_t target = outbox->dirty[outbox->dirty_count - 1];
		struct wire_out out = wire_over(packet, sizeof packet);
		if (put_state(monitor, target, &out) && !packet_send(outbox->fd, packet, out.size, -1))
			return;
		outbox->dirty_count--;
		monitor->targets[target].flags = (uint8_t)(monitor->targets[target].flags & ~WATCHED_DIRTY);
	}
}

void
outbox_flush(struct monitor *monitor, bool results)
{
	struct outbox *outbox = &monitor->outbox;

	if (outbox->fd < 0 || !monitor->begun)
		return;
	if (results || monitor->stopping)
		pack_results(outbox);
	if (send_parcels(outbox))
		send_states(monitor);
}

bool
outbox_is_empty(const struct monitor *monitor)
{
	const struct outbox *outbox = &monitor->outbox;

	return outbox->first == NULL && outbox->dirty_count == 0 && !outbox->own_dirty && outbox->results.size == 0;
}

void
outbox_lost(struct monitor *monitor)
{
	struct outbox *outbox = &monitor->outbox;

	if (outbox->fd >= 0)
		close(outbox->fd);
	outbox->fd = -1;
	if (monitor->control != NULL)
		control_keeper_lost(monitor->control);
}

bool
outbox_ask(struct monitor *monitor, const struct message_ask *ask)
{
	struct outbox *outbox = &monitor->outbox;
	unsigned char packet[8 * 1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (outbox->fd < 0 || !monitor->begun || monitor->stopping || !send_parcels(outbox))
		return false;
	message_put_ask(&out, ask);
	return !out.bad && packet_send(outbox->fd, packet, out.size, -1);
}

void
outbox_linked(struct monitor *monitor, int fd)
{
	struct outbox *outbox = &monitor->outbox;

	outbox_lost(monitor);
	outbox->fd = fd;
	monitor->health.next = 0;
	pauses_doubt(monitor);
	if (!monitor->begun) { /* what a keeper has said that was lost before it had said all counts for nothing */
		watch_forget(monitor);
		free_all(outbox->unsafe);
		outbox->unsafe = NULL;
		outbox->unsafe_last = &outbox->unsafe;
	}
	if (outbox->unsafe != NULL) { /* the next keeper may not have them: again, before all that is newer */
		*outbox->unsafe_last = outbox->first;
		for (struct parcel *parcel = outbox->unsafe; parcel != outbox->first; parcel = parcel->next)
			outbox->bytes += parcel->size;
		if (outbox->first == NULL)
			outbox->last = outbox->unsafe_last;
		outbox->first = outbox->unsafe;
		outbox->unsafe = NULL;
		outbox->unsafe_last = &outbox->unsafe;
		outbox->unsafe_bytes = 0;
	}
	for (uint32_t i = 0; monitor->begun && i < monitor->config->target_count; i++)
		if (monitor->targets[i].state.state != STATE_PENDING)
			outbox_mark(monitor, i);
	if (monitor->begun)
		outbox_mark(monitor, CONFIG_NONE);
}

static bool
is_change(const struct parcel *parcel, uint32_t target, uint64_t number, uint32_t targets)
{
	struct wire_in in = wire_from(parcel->bytes, parcel->size);
	struct message_change change;

	return parcel->change != 0 && message_get_change(&in, &change, targets) && change.target == target
	    && change.change == number;
}

bool
outbox_has_change(const struct monitor *monitor, uint32_t target, uint64_t number)
{
	const struct parcel *const lists[] = { monitor->outbox.unsafe, monitor->outbox.first };

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		for (const struct parcel *parcel = lists[i]; parcel != NULL; parcel = parcel->next)
			if (is_change(parcel, target, number, monitor->config->target_count))
				return true;
	return false;
}

bool
outbox_take_committed(struct outbox *outbox, struct wire_in *in)
{
	const struct parcel *last = NULL;
	uint64_t number;

	if (!message_get_committed(in, &number))
		return false;
	for (const struct parcel *parcel = outbox->unsafe; parcel != NULL && parcel->change <= number; parcel = parcel->next)
		if (parcel->change != 0)
			last = parcel;
	/* And the evidence that went before it. */
	while (last != NULL) {
		struct parcel *parcel = outbox->unsafe;
		if (parcel == last)
			last = NULL;
		if (parcel->change == 0)
			outbox->unsafe_bytes -= parcel->size;
		outbox->unsafe = parcel->next;
		if (outbox->unsafe == NULL)
			outbox->unsafe_last = &outbox->unsafe;
		free(parcel);
	}
	return true;
}

bool
outbox_take_handed(struct monitor *monitor, struct wire_in *in)
{
	struct message_change change;

	if (!message_get_change(in, &change, monitor->config->target_count) || change.number == 0 || change.number > CHANGES_HANDED_MAX)
		return false;
	/* We may have begun without it, and said what is newer. */
	struct outbox *outbox = &monitor->outbox;
	struct parcel **behind = &outbox->unsafe, *newer;
	while (monitor->begun && *behind != NULL && (*behind)->change != 0 && (*behind)->change <= CHANGES_HANDED_MAX)
		behind = &(*behind)->next;
	if (!monitor->begun)
		behind = outbox->unsafe_last;
	newer = *behind;
	if (!add(&behind, in->bytes, in->size, change.number)) {
		duty_log(monitor->duty, LOG_ERR, 0, "out of memory: a change that is not safe is left to the keeper");
		return true;
	}
	*behind = newer;
	if (newer == NULL)
		outbox->unsafe_last = behind;
	return true;
}
