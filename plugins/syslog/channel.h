/* The way to a syslog receiver: a datagram or stream socket that never waits longer than a limit of its own. */
#ifndef SYSLOG_CHANNEL_H
#define SYSLOG_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

enum channel_kind { CHANNEL_UNIX, CHANNEL_UDP, CHANNEL_TCP };

struct channel {
	enum channel_kind kind;
	char host[256]; /* CHANNEL_UNIX: the path of the socket */
	char port[8];
	int fd;         /* -1: closed */
	bool is_stream; /* a UNIX socket may be one too */
};

/* "unix:/dev/log", "udp:HOST:PORT", "tcp:HOST:PORT", "[v6]" for HOST. False with words on what is wrong. */
bool channel_init(struct channel *, const char *address, char *why, size_t why_size);
void channel_fini(struct channel *);

/*
 * Hands one message over, opening the socket where needed. A stream's messages are framed by their size (RFC 6587,
 * section 3.4.1; on a UNIX stream by a NUL). False with words on what failed: nothing of it was taken, or the stream
 * was closed in its midst, so that it can be sent again.
 */
bool channel_send(struct channel *, const char *message, size_t size, char *why, size_t why_size);

#endif
