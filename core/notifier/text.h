/*
 * The texts of a notice, made when it is sent: one line, plain text for people, one JSON object for
 * machines. Times are told in the notifier's zone with its offset, and in UTC.
 *
 * The one line holds nothing that a server said: what it is made of are our own words. In the text
 * for people, what servers said is escaped, and stands behind words of ours on its line.
 */
#ifndef NOTIFIER_TEXT_H
#define NOTIFIER_TEXT_H

#include "base/buffer.h"
#include "base/messages_outbox.h"
#include "base/zone.h"

enum {
	SUBJECT_MAX = 240,            /* bytes with the NUL */
	BODY_MAX = 96 * 1024,
	NOTICE_JSON_MAX = 1024 * 1024
};

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
};

/* "[down] mx1.example.org:25 - no greeting within 60.0 s, 3 of 3 attempts"; of a long one its
 * beginning. ASCII where the name and the sentence are. */
void notice_add_subject(struct text *, const struct notice_view *);

/*
 * What happened, how to hear no more of it, when, where, how far it came, what changed, what it may
 * mean, the transcript of every attempt, and who watches. Where there is no room attempts are cut:
 * the transcripts of older ones go first, one by one, then these attempts themselves, then the
 * lines of EHLO replies, then the middle of what is left, then what stands before the attempts. The
 * last lines of the last failure stay where there is room for 1 KiB. The text counts what was left
 * out.
 */
void notice_add_body(struct text *, const struct notice_view *);

/* The object that plugins/webhook/notice.schema.json describes, into the buffer, ended by NUL.
 * Where it would grow above its maximum, without transcripts. False: no memory. */
bool notice_write_json(struct buffer *, const struct pw_notice *, const struct message_notice *,
    const struct message_leg *legs,
    uint32_t leg_count);

#endif
