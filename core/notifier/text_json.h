/*
 * For the notifier's worker process: a notice for machines, the JSON object that
 * plugins/webhook/notice.schema.json describes.
 */
#pragma once

#include "base/buffer.h"
#include "base/messages_outbox.h"

enum { NOTICE_JSON_MAX = 1024 * 1024 };

/* Writes the object into the buffer, ended by NUL. Where it would grow above its maximum, without
 * transcripts. Returns false if there is no memory. */
bool notice_write_json(struct buffer *, const struct pw_notice *, const struct message_notice *,
    const struct message_leg *legs, uint32_t leg_count);

/* Adds the member `report` to such an object: one that is JSON already. Returns false if there is no
 * memory. */
bool notice_add_report(struct buffer *, const char *report);
