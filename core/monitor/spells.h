/*
 * Spells: stretches of time in which our own side could not see, or may not have. A run that
 * overlaps one says nothing against its target by being silent, whether it began or ended in it.
 * Used by the rules on our own side (blind.h, hold.h, own_side.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Runs that ended in silence, and what came of their targets: where others fell silent in the time
 * of a run and came back when they were asked again, it was our line that was away, though nobody
 * saw it.
 */

enum { UNHEARD_KEPT = 128 };

enum unheard_state {
	UNHEARD_OPEN,   /* it has not been run since */
	UNHEARD_BACK,   /* its next run passed */
	UNHEARD_SLOW,   /* it passed, and took longer than the limit that the one before ran into */
	UNHEARD_FAILED  /* its next run failed as well */
};

/* The last UNHEARD_KEPT of them. */
struct unheard {
	uint32_t count; /* ever */
	struct silent {
		uint64_t network;
		int64_t from, to; /* the silence */
		uint32_t target;
		enum unheard_state state;
	} items[UNHEARD_KEPT];
};

/* A run of the target ended in silence that had begun at `from`. */
void unheard_add(struct unheard *, uint32_t target, uint64_t network, int64_t from, int64_t to);

/* The target's next run ended otherwise. */
void unheard_end(struct unheard *, uint32_t target, enum unheard_state);

/* How many networks, but this one, fell silent in the time between, in that state; at most 3 are
 * counted. */
uint32_t unheard_networks(const struct unheard *, enum unheard_state, uint64_t but, int64_t from,
    int64_t to);

/* The next target, from index *at on, that fell silent in the time between and is open; false: no
 * more. */
bool unheard_next(const struct unheard *, uint32_t *at, int64_t from, int64_t to, uint32_t *target);

/* In which seconds of the last minutes anybody beyond this host was heard. */

enum { HEARING_SECONDS = 512 };

struct hearing {
	int64_t last;                /* seconds of the monotonic clock */
	bool heard[HEARING_SECONDS]; /* for each of the last ones, by its remainder */
};

void hearing_init(struct hearing *, int64_t now);

/* Somebody was heard then; what lies farther back than HEARING_SECONDS is left aside. */
void hearing_note(struct hearing *, int64_t at);

/* The longest time between two of these instants in which nobody was heard, to the second; what
 * lies farther back than is kept counts as heard. */
int64_t hearing_gap(const struct hearing *, int64_t from, int64_t to);

enum { SPELLS_KEPT = 8 };

/* The last ones, oldest first; where there are more, the two oldest become one with the time
 * between them. */
struct spells {
	struct spell { int64_t from, to; } items[SPELLS_KEPT]; /* `to` INT64_MAX: it lasts */
	uint8_t count;
};

/* One begins (nothing where one lasts), and ends (nothing where none does). Times are of one steady
 * clock. */
void spells_begin(struct spells *, int64_t from);
void spells_end(struct spells *, int64_t to);
bool spells_last(const struct spells *);

/* Whether any of them overlaps the time from `from` to `to`. */
bool spells_overlap(const struct spells *, int64_t from, int64_t to);
