/*
 * Gathers the words that may stand at a place and picks the one nearest by edit distance.
 * Suggestions are for words that were misspelt: a word that is far from all of them gets none.
 */
#include "config/suggest.h"

#include <assert.h>

void
candidates_add(struct candidates *candidates, const char *word)
{
	if (candidates->count < CANDIDATES_MAX)
		candidates->words[candidates->count++] = word;
}

void
candidates_add_settings(struct candidates *candidates, const struct pw_setting *rows)
{
	enum { KEYS_MAX = sizeof candidates->keys / sizeof candidates->keys[0] };

	for (; rows != NULL && rows->key != NULL; rows++) {
		const char *key = rows->key;

		assert(candidates->key_count <= candidates->count
		    || candidates->count == CANDIDATES_MAX);
		if (rows->type == PW_SECRET && candidates->key_count < KEYS_MAX)
			key = value_key(rows, candidates->keys[candidates->key_count++]);
		candidates_add(candidates, key);
	}
}

const char *
candidates_nearest(const struct candidates *candidates, const char *word)
{
	struct nearest near = nearest_to(word);

	for (size_t i = 0; i < candidates->count; i++)
		nearest_try(&near, candidates->words[i]);
	return near.best;
}

const char *
candidates_suggest(const struct candidates *candidates, struct diagnostics *diagnostics,
    const char *word)
{
	return diagnostics_suggest(diagnostics, candidates_nearest(candidates, word));
}
