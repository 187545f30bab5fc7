/*
 * For the web process: the pauses that hold or will (people are not told of a target, by `postwatch
 * pause`): of a target, or of all that have a tag.
 */
#pragma once

#include "config/config.h"
#include "store/reader.h"

/* Starts as zeroes; the owner clears it and frees `items`. */
struct pauses {
	uint32_t count, room;
	struct pause {
		uint64_t target; /* 0: `tag` says which */
		char *tag;       /* NULL: of the target */
		int64_t from, until; /* UTC */
		char *by, *why;  /* bytes of users */
	} *items;
};

/* In place of those that were there. */
void pauses_read(struct pauses *, struct store_reader *);
void pauses_clear(struct pauses *);

/* Whether it holds at `now` (UTC) for the target by that number of the store; NULL: the configuration has it not. */
bool pause_holds(const struct pause *, int64_t now, uint64_t number, const struct target *);
/* Whether one of them holds at `now` (UTC) for the target by that number of the store; NULL: the configuration has it not. */
bool pauses_hold(const struct pauses *, int64_t now, uint64_t number, const struct target *);
