/* The process that probes for `postwatch probe`: a plugin that crashes or loops takes nobody else along. */
#ifndef COMMAND_PROBE_CHILD_H
#define COMMAND_PROBE_CHILD_H

#include "command/show.h"

enum probe_form { PROBE_TEXT, PROBE_JSON, PROBE_NAGIOS };

struct probe_orders {
	const struct config *config; /* each of its targets is looked at once */
	enum probe_form form;
	struct show_style style;
	bool patient;
};

enum probe_frame_kind {
	PROBE_RESULT,   /* a finished run, as it is to be printed */
	PROBE_WAITS,    /* what is waited for, every half second: as long as they come, nothing is stuck */
	PROBE_FAILED    /* it cannot begin, and why; nothing follows */
};

/* Goes before `size` bytes, on a pipe from the child to who began it. */
struct probe_frame {
	uint32_t kind, target, status, size; /* status: as show_status() has it */
};

/* What a child does; ends by itself when all is told. SIGTERM interrupts the runs, which are told as unknown with what was
 * seen until then; a terminal's SIGINT is left to who began it. */
_Noreturn void probe_child(const struct probe_orders *, pid_t parent, int out);

#endif
