/*
 * For the prober's resolver: resolves names (A and AAAA) by the DNS questions they need. A query
 * waits for its questions. Where they bring no address, the other servers are asked about a "no",
 * and a server that failed is asked for a name that cannot be in its cache.
 */
#include "prober/query_result.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

enum { LINE_LIMITS = 12 }; /* so many limits of its own a query stays in line for a socket */

static const double resolution_delay = 0.05; /* seconds, from one family to the other: RFC 8305,
                                              * section 3 */

static const uint16_t part_types[PARTS] = { [PART_A] = DNS_A, [PART_AAAA] = DNS_AAAA };

static bool
is_waiting(const struct resolver_query *query)
{
	return query->waits[PART_A].wait.question != NULL
	    || query->waits[PART_AAAA].wait.question != NULL;
}

static void look_whether_done(struct resolver_query *query);

/* The owner is told of one query at a time, in their order: who takes what is ready makes way for
 * the next. */
static void
make_ready(struct resolver_query *query)
{
	struct resolver *resolver = query->resolver;

	if (query->is_ready)
		return;
	query->is_ready = true;
	ev_timer_stop(resolver->loop, &query->delay);
	TAILQ_INSERT_TAIL(&resolver->ready, query, ready_link);
	if (TAILQ_FIRST(&resolver->ready) == query)
		ev_feed_event(resolver->loop, query->told, EV_CUSTOM);
}

static void
leave_ready(struct resolver_query *query)
{
	struct resolver *resolver = query->resolver;
	bool was_first = TAILQ_FIRST(&resolver->ready) == query;

	assert(query->is_ready && !TAILQ_EMPTY(&resolver->ready));
	TAILQ_REMOVE(&resolver->ready, query, ready_link);
	if (was_first && !TAILQ_EMPTY(&resolver->ready))
		ev_feed_event(resolver->loop, TAILQ_FIRST(&resolver->ready)->told, EV_CUSTOM);
}

void
resolver_query_free(struct resolver_query *query)
{
	for (int i = 0; i < PARTS; i++)
		question_leave(&query->waits[i].wait);
	for (int i = 0; i < QUESTION_SERVERS_MAX; i++)
		question_leave(&query->canaries[i].wait);
	ev_clear_pending(query->resolver->loop, query->told);
	if (query->is_ready)
		leave_ready(query);
	LIST_REMOVE(query, link);
	ev_timer_stop(query->resolver->loop, &query->deadline);
	ev_timer_stop(query->resolver->loop, &query->delay);
	free(query->packet);
	free(query);
}

static void
on_canary(struct wait *wait, const struct conclusion *conclusion)
{
	const struct query_wait *of = (const struct query_wait *)wait;

	assert(of->query->canaries + of->index == of);
	assert(of->index < of->query->resolver->server_count);
	if (dns_is_of_name(conclusion->answer->status))
		of->query->resolver->canaries[of->index].answered = clock_mono();
	look_whether_done(of->query);
}

/* A server that answered just now is not asked. */
static void
ask_canary(struct resolver_query *query, unsigned server)
{
	struct query_wait *of = &query->canaries[server];
	struct canary *canary = &query->resolver->canaries[server];
	int64_t now = clock_mono();

	if (query->type != 0 || of->wait.question != NULL || of->wait.on_concluded != NULL)
		return;
	*of = (struct query_wait){
		.wait.on_concluded = on_canary, .query = query, .index = server
	};
	if (!canary_is_fresh(canary, now) && canary_renew(canary, &query->name, now))
		(void)question_join(query->resolver->questions, &canary->name, DNS_A,
		    ~(1u << server), &of->wait);
}

static bool ask_part(struct resolver_query *query, enum part part, uint32_t except);

/* A "no" for a name without any address is put to the servers that have not been asked: what
 * comes from the cache of the first a second time is not another look. */
static void
look_elsewhere(struct resolver_query *query)
{
	assert(query->type == 0);
	if (query->looked_elsewhere)
		return;
	query->looked_elsewhere = true;
	query->is_asking = true;
	for (enum part part = PART_A; part <= PART_AAAA; part++) {
		uint32_t asked = 0;
		if (!dns_is_of_name(query->parts[part].status))
			continue;
		for (unsigned i = 0; i < query->resolver->server_count; i++)
			asked |= (uint32_t)(query->parts[part].opinions[i].status != DNS_NOT_ASKED)
			    << i;
		(void)ask_part(query, part, asked);
	}
	query->is_asking = false;
}

