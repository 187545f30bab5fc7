/*
 * For the parent: targets that probers die of. After one death with a target in hand, by a fault
 * signal or by our kill for silence, it is kept apart: run in a prober of its own, until one run of
 * it has ended well. After two within the window it is held: no prober gets it until its time is
 * over and it is tried once more. Time is an argument; the parent tells the monitor.
 */
#pragma once

#include "base/reason.h"
#include "config/config.h"

enum { QUARANTINE_ROOM = 256, QUARANTINE_HOW_MAX = 96 };

struct quarantine_times {
	int64_t window; /* of two deaths: an hour */
	int64_t hold;   /* until the trial, and of the trial: a day */
};

enum quarantine_stage {
	QUARANTINE_SUSPECT = 1, /* one death */
	QUARANTINE_HELD,
	QUARANTINE_TRIAL        /* given out again: one more death, and it is held anew */
};

struct quarantine_entry {
	enum quarantine_stage stage;
	uint32_t target;
	int64_t since;                    /* of this stage */
	bool apart; /* no run of it has ended well since the death, or since the trial began */
	bool again;                       /* held since a trial failed */
	char before[QUARANTINE_HOW_MAX];  /* the death before the last */
	char last[QUARANTINE_HOW_MAX];
};

struct quarantine {
	struct quarantine_times times;
	uint32_t changes; /* counts them: what is kept of it is to be written anew */
	uint32_t count;
	struct quarantine_entry entries[QUARANTINE_ROOM];
};

/* A prober died with `target` in hand; `how`: "of SIGSEGV", "by our kill: silent for 10.0 s". Its
 * entry, good until the next call: `apart` or held from now on; NULL where there is no room, or
 * where it was held already. */
const struct quarantine_entry *quarantine_learn(
    struct quarantine *, uint32_t target, int64_t now, const char *how);

/* A run of it has ended well. Returns false if it was not kept apart. */
bool quarantine_clear(struct quarantine *, uint32_t target);

/* Whether it is kept apart; and how many are. */
bool quarantine_is_apart(const struct quarantine *, uint32_t target);
uint32_t quarantine_count_apart(const struct quarantine *);

/* What is known of one that is held: a sentence of less than 512 bytes. */
void quarantine_explain(const struct quarantine *, const struct quarantine_entry *, struct text *);

/* Takes one target whose time is over and lets it be tried, apart; false where there is none. */
bool quarantine_release(struct quarantine *, int64_t now, uint32_t *target);

/* Forgets a target that is held, whatever its time. Returns false if it is not held. */
bool quarantine_end(struct quarantine *, uint32_t target);

/* When the next one may be released, INT64_MAX: none. */
int64_t quarantine_next(const struct quarantine *);

/* Keeps all of it in the state folder, for the parent that comes after a reload or a restart, in
 * place of what was kept before; `now` on the monotonic clock. Returns false with a reason. */
bool quarantine_keep(
    const struct quarantine *, const struct config *, int64_t now, struct reason *why);

/* Adds to an empty one what was kept, of targets that are still watched as they were. Whom another
 * version of the program held is on trial: it may have been mended. What cannot be read is left
 * aside. */
void quarantine_take_back(struct quarantine *, const struct config *, int64_t now);
