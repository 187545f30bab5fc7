/*
 * `postwatch show TARGET`: prints the last run whose evidence is kept. Also prints the steps and
 * the transcript of one leg, for `show INCIDENT`.
 */
#pragma once

#include "base/evidence.h"
#include "command/past.h"

/* A leg whose evidence was kept: when and in which role (of the store, or other words), its steps,
 * as a waterfall where the page has room, and its transcript. Without a policy (NULL) it is not
 * known when a step counts as slow. */
void show_kept_leg(const struct past *, const char *role, const struct policy *,
    const struct evidence *);

/* Prints the last run of the target that a word means. The store is open. Returns the exit
 * status. */
int show_target(struct past *, const char *word);
