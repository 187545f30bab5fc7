/*
 * One target in a world made by hand: runs written as characters, time that only the test moves, and a minimal ledger
 * that writes down what people would have been told.
 *
 *   .  passes      x  fails       X  fails in another way     ?  tells nothing
 *   t  tempfail    b  is blocked  w  passes with a warning    s  greets after 40 s: passes only where the run is patient
 *   T  tempfail with x.7.x        l  says that we come too often     L  the same, in words about us
 *   m  its name is missing: the last known address answers in the first two runs in a row, then it fails
 */
#ifndef TESTS_RULES_WORLD_H
#define TESTS_RULES_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/apply_run.h"
#include "monitor/pace.h"
#include "monitor/silence.h"

static const struct pw_probe_ops world_ops = { .size = sizeof world_ops };
static const struct pw_plugin world_descriptor = { .ops = &world_ops };
static const struct plugin world_plugin = { .descriptor = &world_descriptor };
static const struct phase_plan world_phases[] = { { .name = "resolve" }, { .name = "connect" }, { .name = "banner" },
	{ .name = "ehlo" } };

#define MINUTE (60 * (int64_t)SECOND)
#define WORLD_UTC INT64_C(1700000000000000) /* of the monotonic clock's 0 */
enum { REACHED_CONNECT = 3, REACHED_ALL = 15, BANNER = 2 };

struct world {
	struct policy policy;
	struct codes *codes;
	struct target_state target;
	struct run_context context;
	struct run_effects effects;
	int64_t now, due;
	uint32_t random;
	uint64_t runs;
	char told[512]; /* kinds, separated by blanks */
	uint32_t avoided, suspected, passed_over;
	uint16_t ok, refused, timeout, tempfail, policy_code, slow_banner, resolver, greeting;
};

static inline struct moment
world_moment(int64_t mono)
{
	return (struct moment){ mono, mono + WORLD_UTC };
}

static inline struct world *
world_create(uint16_t tries, uint16_t recover_tries)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->policy = (struct policy){ .probe = &world_plugin, .interval = MINUTE, .retry_interval = 20 * SECOND,
		.flap_window = 30 * MINUTE, .tempfail_grace = 15 * MINUTE, .stale_after = 5 * MINUTE, .tries = tries,
		.recover_tries = recover_tries, .phase_count = 4, .phases = world_phases };
	assert_non_null(world->codes = codes_create());
	world->now = world->due = 1000 * MINUTE;
	target_state_init(&world->target, world_moment(world->now));
	world->context.codes = world->codes;
	world->ok = codes_of(world->codes, "ok", NULL);
	world->refused = codes_of(world->codes, "refused", NULL);
	world->timeout = codes_of(world->codes, "banner_timeout", NULL);
	world->tempfail = codes_of(world->codes, "tempfail", NULL);
	world->policy_code = codes_of(world->codes, "policy", NULL);
	world->slow_banner = codes_of(world->codes, "slow_banner", NULL);
	world->resolver = codes_of(world->codes, "resolver", NULL);
	world->greeting = codes_of(world->codes, "early_data", NULL);
	return world;
}

static inline void
world_destroy(struct world **world)
{
	target_state_fini(&(*world)->target);
	codes_destroy(&(*world)->codes);
	free(*world);
	*world = NULL;
}

static inline void
world_show(struct observation *run, uint16_t code, uint8_t phase, bool blocked)
{
	run->shown[run->shown_count++] = (struct shown){ code, phase, blocked };
}

static inline void
world_slow(const struct world *world, struct observation *run)
{
	if (!run->patient) {
		run->verdict = PW_FAILED;
		run->outcome = world->timeout;
		run->ended += 30 * SECOND;
		run->reached = REACHED_CONNECT;
		return;
	}
	run->verdict = PW_DEGRADED;
	run->outcome = world->slow_banner;
	run->over_routine = true;
	run->ended += 40 * SECOND;
	world_show(run, world->slow_banner, BANNER, false);
}

