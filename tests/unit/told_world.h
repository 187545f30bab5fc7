/*
 * A keeper with four targets and four notifiers, and all that can hold a notice back; what a monitor would say of it, and
 * what the listeners make of what arrives. A listener fails the test where he is told something into a silence, twice, or
 * without what went before it. Time is the test's.
 */
#ifndef TESTS_TOLD_WORLD_H
#define TESTS_TOLD_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
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
#include "monitor_says.h"
#include "scratch.h"

enum { TARGETS = 4, NOTIFIERS = 4 };
enum { AT_ONCE, LATER, QUIET, KEEPS }; /* the notifiers */
#define MINUTE (60 * (int64_t)SECOND)

/* --- time --- */

static int64_t now = INT64_C(1767693000) * SECOND; /* a Tuesday, 09:50 UTC */

int __wrap_clock_gettime(clockid_t, struct timespec *);
int
__wrap_clock_gettime(clockid_t id, struct timespec *at)
{
	int64_t time = id == CLOCK_REALTIME ? now : now - INT64_C(1767000000) * SECOND;

	*at = (struct timespec){ time / SECOND, time % SECOND * 1000 };
	return 0;
}

static uint32_t seed;

static uint32_t
next(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return (seed >> 8) % below;
}

/* --- what is configured --- */

static const char *const tagged[] = { "lab" };
static const struct pw_plugin probe = { .name = "banner" }, plugin = { .name = "tests" };
static const struct plugin probes = { .descriptor = &probe }, notifiers = { .descriptor = &plugin };
static const struct policy plain = { .probe = &probes, .interval = MINUTE, .tries = 3, .recover_tries = 2, .notify_count = CONFIG_NONE };
static const struct policy lab = { .probe = &probes, .interval = MINUTE, .tries = 3, .recover_tries = 2,
	.notify_count = CONFIG_NONE, .tag_count = 1, .tags = tagged };
/* The second lies behind the first, the third has a tag, the fourth a window. */
static struct target targets[TARGETS] = {
	{ .name = "mx0", .is_named = true, .host = "mx0.test", .shown = "mx0.test", .port = 25, .policy = &plain, .parent = CONFIG_NONE },
	{ .name = "mx1", .is_named = true, .host = "mx1.test", .shown = "mx1.test", .port = 25, .policy = &plain, .parent = 0 },
	{ .name = "mx2", .is_named = true, .host = "mx2.test", .shown = "mx2.test", .port = 25, .policy = &lab, .parent = CONFIG_NONE },
	{ .name = "mx3", .is_named = true, .host = "mx3.test", .shown = "mx3.test", .port = 25, .policy = &plain, .parent = CONFIG_NONE },
};
static const uint32_t windowed[] = { 3 };
static const struct calendar_range window_hours[] = { { 0x7f, 610, 625 }, { 0x7f, 660, 680 }, { 0x7f, 720, 725 } };
static const struct calendar_range quiet_hours[] = { { 0x7f, 600, 620 }, { 0x7f, 650, 665 }, { 0x7f, 700, 740 } };
static const struct config_window window = { .when = { 3, window_hours }, .why = "reboots", .target_count = 1, .targets = windowed };
static struct config_notifier rules[NOTIFIERS];

/* --- the world, and what its listeners have heard --- */

struct heard {
	bool down[TARGETS], degraded[TARGETS];
	bool shaky[TARGETS]; /* a word arrived, and he who brought it died: we were not told */
	char keys[4096][NOTICE_KEY_MAX];
	uint32_t key_count;
};

struct world {
	char folder[SCRATCH_PATH];
	struct config config;
	struct duty duty;
	struct keeper keeper;
	int parent, ends[NOTIFIERS];
	uint64_t number, changes[TARGETS], incidents[TARGETS];
	bool down[TARGETS], degraded[TARGETS], acknowledged[TARGETS], blind, told_of_silence[TARGETS];
	int64_t paused[TARGETS], paused_tag;
	uint32_t was_silent;
	struct heard heard[NOTIFIERS];
	bool works[NOTIFIERS]; /* else it fails what it is handed */
	bool shows;
};

