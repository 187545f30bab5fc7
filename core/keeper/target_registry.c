/*
 * For the keeper: matches the targets of the configuration with those of the store when it starts,
 * and keeps the number of each in both. It matches by sorting: there may be 100,000 on both sides.
 */
#include "keeper/target_registry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/vec.h"
#include "store/find.h"
#include "store/list.h"

enum { IDENTITY_MAX = 1200 };

/* One that the store knows. */
struct known {
	struct store_target row; /* its strings are in the registry's arena */
	uint32_t target; /* of the configuration, CONFIG_NONE: none of them */
};

struct target_registry {
	const struct config *config;
	struct store *store;
	struct arena *strings;
	uint32_t count, room;
	struct known *rows;      /* by number, once matched */
	struct of_target {
		uint64_t number;
		bool has_dependents;     /* others cannot be reached without it */
		/* nothing of it is open, so that nothing is looked for; false: not known */
		bool is_up, is_clear;
	} targets[];             /* of the configuration */
};

struct target_registry *
registry_create(const struct config *config)
{
	struct target_registry *registry =
	    calloc(1, sizeof *registry + config->target_count * sizeof registry->targets[0]);

	if (registry == NULL)
		return NULL;
	registry->config = config;
	registry->strings = arena_create();
	for (uint32_t i = 0; i < config->target_count; i++)
		if (config->targets[i].parent != CONFIG_NONE)
			registry->targets[config->targets[i].parent].has_dependents = true;
	return registry;
}

void
registry_destroy(struct target_registry **registry)
{
	if (*registry != NULL) {
		arena_destroy(&(*registry)->strings);
		free((*registry)->rows);
	}
	free(*registry);
	*registry = NULL;
}

static bool
add(struct target_registry *registry, const struct store_target *target)
{
	struct arena *strings = registry->strings;
	struct store_target row = *target;

	if (!VEC_RESERVE(registry->rows, registry->count, registry->room))
		return false;
	assert(registry->count < registry->room);
	row.identity = arena_strdup(strings, target->identity);
	row.name = arena_strdup(strings, target->name);
	row.probe = arena_strdup(strings, target->probe);
	row.host = arena_strdup(strings, target->host);
	row.was = arena_strdup(strings, target->was);
	registry->rows[registry->count++] = (struct known){ row, CONFIG_NONE };
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
	const struct known *one = a, *other = b;

	return strcmp(one->row.identity, other->row.identity);
}

static int
by_number(const void *a, const void *b)
{
	const struct known *one = a, *other = b;

	return (one->row.number > other->row.number) - (one->row.number < other->row.number);
}

static struct known *
find_identity(const struct target_registry *registry, const char *identity)
{
	struct known sought = { .row.identity = identity };

	return registry->count == 0 ? NULL
	    : bsearch(&sought, registry->rows, registry->count, sizeof *registry->rows,
	    by_identity);
}

static void
join(struct target_registry *registry, struct known *row, uint32_t target)
{
	row->target = target;
	registry->targets[target].number = row->row.number;
}

static void
match_identities(struct target_registry *registry)
{
	for (uint32_t i = 0; i < registry->config->target_count; i++) {
		struct text identity = TEXT_ROOM(IDENTITY_MAX);
		add_identity(&identity, &registry->config->targets[i]);
		struct known *row = find_identity(registry, identity.bytes);
		if (row != NULL && row->target == CONFIG_NONE)
			join(registry, row, i);
	}
	for (uint32_t i = 0; i < registry->config->target_count; i++) {
		const char *was = registry->config->targets[i].was;
		struct known *row = was == NULL || registry->targets[i].number != 0 ? NULL
		    : find_identity(registry, was);
		if (row != NULL && row->target == CONFIG_NONE && row->row.gone == 0)
			join(registry, row, i);
	}
}

