/* The settings in force, as they were accepted, on pages: those of the daemon, its notifiers, and a target. Secrets are masked. */
#pragma once

#include "web/site.h"

/* Of the daemon and of each notifier, for the page "Us". */
void settings_put(struct view *);
/* By which a target is watched. */
void settings_put_target(struct view *, const struct target *);
