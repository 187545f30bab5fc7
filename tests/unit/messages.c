/* Every message comes back as it went, and nothing that is cut, longer or out of range is taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <syslog.h>

#include "base/messages.h"

enum { TARGETS = 10, ROOM = 4096 };

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

/* A sample of each kind, and its reader as a question. */

static void
put_link(struct wire_out *out)
{
	message_put_link(out, &(struct message_link){ DUTY_PROBER, 3 });
}

static bool
get_link(struct wire_in *in)
{
	struct message_link link;

	return message_get_link(in, &link) && link.duty == DUTY_PROBER && link.index == 3;
}

static void
put_stop(struct wire_out *out)
{
	message_put_stop(out, &(struct message_stop){ 10000000, 60000000 });
}

static bool
get_stop(struct wire_in *in)
{
	struct message_stop stop;

	return message_get_stop(in, &stop) && stop.grace == 10000000 && stop.patience == 60000000;
}

static void
put_account(struct wire_out *out)
{
	message_put_account(out, &(struct message_account){ 7, ACCOUNT_HELD, "it died of SIGSEGV twice" });
}

static bool
get_account(struct wire_in *in)
{
	struct message_account account;

	return message_get_account(in, &account, TARGETS) && account.target == 7 && account.account == ACCOUNT_HELD
	    && strcmp(account.text, "it died of SIGSEGV twice") == 0;
}

static void
put_log(struct wire_out *out)
{
	message_put_log(out, &(struct message_log){ LOG_WARNING, 12, 3, bytes_of("a line") });
}

static bool
get_log(struct wire_in *in)
{
	struct message_log log;

	return message_get_log(in, &log) && log.level == LOG_WARNING && log.event == 12 && log.dropped == 3
	    && log.text.size == 6 && memcmp(log.text.data, "a line", 6) == 0;
}

static void
put_alive(struct wire_out *out)
{
	message_put_alive(out, &(struct message_alive){ 1234, 99 });
}

static bool
get_alive(struct wire_in *in)
{
	struct message_alive alive;

	return message_get_alive(in, &alive) && alive.late_max == 1234 && alive.done == 99;
}

static void
put_blame(struct wire_out *out)
{
	message_put_blame(out, &(struct message_blame){ DUTY_PROBER, 2, bytes_of("a report of run 5, unordered") });
}

static bool
get_blame(struct wire_in *in)
{
	struct message_blame blame;

	return message_get_blame(in, &blame) && blame.duty == DUTY_PROBER && blame.index == 2 && blame.text.size == 28;
}

static void
put_references(struct wire_out *out)
{
	message_put_references(out, &(struct message_references){ .asked = 3, .reached = 1, .unasked = 2, .near = 4, .near_silent = 3,
	    .reason = "no_route", .began = 50, .at = 55 });
}

static bool
get_references(struct wire_in *in)
{
	struct message_references references;

	return message_get_references(in, &references) && references.asked == 3 && references.reached == 1
	    && references.unasked == 2 && references.near == 4 && references.near_silent == 3 && strcmp(references.reason, "no_route") == 0 && references.began == 50
	    && references.at == 55;
}

static void
put_look(struct wire_out *out)
{
	message_put_look(out, true);
}

static bool
get_look(struct wire_in *in)
{
	bool near = false;

	return message_get_look(in, &near) && near;
}

static const struct message_change change_sample = {
	.target = 9, .change = 3, .kind = "down", .code = "banner_timeout", .from = "suspect",
	.to = "down", .silence = 5, .silences = "parent paused", .incident = 8, .detected = 1000, .confirmed = 2000,
	.text = { "mx1 down: no greeting", 21 }, .attempt_count = 3, .attempts = { 101, 102, 103 },
};

static bool
is_sample(const struct message_change *given)
{
	const struct message_change *sent = &change_sample, change = *given;

	return change.target == 9 && change.change == 3 && strcmp(change.kind, "down") == 0 && strcmp(change.code, sent->code) == 0
	    && strcmp(change.from, "suspect") == 0 && strcmp(change.to, "down") == 0 && change.silence == 5
	    && strcmp(change.silences, sent->silences) == 0 && change.incident == 8 && change.detected == 1000
	    && change.confirmed == 2000 && change.text.size == 21 && change.attempt_count == 3
	    && memcmp(change.attempts, sent->attempts, sizeof change.attempts) == 0;
}

