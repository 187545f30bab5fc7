/*
 * The entry of the monitor process, which decides on the state of all targets: the parent calls it
 * in the forked child.
 */
#pragma once

struct duty;

/* The entry of the duty, called in the forked child: serves until it is told to stop or the parent
 * is gone. Returns the exit status of the process. */
int monitor_main(struct duty *);
