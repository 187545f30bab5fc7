/*
 * Parents and children among the targets (setting `parent`). A child that turns suspect has its
 * parents run at once; its `down` is stamped as waiting until it is known whether they are down,
 * and waits no longer than it takes to confirm that.
 */
#pragma once

#include "config/config.h"

struct monitor;

struct dependencies {
	struct dependent {
		/* As the configuration says: at most 8 deep, without cycles. CONFIG_NONE: none */
		uint32_t first_child, next_sibling;
		int64_t looked;     /* when its last run that ended had begun */
		int64_t wanted;     /* a run that begins later is wanted by a child; 0: none */
		int64_t began;      /* its last suspicion: the first failing attempt */
		int64_t waits;      /* until when its own `down` waits for its parents; 0: it does
		                     * not */
	} *items; /* of all targets; NULL: none has a parent, and there is nothing to do */
	uint32_t waiting; /* how many of them wait */
};

/* Returns false if there is no memory; dependencies_fini() is due all the same. */
bool dependencies_init(struct dependencies *, const struct config *);
void dependencies_fini(struct dependencies *);

/* How many targets are children of the target, or children of these. */
uint32_t dependencies_count_behind(const struct monitor *, uint32_t target);
/* The reasons for silence of the target that come from its parents (SILENCE_*). */
uint32_t dependencies_silence(const struct monitor *, uint32_t target);

/* The target turned suspect, or is about to: its first failing attempt began at `began`. Its
 * parents are looked at. */
void dependencies_suspected(struct monitor *, uint32_t target, int64_t began);
/* Who waited for its parents when a monitor before us ended waits for them again. */
void dependencies_begin(struct monitor *);
/* A run of the target ended that had begun at `started`: what that means for its children. */
void dependencies_learnt(struct monitor *, uint32_t target, int64_t started, bool moved);
/* The target went down without a run: what that means for its children. */
void dependencies_moved(struct monitor *, uint32_t target);
/* About once a second: who has waited long enough waits no longer. */
void dependencies_tick(struct monitor *);
