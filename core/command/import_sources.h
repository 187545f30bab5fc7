/*
 * For `postwatch import`: one function for each other monitor, which reads its configuration into a
 * draft of ours. Each returns false with a reason, which names the file and the line, if a file
 * cannot be read or is none of its kind.
 */
#pragma once

#include "base/reason.h"
#include "command/import_draft.h"

/* Object files of Nagios 4, Icinga 1, Naemon, Shinken. */
bool import_nagios(struct draft *, char *const *paths, int count, struct reason *why);

/* blackbox.yml of the blackbox_exporter and prometheus.yml, in any order. */
bool import_blackbox(struct draft *, char *const *paths, int count, struct reason *why);

/* Backups of Uptime Kuma 1 and 2, JSON. */
bool import_kuma(struct draft *, char *const *paths, int count, struct reason *why);

/* Files of the language of Icinga 2, and what they include. */
bool import_icinga2(struct draft *, char *const *paths, int count, struct reason *why);
