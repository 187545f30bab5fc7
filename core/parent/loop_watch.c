/*
 * For the parent: finds a prober whose event loop turns without end: while the work that its signs
 * of life tell stays the same, it uses processor time. The parent replaces it.
 */
#include "parent/loop_watch.h"

#include <time.h>

enum {
	WINDOW = 10
}; /* limits: what is slower is no loop, but the small change of an idle process */

int64_t
loop_watch_cpu(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return -1;
	return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

bool
loop_watch_look(struct loop_watch *watch, uint64_t done, int64_t cpu, int64_t now, int64_t limit)
{
	bool same = watch->since != 0 && done == watch->done && watch->cpu >= 0
	    && now - watch->since <= WINDOW * limit;
	bool loops = same && cpu - watch->cpu >= limit;

	if (!same || loops)
		*watch = (struct loop_watch){ now, cpu, done };
	return loops;
}
