/*
 * The page "Us" of the web process: version, processes, notifiers, troubles of our own, and what
 * waits to be delivered. Other pages show its line of trouble at their top.
 */
#pragma once

#include "web/site.h"

/* Cells of a row about a notifier: where it tells, when it last delivered, and what waits for it. */
void about_put_way(struct view *, const struct config_notifier *);

/* What we suffer: what is said of targets may be old then, or told to nobody. */
bool about_has_trouble(const struct board *);
/* That, or that there is none. */
void about_put_trouble(struct view *);

void about_answer(struct view *);
