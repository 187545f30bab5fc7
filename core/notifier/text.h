/*
 * For the notifier's worker process: the body text of a notice for people, made when it is sent.
 * Times are told in the notifier's zone with its offset, and in UTC; what servers said is escaped,
 * and stands behind words of ours on its line.
 */
#pragma once

#include "base/messages_outbox.h"
#include "base/zone.h"

enum { BODY_MAX = 96 * 1024 };

/* All that a text is made of. */
struct notice_view {
	const struct message_notice *notice;
	const struct message_leg *legs; /* the oldest run first */
	uint32_t leg_count;
	const struct pw_outcome *outcomes; /* of its probe's plugin; NULL: none of its own */
	const struct zone *zone;
	const char *watcher; /* the name that we go by to others */
	const char *watcher_host; /* that of this machine; NULL: not known */
	int64_t now; /* UTC, microseconds */
	int64_t after;    /* its notifier is told of what lasts so long, 0: at once */
	bool has_quiet;   /* it has quiet hours */
	const char *report; /* what a report says, in lines; NULL: it is none */
	const char *page; /* URL of the page that tells of it; NULL or "": there is none */
};

/*
 * What happened, how to hear no more of it, when, where, how far it came, what changed, what it may
 * mean, the transcript of every attempt, and who watches. Where there is no room attempts are cut:
 * the transcripts of older ones go first, one by one, then these attempts themselves, then the
 * lines of EHLO replies, then the middle of what is left, then what stands before the attempts. The
 * last lines of the last failure stay where there is room for 1 KiB. The text counts what was left
 * out.
 */
void notice_add_body(struct text *, const struct notice_view *);
