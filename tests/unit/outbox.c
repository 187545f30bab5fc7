/* From a change to its receipt, over a real store: what a notifier is handed, in which order, and what is remembered. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "keeper/keeper.h"

enum { TARGETS = 3, BEGAN = 1000 };

static const struct pw_plugin probe = { .name = "banner" }, plugin = { .name = "tests" };
static const struct plugin probes = { .descriptor = &probe }, notifiers = { .descriptor = &plugin };
static const struct policy policy = { .probe = &probes, .interval = 60 * (int64_t)SECOND, .tries = 3, .recover_tries = 2,
	.notify_count = CONFIG_NONE };
static const struct target targets[TARGETS] = {
	{ .name = "mx1", .is_named = true, .host = "mx1.test", .shown = "mx1.test", .port = 25, .policy = &policy, .parent = CONFIG_NONE },
	{ .name = "mx2", .is_named = true, .host = "mx2.test", .shown = "mx2.test", .port = 25, .policy = &policy, .parent = CONFIG_NONE },
	{ .name = "mx3", .is_named = true, .host = "mx3.test", .shown = "mx3.test", .port = 25, .policy = &policy, .parent = CONFIG_NONE },
};
static const struct config_notifier configured[] = { { .name = "tests", .plugin = &notifiers,
	.kinds = ~(1u << NOTICE_fact), .storm = 20, .fallback = CONFIG_NONE } };

struct world {
	char folder[64];
	struct config config;
	struct duty duty;
	struct keeper keeper;
	int parent, notifier; /* our ends */
	uint64_t number, changes[TARGETS];
	unsigned char packet[WIRE_MAX];
	struct message_notice notice;
};

static void
begin(struct world *world)
{
	int parent[2];
	struct reason why = { .text = "" };

	world->config = (struct config){ .state = world->folder, .target_count = TARGETS, .targets = targets,
		.notifier_count = 1, .notifiers = configured };
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, parent), 0);
	world->parent = parent[1];
	world->duty = (struct duty){ .kind = DUTY_KEEPER, .parent = parent[0], .config = &world->config };
	world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .monitor = -1, .status = -1,
		.generation = 1 };
	if (!keeper_recover(&world->keeper, &why))
		fail_msg("%s", why.text);
}

static void
link_notifier(struct world *world)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	courier_link(&world->keeper, 0, ends[0]);
	world->notifier = ends[1];
}

/* As a kill does: nothing is flushed. */
static void
end(struct world *world)
{
	keeper_fini(&world->keeper);
	close(world->parent);
	close(world->duty.parent);
}

static struct world *
create(void)
{
	struct world *world = calloc(1, sizeof *world);

	snprintf(world->folder, sizeof world->folder, "%s", "/tmp/outboxXXXXXX");
	assert_non_null(mkdtemp(world->folder));
	begin(world);
	link_notifier(world);
	return world;
}

static void
destroy(struct world **world)
{
	char command[128];

	end(*world);
	close((*world)->notifier);
	for (const char *const *name = (const char *const[]){ "postwatch.db", "postwatch.db-wal", "postwatch.db-shm",
	         "history.db", "history.db-wal", "history.db-shm", "ballast", NULL }; *name != NULL; name++) {
		snprintf(command, sizeof command, "%s/%s", (*world)->folder, *name);
		unlink(command);
	}
	rmdir((*world)->folder);
	free(*world);
	*world = NULL;
}

static void
copy(char *into, size_t room, const char *from)
{
	snprintf(into, room, "%s", from);
}

static void
say(struct world *world, uint32_t target, const char *kind, const char *from, const char *to, uint64_t incident,
    const char *silences)
{
	unsigned char packet[2048];
	char sentence[64];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_change change = { .number = ++world->number, .target = target, .change = ++world->changes[target],
		.incident = incident, .detected = BEGAN, .confirmed = clock_wall() };

	snprintf(sentence, sizeof sentence, "mx%u %s", target + 1, kind);
	copy(change.kind, sizeof change.kind, kind);
	copy(change.from, sizeof change.from, from);
	copy(change.to, sizeof change.to, to);
	copy(change.silences, sizeof change.silences, silences);
	change.text = (struct pw_bytes){ sentence, strlen(sentence) };
	message_put_change(&out, &change);
	assert_true(keeper_hear(&world->keeper, packet, out.size));
	out = wire_over(packet, sizeof packet);
	message_put_state(&out, &(struct message_state){ target, { "state", 5 } });
	assert_true(keeper_hear(&world->keeper, packet, out.size));
	journal_flush(&world->keeper);
}

static void
down(struct world *world, uint32_t target, const char *silences)
{
	say(world, target, "down", "suspect", "down", world->changes[target] + 1, silences);
}

static void
up(struct world *world, uint32_t target, uint64_t incident, const char *silences)
{
	say(world, target, "up", "down", "up", incident, silences);
}

/* What the notifier is handed next: its kind, "" for nothing. */
static const char *
handed(struct world *world)
{
	ssize_t size;

	for (int i = 0; i < 3; i++)
		outbox_turn(&world->keeper);
	size = packet_read(world->notifier, world->packet, sizeof world->packet, NULL);
	if (size <= 0)
		return "";
	struct wire_in in = wire_from(world->packet, (size_t)size);
	assert_true(message_get_notice(&in, &world->notice));
	return world->notice.kind;
}

static void
answer(struct world *world, enum pw_fate fate, bool channel)
{
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, &(struct message_receipt){ .notice = world->notice.notice, .fate = fate,
	    .channel = channel, .text = { "so be it", 8 } });
	assert_true(packet_send(world->notifier, packet, out.size, -1));
	courier_hear(&world->keeper, &world->keeper.outbox.couriers[0]);
}

