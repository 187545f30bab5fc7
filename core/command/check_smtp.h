/* Command lines of check_smtp (Monitoring Plugins), for `postwatch import`. */
#pragma once

#include "base/arena.h"

/* The command line of a check as settings of a target. */
struct check_smtp {
	const char *host;         /* -H; NULL: not given */
	const char *family;       /* -4, -6; NULL: not given */
	const char *settings;     /* of a target, each with a blank before it */
	const char *left_out;     /* options that have no counterpart, with the reason; "": none */
};

/* Returns false if it is no command line of check_smtp or check_ssmtp. */
bool check_smtp_read(struct arena *, const char *command_line, struct check_smtp *);
