/*
 * For the prober's resolver: failures of our DNS resolver that look like failures of names. Where
 * names of three or more registered domains fail alike, and no name was answered afresh since, it
 * is our resolver's failure and not theirs. That is held for five minutes at most: then each is
 * told for what it is. Pure functions over a table; times are microseconds of one monotonic clock.
 */
#pragma once

#include "prober/dns.h"

/* Room for more domains than a long list has that are gone for good: a domain that finds no room
 * is not known to fail by itself, and its failure could be laid to our resolver for ever. */
enum { NAME_FAILURES_MAX = 256, NAME_FAILURES_ALIKE = 3 };

struct name_failure {
	struct dns_name domain;  /* registered; size 0: none */
	enum dns_status status;
	int64_t at;              /* when it last failed so */
	bool is_own;             /* it failed before a name was answered afresh, and still does:
	                          * its own failure */
};

/* Starts as zeroes. */
struct name_failures {
	struct name_failure table[NAME_FAILURES_MAX];
	int64_t held_since;      /* 0: there are not enough */
};

/* A name was resolved to addresses. `fresh`: they cannot have come from a cache, so that our
 * resolver reaches others. */
void name_failures_answered(struct name_failures *, const struct dns_name *, bool fresh);

/* A name failed with this status. Returns in how many domains names fail alike, this one
 * included, where the failure is to be laid to our resolver; else 0. */
unsigned name_failures_add(struct name_failures *, const struct dns_name *, enum dns_status,
    int64_t now);
