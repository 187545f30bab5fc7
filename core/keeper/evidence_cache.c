/*
 * For the keeper: holds the evidence of recent runs in memory, found by target and run. Each entry,
 * the dialogue with one address, lies in two lists: of all, by age, from whose front the bound in
 * bytes takes; and of its target, by age, which is short enough to be walked.
 */
#include "keeper/evidence_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { SETTLED_MAX = 100000 };

struct entry {
	struct entry *older, *younger; /* of all */
	struct entry *next;            /* the younger of the same target */
	uint64_t run;
	uint32_t target;
	bool kept, over, passed;
	struct cached_leg leg;
	unsigned char bytes[];
};

struct settled {
	uint32_t target;
	uint64_t run;
};

struct evidence_cache {
	uint32_t targets;
	uint32_t settled_count, settled_room;
	struct settled *settled; /* later */
	size_t bytes, bytes_max;
	uint64_t lost;
	struct entry *oldest, *youngest;
	struct entry *of_target[];
};

struct evidence_cache *
cache_create(uint32_t targets, size_t bytes_max)
{
	struct evidence_cache *cache = calloc(1,
	    sizeof *cache + targets * sizeof cache->of_target[0]);

	if (cache == NULL)
		return NULL;
	cache->targets = targets;
	cache->bytes_max = bytes_max;
	return cache;
}

static void
drop(struct evidence_cache *cache, struct entry *entry)
{
	struct entry **link = &cache->of_target[entry->target];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	*(entry->older != NULL ? &entry->older->younger : &cache->oldest) = entry->younger;
	*(entry->younger != NULL ? &entry->younger->older : &cache->youngest) = entry->older;
	assert(cache->bytes >= sizeof *entry + entry->leg.packet.size);
	cache->bytes -= sizeof *entry + entry->leg.packet.size;
	free(entry);
}

void
cache_destroy(struct evidence_cache **cache)
{
	while (*cache != NULL && (*cache)->oldest != NULL)
		drop(*cache, (*cache)->oldest);
	if (*cache != NULL)
		free((*cache)->settled);
	free(*cache);
	*cache = NULL;
}

static void
drop_run(struct evidence_cache *cache, uint32_t target, uint64_t run)
{
	struct entry *next;

	for (struct entry *entry = cache->of_target[target]; entry != NULL; entry = next) {
		next = entry->next;
		if (entry->run == run)
			drop(cache, entry);
	}
}

/* Legs of a run come one after the other, so a run is a stretch of the target's list. */
static uint32_t
count_runs(const struct entry *entry)
{
	uint32_t count = 0;

	for (uint64_t last = 0; entry != NULL; entry = entry->next) {
		count += count == 0 || entry->run != last;
		last = entry->run;
	}
	return count;
}

static void
append(struct evidence_cache *cache, struct entry *entry)
{
	struct entry **link = &cache->of_target[entry->target];

	while (*link != NULL)
		link = &(*link)->next;
	*link = entry;
	entry->older = cache->youngest;
	*(entry->older != NULL ? &entry->older->younger : &cache->oldest) = entry;
	cache->youngest = entry;
	cache->bytes += sizeof *entry + entry->leg.packet.size;
}

void
cache_put(struct evidence_cache *cache, const struct message_evidence *evidence,
    struct pw_bytes packet, uint32_t runs)
{
	struct entry *entry = malloc(sizeof *entry + packet.size);

	assert(evidence->target < cache->targets);
	if (entry == NULL) {
		cache->lost++;
		return;
	}
	if (evidence->leg.leg == 0)
		drop_run(cache, evidence->target, evidence->run);
	*entry = (struct entry){ .run = evidence->run, .target = evidence->target,
		.passed = evidence->leg.verdict == PW_OK,
		.leg = { .leg = evidence->leg.leg, .started = evidence->leg.started,
		    .packet = { (const char *)entry->bytes, packet.size } } };
	memcpy(entry->leg.outcome, evidence->leg.outcome, sizeof entry->leg.outcome);
	memcpy(entry->bytes, packet.data, packet.size);
	append(cache, entry);
	while (count_runs(cache->of_target[entry->target]) > runs)
		drop_run(cache, entry->target, cache->of_target[entry->target]->run);
	for (; cache->bytes > cache->bytes_max; cache->lost++)
		drop(cache, cache->oldest);
	assert((cache->oldest == NULL) == (cache->youngest == NULL));
	assert((cache->oldest == NULL) == (cache->bytes == 0));
}

void
cache_settle(struct evidence_cache *cache, uint32_t target, uint64_t run)
{
	const struct entry *first = cache->of_target[target];

	assert(target < cache->targets);
	if (first != NULL && first->run == run)
		drop_run(cache, target, run);
}

void
cache_settle_later(struct evidence_cache *cache, uint32_t target, uint64_t run)
{
	/* Where there is no room for it, its evidence gives way to newer in time. */
	if (cache->settled_count < SETTLED_MAX
	    && VEC_RESERVE(cache->settled, cache->settled_count, cache->settled_room))
		cache->settled[cache->settled_count++] = (struct settled){ target, run };
}

void
cache_settle_all(struct evidence_cache *cache)
{
	assert(cache->settled_count <= cache->settled_room);
	for (uint32_t i = 0; i < cache->settled_count; i++)
		cache_settle(cache, cache->settled[i].target, cache->settled[i].run);
	cache->settled_count = 0;
}

const struct cached_leg *
cache_leg(const struct evidence_cache *cache, uint32_t target, uint64_t run, uint32_t index)
{
	const struct entry *entry = cache->of_target[target];

	assert(target < cache->targets);
	while (entry != NULL && (entry->run != run || index-- > 0))
		entry = entry->next;
	return entry == NULL ? NULL : &entry->leg;
}

bool
cache_run(const struct evidence_cache *cache, uint32_t target, uint32_t index,
    struct cached_run *run)
{
	const struct entry *entry = cache->of_target[target];

	assert(target < cache->targets);
	while (entry != NULL) {
		*run = (struct cached_run){ .run = entry->run, .kept = true, .over = true,
		    .passed = true };
		for (; entry != NULL && entry->run == run->run; entry = entry->next) {
			run->kept &= entry->kept;
			run->over &= entry->over;
			run->passed &= entry->passed;
		}
		if (index-- == 0)
			return true;
	}
	return false;
}

bool
cache_find(const struct evidence_cache *cache, uint32_t target, uint64_t number,
    struct cached_run *run)
{
	for (uint32_t i = 0; cache_run(cache, target, i, run); i++)
		if (run->run == number)
			return true;
	return false;
}

void
cache_mark(struct evidence_cache *cache, uint32_t target, uint64_t run)
{
	assert(target < cache->targets);
	for (struct entry *entry = cache->of_target[target]; entry != NULL; entry = entry->next)
		if (entry->run == run)
			entry->kept = true;
}

void
cache_close(struct evidence_cache *cache, uint32_t target, uint64_t until)
{
	assert(target < cache->targets);
	for (struct entry *entry = cache->of_target[target]; entry != NULL; entry = entry->next)
		if (entry->run <= until)
			entry->kept = entry->over = true;
}

size_t
cache_bytes(const struct evidence_cache *cache)
{
	return cache->bytes;
}

uint64_t
cache_lost(const struct evidence_cache *cache)
{
	return cache->lost;
}
