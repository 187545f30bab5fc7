/*
 * For the prober: after we have closed our side of a connection, waits up to 200 ms for the peer to
 * close its own, so that its log has no reset by us. All connections wait for the same time, so one
 * queue and one timer are enough.
 */
#include "prober/linger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	LINGER_MICROS = 200 * MILLISECOND,
	LINGER_BYTES = 64 * 1024 /* a peer that says more than this has not understood that we
	                          * are gone */
};

struct lingering {
	struct lingers *home;
	TAILQ_ENTRY(lingering) link; /* in the line, or among the free ones */
	ev_io io;
	int64_t until;
	uint32_t received;
};

struct lingers {
	struct ev_loop *loop;
	ev_timer timer;
	uint32_t count;
	TAILQ_HEAD(lingering_list, lingering) line, free;
	struct lingering items[];
};

static void
let_go(struct lingering *linger)
{
	struct lingers *home = linger->home;

	assert(home->count > 0 && !TAILQ_EMPTY(&home->line));
	ev_io_stop(home->loop, &linger->io);
	close(linger->io.fd);
	TAILQ_REMOVE(&home->line, linger, link);
	TAILQ_INSERT_HEAD(&home->free, linger, link);
	home->count--;
}

static void
arm(struct lingers *lingers)
{
	ev_timer_stop(lingers->loop, &lingers->timer);
	if (TAILQ_EMPTY(&lingers->line))
		return;
	int64_t left = TAILQ_FIRST(&lingers->line)->until - clock_mono();
	ev_timer_set(&lingers->timer, left > 0 ? (double)left * 1e-6 : 0., 0.);
	ev_timer_start(lingers->loop, &lingers->timer);
}

static void
on_time(EV_P_ ev_timer *timer, int revents)
{
	struct lingers *lingers = timer->data;
	int64_t now = clock_mono();

	(void)loop, (void)revents;
	while (!TAILQ_EMPTY(&lingers->line) && TAILQ_FIRST(&lingers->line)->until <= now)
		let_go(TAILQ_FIRST(&lingers->line));
	arm(lingers);
}

static void
on_ready(EV_P_ ev_io *io, int revents)
{
	struct lingering *linger = io->data;
	struct lingers *home = linger->home;
	char bytes[4096];

	(void)loop, (void)revents;
	ssize_t got = recv(io->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (got > 0)
		linger->received += (uint32_t)got;
	if ((got > 0 && linger->received <= LINGER_BYTES)
	    || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	let_go(linger);
	if (TAILQ_EMPTY(&home->line))
		ev_timer_stop(home->loop, &home->timer);
}

struct lingers *
lingers_create(struct ev_loop *loop, uint32_t most)
{
	struct lingers *lingers = calloc(1, sizeof *lingers + most * sizeof lingers->items[0]);

	assert(most > 0);
	if (lingers == NULL)
		return NULL;
	lingers->loop = loop;
	ev_timer_init(&lingers->timer, on_time, 0., 0.);
	lingers->timer.data = lingers;
	TAILQ_INIT(&lingers->line);
	TAILQ_INIT(&lingers->free);
	for (uint32_t i = 0; i < most; i++) {
		lingers->items[i].home = lingers;
		TAILQ_INSERT_HEAD(&lingers->free, &lingers->items[i], link);
	}
	return lingers;
}

void
lingers_destroy(struct lingers **held)
{
	struct lingers *lingers = *held;

	if (lingers == NULL)
		return;
	while (!TAILQ_EMPTY(&lingers->line))
		let_go(TAILQ_FIRST(&lingers->line));
	ev_timer_stop(lingers->loop, &lingers->timer);
	free(lingers);
	*held = NULL;
}

/* A full table lets go of the one that has waited longest: its peer had the most time. */
void
lingers_add(struct lingers *lingers, int fd)
{
	assert(TAILQ_EMPTY(&lingers->line) == (lingers->count == 0));
	if (TAILQ_EMPTY(&lingers->free))
		let_go(TAILQ_FIRST(&lingers->line));
	struct lingering *linger = TAILQ_FIRST(&lingers->free);

	TAILQ_REMOVE(&lingers->free, linger, link);
	TAILQ_INSERT_TAIL(&lingers->line, linger, link);
	lingers->count++;
	linger->received = 0;
	linger->until = clock_mono() + LINGER_MICROS;
	ev_io_init(&linger->io, on_ready, fd, EV_READ);
	linger->io.data = linger;
	ev_io_start(lingers->loop, &linger->io);
	if (!ev_is_active(&lingers->timer))
		arm(lingers);
}

uint32_t
lingers_count(const struct lingers *lingers)
{
	return lingers->count;
}
