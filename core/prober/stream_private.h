/* What stream.c and stream_connect.c share. */
#ifndef PROBER_STREAM_PRIVATE_H
#define PROBER_STREAM_PRIVATE_H

#include "prober/stream.h"

/* Watches for what is awaited and for nothing else. */
void stream_watch(struct stream *);

/* Calls out. False: the stream is gone or has ended; return at once. */
bool stream_tell(struct stream *, void (*what)(void *owner));

/* The end, told. The stream may be gone after this. */
void stream_finish(struct stream *, const struct stream_fate *);

/* Looks what became of a connection that is being made. True: it stands, and is known to; false: wait on, or it ended. */
bool stream_connect_further(struct stream *, int revents);

#endif
