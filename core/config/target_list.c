/*
 * For the reading of a configuration: the list of targets: duplicates, names, and the settings that
 * name another target (parent, was).
 *
 * The identity of a target is its `name`, else probe://host:port, and two of one identity are a
 * fault. Names that people use may be shared: smtp://mx1:25 and starttls://mx1:25 are both called
 * mx1:25, and only as a parent one of them needs a name.
 */
#include "config/reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/vec.h"

enum { NAME_SIZE_MAX = 200, SUGGESTED_MAX = 10000 /* names looked through for the nearest */ };

void
target_list_fini(struct target_list *list)
{
	free(list->items);
	free(list->places);
	free(list->refs);
	free(list->passed);
	free(list->rejected);
	hash_table_fini(&list->identities);
	hash_table_fini(&list->names);
	*list = (struct target_list){ 0 };
}

/*
 * Lasts over restarts and versions: it decides at which offset within the interval a target is
 * probed.
 */
static uint32_t
hash_identity(const struct target *target)
{
	uint64_t hash = HASH_BEGIN;
	struct text port = TEXT_ROOM(16);

	if (target->is_named)
		return hash_end(hash_add_string(hash, target->name));
	text_format(&port, ":%u", target->port);
	hash = hash_add_string(hash, target->policy->probe->descriptor->name);
	hash = hash_add_string(hash, "://");
	hash = hash_add_string(hash, target->host);
	return hash_end(hash_add_string(hash, port.bytes));
}

static bool
same_identity(const struct target *other, const struct target *target)
{
	if (other->is_named != target->is_named)
		return false;
	if (target->is_named)
		return strcmp(other->name, target->name) == 0;
	return other->port == target->port && other->policy->probe == target->policy->probe
	    && strcmp(other->host, target->host) == 0;
}

/* `but` is left out, for whether there is a second target of that name; CONFIG_NONE: none is. */
static uint32_t
find_name(const struct target_list *list, const char *name, uint32_t but)
{
	HASH_EACH(i, &list->names, hash_end(hash_add_string(HASH_BEGIN, name)))
		if (i != but && strcmp(list->items[i].name, name) == 0)
			return i;
	return HASH_NONE;
}

/* Its `name`, else host:port with the host as it was written. */
static const char *
name_of(struct reader *reader, const struct draft *draft)
{
	struct text text = TEXT_ROOM(1100);
	bool is_v6 = strchr(draft->host.shown, ':') != NULL;

	if (draft->name != NULL)
		return arena_strdup(reader->arena, draft->name);
	text_format(&text, "%s%s%s", is_v6 ? "[" : "", draft->host.shown, is_v6 ? "]:" : ":");
	text_add_u64(&text, draft->port);
	return arena_bytes(reader->arena, text.bytes, text.size);
}

static bool
check_name(struct reader *reader, const struct draft *draft, const char *name)
{
	size_t size = strlen(name);
	struct reason why;

	if (!text_is_clean(name, &why))
		return FAULT(
		    reader, draft->place, "the name %s %s", QUOTE(reader, name), why.text);
	if (size == 0 || size > NAME_SIZE_MAX)
		return FAULT(reader, draft->place, "a name has 1 to %d bytes, and this one %zu",
		    NAME_SIZE_MAX, size);
	return (name[0] != ' ' && name[size - 1] != ' ')
	    || FAULT(reader, draft->place, "the name %s begins or ends with a blank",
	        QUOTE(reader, name));
}

static void
note_ref(struct target_list *list, struct target_ref ref)
{
	VEC_REQUIRE(list->refs, list->ref_count, list->ref_room);
	list->refs[list->ref_count++] = ref;
}

void
target_list_add(struct reader *reader, const struct draft *draft)
{
	struct target_list *list = &reader->targets;
	struct target target = { .is_named = draft->name != NULL,
		.host = draft->host.ascii,
		.shown = draft->host.shown,
		.policy = draft->policy,
		.parent = CONFIG_NONE,
		.port = draft->port };

	if (draft->name != NULL && !check_name(reader, draft, draft->name))
		return;
	if (list->count == TARGETS_MAX) {
		FAULT(reader, draft->place, "there are more than %d targets", TARGETS_MAX);
		return;
	}
	VEC_REQUIRE(list->items, list->count, list->room);
	VEC_REQUIRE(list->places, list->count, list->place_room);
	target.name = name_of(reader, draft);
	if (draft->was != NULL)
		target.was = arena_strdup(reader->arena, draft->was);
	target.hash = hash_identity(&target);
	target.host_hash = hash_end(hash_add_string(HASH_BEGIN, target.host));
	HASH_EACH(twin, &list->identities, target.hash) {
		if (!same_identity(&list->items[twin], &target))
			continue;
		FAULT(reader, draft->place, "the target %s is there twice, here and in %s%s",
		    QUOTE(reader, target.name),
		    diagnostics_place(&reader->diagnostics, list->places[twin]),
		    target.is_named ? "" : ": give one of them a name");
		return;
	}
	pool_index(&list->identities, target.hash, list->count);
	pool_index(&list->names, hash_end(hash_add_string(HASH_BEGIN, target.name)), list->count);
	assert(list->names.count == list->identities.count && list->count < list->place_room);
	list->places[list->count] = draft->place;
	if (draft->parent != NULL)
		note_ref(list,
		    (struct target_ref){ list->count, draft->parent_place, draft->parent, true });
	if (draft->was != NULL)
		note_ref(list, (struct target_ref){ list->count, draft->place, draft->was, false });
	list->items[list->count++] = target;
}

void
target_list_pass(struct reader *reader, const struct draft *draft)
{
	struct target_list *list = &reader->targets;

	VEC_REQUIRE(list->passed, list->passed_count, list->passed_room);
	list->passed[list->passed_count++] = (struct target){
		.host = draft->host.ascii, .port = draft->port, .name = name_of(reader, draft)
	};
}

