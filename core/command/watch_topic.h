/*
 * For `postwatch status --watch`: what a page that is opened over the table is about (a target, the
 * outbox, help), and which commands of `postwatch` print it.
 */
#pragma once

#include "base/text.h"
#include "command/status_rows.h"
#include "command/watch_job.h"

enum watch_about {
	WATCH_ABOUT_TARGET,
	WATCH_ABOUT_INCIDENT,
	WATCH_ABOUT_INCIDENTS, /* those of a target */
	WATCH_ABOUT_TROUBLES,  /* our own: no command prints them */
	WATCH_ABOUT_HELP       /* nor this */
};

struct watch_topic {
	enum watch_about about;
	char target[300], incident[24];
	size_t next; /* of its commands */
};

extern const char watch_help[];

/* A row of the table is needed for what is about a target; false: there is none. */
bool watch_topic_begin(struct watch_topic *, enum watch_about, const struct status_row *);
/* Its commands begin anew. */
void watch_topic_again(struct watch_topic *);
/* The next of its commands, ended by NULL: views of it. Returns false behind the last. */
bool watch_topic_next(struct watch_topic *, const char *words[WATCH_JOB_WORDS]);
void watch_topic_title(const struct watch_topic *, struct text *);
