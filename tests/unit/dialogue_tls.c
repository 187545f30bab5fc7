/* A dialogue that TLS was judged for: what is made of each judgement, on the first and on another connection. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "probe_world.h"

static unsigned left; /* allocations until the one that fails; 0: none does */

void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
char *__real_strdup(const char *);
char *__wrap_strdup(const char *);

void *
__wrap_calloc(size_t count, size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_calloc(count, size);
}

char *
__wrap_strdup(const char *text)
{
	return left > 0 && --left == 0 ? NULL : __real_strdup(text);
}

static struct world world;
static struct dialogue *dialogue;
static struct dialogue_step step;
static int64_t now;

static struct dialogue_setup
setup(void)
{
	return (struct dialogue_setup){ .target = &world.target, .address = "192.0.2.1", .helo = "watch.example.net",
		.resolve = 2000, .resolved = true, .epoch = 1000, .stalled = &world.stalled };
}

static int
begin(void **state)
{
	(void)state;
	world_init(&world, "starttls", PW_TLS_REQUIRE);
	now = 1000;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dialogue_destroy(&dialogue);
	world_fini(&world);
	return 0;
}

static void
hear(const char *words)
{
	step = (struct dialogue_step){ .next = DIALOGUE_WAIT };
	dialogue_received(dialogue, ++now, words, strlen(words), &step);
}

/* Up to the handshake. */
static void
come_to_tls(void)
{
	dialogue_connected(dialogue, ++now, NULL, &step);
	hear("220 mx.example.org ESMTP\r\n");
	hear("250-mx.example.org\r\n250 STARTTLS\r\n");
	hear("220 go ahead\r\n");
	assert_int_equal(step.next, DIALOGUE_SECURE);
}

static void
create(void)
{
	const struct dialogue_setup given = setup();

	dialogue = dialogue_create(&given, now);
	assert_non_null(dialogue);
}

static void
secure(const struct tls_judgement *judgement)
{
	step = (struct dialogue_step){ .next = DIALOGUE_WAIT };
	dialogue_secured(dialogue, ++now, judgement, (struct pw_bytes){ "", 0 }, &step);
}

/* The rest of a dialogue that is well. */
static void
pass(void)
{
	hear("250 mx.example.org\r\n");
	hear("221 bye\r\n");
	assert_int_equal(step.next, DIALOGUE_CLOSE);
}

static const struct tls_judgement good = { .version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .verified = true };

static bool
was_said(const char *words)
{
	struct evidence evidence = { .leg = 0 };
	struct evidence_line line;

	dialogue_evidence(dialogue, &evidence);
	while (evidence_next_line(&evidence.transcript, &line))
		if (memmem(line.bytes.data, line.bytes.size, words, strlen(words)) != NULL)
			return true;
	return false;
}

/* Dates that cannot be judged: nothing is known of the certificate. */
static void
what_our_clock_cannot_judge_is_not_told(void **state)
{
	static const struct {
		enum clock_doubt_cause doubt;
		uint16_t flags;
	} rows[] = { { CLOCK_NOT_KNOWN, REPORT_CLOCK_DOUBTED }, { CLOCK_BEFORE_BUILD, REPORT_CLOCK_DOUBTED | REPORT_CLOCK_WRONG } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tls_judgement judgement = good;

		judgement.doubt = rows[i].doubt;
		snprintf(judgement.undated, sizeof judgement.undated, "its dates cannot be judged");
		create();
		come_to_tls();
		secure(&judgement);
		pass();
		assert_int_equal(dialogue_verdict(dialogue), PW_UNKNOWN);
		assert_string_equal(dialogue_outcome(dialogue), "our_clock");
		assert_string_equal(dialogue_text(dialogue), "its dates cannot be judged");
		assert_int_equal(dialogue_report_flags(dialogue) & (REPORT_CLOCK_DOUBTED | REPORT_CLOCK_WRONG), rows[i].flags);
		dialogue_destroy(&dialogue);
	}
}

static void
a_renewal_that_was_missed_is_in_the_transcript(void **state)
{
	struct tls_judgement judgement = good;

	(void)state;
	snprintf(judgement.renewal, sizeof judgement.renewal, "the last one was renewed with 30 days left");
	create();
	come_to_tls();
	secure(&judgement);
	pass();
	assert_int_equal(dialogue_verdict(dialogue), PW_OK);
	assert_true(was_said("renewal_missed: the last one was renewed with 30 days left"));
}

