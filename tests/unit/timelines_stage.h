/* The stage of a world: the monitor's process, its probers and its keeper at the other ends of real sockets. */
#ifndef TESTS_TIMELINES_STAGE_H
#define TESTS_TIMELINES_STAGE_H

#include "timelines_world.h"

static const struct pw_probe_ops stage_ops = { .size = sizeof stage_ops };
static const struct pw_plugin stage_descriptor = { .name = "stage", .ops = &stage_ops };
static const struct plugin stage_plugin = { .descriptor = &stage_descriptor };
static const struct phase_plan stage_phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };

static inline void
stage_pair(int ends[2])
{
	static const int room = 1024 * 1024;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

static inline void
stage_link_prober(struct world *world, uint32_t index)
{
	int ends[2];

	stage_pair(ends);
	if (world->probers[index] > 0)
		close(world->probers[index]);
	world->probers[index] = ends[0];
	orders_linked(world->monitor->orders, index, ends[1]);
}

static inline void
stage_lose(struct world *world, uint32_t index)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < world->in_hand_count; i++)
		if (world->in_hand[i].prober != index)
			world->in_hand[left++] = world->in_hand[i];
	world->in_hand_count = left;
	stage_link_prober(world, index);
}

/* The monitor is born, again or not; it is told what the keeper kept. */
static inline void
stage_bear(struct world *world, int64_t now)
{
	static unsigned char packet[25 * 1024];
	const struct message_recovered recovered = { .runs = world->taken, .runs_taken = world->taken.number };
	int ends[2];

	if (world->monitor != NULL)
		monitor_destroy(&world->monitor);
	world->monitor = monitor_create(&world->duty, now, (uint32_t)world_random(world, UINT32_MAX));
	assert_non_null(world->monitor);
	stage_pair(ends);
	if (world->keeper > 0)
		close(world->keeper);
	world->keeper = ends[0];
	keeper_messages_linked(world->monitor, ends[1]);
	for (uint32_t i = 0; i < WORLD_PROBERS; i++)
		stage_lose(world, i);
	for (uint32_t i = 0; i < world->targets; i++) {
		struct wire_out out = wire_over(packet, sizeof packet);
		if (world->record_size[i] == 0)
			continue;
		message_put_state(&out, &(struct message_state){ i, false, { (char *)world->record[i], world->record_size[i] } });
		assert_true(keeper_messages_take(world->monitor, packet, out.size));
	}
	struct wire_out out = wire_over(packet, sizeof packet);
	if (world->own_size > 0) {
		message_put_state(&out, &(struct message_state){ CONFIG_NONE, false, { (char *)world->own, world->own_size } });
		assert_true(keeper_messages_take(world->monitor, packet, out.size));
		out = wire_over(packet, sizeof packet);
	}
	message_put_recovered(&out, &recovered);
	assert_true(keeper_messages_take(world->monitor, packet, out.size));
}

/* The configuration of what the script has said so far. */
static inline void
stage_set(struct world *world)
{
	int ends[2];

	world->policy.probe = &stage_plugin;
	world->policy.phases = stage_phases;
	world->policy.phase_count = 4;
	for (uint32_t i = 0; i < world->targets; i++) {
		struct target *target = &world->configured[i];
		snprintf(world->names[i], sizeof world->names[i], "t%u", i);
		target->name = target->host = world->names[i];
		target->policy = &world->policy;
		target->parent = CONFIG_NONE;
		target->hash = (uint32_t)world_random(world, UINT32_MAX);
		target->host_hash = i;
		if (target->port == 0)
			target->port = 25;
	}
	world->config = (struct config){ .probers = WORLD_PROBERS, .target_count = world->targets,
		.reference_count = world->references, .targets = world->configured, .log_level = world->verbose ? LOG_DEBUG : LOG_WARNING };
	stage_pair(ends);
	world->parent = ends[0];
	world->duty = (struct duty){ .kind = DUTY_MONITOR, .parent = ends[1], .config = &world->config };
	stage_bear(world, WORLD_BEGIN);
}

static inline void
stage_strike(struct world *world)
{
	monitor_destroy(&world->monitor);
	close(world->parent);
	close(world->duty.parent);
	close(world->keeper);
	for (uint32_t i = 0; i < WORLD_PROBERS; i++)
		close(world->probers[i]);
}

static inline void
stage_take_packet(struct world *world, uint32_t prober, const unsigned char *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct order order;
	uint32_t at;

	bool near;

	if (message_kind(packet, size) == MESSAGE_LOOK) {
		assert_true(message_get_look(&in, &near));
		if (world->references == 0 && !world->router)
			return;
		assert_in_range(at = world->in_hand_count++, 0, WORLD_IN_HAND - 1);
		world->in_hand[at].is_round = true;
		world->in_hand[at].prober = prober;
		world->in_hand[at].ends = world_round(world, world->monitor->watch.now, near, &world->in_hand[at].round);
		return;
	}
	while (message_next_order(&in, &order, world->config.target_count)) {
		int64_t begun = order.due > world->monitor->watch.now ? order.due : world->monitor->watch.now;
		assert_in_range(at = world->in_hand_count++, 0, WORLD_IN_HAND - 1);
		world->in_hand[at].is_round = false;
		world->in_hand[at].prober = prober;
		world->in_hand[at].ends = world_play(world, &order, begun, &world->in_hand[at].report);
	}
	assert_true(wire_is_whole(&in));
}

