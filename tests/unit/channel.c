/* A notifier that delivers nothing: how long it rests, who is told of it and when, and what the heartbeat makes of it. */
#include "outbox_world.h"

#include "keeper/heartbeat.h"

#define MINUTE (60 * (int64_t)SECOND)

static struct world *
both(void)
{
	struct world *world = prepare();

	world->both = true;
	begin(world);
	link_notifiers(world);
	return world;
}

static struct channel *
channel(struct world *world, uint32_t notifier)
{
	return &world->keeper.service->channels[notifier];
}

static struct notifier *
link_of(struct world *world, uint32_t notifier)
{
	return notifier_at(&world->keeper, notifier);
}

/* It began to fail so much earlier. */
static void
let_fail(struct world *world, uint32_t notifier, int64_t span)
{
	channel(world, notifier)->since -= span;
	channel(world, notifier)->age -= span;
	notifier_set_dead(link_of(world, notifier), clock_boot() - channel(world, notifier)->age >= world->rules[notifier].channel_grace);
}

/* The lines for the log that hold these words. */
static int
lines_with(struct world *world, const char *words)
{
	struct message_log line;
	ssize_t size;
	int count = 0;

	while ((size = packet_read(world->parent, world->packet, sizeof world->packet, NULL)) > 0) {
		struct wire_in in = wire_from(world->packet, (size_t)size);
		if (message_kind(world->packet, (size_t)size) == MESSAGE_LOG && message_get_log(&in, &line))
			count += memmem(line.text.data, line.text.size, words, strlen(words)) != NULL;
	}
	return count;
}

static void
a_refused_connection_is_one_failure(void **state)
{
	static const char *const team[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };
	enum { TEAM = sizeof team / sizeof team[0] };
	struct world *world = create();
	unsigned char packet[512];

	(void)state;
	link_of(world, 0)->recipients = team;
	link_of(world, 0)->recipient_count = TEAM;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.recipient_count, TEAM);
	for (uint32_t i = 0; i < TEAM; i++) {
		struct wire_out out = wire_over(packet, sizeof packet);
		message_put_receipt(&out, &(struct message_receipt){ .notice = world->notice.notice, .recipient = i, .fate = PW_AGAIN,
		    .channel = true, .text = { "refused", 7 } });
		assert_true(packet_send(world->notifiers[0], packet, out.size, -1));
	}
	dispatch_hear(&world->keeper, link_of(world, 0));
	assert_int_equal(link_of(world, 0)->failures, 1);
	assert_true(link_of(world, 0)->rest_until <= clock_mono() + 5 * (int64_t)SECOND);
	link_of(world, 0)->rest_until = 0;
	assert_string_equal(handed(world), "down");
	answer(world, PW_AGAIN, true);
	assert_int_equal(link_of(world, 0)->failures, 2);
	destroy(&world);
}

static void
the_first_failure_is_logged(void **state)
{
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_AGAIN, true);
	assert_int_equal(lines_with(world, "tests has not delivered a notice, 1 waiting: so be it"), 1);
	link_of(world, 0)->rest_until = 0;
	assert_string_equal(handed(world), "down");
	answer(world, PW_AGAIN, true);
	assert_int_equal(lines_with(world, "has not delivered"), 0);
	link_of(world, 0)->rest_until = 0;
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	assert_int_equal(lines_with(world, "tests delivers again, after "), 1);
	destroy(&world);
}

/* The first cannot deliver; the second is told once, and of the end, across births of the keeper. */
static void
fails_for_long(struct world *world)
{
	assert_string_equal(handed_to(world, 1), "");
	let_fail(world, 0, 9 * MINUTE);
	assert_string_equal(handed_to(world, 1), "");
	let_fail(world, 0, 2 * MINUTE);
	assert_string_equal(handed_to(world, 1), "impaired");
	assert_string_equal(world->notice.code, "channel_tests");
	answer_from(world, 1, PW_SENT, false);
	commit_all(&world->keeper);
	begin_again(world);
	assert_string_equal(handed_to(world, 1), "");
}

