/* What the command line says of a configuration: settings in place of those of files, and targets.
 */
#pragma once

struct reader;

/* Sorts the settings (-s KEY=VALUE) into those for the whole, which replace those of files, and
 * those for its targets. */
void command_line_take_settings(struct reader *);

/* Adds the targets that are named and not configured; a name that means none is a fault. After the
 * targets of all files. */
void command_line_take_targets(struct reader *);
