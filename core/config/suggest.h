/* Suggestions: of the words that may stand at a place the one nearest to the word that stands
 * there. */
#pragma once

#include "config/diagnostics.h"
#include "config/value.h"

enum { CANDIDATES_MAX = 256 }; /* what goes beyond is never suggested */

/* The words that may stand there. Starts as zeroes; the words are the caller's. */
struct candidates {
	const char *words[CANDIDATES_MAX];
	size_t count;
	char keys[CANDIDATES_MAX / 4][SETTING_KEY_MAX]; /* of secrets, which end in _file */
	size_t key_count;
};

void candidates_add(struct candidates *, const char *word);
/* The keys of a table of settings; NULL: none. */
void candidates_add_settings(struct candidates *, const struct pw_setting *rows);

/* The nearest candidate by edit distance; NULL if none is near enough to have been meant. */
const char *candidates_nearest(const struct candidates *, const char *word);

/* ": did you mean NEAREST?", "" if there is none. Shares the room of diagnostics_quote(). */
const char *candidates_suggest(const struct candidates *, struct diagnostics *, const char *word);
