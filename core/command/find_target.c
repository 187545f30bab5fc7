/*
 * For commands that read the store: finds targets by number, by halving, and by the words that
 * people use for them (name, host, host:port).
 */
#include "command/find_target.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int
by_number(const void *key, const void *member)
{
	uint64_t number = *(const uint64_t *)key;
	const struct past_target *target = member;

	return number < target->number ? -1 : number > target->number;
}

const struct past_target *
past_target(const struct past *past, uint64_t number)
{
	if (past->target_count == 0)
		return NULL;
	return bsearch(
	    &number, past->targets, past->target_count, sizeof past->targets[0], by_number);
}

size_t
past_place(const struct past *past, uint64_t number)
{
	const struct past_target *target = past_target(past, number);

	return target == NULL ? past->target_count : (size_t)(target - past->targets);
}

/* How well a word names a target: by its identity, its name, its host and port, its host; 0: not
 * at all. */
static int
rank(const struct past_target *target, const char *word)
{
	char ends[300];
	int watched = target->gone == 0 ? 1 : 0;

	if (strcmp(target->identity, word) == 0)
		return 8 + watched;
	if (strcmp(target->name, word) == 0)
		return 6 + watched;
	snprintf(ends, sizeof ends, strchr(target->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    target->host, target->port);
	if (strcasecmp(ends, word) == 0)
		return 4 + watched;
	return strcasecmp(target->host, word) == 0 ? 2 + watched : 0;
}

bool
past_knows_target(const struct past *past, const char *word)
{
	for (size_t i = 0; i < past->target_count; i++)
		if (rank(&past->targets[i], word) > 1)
			return true;
	return false;
}

/* The best rank counts: an identity goes before a name, and a name before a host. Between two of
 * one rank nobody decides but the reader. */
const struct past_target *
past_find_target(const struct past *past, const char *word)
{
	const struct past_target *found = NULL;
	struct nearest near = nearest_to(word);
	size_t matches = 0;
	int best = 1;

	for (size_t i = 0; i < past->target_count; i++) {
		int here = rank(&past->targets[i], word);

		matches = here > best ? 1 : matches + (here == best);
		found = here > best ? &past->targets[i] : found;
		best = here > best ? here : best;
	}
	assert((found == NULL) == (matches == 0) && matches <= past->target_count);
	if (matches == 1)
		return found;
	for (size_t i = 0; i < past->target_count; i++)
		nearest_try(&near, past->targets[i].name);
	if (matches > 1) {
		fprintf(stderr, "postwatch: `%s` may mean", word);
		for (size_t i = 0; i < past->target_count; i++)
			if (rank(&past->targets[i], word) == best)
				fprintf(stderr, " %s", past->targets[i].identity);
		fputs(": say which\n", stderr);
	} else if (near.best != NULL)
		command_fail(0, "no target is called `%s`: did you mean `%s`?", word, near.best);
	else
		command_fail(0, "no target is called `%s`: `postwatch status` lists them", word);
	return NULL;
}
