/*
 * For `postwatch status` and other commands of a user who may use the UNIX socket of the web
 * process and not the state folder: the store, read by the web process. The command asks for rows,
 * page by page, and shows them as if it had read them itself.
 *
 *   GET /store/outline       the configuration in force, as far as commands need it (web/outline.h)
 *   GET /store/HASH/DIGITS   an answer of the store (store/question.h); HASH: the last word of the
 *                            outline's name
 *
 * Answers take half of the time of this process at most, so that whoever asks on and on keeps no
 * page waiting for long: 429 (RFC 6585) says to ask again somewhat later.
 */
#pragma once

#include "web/site.h"

/* Zeroes to begin with. */
struct store_api_time {
	int64_t taken; /* by answers, less what is over, microseconds */
	int64_t at;    /* clock_mono() */
};

/* Behind its address: what stands behind "/store/". */
void store_api_answer(struct view *);
