/* Single attempts in the log, which tells no more of them than a reader can bear. Changes are not
 * among them. */
#ifndef MONITOR_ATTEMPT_LOG_H
#define MONITOR_ATTEMPT_LOG_H

#include "monitor/own_side.h"

struct attempt_log {
	int64_t since;     /* monotonic: the budget of lines began then */
	uint32_t lines;    /* that it was used for */
	uint64_t withheld; /* since that was said last */
};

/* Says what has become of an attempt, if that is worth a line. */
void attempt_log_add(struct attempt_log *, const struct watch *, const struct own_side *,
    const struct news *,
    const struct report *);

#endif
