/*
 * Who asks. A query waits for the questions it needs (A, AAAA, or one type of its own) and, in trouble, for `. NS`:
 * whether the resolver answers at all decides whose fault it is.
 */
#include "prober/resolver_private.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

static const uint16_t part_types[PARTS] = { [PART_A] = DNS_A, [PART_AAAA] = DNS_AAAA, [PART_ROOT] = DNS_NS };

static bool
is_waiting(const struct resolver_query *query)
{
	return query->waits[PART_A].question != NULL || query->waits[PART_AAAA].question != NULL;
}

static void on_root(struct wait *wait, const struct conclusion *conclusion);

/* In trouble, and no other name was answered lately: does it answer for the root? */
static void
ask_root(struct resolver_query *query)
{
	const struct dns_name root = { .size = 1 };

	if (query->type != 0 || query->root_asked
	    || resolver_answered_another(query->resolver, &query->name, clock_mono()))
		return;
	query->root_asked = true;
	query->waits[PART_ROOT].on_concluded = on_root;
	(void)question_join(query->resolver->questions, &root, DNS_NS, &query->waits[PART_ROOT]);
}

static void
look_whether_done(struct resolver_query *query)
{
	if (query->is_asking || is_waiting(query))
		return;
	if (resolver_query_has_trouble(query))
		ask_root(query);
	if (query->waits[PART_ROOT].question == NULL || !resolver_query_has_trouble(query))
		resolver_query_make_ready(query);
}

static struct resolver_query *
query_of(struct wait *wait, enum part part)
{
	return (struct resolver_query *)(void *)((char *)(wait - part) - offsetof(struct resolver_query, waits));
}

static void
on_root(struct wait *wait, const struct conclusion *conclusion)
{
	struct resolver_query *query = query_of(wait, PART_ROOT);

	query->root_answered = conclusion->answer->status == DNS_FOUND || conclusion->answer->status == DNS_NO_DATA
	    || conclusion->answer->status == DNS_NO_NAME;
	look_whether_done(query);
}

static void
set_status(struct resolver_query *query, enum part part, enum dns_status status, int rcode)
{
	if (part == PART_A) {
		query->resolved.status4 = status;
		query->resolved.rcode4 = rcode;
	} else {
		query->resolved.status6 = status;
		query->resolved.rcode6 = rcode;
	}
}

static void
add_address(struct resolved *resolved, struct address address)
{
	if (resolved->count < RESOLVED_MAX)
		resolved->addresses[resolved->count++] = address;
}

static void
set_canonical(struct resolver_query *query, const struct dns_name *owner)
{
	char text[DNS_NAME_TEXT_MAX];

	if (dns_name_equal(owner, &query->name))
		return;
	dns_name_text(owner, text);
	if (strlen(text) < sizeof query->resolved.canonical)
		memcpy(query->resolved.canonical, text, strlen(text) + 1);
}

static void
on_addresses(struct wait *wait, enum part part, const struct conclusion *conclusion)
{
	struct resolver_query *query = query_of(wait, part);
	const struct dns_answer *answer = conclusion->answer;

	set_status(query, part, answer->status, answer->rcode);
	if (answer->status == DNS_FOUND)
		set_canonical(query, &answer->owner);
	for (size_t i = 0; i < answer->count; i++)
		add_address(&query->resolved, part == PART_A ? address_ipv4(answer->records[i].data, 0)
		    : address_ipv6(answer->records[i].data, 0));
	look_whether_done(query);
}

static void
on_a(struct wait *wait, const struct conclusion *conclusion)
{
	on_addresses(wait, PART_A, conclusion);
}

static void
on_aaaa(struct wait *wait, const struct conclusion *conclusion)
{
	on_addresses(wait, PART_AAAA, conclusion);
}

static void
on_records(struct wait *wait, const struct conclusion *conclusion)
{
	struct resolver_query *query = query_of(wait, PART_A);

	set_status(query, PART_A, conclusion->answer->status, conclusion->answer->rcode);
	query->trusted = conclusion->trusted;
	if (conclusion->packet != NULL && (query->packet = malloc(conclusion->size)) != NULL) {
		memcpy(query->packet, conclusion->packet, conclusion->size);
		query->size = conclusion->size;
	}
	resolver_query_make_ready(query);
}

static void
on_patience_a(struct wait *wait)
{
	ask_root(query_of(wait, PART_A));
}

static void
on_patience_aaaa(struct wait *wait)
{
	ask_root(query_of(wait, PART_AAAA));
}

/* Time is over: what is not known by now is told as it stands. */
static void
on_deadline(EV_P_ ev_timer *timer, int events)
{
	struct resolver_query *query = timer->data;

	(void)loop;
	(void)events;
	for (enum part part = PART_A; part <= PART_AAAA; part++)
		if (query->waits[part].question != NULL) {
			int rcode;
			enum dns_status status = question_so_far(&query->waits[part], &rcode);
			set_status(query, part, status, rcode);
		}
	resolver_query_make_ready(query);
}

/* Asking */

