/*
 * The metrics of all targets in the text format of Prometheus (0.0.4), or OpenMetrics 1.0 where the
 * client asks for that: for /metrics of the web process, and for the file that the node_exporter
 * reads (command/textfile.h).
 */
#pragma once

#include <stdio.h>

#include "web/site.h"

/* Query: per_target=false leaves out what is of single targets; tag=TAG chooses those with the tag. */
void metrics_answer(struct view *);

/* All of them in Prometheus' own format. Returns false where there is no memory, or the file takes no more. */
bool metrics_write(const struct site *, FILE *);
