/*
 * For the overview: how all servers stand, in a sentence with numbers, above all other lines of the
 * page.
 */
#pragma once

#include "web/site.h"

/* "Mail arrives at 411 of 412. mx1 does not, since 09:12: …": of those that are down the first three are named. */
void sentence_put(struct view *);

/* "Mail arrives at 411 of 412 - Postwatch": for the title of a page; cut where it does not fit into `room` bytes. */
void sentence_title(const struct site *, char *bytes, size_t room);
