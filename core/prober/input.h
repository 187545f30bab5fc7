/*
 * For the prober's dialogue: reads replies out of the bytes that were received, and hands each to
 * the probe plugin when a reply answers a command. What comes unasked is judged or dropped here.
 */
#pragma once

#include "prober/turn.h"

/* A server that takes no more connections, or none of ours, need not begin TLS to say so: a whole
 * 4xx or 5xx that came in clear where TLS begins with the connection is judged as a greeting is,
 * and ends the dialogue. Returns false where `said` is none, and then has done nothing. */
bool dialogue_hear_refusal(struct dialogue *, int64_t now, struct pw_bytes said,
    struct dialogue_step *);

/* The connection is gone, and the last line had no line end: what refuses us is taken for a
 * reply, and what can never become one is said to be none. A 421 that came unasked is the reply.
 * True: the plugin or the verdict had it, and the step is filled. */
bool dialogue_salvage(struct dialogue *, int64_t now, struct dialogue_step *);

/* What was said inside TLS before we spoke there, in answer to nothing, is dropped; a single 421
 * is kept. */
void dialogue_hear_early(struct dialogue *, int64_t now, struct pw_bytes said);
