/*
 * From the verdicts of all legs (dialogues with one address each), and the resolver's answer, to
 * one verdict of the run: pure functions. Used by the prober, and by `postwatch
 * explain`.
 */
#pragma once

#include "base/evidence.h"
#include "config/config.h"
#include "prober/resolver.h"

struct aggregate {
	enum pw_verdict verdict;
	const char *outcome; /* of outcomes.def; NULL: that of the leg */
	uint32_t leg;        /* the one that decided: the first with its verdict */
	uint32_t sharing;    /* legs that have the verdict of the one that decided */
	uint32_t counted;    /* all but those not checked */
};

/* `verdicts`: of the legs, in address order: enum pw_verdict or EVIDENCE_NOT_CHECKED. */
struct aggregate aggregate_legs(enum addresses, const uint8_t *verdicts, uint32_t count);

/* So many runs of a name that leads nowhere talk to its last good addresses: the next one fails,
 * as the last of that many attempts and itself. */
enum { AGGREGATE_MISSING_RUNS = 2 };

/* What to do with an answer of the resolver. */
enum aggregate_name_do {
	NAME_TALK,      /* to the addresses it gave */
	NAME_LAST_GOOD, /* to the last good ones; what comes of it is degraded or
	                 * failed(name_unresolvable) */
	NAME_END        /* there is nobody to talk to: `outcome` */
};

struct aggregate_name {
	enum aggregate_name_do then;
	const char *outcome;  /* no_such_name, no_address, alias_loop, alias_chain,
	                       * name_unresolvable; or, with NAME_END only, ours: resolver,
	                       * no_descriptors … */
	bool missing;         /* the DNS says that the name leads nowhere: counts toward the
	                       * third in a row */
};

/* `missing_before`: how many runs in a row, up to this one, found the name missing. */
struct aggregate_name aggregate_name(const struct resolved *, unsigned missing_before);

/* What aggregate_name() makes of all that resolvers say, row by row, for people: what is said,
 * verdict, outcome, and what happens where the last good addresses are known. The texts live as
 * long as the process. */
enum { AGGREGATE_NAME_ROWS = 11, AGGREGATE_NAME_COLUMNS = 4 };
const char *aggregate_name_cell(size_t row, size_t column);

/* The verdict after talking to the last good addresses of a name that does not resolve. */
enum pw_verdict aggregate_last_good(enum pw_verdict of_legs);

/* Why a name has no address: "the name does not exist: mx.example.org (192.0.2.53: NXDOMAIN)". */
void aggregate_name_text(const struct resolved *, const char *name, const char *outcome,
    struct text *);