/*
 * Watched targets first, then those that were passed over; not all of 100,000, for each is
 * compared.
 */
static const char *
nearest_name(const struct target_list *list, const char *word)
{
	struct nearest near = nearest_to(word);

	for (uint32_t i = 0; i < list->count && i < SUGGESTED_MAX; i++)
		nearest_try(&near, list->items[i].name);
	for (uint32_t i = 0; i < list->passed_count && i < SUGGESTED_MAX; i++)
		nearest_try(&near, list->passed[i].name);
	return near.best;
}

/*
 * Whoever writes mx1:2525 for mx1:25 means that host: a target of the host is suggested before one
 * of a like name.
 */
void
target_list_report_word(struct reader *reader, const char *word)
{
	struct target_list *list = &reader->targets;
	const char *near = NULL;
	size_t size = strcspn(word, ":");

	for (uint32_t i = 0; near == NULL && i < list->passed_count; i++)
		if (strncasecmp(list->passed[i].host, word, size) == 0
		    && list->passed[i].host[size] == '\0')
			near = list->passed[i].name;
	if (near == NULL)
		near = nearest_name(list, word);
	FAULT(reader, reader_command_line(reader), "%s is no target of %s%s", QUOTE(reader, word),
	    QUOTE(reader, reader->source->path), near == NULL ? ": it lists none of a like name"
	    : diagnostics_suggest(&reader->diagnostics, QUOTE(reader, near)));
}

void
target_list_reject(struct reader *reader, const char *name)
{
	struct target_list *list = &reader->targets;

	VEC_REQUIRE(list->rejected, list->rejected_count, list->rejected_room);
	list->rejected[list->rejected_count++] = name == NULL ? "" : name;
}

/* A rejected entry may be known by its host alone, and meant by HOST:PORT. */
bool
target_list_may_have(const struct reader *reader, const char *name)
{
	const struct target_list *list = &reader->targets;
	size_t size;

	for (uint32_t i = 0; i < list->rejected_count; i++) {
		size = strlen(list->rejected[i]);
		if (strncmp(list->rejected[i], name, size) == 0
		    && (name[size] == '\0' || name[size] == ':'))
			return true;
	}
	return reader->is_torn;
}

/*
 * With a selection of targets a parent may be one that was not selected: then the target has none
 * for this once.
 */
static void
tie_parent(struct reader *reader, const struct target_ref *ref)
{
	struct target_list *list = &reader->targets;
	uint32_t parent = find_name(list, ref->name, CONFIG_NONE);
	const char *near;

	if (parent == HASH_NONE) {
		if (reader->source->select || target_list_may_have(reader, ref->name))
			return;
		near = nearest_name(list, ref->name);
		FAULT(reader, ref->place, "parent: there is no target %s%s",
		    QUOTE(reader, ref->name), diagnostics_suggest(&reader->diagnostics,
		    near == NULL ? NULL : QUOTE(reader, near)));
	} else if (find_name(list, ref->name, parent) != HASH_NONE) {
		FAULT(reader, ref->place,
		    "parent: more than one target is called %s: give the one meant a name",
		    QUOTE(reader, ref->name));
	} else {
		assert(ref->target < list->count && parent < list->count);
		list->items[ref->target].parent = parent;
	}
}

/*
 * A chain of parents is followed from each target that has one, up to the bound: longer ones are
 * either too deep or go in a circle.
 */
static void
check_depth(struct reader *reader, const struct target_ref *ref)
{
	const struct target_list *list = &reader->targets;
	uint32_t at = ref->target, depth = 0;

	while (list->items[at].parent != CONFIG_NONE && depth <= CONFIG_PARENTS_MAX) {
		at = list->items[at].parent;
		depth++;
		if (at == ref->target) {
			FAULT(reader, ref->place,
			    "parent: %s is, by way of its parents, its own parent",
			    QUOTE(reader, list->items[at].name));
			return;
		}
	}
	if (depth > CONFIG_PARENTS_MAX)
		FAULT(reader, ref->place, "parent: more than %d parents above each other",
		    CONFIG_PARENTS_MAX);
}

uint32_t
target_list_find(const struct reader *reader, const char *name)
{
	_Static_assert(HASH_NONE == CONFIG_NONE, "what is not in the table has no index");
	return find_name(&reader->targets, name, CONFIG_NONE);
}

/*
 * Parents first, all of them: only then can a chain be followed. A former name that another target
 * still has would take that one's history away.
 */
void
target_list_finish(struct reader *reader)
{
	struct target_list *list = &reader->targets;
	struct target *kept;

	for (uint32_t i = 0; i < list->ref_count; i++) {
		const struct target_ref *ref = &list->refs[i];
		uint32_t other = ref->is_parent ? HASH_NONE
		                                : find_name(list, ref->name, CONFIG_NONE);

		if (ref->is_parent)
			tie_parent(reader, ref);
		else if (other != HASH_NONE)
			FAULT(reader, ref->place, "was: %s is still the name of the target in %s",
			    QUOTE(reader, ref->name),
			    diagnostics_place(&reader->diagnostics, list->places[other]));
	}
	for (uint32_t i = 0; i < list->ref_count; i++)
		if (list->refs[i].is_parent)
			check_depth(reader, &list->refs[i]);
	assert(list->count <= TARGETS_MAX && list->count == list->identities.count);
	kept = arena_array(reader->arena, list->count, sizeof *kept);
	if (list->count > 0)
		memcpy(kept, list->items, list->count * sizeof *kept);
	reader->config->targets = kept;
	reader->config->target_count = list->count;
}
