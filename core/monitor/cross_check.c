/*
 * Decides whether a target's failure may be confirmed, or may be our own network's fault: somebody
 * else must have been heard while the attempt ran. To find out, it has references asked and other
 * targets probed at once.
 *
 * Every question here goes over the time of one attempt: 10:00:00 to 10:00:15, no answer. Somebody
 * heard at 10:00:20 shows that we see again, and not that we saw then: so it is also asked who else
 * fell silent in that time, and what came of them.
 */
#include "monitor/cross_check.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/vec.h"
#include "monitor/effects.h"
#include "monitor/holds.h"
#include "monitor/monitor.h"

enum { ASKED_AT_ONCE = 4, ASKING_A_TICK = 8, COMPANIONS = 2, MANY_NETWORKS = 2, ONE_NETWORK = 1,
    UNSTEADY_NETWORKS = 3 };
static const int64_t round_every = 30 * (int64_t)SECOND, near_every = 240 * (int64_t)SECOND,
    near_apart = 5 * (int64_t)SECOND, round_apart = SECOND, round_lost = 15 * (int64_t)SECOND,
    patience = 90 * (int64_t)SECOND, patience_spoken = 10 * (int64_t)SECOND,
    unsteady_for = 600 * (int64_t)SECOND, unheard_short = 2 * (int64_t)SECOND,
    unheard_long = 10 * (int64_t)SECOND,
    unheard_too_long = 25 * (int64_t)SECOND, unheard_too_long_to_connect = 12 * (int64_t)SECOND;

/* A target whose last attempts failed often enough: whether anybody is heard after them decides. */
struct awaiting {
	uint32_t target;
	int64_t since;          /* it awaits a word */
	int64_t started, ended; /* the last attempt */
	int64_t silent;         /* since when nothing was heard in it */
	bool unanswered;        /* it was not even connected */
	bool spoken;            /* the peer, or somebody in its place, refused us */
	bool enough;            /* it counts though it overlaps a spell */
};

void
cross_check_fini(struct cross_check *check)
{
	free(check->items);
	*check = (struct cross_check){ .items = NULL };
}

/* The references */

static bool
has_references(const struct monitor *monitor)
{
	return monitor->watch.config->reference_count > 0;
}

/* The near ones are nobody's to be asked often: as long as nothing is in doubt, only that we know
 * that they answer. */
static void
ask_references(struct monitor *monitor, bool in_doubt)
{
	struct cross_check *check = &monitor->cross_check;
	unsigned char packet[8];
	struct wire_out out = wire_over(packet, sizeof packet);
	bool near = monitor->watch.now - check->near_sent >= (in_doubt ? near_apart : near_every)
	    /* what is watched on this host alone needs no network */
	    && own_side_all(&monitor->own, &monitor->watch, 0).networks > 0;

	if ((!has_references(monitor) && !near) || monitor->watch.stopping
	    || (check->open && monitor->watch.now - check->sent < round_lost)
	    || monitor->watch.now - check->sent < round_apart)
		return;
	message_put_look(&out, near);
	check->open = orders_send_any(monitor->orders, packet, out.size);
	check->sent = monitor->watch.now;
	if (near)
		check->near_sent = monitor->watch.now;
}

void
cross_check_look(struct monitor *monitor)
{
	monitor->cross_check.wanted = monitor->watch.now;
	ask_references(monitor, true);
}

void
cross_check_looked(struct monitor *monitor, const struct message_references *round)
{
	monitor->cross_check.open = false;
	monitor->cross_check.began = round->began;
}

/* Targets */

void
cross_check_await(struct monitor *monitor, uint32_t target, const struct observation *run,
    bool enough)
{
	struct cross_check *check = &monitor->cross_check;
	uint32_t at = 0;

	while (at < check->count && check->items[at].target != target)
		at++;
	if (!VEC_RESERVE(check->items, at, check->room))
		return; /* its next attempt waits for a word again */
	int64_t since = at == check->count ? run->ended : check->items[at].since;
	check->count += at == check->count;
	assert(check->count <= check->room && at < check->count);
	check->items[at] = (struct awaiting){ .target = target, .since = since,
	    .started = run->started, .ended = run->ended,
		.silent = run->heard != 0 ? run->heard : run->started,
		.unanswered = run->heard == 0, .spoken = run->spoken, .enough = enough };
	if (!run->spoken)
		cross_check_look(monitor);
}

