/*
 * What is kept, for `postwatch status` and the like of a user who may use the UNIX socket of the
 * page and not the state folder. The command asks for rows, page by page, and shows them as if it
 * had read them itself.
 *
 *   GET /store/outline       the configuration in force, as far as commands need it (web/outline.h)
 *   GET /store/HASH/DIGITS   an answer of the store (store/question.h); HASH: the last word of the
 *                            outline's name
 */
#pragma once

#include "web/site.h"

/* `rest`: what stands behind "/store/". */
void store_api_answer(struct view *, const char *rest);
