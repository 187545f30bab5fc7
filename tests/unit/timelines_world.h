/*
 * A world on a script, and a whole monitor in it: servers with their troubles, the line between them and us, ports that
 * are shut, the resolver, references, descriptors, and our own processes that die. Each run that the monitor orders is
 * worked out from the script, packet by packet: what is lost is sent again after 1, 3, 7 s and so on, as TCP does. Time
 * is the monitor's own, and moved in ticks. What is told is judged by the script (timelines.c).
 */
#ifndef TESTS_TIMELINES_WORLD_H
#define TESTS_TIMELINES_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "monitor/keeper_link.h"
#include "monitor/keeper_messages.h"
#include "monitor/monitor.h"
#include "monitor/prober_messages.h"
#include "monitor/silence.h"

#define MINUTE      (60 * (int64_t)SECOND)
#define WORLD_BEGIN (1000 * MINUTE)
enum { WORLD_TARGETS = 64, WORLD_TROUBLES = 512, WORLD_EVENTS = 1024, WORLD_PROBERS = 2, WORLD_IN_HAND = 128 };

enum trouble_kind {
	/* of a server */
	REFUSES, DROPS, HANGS, CLOSES, UNREACHABLE, TURNS_AWAY, SLOW, /* SLOW: greets after `more` */
	CHANCE, CHANCE_SILENT,       /* so many of a hundred connections are refused, or lost in silence */
	SERVER_TROUBLES,
	/* of our own */
	CUT = SERVER_TROUBLES, LINK_CUT, LOSS, NO_ROUTE,  /* LINK_CUT: before our router */ PORT_DROPS, PORT_REFUSES, PORT_FILTERED, PORT_FORBIDDEN, PORT_GREETS, /* `more`: the port */
	RESOLVER_DEAD, NO_DESCRIPTORS, REFERENCES_DEAD, ROUTER_MUTE,
	MONITOR_DIES, PROBER_DIES                                 /* at `from` */
};

/* From and to, measured from the begin of the world. */
struct scripted {
	enum trouble_kind kind;
	uint32_t target;
	int64_t from, to, more;
};

struct told {
	int64_t at, began; /* began: its suspicion, 0: there is none */
	uint32_t silence;
	uint32_t target; /* CONFIG_NONE: ours */
	char kind[16], code[OUTCOME_NAME_MAX];
	bool digest;     /* told in the digest alone */
	bool alone;      /* with words that say that it may be our own network */
};

struct world {
	/* The script */
	uint64_t seed;
	uint32_t targets, references;
	bool router;                     /* it answers, unless it is mute */
	int64_t length;
	struct policy policy;
	uint64_t networks[WORLD_TARGETS];
	bool named[WORLD_TARGETS], own_host[WORLD_TARGETS], lan[WORLD_TARGETS]; /* lan: at a private address before our router */
	struct target configured[WORLD_TARGETS];
	char names[WORLD_TARGETS][8];
	struct scripted script[WORLD_TROUBLES];
	uint32_t troubles;
	/* What goes on */
	struct config config;
	struct duty duty;
	struct monitor *monitor;
	int parent, keeper, probers[WORLD_PROBERS];
	struct sequence taken; /* the last run that the keeper has */
	struct { struct report report; int64_t ends; uint32_t prober; bool is_round; struct message_references round; }
	    in_hand[WORLD_IN_HAND];
	uint32_t in_hand_count;
	int64_t answered;                /* the router, last */
	int64_t resolved[WORLD_TARGETS]; /* when its name was last answered: it is kept for a minute */
	unsigned char record[WORLD_TARGETS][4096];
	size_t record_size[WORLD_TARGETS];
	unsigned char own[24 * 1024];    /* the record of our own side */
	size_t own_size;
	bool died[WORLD_TROUBLES];
	bool verbose;
	/* What was told */
	struct told told[WORLD_EVENTS];
	uint32_t told_count;
	/* What is kept of runs, for who wants it; `started` is the begin by the monitor's clock. */
	void (*on_result)(void *arg, const struct report *);
	void *arg;
};

