/*
 * Keeps what the monitor knows of our own side (network, resolver, ports), and answers whether we
 * could have seen a target during its run.
 *
 * Each question is asked for the whole time that a run took, and not for the present: a spell of
 * blindness that is over by now may have lain in it.
 */
#include "monitor/own_side.h"

#include <assert.h>

#include "base/clock.h"

enum { BLURRED_SECONDS = 600, BLURRED_RUNS = 5 };

void
own_side_init(struct own_side *own, const struct watch *watch)
{
	*own = (struct own_side){ .port_count = 0 };
	blind_init(&own->blind, watch->now);
	hold_init(&own->hold, watch->now);
	hearing_init(&own->hearing, watch->now);
	for (uint32_t i = 0; i < watch->config->target_count; i++) {
		uint16_t port = watch_target(watch, i)->port;
		if (own->port_count == OWN_PORTS_MAX || own_side_port(own, port) != NULL)
			continue;
		assert(own->port_count < OWN_PORTS_MAX);
		own->ports[own->port_count].port = port;
		hold_init(&own->ports[own->port_count++].hold, watch->now);
	}
}

static bool
is_in_public(const struct watched *watched)
{
	return watched->network != 0 && !watched->in_private && !watched->local;
}

void
own_side_begin(struct own_side *own, const struct watch *watch)
{
	own->in_public = 0;
	for (uint32_t i = 0; i < watch->config->target_count; i++)
		own->in_public += is_in_public(&watch->targets[i]);
}

bool
own_side_note_place(struct own_side *own, struct watched *watched, const struct report *report)
{
	bool moved = watched->network != report->network;

	if (report->network == 0 && !(report->flags & REPORT_OWN_HOST))
		return false; /* it had no address: it is where it was */
	assert(own->in_public >= is_in_public(watched));
	own->in_public -= is_in_public(watched);
	watched->network = report->network;
	watched->in_private = report->ways & WAY_PRIVATE;
	watched->local = report->flags & REPORT_OWN_HOST;
	own->in_public += is_in_public(watched);
	return moved;
}

struct port_hold *
own_side_port(const struct own_side *own, uint16_t port)
{
	for (uint32_t i = 0; i < own->port_count; i++)
		if (own->ports[i].port == port)
			return (struct port_hold *)&own->ports[i];
	return NULL;
}

struct port_hold *
own_side_port_of(const struct own_side *own, const struct watch *watch, uint32_t target)
{
	return own_side_port(own, watch_target(watch, target)->port);
}

/* More than `many` is all that anybody asks: the walk ends there, which with 100,000 targets is
 * soon. */
struct hold_all
own_side_all(const struct own_side *own, const struct watch *watch, uint16_t port)
{
	struct hold_all all = { 0, 0 };
	uint64_t first = 0;

	for (uint32_t i = 0; i < watch->config->target_count
	    && all.targets <= HOLD_MANY_TARGETS; i++) {
		const struct watched *watched = &watch->targets[i];
		if (watched->local || own_side_is_apart(own, watched)
		    || (port != 0 && watch_target(watch, i)->port != port))
			continue;
		all.targets += !state_is_down((enum state)watched->state.state);
		if (watched->network == 0 || (all.networks > 0 && watched->network == first))
			continue;
		if (all.networks++ == 0)
			first = watched->network;
	}
	return all;
}

bool
own_side_in_dialogue(const struct observation *run, const struct policy *policy)
{
	uint8_t connect = target_phase(policy, "connect");

	return connect < 31 && run->reached >> (connect + 1) != 0;
}

bool
own_side_holds(const struct own_side *own, const struct watch *watch, uint32_t target)
{
	const struct port_hold *of_port = own_side_port_of(own, watch, target);

	return !own_side_is_apart(own, &watch->targets[target])
	    && (own->hold.stage == HOLD_HOLDING
	    || (of_port != NULL && of_port->hold.stage == HOLD_HOLDING));
}

bool
own_side_overlaps(const struct own_side *own, const struct watch *watch, uint32_t target,
    int64_t from, int64_t to)
{
	const struct port_hold *of_port = own_side_port_of(own, watch, target);

	return spells_overlap(&own->blind.spells, from, to)
	    || spells_overlap(&own->hold.spells, from, to)
	    || (of_port != NULL && spells_overlap(&of_port->hold.spells, from, to));
}

/*
 * Failures that overlap blind spells say nothing, each for itself. Where they go on for long while
 * others are heard between them, it is not for our spells: a flapping line lets some of the
 * attempts of a living target through.
 */
bool
own_side_is_blurred(const struct own_side *own, struct watched *watched, int64_t from, int64_t to)
{
	uint32_t began = (uint32_t)(from / SECOND), ended = (uint32_t)(to / SECOND);

	if (watched->blurred == 0) {
		watched->blurred = began;
		watched->blurred_runs = 0;
	} else if (own->blind.heard / SECOND > watched->blurred_end
	    && watched->blurred_runs < UINT8_MAX)
		watched->blurred_runs++;
	watched->blurred_end = ended;
	return ended - watched->blurred >= BLURRED_SECONDS && watched->blurred_runs >= BLURRED_RUNS;
}

void
own_side_move(struct own_side *own, int64_t by)
{
	moment_move(&own->blind_since, by);
	moment_move(&own->digest.told.began, by);
	moment_move(&own->digest.told.told, by);
	moment_move(&own->faults.unusable_since, by);
	for (uint32_t i = 0; i < own->port_count; i++)
		moment_move(&own->ports[i].refused, by);
}
