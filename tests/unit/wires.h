/* What the tests of streams share: one loop, a listener on the loopback interface, and a stream that notes what it is
 * told. The peer is played by plain calls on the accepted socket. */
#ifndef TESTS_WIRES_H
#define TESTS_WIRES_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prober/stream.h"

struct wire {
	struct ev_loop *loop;
	struct stream stream;
	struct close_reason reason;
	int listener, peer; /* -1: none */
	struct address at;
	int connected, secured, ended;
	char data[256 * 1024];
	size_t size;
	int calls;                          /* of on_data */
	void (*on_connected)(struct wire *); /* NULL: nothing more */
	void (*on_data)(struct wire *);
	void (*on_end)(struct wire *);
};

static inline void
wire_connected(void *owner)
{
	struct wire *wire = owner;

	wire->connected++;
	if (wire->on_connected != NULL)
		wire->on_connected(wire);
}

static inline void
wire_data(void *owner, const char *bytes, size_t size)
{
	struct wire *wire = owner;

	assert_true(wire->size + size <= sizeof wire->data);
	memcpy(wire->data + wire->size, bytes, size);
	wire->size += size;
	wire->calls++;
	if (wire->on_data != NULL)
		wire->on_data(wire);
}

static inline void
wire_secured(void *owner)
{
	((struct wire *)owner)->secured++;
}

static inline void
wire_ended(void *owner, const struct close_reason *reason)
{
	struct wire *wire = owner;

	wire->ended++;
	wire->reason = *reason;
	if (wire->on_end != NULL)
		wire->on_end(wire);
}

static const struct stream_events wire_events = { .on_connected = wire_connected, .on_data = wire_data,
	.on_tls = wire_secured, .on_end = wire_ended };

/* A port on `literal` that listens, with so many places in its queue. */
static inline int
wire_listen(const char *literal, int backlog, struct address *at)
{
	int on = 1;
	socklen_t size = sizeof *at;

	assert_true(address_parse(literal, 0, at));
	int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(fd, &at->any, address_length(at)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, &at->any, &size), 0);
	return fd;
}

static inline struct wire *
wire_create(const char *literal)
{
	struct wire *wire = calloc(1, sizeof *wire);

	wire->loop = ev_loop_new(0);
	wire->listener = wire_listen(literal, 16, &wire->at);
	wire->peer = -1;
	stream_init(&wire->stream, wire->loop, &wire_events, wire);
	return wire;
}

static inline void
wire_destroy(struct wire *wire)
{
	stream_fini(&wire->stream);
	close(wire->listener);
	if (wire->peer != -1)
		close(wire->peer);
	ev_loop_destroy(wire->loop);
	free(wire);
}

static inline void
wire_late(EV_P_ ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	fail_msg("nothing happened for 20 s");
}

/* Turns the loop until `*what` is at least `wanted`; a guard ends a test that hangs. */
static inline void
wire_until(struct wire *wire, const int *what, int wanted)
{
	ev_timer guard;

	ev_timer_init(&guard, wire_late, 20, 0);
	ev_now_update(wire->loop);
	ev_timer_start(wire->loop, &guard);
	for (;;) {
		ev_invoke_pending(wire->loop); /* what was fed from outside the loop */
		if (*what >= wanted)
			break;
		ev_run(wire->loop, EVRUN_ONCE);
	}
	ev_timer_stop(wire->loop, &guard);
}

/* All that is there to do, without waiting. */
static inline void
wire_turn(struct wire *wire)
{
	for (int i = 0; i < 4; i++)
		ev_run(wire->loop, EVRUN_NOWAIT);
}

static inline void
wire_accept(struct wire *wire)
{
	wire->peer = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(wire->peer >= 0);
}

/* Connects and accepts; the connection stands for both. */
static inline void
wire_begin(struct wire *wire)
{
	struct close_reason reason;

	assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
	wire_accept(wire);
	wire_until(wire, &wire->connected, 1);
}

static inline void
wire_peer_says(struct wire *wire, const char *text)
{
	assert_int_equal(send(wire->peer, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

/* The peer closes; with a reset. */
static inline void
wire_peer_resets(struct wire *wire)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(setsockopt(wire->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	close(wire->peer);
	wire->peer = -1;
}

static inline void
wire_peer_closes(struct wire *wire)
{
	close(wire->peer);
	wire->peer = -1;
}

#endif
