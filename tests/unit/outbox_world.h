/*
 * A keeper over a real store, with notifiers whose other ends are the test's: what they are handed, and what they answer.
 */
#ifndef TESTS_OUTBOX_WORLD_H
#define TESTS_OUTBOX_WORLD_H

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
#include "keeper/ledgers.h"
#include "monitor_says.h"
#include "scratch.h"
#include "waiting.h"

#define UNUSED __attribute__((unused))

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
enum { NOTIFIERS = 2 };

struct world {
	char folder[SCRATCH_PATH];
	struct config config;
	struct duty duty;
	struct keeper keeper;
	struct config_notifier rules[NOTIFIERS]; /* the first alone, until a test has both */
	int parent, notifiers[NOTIFIERS]; /* our ends */
	bool both, shadow;
	const struct config_report *reports; /* of the next birth */
	uint32_t report_count;
	uint32_t fewer; /* targets at the end are not configured */
	const char *code; /* of what is said next; NULL: none */
	uint64_t number, changes[TARGETS];
	unsigned char packet[WIRE_MAX];
	struct message_notice notice;
};

UNUSED static void
begin(struct world *world)
{
	int parent[2];
	struct reason why = { .text = "" };

	world->config = (struct config){ .state = world->folder, .target_count = TARGETS - world->fewer, .targets = targets,
		.notifier_count = world->both ? 2 : 1, .notifiers = world->rules, .shadow = world->shadow,
		.reports = world->reports, .report_count = world->report_count };
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, parent), 0);
	world->parent = parent[1];
	world->duty = (struct duty){ .kind = DUTY_KEEPER, .parent = parent[0], .config = &world->config };
	world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .end.status = -1 };
	if (!keeper_recover(&world->keeper, &why))
		fail_msg("%s", why.text);
}

