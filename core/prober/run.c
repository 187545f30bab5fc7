/*
 * For the prober: executes one run of a target: resolves its name, starts a leg (a dialogue) for
 * each address 100 ms apart, and ends when the last leg has. A run that has no address to talk to
 * has one leg that says so.
 */
#include "prober/run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "config/programs.h"
#include "prober/aggregate.h"

enum { PUBLIC_FOR = 24 * 3600, TOLD_AGAIN = 6 * 3600 }; /* seconds; the time is part of what is
                                                         * told */

#define REPEATED_MAX (300 * (int64_t)SECOND) /* so long is a repeated "no" no other look */

struct run *
run_create(struct prober *prober, const struct order *order, run_done *on_done, void *arg)
{
	struct run *run = calloc(1, sizeof *run);

	if (run == NULL)
		return NULL;
	assert(order->target < prober->config->target_count);
	run->magic = RUN_MAGIC;
	run->prober = prober;
	run->order = *order;
	run->on_done = on_done;
	run->arg = arg;
	run->begun = clock_mono();
	run->started = clock_wall();
	run->resolve = -1;
	TAILQ_INSERT_HEAD(&prober->runs, run, link);
	return run;
}

void
run_destroy(struct run **held)
{
	struct run *run = *held;
	struct prober *prober = run->prober;

	assert(run->magic == RUN_MAGIC && !TAILQ_EMPTY(&prober->runs));
	resolver_cancel(&run->query);
	ev_timer_stop(prober->loop, &run->stagger);
	for (uint32_t i = 0; i < run->leg_count; i++) {
		leg_release(&run->legs[i]);
		dialogue_destroy(&run->legs[i].dialogue);
		run->legs[i].magic = 0;
	}
	TAILQ_REMOVE(&prober->runs, run, link);
	if (run->legs != &run->only)
		free(run->legs);
	free(run->name_text);
	free(run->name_note);
	free(run->name_news);
	run->magic = 0;
	free(run);
	*held = NULL;
}

static void
add_leg(struct run *run, const struct address *address)
{
	struct leg *leg = &run->legs[run->leg_count++];

	assert(run->leg_count <= RESOLVED_MAX && leg->run == NULL);
	leg->magic = LEG_MAGIC;
	leg->run = run;
	stream_init(&leg->stream, run->prober->loop, NULL, leg);
	if (address == NULL)
		return;
	leg->address = *address;
	address_set_port(&leg->address, run_target(run)->port);
}