static struct resolver_query *
begin_query(struct resolver *resolver, int64_t limit, void *arg)
{
	struct resolver_query *query = calloc(1, sizeof *query);

	if (query == NULL)
		return NULL;
	query->resolver = resolver;
	query->arg = arg;
	query->resolved.rcode4 = query->resolved.rcode6 = DNS_RCODE_NONE;
	query->next = resolver->all;
	query->link = &resolver->all;
	if (resolver->all != NULL)
		resolver->all->link = &query->next;
	resolver->all = query;
	/* A timer counts from the loop's last look at the clock. */
	ev_now_update(resolver->loop);
	ev_timer_init(&query->deadline, on_deadline, (double)limit / SECOND, 0);
	query->deadline.data = query;
	ev_timer_start(resolver->loop, &query->deadline);
	return query;
}

/* A literal, or a name of the hosts file. */
static bool
answer_at_once(struct resolver_query *query, const char *name, enum family family)
{
	struct resolved *resolved = &query->resolved;
	struct address found[RESOLVED_MAX];
	uint32_t count = 0;

	if (address_parse(name, 0, &found[0])) {
		count = 1;
	} else {
		count = hosts_find(query->resolver->hosts, name, found, RESOLVED_MAX);
		resolved->from_hosts = count > 0;
	}
	if (count == 0)
		return false;
	if (family != FAMILY_IPV6)
		resolved->status4 = DNS_NO_DATA;
	if (family != FAMILY_IPV4)
		resolved->status6 = DNS_NO_DATA;
	for (uint32_t i = 0; i < count; i++) {
		enum dns_status *status = address_is_ipv4(&found[i]) ? &resolved->status4 : &resolved->status6;
		if (*status == DNS_NOT_ASKED)
			continue;
		*status = DNS_FOUND;
		add_address(resolved, found[i]);
	}
	return true;
}

static bool
use_kept(struct resolver_query *query, enum part part)
{
	struct resolved *resolved = &query->resolved;
	struct kept kept;

	if (!answers_find(query->resolver->answers, &query->name, part_types[part], clock_mono(), &kept))
		return false;
	set_status(query, part, kept.status, kept.rcode);
	resolved->kept = true;
	if (kept.age > resolved->age)
		resolved->age = kept.age;
	for (uint32_t i = 0; i < kept.count; i++)
		add_address(resolved, kept.addresses[i]);
	if (kept.canonical[0] != '\0')
		memcpy(resolved->canonical, kept.canonical, sizeof resolved->canonical);
	return true;
}

static void
ask_part(struct resolver_query *query, enum part part, bool fresh)
{
	struct wait *wait = &query->waits[part];

	wait->on_concluded = query->type != 0 ? on_records : part == PART_A ? on_a : on_aaaa;
	wait->on_patience = part == PART_A ? on_patience_a : on_patience_aaaa;
	if (!fresh && use_kept(query, part))
		return;
	if (!question_join(query->resolver->questions, &query->name, query->type != 0 ? query->type : part_types[part], wait))
		set_status(query, part, DNS_NO_ANSWER, DNS_RCODE_NONE);
}

struct resolver_query *
resolver_ask(struct resolver *resolver, const char *name, enum family family, bool fresh, int64_t limit,
    void (*on_resolved)(void *arg, const struct resolved *), void *arg)
{
	struct resolver_query *query = begin_query(resolver, limit, arg);

	if (query == NULL)
		return NULL;
	query->on_resolved = on_resolved;
	if (answer_at_once(query, name, family)) {
		resolver_query_make_ready(query);
	} else if (!dns_name_parse(name, &query->name)) {
		if (family != FAMILY_IPV6)
			set_status(query, PART_A, DNS_NO_NAME, DNS_NXDOMAIN);
		if (family != FAMILY_IPV4)
			set_status(query, PART_AAAA, DNS_NO_NAME, DNS_NXDOMAIN);
		resolver_query_make_ready(query);
	} else {
		query->is_asking = true; /* the first may be concluded before the second is joined */
		if (family != FAMILY_IPV6)
			ask_part(query, PART_A, fresh);
		if (family != FAMILY_IPV4)
			ask_part(query, PART_AAAA, fresh);
		query->is_asking = false;
		look_whether_done(query);
	}
	return query;
}

struct resolver_query *
resolver_look_up(struct resolver *resolver, const char *name, uint16_t type, int64_t limit,
    void (*on_answer)(void *arg, const struct pw_answer *), void *arg)
{
	struct resolver_query *query = begin_query(resolver, limit, arg);

	if (query == NULL)
		return NULL;
	query->on_answer = on_answer;
	query->type = type;
	if (dns_name_parse(name, &query->name)) {
		ask_part(query, PART_A, true);
		if (query->waits[PART_A].question == NULL)
			resolver_query_make_ready(query);
	} else {
		set_status(query, PART_A, DNS_NO_NAME, DNS_NXDOMAIN);
		resolver_query_make_ready(query);
	}
	return query;
}

void
resolver_cancel(struct resolver_query **query)
{
	if (*query == NULL)
		return;
	struct resolver *resolver = (*query)->resolver;
	if ((*query)->is_ready) {
		struct resolver_query **link = &resolver->ready;
		while (*link != *query)
			link = &(*link)->next_ready;
		*link = (*query)->next_ready;
		if (*link == NULL)
			resolver->ready_end = link;
	}
	resolver_query_free(*query);
	*query = NULL;
}
