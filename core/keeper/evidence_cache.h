/*
 * For the keeper: evidence (steps, facts, transcripts) of runs in memory from when it arrives until
 * it is known whether a notice or the store needs it. A few runs of each target, and so many bytes
 * in all, of which the oldest go first. It is kept as the messages in which it came, which were
 * checked then.
 */
#pragma once

#include "base/messages.h"

enum { CACHE_BYTES_MAX = 64 * 1024 * 1024 };

struct evidence_cache;

/* `bytes_max`: of all evidence together. NULL if out of memory. */
struct evidence_cache *cache_create(uint32_t targets, size_t bytes_max);
void cache_destroy(struct evidence_cache **);

/* Keeps a copy of a message that was taken as `evidence`, and of its target at most `runs` runs. A
 * run's first leg replaces an older run of the same number (another monitor's). No memory: it is
 * lost, and counted. */
void cache_put(struct evidence_cache *, const struct message_evidence *evidence,
    struct pw_bytes packet, uint32_t runs);

/* The run passed, and what came of it has been told: its evidence goes, unless older evidence of
 * its target lies there, which it may yet have to be told beside. */
void cache_settle(struct evidence_cache *, uint32_t target, uint64_t run);

/* The same, once all that is recorded so far has been told: cache_settle_all(). */
void cache_settle_later(struct evidence_cache *, uint32_t target, uint64_t run);
void cache_settle_all(struct evidence_cache *);

/* A leg of which evidence lies there. */
struct cached_leg {
	uint32_t leg;
	int64_t started;        /* UTC */
	char outcome[OUTCOME_NAME_MAX];
	struct pw_bytes packet; /* the message that it came in, for message_read_evidence() */
};

/* Leg `index` of a run, in the order in which they came; NULL where there is none. Good until the
 * next put. */
const struct cached_leg *cache_leg(const struct evidence_cache *, uint32_t target, uint64_t run,
    uint32_t index);

/* A run of which evidence lies there. */
struct cached_run {
	uint64_t run;
	/* nothing more is to be done for it: the store has it as well, or it is over */
	bool kept;
	bool over;
	bool passed; /* all its legs were ok */
};

/* The target's run number `index` by age, the oldest first; false at the end. */
bool cache_run(const struct evidence_cache *, uint32_t target, uint32_t index, struct cached_run *);

/* The target's run of that number; false where no evidence of it lies there. */
bool cache_find(const struct evidence_cache *, uint32_t target, uint64_t number,
    struct cached_run *);

/* Says that the store has the run, or will have it with the next commit. */
void cache_mark(struct evidence_cache *, uint32_t target, uint64_t run);

/* What the target's runs up to this one were kept for is over. */
void cache_close(struct evidence_cache *, uint32_t target, uint64_t until);

size_t cache_bytes(const struct evidence_cache *);
/* legs that gave way before their target's own next ones */
uint64_t cache_lost(const struct evidence_cache *);