/* `room`: how many there may be in the end; they cannot be moved once they are there. */
static bool
make_legs(struct run *run, const struct address *addresses, uint32_t count, uint32_t room)
{
	assert(run->legs == NULL && count <= room && room <= RESOLVED_MAX);
	run->legs = room == 1 ? &run->only : calloc(room, sizeof *run->legs);
	if (run->legs == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		add_leg(run, addresses != NULL ? &addresses[i] : NULL);
	return true;
}

/* The run has nobody to talk to: one leg says why. */
static void
end_without_address(struct run *run, const char *outcome, const char *text)
{
	make_legs(run, NULL, 1, 1);
	leg_refuse(&run->legs[0], outcome, text);
	run->legs_begun = 1;
}

static void
refuse_address(struct leg *leg, const char *why)
{
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	text_format(
	    &text, "%s leads to %s%s", run_target(leg->run)->host, ADDRESS(&leg->address), why);
	leg_refuse(leg, "forbidden_address", bytes);
}

/* design.md section 4: what DNS may lead us to. An address that the operator wrote was judged
 * with the configuration. */
static bool
is_forbidden(struct leg *leg, bool was_public)
{
	enum address_class class = address_class(&leg->address);
	const struct run *run = leg->run;

	if (address_is_forbidden(&leg->address)) {
		char why[120];

		snprintf(why, sizeof why, ", %s, and nobody is to be probed there",
		    address_class_name(class));
		refuse_address(leg, why);
		return true;
	}
	if (class == ADDRESS_PUBLIC || !was_public || run_target(run)->policy->allow_private
	    || run->from_hosts)
		return false;
	leg->turned_private = true;
	refuse_address(leg,
	    ", where it led to public addresses before; it is not followed there unless "
	    "allow_private is set");
	return true;
}

static void begin_next(struct run *run);

static void
on_stagger(EV_P_ ev_timer *timer, int revents)
{
	struct run *run = timer->data;

	(void)loop, (void)revents;
	assert(run->magic == RUN_MAGIC);
	begin_next(run);
}

/* Begins the next leg that is not refused already, and sets the clock for the one after it. */
static void
begin_next(struct run *run)
{
	struct leg *leg = NULL;

	assert(run->legs_begun <= run->leg_count && !ev_is_active(&run->stagger));
	while (run->legs_begun < run->leg_count && leg == NULL) {
		leg = &run->legs[run->legs_begun++];
		if (leg->state != LEG_IDLE)
			leg = NULL;
	}
	if (leg != NULL)
		leg_begin(leg);
	if (run->legs_begun == run->leg_count)
		return;
	ev_timer_init(&run->stagger, on_stagger, (double)LEG_APART * 1e-6, 0.);
	run->stagger.data = run;
	ev_timer_start(run->prober->loop, &run->stagger);
}

static uint32_t
hash_of(const struct message_name *name)
{
	const char is_public = name->public_at != 0;
	uint64_t hash = HASH_BEGIN;

	for (uint32_t i = 0; i < name->count; i++)
		hash = address_is_ipv4(&name->addresses[i])
		    ? hash_add(hash, &name->addresses[i].v4.sin_addr,
		    sizeof name->addresses[i].v4.sin_addr)
		    : hash_add(hash, &name->addresses[i].v6.sin6_addr,
		    sizeof name->addresses[i].v6.sin6_addr);
	return hash_end(hash_add(hash, &is_public, sizeof is_public));
}

static void
note_told(struct name_memory *memory, const struct message_name *name, int64_t now)
{
	memory->told = hash_of(name);
	memory->told_at = (uint32_t)(now / SECOND);
}

/* Where the name has led is noted, and told where it is news. */
static void
note_name(struct run *run, const struct resolved *resolved)
{
	struct name_memory *memory = &run->prober->names[run->order.target];
	struct message_name name = { .target = run->order.target, .public_at = memory->public_at,
		.good_at = run->begun, .count = resolved->last_good_count };

	if (resolved->from_hosts || resolved->last_good_count == 0)
		return;
	assert(name.count <= sizeof name.addresses / sizeof name.addresses[0]);
	memcpy(name.addresses, resolved->last_good, name.count * sizeof name.addresses[0]);
	if (memory->told_at != 0 && memory->told == hash_of(&name)
	    && run->begun / SECOND - memory->told_at < TOLD_AGAIN)
		return;
	free(run->name_news);
	run->name_news = malloc(sizeof *run->name_news);
	if (run->name_news == NULL)
		return;
	*run->name_news = name;
	note_told(memory, &name, run->begun);
}

static void
remember_public(struct run *run, const struct resolved *resolved)
{
	for (uint32_t i = 0; i < resolved->count; i++)
		if (address_class(&resolved->addresses[i]) != ADDRESS_PUBLIC)
			return;
	run->prober->names[run->order.target].public_at = run->begun;
}

/* Legs to what DNS led us to; those that nobody is to talk to have ended when the first begins. */
static void
follow_name(struct run *run, const struct address *addresses, uint32_t count, bool more)
{
	if (!make_legs(run, addresses, count, more ? RESOLVED_MAX : count)) {
		resolver_cancel(&run->query);
		end_without_address(run, "no_memory", "");
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		is_forbidden(&run->legs[i], run->was_public);
	begin_next(run);
}

static bool
has_leg(const struct run *run, const struct address *address)
{
	for (uint32_t i = 0; i < run->leg_count; i++)
		if (address_order(&run->legs[i].address, address) == 0)
			return true;
	return false;
}

/* No address is waited for any more: where all legs have ended, nothing is. */
static void
end_if_complete(struct run *run)
{
	run->waited_for_name = run->legs_ended == run->leg_count;
	if (!run->waited_for_name)
		return;
	run->next_complete = run->prober->complete;
	run->prober->complete = run;
}

/* The rest of a name's addresses, while the legs to the first talk or have ended. */
static void
follow_late(struct run *run, const struct resolved *resolved)
{
	uint32_t before = run->leg_count;

	for (uint32_t i = 0; i < resolved->count && run->leg_count < RESOLVED_MAX; i++)
		if (!has_leg(run, &resolved->addresses[i]))
			add_leg(run, &resolved->addresses[i]);
	for (uint32_t i = before; i < run->leg_count; i++)
		is_forbidden(&run->legs[i], run->was_public);
	if (resolved->said[0] != '\0')
		run->name_note = strdup(resolved->said);
	if (!ev_is_active(&run->stagger))
		begin_next(run);
	end_if_complete(run);
}

static void
take_name(struct run *run, const struct resolved *resolved)
{
	int64_t since = run->prober->woke - run->begun,
	    public_at = run->prober->names[run->order.target].public_at;

	run->waited = resolved->waited;
	run->resolve = since > run->waited ? since - run->waited : 0;
	run->kept = resolved->kept;
	run->age = resolved->age;
	run->from_hosts = resolved->from_hosts;
	run->name_asked = !resolved->kept && !resolved->from_hosts
	    && (dns_is_of_name(resolved->status4) || dns_is_of_name(resolved->status6));
	/* It led to public addresses only in the last 24 h. */
	run->was_public = public_at != 0 && run->begun - public_at < PUBLIC_FOR * (int64_t)SECOND;
}

/* What would confirm an earlier failure has to be another look, and about this name: not the same
 * "no" out of the same cache, and not what names in many domains meet. */
static void
doubt_name(struct run *run, const struct resolved *resolved, struct aggregate_name *rule)
{
	int64_t stale = run_target(run)->policy->stale_after / 2;
	bool is_repeated = rule->missing && resolved->repeats > 0
	    && resolved->repeats < REPEATED_MAX && resolved->repeats < stale;
	/* The runs before that found no such name count as attempts, though a last known address
	 * answered. */
	bool is_later = run->order.attempt > 1
	    || (rule->missing && run->order.missing == AGGREGATE_MISSING_RUNS);

	if (!is_later && (run->order.flags & ORDER_PATIENT) == 0)
		return;
	if (resolved->alike > 0) {
		rule->outcome = "resolver";
		run->name_asked = false;
	} else if (is_repeated && is_later) {
		rule->outcome = "answer_repeated";
	} else {
		return;
	}
	rule->missing = false;
}

static void
on_resolved(EV_P_ ev_watcher *told, int revents)
{
	struct run *run = told->data;
	struct resolved found;
	const struct resolved *resolved = &found;
	char bytes[EVIDENCE_TEXT_MAX];
	struct text text = TEXT_OVER(bytes);

	(void)loop, (void)revents;
	assert(run->magic == RUN_MAGIC && run->query != NULL);
	run_take_in_hand(run);
	resolver_take(&run->query, &found);
	if (run->leg_count > 0) {
		remember_public(run, resolved);
		note_name(run, resolved);
		follow_late(run, resolved);
		return;
	}
	take_name(run, resolved);
	struct aggregate_name rule = aggregate_name(resolved, run->order.missing);
	/* A name that does not resolve is a warning while its last known addresses answer. Where
	 * names in many domains fail alike that would be a word about each of them: it is our
	 * resolver's failure, as where it answers for no name at all. */
	if (rule.then == NAME_LAST_GOOD && !rule.missing && resolved->alike > 0) {
		rule = (struct aggregate_name){ .then = NAME_END, .outcome = "resolver" };
		run->name_asked = false;
	}
	if (rule.then == NAME_END)
		doubt_name(run, resolved, &rule);
	run->name_missing = rule.missing;
	if (rule.then != NAME_TALK) {
		aggregate_name_text(resolved, run_target(run)->host, rule.outcome, &text);
		run->name_outcome = rule.outcome;
		run->name_text = strdup(bytes);
	} else if (resolved->said[0] != '\0')
		run->name_note = strdup(resolved->said);
	switch (rule.then) {
	case NAME_TALK:
		if (!resolved->more) {
			remember_public(run, resolved);
			note_name(run, resolved);
		}
		follow_name(run, resolved->addresses, resolved->count, resolved->more);
		return;
	case NAME_LAST_GOOD:
		run->on_last_good = true;
		run->was_public = false;
		follow_name(run, resolved->last_good, resolved->last_good_count, false);
		return;
	case NAME_END:
		end_without_address(run, rule.outcome,
		    run->name_text != NULL ? run->name_text : "");
		return;
	}
}

/* A literal is no name: nothing is asked, and phase resolve is not reached. */
void
run_begin(struct run *run)
{
	const struct target *target = run_target(run);
	const struct phase_plan *resolve = &target->policy->phases[0];
	int64_t limit = (run->order.flags & ORDER_PATIENT) != 0 ? resolve->patient
	    : resolve->routine;
	struct address literal;

	bool is_literal = address_parse(target->host, target->port, &literal);
	/* A program is told the name, and asks for its addresses itself. */
	if (is_literal || plugin_has_program(target->policy->probe)) {
		if (make_legs(run, is_literal ? &literal : NULL, 1, 1))
			begin_next(run);
		else
			end_without_address(run, "no_memory", "");
		return;
	}
	run_take_in_hand(run);
	ev_init(&run->resolved, on_resolved);
	run->resolved.data = run;
	run->query = resolver_ask(run->prober->resolver, target->host, target->policy->family,
	    (run->order.flags & ORDER_FRESH) != 0, limit, &run->resolved);
	if (run->query == NULL)
		end_without_address(run, "no_memory", "");
}

void
run_interrupt(struct run *run)
{
	if (run->query != NULL) {
		resolver_cancel(&run->query);
		if (run->leg_count == 0) {
			end_without_address(run, "interrupted",
			    "the run was interrupted on our side");
			return;
		}
		end_if_complete(run);
	}
	ev_timer_stop(run->prober->loop, &run->stagger);
	run->legs_begun = run->leg_count;
	for (uint32_t i = 0; i < run->leg_count; i++)
		leg_interrupt(&run->legs[i]);
}

/* What an earlier prober learned outlives its death: without it the first run after a restart
 * with a dead resolver would have no address to talk to. */
void
prober_recall(struct prober *prober, const struct message_name *name)
{
	struct name_memory *memory = &prober->names[name->target];

	if (memory->public_at == 0)
		memory->public_at = name->public_at;
	resolver_recall(prober->resolver, prober->config->targets[name->target].host,
	    name->addresses, name->count, name->good_at);
	note_told(memory, name, name->good_at > SECOND ? name->good_at : SECOND);
}
