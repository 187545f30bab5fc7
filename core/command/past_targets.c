/* All targets that the store knows, and which of them a word on the command line means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "command/memory.h"
#include "command/past.h"

static char *
copy(const char *string)
{
	return must(strdup(string == NULL ? "" : string));
}

enum store_reading
past_targets_read(const struct past *past, struct past_targets *targets)
{
	struct store_target row;
	struct store_list list;

	*targets = (struct past_targets){ 0 };
	store_list_open(&list, past->reader, STORE_LIST_TARGETS, 0);
	while (store_list_next(&list, &row)) {
		must(VEC_RESERVE(targets->rows, targets->count, targets->room) ? targets->rows : NULL);
		targets->rows[targets->count++] = (struct past_target){ .number = row.number, .identity = copy(row.identity),
			.name = copy(row.name), .probe = copy(row.probe), .host = copy(row.host), .port = row.port, .known = row.known,
			.gone = row.gone };
	}
	return store_list_close(&list);
}

void
past_targets_free(struct past_targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		free(targets->rows[i].identity);
		free(targets->rows[i].name);
		free(targets->rows[i].probe);
		free(targets->rows[i].host);
	}
	free(targets->rows);
	*targets = (struct past_targets){ 0 };
}

static int
compare(const void *key, const void *member)
{
	uint64_t number = *(const uint64_t *)key;
	const struct past_target *target = member;

	return number < target->number ? -1 : number > target->number;
}

const struct past_target *
past_targets_get(const struct past_targets *targets, uint64_t number)
{
	if (targets->count == 0)
		return NULL;
	return bsearch(&number, targets->rows, targets->count, sizeof targets->rows[0], compare);
}

/* How well a word names a target: by its identity, its name, its host and port, its host; 0: not at all. */
static int
rank(const struct past_target *target, const char *word)
{
	char ends[300];
	int watched = target->gone == 0 ? 1 : 0;

	if (strcmp(target->identity, word) == 0)
		return 8 + watched;
	if (strcmp(target->name, word) == 0)
		return 6 + watched;
	snprintf(ends, sizeof ends, strchr(target->host, ':') != NULL ? "[%s]:%u" : "%s:%u", target->host, target->port);
	if (strcasecmp(ends, word) == 0)
		return 4 + watched;
	return strcasecmp(target->host, word) == 0 ? 2 + watched : 0;
}

bool
past_targets_has(const struct past_targets *targets, const char *word)
{
	for (size_t i = 0; i < targets->count; i++)
		if (rank(&targets->rows[i], word) > 1)
			return true;
	return false;
}

static void
say_several(const struct past_targets *targets, const char *word, int best)
{
	fprintf(stderr, "postwatch: `%s` may mean", word);
	for (size_t i = 0; i < targets->count; i++)
		if (rank(&targets->rows[i], word) == best)
			fprintf(stderr, " %s", targets->rows[i].identity);
	fputs(": say which\n", stderr);
}

static const char *
next_name(void *arg, size_t index)
{
	const struct past_targets *targets = arg;

	return index < targets->count ? targets->rows[index].name : NULL;
}

const struct past_target *
past_targets_find(const struct past_targets *targets, const char *word)
{
	struct past_targets known = *targets;
	const struct past_target *found = NULL;
	const char *nearest;
	size_t matches = 0;
	int best = 1;

	for (size_t i = 0; i < targets->count; i++) {
		int here = rank(&targets->rows[i], word);

		matches = here > best ? 1 : matches + (here == best);
		found = here > best ? &targets->rows[i] : found;
		best = here > best ? here : best;
	}
	if (matches == 1)
		return found;
	nearest = text_nearest(word, next_name, &known);
	if (matches > 1)
		say_several(targets, word, best);
	else if (nearest != NULL)
		fprintf(stderr, "postwatch: no target is called `%s`: did you mean `%s`?\n", word, nearest);
	else
		fprintf(stderr, "postwatch: no target is called `%s`: `postwatch status` lists them\n", word);
	return NULL;
}
