/*
 * For the prober: moves a dialogue to its next state and fills in the step that the dialogue's
 * owner (leg.h) has to carry out: wait, send, start TLS, look up DNS records or close. What is next
 * was chosen by the probe plugin in its turn, or follows from a verdict of the prober's own, such
 * as a limit that ran out. Does no input or output itself.
 */
#pragma once

#include "prober/turn.h"

/* Carries out the step that the plugin chose. */
void dialogue_follow(struct dialogue *, struct turn *);

/* The plugin's first turn. */
void dialogue_begin(struct dialogue *, int64_t now, struct dialogue_step *);

/* The handshake is to begin. */
void dialogue_secure(struct dialogue *, int64_t now, struct dialogue_step *);

void dialogue_close(struct dialogue *, int64_t now, struct dialogue_step *);

/* Decided while a command could be said: the farewell, and its reply is waited for. */
void dialogue_leave(struct dialogue *, int64_t now, struct dialogue_step *);

/* Decides, and closes: the peer is not to be spoken to any more. */
void dialogue_end(struct dialogue *, int64_t now, const char *outcome, const char *text,
    struct dialogue_step *);
