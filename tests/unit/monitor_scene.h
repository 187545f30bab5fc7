/*
 * A whole monitor on a stage: its time is moved by the test, its probers and its keeper are the other ends of real
 * sockets, played here. Each target answers by a script of letters (monitor_letters.h), of
 * which the last goes on for ever.
 */
#ifndef TESTS_MONITOR_SCENE_H
#define TESTS_MONITOR_SCENE_H

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
#include "base/messages_outbox.h"
#include "monitor/keeper_link.h"
#include "monitor/keeper_messages.h"
#include "monitor/monitor.h"
#include "monitor/prober_messages.h"
#include "monitor_letters.h"

#define MINUTE (60 * (int64_t)SECOND)
enum { SCENE_TARGETS = 12, SCENE_PROBERS = 2, SCENE_LINKS = SCENE_PROBERS + PROBERS_APART,
	SCENE_ORDERS = 64 };

static const struct pw_probe_ops scene_ops = { .size = sizeof scene_ops };
static const struct pw_plugin scene_descriptor = { .name = "stage", .ops = &scene_ops };
static const struct plugin scene_plugin = { .descriptor = &scene_descriptor };
static const struct phase_plan scene_phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };
static const char *const scene_names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };

struct scene {
	unsigned char handed[512]; /* to the next monitor that is born: a run of one before it that is taken and not committed */
	size_t handed_size;
	struct policy policy;
	struct target targets[SCENE_TARGETS];
	struct config config;
	struct duty duty;
	struct monitor *monitor;
	int parent, keeper, probers[SCENE_LINKS]; /* 0: not linked */
	const char *scripts[SCENE_TARGETS];
	uint8_t ways[SCENE_TARGETS]; /* of their runs */
	const char *files;           /* that the first prober of a monitor that is born cannot use; NULL: it says nothing of them */
	int reached;                 /* references that answer when asked; -1: no prober says anything about them */
	uint32_t rounds;             /* that were asked for */
	struct { struct order order; uint32_t prober; } in_hand[SCENE_ORDERS];
	uint32_t in_hand_count;
	uint32_t ordered;            /* in all */
	struct message_name name;    /* the last one that a prober was told */
	uint32_t names;              /* how often one was */
	struct order last[SCENE_TARGETS];
	int64_t lead_min;            /* the shortest time between an order and its due time */
	char told[4096];             /* changes: kind target, separated by blanks; with a reason for silence: kind[target reasons] */
	char text[1024];             /* of the last change */
	struct message_change change; /* the last one; its text is not to be looked at */
	struct sequence taken, committed; /* the last run that the keeper has taken, and the last that outlives it */
	struct sequence changed;     /* the last run that changed something worth telling */
	struct sequence results_taken;
	unsigned char store;         /* that it writes */
	uint64_t last_run;           /* that the keeper knows of */
	struct message_columns columns[SCENE_TARGETS]; /* their texts are not to be looked at */
	uint32_t changes, states, results, evidence;
	struct message_health health; /* as was said last */
	unsigned char record[SCENE_TARGETS][4096];
	size_t record_size[SCENE_TARGETS];
	unsigned char own[24 * 1024]; /* the record of our own side */
	size_t own_size;
};

