/* A target's state as a record: what the keeper holds for a monitor that is born again. */
#include "rules_world.h"

static unsigned left; /* allocations until the one that fails; 0: none does */

void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_realloc(void *, size_t);

void *
__wrap_calloc(size_t count, size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_realloc(memory, size);
}

static size_t
encode(const struct world *world, unsigned char *record, size_t room)
{
	struct wire_out out = wire_over(record, room);

	target_state_put(&world->target, &world->policy, world->codes, &out);
	assert_false(out.bad);
	return out.size;
}

/* Histories that leave every part behind. */
static const char *const histories[] = { "", ".", "..x", "..xx?", "..xxx", "..xxx.", "wwwbbb", "tttttt", "..llll", "?????????",
	"xxx..xxx..xxx", ".mm", "x.x.x.x.x.x.w", "sss", "xxxXX" };

static void
a_record_gives_back_what_was(void **unused)
{
	unsigned char before[4096], after[4096];

	(void)unused;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct world *world = world_create(3, 2);
		world_run(world, histories[i]);
		size_t size = encode(world, before, sizeof before);
		struct wire_in in = wire_from(before, size);
		target_state_fini(&world->target);
		target_state_init(&world->target, world_moment(1));
		/* the next monitor has another clock: what was stored stays as it was */
		assert_true(target_state_get(&world->target, &world->policy, world->codes, -7 * MINUTE, &in));
		assert_true(wire_is_whole(&in));
		assert_int_equal(encode(world, after, sizeof after), size);
		assert_memory_equal(before, after, size);
		world_destroy(&world);
	}
}

static bool
is_same(struct moment one, struct moment other)
{
	return one.mono == other.mono && one.utc == other.utc;
}

static void
same_flapping(const struct flapping *one, const struct flapping *other)
{
	assert_int_equal(one == NULL, other == NULL);
	if (one == NULL)
		return;
	assert_int_equal(one->flap, other->flap);
	assert_int_equal(one->count, other->count);
	assert_true(is_same(one->began, other->began) && is_same(one->last_failed, other->last_failed));
	assert_memory_equal(one->outages, other->outages, sizeof one->outages);
}

static void
same_trouble(const struct trouble *one, const struct trouble *other)
{
	assert_int_equal(one == NULL, other == NULL);
	if (one == NULL)
		return;
	assert_true(is_same(one->began, other->began) && is_same(one->recovered, other->recovered)
	    && is_same(one->changed, other->changed) && is_same(one->tempfail, other->tempfail)
	    && is_same(one->unknown, other->unknown));
	assert_true(one->incident == other->incident && one->told == other->told && one->other == other->other
	    && one->other_runs == other->other_runs && one->tempfail_runs == other->tempfail_runs
	    && one->crowded == other->crowded && is_same(one->crowded_at, other->crowded_at));
	assert_true(one->held == other->held && one->stale == other->stale && one->ours == other->ours
	    && one->needed == other->needed);
	assert_memory_equal(one->last, other->last, sizeof one->last);
}

static void
same_failure_rate(const struct failure_rate *one, const struct failure_rate *other)
{
	assert_int_equal(one == NULL, other == NULL);
	if (one == NULL)
		return;
	assert_true(is_same(one->slot_began, other->slot_began) && one->newest == other->newest);
	assert_memory_equal(one->runs, other->runs, sizeof one->runs);
	assert_memory_equal(one->failed, other->failed, sizeof one->failed);
	assert_memory_equal(one->last, other->last, sizeof one->last);
}

static void
same_conditions(const struct conditions *one, const struct conditions *other)
{
	assert_int_equal(one == NULL, other == NULL);
	for (uint32_t i = 0; one != NULL && i < one->count; i++) {
		const struct condition *a = &one->items[i], *b = &other->items[i];
		assert_int_equal(one->count, other->count);
		assert_true(a->code == b->code && a->stage == b->stage && a->phase == b->phase && a->count == b->count
		    && a->blocked == b->blocked && is_same(a->since, b->since));
	}
}

static void
a_record_holds_every_part(void **unused)
{
	unsigned char record[4096];

	(void)unused;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct world *world = world_create(3, 2);
		struct target_state copy;
		world_run(world, histories[i]);
		struct wire_in in = wire_from(record, encode(world, record, sizeof record));
		target_state_init(&copy, world_moment(1));
		assert_true(target_state_get(&copy, &world->policy, world->codes, WORLD_UTC, &in));
		assert_true(is_same(copy.since, world->target.since) && is_same(copy.ended, world->target.ended)
		    && is_same(copy.limited, world->target.limited));
		assert_true(copy.fails == world->target.fails && copy.passes == world->target.passes
		    && copy.state == world->target.state && copy.verdict == world->target.verdict
		    && copy.slow == world->target.slow
		    && copy.had_starttls == world->target.had_starttls
		    && copy.quarantined == world->target.quarantined
		    && copy.passed_asked == world->target.passed_asked && copy.swift == world->target.swift
		    && copy.missing == world->target.missing
		    && copy.number == world->target.number && copy.silence == world->target.silence);
		same_trouble(world->target.trouble, copy.trouble);
		same_flapping(world->target.flapping, copy.flapping);
		same_failure_rate(world->target.failure_rate, copy.failure_rate);
		same_conditions(world->target.conditions, copy.conditions);
		target_state_fini(&copy);
		world_destroy(&world);
	}
}