static void
on_delay(EV_P_ ev_timer *timer, int events)
{
	struct resolver_query *query = timer->data;

	(void)events;
	query->told_early = true;
	ev_feed_event(EV_A_ query->told, EV_CUSTOM);
}

/* From the least to the most that is asked: addresses are told as soon as one family has them; a
 * "no" is put to other servers; and only SERVFAIL and silence cost a question for a name that
 * nobody knows. */
static void
look_whether_done(struct resolver_query *query)
{
	bool waits = false;

	if (query->is_asking || query->is_ready)
		return;
	if (query->is_over || query->resolved.count > 0) {
		if (!is_waiting(query)) {
			make_ready(query);
		} else if (!query->is_over && !query->told_early && !ev_is_active(&query->delay)) {
			ev_timer_set(&query->delay, resolution_delay, 0);
			ev_timer_start(query->resolver->loop, &query->delay);
		}
		return;
	}
	if (!is_waiting(query))
		look_elsewhere(query);
	if (is_waiting(query))
		return;
	/* SERVFAIL and silence say something of the name only if the same server answers for
	 * others now: does it? */
	for (unsigned i = 0; i < query->resolver->server_count; i++) {
		if (query_may_be_of_name(&query->parts[PART_A].opinions[i])
		    || query_may_be_of_name(&query->parts[PART_AAAA].opinions[i]))
			ask_canary(query, i);
		waits |= query->canaries[i].wait.question != NULL;
	}
	if (!waits || query_is_proven(query, clock_mono()))
		make_ready(query);
}

static void
add_address(struct resolved *resolved, struct address address)
{
	if (resolved->count < RESOLVED_MAX)
		resolved->addresses[resolved->count++] = address;
}

/* Of two looks at the same type the first "no" stays, unless the second finds something. */
static void
take_conclusion(struct resolver_query *query, enum part part, const struct conclusion *conclusion)
{
	struct found_part *found = &query->parts[part];
	enum dns_status status = conclusion->answer->status;

	for (unsigned i = 0; i < query->resolver->server_count; i++)
		if (conclusion->opinions[i].status != DNS_NOT_ASKED)
			found->opinions[i] = conclusion->opinions[i];
	if (found->status == DNS_NOT_ASKED)
		found->repeats = conclusion->age.repeats;
	else if (dns_is_of_name(status))
		found->repeats = 0; /* another server was heard */
	if (found->status == DNS_NOT_ASKED || status == DNS_FOUND)
		found->status = status;
	if (conclusion->waited > query->resolved.waited)
		query->resolved.waited = conclusion->waited;
}

/* Addresses of both families are collected in one list; their order is made when they are told. */
static void
on_addresses(struct wait *wait, const struct conclusion *conclusion)
{
	const struct query_wait *of = (const struct query_wait *)wait;
	struct resolver_query *query = of->query;
	const struct dns_answer *answer = conclusion->answer;
	char text[DNS_NAME_TEXT_MAX];

	take_conclusion(query, of->index, conclusion);
	if (answer->status == DNS_FOUND && !dns_name_equal(&answer->owner, &query->name)) {
		dns_name_text(&answer->owner, text);
		if (strlen(text) < sizeof query->resolved.canonical)
			memcpy(query->resolved.canonical, text, strlen(text) + 1);
	}
	for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++)
		add_address(&query->resolved,
		    of->index == PART_A ? address_ipv4(answer->records[i].data, 0)
		    : address_ipv6(answer->records[i].data, 0));
	look_whether_done(query);
}

