/*
 * For the prober's resolver: canaries, names that nobody has asked for before, one for each DNS
 * server. A server that answers for one does not do so from a cache, and reaches others: what it
 * says of another name, SERVFAIL or nothing, then is about that name.
 */
#pragma once

#include "prober/dns_name.h"

/* Starts as zeroes. Times are microseconds of one monotonic clock. */
struct canary {
	struct dns_name name;
	int64_t made;     /* when this name was made; 0: never */
	int64_t answered; /* when the server last answered freshly, for this or another name; 0:
	                   * never */
};

/* Whether the server answered in the last seconds for a name that was not in its cache. */
bool canary_is_fresh(const struct canary *, int64_t now);

/* Makes another name where this one was asked for too long ago: a failure may be in the cache,
 * too. It lies in the top-level domain of `below`. Returns false if there is no name to ask for. */
bool canary_renew(struct canary *, const struct dns_name *below, int64_t now);
