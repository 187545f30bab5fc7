/*
 * Who is watched, by the store's numbers: a configuration numbers its targets anew each time, what is kept goes by the
 * store's. A target is the one of that identity; else the one whose identity it says it `was`; else, where exactly one
 * new target and one that vanished agree in probe, host and port, that one.
 */
#ifndef KEEPER_ROLL_H
#define KEEPER_ROLL_H

#include "base/messages_outbox.h"
#include "config/config.h"
#include "store/rows.h"

/* One that the store knows. Strings are the roll's. */
struct roll_known {
	uint64_t number;
	char *identity, *name, *probe, *host, *was;
	uint32_t port;
	int64_t known, gone;
	uint32_t target; /* of the configuration, CONFIG_NONE: none of them */
};

struct roll {
	const struct config *config;
	uint64_t *numbers;       /* by target of the configuration */
	uint32_t count, room;
	struct roll_known *rows; /* by number, once matched */
};

/* False: out of memory, here and below. */
bool roll_init(struct roll *, const struct config *);
void roll_fini(struct roll *);

/* Adds one that the store knows. */
bool roll_add(struct roll *, const struct store_target *);

/* Finds for each target of the configuration its row; one that has none is given a new one with the number that `next`
 * gives. */
bool roll_match(struct roll *, uint64_t (*next)(void *arg), void *arg);

/* A row that is not as the configuration has it, as it has to be. `target`: CONFIG_NONE where it is not watched any
 * more. `anew`: nothing that was kept of it holds. */
typedef void roll_put(void *arg, const struct store_target *, uint32_t target, bool anew);

/* After the match: calls `put` with all such rows. */
void roll_update(struct roll *, roll_put *put, void *arg, int64_t now);

/* Of our own (CONFIG_NONE): 0. */
uint64_t roll_number(const struct roll *, uint32_t target);

/* What a target (the store's number; 0: our own) and we are called now. */
void roll_names(const struct roll *, uint64_t number, struct notice_names *);

/* CONFIG_NONE: it is not watched. */
uint32_t roll_target(const struct roll *, uint64_t number);
const struct roll_known *roll_row(const struct roll *, uint64_t number); /* NULL: none such */

#endif
