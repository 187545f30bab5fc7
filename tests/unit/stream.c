/* Streams in clear: connecting, both directions, every way to end, and callbacks that end the stream themselves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>

#include "wires.h"

static void
connects(void **state)
{
	static const char *const literals[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct wire *wire = wire_create(literals[i]);
		struct address local, seen;
		socklen_t size = sizeof seen;
		struct close_reason reason;

		assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
		assert_int_equal(wire->connected, 0); /* from the loop, never from the call */
		wire_accept(wire);
		wire_until(wire, &wire->connected, 1);
		assert_int_equal(wire->stream.io.events & (EV_READ | EV_WRITE), EV_READ);
		memset(&seen, 0, sizeof seen);
		assert_int_equal(getpeername(wire->peer, &seen.any, &size), 0);
		stream_local(&wire->stream, &local);
		assert_true(address_equal(&local, &seen));
		assert_int_equal(fcntl(wire->stream.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		wire_turn(wire);
		assert_int_equal(wire->connected, 1);
		assert_int_equal(wire->ended, 0);
		wire_destroy(wire);
	}
}

static void
comes_from_where_it_is_told(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct address source, seen;
	socklen_t size = sizeof seen;
	struct close_reason reason;

	(void)state;
	assert_true(address_parse("127.0.0.77", 0, &source));
	assert_true(stream_connect(&wire->stream, &wire->at, &source, &reason));
	wire_accept(wire);
	memset(&seen, 0, sizeof seen);
	assert_int_equal(getpeername(wire->peer, &seen.any, &size), 0);
	assert_int_equal(address_order(&seen, &source), 0);
	wire_destroy(wire);
}

static void
talks(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	char heard[16];

	(void)state;
	wire_begin(wire);
	wire_peer_says(wire, "220 mx\r\n");
	wire_until(wire, &wire->calls, 1);
	assert_memory_equal(wire->data, "220 mx\r\n", 8);
	stream_send(&wire->stream, "EHLO a\r\n", 8);
	assert_int_equal(recv(wire->peer, heard, sizeof heard, 0), 8);
	assert_memory_equal(heard, "EHLO a\r\n", 8);
	assert_int_equal(wire->stream.received, 8);
	assert_int_equal(wire->stream.sent, 8);
	assert_null(wire->stream.unsent.data);
	wire_destroy(wire);
}

static void
is_refused(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct close_reason reason;

	(void)state;
	close(wire->listener);
	if (stream_connect(&wire->stream, &wire->at, NULL, &reason)) {
		wire_until(wire, &wire->ended, 1);
		reason = wire->reason;
	}
	assert_int_equal(reason.end, STREAM_REFUSED);
	assert_int_equal(reason.error, ECONNREFUSED);
	assert_int_equal(wire->connected, 0);
	wire->listener = dup(0);
	wire_destroy(wire);
}

static void
is_closed_or_reset_at_once(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct wire *wire = wire_create("127.0.0.1");
		struct close_reason reason;

		assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
		wire_accept(wire);
		if (reset)
			wire_peer_resets(wire);
		else
			wire_peer_closes(wire);
		wire_until(wire, &wire->ended, 1);
		assert_int_equal(wire->connected, 1); /* it stood before it fell */
		assert_int_equal(wire->reason.end, reset ? STREAM_RESET : STREAM_CLOSED);
		wire_turn(wire);
		assert_int_equal(wire->ended, 1);
		wire_destroy(wire);
	}
}

static void
hears_what_was_said_before_the_end(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct wire *wire = wire_create("127.0.0.1");

		wire_begin(wire);
		wire_peer_says(wire, "421 too busy\r\n");
		if (reset)
			wire_peer_resets(wire);
		else
			wire_peer_closes(wire);
		/* What we say now meets the reset first; what the peer had said is not lost for it. */
		stream_send(&wire->stream, "QUIT\r\n", 6);
		assert_int_equal(wire->ended, 0);
		wire_until(wire, &wire->ended, 1);
		assert_int_equal(wire->size, 14);
		assert_int_equal(wire->reason.end, reset ? STREAM_RESET : STREAM_CLOSED);
		wire_destroy(wire);
	}
}

