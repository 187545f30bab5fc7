/*
 * The log of the whole tree: children say their lines by message, the parent alone writes them, and
 * never waits.
 *
 * Where: what the configuration says; if it says nothing, the journal's stderr where systemd
 * started us, syslog for a daemon, else stderr. A terminal in the foreground is shown all in any
 * case.
 */
#pragma once

#include <poll.h>

#include "base/zone.h"
#include "config/config.h"
#include "parent/log_sink.h"

enum { LOG_SINKS = 2 };

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

struct log_settings {
	enum log_to to;
	int level;               /* lines above it are not written */
	int facility;            /* as in syslog.h */
	bool daemon;             /* about to leave the terminal */
	const char *timezone;    /* NULL: the reader's own */
	const char *syslog_path; /* "/dev/log" */
};

struct log {
	int level;
	struct log_origin origin;
	struct zone *zone;
	uint32_t count;
	struct log_sink sinks[LOG_SINKS];
	enum log_form forms[LOG_SINKS];
	const void *speaker; /* who said the last line that belongs to an event, and which */
	uint64_t event;
	bool apart;
};

void log_open(struct log *, const struct log_settings *);
/* The terminal is left: only what goes to syslog stays. */
void log_leave_terminal(struct log *);
/* Waits for slow readers, up to `wait` microseconds, and ends. */
void log_close(struct log *, int64_t wait);

/* A line of our own, not of an event. */
void log_say(struct log *, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A line of a child; `speaker` tells children apart. */
void log_relay(struct log *, const void *speaker, const char *who, int level, uint64_t event,
    struct pw_bytes text);

/* Puts what is to be waited for into `polled` (room for LOG_SINKS) and returns how many; later,
 * after poll, flush. */
uint32_t log_poll(const struct log *, struct pollfd *polled, int64_t *until);
void log_flush(struct log *);
