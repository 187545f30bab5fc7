/*
 * For the prober: reads and writes a TCP stream, in clear and in TLS. On the good way there is one
 * watch, for readability, and not one system call to spare: a write is watched for only where it
 * came up short, and an event is answered by one read.
 */
#include "prober/stream_tls.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "prober/connect.h"

enum { UNSENT_MAX = 64 * 1024 }; /* bytes that may wait for the peer */

static void on_ready(EV_P_ ev_io *io, int revents);

void
stream_init(struct stream *stream, struct ev_loop *loop, const struct stream_events *events,
    void *owner)
{
	*stream = (struct stream){ .loop = loop, .events = events, .owner = owner, .fd = -1 };
	ev_init(&stream->io, on_ready);
	ev_init(&stream->patience, stream_on_patience);
	stream->io.data = stream->patience.data = stream;
}

/* Gives everything back but the descriptor, which is returned; -1: there is none. */
static int
let_go(struct stream *stream)
{
	int fd = stream->fd;

	if (stream->gone != NULL)
		*stream->gone = true;
	stream->gone = NULL;
	if (fd == -1)
		return -1;
	ev_io_stop(stream->loop, &stream->io);
	ev_timer_stop(stream->loop, &stream->patience);
	tls_destroy(&stream->tls);
	buffer_fini(&stream->unsent);
	stream->fd = -1;
	stream->ended = true;
	return fd;
}

void
stream_fini(struct stream *stream)
{
	int fd = let_go(stream);

	if (fd != -1)
		close(fd);
}

int
stream_part(struct stream *stream)
{
	bool clean = stream->fd != -1 && stream->secured && stream->error == 0
	    && stream->unsent.size == 0 && tls_shut(stream->tls);
	bool waits = clean && !stream->ended;
	int fd = let_go(stream);

	if (fd == -1 || (waits && shutdown(fd, SHUT_WR) == 0))
		return fd;
	close(fd);
	return -1;
}

/* Setting a watcher anew drops what is pending on it: that is fed again, or an event that was on
 * its way would be lost. */