static void
fails_no_longer(struct world *world)
{
	link_of(world, 0)->rest_until = 0;
	for (const char *kind = handed(world); kind[0] != '\0'; kind = handed(world)) {
		assert_string_not_equal(kind, "impaired"); /* it is not told of itself */
		answer(world, PW_SENT, false);
		link_of(world, 0)->rest_until = 0;
	}
	assert_string_equal(handed_to(world, 1), "cleared");
	assert_string_equal(world->notice.code, "channel_tests");
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
}

static struct world *
with_one_told(void)
{
	struct world *world = both();

	down(world, 0, "");
	assert_string_equal(handed_to(world, 1), "down");
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed(world), "down");
	return world;
}

static void
no_connection_for_long_is_told_by_the_others(void **state)
{
	struct world *world = with_one_told();

	(void)state;
	answer(world, PW_AGAIN, true);
	link_of(world, 0)->rest_until = INT64_MAX / 2;
	let_fail(world, 0, 11 * MINUTE);
	assert_string_equal(handed_to(world, 1), "impaired");
	assert_memory_equal(world->notice.text.data, "tests: nothing delivered for 11 min", 35);
	assert_non_null(memmem(world->notice.text.data, world->notice.text.size, ", 1 waiting: so be it", 21));
	destroy(&world);
	world = with_one_told();
	answer(world, PW_AGAIN, true);
	link_of(world, 0)->rest_until = INT64_MAX / 2;
	fails_for_long(world);
	fails_no_longer(world);
	destroy(&world);
}

static void
so_are_refusals(void **state)
{
	struct world *world = with_one_told();

	(void)state;
	answer(world, PW_NEVER, false);
	fails_for_long(world);
	ripen(world, 0);
	fails_no_longer(world);
	destroy(&world);
}

static void
so_are_workers_that_die(void **state)
{
	struct world *world = with_one_told();
	int ends[2];

	(void)state;
	close(world->notifiers[0]);
	dispatch_hear(&world->keeper, link_of(world, 0));
	link_of(world, 0)->rest_until = INT64_MAX / 2;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	dispatch_link(&world->keeper, 0, ends[0]);
	world->notifiers[0] = ends[1];
	fails_for_long(world);
	fails_no_longer(world);
	destroy(&world);
}

static void
revive_worker(struct world *world)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	dispatch_link(&world->keeper, 0, ends[0]);
	world->notifiers[0] = ends[1];
}

/* What the parent says of it. */
static void
say_absent(struct world *world, const char *why)
{
	struct message_absent absent = { .notifier = 0 };
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct wire_in in;

	snprintf(absent.why, sizeof absent.why, "%s", why);
	message_put_absent(&out, &absent);
	in = wire_from(packet, out.size);
	assert_true(channel_hear_parent(&world->keeper, &in));
}

static void
kill_worker(struct world *world)
{
	close(world->notifiers[0]);
	dispatch_hear(&world->keeper, link_of(world, 0));
	world->notifiers[0] = -1;
}

/* Nothing waits for it, and it is told with what the parent knows, whatever dies between. */
static void
so_is_one_that_nobody_waits_for_and_that_cannot_begin(void **state)
{
	static const char words[] = "tests: cannot deliver, for 11 min";
	struct world *world = both();

	(void)state;
	kill_worker(world);
	say_absent(world, "cannot begin: the secret is gone");
	channel(world, 0)->absent -= 11 * (int64_t)SECOND;
	assert_string_equal(handed_to(world, 1), "");
	assert_int_equal(lines_with(world, "tests cannot deliver: cannot begin: the secret is gone"), 1);
	let_fail(world, 0, 11 * MINUTE);
	assert_string_equal(handed_to(world, 1), "impaired");
	assert_memory_equal(world->notice.text.data, words, sizeof words - 1);
	assert_non_null(memmem(world->notice.text.data, world->notice.text.size, ": cannot begin: the secret is gone", 34));
	answer_from(world, 1, PW_SENT, false);
	commit_all(&world->keeper);
	begin_again(world); /* with the worker */
	assert_string_equal(handed_to(world, 1), "");
	channel(world, 0)->present -= 11 * (int64_t)SECOND;
	assert_string_equal(handed_to(world, 1), "cleared");
	assert_non_null(memmem(world->notice.text.data, world->notice.text.size, "tests: can deliver again, after 11 min", 38));
	destroy(&world);
}

