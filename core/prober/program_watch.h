/* Waits, on the prober's loop, for the end of a program that the runner runs for a leg. */
#ifndef PROBER_PROGRAM_WATCH_H
#define PROBER_PROGRAM_WATCH_H

#include <ev.h>
#include <postwatch/plugin.h>

struct program_watch;

/* Has the runner run the program of a target for at most `limit` microseconds. `on_exit` comes
 * once, from the loop, unless the watch is ended before. NULL, with errno: it cannot be asked. */
struct program_watch *program_watch_begin(struct ev_loop *, int runner, uint32_t target,
    int64_t limit, void (*on_exit)(void *owner, const struct pw_exit *), void *owner);

/* A program that is under way is killed by its runner. Fine where it is NULL. */
void program_watch_end(struct program_watch **);

#endif
