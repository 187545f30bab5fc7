/* Memory: buffers keep to their maximum, arenas hold what they are given and can be frozen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"

static void
buffer_grows_to_its_maximum(void **state)
{
	struct buffer buffer = { .data = NULL };

	(void)state;
	assert_int_equal(buffer_view(&buffer).size, 0);
	assert_true(buffer_add(&buffer, "", 0, 10));
	assert_null(buffer.data);
	assert_true(buffer_add(&buffer, "01234", 5, 10));
	assert_true(buffer_add(&buffer, "56789", 5, 10));
	assert_false(buffer_add(&buffer, "x", 1, 10));
	assert_int_equal(buffer.size, 10);
	assert_memory_equal(buffer.data, "0123456789", 10);
	assert_null(buffer_reserve(&buffer, SIZE_MAX, 10));
	buffer_remove(&buffer, 2, 3);
	assert_int_equal(buffer.size, 7);
	assert_memory_equal(buffer.data, "0156789", 7);
	buffer_remove(&buffer, 0, 7);
	assert_int_equal(buffer.size, 0);
	buffer_fini(&buffer);
	assert_null(buffer.data);
	buffer_fini(&buffer);
}

static void
buffer_reserves(void **state)
{
	struct buffer buffer = { .data = NULL };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char *end = buffer_reserve(&buffer, 7, 7000);

		assert_non_null(end);
		memset(end, 'a' + i % 26, 7);
		buffer.size += 7;
	}
	assert_null(buffer_reserve(&buffer, 1, 7000));
	assert_int_equal(buffer.data[0], 'a');
	assert_int_equal(buffer.data[6999], 'a' + 999 % 26);
	buffer_clear(&buffer);
	assert_int_equal(buffer.size, 0);
	assert_int_equal(buffer.room, 7000);
	buffer_fini(&buffer);
}

static void
arena_gives_zeroed_aligned_memory(void **state)
{
	struct arena *arena = arena_create();
	size_t sizes[] = { 1, 24, 3, 100000, 7, 1 << 20, 5, 8 << 20, 64 };

	(void)state;
	for (size_t round = 0; round < 40; round++) {
		size_t size = sizes[round % 9];
		unsigned char *bytes = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)bytes % 8, 0);
		for (size_t i = 0; i < size; i++)
			assert_true(bytes[i] == 0);
		memset(bytes, 0xee, size);
	}
	assert_non_null(arena_array(arena, 1000, 24));
	arena_destroy(&arena);
	assert_null(arena);
	arena_destroy(&arena);
}

static void
arena_copies_strings(void **state)
{
	struct arena *arena = arena_create();
	const char *a = arena_strdup(arena, "host"), *b = arena_strdup(arena, "host");

	(void)state;
	assert_string_equal(a, "host");
	assert_ptr_not_equal(a, b);
	assert_string_equal(arena_bytes(arena, "hostname", 4), "host");
	assert_string_equal(arena_bytes(arena, NULL, 0), "");
	assert_int_equal(arena_size(arena), 5 + 5 + 5 + 1);
	arena_destroy(&arena);
}

static void
arena_interns_strings(void **state)
{
	struct arena *arena = arena_create();
	static const char *first[5000];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			char name[16];

			snprintf(name, sizeof name, "name-%d", i);
			const char *interned = arena_intern(arena, name);
			assert_string_equal(interned, name);
			if (round == 0)
				first[i] = interned;
			assert_ptr_equal(first[i], interned);
		}
	assert_ptr_equal(arena_intern(arena, ""), arena_intern_bytes(arena, "x", 0));
	arena_destroy(&arena);
}

/* How a child ends that does `deed`. */
static int
end_of(void (*deed)(struct arena *), struct arena *arena)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		for (int sig = 1; sig < 32; sig++)
			signal(sig, SIG_DFL);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		deed(arena);
		_exit(0);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return status;
}

static const char *frozen_string;

static void
write_to_it(struct arena *arena)
{
	(void)arena;
	*(volatile char *)(uintptr_t)frozen_string = 'x';
}

static void
read_it(struct arena *arena)
{
	(void)arena;
	_exit(strcmp(frozen_string, "text") == 0 ? 7 : 1);
}

static void
take_too_much(struct arena *arena)
{
	arena_array(arena, SIZE_MAX / 2, 3);
}

static void
arena_freezes(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	frozen_string = arena_intern(arena, "text");
	arena_alloc(arena, 8 << 20);
	int status = end_of(take_too_much, arena);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 71);
	arena_freeze(arena);
	status = end_of(read_it, arena);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = end_of(write_to_it, arena);
	assert_true(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_grows_to_its_maximum),
		cmocka_unit_test(buffer_reserves),
		cmocka_unit_test(arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(arena_copies_strings),
		cmocka_unit_test(arena_interns_strings),
		cmocka_unit_test(arena_freezes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