static void
on_records(struct wait *wait, const struct conclusion *conclusion)
{
	struct resolver_query *query = ((struct query_wait *)wait)->query;

	take_conclusion(query, PART_A, conclusion);
	if (conclusion->packet != NULL && (query->packet = malloc(conclusion->size)) != NULL) {
		memcpy(query->packet, conclusion->packet, conclusion->size);
		query->size = conclusion->size;
		query->asked_for = conclusion->asked_for;
		query->trusted = address_class(&query->resolver->servers[conclusion->server])
		    == ADDRESS_LOOPBACK;
	} else if (conclusion->packet != NULL) {
		/* What was in it is not known then, and no server is to blame. */
		query->parts[PART_A] = (struct found_part){ .status = DNS_OURS };
	}
	make_ready(query);
}

/* So that what silence means is known by the time the limit comes. */
static void
on_patience(struct wait *wait)
{
	struct resolver_query *query = ((struct query_wait *)wait)->query;

	for (unsigned i = 0; i < query->resolver->server_count; i++)
		ask_canary(query, i);
}

/* Time is over: what is not known by now is told as it stands. Time in line for a socket of ours
 * is not the servers'. */
static void
on_deadline(EV_P_ ev_timer *timer, int events)
{
	struct resolver_query *query = timer->data;

	(void)events;
	if (query->lines_left > 0 && (!question_is_sent(&query->waits[PART_A].wait)
	    || !question_is_sent(&query->waits[PART_AAAA].wait))) {
		query->lines_left--;
		ev_timer_again(EV_A_ timer);
		return;
	}
	ev_timer_stop(EV_A_ timer);
	query->is_over = true;
	/* First what stands in line, for it would be sent by what the other gives back. */
	for (enum part part = PART_A; part <= PART_AAAA; part++)
		if (!question_is_sent(&query->waits[part].wait))
			question_give_up(&query->waits[part].wait);
	for (enum part part = PART_A; part <= PART_AAAA; part++)
		question_give_up(&query->waits[part].wait);
	make_ready(query);
}

/* Asking */

/* The limit repeats: while a question stands in line for a socket of ours it begins anew. */
static struct resolver_query *
begin_query(struct resolver *resolver, int64_t limit, ev_watcher *told)
{
	struct resolver_query *query = calloc(1, sizeof *query);

	if (query == NULL)
		return NULL;
	query->resolver = resolver;
	query->told = told;
	query->lines_left = LINE_LIMITS;
	LIST_INSERT_HEAD(&resolver->all, query, link);
	/* A timer counts from the loop's last look at the clock. */
	ev_now_update(resolver->loop);
	ev_timer_init(&query->deadline, on_deadline, (double)limit / SECOND,
	    (double)limit / SECOND);
	ev_init(&query->delay, on_delay);
	query->deadline.data = query->delay.data = query;
	ev_timer_start(resolver->loop, &query->deadline);
	return query;
}

static bool
is_wanted(enum part part, enum family family)
{
	return family == FAMILY_BOTH || family == (part == PART_A ? FAMILY_IPV4 : FAMILY_IPV6);
}

/* The same of each family that is wanted; of the other nothing is known. */
static void
set_statuses(struct resolver_query *query, enum family family, enum dns_status status)
{
	for (enum part part = PART_A; part <= PART_AAAA; part++)
		query->parts[part].status = is_wanted(part, family) ? status : DNS_NOT_ASKED;
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
	} else if (query->resolver->hosts != NULL) {
		count = hosts_find(query->resolver->hosts, name, found, RESOLVED_MAX);
		resolved->from_hosts = count > 0;
	}
	if (count == 0)
		return false;
	set_statuses(query, family, DNS_NO_DATA);
	for (uint32_t i = 0; i < count; i++) {
		enum dns_status *status = &query->parts[address_is_ipv4(&found[i]) ? PART_A
		    : PART_AAAA].status;
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

	if (!answers_find(query->resolver->answers, &query->name, part_types[part], clock_mono(),
	    &kept))
		return false;
	assert(kept.count == 0 || kept.status == DNS_FOUND);
	query->parts[part].status = kept.status;
	resolved->kept = true;
	if (kept.age > resolved->age)
		resolved->age = kept.age;
	for (uint32_t i = 0; i < kept.count; i++)
		add_address(resolved, kept.addresses[i]);
	if (kept.canonical[0] != '\0')
		memcpy(resolved->canonical, kept.canonical, sizeof resolved->canonical);
	return true;
}

