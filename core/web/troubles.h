/*
 * For the web process: troubles of Postwatch itself that were told and have not ended, from the
 * newest of the stored notices that are of no target.
 */
#pragma once

#include "store/reader.h"

/* Starts as zeroes; the owner clears it and frees `items`. */
struct troubles {
	uint32_t count, room;
	struct trouble {
		int64_t since; /* UTC */
		char *code, *text; /* text: escaped */
	} *items;
};

/* In place of those that were there. */
void troubles_read(struct troubles *, struct store_reader *);
void troubles_clear(struct troubles *);
