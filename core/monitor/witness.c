/*
 * A failure is confirmed only once somebody else has given a word that it is not ours. Where it ended in silence that is
 * anybody beyond this host who is heard after it: a reference, or another target, which is run at once where none is due;
 * on the same port, where the target could not even be connected to and others are watched there. Where somebody refused
 * us before a dialogue began, it is a target on that port that passes: a filter may speak for all of them. Who fails as
 * well when asked is a suspect as well, and where they are many the confirmation is held.
 */
#include "monitor/monitor.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/vec.h"

enum { ASKED_AT_ONCE = 4, ASKING_A_TICK = 8, COMPANIONS = 2, MANY_NETWORKS = 2, ONE_NETWORK = 1, UNSTEADY_NETWORKS = 3 };
static const int64_t round_every = 30 * (int64_t)SECOND, near_every = 240 * (int64_t)SECOND,
    near_apart = 5 * (int64_t)SECOND, round_apart = SECOND, round_lost = 15 * (int64_t)SECOND,
    patience = 90 * (int64_t)SECOND, patience_spoken = 10 * (int64_t)SECOND,
    unsteady_for = 600 * (int64_t)SECOND, unheard_short = 2 * (int64_t)SECOND, unheard_long = 10 * (int64_t)SECOND,
    unheard_too_long = 25 * (int64_t)SECOND, unheard_too_long_to_connect = 12 * (int64_t)SECOND;

void
witness_fini(struct monitor *monitor)
{
	free(monitor->witness.items);
	monitor->witness.items = NULL;
	monitor->witness.count = monitor->witness.room = 0;
}

/* The references */

static bool
send_look(const struct monitor *monitor, bool near)
{
	unsigned char packet[8];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_look(&out, near);
	for (uint32_t i = 0; i < monitor->config->probers; i++)
		if (monitor->probers[i].fd >= 0)
			return packet_send(monitor->probers[i].fd, packet, out.size, -1);
	return false;
}

static bool
has_references(const struct monitor *monitor)
{
	return monitor->config->reference_count > 0;
}

/* The near ones are nobody's to be asked often: as long as nothing is in doubt, only that we know that they answer. */
static void
ask_references(struct monitor *monitor, bool in_doubt)
{
	struct witness *witness = &monitor->witness;

	bool near = monitor->now - witness->near_sent >= (in_doubt ? near_apart : near_every)
	    && ourselves_all(monitor, 0).networks > 0; /* what is watched on this host alone needs no network */

	if ((!has_references(monitor) && !near) || monitor->stopping
	    || (witness->open && monitor->now - witness->sent < round_lost) || monitor->now - witness->sent < round_apart)
		return;
	witness->open = send_look(monitor, near);
	witness->sent = monitor->now;
	if (near)
		witness->near_sent = monitor->now;
}

void
witness_look(struct monitor *monitor)
{
	monitor->witness.wanted = monitor->now;
	ask_references(monitor, true);
}

void
witness_looked(struct monitor *monitor, const struct message_references *round)
{
	monitor->witness.open = false;
	monitor->witness.began = round->began;
}

/* Targets */

static struct port_hold *
port_of(const struct monitor *monitor, uint32_t target)
{
	return ourselves_port(monitor, monitor->config->targets[target].port);
}

void
witness_await(struct monitor *monitor, uint32_t target, const struct sighting *run, bool enough)
{
	struct witness *witness = &monitor->witness;
	uint32_t at = 0;

	while (at < witness->count && witness->items[at].target != target)
		at++;
	if (!VEC_RESERVE(witness->items, at, witness->room))
		return; /* its next attempt waits for a word again */
	int64_t since = at == witness->count ? run->ended : witness->items[at].since;
	witness->count += at == witness->count;
	witness->items[at] = (struct awaiting){ .target = target, .since = since, .started = run->started, .ended = run->ended,
		.silent = run->heard != 0 ? run->heard : run->started, .unanswered = run->heard == 0, .spoken = run->spoken, .enough = enough };
	if (!run->spoken)
		witness_look(monitor);
}

/* It may give a word: it is of the network, and not down, unless what is there answers and only not as it should. Who says
 * that we come too often is left alone. */
