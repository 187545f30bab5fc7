/* What the keeper keeps, for how long, and how it tells a change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "keeper/evidence_cache.h"
#include "keeper/change_log.h"

enum { TARGETS = 5, PLENTY = 1 << 20, RUNS = 3 };

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

/* A leg with a line of transcript, as a prober would send it. */
static void
put(struct evidence_cache *cache, uint32_t target, uint64_t run, uint32_t leg, uint32_t legs)
{
	static unsigned char packet[WIRE_MAX];
	struct evidence_log log = { 0 };
	struct wire_out out = wire_over(packet, sizeof packet);
	struct message_evidence evidence = { .run = run, .target = target,
		.leg = { .leg = leg, .legs = legs, .verdict = PW_FAILED, .outcome = "banner_timeout",
		    .text = bytes_of("no greeting within 30.0 s"), .address = bytes_of("192.0.2.1"), .port = 25,
		    .started = 1700000000 * (int64_t)SECOND, .micros = 30 * SECOND, .phase_count = 2,
		    .phases = { { "connect", PHASE_OK, 1000, 15 * SECOND },
			{ "banner", PHASE_FAILED, 30 * SECOND, 30 * SECOND } } } };

	evidence_add_line(&log, 1000, EVIDENCE_EVENT, bytes_of("connected"));
	evidence_add_warning(&log, "slow_connect", "connect", "4.0 s");
	evidence_add_fact(&log, "banner", bytes_of("mx\x1b ESMTP"), true);
	evidence.leg.transcript = buffer_view(&log.transcript);
	evidence.leg.facts = buffer_view(&log.facts);
	evidence.leg.warnings = buffer_view(&log.warnings);
	message_put_evidence(&out, &evidence);
	assert_false(out.bad);
	cache_put(cache, &evidence, (struct pw_bytes){ (const char *)packet, out.size }, RUNS);
	evidence_log_fini(&log);
}

static bool
has(const struct evidence_cache *cache, uint32_t target, uint64_t run, uint32_t leg)
{
	const struct cached_leg *found = cache_leg(cache, target, run, leg);
	struct message_evidence evidence;

	return found != NULL && message_read_evidence(found->packet, &evidence) && evidence.run == run
	    && evidence.target == target && evidence.leg.leg == leg && found->leg == leg
	    && found->started == evidence.leg.started && strcmp(found->outcome, evidence.leg.outcome) == 0;
}

static void
legs_come_back_in_order(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);

	(void)state;
	put(cache, 1, 10, 0, 2);
	put(cache, 1, 10, 1, 2);
	put(cache, 2, 11, 0, 1);
	assert_true(has(cache, 1, 10, 0) && has(cache, 1, 10, 1) && has(cache, 2, 11, 0));
	assert_false(has(cache, 1, 10, 2));
	assert_false(has(cache, 2, 10, 0));
	assert_false(has(cache, 3, 10, 0));
	cache_destroy(&cache);
	assert_null(cache);
}

static void
a_target_keeps_its_last_runs(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);

	(void)state;
	for (uint64_t run = 1; run <= 2 * RUNS; run++) {
		put(cache, 1, run, 0, 2);
		put(cache, 1, run, 1, 2);
	}
	for (uint64_t run = 1; run <= 2 * RUNS; run++)
		assert_int_equal(has(cache, 1, run, 1), run > RUNS);
	assert_int_equal(cache_lost(cache), 0);
	cache_destroy(&cache);
}

static void
the_oldest_of_all_give_way(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);
	size_t one;

	(void)state;
	put(cache, 0, 1, 0, 1);
	one = cache_bytes(cache);
	cache_destroy(&cache);
	cache = cache_create(TARGETS, 3 * one);
	for (uint32_t target = 0; target < TARGETS; target++)
		put(cache, target, target + 1, 0, 1);
	assert_int_equal(cache_bytes(cache), 3 * one);
	assert_int_equal(cache_lost(cache), 2);
	for (uint32_t target = 0; target < TARGETS; target++)
		assert_int_equal(has(cache, target, target + 1, 0), target >= 2);
	cache_destroy(&cache);
}