/* That it has gone is known first, and of what a moment later. */
static void
a_worker_that_dies_with_a_notice_says_of_what(void **state)
{
	struct world *world = both();

	(void)state;
	down(world, 0, "");
	assert_string_equal(handed_to(world, 0), "down");
	kill_worker(world);
	assert_non_null(strstr(channel(world, 0)->words, "its process died with a notice in hand, or was ended"));
	say_absent(world, "its process died at its limit of memory");
	assert_string_equal(channel(world, 0)->words, "its process died at its limit of memory");
	revive_worker(world);
	link_of(world, 0)->rest_until = 0;
	assert_string_equal(handed_to(world, 0), "down");
	say_absent(world, "its process died of SIGSEGV"); /* the other way round */
	kill_worker(world);
	assert_string_equal(channel(world, 0)->words, "its process died of SIGSEGV");
	revive_worker(world);
	link_of(world, 0)->rest_until = 0;
	assert_string_equal(handed_to(world, 0), "down");
	answer_from(world, 0, PW_AGAIN, true);
	say_absent(world, "its process died of SIGSEGV"); /* of another time: the peer has spoken since */
	assert_null(strstr(channel(world, 0)->words, "died"));
	destroy(&world);
}

/* It lives for moments. */
static void
so_is_one_that_dies_at_each_birth(void **state)
{
	struct world *world = both();

	(void)state;
	for (int i = 0; i < 5; i++) {
		kill_worker(world);
		say_absent(world, "its process died of SIGSEGV");
		channel(world, 0)->absent -= 3 * (int64_t)SECOND;
		assert_string_equal(handed_to(world, 1), "");
		revive_worker(world);
		assert_string_equal(handed_to(world, 1), "");
	}
	assert_int_equal(lines_with(world, "tests cannot deliver: its process died of SIGSEGV"), 1);
	let_fail(world, 0, 11 * MINUTE);
	assert_string_equal(handed_to(world, 1), "impaired");
	destroy(&world);
}

static void
so_is_one_that_cannot_begin(void **state)
{
	struct world *world = prepare();
	int ends[2];

	(void)state;
	world->both = true;
	begin(world);
	world->notifiers[0] = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	dispatch_link(&world->keeper, 1, ends[0]);
	world->notifiers[1] = ends[1];
	down(world, 0, "");
	assert_string_equal(handed_to(world, 1), "down");
	answer_from(world, 1, PW_SENT, false);
	channel(world, 0)->absent -= 11 * (int64_t)SECOND;
	assert_string_equal(handed_to(world, 1), "");
	let_fail(world, 0, 11 * MINUTE);
	assert_string_equal(handed_to(world, 1), "impaired");
	answer_from(world, 1, PW_SENT, false);
	assert_non_null(memmem(world->notice.text.data, world->notice.text.size, "its process does not run", 24));
	revive_worker(world);
	assert_string_equal(handed_to(world, 1), "");
	channel(world, 0)->present -= 11 * (int64_t)SECOND;
	assert_string_equal(handed_to(world, 1), "cleared");
	destroy(&world);
}

static void
say_files(struct world *world, const char *said)
{
	unsigned char packet[2048];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_sources(&out, said);
	assert_true(packet_send(world->notifiers[0], packet, out.size, -1));
	dispatch_hear(&world->keeper, link_of(world, 0));
	commit_all(&world->keeper);
}

