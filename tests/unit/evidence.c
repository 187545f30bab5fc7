/* Evidence: what is gathered comes out again, bounded, after the journey too; and damaged bytes never pass. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/evidence.h"

static struct pw_bytes
bytes(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
is(struct pw_bytes found, const char *wanted)
{
	assert_int_equal(found.size, strlen(wanted));
	assert_memory_equal(found.data, wanted, found.size);
}

static void
gives_back_what_was_added(void **state)
{
	struct evidence_log log = { .gap = 0 };
	struct evidence_fact fact;
	struct evidence_warning warning;
	struct evidence_line line;

	(void)state;
	evidence_add_fact(&log, "banner", bytes("mx ESMTP"), false);
	evidence_add_fact(&log, "software", bytes("Exim 4.96"), true);
	evidence_add_fact(&log, "banner", bytes("mx2"), false);
	evidence_add_warning(&log, "slow_banner", "banner", "greeting after 40.0 s");
	evidence_add_warning(&log, "slow_banner", "banner", "again");
	evidence_add_line(&log, 40, EVIDENCE_RECEIVED, (struct pw_bytes){ "220 \0x", 6 });

	struct pw_bytes facts = buffer_view(&log.facts), warnings = buffer_view(&log.warnings);
	struct pw_bytes lines = buffer_view(&log.transcript);
	assert_true(evidence_next_fact(&facts, &fact));
	assert_string_equal(fact.name, "software");
	assert_true(fact.steady);
	assert_true(evidence_next_fact(&facts, &fact));
	is(fact.value, "mx2");
	assert_false(evidence_next_fact(&facts, &fact));
	assert_true(evidence_next_warning(&warnings, &warning));
	assert_string_equal(warning.phase, "banner");
	is(warning.text, "greeting after 40.0 s");
	assert_false(evidence_next_warning(&warnings, &warning));
	assert_true(evidence_next_line(&lines, &line));
	assert_int_equal(line.at, 40);
	assert_int_equal(line.dir, EVIDENCE_RECEIVED);
	assert_int_equal(line.bytes.size, 6);
	evidence_log_fini(&log);
}

/* A thousand lines: the first and the last stay, the gap says what is missing, and all of it adds up. */
static void
times_never_decrease(void **state)
{
	struct evidence_log log = { .gap = 0 };
	struct evidence_line line;

	(void)state;
	evidence_add_line(&log, 649152, EVIDENCE_RECEIVED, bytes("220-hello"));
	evidence_add_line(&log, 649142, EVIDENCE_EVENT, bytes("no complete greeting"));
	struct pw_bytes lines = buffer_view(&log.transcript);
	assert_true(evidence_next_line(&lines, &line) && line.at == 649152);
	assert_true(evidence_next_line(&lines, &line) && line.at == 649152);
	evidence_log_fini(&log);
}

static void
keeps_head_and_tail(void **state)
{
	struct evidence_log log = { .gap = 0 };
	struct evidence_line line;
	unsigned seen = 0, gaps = 0, left = 0, last = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char text[64];

		snprintf(text, sizeof text, "250-line %u of many, and somewhat long", i);
		evidence_add_line(&log, i, EVIDENCE_RECEIVED, bytes(text));
		assert_true(log.transcript.size <= EVIDENCE_TRANSCRIPT_MAX);
	}
	struct pw_bytes lines = buffer_view(&log.transcript);
	while (evidence_next_line(&lines, &line)) {
		if (line.dir == EVIDENCE_EVENT) {
			gaps++;
			left = (unsigned)strtoul(line.bytes.data, NULL, 10);
			continue;
		}
		if (seen == 0)
			is(line.bytes, "250-line 0 of many, and somewhat long");
		seen++;
		last = (unsigned)line.at;
	}
	assert_int_equal(lines.size, 0);
	assert_int_equal(gaps, 1);
	assert_int_equal(seen + left, 1000);
	assert_int_equal(last, 999);
	evidence_log_fini(&log);
}

static void
bounds_everything(void **state)
{
	struct evidence_log log = { .gap = 0 };
	char *large = calloc(1, 100000);
	char name[32];

	(void)state;
	memset(large, 'x', 99999);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "fact%u", i);
		evidence_add_fact(&log, name, (struct pw_bytes){ large, 99999 }, false);
		snprintf(name, sizeof name, "code%u", i);
		evidence_add_warning(&log, name, "banner", large);
		evidence_add_line(&log, 1, EVIDENCE_SENT, (struct pw_bytes){ large, 99999 });
	}
	assert_true(log.facts.size <= EVIDENCE_FACTS_MAX);
	assert_true(log.warnings.size <= EVIDENCE_WARNINGS_MAX);
	assert_true(log.transcript.size <= EVIDENCE_TRANSCRIPT_MAX);

	struct evidence evidence = { .legs = 1, .phase_count = EVIDENCE_PHASES_MAX, .text = { large, EVIDENCE_TEXT_MAX - 1 },
		.facts = buffer_view(&log.facts), .warnings = buffer_view(&log.warnings),
		.transcript = buffer_view(&log.transcript) };
	static unsigned char message[WIRE_MAX - 1024];
	struct wire_out out = wire_over(message, sizeof message);
	wire_put_form(&out, &evidence_form, &evidence);
	assert_false(out.bad);
	evidence_log_fini(&log);
	free(large);
}

