/*
 * For the metrics of the web process: their frame (families, types, help), and those that are not
 * of single targets: of this Postwatch, and of its probes.
 */
#pragma once

#include "web/site.h"

struct metrics_out {
	struct emit emit;
	bool is_open; /* OpenMetrics */
};

/* HELP and TYPE; the name of a counter ends with "_total", which its family has not in OpenMetrics (1.0, "Counter"). All are ours. */
void metrics_begin_family(struct metrics_out *, const char *name, const char *type, const char *help);

/* The end of a sample with labels: its "}" and value. */
void metrics_end_number(struct metrics_out *, uint64_t);
void metrics_end_seconds(struct metrics_out *, int64_t microseconds);

/* A family of one sample without labels; seconds are a gauge. */
void metrics_put_number(struct metrics_out *, const char *name, const char *type, const char *help, uint64_t number);
void metrics_put_seconds(struct metrics_out *, const char *name, const char *help, int64_t microseconds);

/* A gauge of one sample, 1, whose label says something. */
void metrics_put_info(struct metrics_out *, const char *name, const char *help, const char *label, const char *value);

void metrics_put_own(struct metrics_out *, const struct site *);
