/*
 * For the prober's resolver: computes the result of a query for a name (addresses, or why there are
 * none) from what its DNS servers have said so far.
 */
#pragma once

#include "prober/resolver_query.h"

/* Whether what a server said may be about the name: it is, where the same server answers for
 * others now. */
bool query_may_be_of_name(const struct opinion *);

/* Whether a server's word (SERVFAIL, silence) counts against the name of the query, since it
 * answers for others now. */
bool query_is_proven(const struct resolver_query *, int64_t now);

/* All that is known at `now`, without `more`. A failure counts among those of other names: once
 * for each query. */
struct resolved query_result(const struct resolver_query *, int64_t now);

/* The code that a server gave where none gave records; DNS_RCODE_NONE: none answered. */
int query_rcode(const struct found_part *);
