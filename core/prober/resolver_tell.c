/* The end of a query: what it came to, told from the loop and never from within a call. */
#include "prober/resolver_private.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

void
resolver_query_make_ready(struct resolver_query *query)
{
	struct resolver *resolver = query->resolver;

	if (query->is_ready)
		return;
	query->is_ready = true;
	*resolver->ready_end = query;
	resolver->ready_end = &query->next_ready;
	ev_feed_event(resolver->loop, &resolver->on_ready, EV_CUSTOM);
}

void
resolver_query_free(struct resolver_query *query)
{
	for (int i = 0; i < PARTS; i++)
		question_leave(&query->waits[i]);
	*query->link = query->next;
	if (query->next != NULL)
		query->next->link = query->link;
	ev_timer_stop(query->resolver->loop, &query->deadline);
	free(query->packet);
	free(query);
}

static bool
is_trouble(enum dns_status status)
{
	return status == DNS_SERVFAIL || status == DNS_NO_ANSWER || status == DNS_MALFORMED;
}

bool
resolver_query_has_trouble(const struct resolver_query *query)
{
	return is_trouble(query->resolved.status4) || is_trouble(query->resolved.status6);
}

static int
order(const void *a, const void *b)
{
	return address_order(a, b);
}

/* Sorted, each once. */
static uint32_t
sort_addresses(struct address *addresses, uint32_t count)
{
	uint32_t kept = 0;

	qsort(addresses, count, sizeof *addresses, order);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || address_order(&addresses[kept - 1], &addresses[i]) != 0)
			addresses[kept++] = addresses[i];
	return kept;
}

static void
fill_last_good(const struct resolver_query *query, struct resolved *resolved, int64_t now)
{
	resolved->last_good_count = sort_addresses(resolved->last_good,
	    answers_last_good(query->resolver->answers, &query->name, now, resolved->last_good, RESOLVED_MAX));
	resolved->last_good_public = resolved->last_good_count > 0;
	for (uint32_t i = 0; i < resolved->last_good_count; i++)
		if (address_class(&resolved->last_good[i]) != ADDRESS_PUBLIC)
			resolved->last_good_public = false;
}

static void
tell_addresses(struct resolver_query *query)
{
	struct resolved resolved = query->resolved;
	void (*on_resolved)(void *arg, const struct resolved *) = query->on_resolved;
	void *arg = query->arg;
	int64_t now = clock_mono();

	resolved.count = sort_addresses(resolved.addresses, resolved.count);
	resolved.resolver_alive = !resolver_query_has_trouble(query) || query->root_answered
	    || resolver_answered_another(query->resolver, &query->name, now);
	fill_last_good(query, &resolved, now);
	resolver_query_free(query);
	on_resolved(arg, &resolved);
}

static void
tell_records(struct resolver_query *query)
{
	struct dns_answer answer = { .rcode = DNS_RCODE_NONE };
	struct pw_answer told = { .rcode = DNS_RCODE_NONE };
	void (*tell)(void *arg, const struct pw_answer *) = query->on_answer;
	void *arg = query->arg;
	char *packet = query->packet;

	if (packet != NULL) {
		dns_read(packet, query->size, &query->name, query->type, &answer);
		told = (struct pw_answer){ answer.rcode, answer.authentic && query->trusted, answer.count, answer.records };
	} else {
		told.rcode = query->resolved.rcode4;
	}
	query->packet = NULL;
	resolver_query_free(query);
	tell(arg, &told);
	free(packet);
}

static void
tell(struct resolver_query *query)
{
	if (query->type != 0)
		tell_records(query);
	else
		tell_addresses(query);
}

void
resolver_on_ready(EV_P_ ev_prepare *prepare, int events)
{
	struct resolver *resolver = prepare->data;

	(void)loop;
	(void)events;
	while (resolver->ready != NULL) {
		struct resolver_query *query = resolver->ready;
		resolver->ready = query->next_ready;
		if (resolver->ready == NULL)
			resolver->ready_end = &resolver->ready;
		tell(query);
	}
}
