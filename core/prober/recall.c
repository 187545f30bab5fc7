/*
 * Remembers what runs learn about a target's name (last addresses, public addresses) for the next
 * prober process.
 */
#include "prober/run_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

enum { TOLD_AGAIN = 6 * 3600 }; /* seconds: the time is part of what is told */

static uint32_t
hash_of(const struct message_name *name)
{
	const char is_public = name->public_at != 0;
	uint64_t hash = HASH_BEGIN;

	for (uint32_t i = 0; i < name->count; i++)
		hash = address_is_ipv4(&name->addresses[i])
		    ? hash_add(hash, &name->addresses[i].v4.sin_addr, sizeof name->addresses[i].v4.sin_addr)
		    : hash_add(hash, &name->addresses[i].v6.sin6_addr, sizeof name->addresses[i].v6.sin6_addr);
	return hash_end(hash_add(hash, &is_public, sizeof is_public));
}

static void
note_told(struct name_memory *memory, const struct message_name *name, int64_t now)
{
	memory->told = hash_of(name);
	memory->told_at = (uint32_t)(now / SECOND);
}

void
run_note_name(struct run *run, const struct resolved *resolved)
{
	struct name_memory *memory = &run->prober->names[run->order.target];
	struct message_name name = { .target = run->order.target, .public_at = memory->public_at,
		.good_at = run->begun, .count = resolved->last_good_count };

	if (resolved->from_hosts || resolved->last_good_count == 0)
		return;
	memcpy(name.addresses, resolved->last_good, name.count * sizeof name.addresses[0]);
	if (memory->told_at != 0 && memory->told == hash_of(&name) && run->begun / SECOND - memory->told_at < TOLD_AGAIN)
		return;
	free(run->name_news);
	run->name_news = malloc(sizeof *run->name_news);
	if (run->name_news == NULL)
		return;
	*run->name_news = name;
	note_told(memory, &name, run->begun);
}

void
prober_recall(struct prober *prober, const struct message_name *name)
{
	struct name_memory *memory = &prober->names[name->target];

	if (memory->public_at == 0)
		memory->public_at = name->public_at;
	resolver_recall(prober->resolver, prober->config->targets[name->target].host, name->addresses, name->count,
	    name->good_at);
	note_told(memory, name, name->good_at > SECOND ? name->good_at : SECOND);
}
