/*
 * The first page of the web process, the overview: whether mail arrives, in a sentence with
 * numbers, and every target, worst first.
 */
#pragma once

#include "web/site.h"

/* Query: state=RANK, tag=TAG, q=TEXT (a part of a name or host) choose targets; page=N, 200 a page; wall and compact are
 * densities. */
void overview_answer(struct view *);
