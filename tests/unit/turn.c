/* What a plugin may do in its turn, and what is its fault: a plugin whose every turn the test writes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "probe_world.h"

typedef void move(struct pw_turn *, const struct pw_reply *);

static move *const *moves; /* one a turn, the last again and again */
static unsigned turns_taken;

static void
take_turn(struct pw_turn *turn, const struct pw_reply *reply)
{
	move *mine = *moves;

	if (moves[1] != NULL)
		moves++;
	turns_taken++;
	mine(turn, reply);
}

static void
begin(void *session, struct pw_turn *turn)
{
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(((char *)session)[i], 0);
	memset(session, 0xff, 100);
	take_turn(turn, NULL);
}

static void
on_reply(void *session, struct pw_turn *turn, const struct pw_reply *reply)
{
	assert_int_equal(((unsigned char *)session)[99], 0xff);
	take_turn(turn, reply);
}

static void
on_answer(void *session, struct pw_turn *turn, const struct pw_answer *answer)
{
	(void)session;
	assert_int_equal(answer->count, 1);
	take_turn(turn, NULL);
}

static const struct pw_phase phases[] = {
	{ .name = "banner" }, { .name = "auth" }, { .name = NULL },
};
static const struct pw_outcome outcomes[] = {
	{ .name = "no_cookies", .severity = PW_FAILED, .text = "the jar is empty" },
	{ .name = "stale", .severity = PW_DEGRADED, .text = "they are stale", .phase = "auth" },
	{ .name = NULL },
};
static const struct pw_fact_kind facts[] = {
	{ "cookies", PW_STEADY, "how many" },
	{ .name = NULL },
};
static const struct pw_probe_ops ops = {
	.size = sizeof ops, .framing = PW_LINES, .session_size = 100, .phases = phases, .outcomes = outcomes, .facts = facts,
	.farewell = "BYE", .begin = begin, .on_reply = on_reply, .on_answer = on_answer,
};
static const struct pw_plugin plugin = { .name = "cookies", .kind = PW_PROBE, .ops = &ops };

static struct world world;
static struct conversation c;

static void
play(move *const *script, const char *const *server)
{
	world = (struct world){ .plugin = { &plugin, "cookies" } };
	world_add_phase(&world, "resolve", 0);
	world_add_phase(&world, "connect", 0);
	world_add_phase(&world, "banner", 0);
	world_add_phase(&world, "auth", 0);
	world_add_phase(&world, "quit", 0);
	world.policy.leg = (struct phase_plan){ "leg", 90 * (int64_t)SECOND, 240 * (int64_t)SECOND, 0, 0 };
	world.policy.phases = world.phases;
	world.policy.probe = &world.plugin;
	world.target = (struct target){ .name = "jar", .host = "jar.example.org", .policy = &world.policy, .port = 4 };
	moves = script;
	turns_taken = 0;
	converse(&c, &world, server, -1);
}

static const char *
text(void)
{
	static char bytes[EVIDENCE_TEXT_MAX];

	snprintf(bytes, sizeof bytes, "%s(%s): %s", verdict_name(dialogue_verdict(c.dialogue)), dialogue_outcome(c.dialogue),
	    dialogue_text(c.dialogue));
	return bytes;
}

static bool
has_line(const char *wanted)
{
	struct pw_bytes list = buffer_view(&dialogue_log(c.dialogue)->transcript);
	struct evidence_line line;

	while (evidence_next_line(&list, &line))
		if (line.bytes.size == strlen(wanted) && memcmp(line.bytes.data, wanted, line.bytes.size) == 0)
			return true;
	return false;
}