/* One side of a pair: a place that is watched under a new identity, or that an identity has
 * left. */
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
match_pairs(struct target_registry *registry, struct side *sides, size_t count)
{
	qsort(sides, count, sizeof *sides, by_place);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && by_place(&sides[first], &sides[end]) == 0;)
			end++;
		if (end - first != 2 || sides[first].vanished == sides[first + 1].vanished)
			continue;
		const struct side *gone = sides[first].vanished ? &sides[first] : &sides[first + 1];
		const struct side *new = gone == &sides[first] ? &sides[first + 1] : &sides[first];
		join(registry, &registry->rows[gone->index], new->index);
	}
}

static bool
match_places(struct target_registry *registry)
{
	struct side *sides = calloc((size_t)registry->count + registry->config->target_count + 1,
	    sizeof *sides);
	size_t count = 0;

	if (sides == NULL)
		return false;
	for (uint32_t i = 0; i < registry->count; i++) {
		const struct store_target *row = &registry->rows[i].row;
		if (registry->rows[i].target == CONFIG_NONE && row->gone == 0)
			sides[count++] = (struct side){ row->probe, row->host, row->port, true, i };
	}
	for (uint32_t i = 0; i < registry->config->target_count; i++) {
		const struct target *target = &registry->config->targets[i];
		if (registry->targets[i].number == 0)
			sides[count++] = (struct side){ probe_of(target), target->host,
			    target->port, false, i };
	}
	match_pairs(registry, sides, count);
	free(sides);
	return true;
}

static struct store_target
as_configured(const struct target *target, uint64_t number, const char *identity)
{
	return (struct store_target){ .number = number, .identity = identity, .name = target->name,
		.probe = probe_of(target), .host = target->host, .port = target->port, .was = "" };
}

/* Finds for each target of the configuration its row; one that has none is given a new one. */
static bool
match(struct target_registry *registry)
{
	if (registry->count > 0)
		qsort(registry->rows, registry->count, sizeof *registry->rows, by_identity);
	match_identities(registry);
	if (!match_places(registry))
		return false;
	for (uint32_t i = 0; i < registry->config->target_count; i++) {
		if (registry->targets[i].number != 0)
			continue;
		struct store_target row = as_configured(&registry->config->targets[i],
		    store_number(registry->store, STORE_TARGETS), "");
		if (!add(registry, &row))
			return false;
		join(registry, &registry->rows[registry->count - 1], i);
	}
	if (registry->count > 0)
		qsort(registry->rows, registry->count, sizeof *registry->rows, by_number);
	return true;
}

static bool
is_same(const struct store_target *row, const struct store_target *now)
{
	return row->gone == 0 && strcmp(row->identity, now->identity) == 0
	    && strcmp(row->name, now->name) == 0 && strcmp(row->probe, now->probe) == 0
	    && strcmp(row->host, now->host) == 0 && row->port == now->port;
}

/* One that is no longer watched, or comes back after it was gone, begins anew: nothing that was
 * kept of it holds. */
static void
put(struct store_batch *batch, const struct store_target *row, bool anew)
{
	store_put_target(batch, row);
	if (anew)
		store_put_state(batch, &(struct store_state){ .target = row->number,
		    .at = clock_wall(), .record = { "", 0 } });
}

static void
update_row(struct store_batch *batch, struct store_target *row, const struct target *target,
    int64_t now)
{
	struct text identity = TEXT_ROOM(IDENTITY_MAX);

	add_identity(&identity, target);
	struct store_target is = as_configured(target, row->number, identity.bytes);
	if (is_same(row, &is))
		return;
	bool renamed = row->identity[0] != '\0' && strcmp(row->identity, identity.bytes) != 0;
	is.was = renamed ? row->identity : row->was;
	is.known = row->known != 0 ? row->known : now;
	put(batch, &is, row->gone != 0 || row->known == 0);
	row->gone = 0;
	row->known = is.known;
}

/* Puts what is not as the configuration has it. Those who go come first: an identity that moves on
 * to another row must be free. */
static void
update(struct target_registry *registry, struct store_batch *batch)
{
	int64_t now = clock_wall();

	for (uint32_t i = 0; i < registry->count; i++) {
		struct store_target *row = &registry->rows[i].row;

		if (registry->rows[i].target != CONFIG_NONE || row->gone != 0)
			continue;
		row->gone = now;
		put(batch, row, true);
	}
	for (uint32_t i = 0; i < registry->count; i++)
		if (registry->rows[i].target != CONFIG_NONE)
			update_row(batch, &registry->rows[i].row,
			    &registry->config->targets[registry->rows[i].target], now);
}

