/*
 * For pages of the web process: the settings in force, as they were accepted: those of the daemon
 * and its notifiers (page "Us"), and of a target (its page). Secrets are masked.
 */
#pragma once

#include "web/site.h"

/* Of the daemon and of each notifier, for the page "Us". */
void settings_put(struct view *);
/* By which a target is watched. */
void settings_put_target(struct view *, const struct target *);