/* The run that `what` stands for, at the time when it is due. */
static inline struct observation
world_observation(struct world *world, char what)
{
	struct observation run = { .run = ++world->runs, .started = world->due, .ended = world->due + 100 * MILLISECOND, .verdict = PW_OK,
		.outcome = world->ok, .due = true, .reached = REACHED_ALL,
		.patient = pace_is_patient(&world->target, &world->policy) };

	switch (what) {
	case '.':
		break;
	case 'x':
	case 'X':
		run.verdict = PW_FAILED;
		run.outcome = what == 'x' ? world->refused : world->timeout;
		run.reached = REACHED_CONNECT;
		break;
	case '?':
		run.verdict = PW_UNKNOWN;
		run.outcome = world->resolver;
		run.reached = 0;
		break;
	case 't':
	case 'T':
		run.verdict = PW_DEGRADED;
		run.outcome = world->tempfail;
		run.tempfail = true;
		run.policy_code = what == 'T';
		break;
	case 'l':
	case 'L':
		run.verdict = PW_DEGRADED;
		run.outcome = codes_of(world->codes, "rate_limited", NULL);
		run.rate_limited = run.too_many = true;
		run.means_us = what == 'L';
		world_show(&run, run.outcome, BANNER, false);
		break;
	case 'b':
		run.verdict = PW_BLOCKED;
		run.outcome = world->policy_code;
		world_show(&run, world->policy_code, BANNER, true);
		break;
	case 'w':
		run.verdict = PW_DEGRADED;
		run.outcome = world->greeting;
		world_show(&run, world->greeting, BANNER, false);
		break;
	case 'm':
		run.missing = true;
		run.verdict = world->target.missing < 2 ? PW_DEGRADED : PW_FAILED;
		run.outcome = codes_of(world->codes, run.verdict == PW_DEGRADED ? "name_unresolvable" : "no_such_name", NULL);
		run.reached = run.verdict == PW_DEGRADED ? REACHED_ALL : 0;
		break;
	case 's':
		world_slow(world, &run);
		break;
	default:
		fail_msg("no such run: %c", what);
	}
	run.started_utc = run.started + WORLD_UTC;
	run.ended_utc = run.ended + WORLD_UTC;
	return run;
}

static inline void
world_write(struct world *world)
{
	for (uint32_t i = 0; i < world->effects.count; i++) {
		const struct change *change = &world->effects.changes[i];
		if (change->silence != 0)
			continue;
		size_t size = strlen(world->told);
		const char *code = codes_get(world->codes, change->code)->name;
		bool condition = change->kind == NOTICE_degraded || change->kind == NOTICE_blocked
		    || change->kind == NOTICE_cleared;
		snprintf(world->told + size, sizeof world->told - size, "%s%s%s%s%s", size == 0 ? "" : " ",
		    notice_name(change->kind), condition ? "(" : "", condition ? code : "", condition ? ")" : "");
	}
}

/* Judges the run, writes down what is told, and moves time to the next one. */
static inline void
world_learn(struct world *world, const struct observation *run)
{
	assert_true(apply_run(&world->target, run, &world->policy, &world->context, &world->effects));
	world->now = run->ended;
	world->avoided += world->effects.avoided;
	world->suspected += world->effects.suspected;
	world_write(world);
	struct pace_next next = pace_next(&world->target, &world->policy, 0, world->due, run->ended, world->random++);
	assert_true(next.at > run->ended);
	world->due = next.at;
	world->passed_over += next.passed_over;
}

static inline void
world_run(struct world *world, const char *runs)
{
	for (; *runs != '\0'; runs++) {
		struct observation run = world_observation(world, *runs);
		world_learn(world, &run);
	}
}

/* The same run again and again for so long. */
static inline void
world_go_on(struct world *world, char what, int64_t span)
{
	char runs[2] = { what, '\0' };

	for (int64_t end = world->now + span; world->due <= end;)
		world_run(world, runs);
}

#endif