static void
keeps_what_the_peer_does_not_take(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	int small = 4096;
	static char said[60 * 1024], heard[60 * 1024];
	size_t size = 0;

	(void)state;
	assert_int_equal(setsockopt(wire->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	wire_begin(wire);
	assert_false(stream_is_stuffed(&wire->stream));
	assert_int_equal(setsockopt(wire->stream.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	for (size_t i = 0; i < sizeof said; i++)
		said[i] = (char)(i * 7);
	stream_send(&wire->stream, said, sizeof said / 2);
	stream_send(&wire->stream, said + sizeof said / 2, sizeof said / 2);
	assert_true(wire->stream.unsent.size > 0);
	assert_int_equal(wire->stream.io.events & (EV_READ | EV_WRITE), EV_READ | EV_WRITE);
	assert_true(stream_is_stuffed(&wire->stream));
	while (size < sizeof heard) {
		ssize_t got = recv(wire->peer, heard + size, sizeof heard - size, MSG_DONTWAIT);
		if (got > 0)
			size += (size_t)got;
		else
			ev_run(wire->loop, EVRUN_ONCE);
	}
	wire_turn(wire);
	assert_memory_equal(said, heard, sizeof said);
	assert_int_equal(wire->stream.io.events & (EV_READ | EV_WRITE), EV_READ);
	assert_null(wire->stream.unsent.data);
	wire_destroy(wire);
}

static void
gives_up_on_a_peer_that_never_takes(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	int small = 4096;
	static char said[60 * 1024];

	(void)state;
	assert_int_equal(setsockopt(wire->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	wire_begin(wire);
	assert_int_equal(setsockopt(wire->stream.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	stream_send(&wire->stream, said, sizeof said);
	stream_send(&wire->stream, said, sizeof said);
	assert_int_equal(wire->ended, 0);
	wire_until(wire, &wire->ended, 1);
	assert_int_equal(wire->reason.end, STREAM_OURS);
	wire_destroy(wire);
}

static void
reads_once_without_the_loop(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct close_reason reason;

	(void)state;
	assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
	wire_accept(wire);
	wire_peer_says(wire, "220 mx\r\n");
	stream_read_once(&wire->stream);
	assert_int_equal(wire->connected, 1);
	assert_int_equal(wire->size, 8);
	stream_read_once(&wire->stream);
	assert_int_equal(wire->calls, 1);
	wire_peer_closes(wire);
	stream_read_once(&wire->stream);
	assert_int_equal(wire->ended, 1);
	stream_read_once(&wire->stream);
	assert_int_equal(wire->ended, 1);
	wire_destroy(wire);
}

static void
end_it(struct wire *wire)
{
	stream_fini(&wire->stream);
	memset(&wire->stream, 0xa5, sizeof wire->stream); /* whoever looks at it now meets rubbish */
}

static void
assert_untouched(const struct wire *wire)
{
	const unsigned char *bytes = (const unsigned char *)&wire->stream;

	for (size_t i = 0; i < sizeof wire->stream; i++)
		assert_int_equal(bytes[i], 0xa5);
}

static void
begin_anew(struct wire *wire)
{
	struct close_reason reason;

	if (wire->ended > 1)
		return;
	stream_fini(&wire->stream);
	stream_init(&wire->stream, wire->loop, &wire_events, wire);
	assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
}

static void
read_again_and_end(struct wire *wire)
{
	if (wire->calls > 1) {
		end_it(wire);
		return;
	}
	wire_peer_says(wire, "b");
	stream_read_once(&wire->stream);
}

static void
may_be_ended_by_its_callbacks(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct close_reason reason;

	(void)state;
	wire->on_connected = end_it;
	assert_true(stream_connect(&wire->stream, &wire->at, NULL, &reason));
	wire_until(wire, &wire->connected, 1);
	assert_untouched(wire);
	wire_accept(wire);
	wire_peer_closes(wire);

	stream_init(&wire->stream, wire->loop, &wire_events, wire);
	wire->on_connected = NULL;
	wire->on_data = read_again_and_end; /* from a callback within a callback */
	wire->connected = 0;
	wire_begin(wire);
	wire_peer_says(wire, "a");
	wire_until(wire, &wire->calls, 2);
	assert_untouched(wire);
	wire_peer_closes(wire);

	stream_init(&wire->stream, wire->loop, &wire_events, wire);
	wire->on_data = NULL;
	wire->on_end = begin_anew;
	wire->connected = 0;
	wire_begin(wire);
	wire_peer_closes(wire);
	wire_until(wire, &wire->connected, 2);
	assert_int_equal(wire->ended, 1);
	wire_destroy(wire);
}

static void
knows_what_is_ours(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct address foreign;
	struct close_reason reason;
	struct rlimit before, none;

	(void)state;
	assert_true(address_parse("192.0.2.1", 0, &foreign));
	assert_false(stream_connect(&wire->stream, &wire->at, &foreign, &reason));
	assert_int_equal(reason.end, STREAM_OURS);
	assert_string_equal(reason.outcome, "no_local_port");

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool connected = stream_connect(&wire->stream, &wire->at, NULL, &reason);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(connected);
	assert_int_equal(reason.end, STREAM_OURS);
	assert_string_equal(reason.outcome, "no_descriptors");
	assert_int_equal(wire->connected + wire->ended, 0);
	wire_destroy(wire);
}

static void
tells_errors_by_where_they_come_up(void **state)
{
	static const struct {
		int error;
		enum stream_end at_call, later;
		const char *outcome;
	} rows[] = {
		{ EMFILE, STREAM_OURS, STREAM_OURS, "no_descriptors" },
		{ ENFILE, STREAM_OURS, STREAM_OURS, "no_descriptors" },
		{ ENOBUFS, STREAM_OURS, STREAM_OURS, "no_memory" },
		{ ENOMEM, STREAM_OURS, STREAM_OURS, "no_memory" },
		{ EADDRNOTAVAIL, STREAM_OURS, STREAM_OURS, "no_local_port" },
		{ EPERM, STREAM_OURS, STREAM_OURS, "not_permitted" },
		{ ENETDOWN, STREAM_OURS, STREAM_OURS, "network_down" },
		{ EACCES, STREAM_OURS, STREAM_FILTERED, "not_permitted" },
		{ ENETUNREACH, STREAM_OURS, STREAM_UNREACHABLE, "no_route" },
		{ EHOSTUNREACH, STREAM_OURS, STREAM_UNREACHABLE, "no_route" },
		{ ECONNREFUSED, STREAM_REFUSED, STREAM_REFUSED, NULL },
		{ ECONNRESET, STREAM_RESET, STREAM_RESET, NULL },
		{ EPIPE, STREAM_RESET, STREAM_RESET, NULL },
		{ ETIMEDOUT, STREAM_TIMED_OUT, STREAM_TIMED_OUT, NULL },
		{ 0, STREAM_CLOSED, STREAM_CLOSED, NULL },
		{ EBADMSG, STREAM_OURS, STREAM_RESET, "not_permitted" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct close_reason call = close_reason_of_error(rows[i].error, CLOSE_AT_CALL);
		struct close_reason later = close_reason_of_error(rows[i].error, CLOSE_LATER);

		assert_int_equal(call.end, rows[i].at_call);
		assert_int_equal(later.end, rows[i].later);
		assert_true(call.text[0] != '\0' && later.text[0] != '\0');
		if (call.end == STREAM_OURS)
			assert_string_equal(call.outcome, rows[i].outcome);
		assert_true((later.end == STREAM_OURS) == (later.outcome != NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects),
		cmocka_unit_test(comes_from_where_it_is_told),
		cmocka_unit_test(talks),
		cmocka_unit_test(is_refused),
		cmocka_unit_test(is_closed_or_reset_at_once),
		cmocka_unit_test(hears_what_was_said_before_the_end),
		cmocka_unit_test(keeps_what_the_peer_does_not_take),
		cmocka_unit_test(gives_up_on_a_peer_that_never_takes),
		cmocka_unit_test(reads_once_without_the_loop),
		cmocka_unit_test(may_be_ended_by_its_callbacks),
		cmocka_unit_test(knows_what_is_ours),
		cmocka_unit_test(tells_errors_by_where_they_come_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
