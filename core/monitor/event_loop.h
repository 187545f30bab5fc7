/* The monitor as a process. */
#ifndef MONITOR_EVENT_LOOP_H
#define MONITOR_EVENT_LOOP_H

struct duty;

/* The entry of the duty, called in the forked child: serves until it is told to stop or the parent
 * is gone. Returns the exit status of the process. */
int monitor_main(struct duty *);

#endif