static void __attribute__((format(printf, 2, 3)))
show(const struct world *world, const char *format, ...)
{
	va_list arguments;
	time_t seconds = (time_t)(now / SECOND);
	char at[16];

	if (!world->shows)
		return;
	strftime(at, sizeof at, "%H:%M:%S", gmtime(&seconds));
	fprintf(stderr, "# %s ", at);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static bool
window_is_open(void)
{
	uint32_t minute = (uint32_t)(now / MINUTE % 1440);

	for (size_t i = 0; i < sizeof window_hours / sizeof window_hours[0]; i++)
		if (minute >= window_hours[i].from && minute < window_hours[i].to)
			return true;
	return false;
}

/* The reason of the monitor's; "": none. */
static const char *
silence_of_parent(const struct world *world, uint32_t target)
{
	return target == 1 && targets[1].parent == 0 && world->down[0] ? "parent" : "";
}

/* A reason of anybody's, in a word; "": none. */
static const char *
silence_of(const struct world *world, uint32_t target)
{
	if (now < world->paused[target] || (target == 2 && now < world->paused_tag))
		return "paused";
	if (target == 3 && window_is_open())
		return "window";
	return silence_of_parent(world, target);
}

static void
begin(struct world *world)
{
	int ends[2];
	struct reason why = { .text = "" };

	world->config = (struct config){ .state = world->folder, .target_count = TARGETS, .targets = targets, .timezone = "UTC",
		.notifier_count = NOTIFIERS, .notifiers = rules, .window_count = 1, .windows = &window };
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	world->parent = ends[1];
	world->duty = (struct duty){ .kind = DUTY_KEEPER, .parent = ends[0], .config = &world->config };
	world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .end.status = -1 };
	if (!keeper_recover(&world->keeper, &why))
		fail_msg("%s", why.text);
	world->keeper.outbox->random = next(UINT32_MAX) | 1; /* how long a way rests goes by it */
	for (uint32_t i = 0; i < NOTIFIERS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
		dispatch_link(&world->keeper, i, ends[0]);
		world->ends[i] = ends[1];
	}
}

static void
end(struct world *world)
{
	keeper_fini(&world->keeper);
	close(world->parent);
	close(world->duty.parent);
	for (uint32_t i = 0; i < NOTIFIERS; i++)
		close(world->ends[i]);
}

static void
hear(struct world *world, const void *packet, size_t size)
{
	assert_true(keeper_hear(&world->keeper, packet, size));
}

static void
say_health(struct world *world)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_health(&out, &(struct message_health){ .ran = 1, .blind = world->blind });
	hear(world, packet, out.size);
}

/* `kind` "": only that the reasons for silence are others. */
static void
say(struct world *world, uint32_t target, const char *kind, const char *from, const char *to, uint64_t incident)
{
	char sentence[64];
	struct message_change change = { .target = target, .change = ++world->changes[target],
		.incident = incident == UINT64_MAX ? world->changes[target] : incident, .detected = now, .confirmed = now };

	snprintf(sentence, sizeof sentence, "mx%u %s", target, kind);
	snprintf(change.kind, sizeof change.kind, "%s", kind);
	snprintf(change.code, sizeof change.code, "%s", strcmp(kind, "degraded") == 0 || strcmp(kind, "cleared") == 0 ? "slow_banner" : "");
	snprintf(change.from, sizeof change.from, "%s", from);
	snprintf(change.to, sizeof change.to, "%s", to);
	snprintf(change.silences, sizeof change.silences, "%s", silence_of_parent(world, target));
	world->told_of_silence[target] |= change.silences[0] != '\0';
	change.text = (struct pw_bytes){ sentence, strlen(sentence) };
	assert_true(say_run(&world->keeper, &change, &(struct message_state){ target, false, { "state", 5 } }));
	commit_all(&world->keeper);
	show(world, "mx%u says \"%s\" (%s)", target, kind, change.silences);
}

