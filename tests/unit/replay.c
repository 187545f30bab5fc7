/*
 * Attempts that a monitor has made, replayed: under the settings that it had they lead to what it told, word for word,
 * in all the troubles of the timelines; under others to what those would have told, and what is not known is counted.
 *
 *   TIMELINES=20 build/tests/unit/replay        so many seeds of each kind (2)
 */
#include "timelines_kinds.h"

#include "monitor/replay.h"

enum { RUNS = 200000 };

struct kept {
	uint64_t run;
	uint32_t target, flags, phase_count;
	int64_t started, micros, phases[4];
	uint8_t verdict;
	char outcome[OUTCOME_NAME_MAX];
};

struct word {
	uint32_t target;
	int64_t at;
	bool digest;
	char kind[16], code[OUTCOME_NAME_MAX];
};

struct recorded {
	struct world *world;
	struct kept *runs;
	uint32_t count;
	/* replayed */
	uint32_t target; /* the one at hand */
	struct replay_settings settings;
	struct replayer replayer;
	struct replay replays[WORLD_TARGETS];
	struct word words[REPLAY_MACHINES][WORLD_EVENTS];
	uint32_t word_count[REPLAY_MACHINES], avoided[REPLAY_MACHINES], doubts;
	uint64_t unmade;
};

static void
record(void *arg, const struct report *report)
{
	struct recorded *recorded = arg;

	assert_in_range(recorded->count, 0, RUNS - 1);
	struct kept *run = &recorded->runs[recorded->count++];
	*run = (struct kept){ report->run, report->target, report->flags, report->phase_count, report->started, report->micros,
		{ 0 }, report->verdict, "" };
	memcpy(run->phases, report->phases, sizeof run->phases);
	memcpy(run->outcome, report->outcome, sizeof run->outcome);
}

static void
write_down(void *arg, enum replay_which which, const struct run_effects *effects, unsigned doubt)
{
	struct recorded *recorded = arg;

	recorded->avoided[which] += effects->avoided;
	recorded->doubts += which == REPLAY_TRIED && doubt != 0;
	for (uint32_t i = 0; i < effects->count; i++) {
		const struct change *change = &effects->changes[i];
		struct word *word = &recorded->words[which][recorded->word_count[which]];

		assert_in_range(recorded->word_count[which]++, 0, WORLD_EVENTS - 1);
		*word = (struct word){ .target = recorded->target, .at = change->confirmed.mono,
			.digest = change->silence & SILENCE_digest };
		snprintf(word->kind, sizeof word->kind, "%s", notice_name(change->kind));
		snprintf(word->code, sizeof word->code, "%s", codes_get(recorded->replayer.codes, change->code)->name);
	}
}

/* What was confirmed without a run, from the last one up to this one. */
static void
confirm(struct recorded *recorded, uint32_t target, int64_t until)
{
	const struct world *world = recorded->world;

	recorded->target = target;
	for (uint32_t i = 0; i < world->told_count; i++) {
		const struct told *told = &world->told[i];

		if (told->target == target && told->at <= until
		    && (strcmp(told->kind, "down") == 0 || strcmp(told->kind, "flapping") == 0))
			assert_true(replay_confirmed(&recorded->replayer, &recorded->replays[target], &recorded->settings,
			    &(struct replay_confirmation){ told->began, told->at, told->silence }));
	}
}

static void
hear(struct recorded *recorded, uint32_t but, int64_t at)
{
	for (uint32_t i = 0; i < recorded->world->targets; i++) {
		recorded->target = i;
		if (i != but && replay_waits(&recorded->replays[i]))
			assert_true(replay_heard(&recorded->replayer, &recorded->replays[i], &recorded->settings, at));
	}
}

static void
replay(struct recorded *recorded, const struct policy *tried)
{
	struct world *world = recorded->world;

	recorded->settings = (struct replay_settings){ .policies = { &world->policy, tried } };
	recorded->replayer = (struct replayer){ .codes = codes_create(), .told = write_down, .arg = recorded };
	for (uint32_t i = 0; i < recorded->count; i++) {
		const struct kept *report = &recorded->runs[i];
		const struct replay_run run = { .run = report->run, .started = report->started,
			.ended = report->started + report->micros, .verdict = report->verdict, .flags = report->flags,
			.outcome = report->outcome, .phase_count = report->phase_count, .phases = report->phases };

		confirm(recorded, report->target, run.ended);
		assert_true(replay_run(&recorded->replayer, &recorded->replays[report->target], &recorded->settings, &run));
		if (run.verdict <= PW_BLOCKED)
			hear(recorded, report->target, run.ended);
	}
	for (uint32_t i = 0; i < world->targets; i++) {
		confirm(recorded, i, INT64_MAX);
		recorded->unmade += recorded->replays[i].machines[REPLAY_CONFIGURED].unmade;
		replay_fini(&recorded->replays[i]);
	}
	codes_destroy(&recorded->replayer.codes);
}