void
stream_watch(struct stream *stream)
{
	bool writing = !stream->connected || stream->unsent.size > 0 || stream->tls_wants_write;
	int events = writing ? EV_READ | EV_WRITE : EV_READ;

	if (ev_is_active(&stream->io) && (stream->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	int pending = ev_clear_pending(stream->loop, &stream->io);
	ev_io_stop(stream->loop, &stream->io);
	ev_io_set(&stream->io, stream->fd, events);
	ev_io_start(stream->loop, &stream->io);
	if (pending != 0)
		ev_feed_event(stream->loop, &stream->io, pending);
}

void
stream_come_back(struct stream *stream)
{
	ev_feed_event(stream->loop, &stream->io, EV_CUSTOM);
}

/* A callback may end the stream: every call out is framed, and nothing of the stream is touched
 * after a bad leave. */
struct frame {
	bool gone;
	bool *outer;
};

static void
enter(struct stream *stream, struct frame *frame)
{
	*frame = (struct frame){ .outer = stream->gone };
	stream->gone = &frame->gone;
}

/* False: the stream is gone or has ended; return at once. */
static bool
leave(struct stream *stream, const struct frame *frame)
{
	if (frame->gone) {
		if (frame->outer != NULL)
			*frame->outer = true;
		return false;
	}
	stream->gone = frame->outer;
	return !stream->ended;
}

bool
stream_tell_data(struct stream *stream, const char *bytes, size_t size)
{
	struct frame frame;

	stream->received += (uint32_t)size;
	enter(stream, &frame);
	stream->events->on_data(stream->owner, bytes, size);
	return leave(stream, &frame);
}

bool
stream_tell(struct stream *stream, void (*what)(void *owner))
{
	struct frame frame;

	enter(stream, &frame);
	what(stream->owner);
	return leave(stream, &frame);
}

/* Watchers are stopped before the owner is told: no event of the same turn comes behind the end. */
void
stream_finish(struct stream *stream, const struct close_reason *reason)
{
	struct close_reason told = *reason;
	struct frame frame;

	ev_io_stop(stream->loop, &stream->io);
	ev_timer_stop(stream->loop, &stream->patience);
	stream->ended = true;
	told.cert_asked = stream->tls != NULL && tls_has_asked(stream->tls);
	enter(stream, &frame);
	stream->events->on_end(stream->owner, &told);
	leave(stream, &frame);
}

void
stream_finish_by_error(struct stream *stream, int error)
{
	struct close_reason reason = close_reason_of_error(error, CLOSE_LATER);

	stream_finish(stream, &reason);
}

void
stream_local(const struct stream *stream, struct address *local)
{
	socklen_t size = sizeof *local;

	memset(local, 0, sizeof *local);
	if (stream->connected && stream->fd != -1)
		(void)getsockname(stream->fd, &local->any, &size);
}

/* Sending */

/* The first error of a write is the true one: a reset is told once, and is a broken pipe from
 * then on. */
static void
note_error(struct stream *stream, int error)
{
	if (stream->error == 0)
		stream->error = error;
}

/* Bytes that were taken; all of them where there is an error, which the loop then tells. */
static size_t
write_some(struct stream *stream, const char *bytes, size_t size)
{
	if (stream->tls == NULL) {
		ssize_t put = send(stream->fd, bytes, size, MSG_NOSIGNAL);
		if (put >= 0)
			return (size_t)put;
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		note_error(stream, errno);
	} else {
		size_t put = 0;
		enum tls_step step = tls_write(stream->tls, bytes, size, &put);
		if (step == TLS_DONE || step == TLS_WANT_READ || step == TLS_WANT_WRITE)
			return put;
		if (step == TLS_BROKEN)
			note_error(stream, errno);
	}
	stream_come_back(stream);
	return size;
}

/* What is left over is small: a dialogue sends a line and waits for its reply. */
static void
flush(struct stream *stream)
{
	while (stream->unsent.size > 0) {
		size_t put = write_some(stream, stream->unsent.data, stream->unsent.size);
		assert(put <= stream->unsent.size);
		if (put == 0)
			return;
		buffer_remove(&stream->unsent, 0, put);
	}
	buffer_fini(&stream->unsent);
}

void
stream_send(struct stream *stream, const char *bytes, size_t size)
{
	size_t put = 0;
	int on = 1;

	if (stream->ended || stream->fd == -1)
		return;
	assert(stream->connected && (stream->tls == NULL) == !stream->secured);
	stream->sent += (uint32_t)size;
	while (stream->unsent.size == 0 && put < size) {
		size_t more = write_some(stream, bytes + put, size - put);
		if (more == 0)
			break;
		put += more;
	}
	if (stream->secured && !stream->said_in_tls) {
		/* The server's first words inside TLS 1.3 are session tickets (RFC 8446, section
		 * 4.6.1), and many servers hold the next answer back (Nagle) until those are
		 * acknowledged: 40 ms later, unless we do so with the first line. */
		stream->said_in_tls = true;
		(void)setsockopt(stream->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
	}
	if (put == size)
		return;
	if (!buffer_add(&stream->unsent, bytes + put, size - put, UNSENT_MAX)) {
		stream->error = ENOMEM;
		stream_come_back(stream);
	}
	stream_watch(stream);
}

bool
stream_is_stuffed(const struct stream *stream)
{
	int waiting = 0;

	if (stream->fd == -1 || !stream->connected)
		return false;
	return stream->unsent.size > 0
	    || (ioctl(stream->fd, SIOCOUTQ, &waiting) == 0 && waiting > 0);
}

/* Receiving */

int
stream_error_at_end(const struct stream *stream)
{
	return stream->error == EPIPE ? 0 : stream->error;
}

/* `is_event`: the loop says that there is something to read. */
static void
receive_clear(struct stream *stream, bool is_event)
{
	char bytes[STREAM_READ_ROOM];
	ssize_t got = recv(stream->fd, bytes, sizeof bytes, 0);
	int error = errno;

	if (got > 0)
		stream_tell_data(stream, bytes, (size_t)got);
	else if (got == 0)
		stream_finish_by_error(stream, stream_error_at_end(stream));
	else if (stream->error != 0)
		stream_finish_by_error(stream, stream->error);
	else if (error != EAGAIN && error != EINTR)
		stream_finish_by_error(stream, error);
	else if (is_event)
		close_reason_drop_icmp(stream->fd); /* no bytes,
		    then: what came while it connected lies
		                             * there */
}

bool
stream_connect(struct stream *stream, const struct address *to, const struct address *source,
    struct close_reason *reason)
{
	assert(stream->fd == -1);
	stream->to = *to;
	switch (connect_begin(to, source, &stream->fd, &stream->error, reason)) {
	case CONNECT_OPEN:
		stream_watch(stream);
		return true;
	case CONNECT_STANDS: /* saves the watch for writability */
		ev_io_set(&stream->io, stream->fd, EV_READ);
		ev_io_start(stream->loop, &stream->io);
		ev_feed_event(stream->loop, &stream->io, EV_WRITE);
		return true;
	case CONNECT_FAILED:
		break;
	}
	return false;
}

/* Returns true if the connection stands, and the owner knows; false: wait on, or it ended. */
static bool
connect_further(struct stream *stream, int revents)
{
	struct close_reason reason;
	enum connecting found = connect_look(stream->fd, &stream->to, revents == EV_WRITE,
	    &stream->error, &reason);

	if (found == CONNECT_FAILED)
		stream_finish(stream, &reason);
	if (found != CONNECT_STANDS)
		return false;
	assert(stream->fd != -1 && stream->tls == NULL && stream->unsent.size == 0);
	stream->connected = true;
	stream_watch(stream);
	return stream_tell(stream, stream->events->on_connected);
}

/* What there is to do, step by step; after each the stream may be gone. */
static void
go_on(struct stream *stream, int revents)
{
	if (!stream->connected && !connect_further(stream, revents))
		return;
	if (stream->error == ENOMEM) {
		stream_finish_by_error(stream, ENOMEM);
		return;
	}
	if (stream->tls != NULL && !stream->secured) {
		if (revents != EV_WRITE || stream->tls_wants_write)
			stream_handshake(stream);
		return;
	}
	if ((revents & EV_WRITE) != 0 && stream->unsent.size > 0) {
		flush(stream);
		stream_watch(stream);
	}
	if ((revents & (EV_READ | EV_CUSTOM)) == 0 && !stream->tls_wants_write)
		return;
	if (stream->secured)
		stream_receive_tls(stream);
	else
		receive_clear(stream, (revents & EV_READ) != 0);
}

static void
on_ready(EV_P_ ev_io *io, int revents)
{
	struct stream *stream = io->data;

	(void)loop;
	if (stream->events->on_ready != NULL)
		stream->events->on_ready(stream->owner);
	go_on(stream, revents);
}

void
stream_read_once(struct stream *stream)
{
	if (stream->fd == -1 || stream->ended)
		return;
	if (stream->failed_at != 0)
		stream_on_patience(stream->loop, &stream->patience, 0);
	else
		go_on(stream, EV_CUSTOM);
}