/* It may give a word: it is of the network, and not down, unless what is there answers and only not
 * as it should. Who says that we come too often is left alone. */
static bool
may_answer(const struct monitor *monitor, uint32_t target, uint32_t other, bool same_port)
{
	const struct watch *watch = &monitor->watch;
	const struct watched *watched = &watch->targets[target];

	return target != other && !watched->local
	    && (own_side_is_apart(&monitor->own, &watch->targets[other])
	    || !own_side_is_apart(&monitor->own, watched))
	    && !watched->state.quarantined && watched->state.doubled == 0
	    && (!state_is_down((enum state)watched->state.state) || watched->answers)
	    && (!same_port || watch_target(watch, target)->port == watch_target(watch,
	    other)->port);
}

static bool
has_others(const struct monitor *monitor, uint32_t target, bool same_port)
{
	for (uint32_t i = 0; i < monitor->watch.config->target_count; i++)
		if (may_answer(monitor, i, target, same_port))
			return true;
	return false;
}

bool
cross_check_is_needed(const struct monitor *monitor, uint32_t target, const struct observation *run)
{
	const struct watch *watch = &monitor->watch;

	if (!run->spoken)
		return true;
	return !own_side_in_dialogue(run, watch_target(watch, target)->policy)
	    && own_side_port_of(&monitor->own, watch, target) != NULL
	    && has_others(monitor, target, true);
}

/* Whether only what is heard on its port counts. */
static bool
is_of_port(const struct monitor *monitor, const struct awaiting *item)
{
	return (item->spoken || item->unanswered)
	    && own_side_port_of(&monitor->own, &monitor->watch, item->target) != NULL
	    && has_others(monitor, item->target, true);
}

/* Where the target is watched beside others on its port, only what passed there answers for the
 * way to it: a filter may close one port alone. */
static int64_t
heard_for(const struct monitor *monitor, const struct awaiting *item)
{
	const struct port_hold *of_port = own_side_port_of(&monitor->own, &monitor->watch,
	    item->target);

	if (own_side_is_apart(&monitor->own, &monitor->watch.targets[item->target]))
		return monitor->own.private_heard > monitor->own.blind.heard
		    ? monitor->own.private_heard : monitor->own.blind.heard;
	if (!is_of_port(monitor, item))
		return monitor->own.blind.heard;
	return item->spoken ? of_port->hold.heard : of_port->heard;
}

/* Has a few of those that have not been run since its last attempt run now, those first who
 * answered when they last were. Returns whether a word of any is still to come. */
static bool
ask_others(struct monitor *monitor, const struct awaiting *item, bool same_port)
{
	uint32_t count = monitor->watch.config->target_count,
	    first = (uint32_t)(monitor->watch.now / TICK % count), asked = 0;

	for (uint32_t i = 0; i < 2 * count && asked < ASKED_AT_ONCE; i++) {
		uint32_t target = (first + i) % count;
		const struct watched *watched = &monitor->watch.targets[target];
		if (watched->answers != (i < count)
		    || !may_answer(monitor, target, item->target, same_port)
		    || (watched->run == 0 && watched->state.ended.mono >= item->ended))
			continue;
		if (watched->run == 0)
			orders_plan(monitor->orders, target, monitor->watch.now);
		asked++;
	}
	return asked > 0;
}

/* In how many other networks somebody fell silent in its time. */
static uint32_t
networks(const struct monitor *monitor, const struct awaiting *item, enum unheard_state state)
{
	return unheard_networks(&monitor->own.unheard, state,
	    monitor->watch.targets[item->target].network, item->silent, item->ended);
}

/* In how many networks somebody came back from silence in the last minutes; where several did, our
 * line has been unsteady. */
static uint32_t
come_back(const struct monitor *monitor)
{
	return unheard_networks(&monitor->own.unheard, UNHEARD_BACK, 0,
	    monitor->watch.now - unsteady_for, monitor->watch.now);
}

static bool
is_unsteady(const struct monitor *monitor)
{
	return come_back(monitor) >= UNSTEADY_NETWORKS;
}

/* So many networks but its own are no chance; where few are watched, one is many. */
static uint32_t
enough_networks(const struct monitor *monitor)
{
	const struct hold_all all = own_side_all(&monitor->own, &monitor->watch, 0);

	return is_unsteady(monitor) || all.targets < HOLD_MANY_TARGETS ? ONE_NETWORK
	    : MANY_NETWORKS;
}

