/*
 * For `postwatch import`: a notification of Uptime Kuma (SMTP, webhook ...) as a notifier of ours.
 */
#pragma once

#include "command/import_draft.h"
#include "command/yaml.h"

/* Returns the notifier's name; NULL, after a comment, where it has no counterpart. `config`: its
 * settings; NULL: it has none. */
const char *kuma_notifier(struct draft *, struct draft_place, const char *name,
    const struct yaml_node *config, bool is_active);
