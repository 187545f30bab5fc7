/*
 * Resolves a name for a process that does nothing else meanwhile (the gate of the e-mail notifier),
 * by a resolver with an event loop of its own.
 */
#include "prober/look_up.h"

#include <string.h>

#include "base/clock.h"
#include "base/outcome.h"

enum { OTHER_FAMILY_MAX = SECOND }; /* for which the other family is waited for, once one has
                                     * addresses */

bool
look_up_open(struct look_up *names, const struct config *config, struct sources *sources,
    struct reason *why)
{
	*names = (struct look_up){ .loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV) };
	if (names->loop == NULL) {
		reason_set(why, "no event loop for the names of hosts");
		return false;
	}
	names->resolver = resolver_create(names->loop, config, sources, why);
	if (names->resolver != NULL)
		return true;
	look_up_close(names);
	return false;
}

void
look_up_close(struct look_up *names)
{
	resolver_destroy(&names->resolver);
	if (names->loop != NULL)
		ev_loop_destroy(names->loop);
	names->loop = NULL;
}

struct asking {
	ev_watcher told;
	struct resolver_query *query;
	struct resolved resolved;
	int64_t until;  /* clock_mono(): the other family is not waited for any longer; 0:
	                 * nothing is known yet */
	bool over;
};

static void
on_resolved(EV_P_ ev_watcher *told, int events)
{
	struct asking *asking = told->data;

	(void)loop, (void)events;
	resolver_take(&asking->query, &asking->resolved);
	asking->over = !asking->resolved.more;
	asking->until = clock_mono() + OTHER_FAMILY_MAX;
}

/* The loop wakes up often enough to look at the clock. */
static void
on_tick(EV_P_ ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
}

static void
wait_for(struct look_up *names, struct asking *asking)
{
	ev_timer tick;

	ev_timer_init(&tick, on_tick, 0.1, 0.1);
	ev_timer_start(names->loop, &tick);
	while (!asking->over && (asking->until == 0 || clock_mono() < asking->until))
		ev_run(names->loop, EVRUN_ONCE);
	ev_timer_stop(names->loop, &tick);
	resolver_cancel(&asking->query);
}

/* The last good addresses serve only where no server says anything of the name: a relay that
 * moved is not looked for where it was. */
uint32_t
look_up_host(struct look_up *names, const char *name, int64_t limit, struct address *found,
    uint32_t max, struct text *why)
{
	struct asking asking = { .over = false };
	const struct resolved *resolved = &asking.resolved;
	const struct address *addresses = resolved->addresses;
	struct outcome outcome;
	uint32_t count;

	ev_init(&asking.told, on_resolved);
	asking.told.data = &asking;
	asking.query = resolver_ask(names->resolver, name, FAMILY_BOTH, false, limit, &asking.told);
	if (asking.query == NULL) {
		text_add(why, "out of memory");
		return 0;
	}
	wait_for(names, &asking);
	count = resolved->count;
	if (count == 0 && !dns_is_of_name(resolved->status4)
	    && !dns_is_of_name(resolved->status6)) {
		addresses = resolved->last_good;
		count = resolved->last_good_count;
	}
	if (count == 0 && resolved->ours != NULL)
		text_add(why, outcome_find(resolved->ours, NULL, &outcome) ? outcome.text
		    : resolved->ours);
	else if (count == 0)
		text_add(why, resolved->said[0] != '\0' ? resolved->said
		    : "it is no name of the DNS");
	count = count < max ? count : max;
	memcpy(found, addresses, count * sizeof *found);
	return count;
}
