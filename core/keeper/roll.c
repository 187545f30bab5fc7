/* Matching by sorting: there may be 100,000 on both sides. */
#include "keeper/roll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { IDENTITY_MAX = 1200 };

bool
roll_init(struct roll *roll, const struct config *config)
{
	*roll = (struct roll){ .config = config };
	roll->numbers = calloc(config->target_count + 1, sizeof *roll->numbers);
	return roll->numbers != NULL;
}

static void
free_row(struct roll_known *row)
{
	free(row->identity);
	free(row->name);
	free(row->probe);
	free(row->host);
	free(row->was);
}

void
roll_fini(struct roll *roll)
{
	for (uint32_t i = 0; i < roll->count; i++)
		free_row(&roll->rows[i]);
	free(roll->rows);
	free(roll->numbers);
	*roll = (struct roll){ .config = roll->config };
}

bool
roll_add(struct roll *roll, const struct store_target *target)
{
	if (!VEC_RESERVE(roll->rows, roll->count, roll->room))
		return false;
	struct roll_known *row = &roll->rows[roll->count];
	*row = (struct roll_known){ .number = target->number, .port = target->port, .known = target->known,
		.gone = target->gone, .target = CONFIG_NONE, .identity = strdup(target->identity),
		.name = strdup(target->name), .probe = strdup(target->probe), .host = strdup(target->host),
		.was = strdup(target->was == NULL ? "" : target->was) };
	if (row->identity == NULL || row->name == NULL || row->probe == NULL || row->host == NULL || row->was == NULL) {
		free_row(row);
		return false;
	}
	roll->count++;
	return true;
}

static const char *
probe_of(const struct target *target)
{
	return target->policy->probe->descriptor->name;
}

static void
add_identity(struct text *text, const struct target *target)
{
	if (target->is_named)
		text_add(text, target->name);
	else
		text_format(text, "%s://%s:%u", probe_of(target), target->host, target->port);
}

static int
by_identity(const void *a, const void *b)
{
	return strcmp(((const struct roll_known *)a)->identity, ((const struct roll_known *)b)->identity);
}

static int
by_number(const void *a, const void *b)
{
	const struct roll_known *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

static struct roll_known *
find_identity(const struct roll *roll, const char *identity)
{
	struct roll_known sought = { .identity = (char *)(uintptr_t)identity };

	return roll->count == 0 ? NULL : bsearch(&sought, roll->rows, roll->count, sizeof *roll->rows, by_identity);
}

static void
join(struct roll *roll, struct roll_known *row, uint32_t target)
{
	row->target = target;
	roll->numbers[target] = row->number;
}

static void
match_identities(struct roll *roll)
{
	for (uint32_t i = 0; i < roll->config->target_count; i++) {
		char identity[IDENTITY_MAX];
		struct text text = TEXT_OVER(identity);
		add_identity(&text, &roll->config->targets[i]);
		struct roll_known *row = find_identity(roll, identity);
		if (row != NULL && row->target == CONFIG_NONE)
			join(roll, row, i);
	}
	for (uint32_t i = 0; i < roll->config->target_count; i++) {
		const char *was = roll->config->targets[i].was;
		struct roll_known *row = was == NULL || roll->numbers[i] != 0 ? NULL : find_identity(roll, was);
		if (row != NULL && row->target == CONFIG_NONE && row->gone == 0)
			join(roll, row, i);
	}
}

/* One side of a pair: a place that is watched under a new identity, or that an identity has left. */
struct side {
	const char *probe, *host;
	uint32_t port;
	bool vanished;
	uint32_t index;
};

static int
by_place(const void *a, const void *b)
{
	const struct side *one = a, *other = b;
	int order = strcmp(one->host, other->host);

	if (order == 0)
		order = (one->port > other->port) - (one->port < other->port);
	return order != 0 ? order : strcmp(one->probe, other->probe);
}

static void
match_pairs(struct roll *roll, struct side *sides, size_t count)
{
	qsort(sides, count, sizeof *sides, by_place);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && by_place(&sides[first], &sides[end]) == 0;)
			end++;
		if (end - first != 2 || sides[first].vanished == sides[first + 1].vanished)
			continue;
		const struct side *gone = sides[first].vanished ? &sides[first] : &sides[first + 1];
		const struct side *new = gone == &sides[first] ? &sides[first + 1] : &sides[first];
		join(roll, &roll->rows[gone->index], new->index);
	}
}

static bool
match_places(struct roll *roll)
{
	struct side *sides = calloc((size_t)roll->count + roll->config->target_count + 1, sizeof *sides);
	size_t count = 0;

	if (sides == NULL)
		return false;
	for (uint32_t i = 0; i < roll->count; i++) {
		const struct roll_known *row = &roll->rows[i];
		if (row->target == CONFIG_NONE && row->gone == 0)
			sides[count++] = (struct side){ row->probe, row->host, row->port, true, i };
	}
	for (uint32_t i = 0; i < roll->config->target_count; i++) {
		const struct target *target = &roll->config->targets[i];
		if (roll->numbers[i] == 0)
			sides[count++] = (struct side){ probe_of(target), target->host, target->port, false, i };
	}
	match_pairs(roll, sides, count);
	free(sides);
	return true;
}