/* Where references answer, they tell of every time in which our line was away. */
static bool
references_tell(const struct monitor *monitor)
{
	return has_references(monitor) && !monitor->own.blind.doubted;
}

/* Others that fell silent in its time have come back; or they did before, and again somebody fell
 * silent with it. */
static bool
is_of_line(const struct monitor *monitor, const struct awaiting *item)
{
	if (networks(monitor, item, UNHEARD_BACK) >= enough_networks(monitor))
		return true;
	return !references_tell(monitor) && is_unsteady(monitor)
	    && networks(monitor, item, UNHEARD_OPEN) + networks(monitor, item, UNHEARD_FAILED) > 0;
}

/*
 * Others that fell silent in its time and have not been run since are run, a few of them. Returns
 * whether it is open what comes of them; it is not where some have failed again and none has come
 * back.
 */
static bool
asks_the_silent(struct monitor *monitor, const struct awaiting *item)
{
	uint32_t enough = enough_networks(monitor), at = 0, target;

	uint32_t open = networks(monitor, item, UNHEARD_OPEN);
	if (open == 0 || open + networks(monitor, item, UNHEARD_BACK) < enough
	    || networks(monitor, item, UNHEARD_FAILED) >= enough)
		return false;
	for (uint32_t asked = 0; asked < ASKED_AT_ONCE
	    && unheard_next(&monitor->own.unheard, &at, item->silent, item->ended, &target);) {
		if (target == item->target
		    || monitor->watch.targets[target].state.quarantined)
			continue;
		if (monitor->watch.targets[target].run == 0)
			orders_plan(monitor->orders, target, monitor->watch.now);
		asked++;
	}
	return true;
}

/* Somebody else's run that began in the time of its last attempt has not ended. */
static bool
is_accompanied(const struct monitor *monitor, const struct awaiting *item)
{
	for (uint32_t i = 0; i < monitor->watch.config->target_count; i++)
		if (monitor->watch.targets[i].run != 0
		    && monitor->watch.targets[i].due <= item->ended
		    && may_answer(monitor, i, item->target, false))
			return true;
	return false;
}

/*
 * Nobody was heard for long in the time of its last attempt, though somebody was there to be heard.
 */
static bool
is_in_the_dark(const struct monitor *monitor, const struct awaiting *item)
{
	return hearing_gap(&monitor->own.hearing, item->silent, item->ended)
	    > (item->unanswered ? unheard_too_long_to_connect : unheard_too_long)
	    && (references_tell(monitor) || has_others(monitor, item->target, false));
}

enum decision { DECIDED_NOT, DECIDED_TO_WAIT, DECIDED_CONFIRM, DECIDED_ALONE, DECIDED_OTHERWISE };
typedef enum decision decide_fn(struct monitor *, const struct awaiting *);

static enum decision
decide(struct monitor *monitor, const struct awaiting *item)
{
	const struct own_side *own = &monitor->own;
	const struct watch *watch = &monitor->watch;
	struct watched *watched = &watch->targets[item->target];
	const struct trouble *trouble = watched->state.trouble;
	bool may_be_ours = !item->enough && !item->spoken;

	assert(item->started <= item->ended && item->silent <= item->ended);
	if (watched->state.state != STATE_SUSPECT || trouble == NULL || !trouble->held)
		return DECIDED_OTHERWISE;
	if (own_side_holds(own, watch, item->target))
		return DECIDED_OTHERWISE; /* the hold is what keeps it back */
	if (own_side_is_apart(own, watched))
		return heard_for(monitor, item) < item->ended ? DECIDED_NOT : DECIDED_CONFIRM;
	if (may_be_ours && own_side_overlaps(own, watch, item->target, item->started, item->ended))
		return DECIDED_OTHERWISE; /* its next attempt counts */
	if (heard_for(monitor, item) < item->ended)
		return DECIDED_NOT;
	bool dark = may_be_ours && is_in_the_dark(monitor, item);
	if (dark && is_accompanied(monitor, item) && watch->now - item->ended < patience)
		return DECIDED_TO_WAIT;
	if (may_be_ours && (dark || is_of_line(monitor, item))
	    && !own_side_is_blurred(own, watched, item->started, item->ended))
		return DECIDED_OTHERWISE; /* the same */
	return DECIDED_CONFIRM;
}

