/* One line of the log in the form that each reader of it wants. Pure: time and zone are given. */
#ifndef PARENT_LOG_LINE_H
#define PARENT_LOG_LINE_H

#include "base/text.h"
#include "base/zone.h"

enum log_form {
	LOG_FORM_PLAIN,   /* "2026-11-23 18:34:42 +0100  warning  text": a file, a pipe */
	LOG_FORM_COLOUR,  /* the same for a terminal */
	LOG_FORM_JOURNAL, /* "<4>text": stderr under systemd */
	LOG_FORM_SYSLOG   /* "<28>Nov 23 18:34:42 postwatch[123]: text": a datagram, as syslog(3)
	                     writes it */
};

enum { LOG_LINE_MAX = 4096 + 128 }; /* bytes of a line in any form */

struct log_origin {
	int facility; /* as in syslog.h */
	int pid;      /* of the daemon */
	const struct zone *zone;
};

struct log_line {
	int level;            /* LOG_EMERG … LOG_DEBUG */
	int64_t at;           /* UTC, microseconds; shown in the origin's zone */
	const char *who;      /* "prober 0"; NULL: not said */
	uint64_t event;       /* 0: belongs to none */
	bool follows;         /* not the first line of its event */
	bool apart;           /* another line came between it and the one before of its event */
	struct pw_bytes text; /* safe for a terminal already */
};

/* Appends the line, with its line end but for a datagram. */
void log_line_add(struct text *, enum log_form, const struct log_origin *, const struct log_line *);

/* "error", "warning", "notice", "info", "debug". */
const char *log_level_name(int level);

#endif
