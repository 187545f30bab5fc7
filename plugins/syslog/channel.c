/*
 * For the notifier `syslog`: opens the socket to a syslog receiver and sends messages. A receiver
 * that does not read fills the socket; the message then fails and is tried again later.
 */
#include "channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MAX_MS = 5000 }; /* for connecting, and for the rest of a message on a stream */

static bool __attribute__((format(printf, 3, 4)))
fail(char *why, size_t why_size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, why_size, format, arguments);
	va_end(arguments);
	return false;
}

/* Copies `size` bytes as a string. Returns false where there are none or too many. */
static bool
copy(char *into, size_t room, const char *from, size_t size)
{
	if (size == 0 || size >= room)
		return false;
	memcpy(into, from, size);
	into[size] = '\0';
	return true;
}

static bool
take_place(struct channel *channel, const char *place)
{
	const char *colon = strrchr(place, ':'), *end = colon;
	size_t digits;

	if (colon == NULL)
		return false;
	digits = strspn(colon + 1, "0123456789");
	if (digits == 0 || digits > 5 || colon[1 + digits] != '\0' || atol(colon + 1) < 1
	    || atol(colon + 1) > 65535)
		return false;
	if (place[0] == '[' && end > place + 1 && end[-1] == ']')
		place++, end--;
	else if (memchr(place, ':', (size_t)(end - place)) != NULL)
		return false;
	return copy(channel->host, sizeof channel->host, place, (size_t)(end - place))
	    && copy(channel->port, sizeof channel->port, colon + 1, digits);
}

bool
channel_init(struct channel *channel, const char *address, char *why, size_t why_size)
{
	struct sockaddr_un local;

	*channel = (struct channel){ .fd = -1 };
	if (strncmp(address, "unix:/", 6) == 0) {
		channel->kind = CHANNEL_UNIX;
		if (copy(channel->host, sizeof local.sun_path, address + 5, strlen(address + 5)))
			return true;
		return fail(why, why_size, "address: the path of a socket has less than %zu bytes",
		    sizeof local.sun_path);
	}
	channel->kind = strncmp(address, "tcp:", 4) == 0 ? CHANNEL_TCP : CHANNEL_UDP;
	channel->is_stream = channel->kind == CHANNEL_TCP;
	if ((strncmp(address, "tcp:", 4) == 0 || strncmp(address, "udp:", 4) == 0)
	    && take_place(channel, address + 4))
		return true;
	return fail(why, why_size, "address: write unix:/PATH, udp:HOST:PORT or tcp:HOST:PORT");
}

void
channel_needs(const struct channel *channel, struct pw_needs *needs)
{
	unsigned char address[16];

	if (channel->kind == CHANNEL_UNIX) {
		needs->flags = PW_NEEDS_UNIX;
		return;
	}
	if (inet_pton(AF_INET, channel->host, address) != 1 && strchr(channel->host, ':') == NULL)
		needs->flags = PW_NEEDS_NAMES;
	if (channel->kind == CHANNEL_UDP)
		needs->flags |= PW_NEEDS_UDP;
	else
		needs->ports[needs->port_count++] = (uint16_t)strtoul(channel->port, NULL, 10);
}

void
channel_fini(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

/* Connects within the limit. Returns the descriptor, or -1 with errno. */
static int
connect_soon(int family, int type, const struct sockaddr *address, socklen_t size)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	socklen_t error_size = sizeof error;

	if (fd < 0 || connect(fd, address, size) == 0)
		return fd;
	if (errno != EINPROGRESS)
		error = errno;
	else if (poll(&ready, 1, WAIT_MAX_MS) <= 0)
		error = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static bool
open_local(struct channel *channel, char *why, size_t why_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, channel->host, strlen(channel->host) + 1);
	channel->is_stream = false;
	channel->fd = connect_soon(AF_UNIX, SOCK_DGRAM, (const struct sockaddr *)&address,
	    sizeof address);
	if (channel->fd < 0 && errno == EPROTOTYPE) {
		channel->is_stream = true;
		channel->fd = connect_soon(AF_UNIX, SOCK_STREAM, (const struct sockaddr *)&address,
		    sizeof address);
	}
	return channel->fd >= 0 || fail(why, why_size, "%s: %s", channel->host, strerror(errno));
}

static bool
open_remote(struct channel *channel, char *why, size_t why_size)
{
	const struct addrinfo hints = { .ai_socktype = channel->is_stream ? SOCK_STREAM
	    : SOCK_DGRAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	int error = getaddrinfo(channel->host, channel->port, &hints, &found);

	if (error != 0)
		return fail(why, why_size, "%s: %s", channel->host,
		    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	for (const struct addrinfo *one = found; one != NULL && channel->fd < 0; one = one->ai_next)
		channel->fd = connect_soon(one->ai_family, one->ai_socktype, one->ai_addr,
		    one->ai_addrlen);
	error = errno;
	freeaddrinfo(found);
	return channel->fd >= 0
	    || fail(why, why_size, "%s port %s: %s", channel->host, channel->port, strerror(error));
}

/* Returns whether the socket is open. A syslog receiver never sends, so a readable stream is one
 * that it closed; without this look the first message after that would be lost in the socket's
 * buffer. */
static bool
is_open(const struct channel *channel)
{
	char byte;

	if (channel->fd < 0)
		return false;
	return !channel->is_stream
	    || (recv(channel->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0
	    && (errno == EAGAIN || errno == EWOULDBLOCK));
}

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A stream that stalls within a message is closed: the receiver could not tell where the next
 * message begins. */
static bool
send_stream(struct channel *channel, const char *message, size_t size, char *why, size_t why_size)
{
	const long end = now_ms() + WAIT_MAX_MS;

	for (size_t done = 0; done < size;) {
		ssize_t sent = send(channel->fd, message + done, size - done,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		struct pollfd ready = { .fd = channel->fd, .events = POLLOUT };
		long left = end - now_ms();

		if (sent >= 0) {
			done += (size_t)sent;
		} else if (errno == EINTR) {
			continue;
		} else if ((errno != EAGAIN && errno != EWOULDBLOCK) || left <= 0
		    || poll(&ready, 1, (int)left) == 0) {
			fail(why, why_size, "%s: %s", channel->host, errno == EAGAIN
			    || left <= 0 ? "it does not read" : strerror(errno));
			channel_fini(channel);
			return false;
		}
	}
	return true;
}

static bool
send_datagram(struct channel *channel, const char *message, size_t size, char *why, size_t why_size)
{
	if (send(channel->fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return true;
	fail(why, why_size, "%s: %s", channel->host,
	    errno == EAGAIN ? "it does not read" : strerror(errno));
	if (errno != EAGAIN)
		channel_fini(channel);
	return false;
}

bool
channel_send(struct channel *channel, const char *message, size_t size, char *why, size_t why_size)
{
	char framed[4096];
	int head = 0;

	if (!is_open(channel)) {
		channel_fini(channel);
		if (!(channel->kind == CHANNEL_UNIX ? open_local : open_remote)(channel, why,
		    why_size))
			return false;
	}
	if (!channel->is_stream)
		return send_datagram(channel, message, size, why, why_size);
	if (channel->kind == CHANNEL_TCP)
		head = snprintf(framed, sizeof framed, "%zu ", size);
	if (size + (size_t)head + 1 > sizeof framed)
		return fail(why, why_size, "the message is too large");
	memcpy(framed + head, message, size);
	framed[(size_t)head + size] = '\0';
	return send_stream(channel, framed, (size_t)head + size + (channel->kind == CHANNEL_UNIX),
	    why, why_size);
}