/* A run of two changes, of which the second is this one. */
static void
put_run_of(struct wire_out *out, const struct message_change *second)
{
	unsigned char changes[2048];
	struct wire_out both = wire_over(changes, sizeof changes);

	message_add_change(&both, &change_sample);
	message_add_change(&both, second);
	message_put_run(out, &(struct message_run){ .sequence = { 7, 41 }, .target = second->target, .restated = true, .up = true,
	    .state = { "\0\1", 2 }, .interval = 5, .change_count = 2, .changes = { (const char *)changes, both.size } });
	out->bad |= both.bad;
}

static void
put_run(struct wire_out *out)
{
	put_run_of(out, &change_sample);
}

static bool
get_run(struct wire_in *in)
{
	struct message_run run;
	struct message_change first, second, third;

	if (!message_get_run(in, &run, TARGETS) || run.sequence.birth != 7 || run.sequence.number != 41 || run.target != 9 || !run.restated || !run.up
	    || run.interval != 5 || run.state.size != 2 || run.change_count != 2)
		return false;
	struct wire_in changes = wire_from(run.changes.data, run.changes.size);
	return message_next_change(&changes, &run, &first) && is_sample(&first) && message_next_change(&changes, &run, &second)
	    && is_sample(&second) && !message_next_change(&changes, &run, &third);
}

static void
put_state(struct wire_out *out)
{
	message_put_state(out, &(struct message_state){ 4, { "\0\1\2", 3 }, 0 });
}

static bool
get_state(struct wire_in *in)
{
	struct message_state state;

	return message_get_state(in, &state, TARGETS) && state.target == 4 && state.state.size == 3
	    && memcmp(state.state.data, "\0\1\2", 3) == 0;
}

static void
put_committed(struct wire_out *out)
{
	message_put_committed(out, &(struct message_committed){ .runs = { 7, 77 }, .results = { 8, 5 } });
}

static bool
get_committed(struct wire_in *in)
{
	struct message_committed committed;

	return message_get_committed(in, &committed) && committed.runs.birth == 7 && committed.runs.number == 77
	    && committed.results.birth == 8 && committed.results.number == 5;
}

static void
put_recovered(struct wire_out *out)
{
	message_put_recovered(out, &(struct message_recovered){ .runs = { 7, 77 }, .runs_taken = 78, .results = { 7, 5 },
	    .results_taken = 6, .run = 9, .newest = 10 });
}

static bool
get_recovered(struct wire_in *in)
{
	struct message_recovered recovered;

	return message_get_recovered(in, &recovered) && recovered.runs.birth == 7 && recovered.runs.number == 77
	    && recovered.runs_taken == 78 && recovered.results.number == 5 && recovered.results_taken == 6 && recovered.run == 9
	    && recovered.newest == 10;
}

static void
put_evidence(struct wire_out *out)
{
	message_put_evidence(out, &(struct message_evidence){ .run = 6, .target = 2,
	    .leg = { .legs = 1, .verdict = PW_FAILED, .outcome = "refused", .text = bytes_of("refused"),
		.address = bytes_of("192.0.2.1"), .port = 25, .started = 5, .micros = 7, .phase_count = 1,
		.phases = { { "connect", PHASE_FAILED, 7, 15000000 } } } });
}

static bool
get_evidence(struct wire_in *in)
{
	struct message_evidence evidence;

	return message_get_evidence(in, &evidence, TARGETS) && evidence.run == 6 && evidence.target == 2
	    && strcmp(evidence.leg.outcome, "refused") == 0 && evidence.leg.phase_count == 1;
}

static void
put_cleared(struct wire_out *out)
{
	message_put_cleared(out, 7);
}

static bool
get_cleared(struct wire_in *in)
{
	uint32_t target;

	return message_get_cleared(in, &target, TARGETS) && target == 7;
}

static const struct sample {
	enum message_kind kind;
	void (*put)(struct wire_out *);
	bool (*get)(struct wire_in *);
} samples[] = {
	{ MESSAGE_LINK, put_link, get_link },
	{ MESSAGE_STOP, put_stop, get_stop },
	{ MESSAGE_ACCOUNT, put_account, get_account },
	{ MESSAGE_CLEARED, put_cleared, get_cleared },
	{ MESSAGE_LOG, put_log, get_log },
	{ MESSAGE_ALIVE, put_alive, get_alive },
	{ MESSAGE_BLAME, put_blame, get_blame },
	{ MESSAGE_REFERENCES, put_references, get_references },
	{ MESSAGE_LOOK, put_look, get_look },
	{ MESSAGE_RUN, put_run, get_run },
	{ MESSAGE_STATE, put_state, get_state },
	{ MESSAGE_COMMITTED, put_committed, get_committed },
	{ MESSAGE_RECOVERED, put_recovered, get_recovered },
	{ MESSAGE_EVIDENCE, put_evidence, get_evidence },
};

