/*
 * For the prober and the monitor: whether our own clock can be right, as far as servers'
 * certificates tell: a certificate that is out of date only by a wrong clock says nothing about the
 * server that shows it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"

enum clock_doubt_cause {
	CLOCK_BELIEVED,
	CLOCK_BEFORE_BUILD, /* it says a time before this program was built */
	CLOCK_BEFORE_STORE, /* it says a time before the newest that the store holds */
	CLOCK_AGAINST_ALL,  /* by it certificates of three issuers and domains are out of date at
	                     * once, and none is valid */
	CLOCK_NOT_KNOWN     /* just begun: no certificate was valid yet, and there are others to
	                     * look at */
};

/* The dates of one chain that a server showed: microseconds UTC. Between `from` and `end` all of it
 * is valid. */
struct clock_evidence {
	int64_t from, end;
	uint64_t issuer, domain; /* hashes; issuer 0: it has signed itself, and vouches for nothing
	                          * */
};

enum { CLOCK_WITNESSES = 3, CLOCK_KEPT = 8 };

/* Begins as zeroes, but for the first two. */
struct our_clock {
	int64_t begun;      /* clock_mono() */
	bool many;          /* at least CLOCK_WITNESSES certificates are to be expected, so that the
	                     * first need not decide */
	bool before_store;  /* the store holds a later time than the clock says */
	int64_t valid_at;   /* clock_mono() of the last valid chain; 0: none */
	int64_t offset;     /* wall clock minus boot time when it was last looked at; 0: never */
	uint32_t count, next; /* of those kept, and the place of the next one */
	struct clock_evidence against[CLOCK_KEPT];
	bool contradicted;  /* by CLOCK_WITNESSES of them */
};

/* Takes a chain into account: `mono`, `boot` and `wall` are the clocks now. */
void our_clock_see(struct our_clock *, const struct clock_evidence *, int64_t mono, int64_t boot,
    int64_t wall);

/* Whether dates can be judged now, and if not why. */
enum clock_doubt_cause our_clock_doubt(const struct our_clock *, int64_t mono, int64_t wall);

/* "our own clock is wrong: it says 1970-01-01T00:01:02Z, before this program was built" */
void our_clock_add_words(struct text *, enum clock_doubt_cause, int64_t wall);
