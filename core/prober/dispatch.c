/*
 * Sends reports and evidence to the monitor: one packet collects reports, and packets that the
 * socket does not take at once wait in a queue.
 */
#include "prober/dispatch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/duty.h"
#include "base/packet_queue.h"

/* What waits; the last part of it is for reports alone, which are nothing beside their evidence. */
enum { BYTES_MAX = 64 << 20, REPORTS_RESERVE = 8 << 20,
    EVIDENCE_BYTES_MAX = BYTES_MAX - REPORTS_RESERVE };

#define COLLECTING 0.020 /* seconds that a report waits for others to travel with */

struct dispatch {
	struct ev_loop *loop;
	int socket;
	ev_io room;               /* waits for the socket to take more */
	ev_timer collecting;
	struct packet_queue waiting;
	struct wire_out reports;  /* over `bytes`; size 0: none */
	unsigned char bytes[WIRE_MAX], evidence[WIRE_MAX];
};

static void
forget(struct dispatch *dispatch)
{
	packet_queue_clear(&dispatch->waiting);
	dispatch->reports = wire_over(dispatch->bytes, sizeof dispatch->bytes);
}

/* In order: nothing overtakes what waits. */
static bool
post(struct dispatch *dispatch, const void *bytes, size_t size, size_t max)
{
	assert(size > 0 && size <= WIRE_MAX && dispatch->waiting.bytes <= BYTES_MAX);
	if (dispatch->socket < 0)
		return false;
	if (packet_queue_is_empty(&dispatch->waiting)
	    && packet_send(dispatch->socket, bytes, size, -1))
		return true;
	if (dispatch->waiting.bytes + size > max
	    || !packet_queue_add(&dispatch->waiting, bytes, size, -1))
		return false;
	ev_io_start(dispatch->loop, &dispatch->room);
	return true;
}

static void
send_waiting(struct dispatch *dispatch)
{
	if (packet_queue_flush(&dispatch->waiting, dispatch->socket))
		ev_io_stop(dispatch->loop, &dispatch->room);
}

static void
on_room(EV_P_ ev_io *io, int revents)
{
	(void)loop, (void)revents;
	send_waiting(io->data);
}

static void
post_reports(struct dispatch *dispatch)
{
	ev_timer_stop(dispatch->loop, &dispatch->collecting);
	if (dispatch->reports.size > 0)
		(void)post(dispatch, dispatch->bytes, dispatch->reports.size, BYTES_MAX);
	dispatch->reports = wire_over(dispatch->bytes, sizeof dispatch->bytes);
}

static void
on_collected(EV_P_ ev_timer *timer, int revents)
{
	(void)loop, (void)revents;
	post_reports(timer->data);
}

/* It is made before there is a monitor: until a link comes, what is added goes to nobody. */
struct dispatch *
dispatch_create(struct ev_loop *loop)
{
	struct dispatch *dispatch = calloc(1, sizeof *dispatch);

	if (dispatch == NULL)
		return NULL;
	dispatch->loop = loop;
	dispatch->socket = -1;
	ev_init(&dispatch->room, on_room);
	ev_timer_init(&dispatch->collecting, on_collected, COLLECTING, 0.);
	dispatch->room.data = dispatch->collecting.data = dispatch;
	forget(dispatch);
	return dispatch;
}

void
dispatch_destroy(struct dispatch **held)
{
	if (*held == NULL)
		return;
	dispatch_turn_to(*held, -1);
	free(*held);
	*held = NULL;
}

void
dispatch_turn_to(struct dispatch *dispatch, int socket)
{
	ev_io_stop(dispatch->loop, &dispatch->room);
	ev_timer_stop(dispatch->loop, &dispatch->collecting);
	forget(dispatch);
	dispatch->socket = socket;
	if (socket >= 0)
		ev_io_set(&dispatch->room, socket, EV_WRITE);
}

bool
dispatch_is_heard(const struct dispatch *dispatch)
{
	return dispatch->socket >= 0;
}

/* What is collected goes first only where it belongs before: reports may wait, evidence must not
 * come after its own. */
bool
dispatch_add_evidence(struct dispatch *dispatch, const struct message_evidence *evidence)
{
	struct wire_out out = wire_over(dispatch->evidence, sizeof dispatch->evidence);

	message_put_evidence(&out, evidence);
	return !out.bad && post(dispatch, out.bytes, out.size, EVIDENCE_BYTES_MAX);
}

void
dispatch_add_report(struct dispatch *dispatch, const struct report *report)
{
	if (dispatch->socket < 0)
		return;
	if (dispatch->reports.size == 0)
		message_begin(&dispatch->reports, MESSAGE_REPORTS);
	if (!message_add_report(&dispatch->reports, report)) {
		post_reports(dispatch);
		message_begin(&dispatch->reports, MESSAGE_REPORTS);
		(void)message_add_report(&dispatch->reports, report);
	}
	if (!ev_is_active(&dispatch->collecting)) {
		ev_timer_set(&dispatch->collecting, COLLECTING, 0.);
		ev_timer_start(dispatch->loop, &dispatch->collecting);
	}
}

void
dispatch_add_name(struct dispatch *dispatch, const struct message_name *name)
{
	unsigned char bytes[1024];
	struct wire_out out = wire_over(bytes, sizeof bytes);

	message_put_name(&out, name);
	(void)post(dispatch, bytes, out.size, EVIDENCE_BYTES_MAX);
}

void
dispatch_add(struct dispatch *dispatch, const struct wire_out *message)
{
	assert(!message->bad && message->size > 0);
	(void)post(dispatch, message->bytes, message->size, BYTES_MAX);
}

bool
dispatch_flush(struct dispatch *dispatch)
{
	post_reports(dispatch);
	if (dispatch->socket >= 0)
		send_waiting(dispatch);
	return packet_queue_is_empty(&dispatch->waiting);
}