enum { SAMPLES = sizeof samples / sizeof samples[0] };

static bool
taken(const struct sample *sample, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);

	return sample->get(&in);
}

static void
each_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		unsigned char packet[ROOM];
		struct wire_out out = wire_over(packet, sizeof packet);

		samples[i].put(&out);
		assert_false(out.bad);
		assert_int_equal(message_kind(packet, out.size), samples[i].kind);
		assert_true(taken(&samples[i], packet, out.size));
	}
}

static void
nothing_cut_or_longer_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		unsigned char packet[ROOM] = { 0 };
		struct wire_out out = wire_over(packet, sizeof packet - 1);

		samples[i].put(&out);
		for (size_t size = 0; size < out.size; size++)
			assert_false(taken(&samples[i], packet, size));
		assert_false(taken(&samples[i], packet, out.size + 1));
	}
}

static void
no_reader_takes_another_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		unsigned char packet[ROOM];
		struct wire_out out = wire_over(packet, sizeof packet);

		samples[i].put(&out);
		packet[0] = (unsigned char)(samples[i].kind == MESSAGE_LINK ? MESSAGE_STOP : MESSAGE_LINK);
		assert_false(taken(&samples[i], packet, out.size));
	}
	assert_int_equal(message_kind("", 0), 0);
	assert_int_equal(message_kind((unsigned char[]){ MESSAGE_KINDS }, 1), 0);
}

/* Fields out of range, each by a writer that does not check. */
static bool
changed_is_taken(const struct message_change *change)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_run back;

	put_run_of(&out, change);
	if (out.bad)
		return false;
	struct wire_in in = wire_from(packet, out.size);
	return message_get_run(&in, &back, TARGETS);
}

static void
a_change_is_checked(void **state)
{
	struct message_change change = change_sample;

	(void)state;
	change.target = UINT32_MAX;
	assert_true(changed_is_taken(&change));
	change.target = TARGETS;
	assert_false(changed_is_taken(&change));
	change = change_sample;
	change.confirmed = -1;
	assert_false(changed_is_taken(&change));
	change = change_sample;
	memcpy(change.kind, "dawn", 5);
	assert_false(changed_is_taken(&change));
	change = change_sample;
	change.attempt_count = CHANGE_ATTEMPTS_MAX + 1;
	assert_false(changed_is_taken(&change));
	change = change_sample;
	change.text = bytes_of("a line\nand another");
	assert_false(changed_is_taken(&change));
	change.text = bytes_of("with an escape \x1b[2J");
	assert_false(changed_is_taken(&change));
}

static void
what_steers_is_checked(void **state)
{
	unsigned char packet[ROOM];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct wire_in in;
	struct message_link link;
	struct message_stop stop;
	struct message_account account;
	struct message_references references;

	(void)state;
	message_put_link(&out, &(struct message_link){ DUTY_KINDS, 0 });
	in = wire_from(packet, out.size);
	assert_false(message_get_link(&in, &link));
	out.size = 0;
	message_put_stop(&out, &(struct message_stop){ -1, 1 });
	in = wire_from(packet, out.size);
	assert_false(message_get_stop(&in, &stop));
	out.size = 0;
	message_put_stop(&out, &(struct message_stop){ 2, 1 });
	in = wire_from(packet, out.size);
	assert_false(message_get_stop(&in, &stop));
	out.size = 0;
	message_put_account(&out, &(struct message_account){ TARGETS, ACCOUNT_HELD, "" });
	in = wire_from(packet, out.size);
	assert_false(message_get_account(&in, &account, TARGETS));
	out.size = 0;
	message_put_references(&out, &(struct message_references){ .asked = 2, .reached = 3 });
	in = wire_from(packet, out.size);
	assert_false(message_get_references(&in, &references));
	out.size = 0;
	message_put_references(&out, &(struct message_references){ .asked = 2, .reached = 1, .unasked = 2 });
	in = wire_from(packet, out.size);
	assert_false(message_get_references(&in, &references));
	out.size = 0;
	message_put_references(&out, &(struct message_references){ .asked = 2, .reached = 1, .began = 2, .at = 1 });
	in = wire_from(packet, out.size);
	assert_false(message_get_references(&in, &references));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_comes_back),
		cmocka_unit_test(nothing_cut_or_longer_is_taken),
		cmocka_unit_test(no_reader_takes_another_kind),
		cmocka_unit_test(a_change_is_checked),
		cmocka_unit_test(what_steers_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
