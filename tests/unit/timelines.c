/*
 * Labelled timelines: what happens to servers and to ourselves is on a script, and the script is the judge of what is
 * told. A word is false where the server was not down, missed or late where it was for so long, doubled where it was said
 * already; and what was ours is told once, about us.
 *
 *   TIMELINES=20 build/tests/unit/timelines        so many seeds of each kind (3)
 *   TIMELINES=20:5000 build/tests/unit/timelines   the same from seed 5000 on
 *   TIMELINES=20 TIMELINE=cut_flaps build/tests/unit/timelines   the same of one kind
 *   TIMELINE=cut_flaps:7 build/tests/unit/timelines   one of them, with all that was logged and told
 */
#include "timelines_kinds.h"

/* The judge */

struct verdicts {
	unsigned false_words, missed, late, doubled, ours;
};

static bool
was_down(const struct world *world, uint32_t target, int64_t from, int64_t to)
{
	for (uint32_t i = 0; i < world->troubles; i++) {
		const struct scripted *it = &world->script[i];
		if (it->kind < TURNS_AWAY && it->target == target && it->from < to && it->to > from)
			return true;
	}
	return false;
}

static void
complain(const struct kind *kind, uint64_t seed, const char *what, uint32_t target, int64_t at)
{
	print_message("# %s:%llu: %s t%u at %.1f s\n", kind->name, (unsigned long long)seed, what, target,
	    (double)(at - WORLD_BEGIN) / SECOND);
}

/* What was told of a target, word by word. */
static void
judge_words(const struct world *world, const struct kind *kind, uint64_t seed, uint32_t target, struct verdicts *found)
{
	bool down = false, together = false;

	for (uint32_t i = 0; i < world->told_count; i++) {
		const struct told *told = &world->told[i];
		bool says_down = strcmp(told->kind, "down") == 0 || strcmp(told->kind, "flapping") == 0;
		bool says_up = strcmp(told->kind, "up") == 0 || strcmp(told->kind, "settled") == 0;
		if (told->target != target || (!says_down && !says_up))
			continue;
		if (down == says_down && !(together && says_down && !told->digest)) {
			found->doubled++;
			complain(kind, seed, "doubled", target, told->at);
		}
		down = says_down;
		together = says_down && told->digest;
		bool excused = told->digest ? kind->allowed.digest_max > 0 : told->alone && kind->allowed.alone;
		if (says_down && !excused && !was_down(world, target, told->at - 2 * MINUTE, told->at)) {
			found->false_words++;
			complain(kind, seed, "false down", target, told->at);
		}
	}
}

/* When our own troubles that overlap the outage are over. */
static int64_t
ours_over(const struct world *world, const struct scripted *outage)
{
	int64_t over = outage->from;

	for (bool more = true; more;) {
		more = false;
		for (uint32_t i = 0; i < world->troubles; i++) {
			const struct scripted *it = &world->script[i];
			if (it->kind < SERVER_TROUBLES || it->kind == REFERENCES_DEAD || it->kind == LOSS || it->kind >= MONITOR_DIES || it->to <= over
			    || it->from > over + 3 * MINUTE)
				continue;
			over = it->to;
			more = true;
		}
	}
	return over;
}

static void
judge_outages(const struct world *world, const struct kind *kind, uint64_t seed, struct verdicts *found)
{
	for (uint32_t i = 0; i < world->troubles; i++) {
		const struct scripted *it = &world->script[i];
		int64_t due = ours_over(world, it), told_at = 0;
		if (it->kind >= TURNS_AWAY)
			continue;
		due = (due > WORLD_BEGIN ? due : WORLD_BEGIN) + kind->allowed.late * SECOND;
		if (due > it->to || due > WORLD_BEGIN + world->length)
			continue; /* too short to be told for sure */
		for (uint32_t k = 0; k < world->told_count && told_at == 0; k++)
			if (world->told[k].target == it->target && world->told[k].at > it->from
			    && (strcmp(world->told[k].kind, "down") == 0 || strcmp(world->told[k].kind, "flapping") == 0))
				told_at = world->told[k].at;
		if (told_at == 0 || told_at > it->to) {
			found->missed++;
			complain(kind, seed, "missed", it->target, it->from);
		} else if (told_at > due) {
			found->late++;
			complain(kind, seed, "late", it->target, told_at);
		}
	}
}

static unsigned
count(const struct world *world, const char *kind, bool ours)
{
	unsigned number = 0;

	for (uint32_t i = 0; i < world->told_count; i++)
		number += strcmp(world->told[i].kind, kind) == 0 && (world->told[i].target == CONFIG_NONE) == ours;
	return number;
}

/* Nothing of our own has been the matter for long. */
static bool
is_quiet_at_last(const struct world *world)
{
	int64_t end = WORLD_BEGIN + world->length;

	for (uint32_t i = 0; i < world->troubles; i++)
		if (world->script[i].kind >= SERVER_TROUBLES && world->script[i].to > end - 3 * MINUTE)
			return false;
	return true;
}