static void
ask(struct world *world, const char *verb, uint32_t target, const char *const *words)
{
	struct message_ask message = { .number = 1, .target = target, .who = "me" };
	unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);

	snprintf(message.verb, sizeof message.verb, "%s", verb);
	for (; *words != NULL; words++)
		message.words[message.word_count++] = (struct pw_bytes){ *words, strlen(*words) };
	message_put_ask(&out, &message);
	hear(world, packet, out.size);
	commit_all(&world->keeper);
	asks_forget(&world->keeper);
}
#define ASK(world, verb, target, ...) ask((world), (verb), (target), (const char *const[]){ __VA_ARGS__, NULL })

/* --- what is handed out, and what may be --- */

static void
may_be_told(const struct world *world, uint32_t notifier, uint32_t target, const char *what)
{
	const char *silence = silence_of(world, target);

	if (silence[0] == '\0' && !world->blind)
		return;
	fail_msg("notifier %u is told \"%s\" of mx%u while it is %s", notifier, what, target, silence[0] != '\0' ? silence : "blind");
}

/* What a listener makes of a word; no word may come twice, or without the one before it, unless it says that it may. */
static void
learn(struct heard *heard, uint32_t notifier, uint32_t target, const char *what, bool doubtful)
{
	bool *down = &heard->down[target], *degraded = &heard->degraded[target];
	bool fits = true;

	if (strcmp(what, "down") == 0) {
		fits = !*down;
		*down = true;
	} else if (strcmp(what, "up") == 0) {
		fits = *down;
		*down = false;
	} else if (strcmp(what, "was") == 0 || strcmp(what, "outage") == 0) {
		fits = !*down;
		*down = false;
	} else if (strcmp(what, "degraded") == 0) {
		fits = !*degraded;
		*degraded = true;
	} else if (strcmp(what, "cleared") == 0) {
		fits = *degraded;
		*degraded = false;
	} else if (strcmp(what, "reminder") == 0 || strcmp(what, "is") == 0)
		fits = *down;
	else
		fail_msg("notifier %u is told \"%s\"", notifier, what);
	if (!fits && !doubtful && !heard->shaky[target])
		fail_msg("notifier %u is told \"%s\" of mx%u, which does not follow", notifier, what, target);
}

static void
take_lines(struct world *world, uint32_t notifier, const struct message_notice *notice, bool fresh, bool dies)
{
	char lines[NOTICE_LIST_MAX + 1], *rest = lines;
	uint32_t target;
	char what[16];

	snprintf(lines, sizeof lines, "%.*s", (int)notice->list.size, notice->list.data);
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (sscanf(line, "mx%u %15s", &target, what) != 2)
			continue;
		may_be_told(world, notifier, target, what);
		world->heard[notifier].shaky[target] |= fresh && dies;
		if (fresh)
			learn(&world->heard[notifier], notifier, target, what, notice->flags & NOTICE_DUPLICATE);
	}
}

static bool
is_new(struct heard *heard, const char *key)
{
	for (uint32_t i = 0; i < heard->key_count; i++)
		if (strcmp(heard->keys[i], key) == 0)
			return false;
	assert_true(heard->key_count < sizeof heard->keys / sizeof heard->keys[0]);
	memcpy(heard->keys[heard->key_count++], key, NOTICE_KEY_MAX);
	return true;
}

/* Of a target; 0: none is. */
static uint64_t
open_incident(struct world *world, uint32_t target)
{
	struct store_incident incident;

	return registry_open_incident(world->keeper.registry, target, &incident) ? incident.number : 0;
}

