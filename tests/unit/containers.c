/* Arrays that grow, the hash table over them, and the queue of packets for a socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duty.h"
#include "base/hash.h"
#include "base/packet_queue.h"
#include "base/vec.h"

/* AddressSanitizer ends a program whose allocation is larger than a size_t, unless it is told otherwise here. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

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
		uint32_t found = HASH_NONE, times = 0;

		HASH_EACH(index, &table, hash_end(hash_add(HASH_BEGIN, &i, sizeof i)) % keys)
			if (numbers.items[index] == i) {
				found = index;
				times++;
			}
		assert_int_equal(found, i < 500 ? i : HASH_NONE);
		assert_int_equal(times, i < 500);
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
	assert_int_equal(hash_next(&(struct hash_table){ 0 }, 1, &(uint32_t){ 0 }), HASH_NONE);
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

static void
a_queue_sends_in_order_what_the_socket_takes(void **state)
{
	struct packet_queue queue = { 0 }, more = { 0 };
	int ends[2];
	uint32_t packet[256] = { 0 }, sent = 0, heard = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	/* Until the socket is full, and a packet more than that. */
	do {
		packet[0] = sent++;
		assert_true(packet_queue_add(&queue, packet, sizeof packet, -1));
	} while (packet_queue_flush(&queue, ends[0]));
	assert_int_equal(queue.bytes, sizeof packet);
	for (int i = 0; i < 3; i++) {
		packet[0] = sent++;
		assert_true(packet_queue_add(&more, packet, sizeof packet, -1));
	}
	packet_queue_join(&queue, &more);
	assert_true(packet_queue_is_empty(&more) && more.bytes == 0);
	assert_int_equal(queue.bytes, 4 * sizeof packet);
	assert_false(packet_queue_flush(&queue, ends[0]));
	while (packet_read(ends[1], packet, sizeof packet, NULL) == (ssize_t)sizeof packet) {
		assert_int_equal(packet[0], heard++);
		(void)packet_queue_flush(&queue, ends[0]);
	}
	assert_int_equal(heard, sent);
	assert_true(packet_queue_is_empty(&queue) && queue.bytes == 0);
	close(ends[0]);
	close(ends[1]);
}

static void
a_queue_closes_the_descriptors_that_it_was_given(void **state)
{
	struct packet_queue queue = { 0 };
	int ends[2], passed = open("/dev/null", O_RDONLY), dropped = open("/dev/null", O_RDONLY), taken = -1;
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	assert_true(packet_queue_add(&queue, "a", 1, passed));
	assert_true(packet_queue_flush(&queue, ends[0]));
	assert_int_equal(fcntl(passed, F_GETFD), -1);
	assert_int_equal(packet_read(ends[1], &byte, 1, &taken), 1);
	assert_true(taken >= 0);
	assert_true(packet_queue_add(&queue, "b", 1, dropped));
	packet_queue_clear(&queue);
	assert_int_equal(fcntl(dropped, F_GETFD), -1);
	close(taken);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_keeps_what_is_in_it_while_it_grows),
		cmocka_unit_test(an_array_that_cannot_grow_stays_as_it_was),
		cmocka_unit_test(a_table_finds_what_was_put_into_it_alone),
		cmocka_unit_test(a_queue_sends_in_order_what_the_socket_takes),
		cmocka_unit_test(a_queue_closes_the_descriptors_that_it_was_given),
		cmocka_unit_test(hashes_are_the_same_in_every_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