static void
a_number_used_again_is_another_run(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);

	(void)state;
	put(cache, 1, 10, 0, 2);
	put(cache, 1, 10, 1, 2);
	put(cache, 1, 10, 0, 1);
	assert_true(has(cache, 1, 10, 0));
	assert_false(has(cache, 1, 10, 1));
	cache_destroy(&cache);
}

static void
what_passed_alone_is_not_kept(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);

	(void)state;
	put(cache, 1, 10, 0, 2);
	put(cache, 1, 10, 1, 2);
	cache_settle(cache, 1, 9);
	assert_true(has(cache, 1, 10, 1));
	cache_settle(cache, 1, 10);
	assert_int_equal(cache_bytes(cache), 0);
	cache_settle(cache, 1, 10);
	put(cache, 1, 11, 0, 1);
	put(cache, 1, 12, 0, 1);
	cache_settle(cache, 1, 12);
	assert_true(has(cache, 1, 11, 0) && has(cache, 1, 12, 0));
	cache_destroy(&cache);
}

static char told[8192];
static int first_level;

static bool
note(void *arg, const void *packet, size_t size)
{
	struct wire_in in = wire_from(packet, size);
	struct message_log line;

	(void)arg;
	assert_true(message_get_log(&in, &line));
	if (told[0] == '\0')
		first_level = line.level;
	strncat(told, line.text.data, line.text.size);
	strncat(told, "\n", 2);
	return true;
}

static struct duty duty = { .keep_line = note };

static void
a_change_is_told_with_its_evidence(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);
	struct message_change change = { .target = 1, .kind = "down", .code = "banner_timeout",
		.text = bytes_of("mx1:25 down: no greeting within 30.0 s, 2 of 2 attempts"), .attempt_count = 2,
		.attempts = { 10, 11 } };

	(void)state;
	put(cache, 1, 11, 0, 1);
	told[0] = '\0';
	change_log_write(&duty, 1, &change, cache, NULL);
	assert_int_equal(first_level, LOG_ERR);
	assert_string_equal(told,
	    "mx1:25 down: no greeting within 30.0 s, 2 of 2 attempts\n"
	    "attempt 1 of 2: its evidence was not kept\n"
	    "attempt 2 of 2 at 2023-11-14 22:13:20 +0000 (UTC): 192.0.2.1:25\n"
	    "failed (banner_timeout): no greeting within 30.0 s\n"
	    "connect 0.001 s, banner failed after 30.0 s (limit 30.0 s)\n"
	    "warning slow_connect: 4.0 s\n"
	    "banner: mx\\x1b ESMTP\n"
	    "   0.001 *** connected\n");
	cache_destroy(&cache);
}

static void
silence_and_what_is_not_of_a_target(void **state)
{
	struct evidence_cache *cache = cache_create(TARGETS, PLENTY);
	struct message_change change = { .target = UINT32_MAX, .kind = "blind", .code = "no_route",
		.text = bytes_of("we are cut off"), .silences = "paused", .attempt_count = 1, .attempts = { 10 } };

	(void)state;
	told[0] = '\0';
	change_log_write(&duty, 1, &change, cache, NULL);
	assert_string_equal(told, "we are cut off (not told: paused)\n");
	cache_destroy(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legs_come_back_in_order),
		cmocka_unit_test(a_target_keeps_its_last_runs),
		cmocka_unit_test(the_oldest_of_all_give_way),
		cmocka_unit_test(a_number_used_again_is_another_run),
		cmocka_unit_test(what_passed_alone_is_not_kept),
		cmocka_unit_test(a_change_is_told_with_its_evidence),
		cmocka_unit_test(silence_and_what_is_not_of_a_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
