/*
 * For the notifier's worker process: a report of availability, whose text, HTML and JSON are made
 * by a process of its own when the report is sent (parent/reporter.h).
 */
#pragma once

#include "base/buffer.h"
#include "base/duty.h"
#include "base/messages_outbox.h"

enum { REPORT_BYTES_MAX = 32 * 1024 * 1024, REPORT_NAME_MAX = 256 };

/* Starts as zeroes, and ends with buffer_fini() of `bytes`, which hold the three texts. */
struct report_file {
	struct buffer bytes;
	const char *text, *html, *json;
	char name[REPORT_NAME_MAX]; /* of a file: "mail-servers-customer-a-2026-11.html" */
};

/* Has the parent start that process, and waits for it `limit` microseconds. Returns false if it is
 * not made whole by then, with the reason. */
bool report_make(struct report_file *, struct duty *, const struct message_notice *, int64_t limit,
    struct reason *why);
