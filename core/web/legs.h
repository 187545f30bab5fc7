/*
 * For the page of a target: what the stored evidence tells of each of its addresses: software,
 * certificate and other facts, and since when each of them holds.
 */
#pragma once

#include "web/site.h"

/* As parts of the page of the target; nothing where no evidence is kept. */
void legs_put(struct view *, const struct board_row *);
