/* A keeper of which any one allocation fails, from a change to its receipt: the notice comes all the same, and once. */
#include "outbox_world.h"

#include <sys/wait.h>
#include <sysexits.h>

static unsigned long left; /* allocations until the one that fails; 0: none does */

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

static bool
fails(void)
{
	return left > 0 && --left == 0;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

static struct world *world;

enum { DELIVERED = 3, STANDS };

static bool
is_handed(const char *kind)
{
	for (int i = 0; i < 2; i++) {
		if (strcmp(handed(world), kind) == 0)
			return true;
		ripen(world, 0);
	}
	return false;
}

static void
degraded(void)
{
	say(world, 0, "degraded", "up", "up", 0, "");
}

static void
one_down(void)
{
	down(world, 0, "");
}

/* A change is told and delivered while the allocation of that number fails; the last that was needed: `left` stays. */
static int
deliver(void (*change)(void), const char *kind, unsigned long number)
{
	left = number;
	change();
	if (!is_handed(kind))
		return STANDS;
	answer(world, PW_SENT, false);
	if (left > 0)
		return 0;
	return strcmp(handed(world), "") == 0 ? DELIVERED : STANDS;
}

static int
end_of_child(void (*change)(void), const char *kind, unsigned long number)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(deliver(change, kind, number));
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* After a death the monitor says it again, and the next keeper delivers it. */
static void
each_failure_is_made_good(void (*change)(void), const char *kind)
{
	unsigned long number = 0, deaths = 0, delivered = 0;
	int end;

	do {
		world = create();
		end = end_of_child(change, kind, ++number);
		if (end == EX_OSERR) {
			deaths++;
			begin_again(world);
			change();
			assert_true(is_handed(kind));
			answer(world, PW_SENT, false);
			assert_string_equal(handed(world), "");
		} else if (end != 0 && end != DELIVERED)
			fail_msg("allocation %lu: it never comes (%d)", number, end);
		delivered += end == DELIVERED;
		destroy(&world);
	} while (end != 0);
	assert_true(deaths > 0 && delivered > 0);
	print_message("# %lu allocations: %lu deaths, %lu delivered without\n", number - 1, deaths, delivered);
}

static void
a_down_is_delivered(void **state)
{
	(void)state;
	each_failure_is_made_good(one_down, "down");
}

static void
a_condition_is_delivered(void **state)
{
	(void)state;
	each_failure_is_made_good(degraded, "degraded");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_down_is_delivered),
		cmocka_unit_test(a_condition_is_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
