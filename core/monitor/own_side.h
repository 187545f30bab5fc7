/*
 * What the monitor knows of our own side: what we lack, what may keep us from seeing servers, where
 * and when any was last heard, and which of our own troubles were told and have not ended. The
 * rules are those of blind.h and hold.h; here is what they are applied to, and what runs of several
 * targets mean together. own_record.h keeps it for the next monitor process.
 */
#pragma once

#include "monitor/blind.h"
#include "monitor/hold.h"
#include "monitor/own_digest.h"
#include "monitor/spells.h"
#include "monitor/watch.h"

/* Suspicion of our way out to one port. */
struct port_hold {
	uint16_t port;
	int64_t heard;    /* when anybody was last heard there, by a refusal as well */
	bool passed;      /* a target has, since we began */
	uint64_t turned_away; /* the likeness of the last words with which a target there turned us
	                       * away */
	struct moment refused; /* since when all are turned away in the same words, where that was
	                        * told; 0: it was not */
	struct hold hold; /* only a target that passes ends it */
};

/* Our own clock, host and files (own_faults.c). */
struct own_faults {
	char unusable[SOURCES_TEXT_MAX]; /* files that probers cannot use, as was told; "": none */
	struct moment unusable_since;
	char said[SOURCES_TEXT_MAX]; /* what probers said last before runs began */
	bool has_said;
	char limit[EVIDENCE_TEXT_MAX]; /* at which a prober ended before runs began; "": none did */
	int64_t limit_told;  /* when that was last told, 0: never */
	int64_t clock_wrong; /* when a run last showed that our clock is wrong, 0: none did */
	int64_t interrupted; /* when we were last suspended: failures of runs begun before say
	                      * nothing */
};

enum { OWN_PORTS_MAX = 16 };

struct own_side {
	struct blind blind;
	struct moment blind_since; /* for the words when it is over */
	uint64_t blind_change;     /* the number under which it was told; 0: a monitor before us has
	                            * told it */
	bool references_doubted;   /* and that was said */
	struct hold hold;        /* of all targets */
	struct port_hold ports[OWN_PORTS_MAX]; /* one for each port that is watched; of more, those
	                                        * that come last have none */
	uint32_t port_count;
	struct hearing hearing;
	struct unheard unheard;  /* of targets that were not down */
	uint32_t in_public;      /* targets that were last seen elsewhere than at private addresses
	                          * */
	int64_t private_heard;   /* when anybody at a private address was last heard, where others
	                          * are watched that are not */
	struct own_faults faults;
	struct own_digest digest;
	struct own_record {
		bool known;        /* a monitor before us left one */
		bool unseen;       /* what it had told of us has ended because it did not show
		                    * itself again */
		uint64_t likeness; /* of what was written last */
		int64_t written;   /* when */
	} record;
};

void own_side_init(struct own_side *, const struct watch *);

/* What a monitor before us knew of the targets has come. */
void own_side_begin(struct own_side *, const struct watch *);

/* Takes over where a run has seen its target. Returns whether that is elsewhere than before. */
bool own_side_note_place(struct own_side *, struct watched *, const struct report *);

/* What is told of the hold of that port, to be changed by whom the own side may be. NULL: there is
 * none of that port. */
struct port_hold *own_side_port(const struct own_side *, uint16_t port);
struct port_hold *own_side_port_of(const struct own_side *, const struct watch *, uint32_t target);

/* The target is at private addresses alone, while others are watched that are not: whoever is heard
 * there says nothing of the way to those, and the way to it is another than theirs. */
static inline bool
own_side_is_apart(const struct own_side *own, const struct watched *watched)
{
	return own->in_public > 0 && watched->in_private;
}

/* What is watched in all: on `port`, or on all (0). */
struct hold_all own_side_all(const struct own_side *, const struct watch *, uint16_t port);

/*
 * The run came farther than to a greeting: who refused it then is no filter that speaks for others.
 */
bool own_side_in_dialogue(const struct observation *, const struct policy *);

/* Whether a hold is in force that keeps the target's confirmation back. */
bool own_side_holds(const struct own_side *, const struct watch *, uint32_t target);

/* Whether we were, or may have been, unable to see the target at some time between these two. */
bool own_side_overlaps(const struct own_side *, const struct watch *, uint32_t target, int64_t from,
    int64_t to);

/*
 * A failure of the target between these two overlaps a spell, or others fell silent in its time and
 * came back. Returns whether such failures have gone on for so long, with others heard between
 * them, that they count.
 */
bool own_side_is_blurred(const struct own_side *, struct watched *, int64_t from, int64_t to);

/* The wall clock was set by so much: what has not ended began by so much later. */
void own_side_move(struct own_side *, int64_t by);
