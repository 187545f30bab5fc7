/*
 * The list of targets: duplicates, names, references to each other (parent, was); looked up by
 * hash, for there may be 100,000.
 */
#include "config/reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/vec.h"

enum { NAME_SIZE_MAX = 200 };

void
target_list_init(struct target_list *list)
{
	*list = (struct target_list){ 0 };
}

void
target_list_fini(struct target_list *list)
{
	free(list->items);
	free(list->origins);
	free(list->bonds);
	free(list->others);
	free(list->rejected);
	hash_table_fini(&list->identities);
	hash_table_fini(&list->names);
	*list = (struct target_list){ 0 };
}

/* What a target is known by to itself over time: its name, else probe://host:port. */
static uint32_t
hash_identity(const struct target *target, bool is_named)
{
	uint64_t hash = HASH_BEGIN;
	char port[16];
	struct text text = TEXT_OVER(port);

	if (is_named)
		return hash_end(hash_add_string(hash, target->name));
	text_format(&text, ":%u", target->port);
	hash = hash_add_string(hash, target->policy->probe->descriptor->name);
	hash = hash_add_string(hash, "://");
	hash = hash_add_string(hash, target->host);
	return hash_end(hash_add_string(hash, port));
}

struct wanted {
	const struct target_list *list;
	const struct target *target;
	bool is_named;
};

static bool
same_identity(void *arg, uint32_t index)
{
	const struct wanted *wanted = arg;
	const struct target *other = &wanted->list->items[index], *target = wanted->target;

	if (wanted->list->origins[index].is_named != wanted->is_named)
		return false;
	if (wanted->is_named)
		return strcmp(other->name, target->name) == 0;
	return other->port == target->port && other->policy->probe == target->policy->probe
	    && strcmp(other->host, target->host) == 0;
}

struct sought {
	const struct target_list *list;
	const char *name;
	uint32_t but; /* CONFIG_NONE: any */
};

static bool
same_name(void *arg, uint32_t index)
{
	const struct sought *sought = arg;

	return index != sought->but && strcmp(sought->list->items[index].name, sought->name) == 0;
}

static uint32_t
find_name(const struct target_list *list, const char *name, uint32_t but)
{
	struct sought sought = { list, name, but };

	return hash_find(&list->names, hash_end(hash_add_string(HASH_BEGIN, name)), same_name, &sought);
}

/* host:port as it was written. */
static const char *
name_of_place(struct reader *reader, const struct draft *draft)
{
	char name[1100];
	struct text text = TEXT_OVER(name);
	bool is_v6 = strchr(draft->host.shown, ':') != NULL;

	text_add(&text, is_v6 ? "[" : "");
	text_add(&text, draft->host.shown);
	text_add(&text, is_v6 ? "]:" : ":");
	text_add_u64(&text, draft->port);
	return arena_bytes(reader->arena, name, text.size);
}

static bool
name_is_good(struct reader *reader, const struct draft *draft, const char *name)
{
	size_t size = strlen(name);
	struct reason why;

	if (!text_is_clean(name, &why))
		faults_add(&reader->faults, draft->place, "the name %s %s", QUOTE(reader, name), why.text);
	else if (size == 0 || size > NAME_SIZE_MAX)
		faults_add(&reader->faults, draft->place, "a name has 1 to %d bytes, and this one %zu", NAME_SIZE_MAX, size);
	else if (name[0] == ' ' || name[size - 1] == ' ')
		faults_add(&reader->faults, draft->place, "the name %s begins or ends with a blank", QUOTE(reader, name));
	else
		return true;
	return false;
}

static void
bind_later(struct target_list *list, struct bond bond)
{
	VEC_REQUIRE(list->bonds, list->bond_count, list->bond_room);
	list->bonds[list->bond_count++] = bond;
}

static bool
has_room(struct reader *reader, struct place place)
{
	struct target_list *list = &reader->targets;

	if (list->count == TARGETS_MAX) {
		faults_add(&reader->faults, place, "there are more than %d targets", TARGETS_MAX);
		return false;
	}
	VEC_REQUIRE(list->items, list->count, list->room);
	VEC_REQUIRE(list->origins, list->count, list->origin_room);
	return true;
}

void
reader_add_target(struct reader *reader, const struct draft *draft)
{
	struct target_list *list = &reader->targets;
	struct target target = { .host = draft->host.ascii, .shown = draft->host.shown, .policy = draft->policy,
		.parent = CONFIG_NONE, .port = draft->port };
	struct wanted wanted = { list, &target, draft->name != NULL };
	uint32_t twin;

	if ((draft->name != NULL && !name_is_good(reader, draft, draft->name)) || !has_room(reader, draft->place))
		return;
	target.name = draft->name != NULL ? arena_strdup(reader->arena, draft->name) : name_of_place(reader, draft);
	if (draft->was != NULL)
		target.was = arena_strdup(reader->arena, draft->was);
	target.is_named = wanted.is_named;
	target.hash = hash_identity(&target, wanted.is_named);
	target.host_hash = hash_end(hash_add_string(HASH_BEGIN, target.host));
	twin = hash_find(&list->identities, target.hash, same_identity, &wanted);
	if (twin != HASH_NONE) {
		faults_add(&reader->faults, draft->place, "the target %s is there twice, here and in %s%s", QUOTE(reader, target.name),
		    faults_place(&reader->faults, list->origins[twin].place), wanted.is_named ? "" : ": give one of them a name");
		return;
	}
	pool_index(&list->identities, target.hash, list->count);
	pool_index(&list->names, hash_end(hash_add_string(HASH_BEGIN, target.name)), list->count);
	list->origins[list->count] = (struct origin){ draft->place, wanted.is_named };
	if (draft->parent != NULL)
		bind_later(list, (struct bond){ list->count, draft->parent_place, draft->parent, true });
	if (draft->was != NULL)
		bind_later(list, (struct bond){ list->count, draft->place, draft->was, false });
	list->items[list->count++] = target;
}