UNUSED static void
link_notifiers(struct world *world)
{
	for (uint32_t i = 0; i < world->config.notifier_count; i++) {
		int ends[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
		dispatch_link(&world->keeper, i, ends[0]);
		world->notifiers[i] = ends[1];
	}
}

/* As a kill does: nothing is flushed. */
UNUSED static void
end(struct world *world)
{
	keeper_fini(&world->keeper);
	close(world->parent);
	close(world->duty.parent);
}

/* What its notifiers are told may be set before it begins. */
UNUSED static struct world *
prepare(void)
{
	struct world *world = calloc(1, sizeof *world);

	scratch_make(world->folder, "outbox", false);
	for (uint32_t i = 0; i < NOTIFIERS; i++)
		world->rules[i] = (struct config_notifier){ .name = i == 0 ? "tests" : "others", .plugin = &notifiers,
			.kinds = ~(1u << NOTICE_fact), .storm = 20, .channel_grace = 600 * (int64_t)SECOND, .fallback = CONFIG_NONE };
	return world;
}

UNUSED static struct world *
create(void)
{
	struct world *world = prepare();

	begin(world);
	link_notifiers(world);
	return world;
}

/* As a kill and a new birth do. */
UNUSED static void
begin_again(struct world *world)
{
	end(world);
	for (uint32_t i = 0; i < world->config.notifier_count; i++)
		close(world->notifiers[i]);
	begin(world);
	link_notifiers(world);
}

UNUSED static void
destroy(struct world **world)
{
	end(*world);
	for (uint32_t i = 0; i < (*world)->config.notifier_count; i++)
		close((*world)->notifiers[i]);
	scratch_remove((*world)->folder);
	free(*world);
	*world = NULL;
}

UNUSED static void
copy(char *into, size_t room, const char *from)
{
	snprintf(into, room, "%s", from);
}

UNUSED static void
say(struct world *world, uint32_t target, const char *kind, const char *from, const char *to, uint64_t incident,
    const char *silences)
{
	char sentence[64];
	struct message_change change = { .target = target, .change = ++world->changes[target],
		.incident = incident, .detected = BEGAN, .confirmed = clock_wall() };

	snprintf(sentence, sizeof sentence, "mx%u %s", target + 1, kind);
	copy(change.kind, sizeof change.kind, kind);
	copy(change.from, sizeof change.from, from);
	copy(change.to, sizeof change.to, to);
	copy(change.code, sizeof change.code, world->code == NULL ? "" : world->code);
	copy(change.silences, sizeof change.silences, silences);
	change.text = (struct pw_bytes){ sentence, strlen(sentence) };
	assert_true(say_run(&world->keeper, &change, &(struct message_state){ target, false, { "state", 5 } }));
	commit_all(&world->keeper);
}

UNUSED static void
down(struct world *world, uint32_t target, const char *silences)
{
	say(world, target, "down", "suspect", "down", world->changes[target] + 1, silences);
}

UNUSED static void
up(struct world *world, uint32_t target, uint64_t incident, const char *silences)
{
	say(world, target, "up", "down", "up", incident, silences);
}

/* Somebody asks for something; the words end with NULL. */
UNUSED static void
ask(struct world *world, const char *verb, uint32_t target, const char *const *words)
{
	struct message_ask message = { .number = 1, .target = target, .who = "me" };
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	snprintf(message.verb, sizeof message.verb, "%s", verb);
	for (; *words != NULL; words++)
		message.words[message.word_count++] = (struct pw_bytes){ *words, strlen(*words) };
	message_put_ask(&out, &message);
	assert_true(keeper_hear(&world->keeper, packet, out.size));
	commit_all(&world->keeper);
}
#define ASK(world, verb, target, ...) ask((world), (verb), (target), (const char *const[]){ __VA_ARGS__, NULL })

/* The open incident of a target. */
UNUSED static struct store_incident
incident_of(struct world *world, uint32_t target)
{
	struct store_incident incident;

	assert_true(registry_open_incident(world->keeper.registry, target, &incident));
	return incident;
}

/* It was confirmed as it began, and was last said again, so much earlier. */
UNUSED static void
age_incident(struct world *world, uint32_t target, int64_t confirmed, int64_t reminded)
{
	struct store_incident incident = incident_of(world, target);

	incident.confirmed -= confirmed;
	incident.began = incident.confirmed;
	incident.reminded -= reminded;
	store_put_incident(commit_queue_main(&world->keeper), &incident);
}

UNUSED static void
set_acknowledged(struct world *world, uint32_t target, int64_t at)
{
	struct store_incident incident = incident_of(world, target);

	incident.acknowledged = at;
	store_put_incident(commit_queue_main(&world->keeper), &incident);
}

UNUSED static void
acknowledge(struct world *world, uint32_t target)
{
	char number[24];

	snprintf(number, sizeof number, "%llu", (unsigned long long)incident_of(world, target).number);
	ASK(world, "ack", CONFIG_NONE, number, "on it");
}

/* What waits for a notifier became due so long ago. */
UNUSED static void
ripen(struct world *world, uint32_t notifier)
{
	grow_old(&world->keeper, notifier, 0, true);
}

/* Nothing is claimed for a notifier, or what waits may be again. */
UNUSED static void
hold(struct world *world, uint32_t notifier, bool held)
{
	notifier_at(&world->keeper, notifier)->rest_until = held ? INT64_MAX : 0;
}

/* What a notifier is handed next: its kind, "" for nothing. Each time a second has passed. */
UNUSED static const char *
handed_to(struct world *world, uint32_t notifier)
{
	ssize_t size;

	for (int i = 0; i < 3; i++) {
		world->keeper.service->next_second = 0;
		dispatch_turn(&world->keeper);
		commit_all(&world->keeper);
	}
	dispatch_turn(&world->keeper);
	do
		size = packet_read(world->notifiers[notifier], world->packet, sizeof world->packet, NULL);
	while (size > 0 && message_kind(world->packet, (size_t)size) == MESSAGE_LEG);
	if (size <= 0)
		return "";
	struct wire_in in = wire_from(world->packet, (size_t)size);
	assert_true(message_get_notice(&in, &world->notice));
	return world->notice.kind;
}

UNUSED static const char *
handed(struct world *world)
{
	return handed_to(world, 0);
}

/* The notifier answers for what was looked at last. */
UNUSED static void
answer_from(struct world *world, uint32_t notifier, enum pw_fate fate, bool channel)
{
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, &(struct message_receipt){ .notice = world->notice.notice, .fate = fate,
	    .channel = channel, .text = { "so be it", 8 } });
	assert_true(packet_send(world->notifiers[notifier], packet, out.size, -1));
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, notifier));
}

UNUSED static void
answer(struct world *world, enum pw_fate fate, bool channel)
{
	answer_from(world, 0, fate, channel);
}

#endif