/* Returns false where nobody is asked: there is no memory, or no server. */
static bool
ask_part(struct resolver_query *query, enum part part, uint32_t except)
{
	struct query_wait *of = &query->waits[part];

	assert(of->wait.question == NULL && (query->type == 0 || part == PART_A));
	*of = (struct query_wait){ .query = query, .index = part };
	of->wait.on_concluded = query->type != 0 ? on_records : on_addresses;
	of->wait.on_patience = on_patience;
	return question_join(query->resolver->questions, &query->name,
	    query->type != 0 ? query->type : part_types[part], except, &of->wait);
}

/* What is kept serves where it holds an address. A "no" that is kept does not: what it would lead
 * to is worth a question. */
static void
ask_parts(struct resolver_query *query, enum family family, bool fresh)
{
	bool has[PARTS] = { false };

	query->is_asking = true; /* the first may be concluded before the second is joined */
	for (enum part part = PART_A; !fresh && part <= PART_AAAA; part++)
		has[part] = is_wanted(part, family) && use_kept(query, part);
	if (query->resolved.count == 0)
		query->resolved.kept = has[PART_A] = has[PART_AAAA] = false;
	for (enum part part = PART_A; part <= PART_AAAA; part++) {
		if (!is_wanted(part, family) || has[part])
			continue;
		query->parts[part].status = DNS_NOT_ASKED;
		if (!ask_part(query, part, 0))
			query->parts[part].status = DNS_OURS;
	}
	query->is_asking = false;
	look_whether_done(query);
}

/* Also what is known at once is told from the loop: the owner has the query in hand before it is
 * told of it. */
struct resolver_query *
resolver_ask(struct resolver *resolver, const char *name, enum family family, bool fresh,
    int64_t limit, ev_watcher *told)
{
	struct resolver_query *query = begin_query(resolver, limit, told);

	if (query == NULL)
		return NULL;
	if (answer_at_once(query, name, family)) {
		make_ready(query);
	} else if (resolver->hosts == NULL) {
		set_statuses(query, family, DNS_OURS);
		make_ready(query);
	} else if (!dns_name_parse(name, &query->name)) {
		query->name.size = 0;
		set_statuses(query, family, DNS_NO_NAME);
		make_ready(query);
	} else {
		ask_parts(query, family, fresh);
	}
	return query;
}

struct resolver_query *
resolver_look_up(struct resolver *resolver, const char *name, uint16_t type, int64_t limit,
    ev_watcher *told)
{
	struct resolver_query *query = begin_query(resolver, limit, told);

	if (query == NULL)
		return NULL;
	query->type = type;
	if (!dns_name_parse(name, &query->name)) {
		query->parts[PART_A].status = DNS_NO_NAME;
		query->parts[PART_A].opinions[0] = (struct opinion){ .status = DNS_NO_NAME,
		    .rcode = DNS_NXDOMAIN };
		make_ready(query);
	} else if (!ask_part(query, PART_A, 0)) {
		make_ready(query);
	}
	return query;
}

void
resolver_recall(struct resolver *resolver, const char *name, const struct address *addresses,
    uint32_t count, int64_t good)
{
	struct dns_name parsed;

	if (dns_name_parse(name, &parsed))
		answers_recall(resolver->answers, &parsed, addresses, count, good);
}

void
resolver_take(struct resolver_query **query, struct resolved *resolved)
{
	assert((*query)->type == 0 && ((*query)->is_ready || (*query)->told_early));
	*resolved = query_result(*query, clock_mono());
	resolved->more = !(*query)->is_ready;
	if (resolved->more)
		resolved->said[0] = '\0';
	else
		resolver_cancel(query);
}

struct pw_answer
resolver_answer(struct resolver_query *query, struct dns_answer *space)
{
	assert(query->type != 0 && query->is_ready);
	if (query->packet == NULL)
		return (struct pw_answer){ .rcode = query_rcode(&query->parts[PART_A]) };
	dns_read(query->packet, query->size, &query->asked_for, query->type, space);
	return (struct pw_answer){ space->rcode, space->authentic
	    && query->trusted, space->count, space->records };
}

void
resolver_cancel(struct resolver_query **query)
{
	if (*query == NULL)
		return;
	resolver_query_free(*query);
	*query = NULL;
}
