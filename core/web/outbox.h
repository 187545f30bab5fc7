/*
 * For the pages and metrics of the web process: how many deliveries of notices wait, for each
 * notifier, and since when.
 */
#pragma once

#include "store/reader.h"

/* Starts as zeroes; the owner clears it. */
struct outbox {
	uint32_t count, room;
	struct outbox_row {
		char *notifier;
		uint64_t waiting; /* deliveries */
		uint64_t tries;   /* of the one among them that was tried most often; 0: none was yet */
		int64_t since;    /* UTC: the oldest of them */
	} *items;
};

/* In place of what was there. */
void outbox_read(struct outbox *, struct store_reader *);
void outbox_clear(struct outbox *);

/* When it last delivered any of the newest 10,000 notices, UTC; 0: none of them. */
int64_t outbox_delivered(struct store_reader *, const char *notifier);

/* What waits for that notifier; NULL: nothing. */
const struct outbox_row *outbox_of(const struct outbox *, const char *notifier);