static inline uint64_t
world_random(struct world *world, uint64_t below)
{
	world->seed ^= world->seed << 13;
	world->seed ^= world->seed >> 7;
	world->seed ^= world->seed << 17;
	return (world->seed >> 11) % below;
}

static inline int64_t
world_between(struct world *world, int64_t from, int64_t to)
{
	return from + (int64_t)world_random(world, (uint64_t)(to - from));
}

static inline void
world_add(struct world *world, enum trouble_kind kind, uint32_t target, int64_t from, int64_t to, int64_t more)
{
	assert_in_range(world->troubles, 0, WORLD_TROUBLES - 1);
	world->script[world->troubles++] = (struct scripted){ kind, target, WORLD_BEGIN + from, WORLD_BEGIN + to, more };
}

/* What is the matter at that time, NULL: nothing. */
static inline const struct scripted *
world_trouble(const struct world *world, enum trouble_kind kind, int64_t more, int64_t at)
{
	for (uint32_t i = 0; i < world->troubles; i++) {
		const struct scripted *it = &world->script[i];
		if (it->kind == kind && it->from <= at && at < it->to && (more == 0 || it->more == more))
			return it;
	}
	return NULL;
}

static inline const struct scripted *
world_server(const struct world *world, uint32_t target, int64_t at)
{
	for (uint32_t i = 0; i < world->troubles; i++) {
		const struct scripted *it = &world->script[i];
		if (it->kind < SERVER_TROUBLES && it->target == target && it->from <= at && at < it->to)
			return it;
	}
	return NULL;
}

/* Our line is not on the way to it. */
static inline bool
world_is_near(const struct world *world, uint32_t target)
{
	return world->own_host[target] || world->lan[target];
}

/* LOSS: so many of a hundred packets are lost. */
static inline bool
world_line(struct world *world, int64_t at)
{
	const struct scripted *loss = world_trouble(world, LOSS, 0, at);

	if (loss != NULL && (int64_t)world_random(world, 100) < loss->more)
		return false;
	return world_trouble(world, CUT, 0, at) == NULL && world_trouble(world, LINK_CUT, 0, at) == NULL
	    && world_trouble(world, NO_ROUTE, 0, at) == NULL;
}

/* What a run comes to, as it goes on. */
struct playing {
	struct world *world;
	uint32_t target;
	bool patient;
	int64_t at, heard;
	struct report *report;
};

static inline bool
playing_ends(struct playing *it, enum pw_verdict verdict, const char *outcome, bool spoken, uint32_t reached)
{
	it->report->verdict = (uint8_t)verdict;
	snprintf(it->report->outcome, sizeof it->report->outcome, "%s", outcome);
	it->report->flags |= (uint16_t)(spoken ? REPORT_SPOKEN : 0);
	it->report->reached = reached;
	if (spoken)
		it->heard = it->at;
	return false;
}

static inline bool
playing_waits(struct playing *it, int64_t limit, const char *outcome, uint32_t reached)
{
	it->at += limit;
	return playing_ends(it, PW_FAILED, outcome, false, reached);
}

/* When a packet that is sent at that time arrives: at once, or when one of its repetitions does. */
static inline int64_t
playing_delivered(const struct playing *it, int64_t sent)
{
	static const int64_t again[] = { 0, 200, 600, 1400, 3000, 6200, 12600, 25400, 51000 };
	int64_t port = it->world->configured[it->target].port;

	for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
		int64_t at = sent + again[i] * MILLISECOND;
		if (world_is_near(it->world, it->target)
		    || (world_line(it->world, at) && world_trouble(it->world, PORT_DROPS, port, at) == NULL))
			return at + 20 * MILLISECOND;
	}
	return INT64_MAX;
}