/* What a monitor that is killed had not passed on is nowhere kept. */
static bool
is_killed(const struct world *world)
{
	for (uint32_t i = 0; i < world->troubles; i++)
		if (world->script[i].kind == MONITOR_DIES)
			return true;
	return false;
}

static struct recorded *
play(const struct kind *kind, uint64_t seed)
{
	struct recorded *recorded = calloc(1, sizeof *recorded);
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(recorded);
	assert_non_null(world);
	assert_non_null(recorded->runs = calloc(RUNS, sizeof *recorded->runs));
	recorded->world = world;
	*world = (struct world){ .seed = (seed + 1) * 0x9e3779b97f4a7c15u, .on_result = record, .arg = recorded };
	world->policy = (struct policy){ .interval = MINUTE, .retry_interval = 20 * SECOND, .flap_window = 30 * MINUTE,
		.tempfail_grace = 5 * MINUTE, .stale_after = 5 * MINUTE, .tries = 3, .recover_tries = 2,
		.leg = { .routine = 120 * SECOND, .patient = 240 * SECOND } };
	kind->script(world);
	stage_set(world);
	stage_play(world);
	return recorded;
}

static void
forget(struct recorded *recorded)
{
	stage_strike(recorded->world);
	free(recorded->world);
	free(recorded->runs);
	free(recorded);
}

/* What was told of a target, and what is told of it in the replay. Returns how many words differ. */
static unsigned
compare(const struct recorded *recorded, const char *kind, uint64_t seed, uint32_t target)
{
	const struct world *world = recorded->world;
	const struct word *words = recorded->words[REPLAY_CONFIGURED];
	uint32_t at = 0;
	unsigned wrong = 0;

	for (uint32_t i = 0; i < world->told_count; i++) {
		const struct told *told = &world->told[i];
		if (told->target != target)
			continue;
		while (at < recorded->word_count[REPLAY_CONFIGURED] && words[at].target != target)
			at++;
		if (at < recorded->word_count[REPLAY_CONFIGURED] && strcmp(words[at].kind, told->kind) == 0
		    && strcmp(words[at].code, told->code) == 0 && words[at].digest == told->digest && llabs(words[at].at - told->at) <= SECOND) {
			at++;
			continue;
		}
		print_message("# %s:%llu: t%u was told %s(%s) at %.1f s, and replayed %s(%s) at %.1f s\n", kind,
		    (unsigned long long)seed, target, told->kind, told->code, (double)(told->at - WORLD_BEGIN) / SECOND,
		    at < recorded->word_count[REPLAY_CONFIGURED] ? words[at].kind : "nothing", words[at].code,
		    (double)(words[at].at - WORLD_BEGIN) / SECOND);
		return 1;
	}
	for (; at < recorded->word_count[REPLAY_CONFIGURED]; at++)
		wrong += words[at].target == target;
	if (wrong > 0)
		print_message("# %s:%llu: t%u: %u words more\n", kind, (unsigned long long)seed, target, wrong);
	return wrong;
}

static void
what_is_configured_tells_what_was_told(void **unused)
{
	const char *many = getenv("TIMELINES"), *one = getenv("TIMELINE");
	uint64_t seeds = many == NULL ? 2 : strtoull(many, NULL, 10);
	unsigned wrong = 0, told = 0;

	(void)unused;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (uint64_t seed = 0; seed < seeds; seed++) {
			if (one != NULL && strcmp(one, kinds[i].name) != 0)
				continue;
			struct recorded *recorded = play(&kinds[i], seed);

			replay(recorded, &recorded->world->policy);
			for (uint32_t target = 0; target < recorded->world->targets && !is_killed(recorded->world); target++)
				wrong += compare(recorded, kinds[i].name, seed, target);
			told += recorded->world->told_count;
			assert_int_equal(recorded->word_count[REPLAY_CONFIGURED], recorded->word_count[REPLAY_TRIED]);
			assert_memory_equal(recorded->words[REPLAY_CONFIGURED], recorded->words[REPLAY_TRIED],
			    sizeof recorded->words[0]);
			/* Its own pace is known, but for what our own processes and ports that are held take from it. */
			if (!is_killed(recorded->world))
				assert_in_range(recorded->unmade, 0, recorded->count / 40);
			forget(recorded);
		}
	print_message("# %u words\n", told);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_configured_tells_what_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