/* TLS fails on the first connection; what the second one finds. */
static void
look_again(enum dialogue_look look)
{
	struct close_reason reason = { .end = STREAM_TLS_FAILED, .outcome = "tls_version", .text = "no common version" };

	create();
	come_to_tls();
	dialogue_ended(dialogue, ++now, &reason, &step);
	assert_int_equal(step.next, DIALOGUE_CLOSE);
	assert_true(dialogue_failed_tls(dialogue));
	dialogue_again(dialogue, ++now, look);
	come_to_tls();
}

static void
a_certificate_that_fails_on_another_connection(void **state)
{
	static const enum dialogue_look looks[] = { LOOK_LEGACY, LOOK_SMALL };

	(void)state;
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		struct tls_judgement judgement = good;

		judgement.failed = true;
		judgement.verified = false;
		snprintf(judgement.version, sizeof judgement.version, "TLSv1");
		snprintf(judgement.outcome, sizeof judgement.outcome, "cert_expired");
		snprintf(judgement.text, sizeof judgement.text, "the certificate has expired");
		look_again(looks[i]);
		secure(&judgement);
		hear("221 bye\r\n");
		assert_int_equal(step.next, DIALOGUE_CLOSE);
		assert_int_equal(dialogue_verdict(dialogue), PW_FAILED);
		assert_string_equal(dialogue_outcome(dialogue), "cert_expired");
		assert_string_equal(dialogue_text(dialogue), "the certificate has expired");
		assert_int_equal(was_said("a small ClientHello is answered"), 0);
		dialogue_destroy(&dialogue);
	}
}

/* Of two connections whose dates cannot be judged the first one's words are told. */
static void
a_doubt_is_told_once(void **state)
{
	struct tls_judgement judgement = good;

	(void)state;
	judgement.doubt = CLOCK_BEFORE_BUILD;
	for (int i = 0; i < 2; i++) {
		snprintf(judgement.undated, sizeof judgement.undated, "doubt %d", i);
		if (i == 0) {
			look_again(LOOK_SMALL);
		} else {
			dialogue_again(dialogue, ++now, LOOK_LARGE);
			come_to_tls();
		}
		secure(&judgement);
	}
	pass();
	assert_string_equal(dialogue_outcome(dialogue), "our_clock");
	assert_string_equal(dialogue_text(dialogue), "doubt 0");
	assert_true(was_said("a small ClientHello is answered"));
}

/* A name takes as long as it takes where no limit of slowness is set for it. */
static void
a_name_is_slow_by_its_limit_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		world.phases[0].slow = i == 0 ? 0 : i == 1 ? 3000 : 1000;
		create();
		come_to_tls();
		secure(&good);
		pass();
		assert_string_equal(dialogue_outcome(dialogue), i == 2 ? "slow_resolve" : "ok");
		dialogue_destroy(&dialogue);
	}
}

/* Without memory there is no dialogue, or one that says its name is the simplest. */
static void
memory_may_be_missing(void **state)
{
	struct dialogue_setup given = setup();

	(void)state;
	left = 1;
	assert_null(dialogue_create(&given, now));
	left = 0;
	given.helo = NULL;
	dialogue = dialogue_create(&given, now);
	left = 1;
	dialogue_connected(dialogue, ++now, NULL, &step);
	left = 0;
	hear("220 mx.example.org ESMTP\r\n");
	assert_int_equal(step.next, DIALOGUE_SEND);
	assert_memory_equal(step.bytes, "EHLO localhost\r\n", 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_our_clock_cannot_judge_is_not_told, begin, end),
		cmocka_unit_test_setup_teardown(a_renewal_that_was_missed_is_in_the_transcript, begin, end),
		cmocka_unit_test_setup_teardown(a_certificate_that_fails_on_another_connection, begin, end),
		cmocka_unit_test_setup_teardown(a_doubt_is_told_once, begin, end),
		cmocka_unit_test_setup_teardown(a_name_is_slow_by_its_limit_alone, begin, end),
		cmocka_unit_test_setup_teardown(memory_may_be_missing, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