/* The item is copied, so that nothing which confirming it brings about can move it away. */
static void
settle(struct monitor *monitor, decide_fn *decide_one)
{
	struct cross_check *check = &monitor->cross_check;
	uint32_t left = 0;

	for (uint32_t i = 0; i < check->count; i++) {
		struct awaiting item = check->items[i];
		enum decision decision = decide_one(monitor, &item);
		if (decision == DECIDED_CONFIRM || decision == DECIDED_ALONE)
			effects_confirm(monitor, item.target, 0, decision == DECIDED_ALONE);
		if (decision == DECIDED_NOT || decision == DECIDED_TO_WAIT)
			check->items[left++] = item;
	}
	assert(left <= check->count);
	check->count = left;
}

static bool
must_ask_the_silent(const struct monitor *monitor, const struct awaiting *item)
{
	return !item->spoken && !item->enough && !references_tell(monitor) && come_back(monitor) > 0
	    && monitor->watch.now - item->ended < patience;
}

static enum decision
by_word(struct monitor *monitor, const struct awaiting *item)
{
	enum decision decision = decide(monitor, item);

	return decision == DECIDED_CONFIRM && must_ask_the_silent(monitor, item)
	    && networks(monitor, item, UNHEARD_OPEN) > 0 ? DECIDED_NOT : decision;
}

/*
 * Nobody was heard up to now: who is there is asked. Where all who are watched on its port are
 * silent as well, and are not many, others count; where nobody at all gives a word, or is there to
 * give one, that decides as well.
 */
static enum decision
by_asking(struct monitor *monitor, const struct awaiting *item)
{
	enum decision decision = decide(monitor, item);

	if (decision != DECIDED_OTHERWISE && must_ask_the_silent(monitor, item)
	    && asks_the_silent(monitor, item))
		return DECIDED_NOT;
	if (decision != DECIDED_NOT || monitor->cross_check.asking++ >= ASKING_A_TICK)
		return decision;
	bool asked = is_of_port(monitor, item) && ask_others(monitor, item, true);
	if (item->spoken)
		return asked && monitor->watch.now - item->ended < patience_spoken ? DECIDED_NOT
		    : DECIDED_CONFIRM;
	if (!asked && monitor->own.blind.heard >= item->ended)
		return DECIDED_CONFIRM;
	asked = asked || ask_others(monitor, item, false)
	    || (references_tell(monitor) && monitor->cross_check.began <= item->ended);
	if (asked && monitor->watch.now - item->since < patience)
		return DECIDED_NOT;
	if (own_side_all(&monitor->own, &monitor->watch, 0).networks < HOLD_FEW_NETWORKS)
		return DECIDED_ALONE;
	holds_act(monitor, 0, hold_begin(&monitor->own.hold, item->ended));
	return DECIDED_OTHERWISE;
}

void
cross_check_settle(struct monitor *monitor)
{
	if (monitor->cross_check.count > 0)
		settle(monitor, by_word);
}

/* Runs a few others, and asks the references, so that somebody is heard while an attempt that may
 * confirm goes on. */
static void
accompany(struct monitor *monitor)
{
	bool began;
	uint32_t target = orders_confirming(monitor->orders, &began);
	uint32_t count = monitor->watch.config->target_count, asked = 0;
	int64_t now = monitor->watch.now, unheard = began ? unheard_short : unheard_long;

	if (target == CONFIG_NONE || now - monitor->own.blind.heard <= unheard
	    || now - monitor->cross_check.accompanied <= unheard)
		return;
	monitor->cross_check.accompanied = now;
	cross_check_look(monitor);
	for (uint32_t i = 0; i < count && asked < COMPANIONS; i++) {
		uint32_t other = ((uint32_t)(now / TICK % count) + i) % count;
		if (monitor->watch.targets[other].run != 0
		    || monitor->watch.targets[other].state.state == STATE_SUSPECT
		    || !may_answer(monitor, other, target, false))
			continue;
		orders_plan(monitor->orders, other, now);
		asked++;
	}
}

/* Asking comes after accompanying, so that a run that was ordered beside an attempt counts as
 * asked already. */
void
cross_check_tick(struct monitor *monitor)
{
	struct cross_check *check = &monitor->cross_check;

	if (!monitor->watch.begun)
		return;
	accompany(monitor);
	check->asking = 0;
	if (check->count > 0)
		settle(monitor, by_asking);
	if (check->wanted > check->began)
		ask_references(monitor, true);
	else if (monitor->watch.now - check->sent >= round_every)
		ask_references(monitor, monitor->own.blind.stage != BLIND_SEEING);
}
