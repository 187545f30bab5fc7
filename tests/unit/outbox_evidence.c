/* No alert without evidence: however late a notice is handed out, and whoever has died meanwhile, its attempts come with it. */
#include "outbox_world.h"

#include <sqlite3.h>

#include "store/store_private.h"

enum { RUNS_BETWEEN = 100 };

static uint64_t run;
static const char *silences = "";

/* A run of the first target, of two legs. */
static uint64_t
probe_once(struct world *world, enum pw_verdict verdict, int64_t started)
{
	static unsigned char packet[4096];
	const char *outcome = verdict == PW_OK ? "ok" : "refused";
	struct evidence_log log = { 0 };

	run++;
	for (uint32_t leg = 0; leg < 2; leg++) {
		struct wire_out out = wire_over(packet, sizeof packet);
		struct message_evidence evidence = { .run = run, .leg = { .leg = leg, .legs = 2, .verdict = (uint8_t)verdict,
			.started = started, .text = { outcome, strlen(outcome) } } };
		char line[32];

		snprintf(line, sizeof line, "line of run %llu", (unsigned long long)run);
		copy(evidence.leg.outcome, sizeof evidence.leg.outcome, outcome);
		evidence_add_line(&log, 0, EVIDENCE_EVENT, (struct pw_bytes){ line, strlen(line) });
		evidence.leg.transcript = buffer_view(&log.transcript);
		message_put_evidence(&out, &evidence);
		assert_true(keeper_hear(&world->keeper, packet, out.size));
		evidence_log_fini(&log);
	}
	return run;
}

/* The run's end: the state, behind what it has changed, and its result. */
static void
end_run(struct world *world, enum pw_verdict verdict, int64_t started)
{
	static unsigned char packet[1024];
	struct wire_out out = wire_over(packet, sizeof packet);
	struct report report = { .run = run, .verdict = (uint8_t)verdict, .started = started };

	copy(report.outcome, sizeof report.outcome, verdict == PW_OK ? "ok" : "refused");
	assert_true(say_run(&world->keeper, NULL, &(struct message_state){ 0, false, { "state", 5 } }));
	message_begin_results(&out);
	assert_true(message_add_report(&out, &report));
	assert_true(say_results(&world->keeper, packet, out.size));
	commit_all(&world->keeper);
}

static void
probe_many(struct world *world, uint32_t count, enum pw_verdict verdict)
{
	for (uint32_t i = 0; i < count; i++) {
		int64_t now = clock_wall();
		probe_once(world, verdict, now);
		end_run(world, verdict, now);
	}
}

struct said {
	const char *kind, *from, *to, *code;
	uint64_t incident, attempts[4];
	uint32_t count;
};

static void
say_with(struct world *world, const struct said *said)
{
	struct message_change change = { .change = ++world->changes[0], .incident = said->incident,
		.attempt_count = said->count, .detected = BEGAN, .confirmed = clock_wall(), .text = { "mx1 changed", 11 } };

	copy(change.kind, sizeof change.kind, said->kind);
	copy(change.from, sizeof change.from, said->from);
	copy(change.to, sizeof change.to, said->to);
	copy(change.code, sizeof change.code, said->code);
	copy(change.silences, sizeof change.silences, silences);
	memcpy(change.attempts, said->attempts, sizeof said->attempts);
	assert_true(say_run(&world->keeper, &change, &(struct message_state){ 0, false, { "state", 5 } }));
}

/* What comes next is the notice of that kind, behind two legs of each of these runs, in this order. */
static void
assert_handed(struct world *world, const char *kind, uint32_t count, const uint64_t *runs)
{
	struct message_evidence evidence;
	struct message_leg leg;
	uint32_t legs = 0;
	ssize_t size;

	for (int i = 0; i < 4; i++) {
		world->keeper.service->next_second = 0;
		dispatch_turn(&world->keeper);
		commit_all(&world->keeper);
	}
	while ((size = packet_read(world->notifiers[0], world->packet, sizeof world->packet, NULL)) > 0
	    && message_kind(world->packet, (size_t)size) == MESSAGE_LEG) {
		struct wire_in in = wire_from(world->packet, (size_t)size);
		struct evidence_line line;
		char wanted[32];

		assert_true(message_get_leg(&in, &leg));
		assert_true(message_read_evidence(leg.packet, &evidence));
		assert_true(legs / 2 < count);
		assert_int_equal(evidence.leg.leg, legs % 2);
		assert_int_equal(leg.run, legs / 2);
		assert_true(evidence_next_line(&evidence.leg.transcript, &line));
		snprintf(wanted, sizeof wanted, "line of run %llu", (unsigned long long)runs[legs / 2]);
		assert_int_equal(line.bytes.size, strlen(wanted));
		assert_memory_equal(line.bytes.data, wanted, strlen(wanted));
		legs++;
	}
	assert_true(size > 0);
	struct wire_in in = wire_from(world->packet, (size_t)size);
	assert_true(message_get_notice(&in, &world->notice));
	assert_string_equal(world->notice.kind, kind);
	assert_int_equal(legs, 2 * count);
	assert_int_equal(world->notice.runs, count);
	answer(world, PW_SENT, false);
}
#define ASSERT_HANDED(world, kind, count, ...) assert_handed((world), (kind), (count), (const uint64_t[]){ __VA_ARGS__ })