static void expect_banner(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_expect(t, "banner"); }
static void done_ok(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_done(t, "ok", "%s", ""); }
static void no_step(struct pw_turn *t, const struct pw_reply *r) { (void)t, (void)r; }
static void
two_steps(struct pw_turn *t, const struct pw_reply *r)
{
	pw_expect(t, "banner");
	done_ok(t, r);
}
static void bad_phase(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_say(t, "cookie", "HI"); }
static void bad_outcome(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_done(t, "nonsense", "%s", "x"); }
static void bad_code(struct pw_turn *t, const struct pw_reply *r) { pw_warn(t, "nonsense", "%s", "x"); done_ok(t, r); }
static void
bad_fact(struct pw_turn *t, const struct pw_reply *r)
{
	pw_fact(t, "crumbs", (struct pw_bytes){ "1", 1 });
	done_ok(t, r);
}
static void say_crlf(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_say(t, "auth", "HI\r\nDATA"); }
static void say_nul(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_say(t, "auth", "HI%c", 0); }
static void say_much(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_say(t, "auth", "%*s", 1001, "x"); }
static void say_most(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_say(t, "auth", "%*s", 1000, "x"); }
static void secure(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_secure(t); }
static void ask_nobody(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_look_up(t, "", 1); }

static void
calls_faults_faults(void **state)
{
	static const struct {
		move *mine;
		const char *wanted;
	} rows[] = {
		{ no_step, "unknown(plugin): plugin cookies: no step in its turn" },
		{ two_steps, "unknown(plugin): plugin cookies: two steps in one turn" },
		{ bad_phase, "unknown(plugin): plugin cookies: unknown phase \"cookie\"" },
		{ bad_outcome, "unknown(plugin): plugin cookies: unknown outcome \"nonsense\"" },
		{ bad_code, "unknown(plugin): plugin cookies: unknown code \"nonsense\"" },
		{ bad_fact, "unknown(plugin): plugin cookies: unknown fact \"crumbs\"" },
		{ say_crlf, "unknown(plugin): plugin cookies: CR, LF or NUL in a line to say" },
		{ say_nul, "unknown(plugin): plugin cookies: CR, LF or NUL in a line to say" },
		{ say_much, "unknown(plugin): plugin cookies: a line of more than 1000 bytes" },
		{ secure, "unknown(plugin): plugin cookies: unknown phase \"handshake\"" },
		{ ask_nobody, "unknown(plugin): plugin cookies: pw_look_up without on_answer, or of no name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		move *const script[] = { expect_banner, rows[i].mine, NULL };
		const char *const server[] = { "hi\r\n", "bye\r\n", NULL };

		play(script, server);
		assert_string_equal(text(), rows[i].wanted);
		assert_int_equal(turns_taken, 2);
		assert_string_equal(c.said, "BYE\r\n");
		dialogue_destroy(&c.dialogue);
	}
}

static void
say_secret(struct pw_turn *turn, const struct pw_reply *reply)
{
	assert_int_equal(reply->code, 0);
	assert_int_equal(reply->count, 1);
	assert_memory_equal(reply->lines[0].data, "hi", 2);
	assert_string_equal(turn->helo, "watch.example.net");
	assert_string_equal(turn->target_host, "jar.example.org");
	assert_string_equal(turn->address, "192.0.2.1");
	pw_fact(turn, "cookies", reply->lines[0]);
	pw_say_secret(turn, "auth", "LOGIN %s", "swordfish");
}

static void
keeps_secrets(void **state)
{
	static move *const script[] = { expect_banner, say_secret, done_ok, NULL };
	const char *const server[] = { "hi\r\n", "welcome\r\n", "bye\r\n", NULL };

	(void)state;
	play(script, server);
	assert_string_equal(text(), "ok(ok): answered as expected");
	assert_string_equal(c.said, "LOGIN swordfish\r\nBYE\r\n");
	assert_true(has_line("(not shown)"));
	assert_false(has_line("LOGIN swordfish"));
	dialogue_destroy(&c.dialogue);
}

static void
warn_twice(struct pw_turn *turn, const struct pw_reply *reply)
{
	pw_warn(turn, "stale", "%s", "they crumble");
	pw_warn(turn, "early_data", "%s \x1b[2J\\", "too early");
	pw_note(turn, "%d of %d", 3, 4);
	done_ok(turn, reply);
}

/* A warning degrades; of two the host's comes first; what is shown is safe. */
static void
lets_warnings_degrade(void **state)
{
	static move *const script[] = { expect_banner, say_most, warn_twice, NULL };
	const char *const server[] = { "hi\r\n", "there\r\n", "bye\r\n", NULL };

	(void)state;
	play(script, server);
	assert_string_equal(text(), "degraded(early_data): too early \\x1b[2J\\\\");
	assert_true(has_line("3 of 4"));
	dialogue_destroy(&c.dialogue);
}

static void
expect_or(struct pw_turn *turn, const struct pw_reply *reply)
{
	(void)reply;
	pw_expect_or(turn, "banner", "no_cookies");
}

static void
takes_a_close_for_what_the_plugin_says(void **state)
{
	static move *const script[] = { expect_or, done_ok, NULL };
	const char *const server[] = { CLOSE, NULL };

	(void)state;
	play(script, server);
	assert_string_equal(text(), "failed(no_cookies): the server closed the connection before its greeting, after 0.000 s"
	    " (0 bytes, 192.0.2.1)");
	dialogue_destroy(&c.dialogue);
}

static void look_up(struct pw_turn *t, const struct pw_reply *r) { (void)r; pw_look_up(t, "mx.example.org", 52); }

/* The phase of a plugin's own goes on over several lines, under one limit that no line renews. */
static void
renews_no_limit(void **state)
{
	static move *const script[] = { expect_banner, say_most, NULL };
	const char *const server[] = { "hi\r\n", WAIT(6000) "a\r\n", WAIT(6000) "b\r\n", WAIT(6000) "c\r\n", NULL };

	(void)state;
	play(script, server);
	assert_non_null(strstr(text(), "failed(auth_timeout): no reply in auth "));
	assert_non_null(strstr(text(), "within 15.0 s (limit 15 s"));
	assert_int_equal(turns_taken, 4);
	dialogue_destroy(&c.dialogue);
}

static struct dialogue_step step;

static void
start(move *const *script)
{
	const struct dialogue_setup setup = { .target = &world.target, .address = "192.0.2.1", .resolve = -1,
		.stalled = &world.stalled };
	const char *const server[] = { CLOSE, NULL };
	move *const any[] = { expect_banner, NULL };

	play(any, server);
	dialogue_destroy(&c.dialogue);
	moves = script;
	c.dialogue = dialogue_create(&setup, 0);
	dialogue_connected(c.dialogue, 1000, NULL, &step);
}

static void
asks_the_resolver(void **state)
{
	static move *const script[] = { look_up, expect_banner, done_ok, NULL };
	const struct pw_bytes record = { "\3\1\1", 3 };
	const struct pw_answer answer = { .count = 1, .records = &record };

	(void)state;
	start(script);
	assert_int_equal(step.next, DIALOGUE_LOOK_UP);
	assert_string_equal(step.bytes, "mx.example.org");
	assert_int_equal(step.type, 52);
	dialogue_received(c.dialogue, 2000, "hi\r\n", 4, &step);
	assert_int_equal(step.next, DIALOGUE_WAIT);
	dialogue_answered(c.dialogue, 3000, &answer, &step);
	assert_int_equal(step.next, DIALOGUE_SEND);
	dialogue_received(c.dialogue, 4000, "bye\r\n", 5, &step);
	assert_int_equal(step.next, DIALOGUE_CLOSE);
	assert_int_equal(dialogue_verdict(c.dialogue), PW_OK);
	dialogue_destroy(&c.dialogue);
}

/* A limit that fired late, or while our own loop stood still, says nothing about them. */
static void
knows_its_own_lateness(void **state)
{
	static move *const script[] = { expect_banner, done_ok, NULL };
	int64_t deadline;

	(void)state;
	start(script);
	deadline = dialogue_deadline(c.dialogue);
	assert_int_equal(deadline, 1000 + 30 * (int64_t)SECOND);
	dialogue_expired(c.dialogue, deadline - 1, &step);
	assert_int_equal(step.next, DIALOGUE_WAIT);
	dialogue_expired(c.dialogue, deadline + 3 * SECOND, &step);
	assert_string_equal(dialogue_outcome(c.dialogue), "banner_timeout");
	dialogue_destroy(&c.dialogue);

	start(script);
	dialogue_expired(c.dialogue, deadline + 3 * SECOND + 1000, &step);
	assert_string_equal(text(), "unknown(we_were_late): no greeting for 33.0 s, but our own loop was late by 3.0 s (limit"
	    " 30 s, 0 bytes, 192.0.2.1)");
	dialogue_destroy(&c.dialogue);

	start(script);
	world.stalled += 4 * SECOND;
	dialogue_expired(c.dialogue, deadline, &step);
	assert_string_equal(dialogue_outcome(c.dialogue), "we_were_late");
	dialogue_destroy(&c.dialogue);
}

/* Suspended for minutes, we find the connection closed: whoever waits for us gives up one day. */
static void
is_given_up_for_its_own_silence(void **state)
{
	static move *const script[] = { expect_banner, done_ok, NULL };
	const struct close_reason closed = close_reason_of_error(0, CLOSE_LATER), refused = close_reason_of_error(ECONNREFUSED, CLOSE_LATER);

	(void)state;
	start(script);
	world.stalled += 300 * (int64_t)SECOND;
	dialogue_ended(c.dialogue, 300 * (int64_t)SECOND, &closed, &step);
	assert_string_equal(text(), "unknown(we_were_late): the server closed the connection before its greeting, after 5 min"
	    " (0 bytes, 192.0.2.1); but our own loop had stood still for 5 min");
	dialogue_destroy(&c.dialogue);
	start(script);
	world.stalled += 4 * SECOND;
	dialogue_ended(c.dialogue, 4 * SECOND, &closed, &step);
	assert_string_equal(dialogue_outcome(c.dialogue), "closed_at_banner");
	dialogue_destroy(&c.dialogue);
	start(script);
	world.stalled += 300 * (int64_t)SECOND;
	dialogue_ended(c.dialogue, 300 * (int64_t)SECOND, &refused, &step);
	assert_string_equal(dialogue_outcome(c.dialogue), "refused"); /* is nobody's patience */
	dialogue_destroy(&c.dialogue);
}

/* Nor is a server slow for the time that we stood still. */
static void
takes_its_own_time_off(void **state)
{
	static move *const script[] = { expect_banner, done_ok, NULL };

	(void)state;
	start(script);
	world.stalled += 10 * SECOND;
	dialogue_received(c.dialogue, 12 * SECOND, "hi\r\n", 4, &step);
	assert_int_equal(dialogue_verdict(c.dialogue), PW_OK);
	dialogue_destroy(&c.dialogue);
	start(script);
	dialogue_received(c.dialogue, 12 * SECOND, "hi\r\n", 4, &step);
	assert_string_equal(dialogue_outcome(c.dialogue), "slow_banner");
	dialogue_destroy(&c.dialogue);
}

static void
says_its_address_where_it_has_no_name(void **state)
{
	struct evidence evidence = { .leg = 0 };
	struct dialogue_setup setup = { .target = &world.target, .address = "2001:db8::1", .resolve = -1 };
	static move *const script[] = { expect_banner, NULL };
	struct address local;

	(void)state;
	start(script);
	dialogue_destroy(&c.dialogue);
	moves = script;
	c.dialogue = dialogue_create(&setup, 0);
	assert_true(address_parse("2001:db8::9", 4000, &local));
	dialogue_connected(c.dialogue, 1000, &local, &step);
	dialogue_interrupt(c.dialogue, 2000, "interrupted", "", &step);
	dialogue_evidence(c.dialogue, &evidence);
	assert_int_equal(evidence.helo.size, strlen("[IPv6:2001:db8::9]"));
	assert_memory_equal(evidence.helo.data, "[IPv6:2001:db8::9]", evidence.helo.size);
	assert_string_equal(evidence.outcome, "interrupted");
	dialogue_destroy(&c.dialogue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_faults_faults),
		cmocka_unit_test(keeps_secrets),
		cmocka_unit_test(lets_warnings_degrade),
		cmocka_unit_test(takes_a_close_for_what_the_plugin_says),
		cmocka_unit_test(renews_no_limit),
		cmocka_unit_test(asks_the_resolver),
		cmocka_unit_test(knows_its_own_lateness),
		cmocka_unit_test(is_given_up_for_its_own_silence),
		cmocka_unit_test(takes_its_own_time_off),
		cmocka_unit_test(says_its_address_where_it_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
