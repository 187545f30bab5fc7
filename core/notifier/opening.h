/*
 * For the processes of a notifier: opens what its plugin has there (`open` of the ABI), with the
 * files that its settings name. Of a file that could be used a copy is kept in the state folder,
 * and used where the file no longer can be: a damaged CA file keeps no notice back, also after a
 * restart. Of secrets there is no copy.
 */
#pragma once

#include <limits.h>
#include <postwatch/plugin.h>

#include "base/messages.h"
#include "base/reason.h"

struct duty;

/* As `open` of notifiers and of gates (postwatch/notifier.h). */
typedef bool opening_call(void *memory, const struct pw_values *values, char *why, size_t why_size);

struct opening {
	char said[SOURCES_TEXT_MAX]; /* which file cannot be used, and what is in force instead; "":
	                              * all can */
	struct pw_values *values;    /* with the names of copies; NULL: there was no need of them */
	char (*copies)[PATH_MAX];    /* a row for each value */
};

/*
 * Opens with the settings of the duty's notifier. `memory`, of `size` bytes, is zeroed by the
 * caller; it may point into `it` afterwards, which is to be zeroed before, and freed with
 * opening_fini() behind the plugin's close. False with a reason: with the copies it cannot work
 * either.
 */
bool opening_do(struct opening *it, struct duty *duty, opening_call *open, void *memory,
    size_t size, struct reason *why);
void opening_fini(struct opening *);
