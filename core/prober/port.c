/*
 * Tests whether port 25 can be reached from this host: several connections at once, until each is
 * decided.
 */
#include "prober/port.h"

#include <assert.h>
#include <ev.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "prober/connect.h"
#include "prober/resolver.h"

enum { SMTP = 25, VISITS_MAX = 5, PATIENCE = 5 * SECOND };

enum came { CAME_SILENCE, CAME_CONNECTED, CAME_REFUSAL, CAME_OURS, CAME_NO_NAME, CAMES };

struct visits;

struct visit {
	struct visits *all;
	const struct target *target;
	struct resolver_query *query;
	ev_watcher resolved;
	struct address to;
	ev_io io; /* its descriptor is -1 while there is no connection */
	enum came came;
};

struct visits {
	struct ev_loop *loop;
	struct resolver *resolver;
	ev_timer limit;
	uint32_t count, open;
	struct visit items[VISITS_MAX];
};

static void
close_visit(struct visit *visit)
{
	if (visit->io.fd == -1)
		return;
	ev_io_stop(visit->all->loop, &visit->io);
	close(visit->io.fd);
	visit->io.fd = -1;
}

static void
settle(struct visit *visit, enum came came)
{
	assert(visit->all->open > 0 && visit->all->open <= visit->all->count + 1);
	visit->came = came;
	close_visit(visit);
	if (--visit->all->open == 0)
		ev_break(visit->all->loop, EVBREAK_ALL);
}

/* A refusal is an answer: the way is open, whoever refuses. */
static enum came
of_fate(const struct stream_fate *fate)
{
	switch (fate->end) {
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
follow(struct visit *visit, enum connecting found, const struct stream_fate *fate)
{
	if (found != CONNECT_OPEN)
		settle(visit, found == CONNECT_STANDS ? CAME_CONNECTED : of_fate(fate));
}

static void
on_event(EV_P_ ev_io *io, int revents)
{
	struct visit *visit = io->data;
	struct stream_fate fate;
	int reset = 0;

	(void)loop;
	follow(visit, connect_look(io->fd, &visit->to, revents == EV_WRITE, &reset, &fate), &fate);
}

static void
visit_address(struct visit *visit, const struct address *address)
{
	struct stream_fate fate;
	int fd, reset = 0;
	enum connecting found = connect_begin(address, NULL, &fd, &reset, &fate);

	visit->to = *address;
	ev_io_set(&visit->io, fd, EV_READ | EV_WRITE);
	if (fd != -1)
		ev_io_start(visit->all->loop, &visit->io);
	follow(visit, found, &fate);
}

static void
on_resolved(EV_P_ ev_watcher *told, int revents)
{
	struct visit *visit = told->data;
	struct resolved resolved;

	(void)loop, (void)revents;
	resolver_take(&visit->query, &resolved);
	resolver_cancel(&visit->query); /* the first address is enough */
	if (resolved.count == 0 || address_is_forbidden(&resolved.addresses[0])
	    || address_class(&resolved.addresses[0]) == ADDRESS_LOOPBACK) {
		settle(visit, CAME_NO_NAME);
		return;
	}
	address_set_port(&resolved.addresses[0], SMTP);
	visit_address(visit, &resolved.addresses[0]);
}

static void
begin(struct visit *visit)
{
	struct address literal;

	if (address_parse(visit->target->host, SMTP, &literal)) {
		visit_address(visit, &literal);
		return;
	}
	visit->query = resolver_ask(visit->all->resolver, visit->target->host,
	    visit->target->policy->family, false, PATIENCE, &visit->resolved);
	if (visit->query == NULL)
		settle(visit, CAME_NO_NAME);
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
choose(struct visits *all, const struct config *config)
{
	uint32_t found = 0, taken = 0;

	for (uint32_t i = 0; i < config->target_count; i++)
		found += config->targets[i].port == SMTP && !is_own_host(&config->targets[i]);
	for (uint32_t i = 0, at = 0; i < config->target_count && taken < VISITS_MAX; i++) {
		const struct target *target = &config->targets[i];
		if (target->port != SMTP || is_own_host(target))
			continue;
		if (found <= VISITS_MAX || at == (uint64_t)taken * found / VISITS_MAX) {
			struct visit *visit = &all->items[taken++];
			*visit = (struct visit){ .all = all, .target = target };
			ev_io_init(&visit->io, on_event, -1, 0);
			ev_init(&visit->resolved, on_resolved);
			visit->io.data = visit->resolved.data = visit;
		}
		at++;
	}
	assert(taken <= found && taken <= VISITS_MAX);
	all->count = all->open = taken;
}

static void
say(const struct visits *all, struct text *text)
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
		    "the one target that was tried there %s; whether the port is shut for us cannot be told from one",
		    of[CAME_REFUSAL] > 0 ? "refuses" : "is silent");
	else
		text_format(text,
		    "perhaps shut: of %u targets there %u are silent and %u refuse; many providers shut outgoing mail, "
		    "ask yours", tried, of[CAME_SILENCE], of[CAME_REFUSAL]);
}

/* All at once: five silent ports cost five seconds, not twenty-five. */
static void
visit_all(struct visits *all)
{
	uint32_t count = all->count;

	all->open++; /* until all have begun */
	for (uint32_t i = 0; i < count; i++)
		begin(&all->items[i]);
	if (--all->open > 0) {
		ev_timer_init(&all->limit, on_limit, (double)PATIENCE * 1e-6, 0.);
		ev_timer_start(all->loop, &all->limit);
		ev_run(all->loop, 0);
		ev_timer_stop(all->loop, &all->limit);
	}
	for (uint32_t i = 0; i < count; i++) {
		if (all->items[i].query != NULL) {
			resolver_cancel(&all->items[i].query);
			all->items[i].came = CAME_NO_NAME;
		}
		close_visit(&all->items[i]);
	}
}

bool
port_check(const struct config *config, struct text *text)
{
	struct visits all = { .loop = ev_loop_new(EVFLAG_AUTO) };
	struct reason why;

	if (all.loop == NULL)
		return false;
	choose(&all, config);
	all.resolver = all.count > 0 ? resolver_create(all.loop, config, NULL, &why) : NULL;
	if (all.resolver != NULL) {
		visit_all(&all);
		say(&all, text);
	} else if (all.count > 0)
		text_format(text, "not looked at: %s", why.text);
	resolver_destroy(&all.resolver);
	ev_loop_destroy(all.loop);
	return all.count > 0;
}