static void
names_survive_another_numbering(void **unused)
{
	struct world *one = world_create(3, 2), *other = world_create(3, 2);
	unsigned char record[4096];

	(void)unused;
	world_run(one, "..xxxwww");
	assert_true(codes_of(other->codes, "first_comes_another", NULL) != CODE_NONE);
	struct codes *fresh = codes_create();
	struct wire_in in = wire_from(record, encode(one, record, sizeof record));
	codes_destroy(&other->codes);
	other->codes = fresh;
	assert_true(target_state_get(&other->target, &other->policy, fresh, 0, &in));
	assert_string_equal(codes_get(fresh, other->target.conditions->items[0].code)->name, "early_data");
	assert_int_equal(other->target.conditions->items[0].phase, BANNER);
	world_destroy(&one);
	world_destroy(&other);
}

static void
a_broken_record_is_refused_whole(void **unused)
{
	unsigned char record[4096], broken[4096];
	uint64_t dice = 88172645463325252u;

	(void)unused;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct world *world = world_create(3, 2), *reader = world_create(3, 2);
		world_run(world, histories[i]);
		size_t size = encode(world, record, sizeof record);
		for (size_t cut = 0; cut < size; cut++) {
			struct wire_in in = wire_from(record, cut);
			assert_false(target_state_get(&reader->target, &world->policy, world->codes, 0, &in));
			assert_int_equal(reader->target.state, STATE_PENDING);
			assert_null(reader->target.conditions);
		}
		for (int k = 0; k < 300; k++) { /* whatever is taken can be lived with */
			memcpy(broken, record, size);
			dice = dice * 6364136223846793005u + 1442695040888963407u;
			broken[(dice >> 33) % size] ^= (unsigned char)(1u << (dice >> 61));
			struct wire_in in = wire_from(broken, size);
			if (target_state_get(&reader->target, &world->policy, world->codes, 0, &in)) {
				int64_t ended = reader->target.ended.mono;
				reader->due = ended > 0 && ended < INT64_MAX / 4 ? ended + MINUTE : reader->now;
				encode(world, broken, sizeof broken);
			}
			target_state_fini(&reader->target);
			target_state_init(&reader->target, world_moment(reader->now));
		}
		world_destroy(&world);
		world_destroy(&reader);
	}
}

/* A part that finds no memory: nothing is taken over, and with memory all is. */
static void
without_memory_a_record_is_refused_whole(void **unused)
{
	unsigned char record[4096];
	unsigned refused = 0;

	(void)unused;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct world *world = world_create(3, 2);
		struct target_state copy;
		size_t size;
		bool good = false;

		world_run(world, histories[i]);
		size = encode(world, record, sizeof record);
		for (unsigned number = 1; !good; number++) {
			struct wire_in in = wire_from(record, size);

			target_state_init(&copy, world_moment(1));
			left = number;
			good = target_state_get(&copy, &world->policy, world->codes, WORLD_UTC, &in);
			left = 0;
			refused += !good;
			assert_true(good || (copy.state == STATE_PENDING && copy.trouble == NULL && copy.conditions == NULL
			    && copy.flapping == NULL && copy.failure_rate == NULL && is_same(copy.since, world_moment(1))));
			target_state_fini(&copy);
		}
		world_destroy(&world);
	}
	assert_true(refused > sizeof histories / sizeof *histories);
}

/* Who only shows a target knows no phases of its plugin. */
static void
a_record_is_read_without_a_policy(void **unused)
{
	unsigned char record[4096];
	struct world *world = world_create(3, 2);
	struct target_state copy;

	(void)unused;
	world_run(world, "wwwbbb");
	struct wire_in in = wire_from(record, encode(world, record, sizeof record));
	target_state_init(&copy, world_moment(1));
	assert_true(target_state_get(&copy, NULL, world->codes, WORLD_UTC, &in));
	assert_true(wire_is_whole(&in));
	assert_int_equal(copy.conditions->count, world->target.conditions->count);
	for (uint32_t i = 0; i < copy.conditions->count; i++)
		assert_int_equal(copy.conditions->items[i].phase, PHASE_ANY);
	target_state_fini(&copy);
	world_destroy(&world);
}

/* Down, and no outage that was confirmed: no monitor of ours wrote that. */
static void
a_record_that_contradicts_itself_is_refused(void **unused)
{
	unsigned char record[4096];
	struct world *world = world_create(3, 2);
	struct target_state copy;

	(void)unused;
	world_run(world, "..xxx");
	world->target.flapping->outages[FLAP_DOWNS - 1].confirmed = (struct moment){ 0, 0 };
	struct wire_in in = wire_from(record, encode(world, record, sizeof record));
	target_state_init(&copy, world_moment(1));
	assert_false(target_state_get(&copy, &world->policy, world->codes, WORLD_UTC, &in));
	assert_int_equal(copy.state, STATE_PENDING);
	target_state_fini(&copy);
	world_destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_gives_back_what_was),
		cmocka_unit_test(a_record_holds_every_part),
		cmocka_unit_test(names_survive_another_numbering),
		cmocka_unit_test(a_broken_record_is_refused_whole),
		cmocka_unit_test(without_memory_a_record_is_refused_whole),
		cmocka_unit_test(a_record_is_read_without_a_policy),
		cmocka_unit_test(a_record_that_contradicts_itself_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
