/*
 * For `postwatch probe` and `show`: a finished run, shown as text for people, as a line of JSON, or
 * as a line for Nagios.
 */
#pragma once

#include <stdio.h>

#include "base/zone.h"
#include "config/config.h"
#include "prober/run.h"

enum show_form { SHOW_TEXT, SHOW_JSON, SHOW_NAGIOS };

struct show_style {
	enum show_form form;
	const struct zone *zone; /* the reader's */
	bool colour;
	bool brief;              /* without the transcript */
};

/* Returns the exit status that its verdict stands for: 0 ok, 1 degraded or blocked, 2 failed, 3
 * unknown; for Nagios 2, too, where a certificate is about to expire. */
int show_run(FILE *, const struct config *, const struct run_result *, const struct show_style *);

/* A run of which nothing came, as the process ended in which it was: unknown(plugin). */
struct show_lost {
	const struct target *target;
	struct pw_bytes text;
	int64_t started, micros;
};
void show_lost(FILE *, const struct show_lost *, const struct show_style *);

/* The steps of a leg with their times and limits, and where the page has room as a waterfall.
 * Without its policy (NULL) it is not known when a step counts as slow. */
void show_phases(FILE *, const struct policy *, const struct evidence *);

/* A dialogue, a line each, its events between `faint` and `plain`. */
void show_transcript(FILE *, struct pw_bytes transcript, const char *faint, const char *plain);
