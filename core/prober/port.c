/*
 * `postwatch whoami`: tests whether this host may connect to port 25 at all, by connections to up
 * to five configured targets at once, each of which ends in an answer or at its limit.
 */
#include "prober/port.h"

#include <assert.h>
#include <ev.h>
#include <string.h>

#include "base/clock.h"
#include "prober/visit.h"

enum { SMTP = 25, VISITS_MAX = 5, PATIENCE = 5 * SECOND };

enum came { CAME_SILENCE, CAME_CONNECTED, CAME_REFUSAL, CAME_OURS, CAME_NO_NAME, CAMES };

/* A target on the port. */
struct candidate {
	struct candidates *all;
	const struct target *target;
	struct visit visit;
	enum came came;
};

struct candidates {
	struct ev_loop *loop;
	ev_timer limit;
	uint32_t count, open;
	struct candidate items[VISITS_MAX];
};

/* A refusal is an answer: the way is open, whoever refuses. */
static enum came
came_of(const struct visit *visit)
{
	if (visit->end == VISIT_STANDS)
		return CAME_CONNECTED;
	if (visit->end != VISIT_FAILED)
		return CAME_NO_NAME;
	switch (visit->reason.end) {
	case STREAM_OURS:
		return CAME_OURS;
	case STREAM_TIMED_OUT:
	case STREAM_UNREACHABLE:
		return CAME_SILENCE;
	default:
		return CAME_REFUSAL;
	}
}

static void
on_visited(EV_P_ ev_watcher *told, int revents)
{
	struct candidate *candidate = told->data;

	(void)revents;
	assert(candidate->all->open > 0 && candidate->all->open <= candidate->all->count + 1);
	candidate->came = came_of(&candidate->visit);
	if (--candidate->all->open == 0)
		ev_break(EV_A_ EVBREAK_ALL);
}

static bool
is_elsewhere(const struct address *address)
{
	return !address_is_forbidden(address) && address_class(address) != ADDRESS_LOOPBACK;
}

static void
on_limit(EV_P_ ev_timer *timer, int revents)
{
	(void)timer, (void)revents;
	ev_break(EV_A_ EVBREAK_ALL);
}

static bool
is_own_host(const struct target *target)
{
	struct address literal;

	return strcmp(target->host, "localhost") == 0 || (address_parse(target->host, 0, &literal)
	    && address_class(&literal) == ADDRESS_LOOPBACK);
}

/* Spread over the list: those that stand side by side are often of one network. */
static void
choose(struct candidates *all, const struct config *config)
{
	uint32_t found = 0, taken = 0;

	for (uint32_t i = 0; i < config->target_count; i++)
		found += config->targets[i].port == SMTP && !is_own_host(&config->targets[i]);
	for (uint32_t i = 0, at = 0; i < config->target_count && taken < VISITS_MAX; i++) {
		const struct target *target = &config->targets[i];
		if (target->port != SMTP || is_own_host(target))
			continue;
		if (found <= VISITS_MAX || at == (uint64_t)taken * found / VISITS_MAX) {
			all->items[taken++] = (struct candidate){ .all = all, .target = target };
		}
		at++;
	}
	assert(taken <= found && taken <= VISITS_MAX);
	all->count = all->open = taken;
}

static void
say(const struct candidates *all, struct text *text)
{
	uint32_t of[CAMES] = { 0 };

	for (uint32_t i = 0; i < all->count; i++)
		of[all->items[i].came]++;
	uint32_t tried = of[CAME_CONNECTED] + of[CAME_SILENCE] + of[CAME_REFUSAL];
	if (of[CAME_CONNECTED] > 0)
		text_format(text, "open: %u of %u targets there can be connected to",
		    of[CAME_CONNECTED], tried);
	else if (of[CAME_OURS] > 0 && tried == 0)
		text_add(text, "not to be used: our own system has no way there, or forbids it");
	else if (tried == 0)
		text_add(text, "not looked at: no name of a target resolves");
	else if (tried == 1)
		text_format(text,
		    "the one target that was tried there %s; whether the port is shut for us "
		    "cannot be told from one", of[CAME_REFUSAL] > 0 ? "refuses" : "is silent");
	else
		text_format(text,
		    "perhaps shut: of %u targets there %u are silent and %u refuse; many providers "
		    "shut outgoing mail, ask yours", tried, of[CAME_SILENCE], of[CAME_REFUSAL]);
}

/* All at once: five silent ports cost five seconds, not twenty-five. */
static void
visit_all(struct candidates *all, struct resolver *resolver)
{
	uint32_t count = all->count;

	all->open++; /* until all have begun */
	for (uint32_t i = 0; i < count; i++) {
		struct candidate *item = &all->items[i];

		visit_init(&item->visit, all->loop, resolver);
		item->visit.may_lead_to = is_elsewhere;
		ev_init(&item->visit.told, on_visited);
		item->visit.told.data = item;
		visit_host(
		    &item->visit, item->target->host, SMTP, item->target->policy->family, PATIENCE);
	}
	if (--all->open > 0) {
		ev_timer_init(&all->limit, on_limit, (double)PATIENCE * 1e-6, 0.);
		ev_timer_start(all->loop, &all->limit);
		ev_run(all->loop, 0);
		ev_timer_stop(all->loop, &all->limit);
	}
	for (uint32_t i = 0; i < count; i++)
		if (visit_leave(&all->items[i].visit))
			all->items[i].came = CAME_NO_NAME;
}

bool
port_check(const struct config *config, struct text *text)
{
	struct candidates all = { .loop = ev_loop_new(EVFLAG_AUTO) };
	struct resolver *resolver;
	struct reason why;

	if (all.loop == NULL)
		return false;
	choose(&all, config);
	resolver = all.count > 0 ? resolver_create(all.loop, config, NULL, &why) : NULL;
	if (resolver != NULL) {
		visit_all(&all, resolver);
		say(&all, text);
	} else if (all.count > 0)
		text_format(text, "not looked at: %s", why.text);
	resolver_destroy(&resolver);
	ev_loop_destroy(all.loop);
	return all.count > 0;
}
