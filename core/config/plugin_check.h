/* Checks the descriptor of a plugin before anything in it is used. The plugin's author reads the
 * reasons. */
#pragma once

#include "config/value.h"

enum { PLUGIN_SETTINGS_MAX = 64, PLUGIN_OUTCOMES_MAX = 256, PLUGIN_FACTS_MAX = 128 };

/* Checks the version, and every table only if the version fits. Defaults of its settings are parsed
 * into `values`. Returns false with a reason. */
bool plugin_check(const struct pw_plugin *, struct values *, struct reason *why);

/* "a probe", "a notifier". */
const char *plugin_kind_name(enum pw_kind);
