/*
 * For the web process: the HTML lists of incidents (outages): the page of all, and the table of
 * those of one target, which other pages contain.
 */
#pragma once

#include "web/site.h"

/* Query: before=NUMBER, where the list goes on. */
void incidents_answer(struct view *);
/* The incidents of a target (the store's number) as a table, the newest first, `limit` at most. */
void incidents_put(struct view *, uint64_t target, uint32_t limit);
