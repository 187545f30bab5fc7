/*
 * For the prober: makes TCP connections without waiting, and finds from errno and ICMP errors why
 * one failed.
 */
#include "prober/connect.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * IPv4 queues ICMP errors of a connection that is not yet made for everybody, IPv6 for those who
 * ask. Only while it connects: later, asking would turn a passing "unreachable" into the end of a
 * living connection.
 */
static void
ask_for_icmp(int fd, const struct address *to, int on)
{
	if (!address_is_ipv4(to))
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

/* Returns 0, or the errno of our own system. */
static int
begin(int fd, const struct address *to, const struct address *source)
{
	int on = 1;

	/* The port is chosen at connect(), by the pair of addresses: a source does not run out of
	 * 28,000 ports in all. */
	if (source != NULL && (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof on) != 0 || bind(fd, &source->any, address_length(source)) != 0))
		return errno;
	ask_for_icmp(fd, to, 1);
	return connect(fd, &to->any, address_length(to)) == -1 && errno != EINPROGRESS ? errno : 0;
}

/* What became of a connection that shows more than writability. */
static enum connecting
look(int fd, int *reset, int *error)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof *error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &size) == -1)
		*error = errno;
	if (*error == ECONNRESET || *error == EPIPE) {
		*reset = *error; /* nobody resets what never stood: that would be a refusal */
		return CONNECT_STANDS;
	}
	if (*error != 0)
		return CONNECT_FAILED;
	size = sizeof peer;
	if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
		return CONNECT_STANDS;
	close_reason_drop_icmp(fd); /* the kernel holds it for passing, and tries again */
	return CONNECT_OPEN;
}

/*
 * The look right after connect(). A second connect() would ask for the same, but disconnects a
 * socket that was reset meanwhile, and throws away what the server had said.
 */
static enum connecting
look_at_once(int fd, int *reset, int *error)
{
	uint8_t state; /* the first member of struct tcp_info */
	socklen_t size = sizeof state;

	_Static_assert(offsetof(struct tcp_info, tcpi_state) == 0, "the state comes first");
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) == -1 || state == TCP_CLOSE)
		return look(fd, reset, error);
	return state == TCP_SYN_SENT ? CONNECT_OPEN : CONNECT_STANDS;
}

/* ECONNREFUSED of connect() itself is what a host on the same machine or network said: it is the
 * network's word, though the call returned it, while all other errors of the call are those of
 * our own system. */
enum connecting
connect_begin(const struct address *to, const struct address *source, int *fd, int *reset,
    struct close_reason *reason)
{
	enum connecting found = CONNECT_FAILED;

	assert(source == NULL || source->any.sa_family == to->any.sa_family);
	*fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = *fd == -1 ? errno : begin(*fd, to, source);
	if (error != 0)
		*reason = close_reason_of_error(error,
		    error == ECONNREFUSED ? CLOSE_LATER : CLOSE_AT_CALL);
	else if ((found = look_at_once(*fd, reset, &error)) == CONNECT_FAILED)
		*reason = close_reason_of_connecting(*fd, error, to);
	if (found != CONNECT_FAILED)
		return found;
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return CONNECT_FAILED;
}

enum connecting
connect_look(int fd, const struct address *to, bool is_writable, int *reset,
    struct close_reason *reason)
{
	int error = 0;
	/* An error in the queue alone shows as both: only writability alone is plain. */
	enum connecting found = is_writable ? CONNECT_STANDS : look(fd, reset, &error);

	if (found == CONNECT_FAILED)
		*reason = close_reason_of_connecting(fd, error, to);
	else if (found == CONNECT_STANDS)
		ask_for_icmp(fd, to, 0);
	return found;
}
