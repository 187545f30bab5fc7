/*
 * For the parent's log: where lines go, without ever waiting: what cannot be written at once is
 * kept, up to a bound, and what goes beyond it is dropped and counted. A sink is a stream
 * (terminal, pipe, file, the journal's stderr) or the syslog socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_SINK_ROOM = 256 * 1024 }; /* bytes kept for a reader who is slow */

enum log_sink_kind {
	LOG_SINK_FILE,   /* write(2), asked with poll before */
	LOG_SINK_SOCKET, /* send(2) */
	LOG_SINK_SYSLOG  /* a datagram socket, connected anew when its daemon was replaced */
};

struct log_sink {
	enum log_sink_kind kind;
	int fd;           /* -1: not connected */
	bool own;         /* to be closed */
	const char *path; /* of the syslog socket; the caller's */
	int64_t retry;    /* when to connect again, clock_mono() */
	unsigned char *kept;
	size_t start, size; /* of what is kept: records of a u32 size and so many bytes */
	size_t written;     /* of the first record */
	uint64_t dropped;   /* since it was last said */
};

/* A sink over descriptor `fd`, which stays the caller's; where it can be opened anew without
 * blocking, it is. */
void log_sink_init(struct log_sink *, int fd);
/* One to the socket of a syslog daemon. Nobody there is no failure: it is tried again, and lines
 * are kept meanwhile. */
void log_sink_init_syslog(struct log_sink *, const char *path);
void log_sink_fini(struct log_sink *);

/* Takes a line whole, or drops it. */
void log_sink_put(struct log_sink *, const void *bytes, size_t size, int64_t now);
/* Writes what is kept, as far as it goes now. */
void log_sink_flush(struct log_sink *, int64_t now);
/* Whether something is kept, so that POLLOUT on `fd` (-1: `retry`) is worth waiting for. */
bool log_sink_is_behind(const struct log_sink *);