static inline bool
play_name(struct playing *it)
{
	struct world *world = it->world;
	int64_t limit = (it->patient ? 10 : 5) * (int64_t)SECOND;

	if (!world->named[it->target])
		return true;
	if (!it->patient && it->at - world->resolved[it->target] < MINUTE)
		return true;
	if (world_trouble(world, RESOLVER_DEAD, 0, it->at) != NULL || !world_line(world, it->at)) {
		it->report->network = 0;
		it->at += limit;
		return playing_ends(it, PW_UNKNOWN, "resolver", false, 0);
	}
	world->resolved[it->target] = it->at;
	it->report->flags |= REPORT_NAME_ASKED;
	return true;
}

static inline bool
play_connect(struct playing *it)
{
	static const int64_t again[] = { 0, 1, 3, 7, 15, 31 };
	struct world *world = it->world;
	int64_t begun = it->at, limit = (it->patient ? 30 : 15) * (int64_t)SECOND, port = world->configured[it->target].port;
	bool own = world_is_near(world, it->target);
	const struct scripted *chance = world_server(world, it->target, begun);
	bool chosen = chance != NULL && (chance->kind == CHANCE || chance->kind == CHANCE_SILENT)
	    && (int64_t)world_random(world, 100) < chance->more;

	if (world_trouble(world, NO_DESCRIPTORS, 0, begun) != NULL)
		return playing_ends(it, PW_UNKNOWN, "no_descriptors", false, 0);
	if (!own && world_trouble(world, NO_ROUTE, 0, begun) != NULL)
		return playing_ends(it, PW_UNKNOWN, "no_route", false, 0);
	if (!own && world_trouble(world, PORT_FORBIDDEN, port, begun) != NULL)
		return playing_ends(it, PW_UNKNOWN, "not_permitted", false, 0);
	for (size_t i = 0; i < sizeof again / sizeof *again && again[i] * SECOND < limit; i++) {
		int64_t at = begun + again[i] * SECOND;
		const struct scripted *server = world_server(world, it->target, at);
		enum trouble_kind kind = server == NULL ? SLOW : server->kind;
		if (kind == CHANCE || kind == CHANCE_SILENT)
			kind = !chosen ? SLOW : kind == CHANCE ? REFUSES : DROPS;
		it->at = at + 20 * MILLISECOND;
		if (!own && (!world_line(world, at) || world_trouble(world, PORT_DROPS, port, at) != NULL))
			continue;
		if (!own && world_trouble(world, PORT_FILTERED, port, at) != NULL)
			return playing_ends(it, PW_FAILED, "filtered", false, 3);
		if (kind == REFUSES || (!own && world_trouble(world, PORT_REFUSES, port, at) != NULL))
			return playing_ends(it, PW_FAILED, "refused", true, 3);
		if (kind == UNREACHABLE)
			return playing_ends(it, PW_FAILED, "unreachable", false, 3);
		if (kind == DROPS)
			continue;
		it->heard = it->at;
		it->report->phase_count = 4;
		it->report->phases[1] = it->at - begun;
		return true;
	}
	it->at = begun;
	return playing_waits(it, limit, "connect_timeout", 3);
}

/* "greeted with ...": each server in its own words, or somebody in the place of all (-1). */
static inline void
playing_say(struct playing *it, int who)
{
	static char words[WORLD_TARGETS + 1][48];
	char *text = words[who + 1];

	snprintf(text, sizeof words[0], "greeted with \"554 no %d\"", who);
	it->report->text = (struct pw_bytes){ text, strlen(text) };
}