static size_t
put_example(unsigned char *message, size_t room, struct evidence_log *log)
{
	evidence_add_fact(log, "software", bytes("Exim 4.96"), true);
	evidence_add_warning(log, "early_data", "", "12 bytes");
	evidence_add_line(log, -5, EVIDENCE_EVENT, bytes("connected"));
	struct evidence evidence = {
		.leg = 1, .legs = 2, .verdict = PW_DEGRADED, .outcome = "early_data", .text = bytes("12 bytes"),
		.address = bytes("192.0.2.1"), .port = 25, .local = bytes("192.0.2.9:40112"), .helo = bytes("me"),
		.started = 1700000000000000, .micros = 1500, .phase_count = 2,
		.phases = { { "connect", PHASE_OK, 300, 15000000 }, { "banner", PHASE_NOT_REACHED, -1, 30000000 } },
		.facts = buffer_view(&log->facts), .warnings = buffer_view(&log->warnings),
		.transcript = buffer_view(&log->transcript),
	};
	struct wire_out out = wire_over(message, room);
	wire_put_form(&out, &evidence_form, &evidence);
	assert_false(out.bad);
	return out.size;
}

static bool
read_evidence(struct wire_in *in, struct evidence *got)
{
	*got = (struct evidence){ .leg = 0 };
	wire_get_form(in, &evidence_form, got, &(struct wire_terms){ .limit = 0 });
	return !in->bad;
}

static void
travels(void **state)
{
	unsigned char message[1024];
	struct evidence_log log = { .gap = 0 };
	size_t size = put_example(message, sizeof message, &log);
	struct wire_in in = wire_from(message, size);
	struct evidence got;

	(void)state;
	assert_true(read_evidence(&in, &got));
	assert_true(wire_is_whole(&in));
	assert_int_equal(got.leg, 1);
	assert_int_equal(got.verdict, PW_DEGRADED);
	assert_string_equal(got.outcome, "early_data");
	is(got.local, "192.0.2.9:40112");
	assert_int_equal(got.phases[1].micros, -1);
	assert_string_equal(got.phases[0].name, "connect");
	evidence_log_fini(&log);
}

/* Cut anywhere, it is refused; with any byte changed it is refused or can be walked to its end. */
static void
refuses_damage(void **state)
{
	unsigned char message[1024];
	struct evidence_log log = { .gap = 0 };
	size_t size = put_example(message, sizeof message, &log);
	struct evidence got;

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		struct wire_in in = wire_from(message, cut);
		assert_false(read_evidence(&in, &got));
	}
	for (size_t at = 0; at < size; at++) {
		struct evidence_line line;
		struct wire_in in = wire_from(message, size);

		message[at] ^= 0xff;
		if (read_evidence(&in, &got)) {
			while (evidence_next_line(&got.transcript, &line))
				;
			assert_int_equal(got.transcript.size, 0);
		}
		message[at] ^= 0xff;
	}
	evidence_log_fini(&log);
}

static void
tells_what_looks_different(void **state)
{
	struct evidence_log log = { .gap = 0 };
	struct evidence evidence = { .outcome = "ok" };
	uint64_t plain, with_fact, with_warning;

	(void)state;
	plain = evidence_fingerprint(&evidence, 0);
	assert_true(plain != evidence_fingerprint(&evidence, 1));
	evidence_add_fact(&log, "banner", bytes("at 10:00"), false);
	evidence.facts = buffer_view(&log.facts);
	assert_true(evidence_fingerprint(&evidence, 0) == plain);
	evidence_add_fact(&log, "software", bytes("Exim"), true);
	evidence.facts = buffer_view(&log.facts);
	with_fact = evidence_fingerprint(&evidence, 0);
	assert_true(with_fact != plain);
	evidence_add_warning(&log, "slow_banner", "banner", "x");
	evidence.warnings = buffer_view(&log.warnings);
	with_warning = evidence_fingerprint(&evidence, 0);
	assert_true(with_warning != with_fact);
	evidence_log_fini(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_added),
		cmocka_unit_test(times_never_decrease),
		cmocka_unit_test(keeps_head_and_tail),
		cmocka_unit_test(bounds_everything),
		cmocka_unit_test(travels),
		cmocka_unit_test(refuses_damage),
		cmocka_unit_test(tells_what_looks_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
