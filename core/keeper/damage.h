/*
 * Files of notifiers that cannot be used, as their processes say at birth: what was in them before stays in force, so that
 * they deliver all the same. Told at once, as `impaired`, by all notifiers, and so is its end. Outlives the keeper; shown by
 * `status`.
 */
#ifndef KEEPER_DAMAGE_H
#define KEEPER_DAMAGE_H

#include "base/wire.h"

struct keeper;
struct courier;

enum { DAMAGE_WORDS_MAX = 512, DAMAGE_NAME_MAX = 256 };

/* As it stands in a courier. */
struct damage {
	int64_t since; /* UTC; 0: all its files can be used */
	uint64_t told; /* the notice that told of it */
	char words[DAMAGE_WORDS_MAX];
};

/* What a notifier has said (message_put_sources). False: it is malformed. */
bool damage_hear(struct keeper *, struct courier *, struct wire_in *);

/* At birth, when the couriers are there. */
void damage_recover(struct keeper *);

/* One as it is kept in the store. */
struct damage_row {
	char name[DAMAGE_NAME_MAX];
	struct damage damage;
};

/* The list of them: a value of meta under this key. False: there are no more, or it is malformed. */
#define DAMAGE_META "notifier_files"
enum { DAMAGE_META_MAX = 64 * 1024 };
bool damage_next(struct wire_in *, struct damage_row *);

#endif
