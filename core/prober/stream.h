/*
 * For the prober: a stream is one TCP connection to one address, clear at first and perhaps TLS
 * later: non-blocking, on libev. It knows bytes, not lines, and keeps no time limits: its owner
 * (leg.c, offer.c) does. It holds no receive buffer: bytes are lent from the stack of the call that
 * reads them. A callback may end the stream with stream_fini, and free or reuse it: nothing here
 * touches it afterwards.
 */
#pragma once

#include <ev.h>
#include "base/address.h"
#include "base/buffer.h"
#include "prober/close_reason.h"
#include "prober/tls.h"

/* No callback comes from within stream_connect, stream_send or stream_secure. */
struct stream_events {
	/* Before anything is done about an event of the loop, TLS included; NULL: need not be
	 * told. */
	void (*on_ready)(void *owner);
	/* ev_now() is the moment the kernel told us. */
	void (*on_connected)(void *owner);
	/* Bytes are lent for the call. Their time is ev_now(). */
	void (*on_data)(void *owner, const char *bytes, size_t size);
	void (*on_tls)(void *owner);
	/* The last one, and it comes once. */
	void (*on_end)(void *owner, const struct close_reason *);
};

struct stream {
	struct ev_loop *loop;
	const struct stream_events *events;
	void *owner;
	ev_io io;
	int fd;                  /* -1: none */
	int error;               /* what a write met; told when all that came before it has been
	                          * read */
	struct tls *tls;         /* NULL while clear */
	struct buffer unsent;    /* what a write left over; empty nearly always */
	struct address to;
	int segment;             /* bytes of the largest segment when TLS began */
	uint32_t received, sent; /* bytes of application data */
	bool connected, secured, ended;
	bool tls_wants_write;    /* TLS has to write before it can read */
	bool said_in_tls;        /* the first line after the handshake went out */
	int64_t failed_at;       /* when the handshake did, while what the peer still says is
	                          * heard out; 0: not so */
	ev_timer patience;       /* for that */
	bool *gone;              /* while a callback runs: set when it ended the stream */
};

void stream_init(struct stream *, struct ev_loop *, const struct stream_events *, void *owner);

/* Begins to connect; on_connected or on_end follow, from the loop; or false, with `*reason` set,
 * and nothing follows. `source`: an address to bind to, NULL: the kernel's choice. */
bool stream_connect(struct stream *, const struct address *to, const struct address *source,
    struct close_reason *reason);

/* Our end, "192.0.2.9:40112"; all zero where never connected. */
void stream_local(const struct stream *, struct address *local);

/* Sends, or keeps what the kernel does not take at once. Trouble comes by on_end, from the loop. */
void stream_send(struct stream *, const char *bytes, size_t size);

/* Whether anything that was sent has not been taken by the peer. */
bool stream_is_stuffed(const struct stream *);

/* Begins TLS; on_tls or on_end follow. Nothing that was received may be left unread: the owner
 * has checked. */
void stream_secure(struct stream *, struct tls_policy *, const struct tls_names *);

/* Takes what the peer has said inside TLS already, at most `room` bytes, in on_tls; 0: nothing
 * yet. An end is told from the loop. */
size_t stream_read_ahead(struct stream *, char *bytes, size_t room);

/* Whether TLS was begun with a ClientHello of more than one segment, and nothing has come since;
 * its size, 0: not begun. */
bool stream_is_large_hello_unheard(const struct stream *);
uint32_t stream_hello_size(const struct stream *);

/* Reads what lies there now, once, through the usual callbacks: before a time-out is declared,
 * and before TLS begins. */
void stream_read_once(struct stream *);

/* Ends as stream_fini does, but where TLS stands it sends close_notify first and shuts our side.
 * Returns the descriptor where the peer has not closed yet: it is the caller's, to be closed when
 * the peer has; -1: it is closed. */
int stream_part(struct stream *);

/* Closes at once and stops all watchers; no callback follows. Fine on one that never connected,
 * and twice. */
void stream_fini(struct stream *);