void
reader_pass_target(struct reader *reader, const struct draft *draft)
{
	struct target_list *list = &reader->targets;

	VEC_REQUIRE(list->others, list->other_count, list->other_room);
	list->others[list->other_count++] = (struct target){ .host = draft->host.ascii, .port = draft->port,
		.name = draft->name != NULL ? arena_strdup(reader->arena, draft->name) : name_of_place(reader, draft) };
}

static const char *
next_other(void *arg, size_t index)
{
	const struct target_list *list = arg;

	if (index < list->count)
		return list->items[index].name;
	index -= list->count;
	return index < list->other_count && index < 10000 ? list->others[index].name : NULL;
}

void
reader_blame_word(struct reader *reader, const char *word)
{
	const struct place place = { .file = faults_file(&reader->faults, "command line") };
	struct target_list *list = &reader->targets;
	const char *near = NULL;
	size_t size = strcspn(word, ":");

	for (uint32_t i = 0; near == NULL && i < list->other_count; i++)
		if (strncasecmp(list->others[i].host, word, size) == 0 && list->others[i].host[size] == '\0')
			near = list->others[i].name;
	if (near == NULL)
		near = text_nearest(word, next_other, list);
	faults_add(&reader->faults, place, "%s is no target of %s%s%s%s", QUOTE(reader, word), QUOTE(reader, reader->source->path),
	    near == NULL ? ": it lists none of a like name" : ": did you mean ", near == NULL ? "" : QUOTE(reader, near),
	    near == NULL ? "" : "?");
}

static const char *
next_name(void *arg, size_t index)
{
	const struct target_list *list = arg;

	return index < list->count && index < 10000 ? list->items[index].name : NULL;
}

void
reader_reject_target(struct reader *reader, const char *name)
{
	struct target_list *list = &reader->targets;

	VEC_REQUIRE(list->rejected, list->rejected_count, list->rejected_room);
	list->rejected[list->rejected_count++] = name == NULL ? "" : name;
}

bool
reader_target_may_be(const struct reader *reader, const char *name)
{
	const struct target_list *list = &reader->targets;
	size_t size;

	for (uint32_t i = 0; i < list->rejected_count; i++) {
		size = strlen(list->rejected[i]);
		if (strncmp(list->rejected[i], name, size) == 0 && (name[size] == '\0' || name[size] == ':'))
			return true;
	}
	return reader->is_torn;
}

static void
tie_parent(struct reader *reader, const struct bond *bond)
{
	struct target_list *list = &reader->targets;
	uint32_t parent = find_name(list, bond->name, CONFIG_NONE);
	const char *near;

	if (parent == HASH_NONE) {
		if (reader->source->select || reader_target_may_be(reader, bond->name))
			return;
		near = text_nearest(bond->name, next_name, list);
		faults_add(&reader->faults, bond->place, "parent: there is no target %s%s%s%s", QUOTE(reader, bond->name),
		    near == NULL ? "" : ": did you mean ", near == NULL ? "" : QUOTE(reader, near), near == NULL ? "" : "?");
	} else if (find_name(list, bond->name, parent) != HASH_NONE) {
		faults_add(&reader->faults, bond->place, "parent: more than one target is called %s: give the one meant a name",
		    QUOTE(reader, bond->name));
	} else {
		list->items[bond->target].parent = parent;
	}
}

static void
check_depth(struct reader *reader, const struct bond *bond)
{
	const struct target_list *list = &reader->targets;
	uint32_t at = bond->target, depth = 0;

	while (list->items[at].parent != CONFIG_NONE && depth <= CONFIG_PARENTS_MAX) {
		at = list->items[at].parent;
		depth++;
		if (at == bond->target) {
			faults_add(&reader->faults, bond->place, "parent: %s is, by way of its parents, its own parent",
			    QUOTE(reader, list->items[at].name));
			return;
		}
	}
	if (depth > CONFIG_PARENTS_MAX)
		faults_add(&reader->faults, bond->place, "parent: more than %d parents above each other", CONFIG_PARENTS_MAX);
}

static void
check_was(struct reader *reader, const struct bond *bond)
{
	const struct target_list *list = &reader->targets;
	uint32_t other = find_name(list, bond->name, CONFIG_NONE);

	if (other != HASH_NONE)
		faults_add(&reader->faults, bond->place, "was: %s is still the name of the target in %s", QUOTE(reader, bond->name),
		    faults_place(&reader->faults, list->origins[other].place));
}

uint32_t
reader_find_target(const struct reader *reader, const char *name)
{
	uint32_t target = find_name(&reader->targets, name, CONFIG_NONE);

	return target == HASH_NONE ? CONFIG_NONE : target;
}

void
reader_tie_targets(struct reader *reader)
{
	struct target_list *list = &reader->targets;
	struct target *kept;

	for (uint32_t i = 0; i < list->bond_count; i++) {
		if (list->bonds[i].is_parent)
			tie_parent(reader, &list->bonds[i]);
		else
			check_was(reader, &list->bonds[i]);
	}
	for (uint32_t i = 0; i < list->bond_count; i++)
		if (list->bonds[i].is_parent)
			check_depth(reader, &list->bonds[i]);
	kept = arena_array(reader->arena, list->count, sizeof *kept);
	if (list->count > 0)
		memcpy(kept, list->items, list->count * sizeof *kept);
	reader->config->targets = kept;
	reader->config->target_count = list->count;
}
