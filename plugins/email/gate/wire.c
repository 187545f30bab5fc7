/*
 * For the gate of the e-mail notifier: reads and writes the connection to the relay within the
 * limits of an attempt.
 */
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tls.h"

enum { SECOND = 1000000, CPU_MAX = 10 * SECOND, REST_MAX = SECOND, WRITE_MAX = 16 * 1024,
    SETTLE_MAX = SECOND / 4, EARLY_MS = 50 };

static int64_t
clock_of(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int64_t
wire_now(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

void
wire_init(struct wire *wire, int64_t until)
{
	wire->fd = wire->other = -1;
	wire->ssl = NULL;
	wire->until = until;
	wire->began = wire_now();
	wire->cpu_began = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	wire->came = wire->lines = 0;
	wire->end = WIRE_OPEN;
	wire->why[0] = '\0';
	wire->refusal = 0;
	wire->size = 0;
}

void
wire_close(struct wire *wire)
{
	if (wire->ssl != NULL) {
		ERR_clear_error();
		if (wire->end == WIRE_OPEN)
			(void)SSL_shutdown(wire->ssl);
		SSL_free(wire->ssl);
		ERR_clear_error();
	}
	if (wire->fd >= 0)
		close(wire->fd);
	wire->ssl = NULL;
	wire->fd = -1;
	wire->size = 0;
}

void
wire_begin_anew(struct wire *wire)
{
	wire_close(wire);
	wire->end = WIRE_OPEN;
	wire->why[0] = '\0';
	wire->refusal = 0;
}

bool
wire_fail(struct wire *wire, enum wire_end end, const char *format, ...)
{
	va_list arguments;

	wire->end = end;
	va_start(arguments, format);
	vsnprintf(wire->why, sizeof wire->why, format, arguments);
	va_end(arguments);
	return false;
}

static bool
is_within(struct wire *wire, int64_t now, int64_t until, int64_t asked)
{
	if (clock_of(CLOCK_PROCESS_CPUTIME_ID) - wire->cpu_began > CPU_MAX)
		return wire_fail(wire, WIRE_DEAR, "more than %d s of processor time",
		    CPU_MAX / SECOND);
	if (wire->came > WIRE_BYTES_MAX)
		return wire_fail(wire, WIRE_DEAR, "the relay has sent more than %d KiB",
		    WIRE_BYTES_MAX / 1024);
	if (now < until)
		return true;
	if (until == wire->until)
		return wire_fail(wire, WIRE_LATE,
		    "not within the %.1f s that were left of the notifier's deadline",
		    (double)(wire->until - wire->began) / (double)SECOND);
	return wire_fail(wire, WIRE_LATE, "not within %.0f s",
	    (double)(until - asked) / (double)SECOND);
}

bool
wire_wait(struct wire *wire, short events, int64_t until)
{
	int64_t asked = wire_now();

	if (until > wire->until)
		until = wire->until;
	for (;;) {
		struct pollfd polled[2] = { { .fd = wire->fd, .events = events },
		    { .fd = wire->other, .events = POLLIN } };
		int64_t now = wire_now();

		if (!is_within(wire, now, until, asked))
			return false;
		if (poll(polled, 2, (int)((until - now + 999) / 1000)) < 0 && errno != EINTR)
			return wire_fail(wire, WIRE_BROKEN, "poll: %s", strerror(errno));
		if (polled[1].revents & (POLLHUP | POLLERR)) /* its peer has ended */
			wire->other = -1;
		else if (polled[1].revents != 0)
			return wire_fail(wire, WIRE_CALLED, "there is something else to do");
		if (polled[0].revents != 0)
			return true;
	}
}

/* Returns the event of poll(2) that an OpenSSL call wants, 0 where it has failed. */
static short
wanted(struct wire *wire, int result)
{
	int error = SSL_get_error(wire->ssl, result);
	char words[160];

	if (error == SSL_ERROR_WANT_READ)
		return POLLIN;
	if (error == SSL_ERROR_WANT_WRITE)
		return POLLOUT;
	if (error == SSL_ERROR_ZERO_RETURN || tls_is_end(error))
		(void)wire_fail(wire, WIRE_CLOSED, "the relay closed the connection");
	else {
		tls_tell_error(error, words, sizeof words);
		(void)wire_fail(wire, WIRE_BROKEN, "TLS: %s", words);
	}
	return 0;
}

/* Returns the bytes read, 0 where none has come, with `*events` to wait for, -1 on failure. */
static ssize_t
read_some(struct wire *wire, char *bytes, size_t room, short *events)
{
	ssize_t got;

	*events = POLLIN;
	if (wire->ssl != NULL) {
		tls_begin_turn(wire);
		got = SSL_read(wire->ssl, bytes, (int)room);
		if (got > 0)
			return got;
		*events = wanted(wire, (int)got);
		return *events == 0 ? -1 : 0;
	}
	do
		got = recv(wire->fd, bytes, room, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		wire->came += (size_t)got;
		return got;
	}
	if (got < 0 && errno == EAGAIN)
		return 0;
	(void)wire_fail(wire, got == 0
	    || errno == ECONNRESET ? WIRE_CLOSED : WIRE_BROKEN, "%s", got == 0
	    ? "the relay closed the connection" : strerror(errno));
	return -1;
}

static ssize_t
write_some(struct wire *wire, const char *bytes, size_t size, short *events)
{
	ssize_t put;

	*events = POLLOUT;
	if (wire->ssl != NULL) {
		tls_begin_turn(wire);
		put = SSL_write(wire->ssl, bytes, (int)size);
		if (put > 0)
			return put;
		*events = wanted(wire, (int)put);
		return *events == 0 ? -1 : 0;
	}
	do
		put = send(wire->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	if (errno == EAGAIN)
		return 0;
	(void)wire_fail(wire, errno == EPIPE
	    || errno == ECONNRESET ? WIRE_CLOSED : WIRE_BROKEN, "%s", errno == EPIPE
	    ? "the relay closed the connection" : strerror(errno));
	return -1;
}

bool
wire_drain(struct wire *wire)
{
	while (wire->size < sizeof wire->bytes) {
		short events;
		ssize_t got = read_some(wire, wire->bytes + wire->size,
		    sizeof wire->bytes - wire->size, &events);

		if (got <= 0)
			return got == 0;
		wire->size += (size_t)got;
	}
	return true;
}

bool
wire_write(struct wire *wire, const char *bytes, size_t size, int64_t until, bool watched)
{
	while (size > 0) {
		short events;
		ssize_t put;

		if (watched && (!wire_drain(wire) || wire->size > 0))
			return wire->size > 0;
		put = write_some(wire, bytes, size < WRITE_MAX ? size : WRITE_MAX, &events);
		if (put < 0)
			return watched && (wire_drain(wire), wire->size > 0);
		if (put == 0 && !wire_wait(wire, (short)(watched ? events | POLLIN : events),
		    until))
			return false;
		bytes += put;
		size -= (size_t)put;
	}
	return true;
}

void
wire_settle(struct wire *wire)
{
	int64_t until = wire_now() + SETTLE_MAX;
	int waiting = 0;

	while (ioctl(wire->fd, SIOCOUTQ, &waiting) == 0 && waiting > 0 && wire_now() < until) {
		struct pollfd polled = { .fd = wire->fd, .events = POLLRDHUP };

		poll(&polled, 1, 1);
	}
	poll(&(struct pollfd){ .fd = wire->fd, .events = POLLIN }, 1, EARLY_MS);
}

static bool
count_lines(struct wire *wire, size_t size)
{
	for (size_t i = 0; i < size; i++)
		wire->lines += wire->bytes[i] == '\n';
	return wire->lines <= WIRE_LINES_MAX ? true
	    : wire_fail(wire, WIRE_DEAR, "the relay has sent more than %d lines", WIRE_LINES_MAX);
}

bool
wire_reply(struct wire *wire, int64_t limit, int *code, size_t *size)
{
	int64_t until = wire_now() + limit;
	const char *fault = "";

	for (;;) {
		short events;
		ssize_t got;

		switch (reply_read(wire->bytes, wire->size, code, size, &fault)) {
		case REPLY_WHOLE:
			return count_lines(wire, *size);
		case REPLY_BAD:
			return wire_fail(wire, WIRE_ABSURD, "%s", fault);
		case REPLY_PART:
			break;
		}
		got = read_some(wire, wire->bytes + wire->size, sizeof wire->bytes - wire->size,
		    &events);
		if (got < 0)
			return false;
		wire->size += (size_t)got;
		if (got == 0 && !wire_wait(wire, events, until))
			return false;
		/* A relay that sends byte after byte never lets wire_wait() look at the limit. */
		if (got > 0 && !is_within(wire, wire_now(),
		    until < wire->until ? until : wire->until, until - limit))
			return false;
	}
}

bool
wire_fail_early(struct wire *wire)
{
	char words[WIRE_WHY_MAX / 2];
	size_t size = wire->size;
	int code = 0;

	assert(size > 0);
	/* Waits at most 1 s for the rest of a 4xx or 5xx. */
	if ((wire->bytes[0] == '4' || wire->bytes[0] == '5')
	    && wire_reply(wire, REST_MAX, &code, &size)
	    && size == wire->size) {
		reply_tell(wire->bytes, size, words, sizeof words);
		wire->refusal = code;
		return wire_fail(wire, WIRE_REFUSED, "%s", words);
	}
	reply_tell(wire->bytes, wire->size, words, 80);
	return wire_fail(wire, WIRE_EARLY,
	    "the relay spoke before it was asked (\"%s\"): its replies cannot be trusted to be "
	    "answers", words);
}

bool
wire_say(struct wire *wire, const char *bytes, size_t size, int64_t until)
{
	bool open = wire_drain(wire);

	if (wire->size > 0)
		return wire_fail_early(wire);
	return open && wire_write(wire, bytes, size, until, false);
}

void
wire_take(struct wire *wire, size_t size)
{
	assert(size <= wire->size);
	wire->size -= size;
	memmove(wire->bytes, wire->bytes + size, wire->size);
}
