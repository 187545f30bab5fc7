/* A keeper over a real store, with the test at the monitor's and the notifier's ends of its links: for what people ask. */
#ifndef TESTS_ASKS_WORLD_H
#define TESTS_ASKS_WORLD_H

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
#include "keeper/ask.h"
#include "keeper/dispatch.h"
#include "keeper/monitor_link.h"
#include "keeper/outbox_private.h"
#include "keeper/policy_private.h"
#include "keeper/record_private.h"
#include "keeper/service_private.h"
#include "keeper/silences.h"
#include "keeper/test_notice.h"
#include "keeper/ledgers.h"
#include "monitor_says.h"
#include "scratch.h"
#include "waiting.h"

enum { TARGETS = 2 };

static const char *const tags[] = { "lab" };
static const struct pw_plugin probe = { .name = "banner" }, plugin = { .name = "tests" };
static const struct plugin probes = { .descriptor = &probe }, notifiers = { .descriptor = &plugin };
static const struct policy policy = { .probe = &probes, .interval = 60 * (int64_t)SECOND, .tries = 3, .recover_tries = 2,
	.notify_count = CONFIG_NONE, .tag_count = 1, .tags = tags };
static const struct target targets[TARGETS] = {
	{ .name = "mx1", .is_named = true, .host = "mx1.test", .shown = "mx1.test", .port = 25, .policy = &policy, .parent = CONFIG_NONE },
	{ .name = "mx2", .is_named = true, .host = "mx2.test", .shown = "mx2.test", .port = 25, .policy = &policy, .parent = CONFIG_NONE },
};
static const struct config_notifier configured[] = { { .name = "tests", .plugin = &notifiers,
	.kinds = ~(1u << NOTICE_fact), .storm = 20, .channel_grace = 600 * (int64_t)SECOND, .fallback = CONFIG_NONE } };
static const char *const two[] = { "ann@a.test", "ben@b.test" };

struct world {
	char folder[SCRATCH_PATH];
	struct config config;
	struct duty duty;
	struct keeper keeper;
	int parent, monitor, notifier; /* our ends */
	uint64_t number, changes[TARGETS], asks;
	unsigned char packet[WIRE_MAX];
	struct message_notice notice;
	char heard[4096]; /* answers and pauses: "P1+ P1- o… x0", with bars between */
};

static inline void
link_monitor(struct world *world)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	asks_forget(&world->keeper);
	world->keeper.service->link.socket = ends[0];
	world->monitor = ends[1];
}

static inline void
begin(struct world *world)
{
	int ends[2];
	struct reason why = { .text = "" };

	world->config = (struct config){ .state = world->folder, .target_count = TARGETS, .targets = targets,
		.notifier_count = 1, .notifiers = configured };
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	world->parent = ends[1];
	world->duty = (struct duty){ .kind = DUTY_KEEPER, .parent = ends[0], .config = &world->config };
	world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .end.status = -1 };
	if (!keeper_recover(&world->keeper, &why))
		fail_msg("%s", why.text);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	dispatch_link(&world->keeper, 0, ends[0]);
	world->notifier = ends[1];
	link_monitor(world);
}

/* As a kill does: nothing is flushed. */
static inline void
end(struct world *world)
{
	keeper_fini(&world->keeper);
	close(world->parent);
	close(world->duty.parent);
	close(world->notifier);
	close(world->monitor);
}

static inline int
set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	scratch_make(world->folder, "asks", false);
	begin(world);
	*state = world;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct world *world = *state;

	end(world);
	scratch_remove(world->folder);
	free(world);
	return 0;
}

static inline void __attribute__((format(printf, 2, 3)))
note(struct world *world, const char *format, ...)
{
	size_t size = strlen(world->heard);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(world->heard + size, sizeof world->heard - size, format, arguments);
	va_end(arguments);
}

/* What the monitor hears now. */
static inline const char *
heard(struct world *world)
{
	struct message_answer answer;
	ssize_t size;

	world->heard[0] = '\0';
	test_notice_turn(&world->keeper);
	asks_turn(&world->keeper);
	while ((size = packet_read(world->monitor, world->packet, sizeof world->packet, NULL)) > 0) {
		struct wire_in in = wire_from(world->packet, (size_t)size);
		assert_true(message_get_answer(&in, &answer));
		assert_int_equal(answer.number, world->asks);
		if (answer.kind == 'x')
			note(world, "x%u|", answer.status);
		else
			note(world, "%c%.*s|", answer.kind, (int)answer.text.size, answer.text.data);
	}
	return world->heard;
}

/* The words end with NULL. */
static inline void
ask(struct world *world, const char *verb, uint32_t target, const char *const *words)
{
	struct message_ask message = { .number = ++world->asks, .target = target, .who = "root" };
	unsigned char packet[4096];
	struct wire_out out = wire_over(packet, sizeof packet);

	snprintf(message.verb, sizeof message.verb, "%s", verb);
	for (; *words != NULL; words++)
		message.words[message.word_count++] = (struct pw_bytes){ *words, strlen(*words) };
	message_put_ask(&out, &message);
	assert_true(keeper_hear(&world->keeper, packet, out.size));
}
#define ASK(world, verb, target, ...) ask((world), (verb), (target), (const char *const[]){ __VA_ARGS__, NULL })

static inline void
say(struct world *world, uint32_t target, const char *kind, const char *from, const char *to, uint64_t incident)
{
	struct message_change change = { .target = target, .change = ++world->changes[target],
		.incident = incident, .detected = clock_wall(), .confirmed = clock_wall(), .text = { "a word", 6 } };

	snprintf(change.kind, sizeof change.kind, "%s", kind);
	snprintf(change.from, sizeof change.from, "%s", from);
	snprintf(change.to, sizeof change.to, "%s", to);
	assert_true(say_run(&world->keeper, &change, &(struct message_state){ target, false, { "state", 5 } }));
	commit_all(&world->keeper);
}

static inline void
down(struct world *world, uint32_t target)
{
	say(world, target, "down", "suspect", "down", world->changes[target] + 1);
}

static inline void
up(struct world *world, uint32_t target, uint64_t incident)
{
	say(world, target, "up", "down", "up", incident);
}

/* What the notifier is handed next: its kind, "" for nothing. */
static inline const char *
handed(struct world *world)
{
	ssize_t size;

	for (int i = 0; i < 3; i++)
		dispatch_turn(&world->keeper);
	size = packet_read(world->notifier, world->packet, sizeof world->packet, NULL);
	if (size <= 0)
		return "";
	struct wire_in in = wire_from(world->packet, (size_t)size);
	assert_true(message_get_notice(&in, &world->notice));
	return world->notice.kind;
}

static inline void
answer(struct world *world, uint32_t recipient, enum pw_fate fate)
{
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, &(struct message_receipt){ .notice = world->notice.notice, .recipient = recipient, .fate = fate,
	    .channel = fate == PW_AGAIN, .micros = SECOND, .text = { "so\nbe it", 8 } });
	assert_true(packet_send(world->notifier, packet, out.size, -1));
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, 0));
}

static inline bool
starts_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

#endif
