/* Carries out what a plugin chose, or a verdict asks for: the dialogue's next state and the step
 * of its owner. */
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
