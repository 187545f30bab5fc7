/* What a notice is told beside: the first of its incident or condition, and the runs that failed before it came back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "keeper/notice_context.h"
#include "store_folder.h"

static struct folder folder;
static struct store_batch *batch;
static uint64_t change;

static void
put_notice(uint64_t number, const char *kind, const char *code, uint64_t incident, uint32_t attempts)
{
	unsigned char bytes[NOTICE_PAYLOAD_MAX];
	struct wire_out out = wire_over(bytes, sizeof bytes);
	struct notice_payload payload = { .attempt_count = attempts };

	for (uint32_t i = 0; i < attempts; i++)
		payload.attempts[i] = 10 + i;
	payload_put(&payload, &out);
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = ++change, .kind = kind,
	    .confirmed = 1000 * (int64_t)number, .incident = incident, .code = code, .text = bytes_of(kind), .silences = "",
	    .rest = { (const char *)bytes, out.size } });
}

/* A run with two legs, of incident 5. */
static void
put_run(uint64_t run, enum pw_verdict first, enum pw_verdict second, const char *role)
{
	const enum pw_verdict verdicts[] = { first, second };

	for (uint32_t i = 0; i < 2; i++) {
		static unsigned char packet[4096];
		struct wire_out out = wire_over(packet, sizeof packet);
		struct message_evidence evidence = { .run = run, .target = 0, .leg = { .leg = i, .legs = 2,
			.verdict = (uint8_t)verdicts[i], .outcome = "refused", .text = bytes_of(""), .started = (int64_t)run } };

		message_put_evidence(&out, &evidence);
		assert_false(out.bad);
		store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .leg = i, .at = (int64_t)run,
		    .incident = 5, .role = role, .bytes = { (const char *)packet, out.size } });
	}
}

static int
setup(void **state)
{
	(void)state;
	change = 0;
	folder_make(&folder);
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
	batch = store_batch_of(folder.store);
	return 0;
}

/* What is asked for may be in the store, or wait to be: the state of a test says which. */
static void
keep(void **state)
{
	if (*state == NULL) {
		assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
		store_batch_clear(batch);
	}
}

static int
teardown(void **state)
{
	(void)state;
	store_batch_destroy(&batch);
	folder_remove(&folder);
	return 0;
}

static uint64_t
first_of(uint64_t number, const char *kind, const char *code, uint64_t incident, uint32_t attempts)
{
	struct message_notice notice = { .notice = number, .incident = incident, .confirmed = 1000 * (int64_t)number };
	uint64_t first;

	snprintf(notice.kind, sizeof notice.kind, "%s", kind);
	snprintf(notice.code, sizeof notice.code, "%s", code);
	first = context_first(folder.store, &notice, 1);
	assert_int_equal(notice.attempts, attempts);
	return first;
}

static void
what_ends_finds_what_began(void **state)
{
	put_notice(2, "degraded", "slow_banner", 0, 1);
	put_notice(3, "cleared", "slow_banner", 0, 0);
	put_notice(4, "degraded", "slow_banner", 0, 1);
	put_notice(6, "degraded", "tempfail", 0, 1);
	put_notice(7, "down", "refused", 5, 3);
	put_notice(8, "changed", "policy", 5, 1);
	put_notice(9, "up", "ok", 5, 2);
	put_notice(10, "down", "refused", 6, 4);
	put_notice(11, "flapping", "refused", 6, 1);
	put_notice(12, "settled", "", 0, 0);
	put_notice(13, "cleared", "slow_banner", 0, 0);
	put_notice(14, "cleared", "slow_banner", 0, 0);
	put_notice(15, "settled", "", 0, 0);
	keep(state);
	assert_int_equal(first_of(2, "degraded", "slow_banner", 0, 0), 2);
	assert_int_equal(first_of(3, "cleared", "slow_banner", 0, 0), 2);
	assert_int_equal(first_of(13, "cleared", "slow_banner", 0, 0), 4);
	assert_int_equal(first_of(14, "cleared", "slow_banner", 0, 0), 14); /* nothing stood any more */
	assert_int_equal(first_of(7, "down", "refused", 5, 3), 7);
	assert_int_equal(first_of(8, "changed", "policy", 5, 3), 7);
	assert_int_equal(first_of(9, "up", "ok", 5, 3), 7);
	assert_int_equal(first_of(12, "settled", "", 0, 0), 10);
	assert_int_equal(first_of(15, "settled", "", 0, 0), 15);
}

