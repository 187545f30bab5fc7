/* Ends a dialogue for a reason outside its plugin: the connection broke, a time limit passed,
 * nobody may be talked to, or our own side interrupts it. */
#pragma once

#include <stdint.h>

struct dialogue;
struct dialogue_step;
struct close_reason;

/* The connection ended by itself, or never came to be. */
void dialogue_ended(struct dialogue *, int64_t now, const struct close_reason *,
    struct dialogue_step *);

/* The deadline may have come; the owner has read the socket once more before. The step is
 * DIALOGUE_WAIT where there is a later deadline. */
void dialogue_expired(struct dialogue *, int64_t now, struct dialogue_step *);

/* Nobody is talked to: the dialogue ends where it began, in phase `resolve` where the outcome
 * belongs to it. */
void dialogue_refuse(struct dialogue *, int64_t now, const char *outcome, const char *text);

/* Our own side ends it: unknown(outcome). The step is DIALOGUE_CLOSE. */
void dialogue_interrupt(struct dialogue *, int64_t now, const char *outcome, const char *text,
    struct dialogue_step *);
