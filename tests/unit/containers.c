/* Arrays that grow, and the hash table over them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"

struct numbers {
	uint64_t *items;
	uint32_t count, room;
};

static void
an_array_keeps_what_is_in_it_while_it_grows(void **state)
{
	struct numbers numbers = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		assert_true(VEC_RESERVE(numbers.items, numbers.count, numbers.room));
		assert_true(numbers.count < numbers.room);
		numbers.items[numbers.count++] = i * i;
	}
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(numbers.items[i], i * i);
	free(numbers.items);
}

static void
an_array_that_cannot_grow_stays_as_it_was(void **state)
{
	uint64_t *items = calloc(1, sizeof *items), *before = items;
	uint32_t room = UINT32_C(1) << 31;

	(void)state;
	/* Twice the room is beyond what a uint32_t counts; half of it, in elements of 2^40 bytes, beyond a size_t. */
	assert_false(vec_grow(&items, &room, sizeof *items));
	assert_true(items == before && room == UINT32_C(1) << 31);
	room = UINT32_C(1) << 30;
	assert_false(vec_grow(&items, &room, (size_t)1 << 40));
	assert_true(items == before && room == UINT32_C(1) << 30);
	free(items);
}

struct sought {
	const struct numbers *numbers;
	uint64_t number;
};

static bool
is_number(void *arg, uint32_t index)
{
	const struct sought *sought = arg;

	return sought->numbers->items[index] == sought->number;
}

/* `keys`: how many different hashes there are. */
static void
find_each(uint32_t keys)
{
	struct numbers numbers = { 0 };
	struct hash_table table = { 0 };

	for (uint64_t i = 0; i < 500; i++) {
		assert_true(VEC_RESERVE(numbers.items, numbers.count, numbers.room));
		assert_true(hash_insert(&table, hash_end(hash_add(HASH_BEGIN, &i, sizeof i)) % keys, numbers.count));
		numbers.items[numbers.count++] = i;
	}
	for (uint64_t i = 0; i < 1000; i++) {
		struct sought sought = { &numbers, i };
		uint32_t found = hash_find(&table, hash_end(hash_add(HASH_BEGIN, &i, sizeof i)) % keys, is_number, &sought);

		assert_int_equal(found, i < 500 ? i : HASH_NONE);
	}
	hash_table_fini(&table);
	free(numbers.items);
}

static void
a_table_finds_what_was_put_into_it_alone(void **state)
{
	(void)state;
	find_each(UINT32_MAX);
	find_each(3); /* hundreds of one hash */
	assert_int_equal(hash_find(&(struct hash_table){ 0 }, 1, NULL, NULL), HASH_NONE);
}

/* Schedules and stored records are made of them. */
static void
hashes_are_the_same_in_every_version(void **state)
{
	(void)state;
	assert_int_equal(hash_add_string(HASH_BEGIN, "foobar"), UINT64_C(0x85944171f73967e8));
	assert_int_equal(hash32_add(HASH32_BEGIN, "foobar", 6), 0xbf9cf968);
	assert_int_equal(hash_add(hash_add_string(HASH_BEGIN, "foo"), "bar", 3), hash_add_string(HASH_BEGIN, "foobar"));
	assert_int_equal(hash_end(hash_add_string(HASH_BEGIN, "mx1.example.org")), 0x5acd19b9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_keeps_what_is_in_it_while_it_grows),
		cmocka_unit_test(an_array_that_cannot_grow_stays_as_it_was),
		cmocka_unit_test(a_table_finds_what_was_put_into_it_alone),
		cmocka_unit_test(hashes_are_the_same_in_every_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