static void
assert_runs(const struct notice_payload *payload, const struct message_notice *notice, uint32_t before, uint32_t count,
    const uint64_t *runs)
{
	assert_int_equal(notice->before, before);
	assert_int_equal(notice->runs, count);
	assert_int_equal(payload->attempt_count, count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(payload->attempts[i], runs[i]);
}

static void
an_end_has_its_last_failure(void **state)
{
	struct message_notice notice = { .kind = "up", .incident = 5 };
	struct notice_payload payload = { .attempt_count = 2, .attempts = { 15, 16 } };

	put_notice(7, "down", "refused", 5, 3);
	put_run(10, PW_FAILED, PW_FAILED, "confirmed");
	put_run(11, PW_FAILED, PW_FAILED, "confirmed");
	put_run(12, PW_FAILED, PW_FAILED, "confirmed");
	put_run(14, PW_FAILED, PW_FAILED, "failed");
	put_run(15, PW_FAILED, PW_DEGRADED, "failed"); /* one address is enough */
	put_run(16, PW_OK, PW_OK, "passed");
	keep(state);
	context_add_failures(folder.store, &notice, &payload, false);
	assert_runs(&payload, &notice, 1, 3, (const uint64_t[]){ 14, 15, 16 });
	payload = (struct notice_payload){ .attempt_count = 2, .attempts = { 15, 16 } };
	context_add_failures(folder.store, &notice, &payload, true); /* then 15 has failed */
	assert_runs(&payload, &notice, 1, 2, (const uint64_t[]){ 15, 16 });
	payload = (struct notice_payload){ .attempt_count = 2, .attempts = { 15, 16 }, .covers_count = 2, .covers = { 7, 8 } };
	memcpy(notice.kind, "outage", 7);
	context_add_failures(folder.store, &notice, &payload, false);
	assert_runs(&payload, &notice, 4, 6, (const uint64_t[]){ 10, 11, 12, 14, 15, 16 });
	memcpy(notice.kind, "down", 5);
	payload = (struct notice_payload){ .attempt_count = 2, .attempts = { 10, 11 } };
	context_add_failures(folder.store, &notice, &payload, false);
	assert_runs(&payload, &notice, 0, 2, (const uint64_t[]){ 10, 11 });
}

static void
room_is_kept_to(void **state)
{
	struct message_notice notice = { .kind = "outage", .incident = 5 };
	struct notice_payload payload = { .attempt_count = CHANGE_ATTEMPTS_MAX - 2, .covers_count = 1, .covers = { 7 } };

	for (uint32_t i = 0; i < payload.attempt_count; i++)
		payload.attempts[i] = 100 + i;
	put_notice(7, "down", "refused", 5, 3);
	put_run(12, PW_FAILED, PW_FAILED, "confirmed");
	keep(state);
	context_add_failures(folder.store, &notice, &payload, false);
	assert_int_equal(notice.runs, CHANGE_ATTEMPTS_MAX);
	assert_int_equal(notice.before, 2);
	assert_int_equal(payload.attempts[0], 11);
	assert_int_equal(payload.attempts[1], 12);
	assert_int_equal(payload.attempts[2], 100);
}

int
main(void)
{
	static char waits[] = "it waits";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_ends_finds_what_began, setup, teardown),
		cmocka_unit_test_prestate_setup_teardown(what_ends_finds_what_began, setup, teardown, waits),
		cmocka_unit_test_setup_teardown(an_end_has_its_last_failure, setup, teardown),
		cmocka_unit_test_prestate_setup_teardown(an_end_has_its_last_failure, setup, teardown, waits),
		cmocka_unit_test_setup_teardown(room_is_kept_to, setup, teardown),
		cmocka_unit_test_prestate_setup_teardown(room_is_kept_to, setup, teardown, waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
