/*
 * The cache of DNS answers, for the prober's resolver. Each answer is kept for its time to live (30
 * s to 15 min; a negative one at most 60 s), and the last addresses of a name for 24 h. Bounded:
 * the stalest gives way. Times are microseconds of one monotonic clock, given by the caller.
 */
#pragma once

#include "prober/dns.h"
#include "prober/resolver.h"

struct answers;

/* Room for so many names. NULL: out of memory. */
struct answers *answers_create(uint32_t names);
void answers_destroy(struct answers **);

/* Whether an answer came out of the cache of who gave it, as far as that shows. */
struct answer_age {
	bool is_fresh;   /* it did not: what such a cache held before has run out, or was
	                  * something else */
	int64_t repeats; /* a "no" that did: microseconds since the same was first heard; else 0 */
};

/* Keeps a conclusive answer (found, no data, no name) about A or AAAA records, given by the
 * server of that number. Out of memory: it is not kept. */
struct answer_age answers_keep(struct answers *, const struct dns_name *, uint16_t type,
    const struct dns_answer *, int server, int64_t now);

/* One kept answer. */
struct kept {
	enum dns_status status;
	int64_t age;
	uint32_t count;
	struct address addresses[RESOLVED_MAX];
	char canonical[256]; /* "" where the name itself */
};

/* False: there is none, or its time is over. */
bool answers_find(const struct answers *, const struct dns_name *, uint16_t type, int64_t now,
    struct kept *);

/* Takes these for the last good addresses of a name, as of `good`, where nothing is known that is
 * newer. */
void answers_recall(struct answers *, const struct dns_name *, const struct address *addresses,
    uint32_t count, int64_t good);

/* The last good addresses of a name, of both families, not older than 24 h; how many. */
uint32_t answers_last_good(const struct answers *, const struct dns_name *, int64_t now,
    struct address *addresses, uint32_t room);
