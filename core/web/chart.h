/*
 * For the page of a target: how long its last attempts took, as SVG pictures: one for the whole
 * attempt and one for each step, with its slow mark and its limit.
 */
#pragma once

#include "web/site.h"

/* Writes nothing where there are fewer than two attempts. */
void chart_put(struct view *, const struct board_row *);
