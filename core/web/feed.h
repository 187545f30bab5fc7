/*
 * For the web process: what other sites and readers show of us: a feed of incidents (Atom, RFC
 * 4287), and a badge for each target (SVG).
 */
#pragma once

#include "web/site.h"

/* The newest incidents; of a share those of its targets, without what servers said. */
void feed_answer(struct view *);

/* Behind its address: "NAME.svg". Pages of others may show it. */
void badge_answer(struct view *);