bool
registry_recover(struct target_registry *registry, struct store *store, struct store_batch *batch,
    struct reason *why)
{
	struct store_target row;
	struct store_list list;
	bool no_memory = false;

	registry->store = store;
	store_list_open(&list, store_inside(store), STORE_LIST_TARGETS, 0);
	while (!no_memory && store_list_next(&list, &row))
		no_memory = !add(registry, &row);
	if (store_list_close(&list) == STORE_READ_BROKEN)
		reason_set(why, "what was kept cannot be read: %s",
		    store_reader_why(store_inside(store)));
	else if (no_memory || !match(registry))
		reason_set(why, "no memory");
	else {
		update(registry, batch);
		return true;
	}
	return false;
}

uint64_t
registry_number(const struct target_registry *registry, uint32_t target)
{
	assert(target == CONFIG_NONE || target < registry->config->target_count);
	return target == CONFIG_NONE ? 0 : registry->targets[target].number;
}

static const struct known *
find_row(const struct target_registry *registry, uint64_t number)
{
	struct known sought = { .row.number = number };

	return registry->count == 0 ? NULL
	    : bsearch(&sought, registry->rows, registry->count, sizeof *registry->rows, by_number);
}

uint32_t
registry_target(const struct target_registry *registry, uint64_t number)
{
	const struct known *row = find_row(registry, number);

	return row == NULL ? CONFIG_NONE : row->target;
}

void
registry_names(const struct target_registry *registry, uint64_t number, struct notice_names *names)
{
	const struct known *known = number == 0 ? NULL : find_row(registry, number);
	const struct target *target = known == NULL || known->target == CONFIG_NONE ? NULL
	    : &registry->config->targets[known->target];
	char own[OWN_NAME_MAX];

	*names = (struct notice_names){ .port = 0 };
	text_copy(names->own, sizeof names->own, own_name(registry->config->helo, own));
	if (known == NULL)
		return;
	text_copy(names->target, sizeof names->target, target != NULL ? target->name
	    : known->row.name);
	text_copy(names->host, sizeof names->host, target != NULL ? target->shown
	    : known->row.host);
	text_copy(names->probe, sizeof names->probe, target != NULL ? probe_of(target)
	    : known->row.probe);
	names->port = target != NULL ? target->port : (uint16_t)known->row.port;
}

const char *
registry_name(const struct target_registry *registry, uint64_t number)
{
	const struct known *row = find_row(registry, number);

	return row == NULL ? "a target" : row->row.name;
}

bool
registry_has_dependents(const struct target_registry *registry, uint32_t target)
{
	assert(target < registry->config->target_count);
	return registry->targets[target].has_dependents;
}

bool
registry_open_incident(struct target_registry *registry, uint32_t target,
    struct store_incident *incident)
{
	struct of_target *of = &registry->targets[target];

	assert(target < registry->config->target_count);
	of->is_up = of->is_up || !store_find_open_incident(registry->store, of->number, incident);
	return !of->is_up;
}

bool
registry_is_down(struct target_registry *registry, uint32_t target)
{
	struct store_incident incident;

	return registry_open_incident(registry, target, &incident);
}

bool
registry_stands(const struct target_registry *registry, uint32_t target, const char *code)
{
	struct store_condition condition;

	return !registry->targets[target].is_clear
	    && store_find_condition(registry->store, registry->targets[target].number, code,
	    &condition);
}

bool
registry_is_clear(const struct target_registry *registry, uint32_t target)
{
	return registry->targets[target].is_clear;
}

void
registry_note_incident(struct target_registry *registry, uint32_t target, bool open)
{
	assert(target < registry->config->target_count);
	registry->targets[target].is_up = !open;
}

void
registry_note_conditions(struct target_registry *registry, uint32_t target, bool any)
{
	registry->targets[target].is_clear = !any;
}
