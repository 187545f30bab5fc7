/*
 * For the prober's dialogue: bytes that were received and are not yet read as replies. Functions to
 * keep the beginning of an unfinished reply, to put lines into the transcript, and to drop what
 * came before it was asked for.
 */
#pragma once

#include "prober/dialogue_private.h"

/* The bytes from where the unfinished reply begins. `held` owns them where they had to be put
 * together. */
struct portion {
	const char *bytes;
	size_t size;
	struct buffer held;
};

/* Where a received line stands in the transcript: in clear, or inside TLS. */
enum evidence_dir received_dir(const struct dialogue *);

/* Puts the complete lines before offset `upto` into the transcript, each once, at the time it was
 * complete. */
void received_log_lines(struct dialogue *, int64_t now, const char *bytes, uint32_t upto);

/* The size of the empty lines at the front, where replies have codes: nothing is said in one. */
size_t received_skip_empty(struct dialogue *, int64_t now, const char *bytes, size_t size);

/* What was kept of an unfinished reply, and what follows it. Returns false if there is no memory;
 * buffer_fini(&held) is the caller's in both cases. */
bool received_take(struct dialogue *, const char *bytes, size_t size, struct portion *);

/* Passes over empty lines before a reply. */
void received_pass_empty(struct dialogue *, int64_t now, struct portion *);

/* An unfinished reply is kept; the rest of it comes later. Returns false if there is no memory. */
bool received_keep(struct dialogue *, struct portion *);

/* Drops what came before it was asked for, up to the end of the reply that is under way. */
void received_drop_early(struct dialogue *, int64_t now, const char *bytes, size_t size);

/* A whole 421 that came unasked waits to be the reply: nothing else that is kept ends with a
 * line. */
bool dialogue_keeps_closing(const struct dialogue *);

/* Keeps a 421 and nothing else, which may come unasked from a server that closes (RFC 5321,
 * section 3.8), as the answer to what we say next: who said it listens no more. Returns false if
 * `bytes` are anything else. */
bool received_keep_closing(struct dialogue *, const char *bytes, size_t size);
