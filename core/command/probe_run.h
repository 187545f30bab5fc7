/*
 * For `postwatch probe`: probing by hand, in a process of its own, so that a plugin that crashes or
 * loops takes nothing else along. Results are printed in the order in which the targets were named.
 */
#pragma once

#include "command/show.h"

struct probe_orders {
	const struct config *config; /* each of its targets is looked at once */
	struct show_style style;
	bool patient;
};

/* Prints what comes of each target, and on a terminal what is waited for; SIGINT and SIGTERM end
 * it with what was seen until then, and so does the end of `limit` microseconds (0: none).
 * Returns the exit status of all. */
int probe_run(const struct probe_orders *, int64_t limit);