static inline void
stage_take_orders(struct world *world)
{
	static unsigned char packet[WIRE_MAX];
	ssize_t size;

	for (uint32_t i = 0; i < WORLD_PROBERS; i++)
		while ((size = packet_read(world->probers[i], packet, sizeof packet, NULL)) > 0)
			stage_take_packet(world, i, packet, (size_t)size);
}

/* What has ended by now, in the order in which it ended. */
static inline void
stage_report(struct world *world)
{
	static unsigned char packet[WIRE_MAX];

	for (;;) {
		uint32_t first = world->in_hand_count;
		for (uint32_t i = 0; i < world->in_hand_count; i++)
			if (world->in_hand[i].ends <= world->monitor->watch.now
			    && (first == world->in_hand_count || world->in_hand[i].ends < world->in_hand[first].ends))
				first = i;
		if (first == world->in_hand_count)
			return;
		__typeof__(world->in_hand[0]) it = world->in_hand[first];
		world->in_hand[first] = world->in_hand[--world->in_hand_count];
		struct wire_out out = wire_over(packet, sizeof packet);
		if (it.is_round)
			message_put_references(&out, &it.round);
		else {
			message_begin(&out, MESSAGE_REPORTS);
			assert_true(message_add_report(&out, &it.report));
		}
		assert_true(prober_messages_take(world->monitor, it.prober, packet, out.size));
	}
}

static inline void
stage_note(struct world *world, const struct message_change *change)
{
	struct told *told = &world->told[world->told_count];

	if (change->kind[0] == '\0')
		return;
	const struct trouble *trouble = change->target == CONFIG_NONE ? NULL
	    : world->monitor->watch.targets[change->target].state.trouble;
	assert_in_range(world->told_count++, 0, WORLD_EVENTS - 1);
	*told = (struct told){ .at = world->monitor->watch.now, .target = change->target, .began = trouble == NULL ? 0 : trouble->began.mono,
		.silence = change->silence,
		.digest = (change->silence & SILENCE_digest) != 0,
		.alone = memmem(change->text.data, change->text.size, "nobody else could be asked", 26) != NULL };
	snprintf(told->kind, sizeof told->kind, "%s", change->kind);
	snprintf(told->code, sizeof told->code, "%s", change->code);
	if (world->verbose)
		print_message("# %8.1f  TOLD %s %.*s%s\n", (double)(world->monitor->watch.now - WORLD_BEGIN) / SECOND, change->kind,
		    (int)change->text.size, change->text.data, told->digest ? " [digest]" : "");
}

static inline void
stage_pass_results(struct world *world, struct wire_in *in)
{
	struct sequence sequence;
	struct report report;

	assert_true(message_get_results(in, &sequence));
	while (message_next_result(in, &report, world->config.target_count))
		world->on_result(world->arg, &report);
	assert_true(wire_is_whole(in));
}

static inline void
stage_keep(struct world *world)
{
	static unsigned char packet[WIRE_MAX];
	ssize_t size;

	while ((size = packet_read(world->keeper, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		struct message_run run;
		struct message_change change;
		if (message_kind(packet, (size_t)size) == MESSAGE_RESULTS && world->on_result != NULL)
			stage_pass_results(world, &in);
		if (message_kind(packet, (size_t)size) != MESSAGE_RUN)
			continue;
		assert_true(message_get_run(&in, &run, world->config.target_count));
		assert_int_equal(sequence_place(world->taken, run.sequence), SEQUENCE_NEXT);
		world->taken = run.sequence;
		struct wire_in at = wire_from(run.changes.data, run.changes.size);
		while (message_next_change(&at, &run, &change))
			stage_note(world, &change);
		if (run.target == CONFIG_NONE) {
			assert_in_range(run.state.size, 1, sizeof world->own);
			memcpy(world->own, run.state.data, world->own_size = run.state.size);
			continue;
		}
		assert_in_range(run.state.size, 1, sizeof world->record[0]);
		memcpy(world->record[run.target], run.state.data, run.state.size);
		world->record_size[run.target] = run.state.size;
	}
	while ((size = packet_read(world->parent, packet, sizeof packet, NULL)) > 0) {
		struct wire_in in = wire_from(packet, (size_t)size);
		struct message_log line;
		if (world->verbose && message_kind(packet, (size_t)size) == MESSAGE_LOG && message_get_log(&in, &line))
			print_message("# %8.1f  %.*s\n", (double)(world->monitor->watch.now - WORLD_BEGIN) / SECOND, (int)line.text.size,
			    line.text.data);
	}
}

static inline void
stage_kill(struct world *world)
{
	for (uint32_t i = 0; i < world->troubles; i++) {
		const struct scripted *it = &world->script[i];
		if (world->died[i] || it->kind < MONITOR_DIES || it->from > world->monitor->watch.now)
			continue;
		world->died[i] = true;
		if (it->kind == MONITOR_DIES)
			stage_bear(world, world->monitor->watch.now);
		else
			stage_lose(world, it->target % WORLD_PROBERS);
	}
}

static inline void
stage_play(struct world *world)
{
	for (int64_t end = WORLD_BEGIN + world->length; world->monitor->watch.now < end;) {
		world->monitor->watch.now += TICK;
		stage_kill(world);
		monitor_tick(world->monitor);
		stage_report(world);
		monitor_flush(world->monitor, world->monitor->watch.now % SECOND < TICK);
		stage_take_orders(world);
		stage_keep(world);
	}
}

#endif