static struct world *
create_for_all_kinds(void)
{
	struct world *world = prepare();

	run = 0;
	world->rules[0].kinds = UINT32_MAX;
	begin(world);
	return world;
}

static void
empty_history(const struct world *world)
{
	char path[SCRATCH_PATH + 32];

	snprintf(path, sizeof path, "%s/history.db", world->folder);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM traces", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Nobody takes notices; more runs than the cache holds come; the keeper is killed, and with it what the history has not
 * yet written; then they are taken. */
static void
hold_and_kill(struct world *world, enum pw_verdict verdict)
{
	probe_many(world, RUNS_BETWEEN, verdict);
	end(world);
	empty_history(world);
	begin(world);
	link_notifiers(world);
}

static void
each_kind_without_an_incident(void **state)
{
	static const struct { const char *kind, *code; enum pw_verdict verdict; bool is_end; } kinds[] = {
		{ "fact", "", PW_OK, false }, { "degraded", "slow_banner", PW_DEGRADED, false },
		{ "cleared", "slow_banner", PW_OK, true }, { "blocked", "blocklisted", PW_BLOCKED, false },
		{ "degraded", "cert_expires_soon", PW_DEGRADED, false }, { "degraded", "capability_lost", PW_OK, false },
		{ "impaired", "resolver", PW_UNKNOWN, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct world *world = create_for_all_kinds();
		int64_t now = clock_wall();
		uint64_t first = kinds[i].is_end ? probe_once(world, PW_DEGRADED, now) : 0, at;

		if (kinds[i].is_end)
			say_with(world, &(struct said){ "degraded", "", "", kinds[i].code, 0, { first }, 1 });
		at = probe_once(world, kinds[i].verdict, now);
		say_with(world, &(struct said){ kinds[i].kind, "", "", kinds[i].code, 0, { at }, 1 });
		end_run(world, kinds[i].verdict, now);
		hold_and_kill(world, PW_OK);
		if (kinds[i].is_end)
			ASSERT_HANDED(world, "degraded", 1, first);
		ASSERT_HANDED(world, kinds[i].kind, 1, at);
		destroy(&world);
	}
}

/* Its failures were each over when it was told, and lie in the history alone. */
static void
failures_that_stood_alone(void **state)
{
	struct world *world = create_for_all_kinds();
	uint64_t failures[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		int64_t now = clock_wall();
		failures[i] = probe_once(world, PW_FAILED, now);
		end_run(world, PW_FAILED, now);
		probe_many(world, RUNS_BETWEEN, PW_OK);
	}
	say_with(world, &(struct said){ "degraded", "", "", "unstable", 0, { failures[0], failures[1], failures[2] }, 3 });
	end_run(world, PW_OK, clock_wall());
	hold_and_kill(world, PW_OK);
	ASSERT_HANDED(world, "degraded", 3, failures[0], failures[1], failures[2]);
	destroy(&world);
}

static uint64_t
go_down(struct world *world, uint64_t failures[3])
{
	for (int i = 0; i < 3; i++) {
		failures[i] = probe_once(world, PW_FAILED, clock_wall());
		if (i == 2)
			say_with(world, &(struct said){ "down", "suspect", "down", "refused", world->changes[0] + 1,
			    { failures[0], failures[1], failures[2] }, 3 });
		end_run(world, PW_FAILED, clock_wall());
	}
	return world->changes[0];
}

static void
each_kind_of_an_incident(void **state)
{
	struct world *world = create_for_all_kinds();
	uint64_t failures[3], incident = go_down(world, failures), changed, passed[2], last;

	(void)state;
	changed = probe_once(world, PW_FAILED, clock_wall());
	say_with(world, &(struct said){ "changed", "down", "down", "banner_timeout", incident, { changed }, 1 });
	end_run(world, PW_FAILED, clock_wall());
	hold_and_kill(world, PW_FAILED);
	last = run;
	passed[0] = probe_once(world, PW_OK, clock_wall());
	end_run(world, PW_OK, clock_wall());
	ASSERT_HANDED(world, "down", 3, failures[0], failures[1], failures[2]);
	ASSERT_HANDED(world, "changed", 1, changed);
	passed[1] = probe_once(world, PW_OK, clock_wall());
	say_with(world, &(struct said){ "up", "recovering", "up", "ok", incident, { last, passed[0], passed[1] }, 3 });
	end_run(world, PW_OK, clock_wall());
	hold_and_kill(world, PW_OK);
	ASSERT_HANDED(world, "up", 3, last, passed[0], passed[1]);
	destroy(&world);
}

/* An episode of flapping that nobody took the words of before it was over; and an outage in a pause. */
static void
what_ended_before_it_was_told(void **state)
{
	struct world *world = create_for_all_kinds();
	uint64_t failures[3], passed, settled, first, incident;

	(void)state;
	for (int i = 0; i < 3; i++) {
		failures[i] = probe_once(world, PW_FAILED, clock_wall());
		if (i == 2)
			say_with(world, &(struct said){ "flapping", "suspect", "down", "refused", 1, { failures[0], failures[1], failures[2] }, 3 });
		end_run(world, PW_FAILED, clock_wall());
	}
	settled = probe_once(world, PW_OK, clock_wall());
	say_with(world, &(struct said){ "settled", "", "", "ok", 0, { settled }, 1 });
	end_run(world, PW_OK, clock_wall());
	hold_and_kill(world, PW_OK);
	ASSERT_HANDED(world, "flapping", 3, failures[0], failures[1], failures[2]);
	ASSERT_HANDED(world, "settled", 1, settled);
	destroy(&world);

	world = create_for_all_kinds();
	silences = "paused";
	incident = go_down(world, failures);
	first = failures[0];
	passed = probe_once(world, PW_OK, clock_wall());
	say_with(world, &(struct said){ "up", "recovering", "up", "ok", incident, { failures[2], passed }, 2 });
	end_run(world, PW_OK, clock_wall());
	silences = "";
	say_with(world, &(struct said){ "", "", "", "", 0, { 0 }, 0 });
	end_run(world, PW_OK, clock_wall());
	hold_and_kill(world, PW_OK);
	ASSERT_HANDED(world, "outage", 4, first, failures[1], failures[2], passed);
	destroy(&world);
}

/* The last failure is the last by its number, and stands before the passes. */
static void
a_clock_that_is_set_back(void **state)
{
	struct world *world = create_for_all_kinds();
	uint64_t failures[3], incident = go_down(world, failures), passed[2];
	int64_t hour = 3600 * (int64_t)SECOND, now;

	(void)state;
	link_notifiers(world);
	ASSERT_HANDED(world, "down", 3, failures[0], failures[1], failures[2]);
	for (int i = 0; i < 2; i++) {
		now = clock_wall() - hour;
		passed[i] = probe_once(world, PW_OK, now);
		if (i == 1)
			say_with(world, &(struct said){ "up", "recovering", "up", "ok", incident, { failures[2], passed[0], passed[1] }, 3 });
		end_run(world, PW_OK, now);
	}
	begin_again(world);
	ASSERT_HANDED(world, "up", 3, failures[2], passed[0], passed[1]);
	assert_int_equal(world->notice.before, 1);
	destroy(&world);
}

/* A reminder comes with the last failure, though many came since the outage was told, and the keeper died between. */
static void
a_reminder_has_the_last_failure(void **state)
{
	static const int64_t waits[] = { 3600 * (int64_t)SECOND };
	struct world *world = prepare();
	uint64_t failures[3];

	(void)state;
	run = 0;
	world->rules[0].remind = waits;
	world->rules[0].remind_count = 1;
	begin(world);
	go_down(world, failures);
	hold_and_kill(world, PW_FAILED);
	ASSERT_HANDED(world, "down", 3, failures[0], failures[1], failures[2]);
	age_incident(world, 0, 2 * waits[0], 0);
	ASSERT_HANDED(world, "reminder", 1, run);
	assert_int_equal(world->notice.before, 0);
	probe_many(world, RUNS_BETWEEN, PW_FAILED);
	begin_again(world);
	age_incident(world, 0, 4 * waits[0], 2 * waits[0]);
	ASSERT_HANDED(world, "reminder", 1, run);
	destroy(&world);
}

/* Nobody knows whether a server that was down still is while we see nothing. */
static void
time_in_which_nothing_is_seen_is_unknown(void **state)
{
	static const enum pw_verdict verdicts[] = { PW_FAILED, PW_UNKNOWN, PW_FAILED };
	static const enum store_mood moods[] = { STORE_MOOD_down, STORE_MOOD_unknown, STORE_MOOD_down };
	struct world *world = create();

	(void)state;
	down(world, 0, "");
	for (size_t i = 0; i < sizeof moods / sizeof *moods; i++) {
		probe_many(world, 1, verdicts[i]);
		assert_int_equal(db_number(world->keeper.store->db_files[STORE_HISTORY].db,
		    "SELECT mood FROM results ORDER BY id DESC LIMIT 1", -1), moods[i]);
	}
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_in_which_nothing_is_seen_is_unknown),
		cmocka_unit_test(each_kind_without_an_incident),
		cmocka_unit_test(failures_that_stood_alone),
		cmocka_unit_test(each_kind_of_an_incident),
		cmocka_unit_test(what_ended_before_it_was_told),
		cmocka_unit_test(a_clock_that_is_set_back),
		cmocka_unit_test(a_reminder_has_the_last_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
