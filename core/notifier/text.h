/*
 * The texts of a notice, made when it is sent: one line, plain text for people, one JSON object for machines. Times are
 * told in the notifier's zone with its offset, and in UTC.
 */
#ifndef NOTIFIER_TEXT_H
#define NOTIFIER_TEXT_H

#include "base/buffer.h"
#include "base/messages_outbox.h"
#include "base/zone.h"

enum {
	SUBJECT_MAX = 240,            /* bytes with the NUL */
	BODY_MAX = 256 * 1024,
	NOTICE_JSON_MAX = 1024 * 1024
};

/* The sentence; of a long one its beginning. */
void notice_add_subject(struct text *, const struct message_notice *);

/* The sentence, what is known around it, and the evidence of the legs that led to it. What has no room is left out, and
 * its end says so. */
void notice_add_body(struct text *, const struct message_notice *, const struct message_leg *legs, uint32_t leg_count,
    const struct zone *);

/* Into the buffer, ended by NUL. Where it would grow above its maximum, without transcripts. False: no memory. */
bool notice_write_json(struct buffer *, const struct message_notice *, const struct message_leg *legs, uint32_t leg_count);

#endif
