/* A finished run, shown: as text for people, as a line of JSON, as a line for Nagios. */
#ifndef COMMAND_SHOW_H
#define COMMAND_SHOW_H

#include <stdio.h>

#include "base/json.h"
#include "base/zone.h"
#include "config/config.h"
#include "prober/prober.h"

struct show_style {
	const struct zone *zone; /* the reader's */
	bool colour;
	bool brief;              /* without the transcript */
};

void show_text(FILE *, const struct config *, const struct run_result *, const struct show_style *);
void show_json(FILE *, const struct config *, const struct run_result *);
/* A dialogue, a line each, its events between `faint` and `plain`. */
void show_transcript(FILE *, struct pw_bytes transcript, const char *faint, const char *plain);

/* One plugin line with performance data; returns the status for the exit of a Nagios plugin (0 to 3). */
int show_nagios(FILE *, const struct config *, const struct run_result *);

/* A line for Nagios that says what is wrong with us, on standard output; returns 3. */
int show_nagios_trouble(const char *text);

/* A run of which nothing came, as the process ended in which it was: unknown(plugin). */
struct show_lost {
	const struct target *target;
	const char *text;
	int64_t started, micros;
};

void show_text_lost(FILE *, const struct show_lost *, const struct show_style *);
void show_json_lost(FILE *, const struct show_lost *);
void show_nagios_lost(FILE *, const struct show_lost *);

/* The exit status that a verdict stands for: 0 ok, 1 degraded or blocked, 2 failed, 3 unknown. */
int show_status(enum pw_verdict verdict);

#endif
