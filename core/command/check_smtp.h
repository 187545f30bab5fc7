/*
 * For `postwatch import`: parses a command line of the Nagios plugin check_smtp (or check_ssmtp),
 * and translates its options into settings of a target, as text of a configuration file.
 */
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
