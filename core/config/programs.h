/*
 * The programs that plugins have run for them (struct pw_program), such as Nagios plugins, as
 * settings name them: checked when the configuration is read, and with their arguments filled in
 * for the runner.
 */
#pragma once

#include "base/messages.h"
#include "config/config.h"

/* Whether a plugin has a program run for it in place of doing its work itself. */
bool plugin_has_program(const struct plugin *);

/* Whether a process of a duty has programs run for it: a prober where a probe of the targets has
 * one, a notifier, by its index, where its plugin has. */
bool programs_are_run_for(const struct config *, enum duty_kind, uint32_t index);

/* The program, of one that has. */
void plugin_program(const struct plugin *, const struct pw_values *, struct pw_program *);

/* The path and its arguments, with what stands for the target's host, port and name replaced, of a
 * notifier's program (`target` NULL) as they are; ends with NULL, and is the caller's. NULL: out of
 * memory. */
char **program_arguments(const struct pw_program *, const struct target *);

/* What is wrong with how it is written: "KEY: what, and what would be right". False: nothing. */
bool program_is_wrong(const struct pw_program *, bool of_probe, struct text *what);

/* Warns of programs that are missing, that the daemon's user may not run, or that others may
 * change, and of arguments that look like a secret, which everybody on this host can read. */
struct reader;
void programs_advise(struct reader *);