/* It works with the copy, and says so at each of its births; each word is told once by both, and so is the end. */
static void
a_file_that_cannot_be_used_is_told(void **state)
{
	static const char words[] = "tests: ca_file: x.pem: no certificates: what was in its files before stays in force";
	struct world *world = both();

	(void)state;
	say_files(world, "");
	assert_string_equal(handed_to(world, 1), "");
	for (int births = 0; births < 3; births++) {
		say_files(world, words + strlen("tests: "));
		for (uint32_t i = 0; i < 2; i++) {
			assert_string_equal(handed_to(world, i), births == 0 ? "impaired" : "");
			if (births > 0)
				continue;
			assert_string_equal(world->notice.code, "files_tests");
			assert_int_equal(world->notice.text.size, sizeof words - 1);
			assert_memory_equal(world->notice.text.data, words, sizeof words - 1);
			answer_from(world, i, PW_SENT, false);
		}
		commit_all(&world->keeper);
		begin_again(world);
	}
	say_files(world, "");
	for (uint32_t i = 0; i < 2; i++) {
		assert_string_equal(handed_to(world, i), "cleared");
		assert_string_equal(world->notice.code, "files_tests");
		answer_from(world, i, PW_SENT, false);
	}
	begin_again(world);
	say_files(world, "");
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static void
one_that_nobody_waits_for_is_not_told(void **state)
{
	struct world *world = both();

	(void)state;
	record_ours(&world->keeper, "impaired", "x", BEGAN, "a word");
	commit_all(&world->keeper);
	assert_string_equal(handed_to(world, 1), "impaired");
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed(world), "impaired");
	answer(world, PW_AGAIN, true);
	let_fail(world, 0, 11 * MINUTE);
	ASK(world, "outbox", CONFIG_NONE, "drop", "1", "tests");
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static void
what_a_reload_took_away_is_cleared(void **state)
{
	struct world *world = with_one_told();

	(void)state;
	answer(world, PW_AGAIN, true);
	link_of(world, 0)->rest_until = INT64_MAX / 2;
	fails_for_long(world);
	world->rules[0].name = "renamed";
	begin_again(world);
	assert_string_equal(handed_to(world, 1), "cleared");
	assert_string_equal(world->notice.code, "channel_tests");
	answer_from(world, 1, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static bool
is_well(struct world *world, const char *words)
{
	char bytes[256];
	struct text why = TEXT_OVER(bytes);
	bool well;

	world->keeper.service->beat.heard = clock_mono();
	well = heartbeat_is_well(&world->keeper, &why);
	assert_non_null(strstr(bytes, words));
	return well;
}

static void
the_heartbeat_goes_on_while_somebody_is_told(void **state)
{
	struct world *world = with_one_told();

	(void)state;
	answer(world, PW_AGAIN, true);
	link_of(world, 0)->rest_until = INT64_MAX / 2;
	grow_old(&world->keeper, 0, 11 * MINUTE, false);
	let_fail(world, 0, 11 * MINUTE);
	assert_true(is_well(world, ""));
	/* Of another target nobody has heard. */
	down(world, 1, "");
	assert_string_equal(handed_to(world, 1), "down");
	assert_true(is_well(world, ""));
	for (uint32_t i = 0; i < NOTIFIERS; i++)
		grow_old(&world->keeper, i, 11 * MINUTE, false);
	assert_false(is_well(world, "nobody has been told of a down (notice 2) for 10 min"));
	ASK(world, "pause", 1, "mx2", "1h", "planned");
	assert_true(is_well(world, ""));
	answer_from(world, 1, PW_AGAIN, true);
	let_fail(world, 1, 11 * MINUTE);
	assert_false(is_well(world, "no notifier can deliver anything"));
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_connection_is_one_failure),
		cmocka_unit_test(the_first_failure_is_logged),
		cmocka_unit_test(no_connection_for_long_is_told_by_the_others),
		cmocka_unit_test(so_are_refusals),
		cmocka_unit_test(so_are_workers_that_die),
		cmocka_unit_test(so_is_one_that_cannot_begin),
		cmocka_unit_test(so_is_one_that_nobody_waits_for_and_that_cannot_begin),
		cmocka_unit_test(a_worker_that_dies_with_a_notice_says_of_what),
		cmocka_unit_test(so_is_one_that_dies_at_each_birth),
		cmocka_unit_test(a_file_that_cannot_be_used_is_told),
		cmocka_unit_test(one_that_nobody_waits_for_is_not_told),
		cmocka_unit_test(what_a_reload_took_away_is_cleared),
		cmocka_unit_test(the_heartbeat_goes_on_while_somebody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
