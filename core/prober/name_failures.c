/*
 * For the prober's resolver: detects that names of several registered domains fail in the same way,
 * which is then taken for the failure of our DNS resolver and not of these names.
 */
#include "prober/name_failures.h"

#include <assert.h>

#include "base/clock.h"

static const int64_t remembered = 600 * (int64_t)SECOND, held_at_most = 300 * (int64_t)SECOND;

static struct name_failure *
find(struct name_failures *failures, const struct dns_name *domain)
{
	for (unsigned i = 0; i < NAME_FAILURES_MAX; i++)
		if (failures->table[i].domain.size > 0
		    && dns_name_equal(&failures->table[i].domain, domain))
			return &failures->table[i];
	return NULL;
}

/* An empty place, or that of the domain that failed longest ago. */
static struct name_failure *
find_place(struct name_failures *failures)
{
	struct name_failure *oldest = &failures->table[0];

	for (unsigned i = 0; i < NAME_FAILURES_MAX; i++) {
		struct name_failure *failure = &failures->table[i];
		if (failure->domain.size == 0)
			return failure;
		if (failure->at < oldest->at)
			oldest = failure;
	}
	return oldest;
}

void
name_failures_answered(struct name_failures *failures, const struct dns_name *name, bool fresh)
{
	struct dns_name domain = dns_name_registered(name);
	struct name_failure *own = find(failures, &domain);

	if (own != NULL)
		own->domain.size = 0;
	if (!fresh)
		return;
	for (unsigned i = 0; i < NAME_FAILURES_MAX; i++)
		failures->table[i].is_own = true;
	failures->held_since = 0;
}

/* Domains and not names: one zone with a broken server fails alike for each of its names. */
static unsigned
count_alike(const struct name_failures *failures, enum dns_status status, int64_t now)
{
	unsigned count = 0;

	for (unsigned i = 0; i < NAME_FAILURES_MAX; i++) {
		const struct name_failure *failure = &failures->table[i];
		count += failure->domain.size > 0 && failure->status == status && !failure->is_own
		    && now - failure->at <= remembered;
	}
	return count;
}

/* A domain that failed before anybody was answered afresh, and still does, fails by itself: it
 * is not counted, or a list of dead names would look like a dead resolver for ever. */
unsigned
name_failures_add(struct name_failures *failures, const struct dns_name *name,
    enum dns_status status, int64_t now)
{
	struct dns_name domain = dns_name_registered(name);
	struct name_failure *failure = find(failures, &domain);

	if (failure == NULL) {
		failure = find_place(failures);
		*failure = (struct name_failure){ .domain = domain };
	}
	failure->status = status;
	failure->at = now;
	unsigned alike = count_alike(failures, status, now);
	if (failure->is_own || alike < NAME_FAILURES_ALIKE)
		return 0;
	if (failures->held_since == 0)
		failures->held_since = now;
	assert(failures->held_since <= now && alike <= NAME_FAILURES_MAX);
	return now - failures->held_since < held_at_most ? alike : 0;
}
