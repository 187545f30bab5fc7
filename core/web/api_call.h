/*
 * For the functions of the JSON API: what they share: how an answer begins and ends, and how lists
 * are limited and continued.
 */
#pragma once

#include "base/json.h"
#include "web/api.h"

struct call {
	struct view *view;
	struct json json;
	uint32_t count, limit;
};

/* Takes `limit` of the query, and begins an object, and in it an array by the name of `list` (NULL: none). Returns false where the limit is no
 * number: the answer says so. */
bool call_begin(struct call *, struct view *, const char *list);
/* Ends what is open, and the answer. */
void call_end(struct call *);

/* The number of a parameter of the query, `otherwise` where it is not given. Returns false where it is none: the answer says so. */
bool call_number(struct view *, const char *name, uint64_t otherwise, uint64_t *number);

/* Whether a list goes on behind what was told: the number with which the next page begins, or null. */
void call_put_cursor(struct call *, bool has_more, uint64_t cursor);
