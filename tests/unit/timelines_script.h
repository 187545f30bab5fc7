/* What scripts of timelines are made of, and what a kind allows. */
#ifndef TESTS_TIMELINES_SCRIPT_H
#define TESTS_TIMELINES_SCRIPT_H

#include "timelines_stage.h"

/* What a kind allows. Times in seconds. */
struct allowed {
	int64_t late;      /* a real outage is told so long after its begin, or after the last trouble of ours that overlaps it */
	unsigned blind_min, blind_max, digest_min, digest_max, impaired_max, blocked_min, blocked_max;
	bool alone;        /* a false down whose words say that it may be our own network */
};

struct kind {
	const char *name;
	void (*script)(struct world *);
	struct allowed allowed;
};

static int64_t
seconds(struct world *world, int64_t from, int64_t to)
{
	return world_between(world, from * SECOND, to * SECOND);
}

/* Servers in networks of their own, on port 25, in an hour's half. */
static void
begin(struct world *world, uint32_t targets, uint32_t references)
{
	world->targets = targets;
	world->references = references;
	world->length = 30 * MINUTE;
	for (uint32_t i = 0; i < targets; i++)
		world->networks[i] = i + 1;
}

static void
cut(struct world *world, int64_t from, int64_t to)
{
	int64_t at = seconds(world, 300, 420);

	world_add(world, CUT, 0, at, at + seconds(world, from, to), 0);
}

static void
flap(struct world *world, int64_t shortest, int64_t longest)
{
	for (int64_t at = 5 * MINUTE; at < 22 * MINUTE;) {
		int64_t away = seconds(world, shortest, longest);
		world_add(world, CUT, 0, at, at + away, 0);
		at += away + seconds(world, shortest, longest);
	}
}

static void
slow(struct world *world)
{
	for (uint32_t i = 0; i < world->targets; i++)
		world_add(world, SLOW, i, 0, world->length, seconds(world, 15, 45));
}

static void
outage(struct world *world, uint32_t target, int64_t from, int64_t to)
{
	static const enum trouble_kind kinds[] = { REFUSES, DROPS, HANGS, CLOSES, UNREACHABLE };

	world_add(world, kinds[world_random(world, 5)], target, from, to, 0);
}

static void
name_all(struct world *world)
{
	for (uint32_t i = 0; i < world->targets; i++)
		world->named[i] = true;
}

/* Monitors die while we are cut off, or our resolver is dead, or a port is shut, and right after. */
static void kill_often(struct world *w, int64_t from, int64_t to)
{
	for (int i = 0; i < 5; i++)
		world_add(w, MONITOR_DIES, 0, seconds(w, from, to), 0, 0);
}

#endif
