/*
 * For the prober: one turn of a probe plugin, which is one call of it in a dialogue: what the
 * plugin sees, and the step that it chose (say, expect, start TLS, done).
 */
#pragma once

#include "base/refusal.h"
#include "prober/dialogue_private.h"

enum turn_choice { TURN_NONE, TURN_EXPECT, TURN_SAY, TURN_SECURE, TURN_LOOK_UP, TURN_DONE,
    TURN_FAULT };

struct turn {
	struct pw_turn open; /* what the plugin sees; first */
	struct dialogue *dialogue;
	struct dialogue_step *step;
	int64_t now;
	enum turn_choice choice;
	uint8_t phase;
	bool secret;
	char outcome[OUTCOME_NAME_MAX], or_outcome[OUTCOME_NAME_MAX];
	char text[EVIDENCE_TEXT_MAX]; /* of done, or of the fault */
	char or_text[EVIDENCE_TEXT_MAX];
};

void turn_begin(struct turn *, struct dialogue *, int64_t now, struct dialogue_step *);
/* What the host knows of the session beside a reply that refuses. */
void turn_session(const struct dialogue *, struct refusal_session *);
/* The plugin has returned: no step becomes a fault. */
void turn_end(struct turn *);
