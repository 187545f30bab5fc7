/*
 * For the prober: asks a port that accepted a connection and then said nothing whether it speaks
 * TLS from the first byte. One short connection of its own that sends a ClientHello, for the
 * evidence alone: no verdict depends on it.
 */
#pragma once

#include "prober/stream.h"

struct offer;

/* What came of it, in words ("it speaks TLS from the first byte"); NULL: nothing that tells. The
 * offer is still there. */
typedef void offer_done(void *owner, const char *words);

/* `done` comes once, from the loop, after `limit` microseconds at most. NULL: out of memory, or
 * no connection could be begun. The policy and the names stay good while it lives. */
struct offer *offer_begin(struct ev_loop *, const struct address *to, const struct address *source,
    struct tls_policy *, const struct tls_names *, int64_t limit, offer_done *done, void *owner);

/* Closes the connection; nothing comes after it. Fine on one that is done. */
void offer_end(struct offer **);
