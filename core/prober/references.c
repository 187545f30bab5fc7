/*
 * For the prober: connects by TCP to the reference addresses, to tell whether this host has a
 * working network.
 */
#include "prober/references.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "prober/route.h"
#include "prober/visit.h"

enum { LIMIT = 5 * SECOND, ROUTERS = 2, RESOLVERS = 4, NEAR = ROUTERS + RESOLVERS, NEAR_PORT = 53 };
static const int64_t answered_lately = 600 * (int64_t)SECOND;

struct reference {
	struct references *all;
	const struct config_reference *config; /* NULL: a near one, at `address` */
	struct address address;
	int64_t answered; /* a near one: when it last did, 0: never */
	struct visit visit;
	bool asked, done, reached;
	char unasked[OUTCOME_NAME_MAX]; /* the reason of our own for which it could not be asked,
	                                 * "": it was */
};

struct references {
	struct ev_loop *loop;
	void (*on_round)(void *arg, const struct message_references *);
	void *arg;
	ev_timer limit, next;
	int64_t began;   /* the last round */
	bool again;      /* another is to follow */
	bool near;       /* and over the near ones, too */
	uint32_t count, open; /* of the user's; asked and not done */
	struct reference items[]; /* the user's, and behind them NEAR near ones: routers and
	                           * resolvers, family 0: none */
};

static void
close_one(struct reference *reference)
{
	if (visit_leave(&reference->visit))
		snprintf(reference->unasked, sizeof reference->unasked, "resolver");
}

/* A near one counts where it has answered before. */
static void
count(struct message_references *told, struct reference *reference)
{
	bool known = reference->answered != 0 && told->at - reference->answered < answered_lately;

	close_one(reference);
	if (reference->config != NULL) {
		told->asked++;
		told->reached += reference->reached;
		if (reference->unasked[0] == '\0')
			return;
		told->unasked++;
		memcpy(told->reason, reference->unasked, sizeof told->reason);
	} else if (reference->asked && reference->unasked[0] == '\0') {
		if (reference->reached)
			reference->answered = told->at;
		told->near += known || reference->reached;
		told->near_silent += known && !reference->reached;
	}
}

/* What our own side could not ask is counted apart: it says nothing of the network. */
static void
end_round(struct references *all)
{
	struct message_references told = { .began = all->began, .at = clock_mono() };

	ev_timer_stop(all->loop, &all->limit);
	for (uint32_t i = 0; i < all->count + NEAR; i++)
		count(&told, &all->items[i]);
	assert(told.reached + told.unasked <= told.asked && told.asked == all->count);
	all->open = 0;
	all->on_round(all->arg, &told);
	/* Not from here: this may be an event of one of those that the next round begins with. */
	if (all->again)
		ev_timer_start(all->loop, &all->next);
}

static void
settle(struct reference *reference, bool reached)
{
	if (reference->done)
		return;
	assert(reference->asked && reference->all->open > 0);
	reference->done = true;
	reference->reached = reached;
	if (--reference->all->open == 0)
		end_round(reference->all);
}

/* Our own side ended it: nothing was asked. */
static void
settle_unasked(struct reference *reference, const char *reason)
{
	if (!reference->done)
		snprintf(reference->unasked, sizeof reference->unasked, "%s", reason);
	settle(reference, false);
}

/* A refusal counts as an answer, and so does a filter on the host itself. A name that no
 * resolver answers for says as much of the network as one that cannot be reached, but not the
 * same: it counts as not asked. */
static void
on_visited(EV_P_ ev_watcher *told, int revents)
{
	struct reference *reference = told->data;
	const struct close_reason *reason = &reference->visit.reason;

	(void)loop, (void)revents;
	switch (reference->visit.end) {
	case VISIT_STANDS:
		settle(reference, true);
		return;
	case VISIT_NO_NAME:
		settle_unasked(reference, "resolver");
		return;
	case VISIT_NO_MEMORY:
		settle_unasked(reference, "no_memory");
		return;
	case VISIT_FAILED:
		break;
	}
	if (reason->end == STREAM_OURS)
		settle_unasked(reference, reason->outcome != NULL ? reason->outcome
		    : "interrupted");
	else
		settle(reference,
		    (reason->has_from && address_order(&reason->from, &reference->visit.to) == 0)
		    || reason->end == STREAM_REFUSED || reason->end == STREAM_RESET
		    || reason->end == STREAM_CLOSED);
}