static inline void
scene_pair(int ends[2])
{
	static const int room = 1024 * 1024;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

static inline void
scene_link_prober(struct scene *scene, uint32_t index)
{
	int ends[2];

	scene_pair(ends);
	if (scene->probers[index] > 0)
		close(scene->probers[index]);
	scene->probers[index] = ends[0];
	orders_linked(scene->monitor->orders, index, ends[1]);
}

static inline void
scene_link_keeper(struct scene *scene)
{
	int ends[2];

	scene_pair(ends);
	if (scene->keeper > 0)
		close(scene->keeper);
	scene->keeper = ends[0];
	scene->taken = scene->committed;
	keeper_messages_linked(scene->monitor, ends[1]);
}

/* All that the keeper has taken is committed, and it says so. */
static inline void
scene_commit(struct scene *scene)
{
	unsigned char packet[128];
	struct wire_out out = wire_over(packet, sizeof packet);

	scene->committed = scene->taken;
	message_put_committed(&out, &(struct message_committed){ .runs = scene->committed });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
}

/* The keeper has said all; it writes that store, of which the one before it perhaps knew nothing. */
static inline void
scene_recovered(struct scene *scene, unsigned char store)
{
	unsigned char packet[128];
	struct message_recovered recovered = { .run = scene->last_run };
	struct wire_out out = wire_over(packet, sizeof packet);

	if (scene->store != 0 && scene->store != store)
		scene->taken = scene->committed = (struct sequence){ 0, 0 };
	scene->store = store;
	recovered.runs = scene->committed;
	recovered.runs_taken = scene->taken.number;
	message_put_recovered(&out, &recovered);
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
}

/* The keeper says what it kept of the target, or of our own side, if anything. */
static inline void
scene_say_state(struct scene *scene, uint32_t target, const void *record, size_t size)
{
	static unsigned char packet[25 * 1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	if (size == 0)
		return;
	message_put_state(&out, &(struct message_state){ target, false, { record, size } });
	assert_true(keeper_messages_take(scene->monitor, packet, out.size));
}

static inline void
scene_say_files(struct scene *scene, const char *files)
{
	unsigned char packet[SOURCES_TEXT_MAX + 8];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_sources(&out, files);
	assert_true(prober_messages_take(scene->monitor, 0, packet, out.size));
}

/* The monitor's process is born (again); what the keeper kept is told to it. */
static inline void
scene_bear(struct scene *scene, int64_t now)
{
	if (scene->monitor != NULL)
		monitor_destroy(&scene->monitor);
	scene->monitor = monitor_create(&scene->duty, now, 1);
	assert_non_null(scene->monitor);
	scene->in_hand_count = 0;
	if (scene->handed_size == 0)
		scene->committed = scene->taken;
	struct sequence taken = scene->taken;
	scene_link_keeper(scene);
	scene->taken = taken;
	for (uint32_t i = 0; i < SCENE_PROBERS; i++)
		scene_link_prober(scene, i);
	if (scene->files != NULL)
		scene_say_files(scene, scene->files);
	for (uint32_t i = 0; i < SCENE_TARGETS; i++)
		scene_say_state(scene, i, scene->record[i], scene->record_size[i]);
	scene_say_state(scene, CONFIG_NONE, scene->own, scene->own_size);
	if (scene->handed_size > 0)
		assert_true(keeper_messages_take(scene->monitor, scene->handed, scene->handed_size));
	scene_recovered(scene, 1);
}

static inline struct scene *
scene_create(uint32_t targets)
{
	struct scene *scene = calloc(1, sizeof *scene);
	int ends[2];

	assert_non_null(scene);
	scene->policy = (struct policy){ .probe = &scene_plugin, .interval = MINUTE, .retry_interval = 20 * SECOND,
		.flap_window = 30 * MINUTE, .tempfail_grace = 15 * MINUTE, .stale_after = 5 * MINUTE, .tries = 3,
		.recover_tries = 2, .phase_count = 4, .phases = scene_phases, .leg = { .patient = 240 * SECOND } };
	for (uint32_t i = 0; i < SCENE_TARGETS; i++) {
		scene->targets[i] = (struct target){ .name = scene_names[i], .host = scene_names[i], .policy = &scene->policy,
			.parent = CONFIG_NONE, .hash = i * 0x15555555u, .host_hash = i, .port = 25 };
		scene->scripts[i] = ".";
	}
	scene->reached = -1;
	scene->config = (struct config){ .probers = SCENE_PROBERS, .target_count = targets,
		.targets = scene->targets, .log_level = LOG_DEBUG };
	scene_pair(ends);
	scene->parent = ends[0];
	scene->duty = (struct duty){ .kind = DUTY_MONITOR, .parent = ends[1], .config = &scene->config };
	scene->lead_min = INT64_MAX;
	return scene;
}

static inline void
scene_destroy(struct scene **scene)
{
	monitor_destroy(&(*scene)->monitor);
	close((*scene)->parent);
	close((*scene)->duty.parent);
	close((*scene)->keeper);
	for (uint32_t i = 0; i < SCENE_LINKS; i++)
		if ((*scene)->probers[i] > 0)
			close((*scene)->probers[i]);
	free(*scene);
	*scene = NULL;
}

static inline void
scene_say_references(struct scene *scene, uint32_t asked, uint32_t reached, int64_t took)
{
	unsigned char packet[128];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_references(&out, &(struct message_references){ .asked = asked, .reached = reached,
	    .began = scene->monitor->watch.now - took, .at = scene->monitor->watch.now });
	assert_true(prober_messages_take(scene->monitor, 0, packet, out.size));
}

static inline void
scene_take_orders(struct scene *scene, uint32_t prober)
{
	static unsigned char packet[WIRE_MAX];
	ssize_t size;

	while (scene->probers[prober] > 0
	    && (size = packet_read(scene->probers[prober], packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		struct order order;
		if (message_kind(packet, (size_t)size) == MESSAGE_LOOK) {
			scene->rounds++;
			if (scene->reached >= 0)
				scene_say_references(scene, scene->config.reference_count, (uint32_t)scene->reached, 0);
			continue;
		}
		if (message_kind(packet, (size_t)size) == MESSAGE_NAME) {
			assert_true(message_get_name(&in, &scene->name, scene->config.target_count));
			scene->names++;
			continue;
		}
		while (message_next_order(&in, &order, scene->config.target_count)) {
			assert_in_range(scene->in_hand_count, 0, SCENE_ORDERS - 1);
			scene->in_hand[scene->in_hand_count].order = order;
			scene->in_hand[scene->in_hand_count++].prober = prober;
			scene->last[order.target] = order;
			scene->ordered++;
			if (order.due - scene->monitor->watch.now < scene->lead_min)
				scene->lead_min = order.due - scene->monitor->watch.now;
		}
		assert_true(wire_is_whole(&in));
	}
}

static inline char
scene_next_letter(struct scene *scene, uint32_t target)
{
	const char **script = &scene->scripts[target];

	return (*script)[1] != '\0' ? *(*script)++ : **script;
}

static inline void
scene_send_evidence(struct scene *scene, const struct order *order, uint32_t prober)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);
	char address[32];
	struct message_evidence evidence = { .run = order->run, .target = order->target,
		.leg = { .legs = 1, .verdict = PW_FAILED, .outcome = "connect_timeout", .started = 1,
			.text = { "no", 2 }, .local = { "", 0 }, .helo = { "", 0 }, .facts = { "", 0 }, .warnings = { "", 0 },
			.transcript = { "", 0 } } };

	snprintf(address, sizeof address, "10.%u.0.1", order->target);
	evidence.leg.address = (struct pw_bytes){ address, strlen(address) };
	message_put_evidence(&out, &evidence);
	assert_false(out.bad);
	assert_true(prober_messages_take(scene->monitor, prober, packet, out.size));
}

static inline bool
scene_send_report(struct scene *scene, uint32_t prober, const struct report *report)
{
	static unsigned char packet[WIRE_MAX];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_begin(&out, MESSAGE_REPORTS);
	assert_true(message_add_report(&out, report));
	return prober_messages_take(scene->monitor, prober, packet, out.size);
}

/* Reports on what is due and done by now. */
static inline void
scene_answer(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->in_hand_count;) {
		struct order order = scene->in_hand[i].order;
		uint32_t prober = scene->in_hand[i].prober;
		if (order.due + 101 * MILLISECOND > scene->monitor->watch.now) {
			i++;
			continue;
		}
		scene->in_hand[i] = scene->in_hand[--scene->in_hand_count];
		char letter = scene_next_letter(scene, order.target);
		if (letter == '-')
			continue;
		if (letter == 'x' || letter == 'r')
			scene_send_evidence(scene, &order, prober);
		struct report report = scene_report(&order, letter);
		report.ways |= scene->ways[order.target];
		assert_true(scene_send_report(scene, prober, &report));
	}
}

static inline void
scene_write(struct scene *scene, const struct message_change *change, bool restated)
{
	size_t size = strlen(scene->told);
	const char *name = change->target == CONFIG_NONE ? "-" : scene->targets[change->target].name;
	char kind[32];

	snprintf(kind, sizeof kind, "%s%s", restated ? "again " : "", change->kind[0] == '\0' ? "heard" : change->kind);
	if (change->silence != 0)
		snprintf(scene->told + size, sizeof scene->told - size, "%s%s[%s %s]", size == 0 ? "" : " ", kind, name,
		    change->silences);
	else
		snprintf(scene->told + size, sizeof scene->told - size, "%s%s %s", size == 0 ? "" : " ", kind, name);
	snprintf(scene->text, sizeof scene->text, "%.*s", (int)change->text.size, change->text.data);
	scene->change = *change;
	scene->changes++;
}

static inline void
scene_keep_run(struct scene *scene, struct wire_in *in)
{
	struct message_run run;
	struct message_change change;

	assert_true(message_get_run(in, &run, scene->config.target_count));
	assert_int_equal(sequence_place(scene->taken, run.sequence), SEQUENCE_NEXT);
	scene->taken = run.sequence;
	struct wire_in at = wire_from(run.changes.data, run.changes.size);
	while (message_next_change(&at, &run, &change))
		scene_write(scene, &change, run.restated);
	if (run.change_count > 0)
		scene->changed = run.sequence;
	if (run.target == CONFIG_NONE) {
		assert_in_range(run.state.size, 1, sizeof scene->own);
		memcpy(scene->own, run.state.data, scene->own_size = run.state.size);
		return;
	}
	scene->columns[run.target] = run.columns;
	memcpy(scene->record[run.target], run.state.data, run.state.size);
	scene->record_size[run.target] = run.state.size;
	scene->states++;
}

static inline void
scene_keep(struct scene *scene)
{
	static unsigned char packet[WIRE_MAX];
	ssize_t size;

	while ((size = packet_read(scene->keeper, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		struct sequence results;
		struct report result;
		switch (message_kind(packet, (size_t)size)) {
		case MESSAGE_RUN:
			scene_keep_run(scene, &in);
			break;
		case MESSAGE_RESULTS:
			assert_true(message_get_results(&in, &results) && results.birth != 0);
			scene->results_taken = results;
			while (message_next_result(&in, &result, scene->config.target_count))
				scene->results++;
			assert_true(wire_is_whole(&in));
			break;
		case MESSAGE_EVIDENCE:
			scene->evidence++;
			break;
		case MESSAGE_HEALTH:
			assert_true(message_get_health(&in, &scene->health));
			break;
		default:
			fail();
		}
	}
}

/* All that is watched has been for an hour: single failures of it would have shown. */
static inline void
scene_age(struct scene *scene)
{
	for (uint32_t i = 0; i < scene->config.target_count; i++)
		scene->monitor->watch.targets[i].state.since.mono -= 60 * MINUTE;
}

static inline void
scene_hush(struct scene *scene)
{
	static unsigned char packet[WIRE_MAX];

	while (packet_read(scene->parent, packet, sizeof packet, NULL) > 0)
		continue;
}

/* Lets time pass, a tick at a time. */
static inline void
scene_run(struct scene *scene, int64_t span)
{
	for (int64_t end = scene->monitor->watch.now + span; scene->monitor->watch.now < end;) {
		scene->monitor->watch.now += TICK;
		monitor_tick(scene->monitor);
		monitor_flush(scene->monitor, true);
		for (uint32_t i = 0; i < SCENE_LINKS; i++)
			scene_take_orders(scene, i);
		scene_answer(scene);
		monitor_flush(scene->monitor, false);
		for (uint32_t i = 0; i < SCENE_LINKS; i++)
			scene_take_orders(scene, i);
		scene_keep(scene);
		scene_hush(scene);
	}
}

#endif