static bool
may_answer(const struct monitor *monitor, uint32_t target, uint32_t other, bool same_port)
{
	const struct watched *watched = &monitor->targets[target];

	return target != other && !(watched->flags & WATCHED_LOCAL)
	    && (ourselves_are_apart(monitor, other) || !ourselves_are_apart(monitor, target))
	    && !(watched->state.flags & TARGET_QUARANTINED) && watched->state.doubled == 0
	    && (!state_is_down((enum state)watched->state.state) || watched->answers)
	    && (!same_port || monitor->config->targets[target].port == monitor->config->targets[other].port);
}

static bool
has_others(const struct monitor *monitor, uint32_t target, bool same_port)
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		if (may_answer(monitor, i, target, same_port))
			return true;
	return false;
}

bool
witness_needed(const struct monitor *monitor, uint32_t target, const struct sighting *run)
{
	return !run->spoken || (!ourselves_in_dialogue(monitor, target, run) && port_of(monitor, target) != NULL && has_others(monitor, target, true));
}

/* Whether only what is heard on its port counts. */
static bool
is_of_port(const struct monitor *monitor, const struct awaiting *item)
{
	return (item->spoken || item->unanswered) && port_of(monitor, item->target) != NULL
	    && has_others(monitor, item->target, true);
}

static int64_t
heard_for(const struct monitor *monitor, const struct awaiting *item)
{
	const struct port_hold *of_port = port_of(monitor, item->target);

	if (ourselves_are_apart(monitor, item->target))
		return monitor->private_heard > monitor->blind.heard ? monitor->private_heard : monitor->blind.heard;
	if (!is_of_port(monitor, item))
		return monitor->blind.heard;
	return item->spoken ? of_port->hold.heard : of_port->heard;
}

/* Has a few of those that have not been run since its last attempt run now, those first who answered when they last were.
 * Returns whether a word of any is still to come. */
static bool
ask_others(struct monitor *monitor, const struct awaiting *item, bool same_port)
{
	uint32_t count = monitor->config->target_count, first = (uint32_t)(monitor->now / TICK % count), asked = 0;

	for (uint32_t i = 0; i < 2 * count && asked < ASKED_AT_ONCE; i++) {
		uint32_t target = (first + i) % count;
		const struct watched *watched = &monitor->targets[target];
		if (watched->answers != (i < count) || !may_answer(monitor, target, item->target, same_port)
		    || (watched->run == 0 && watched->state.ended.mono >= item->ended))
			continue;
		if (watched->run == 0)
			watch_plan(monitor, target, monitor->now);
		asked++;
	}
	return asked > 0;
}

/* In how many other networks somebody fell silent in its time. */
static uint32_t
networks(const struct monitor *monitor, const struct awaiting *item, enum unheard_fate fate)
{
	return unheard_networks(&monitor->unheard, fate, monitor->targets[item->target].network, item->silent, item->ended);
}

/* In how many networks somebody came back from silence in the last minutes. */
static uint32_t
come_back(const struct monitor *monitor)
{
	return unheard_networks(&monitor->unheard, UNHEARD_BACK, 0, monitor->now - unsteady_for, monitor->now);
}

/* Where several did, our line has been unsteady. */
static bool
is_unsteady(const struct monitor *monitor)
{
	return come_back(monitor) >= UNSTEADY_NETWORKS;
}

/* So many networks but its own are no chance; where few are watched, one is many. */
static uint32_t
enough_networks(const struct monitor *monitor)
{
	return is_unsteady(monitor) || ourselves_all(monitor, 0).targets < HOLD_MANY_TARGETS ? ONE_NETWORK : MANY_NETWORKS;
}

/* Where references answer, they tell of every time in which our line was away. */
static bool
references_tell(const struct monitor *monitor)
{
	return has_references(monitor) && !monitor->blind.doubted;
}

/* Others that fell silent in its time have come back; or they did before, and again somebody fell silent with it. */
static bool
is_of_line(const struct monitor *monitor, const struct awaiting *item)
{
	if (networks(monitor, item, UNHEARD_BACK) >= enough_networks(monitor))
		return true;
	return !references_tell(monitor) && is_unsteady(monitor)
	    && networks(monitor, item, UNHEARD_OPEN) + networks(monitor, item, UNHEARD_FAILED) > 0;
}

/* Others that fell silent in its time and have not been run since are run, a few of them. Returns whether it is open what
 * comes of them; it is not where some have failed again and none has come back. */