static void
ask(struct reference *reference)
{
	if (reference->config == NULL)
		visit_address(&reference->visit, &reference->address);
	else
		visit_host(&reference->visit, reference->config->host, reference->config->port,
		    FAMILY_BOTH, LIMIT);
}

/* Networks come and go: whoever is at another address than before has not answered yet. */
static void
look_for_routers(struct references *all)
{
	/* Of no network at all (RFC 5737, RFC 3849). */
	static const char *const afar[ROUTERS] = { "192.0.2.1", "2001:db8::1" };

	for (uint32_t i = 0; i < ROUTERS; i++) {
		struct reference *reference = &all->items[all->count + i];
		struct address to, router = { .any.sa_family = AF_UNSPEC };
		bool known = address_parse(afar[i], 0, &to) && route_router(&to, &router);

		if (known)
			address_set_port(&router, NEAR_PORT);
		if (!known || reference->address.any.sa_family == AF_UNSPEC
		    || !address_equal(&reference->address, &router)) {
			reference->address = router;
			reference->answered = 0;
		}
	}
}

/* All are prepared before any is asked: one that settles at once does not end a round in which
 * others have not begun. */
static void
begin_round(struct references *all)
{
	bool near = all->near;

	all->again = all->near = false;
	all->began = clock_mono();
	ev_timer_set(&all->limit, (double)LIMIT * 1e-6, 0.);
	ev_timer_start(all->loop, &all->limit);
	if (near)
		look_for_routers(all);
	all->open = 1; /* this round: it does not end before all have been asked */
	for (uint32_t i = 0; i < all->count + NEAR; i++) {
		struct reference *reference = &all->items[i];

		reference->asked = i < all->count
		    || (near && reference->address.any.sa_family != AF_UNSPEC);
		reference->done = !reference->asked;
		reference->reached = false;
		reference->unasked[0] = '\0';
		all->open += reference->asked;
	}
	for (uint32_t i = 0; i < all->count + NEAR; i++)
		if (all->items[i].asked)
			ask(&all->items[i]);
	/* One of them is ours: no round ends while its references are still being asked. */
	assert(all->open > 0 && all->open <= all->count + NEAR + 1);
	if (--all->open == 0)
		end_round(all);
}

static void
on_next(EV_P_ ev_timer *timer, int revents)
{
	struct references *all = timer->data;

	(void)loop, (void)revents;
	if (all->open == 0)
		begin_round(all);
}

static void
on_limit(EV_P_ ev_timer *timer, int revents)
{
	struct references *all = timer->data;

	(void)loop, (void)revents;
	if (all->open > 0)
		end_round(all);
}

struct references *
references_create(struct ev_loop *loop, const struct config *config, struct resolver *resolver,
    void (*on_round)(void *arg, const struct message_references *), void *arg)
{
	uint32_t number = config->reference_count;
	struct address found[RESOLVERS];
	struct references *all = calloc(1, sizeof *all + (number + NEAR) * sizeof all->items[0]);

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->on_round = on_round;
	all->arg = arg;
	all->count = number;
	for (uint32_t i = 0; i < number + NEAR; i++) {
		struct reference *reference = &all->items[i];

		reference->all = all;
		reference->config = i < number ? &config->references[i] : NULL;
		reference->done = true;
		visit_init(&reference->visit, loop, resolver);
		ev_init(&reference->visit.told, on_visited);
		reference->visit.told.data = reference;
	}
	/* Resolvers of this host say nothing of the network. */
	uint32_t known = resolver_servers(resolver, found, RESOLVERS);
	for (uint32_t i = 0; i < known; i++)
		if (address_class(&found[i]) != ADDRESS_LOOPBACK)
			all->items[number + ROUTERS + i].address = found[i];
	ev_timer_init(&all->limit, on_limit, 0., 0.);
	ev_timer_init(&all->next, on_next, 0., 0.);
	all->limit.data = all->next.data = all;
	return all;
}

void
references_destroy(struct references **held)
{
	struct references *all = *held;

	if (all == NULL)
		return;
	ev_timer_stop(all->loop, &all->limit);
	ev_timer_stop(all->loop, &all->next);
	for (uint32_t i = 0; i < all->count + NEAR; i++)
		close_one(&all->items[i]);
	free(all);
	*held = NULL;
}

void
references_ask(struct references *all, bool near)
{
	if (all == NULL)
		return;
	all->near |= near;
	all->again = all->open > 0;
	if (all->open == 0)
		begin_round(all);
}