static void
take(struct world *world, uint32_t notifier, const struct message_notice *notice, bool arrives, bool dies)
{
	const struct notifier *link = notifier_at(&world->keeper, notifier);
	bool fresh = arrives && is_new(&world->heard[notifier], notice->key), retried;
	struct delivery delivery;
	uint32_t target = notice->target.size > 0 ? (uint32_t)(notice->target.data[2] - '0') : TARGETS;

	retried = link->hand_count > 0 && outbox_find(&world->keeper, link, notice->notice, link->hand[0], &delivery)
	    && delivery.retried > clock_wall();
	show(world, "notifier %u is handed %s of mx%u%s%s: %.*s", notifier, notice->kind, target, arrives ? "" : ", which does not arrive",
	    retried ? " (by hand)" : "", (int)notice->text.size, notice->text.data);
	if (strcmp(notice->kind, "digest") == 0) {
		show(world, "%.*s", (int)notice->list.size, notice->list.data);
		assert_int_not_equal(notifier, KEEPS);
		take_lines(world, notifier, notice, fresh, dies);
		return;
	}
	if (target == TARGETS)
		return; /* of us */
	if (!retried)
		may_be_told(world, notifier, target, notice->kind);
	if (!retried && world->acknowledged[target] && notice->incident == open_incident(world, target)
	    && (strcmp(notice->kind, "reminder") == 0 || (notifier == LATER && strcmp(notice->kind, "down") == 0)))
		fail_msg("notifier %u is told \"%s\" of mx%u, which is acknowledged", notifier, notice->kind, target);
	world->heard[notifier].shaky[target] |= fresh && dies;
	if (fresh)
		learn(&world->heard[notifier], notifier, target, notice->kind, retried || notice->flags & NOTICE_DUPLICATE);
}

static void
answer(struct world *world, uint32_t notifier, const struct message_notice *notice, enum pw_fate fate, bool channel)
{
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_receipt(&out, &(struct message_receipt){ .notice = notice->notice, .fate = fate, .channel = channel, .text = { "x", 1 } });
	assert_true(packet_send(world->ends[notifier], packet, out.size, -1));
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, notifier));
}

/* Its worker dies with a notice in hand. */
static void
die(struct world *world, uint32_t notifier)
{
	int ends[2];

	close(world->ends[notifier]);
	dispatch_hear(&world->keeper, notifier_at(&world->keeper, notifier));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	dispatch_link(&world->keeper, notifier, ends[0]);
	world->ends[notifier] = ends[1];
}

static bool
deliver(struct world *world, uint32_t notifier)
{
	static unsigned char packet[WIRE_MAX];
	static struct message_notice notice;
	ssize_t size;
	uint32_t how = next(12);

	do
		size = packet_read(world->ends[notifier], packet, sizeof packet, NULL);
	while (size > 0 && message_kind(packet, (size_t)size) == MESSAGE_LEG);
	if (size <= 0)
		return false;
	struct wire_in in = wire_from(packet, (size_t)size);
	assert_true(message_get_notice(&in, &notice));
	if (world->works[notifier]) {
		take(world, notifier, &notice, true, false);
		answer(world, notifier, &notice, PW_SENT, false);
	} else if (how == 0) {
		take(world, notifier, &notice, next(2) == 0, true);
		die(world, notifier);
	} else {
		take(world, notifier, &notice, false, false);
		answer(world, notifier, &notice, PW_AGAIN, how < 6);
	}
	return true;
}

static void
turn(struct world *world)
{
	static unsigned char packet[WIRE_MAX];

	(void)window_clock_turn(&world->keeper.policy->windows, clock_wall());
	dispatch_turn(&world->keeper);
	commit_all(&world->keeper);
	dispatch_turn(&world->keeper);
	commit_all(&world->keeper);
	while (packet_read(world->parent, packet, sizeof packet, NULL) > 0)
		continue;
}

/* The monitor says when its reason has ended, where it had kept something silent. */
static void
look_at_silence(struct world *world)
{
	for (uint32_t i = 0; i < TARGETS; i++) {
		bool silent = silence_of_parent(world, i)[0] != '\0';
		if (world->was_silent >> i & 1 && !silent && world->told_of_silence[i]) {
			world->told_of_silence[i] = false;
			say(world, i, "", "", "", 0);
		}
		world->was_silent = (world->was_silent & ~(1u << i)) | (uint32_t)silent << i;
	}
}

static void
pass(struct world *world, int64_t time)
{
	for (int64_t until = now + time; now < until;) {
		now += until - now < 7 * (int64_t)SECOND ? until - now : 7 * (int64_t)SECOND;
		say_health(world);
		/* Who is first to see that a reason has ended is left to chance. */
		if (next(3) > 0)
			look_at_silence(world);
		turn(world);
		for (uint32_t i = 0; i < NOTIFIERS; i++)
			while (deliver(world, i))
				turn(world);
	}
}

#endif
