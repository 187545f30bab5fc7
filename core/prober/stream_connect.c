/*
 * Connects a stream. A look right after connect() finds one that stands already, as on the loopback
 * interface, and saves the watch for writability; elsewhere that watch gives the moment at which it
 * stood.
 */
#include "prober/stream_private.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

static bool
bind_source(int fd, const struct address *source)
{
	int on = 1;

	/* The port is chosen at connect(), by the pair of addresses: a source does not run out of 28,000 ports in all. */
	return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0
	    && bind(fd, &source->any, address_length(source)) == 0;
}

/*
 * IPv4 queues ICMP errors of a connection that is not yet made for everybody, IPv6 for those who ask. Only while it
 * connects: later, asking would turn a passing "unreachable" into the end of a living connection.
 */
static void
ask_for_icmp(const struct stream *stream, int on)
{
	if (!address_is_ipv4(&stream->to))
		(void)setsockopt(stream->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

/* Begins; 0, or the errno of our own system. */
static int
open_socket(struct stream *stream, const struct address *source)
{
	int fd = socket(stream->to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return errno;
	stream->fd = fd;
	if (source != NULL && !bind_source(fd, source))
		return errno;
	ask_for_icmp(stream, 1);
	if (connect(fd, &stream->to.any, address_length(&stream->to)) == -1 && errno != EINPROGRESS)
		return errno;
	return 0;
}

enum outlook { OUTLOOK_OPEN, OUTLOOK_CONNECTED, OUTLOOK_FAILED };

/* What became of a connection that shows more than writability. */
static enum outlook
look(struct stream *stream, int *error)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof *error;

	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, error, &size) == -1)
		*error = errno;
	if (*error == ECONNRESET || *error == EPIPE) {
		stream->error = *error; /* nobody resets what never stood: that would be a refusal */
		return OUTLOOK_CONNECTED;
	}
	if (*error != 0)
		return OUTLOOK_FAILED;
	size = sizeof peer;
	if (getpeername(stream->fd, (struct sockaddr *)&peer, &size) == 0)
		return OUTLOOK_CONNECTED;
	fate_drop_icmp(stream->fd); /* the kernel holds it for passing, and tries again */
	return OUTLOOK_OPEN;
}

/*
 * The outlook right after connect(). A second connect() would ask for the same, but disconnects a socket that was reset
 * meanwhile, and throws away what the server had said.
 */
static enum outlook
look_at_once(struct stream *stream, int *error)
{
	uint8_t state; /* the first member of struct tcp_info */
	socklen_t size = sizeof state;

	_Static_assert(offsetof(struct tcp_info, tcpi_state) == 0, "the state comes first");
	*error = 0;
	if (getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &state, &size) == -1 || state == TCP_CLOSE)
		return look(stream, error);
	return state == TCP_SYN_SENT ? OUTLOOK_OPEN : OUTLOOK_CONNECTED;
}

bool
stream_connect(struct stream *stream, const struct address *to, const struct address *source, struct stream_fate *fate)
{
	assert(stream->fd == -1);
	stream->to = *to;
	int error = open_socket(stream, source);
	if (error != 0) {
		*fate = fate_of_error(error, error == ECONNREFUSED ? FATE_LATER : FATE_AT_CALL);
		stream_fini(stream);
		return false;
	}
	enum outlook outlook = look_at_once(stream, &error);
	if (outlook == OUTLOOK_FAILED) {
		*fate = fate_of_connecting(stream->fd, error, to);
		stream_fini(stream);
		return false;
	}
	if (outlook == OUTLOOK_CONNECTED) {
		ev_io_set(&stream->io, stream->fd, EV_READ);
		ev_io_start(stream->loop, &stream->io);
		ev_feed_event(stream->loop, &stream->io, EV_WRITE);
	} else {
		stream_watch(stream);
	}
	return true;
}

bool
stream_connect_further(struct stream *stream, int revents)
{
	int error = 0;
	/* An error in the queue alone shows as both: only writability alone is plain. */
	enum outlook outlook = revents == EV_WRITE ? OUTLOOK_CONNECTED : look(stream, &error);

	if (outlook == OUTLOOK_OPEN)
		return false;
	if (outlook == OUTLOOK_FAILED) {
		struct stream_fate fate = fate_of_connecting(stream->fd, error, &stream->to);
		stream_finish(stream, &fate);
		return false;
	}
	stream->connected = true;
	ask_for_icmp(stream, 0);
	stream_watch(stream);
	return stream_tell(stream, stream->events->on_connected);
}
