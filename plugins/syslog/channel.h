/*
 * For the notifier `syslog`: the socket to its receiver, /dev/log, UDP or TCP. No call blocks for
 * longer than 5 s. What is sent is written by message.h.
 */
#ifndef SYSLOG_CHANNEL_H
#define SYSLOG_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <postwatch/notifier.h>

enum channel_kind { CHANNEL_UNIX, CHANNEL_UDP, CHANNEL_TCP };

struct channel {
	enum channel_kind kind;
	char host[256]; /* CHANNEL_UNIX: the path of the socket */
	char port[8];
	int fd;         /* -1: closed */
	bool is_stream; /* a UNIX socket may be one too */
};

/* Reads "unix:/dev/log", "udp:HOST:PORT" or "tcp:HOST:PORT"; an IPv6 address as HOST stands in
 * brackets. Opens nothing. Returns false with the fault in `why`. */
bool channel_init(struct channel *, const char *address, char *why, size_t why_size);
void channel_fini(struct channel *);

/* What it needs to open the socket again. */
void channel_needs(const struct channel *, struct pw_needs *);

/* Sends one message, and opens the socket before if needed. Messages on TCP are framed by octet
 * counting (RFC 6587 3.4.1), on a UNIX stream by a NUL. Returns false with the fault in `why`;
 * the receiver has then not taken the message, or the stream was closed within it, so it may be
 * sent again. */
bool channel_send(struct channel *, const char *message, size_t size, char *why, size_t why_size);

#endif
