/*
 * For the web process: the page of one target (state, incidents, facts, charts, settings), and of
 * its attempts.
 */
#pragma once

#include "web/site.h"

/* Behind its address: NAME, or NAME/attempts/RUN. */
void target_answer(struct view *);
