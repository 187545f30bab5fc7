/* Rounds over the references, each with a connection of its own and one limit for all. */
#include "prober/references.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "prober/stream.h"

enum { LIMIT = 5 * SECOND };

struct reference {
	struct references *all;
	const struct config_reference *config;
	struct resolver_query *query;
	struct stream stream;
	bool done, reached;
	char unasked[OUTCOME_NAME_MAX]; /* the reason of our own for which it could not be asked, "": it was */
};

struct references {
	struct ev_loop *loop;
	struct resolver *resolver;
	void (*on_round)(void *arg, const struct message_references *);
	void *arg;
	ev_timer limit, next;
	int64_t began;   /* the last round */
	bool again;      /* another is to follow */
	uint32_t count, open;
	struct reference items[];
};

static void
end_round(struct references *all)
{
	struct message_references told = { .asked = all->count, .began = all->began };

	ev_timer_stop(all->loop, &all->limit);
	for (uint32_t i = 0; i < all->count; i++) {
		struct reference *reference = &all->items[i];

		if (reference->query != NULL) {
			resolver_cancel(&reference->query);
			snprintf(reference->unasked, sizeof reference->unasked, "resolver");
		}
		told.reached += reference->reached;
		if (reference->unasked[0] != '\0') {
			told.unasked++;
			memcpy(told.reason, reference->unasked, sizeof told.reason);
		}
		stream_fini(&reference->stream);
	}
	all->open = 0;
	told.at = clock_mono();
	all->on_round(all->arg, &told);
	/* Not from here: this may be a call of one of the streams that the next round begins with. */
	if (all->again)
		ev_timer_start(all->loop, &all->next);
}

static void
settle(struct reference *reference, bool reached)
{
	if (reference->done)
		return;
	reference->done = true;
	reference->reached = reached;
	stream_fini(&reference->stream);
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

static void
on_connected(void *owner)
{
	settle(owner, true);
}

static void
on_data(void *owner, const char *bytes, size_t size)
{
	(void)bytes, (void)size;
	settle(owner, true);
}

static void
on_end(void *owner, const struct stream_fate *fate)
{
	if (fate->end == STREAM_OURS)
		settle_unasked(owner, fate->outcome != NULL ? fate->outcome : "interrupted");
	else
		settle(owner, fate->end == STREAM_REFUSED || fate->end == STREAM_RESET || fate->end == STREAM_CLOSED);
}

static const struct stream_events events = { .on_connected = on_connected, .on_data = on_data, .on_end = on_end };

static void
connect_to(struct reference *reference, const struct address *address)
{
	struct stream_fate fate;

	stream_init(&reference->stream, reference->all->loop, &events, reference);
	if (!stream_connect(&reference->stream, address, NULL, &fate))
		on_end(reference, &fate);
}

static void
on_resolved(void *arg, const struct resolved *resolved)
{
	struct reference *reference = arg;
	struct address address;

	if (resolved->more)
		resolver_cancel(&reference->query);
	reference->query = NULL;
	if (resolved->count == 0) {
		settle_unasked(reference, "resolver");
		return;
	}
	address = resolved->addresses[0];
	address_set_port(&address, reference->config->port);
	connect_to(reference, &address);
}

static void
ask(struct reference *reference)
{
	struct references *all = reference->all;
	struct address literal;

	if (address_parse(reference->config->host, reference->config->port, &literal)) {
		connect_to(reference, &literal);
		return;
	}
	reference->query
	    = resolver_ask(all->resolver, reference->config->host, FAMILY_BOTH, false, LIMIT, on_resolved, reference);
	if (reference->query == NULL)
		settle_unasked(reference, "no_memory");
}

static void
begin_round(struct references *all)
{
	all->again = false;
	all->began = clock_mono();
	ev_timer_set(&all->limit, LIMIT * 1e-6, 0.);
	ev_timer_start(all->loop, &all->limit);
	all->open = all->count;
	for (uint32_t i = 0; i < all->count; i++) {
		all->items[i].done = all->items[i].reached = false;
		all->items[i].unasked[0] = '\0';
	}
	for (uint32_t i = 0; i < all->count && all->open > 0; i++)
		ask(&all->items[i]);
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
	uint32_t count = config->reference_count;
	struct references *all;

	if (count == 0 || (all = calloc(1, sizeof *all + count * sizeof all->items[0])) == NULL)
		return NULL;
	*all = (struct references){ .loop = loop, .resolver = resolver, .on_round = on_round, .arg = arg, .count = count };
	for (uint32_t i = 0; i < count; i++) {
		all->items[i] = (struct reference){ .all = all, .config = &config->references[i] };
		stream_init(&all->items[i].stream, loop, &events, &all->items[i]);
	}
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
	for (uint32_t i = 0; i < all->count; i++) {
		if (all->items[i].query != NULL)
			resolver_cancel(&all->items[i].query);
		stream_fini(&all->items[i].stream);
	}
	free(all);
	*held = NULL;
}

void
references_ask(struct references *all)
{
	if (all == NULL)
		return;
	all->again = all->open > 0;
	if (all->open == 0)
		begin_round(all);
}