static struct store_target
as_configured(const struct target *target, uint64_t number, const char *identity)
{
	return (struct store_target){ .number = number, .identity = identity, .name = target->name,
		.probe = probe_of(target), .host = target->host, .port = target->port };
}

static bool
add_new(struct roll *roll, uint64_t (*next)(void *arg), void *arg)
{
	for (uint32_t i = 0; i < roll->config->target_count; i++) {
		if (roll->numbers[i] != 0)
			continue;
		struct store_target row = as_configured(&roll->config->targets[i], next(arg), "");
		if (!roll_add(roll, &row))
			return false;
		join(roll, &roll->rows[roll->count - 1], i);
	}
	return true;
}

bool
roll_match(struct roll *roll, uint64_t (*next)(void *arg), void *arg)
{
	if (roll->count > 0)
		qsort(roll->rows, roll->count, sizeof *roll->rows, by_identity);
	match_identities(roll);
	if (!match_places(roll) || !add_new(roll, next, arg))
		return false;
	if (roll->count > 0)
		qsort(roll->rows, roll->count, sizeof *roll->rows, by_number);
	return true;
}

static bool
is_same(const struct roll_known *row, const struct store_target *now)
{
	return row->gone == 0 && strcmp(row->identity, now->identity) == 0 && strcmp(row->name, now->name) == 0
	    && strcmp(row->probe, now->probe) == 0 && strcmp(row->host, now->host) == 0 && row->port == now->port;
}

static void
update_row(struct roll_known *row, const struct target *target, roll_put *put, void *arg, int64_t now)
{
	char identity[IDENTITY_MAX];
	struct text text = TEXT_OVER(identity);

	add_identity(&text, target);
	struct store_target is = as_configured(target, row->number, identity);
	if (is_same(row, &is))
		return;
	bool renamed = row->identity[0] != '\0' && strcmp(row->identity, identity) != 0;
	is.was = renamed ? row->identity : row->was;
	is.known = row->known != 0 ? row->known : now;
	put(arg, &is, row->target, row->gone != 0 || row->known == 0);
	row->gone = 0;
	row->known = is.known;
}

static void
dismiss(struct roll_known *row, roll_put *put, void *arg, int64_t now)
{
	struct store_target is = { .number = row->number, .identity = row->identity, .name = row->name,
		.probe = row->probe, .host = row->host, .port = row->port, .was = row->was, .known = row->known,
		.gone = row->gone = now };

	put(arg, &is, CONFIG_NONE, false);
}

void
roll_update(struct roll *roll, roll_put *put, void *arg, int64_t now)
{
	/* Those who go first: an identity that moves on to another row must be free. */
	for (uint32_t i = 0; i < roll->count; i++)
		if (roll->rows[i].target == CONFIG_NONE && roll->rows[i].gone == 0)
			dismiss(&roll->rows[i], put, arg, now);
	for (uint32_t i = 0; i < roll->count; i++)
		if (roll->rows[i].target != CONFIG_NONE)
			update_row(&roll->rows[i], &roll->config->targets[roll->rows[i].target], put, arg, now);
}

uint64_t
roll_number(const struct roll *roll, uint32_t target)
{
	return target == CONFIG_NONE ? 0 : roll->numbers[target];
}

const struct roll_known *
roll_row(const struct roll *roll, uint64_t number)
{
	struct roll_known sought = { .number = number };

	return roll->count == 0 ? NULL : bsearch(&sought, roll->rows, roll->count, sizeof *roll->rows, by_number);
}

uint32_t
roll_target(const struct roll *roll, uint64_t number)
{
	const struct roll_known *row = roll_row(roll, number);

	return row == NULL ? CONFIG_NONE : row->target;
}

void
roll_names(const struct roll *roll, uint64_t number, struct notice_names *names)
{
	const struct roll_known *row = number == 0 ? NULL : roll_row(roll, number);
	const struct target *target = row == NULL || row->target == CONFIG_NONE ? NULL : &roll->config->targets[row->target];
	char own[OWN_NAME_MAX];

	*names = (struct notice_names){ .port = 0 };
	snprintf(names->own, sizeof names->own, "%s", own_name(roll->config->helo, own));
	if (row == NULL)
		return;
	snprintf(names->target, sizeof names->target, "%s", target != NULL ? target->name : row->name);
	snprintf(names->host, sizeof names->host, "%s", target != NULL ? target->shown : row->host);
	snprintf(names->probe, sizeof names->probe, "%s", target != NULL ? target->policy->probe->descriptor->name : row->probe);
	names->port = target != NULL ? target->port : (uint16_t)row->port;
}