static void
judge_ours(const struct world *world, const struct kind *kind, uint64_t seed, struct verdicts *found)
{
	const struct allowed *allowed = &kind->allowed;
	unsigned blind = count(world, "blind", true), digests = count(world, "digest", true);
	unsigned impaired = count(world, "impaired", false);

	unsigned cleared = 0;
	bool all_up = true;

	for (uint32_t i = 0; i < world->told_count; i++)
		cleared += strcmp(world->told[i].kind, "cleared") == 0 && strncmp(world->told[i].code, "digest", 6) == 0;
	for (uint32_t i = 0; i < world->targets; i++)
		all_up &= !state_is_down((enum state)world->monitor->watch.targets[i].state.state);
	if (cleared > digests || (all_up && digests > 0 && cleared == 0)) {
		found->ours++;
		print_message("# %s:%llu: %u digests, %u ends of them\n", kind->name, (unsigned long long)seed, digests, cleared);
	}
	unsigned ended = count(world, "cleared", true) - cleared;
	if (ended > blind || (ended < blind && is_quiet_at_last(world))) {
		found->ours++;
		print_message("# %s:%llu: %u blind, %u ends of it\n", kind->name, (unsigned long long)seed, blind, ended);
	}
	unsigned blocked = count(world, "blocked", false);
	if (blocked < allowed->blocked_min || blocked > allowed->blocked_max) {
		found->ours++;
		print_message("# %s:%llu: %u blocked\n", kind->name, (unsigned long long)seed, blocked);
	}
	if (blind >= allowed->blind_min && blind <= allowed->blind_max && digests >= allowed->digest_min
	    && digests <= allowed->digest_max && impaired <= allowed->impaired_max)
		return;
	found->ours++;
	print_message("# %s:%llu: %u blind, %u digests, %u impaired\n", kind->name, (unsigned long long)seed, blind, digests,
	    impaired);
}

/* After all is well again nobody is left as down. */
static void
judge_end(const struct world *world, const struct kind *kind, uint64_t seed, struct verdicts *found)
{
	int64_t end = WORLD_BEGIN + world->length;

	for (uint32_t i = 0; i < world->targets; i++)
		if (state_is_down((enum state)world->monitor->watch.targets[i].state.state) && !was_down(world, i, end - 5 * MINUTE, end)
		    && world_trouble(world, PORT_DROPS, 0, end - MINUTE) == NULL
		    && world_trouble(world, PORT_REFUSES, 0, end - MINUTE) == NULL) {
			found->false_words++;
			complain(kind, seed, "still down", i, end);
		}
}

static void
judge(const struct world *world, const struct kind *kind, uint64_t seed, struct verdicts *found)
{
	for (uint32_t i = 0; i < world->targets; i++)
		judge_words(world, kind, seed, i, found);
	judge_outages(world, kind, seed, found);
	judge_ours(world, kind, seed, found);
	judge_end(world, kind, seed, found);
}

static void
play(const struct kind *kind, uint64_t seed, bool verbose, struct verdicts *found)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	world->seed = (seed + 1) * 0x9e3779b97f4a7c15u;
	world->verbose = verbose;
	world->policy = (struct policy){ .interval = MINUTE, .retry_interval = 20 * SECOND, .flap_window = 30 * MINUTE,
		.tempfail_grace = 5 * MINUTE, .stale_after = 5 * MINUTE, .tries = 3, .recover_tries = 2,
		.leg = { .routine = 120 * SECOND, .patient = 240 * SECOND } };
	kind->script(world);
	stage_set(world);
	stage_play(world);
	judge(world, kind, seed, found);
	stage_strike(world);
	free(world);
}

static void
add(struct verdicts *all, const struct verdicts *found)
{
	all->false_words += found->false_words;
	all->missed += found->missed;
	all->late += found->late;
	all->doubled += found->doubled;
	all->ours += found->ours;
}

static unsigned
faults(const struct verdicts *found, const char *of)
{
	unsigned sum = found->false_words + found->missed + found->late + found->doubled + found->ours;

	if (sum > 0)
		print_message("# %s: %u false, %u missed, %u late, %u doubled, %u about ourselves\n", of, found->false_words,
		    found->missed, found->late, found->doubled, found->ours);
	return sum;
}

static void
play_many(const char *name, uint64_t first, uint64_t count, bool verbose)
{
	struct verdicts all = { 0 };
	unsigned played = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct verdicts found = { 0 };
		if (name != NULL && strcmp(name, kinds[i].name) != 0)
			continue;
		for (uint64_t seed = first; seed < first + count; seed++, played++)
			play(&kinds[i], seed, verbose, &found);
		(void)faults(&found, kinds[i].name);
		add(&all, &found);
	}
	assert_true(played > 0);
	assert_int_equal(faults(&all, "in all"), 0);
}

static void
nothing_false_is_told_and_nothing_true_is_missed(void **unused)
{
	const char *many = getenv("TIMELINES"), *one = getenv("TIMELINE");
	char name[64] = "";

	(void)unused;
	if (one != NULL)
		snprintf(name, sizeof name, "%.*s", (int)strcspn(one, ":"), one);
	if (one != NULL && strchr(one, ':') != NULL) {
		play_many(name, strtoull(strchr(one, ':') + 1, NULL, 10), 1, true);
		return;
	}
	const char *first = many == NULL ? NULL : strchr(many, ':');
	play_many(one == NULL ? NULL : name, first == NULL ? 0 : strtoull(first + 1, NULL, 10),
	    many == NULL ? 3 : strtoull(many, NULL, 10), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_false_is_told_and_nothing_true_is_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