static bool
asks_the_silent(struct monitor *monitor, const struct awaiting *item)
{
	uint32_t enough = enough_networks(monitor), at = 0, target;

	uint32_t open = networks(monitor, item, UNHEARD_OPEN);
	if (open == 0 || open + networks(monitor, item, UNHEARD_BACK) < enough
	    || networks(monitor, item, UNHEARD_FAILED) >= enough)
		return false;
	for (uint32_t asked = 0; asked < ASKED_AT_ONCE
	    && unheard_next(&monitor->unheard, &at, item->silent, item->ended, &target);) {
		if (target == item->target || (monitor->targets[target].state.flags & TARGET_QUARANTINED))
			continue;
		if (monitor->targets[target].run == 0)
			watch_plan(monitor, target, monitor->now);
		asked++;
	}
	return true;
}

/* Somebody else's run that began in the time of its last attempt has not ended. */
static bool
is_accompanied(const struct monitor *monitor, const struct awaiting *item)
{
	for (uint32_t i = 0; i < monitor->config->target_count; i++)
		if (monitor->targets[i].run != 0 && monitor->targets[i].due <= item->ended
		    && may_answer(monitor, i, item->target, false))
			return true;
	return false;
}

/* Nobody was heard for long in the time of its last attempt, though somebody was there to be heard. */
static bool
is_in_the_dark(const struct monitor *monitor, const struct awaiting *item)
{
	return hearing_gap(&monitor->hearing, item->silent, item->ended)
	    > (item->unanswered ? unheard_too_long_to_connect : unheard_too_long)
	    && (references_tell(monitor) || has_others(monitor, item->target, false));
}

static bool
awaits_references(const struct monitor *monitor, const struct awaiting *item)
{
	return has_references(monitor) && !monitor->blind.doubted && monitor->witness.began <= item->ended;
}

enum decision { DECIDED_NOT, DECIDED_TO_WAIT, DECIDED_CONFIRM, DECIDED_ALONE, DECIDED_OTHERWISE };

static enum decision
decide(struct monitor *monitor, const struct awaiting *item)
{
	const struct target_state *state = &monitor->targets[item->target].state;

	if (state->state != STATE_SUSPECT || state->trouble == NULL || !state->trouble->held)
		return DECIDED_OTHERWISE;
	if (ourselves_hold(monitor, item->target))
		return DECIDED_OTHERWISE; /* the hold is what keeps it back */
	if (ourselves_are_apart(monitor, item->target))
		return heard_for(monitor, item) < item->ended ? DECIDED_NOT : DECIDED_CONFIRM;
	if (!item->enough && !item->spoken && ourselves_overlap(monitor, item->target, item->started, item->ended))
		return DECIDED_OTHERWISE; /* its next attempt counts */
	if (heard_for(monitor, item) < item->ended)
		return DECIDED_NOT;
	bool dark = !item->enough && !item->spoken && is_in_the_dark(monitor, item);
	if (dark && is_accompanied(monitor, item) && monitor->now - item->ended < patience)
		return DECIDED_TO_WAIT;
	if (!item->enough && !item->spoken && (dark || is_of_line(monitor, item))
	    && !ourselves_are_blurred(monitor, item->target, item->started, item->ended))
		return DECIDED_OTHERWISE; /* the same */
	return DECIDED_CONFIRM;
}

static bool
carry_out(struct monitor *monitor, const struct awaiting *item, enum decision decision)
{
	if (decision == DECIDED_CONFIRM || decision == DECIDED_ALONE)
		judge_confirm(monitor, item->target, 0, decision == DECIDED_ALONE);
	return decision != DECIDED_NOT && decision != DECIDED_TO_WAIT;
}

static void
settle(struct monitor *monitor, enum decision (*decide_one)(struct monitor *, const struct awaiting *))
{
	struct witness *witness = &monitor->witness;
	uint32_t left = 0;

	for (uint32_t i = 0; i < witness->count; i++) {
		struct awaiting item = witness->items[i];
		if (!carry_out(monitor, &item, decide_one(monitor, &item)))
			witness->items[left++] = item;
	}
	witness->count = left;
}

