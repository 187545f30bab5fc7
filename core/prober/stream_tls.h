/*
 * Private to stream.c and stream_tls.c, which together are a stream of the prober (stream.h): what
 * stream_tls.c offers for the handshake and for reading inside TLS, and the functions of stream.c
 * that it calls for that. No other file includes it.
 */
#pragma once

#include "prober/stream.h"

enum { STREAM_READ_ROOM = 16 * 1024 }; /* bytes of one read; also a TLS record */

/* Watches for what is awaited and for nothing else. */
void stream_watch(struct stream *);

/* Calls out. False: the stream is gone or has ended; return at once. */
bool stream_tell(struct stream *, void (*what)(void *owner));

/* The end, told. The stream may be gone after this. */
void stream_finish(struct stream *, const struct close_reason *);

void stream_finish_by_error(struct stream *, int error);

/* Lends bytes to the owner. False: the stream is gone or has ended; return at once. */
bool stream_tell_data(struct stream *, const char *bytes, size_t size);

/* Has the loop come back to this stream before it waits. */
void stream_come_back(struct stream *);

/* The end of what the peer sent. A write may have met a reset before; a broken pipe only says
 * that it had closed. */
int stream_error_at_end(const struct stream *);

/* One more step of the handshake; what lies there inside TLS. The stream may be
 * gone after either. */
void stream_handshake(struct stream *);
/* The time in which the peer could say more is over. */
void stream_on_patience(EV_P_ ev_timer *, int revents);
void stream_receive_tls(struct stream *);