static void
down_and_up_are_told_in_order(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.incident, 1);
	assert_int_equal(world->notice.attempt, 1);
	assert_int_equal(strlen(world->notice.key), 26);
	assert_memory_equal(world->notice.target.data, "mx1", 3);
	up(world, 0, 1, "");
	down(world, 1, "");
	assert_string_equal(handed(world), ""); /* one at a time */
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
what_waits_is_merged(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "outage");
	assert_int_equal(world->notice.covered, 2);
	assert_memory_equal(world->notice.list.data, "mx1 down\nmx1 up\n", 16);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
silence_yields_one_outage(void **state)
{
	struct world *world = create();

	(void)state;
	for (int i = 0; i < 3; i++) {
		down(world, 0, "paused");
		up(world, 0, world->changes[0], "paused");
	}
	assert_string_equal(handed(world), "");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "outage");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "");
	down(world, 0, "paused");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	up(world, 0, world->changes[0] - 1, "paused");
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "up");
	destroy(&world);
}

static void
who_dies_with_it_in_hand_leaves_a_doubt(void **state)
{
	struct world *world = create();
	char key[NOTICE_KEY_MAX];

	(void)state;
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	memcpy(key, world->notice.key, sizeof key);
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, 0);
	close(world->notifier);
	courier_hear(&world->keeper, &world->keeper.outbox.couriers[0]);
	world->keeper.outbox.couriers[0].rest_until = 0;
	link_notifier(world);
	assert_string_equal(handed(world), "down");
	assert_string_equal(world->notice.key, key);
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, NOTICE_DUPLICATE);
	assert_int_equal(world->notice.attempt, 2);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, 0);
	destroy(&world);
}

static void
a_keeper_born_again_goes_on(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	end(world);
	close(world->notifier);
	begin(world);
	link_notifier(world);
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx1", 3);
	assert_int_equal(world->notice.flags & NOTICE_DUPLICATE, NOTICE_DUPLICATE);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	end(world);
	begin(world);
	link_notifier(world);
	assert_string_equal(handed(world), "");
	/* The monitor says again what it was not told to be safe. */
	world->changes[0]--;
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	assert_int_equal(world->keeper.files[0].incident->number, 1);
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	assert_int_equal(world->notice.incident, 1);
	destroy(&world);
}

/* A keeper that died between its commit and its answer leaves the monitor to say all of it again to the next one. */
static void
what_was_safe_and_is_said_again_is_not_told_again(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "up");
	answer(world, PW_SENT, false);
	journal_flush(&world->keeper);
	end(world);
	close(world->notifier);
	begin(world);
	link_notifier(world);
	world->changes[0] = 1;
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "");
	world->changes[0] = 0;
	down(world, 0, "");
	up(world, 0, 1, "");
	assert_string_equal(handed(world), "");
	assert_null(world->keeper.files[0].incident);
	assert_int_equal(world->keeper.committed, world->number);
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

static void
the_way_rests_and_a_refusal_does_not_hold_up_others(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	down(world, 1, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_AGAIN, true);
	world->keeper.outbox.couriers[0].rest_until = clock_mono() + 3600 * (int64_t)SECOND;
	assert_string_equal(handed(world), "");
	world->keeper.outbox.couriers[0].rest_until = 0;
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.attempt, 2);
	answer(world, PW_NEVER, false);
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_storm_becomes_a_digest(void **state)
{
	struct world *world = create();
	int sent = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		say(world, (uint32_t)i % TARGETS, "blocked", "", "", 0, "");
	/* One code each: conditions that were told are not told again. */
	assert_string_equal(handed(world), "blocked");
	destroy(&world);
	world = create();
	for (int i = 0; i < 3 * STORM_MAX; i++)
		record_ours(&world->keeper, "impaired", "test", BEGAN, "trouble %d", i);
	journal_flush(&world->keeper);
	while (strcmp(handed(world), "impaired") == 0) {
		answer(world, PW_SENT, false);
		sent++;
	}
	assert_int_equal(sent, STORM_MAX);
	assert_string_equal(world->notice.kind, "digest");
	assert_int_equal(world->notice.covered, 2 * STORM_MAX);
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
waits_grow_and_end(void **state)
{
	(void)state;
	assert_int_equal(patience_channel(0, UINT32_MAX), 0);
	assert_int_equal(patience_channel(1, UINT32_MAX), 5 * SECOND);
	assert_int_equal(patience_channel(2, UINT32_MAX), 10 * SECOND);
	assert_int_equal(patience_channel(1, 0), 0);
	assert_int_equal(patience_channel(1000, UINT32_MAX), 900 * (int64_t)SECOND);
	assert_true(patience_delivery(0, 0) >= 30 * (int64_t)SECOND);
	assert_true(patience_delivery(1000, UINT32_MAX) <= 930 * (int64_t)SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(down_and_up_are_told_in_order),
		cmocka_unit_test(what_waits_is_merged),
		cmocka_unit_test(silence_yields_one_outage),
		cmocka_unit_test(who_dies_with_it_in_hand_leaves_a_doubt),
		cmocka_unit_test(a_keeper_born_again_goes_on),
		cmocka_unit_test(what_was_safe_and_is_said_again_is_not_told_again),
		cmocka_unit_test(the_way_rests_and_a_refusal_does_not_hold_up_others),
		cmocka_unit_test(a_storm_becomes_a_digest),
		cmocka_unit_test(waits_grow_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
