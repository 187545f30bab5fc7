/*
 * For `postwatch import`: a module of the blackbox_exporter (its CONFIGURATION.md, <module>) as
 * settings of a target.
 */
#pragma once

#include "command/import_draft.h"
#include "command/yaml.h"

/*
 * Sets the probe, TLS, limits and addresses of a target by a module of that file. What has no
 * counterpart is a comment of `notes`; NULL: it was told before. Returns NULL, or why nothing of
 * the module can be taken: the target is then to be left out.
 */
const char *blackbox_module_set(struct draft_entry *target, struct draft_entry *notes,
    const char *file, const struct yaml_node *module, long port);