static bool
must_ask_the_silent(const struct monitor *monitor, const struct awaiting *item)
{
	return !item->spoken && !item->enough && !references_tell(monitor) && come_back(monitor) > 0 && monitor->now - item->ended < patience;
}

static enum decision
by_word(struct monitor *monitor, const struct awaiting *item)
{
	enum decision decision = decide(monitor, item);

	return decision == DECIDED_CONFIRM && must_ask_the_silent(monitor, item)
	    && networks(monitor, item, UNHEARD_OPEN) > 0 ? DECIDED_NOT : decision;
}

/* Nobody was heard up to now: who is there is asked. Where all who are watched on its port are silent as well, and are
 * not many, others count; where nobody at all gives a word, or is there to give one, that decides as well. */
static enum decision
by_asking(struct monitor *monitor, const struct awaiting *item)
{
	enum decision decision = decide(monitor, item);

	if (decision != DECIDED_OTHERWISE && must_ask_the_silent(monitor, item) && asks_the_silent(monitor, item))
		return DECIDED_NOT;
	if (decision != DECIDED_NOT || monitor->witness.asking++ >= ASKING_A_TICK)
		return decision;
	bool asked = is_of_port(monitor, item) && ask_others(monitor, item, true);
	if (item->spoken)
		return asked && monitor->now - item->ended < patience_spoken ? DECIDED_NOT : DECIDED_CONFIRM;
	if (!asked && monitor->blind.heard >= item->ended)
		return DECIDED_CONFIRM;
	asked = asked || ask_others(monitor, item, false) || awaits_references(monitor, item);
	if (asked && monitor->now - item->since < patience)
		return DECIDED_NOT;
	if (ourselves_all(monitor, 0).networks < HOLD_FEW_NETWORKS)
		return DECIDED_ALONE;
	ourselves_begin_hold(monitor, item->ended);
	return DECIDED_OTHERWISE;
}

void
witness_settle(struct monitor *monitor)
{
	if (monitor->witness.count > 0)
		settle(monitor, by_word);
}

/* Runs a few others, and asks the references, so that somebody is heard while an attempt that may confirm goes on. */
static void
accompany(struct monitor *monitor, uint32_t target)
{
	uint32_t count = monitor->config->target_count, first = (uint32_t)(monitor->now / TICK % count), asked = 0;

	monitor->witness.accompanied = monitor->now;
	witness_look(monitor);
	for (uint32_t i = 0; i < count && asked < COMPANIONS; i++) {
		uint32_t other = (first + i) % count;
		if (monitor->targets[other].run != 0 || monitor->targets[other].state.state == STATE_SUSPECT
		    || !may_answer(monitor, other, target, false))
			continue;
		watch_plan(monitor, other, monitor->now);
		asked++;
	}
}

void
witness_accompany(struct monitor *monitor, uint32_t target)
{
	struct witness *witness = &monitor->witness;

	if ((monitor->targets[target].flags & WATCHED_LOCAL) || witness->confirming_count == CONFIRMING_MAX)
		return;
	witness->confirming[witness->confirming_count].target = target;
	witness->confirming[witness->confirming_count++].run = monitor->targets[target].run;
	witness->beginning = true; /* no other order may be given from within this one */
}

static void
go_on_accompanying(struct monitor *monitor)
{
	struct witness *witness = &monitor->witness;
	uint32_t left = 0;

	for (uint32_t i = 0; i < witness->confirming_count; i++)
		if (monitor->targets[witness->confirming[i].target].run == witness->confirming[i].run)
			witness->confirming[left++] = witness->confirming[i];
	witness->confirming_count = left;
	int64_t unheard = witness->beginning ? unheard_short : unheard_long;
	witness->beginning = false;
	if (left > 0 && monitor->now - monitor->blind.heard > unheard && monitor->now - witness->accompanied > unheard)
		accompany(monitor, witness->confirming[0].target);
}

void
witness_tick(struct monitor *monitor)
{
	struct witness *witness = &monitor->witness;

	if (!monitor->begun)
		return;
	go_on_accompanying(monitor);
	witness->asking = 0;
	if (witness->count > 0)
		settle(monitor, by_asking);
	if (witness->wanted > witness->began)
		ask_references(monitor, true);
	else if (monitor->now - witness->sent >= round_every)
		ask_references(monitor, monitor->blind.stage != BLIND_SEEING);
}
