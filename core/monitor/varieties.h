/*
 * Facts that vary by themselves: tokens, times, one certificate for each node behind a name. A fact
 * with three values in its last ten runs, or that went back and forth in them, varies: its values
 * so far are a set, and only a value outside the set that is seen three times is news. A fact that
 * keeps to one value for a day is steady again. A firm fact is one of which a value of the set is
 * news, too, where it stays for ten runs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/wire.h"

struct varieties; /* of one target; NULL: none of its facts ever changed */

enum variety_news {
	VARIETY_NOTHING, /* nothing to tell */
	VARIETY_CHANGED, /* the fact has another value */
	VARIETY_VARIES   /* it has been seen to vary: told once */
};

struct variety_sight {
	uint32_t what, before, value; /* the fact, its value until now, and the one that is seen */
	uint32_t now, span;           /* seconds of one clock; ten of the target's runs take `span`
	                               * */
	bool firm;
};

/* Sees a value of a fact. Without memory every other value is a change. */
enum variety_news varieties_see(struct varieties **, const struct variety_sight *);

/* How many values the fact has that is seen to vary; 0: it does not. */
unsigned varieties_of(const struct varieties *, uint32_t what);

/*
 * Whether a value was seen last that is news if it stays: more runs have to be looked at to know.
 */
bool varieties_wait(const struct varieties *);

void varieties_destroy(struct varieties **);

/* Those that vary, as part of a record; and back, false where there is no memory. */
void varieties_encode(const struct varieties *, struct wire_out *);
bool varieties_decode(struct varieties **, struct wire_in *);
