/*
 * /probe?target=NAME of the web process: the last result of one target in the metrics of the
 * blackbox_exporter's TCP probe, for rules and dashboards that were made for those. It connects to
 * nobody: the target has to be one that is watched, by its name or as HOST:PORT.
 */
#pragma once

#include "web/site.h"

void blackbox_answer(struct view *);