/* The greeting, and the reply to EHLO. */
static inline bool
play_dialogue(struct playing *it)
{
	int64_t begun = it->at, limit = (it->patient ? 60 : 30) * (int64_t)SECOND;
	const struct scripted *server = world_server(it->world, it->target, begun);
	int64_t sent = begun + (server != NULL && server->kind == SLOW ? server->more : 30 * (int64_t)MILLISECOND);
	const struct scripted *then = world_server(it->world, it->target, sent);
	int64_t arrives = playing_delivered(it, sent);

	if ((server != NULL && (server->kind == HANGS || server->kind == DROPS))
	    || (then != NULL && (then->kind == HANGS || then->kind == DROPS)) || arrives > begun + limit)
		return playing_waits(it, limit, "banner_timeout", 7);
	it->at = arrives;
	it->report->flags |= arrives > begun + 30 * SECOND ? REPORT_OVER_ROUTINE : 0;
	if (then != NULL && (then->kind == CLOSES || then->kind == REFUSES))
		return playing_ends(it, PW_FAILED, "closed_at_banner", true, 7);
	it->heard = arrives;
	bool in_place = !world_is_near(it->world, it->target)
	    && world_trouble(it->world, PORT_GREETS, it->world->configured[it->target].port, begun) != NULL;
	if (in_place || (server != NULL && server->kind == TURNS_AWAY)) {
		playing_say(it, in_place ? -1 : (int)it->target);
		return playing_ends(it, PW_BLOCKED, "rejected", true, 3);
	}
	int64_t replied = playing_delivered(it, arrives);
	replied = replied == INT64_MAX ? replied : playing_delivered(it, replied);
	then = world_server(it->world, it->target, arrives);
	if (replied > arrives + limit || (then != NULL && then->kind < SLOW && then->kind != CLOSES))
		return playing_waits(it, limit, "ehlo_timeout", 15);
	it->at = replied;
	playing_ends(it, PW_OK, "ok", true, 15);
	return true;
}

static inline int64_t
world_play(struct world *world, const struct order *order, int64_t begun, struct report *report)
{
	struct playing it = { .world = world, .target = order->target, .patient = (order->flags & ORDER_PATIENT) != 0,
		.at = begun, .report = report };

	*report = (struct report){ .run = order->run, .target = order->target, .started = begun, .late = begun - order->due,
		.network = world->networks[order->target], .outcome = "ok", .ways = world->lan[order->target] ? WAY_PRIVATE : 0,
		.flags = world->own_host[order->target] ? REPORT_OWN_HOST : 0 };
	(void)(play_name(&it) && play_connect(&it) && play_dialogue(&it));
	report->micros = it.at - begun;
	report->quiet = it.heard == 0 ? -1 : it.at - it.heard;
	return it.at;
}

/* References are connected to; a round takes 5 s at most. */
static inline int64_t
world_round(struct world *world, int64_t begun, bool near, struct message_references *round)
{
	static const int64_t again[] = { 0, 1, 3 };
	int64_t ends = begun + 5 * SECOND;
	bool link = world_trouble(world, LINK_CUT, 0, begun) == NULL && world_trouble(world, NO_ROUTE, 0, begun) == NULL;

	*round = (struct message_references){ .asked = world->references, .began = begun };
	if (near && world->router) {
		bool answers = link && world_trouble(world, ROUTER_MUTE, 0, begun) == NULL;
		round->near = answers || (world->answered != 0 && begun - world->answered < 10 * MINUTE);
		round->near_silent = round->near > 0 && !answers;
		if (answers)
			world->answered = begun;
		ends = world->references > 0 || !answers ? ends : begun + 10 * MILLISECOND;
	}
	if (world_trouble(world, NO_DESCRIPTORS, 0, begun) != NULL || world_trouble(world, NO_ROUTE, 0, begun) != NULL) {
		round->unasked = world->references;
		snprintf(round->reason, sizeof round->reason, "%s",
		    world_trouble(world, NO_ROUTE, 0, begun) != NULL ? "no_route" : "no_descriptors");
		ends = begun;
	}
	for (size_t i = 0; i < 3 && round->unasked == 0 && round->reached == 0; i++) {
		int64_t at = begun + again[i] * SECOND;
		if (!world_line(world, at) || world_trouble(world, REFERENCES_DEAD, 0, at) != NULL)
			continue;
		round->reached = world->references;
		ends = at + 30 * MILLISECOND;
	}
	round->at = ends;
	return ends;
}

#endif
