/* TLS on a stream of the prober (stream.h): the handshake, and reading and writing records. */
#include "prober/stream_tls.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "prober/tls_close_reason.h"

enum {
	TURN_READS = 4,               /* TLS records of one event: other streams wait meanwhile */
	HEAR_OUT = 100 * MILLISECOND  /* for what a server says in clear behind its alert */
};

/* A FIN or a bare close may hide the reset that a write of ours met before: that is the truer
 * word. */
static void
finish_by_tls(struct stream *stream, enum tls_step step)
{
	struct close_reason reason = tls_close_reason(stream->tls, step);
	struct pw_bytes in_clear = reason.in_clear;
	bool fell_silent = step == TLS_CLOSED_BARE || (step == TLS_CLOSED && !stream->secured);

	if (fell_silent && stream_error_at_end(stream) != 0) {
		reason = close_reason_of_error(stream_error_at_end(stream), CLOSE_LATER);
		reason.in_clear = in_clear;
	}
	if (stream->failed_at != 0)
		reason.waited = clock_mono() - stream->failed_at;
	stream_finish(stream, &reason);
}

void
stream_on_patience(EV_P_ ev_timer *timer, int revents)
{
	struct stream *stream = timer->data;

	(void)loop, (void)revents;
	tls_hear_out(stream->tls);
	finish_by_tls(stream, TLS_FAILED);
}

/* The handshake has failed, and the server may say in its own language why. */
static void
hear_out(struct stream *stream)
{
	if (tls_hear_out(stream->tls)) {
		finish_by_tls(stream, TLS_FAILED);
	} else if (stream->failed_at == 0) {
		stream->failed_at = clock_mono();
		ev_timer_set(&stream->patience, (double)HEAR_OUT * 1e-6, 0.);
		ev_timer_start(stream->loop, &stream->patience);
		stream_watch(stream);
	}
}

void
stream_handshake(struct stream *stream)
{
	assert(stream->connected && stream->tls != NULL && !stream->secured);
	enum tls_step step = tls_handshake(stream->tls);

	stream->tls_wants_write = step == TLS_WANT_WRITE;
	if (step == TLS_WANT_READ || step == TLS_WANT_WRITE) {
		stream_watch(stream);
	} else if (step == TLS_DONE) {
		stream->secured = true;
		stream_watch(stream);
		if (stream_tell(stream, stream->events->on_tls) && tls_has_more(stream->tls))
			stream_come_back(stream);
	} else if (step == TLS_FAILED && tls_may_say_more(stream->tls)) {
		hear_out(stream);
	} else {
		finish_by_tls(stream, step);
	}
}

size_t
stream_read_ahead(struct stream *stream, char *bytes, size_t room)
{
	size_t got = 0, more;
	enum tls_step step;

	assert(stream->secured);
	do {
		step = tls_read(stream->tls, bytes + got, room - got, &more);
		got += more;
	} while (step == TLS_DONE && got < room);
	if (step != TLS_DONE && step != TLS_WANT_READ)
		stream_come_back(stream);
	assert(got <= room);
	stream->received += (uint32_t)got;
	return got;
}

void
stream_secure(struct stream *stream, struct tls_policy *policy, const struct tls_names *names)
{
	int on = 1;
	socklen_t size = sizeof stream->segment;

	assert(stream->connected && stream->tls == NULL);
	if (stream->ended)
		return;
	/* A handshake is short messages that wait for each other. */
	(void)setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (getsockopt(stream->fd, IPPROTO_TCP, TCP_MAXSEG, &stream->segment, &size) != 0)
		stream->segment = 0;
	stream->tls = tls_policy_is_usable(policy) ? tls_create(policy, names, stream->fd) : NULL;
	if (stream->tls == NULL)
		stream->error = tls_policy_is_usable(policy) ? ENOMEM : ENOKEY;
	/* An end is kept by `tls`, and told from the loop. */
	else if (tls_handshake(stream->tls) == TLS_WANT_READ)
		return;
	stream_come_back(stream);
}

/* What a read inside TLS came to, other than bytes. */
static void
follow_tls(struct stream *stream, enum tls_step step)
{
	bool waits = step == TLS_WANT_READ || step == TLS_WANT_WRITE;

	stream->tls_wants_write = step == TLS_WANT_WRITE;
	if (waits && stream->error == 0)
		stream_watch(stream);
	else if (waits)
		stream_finish_by_error(stream, stream->error);
	else
		finish_by_tls(stream, step);
}

void
stream_receive_tls(struct stream *stream)
{
	char bytes[STREAM_READ_ROOM];
	size_t got;

	for (int i = 0; i < TURN_READS; i++) {
		enum tls_step step = tls_read(stream->tls, bytes, sizeof bytes, &got);
		if (step != TLS_DONE) {
			follow_tls(stream, step);
			return;
		}
		stream->tls_wants_write = false;
		stream_watch(stream);
		/* What lies in the socket shows there; what was read ahead does not. */
		if (!stream_tell_data(stream, bytes, got) || !tls_has_more(stream->tls))
			return;
	}
	stream_come_back(stream);
}

bool
stream_is_large_hello_unheard(const struct stream *stream)
{
	return stream->tls != NULL && stream->segment > 0
	    && tls_hello_size(stream->tls) > (uint32_t)stream->segment
	    && tls_is_unheard(stream->tls);
}

uint32_t
stream_hello_size(const struct stream *stream)
{
	return stream->tls == NULL ? 0 : tls_hello_size(stream->tls);
}
