/*
 * Targets that are no longer watched. What was open of them is closed, and whoever was told of its beginning, and nobody
 * else, is told of that end: `stopped` where the target was said to be down, `cleared` for each condition.
 */
#ifndef KEEPER_GONE_H
#define KEEPER_GONE_H

#include "store/rows.h"

struct keeper;

/* An open incident of a target (the store's number) that is not of the configuration; a condition that stands. */
void gone_incident(struct keeper *, const struct store_incident *);
void gone_condition(struct keeper *, const struct store_condition *);

/* At birth, behind all of these: tells whom the ledgers know as told. False: they cannot be read. */
bool gone_tell(struct keeper *);

#endif
