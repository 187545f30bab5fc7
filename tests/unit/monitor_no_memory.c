/* A monitor of which any one allocation fails while an outage is confirmed: that is told, or the monitor ends. */
#include "monitor_scene.h"

#include <sys/wait.h>
#include <sysexits.h>

static unsigned long left; /* allocations until the one that fails; 0: none does */

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	return left > 0 && --left == 0 ? NULL : __real_malloc(size);
}

enum { TOLD = 1, NOT_DOWN, SWALLOWED };

/* What becomes of an outage while the allocation of that number fails; the last that was needed: `left` stays. */
static int
fail_at(unsigned long number)
{
	struct scene *scene = scene_create(1);

	scene_bear(scene, 1000 * MINUTE);
	scene->scripts[0] = "r";
	left = number;
	scene_run(scene, 5 * MINUTE);
	if (left > 0)
		return 0;
	if (strstr(scene->told, "down a") != NULL)
		return TOLD;
	return state_is_down((enum state)scene->monitor->watch.targets[0].state.state) ? SWALLOWED : NOT_DOWN;
}

static void
no_change_is_swallowed(void **state)
{
	unsigned long number = 0, deaths = 0, told = 0;
	int end;

	(void)state;
	do {
		int status = 0;
		number++;
		fflush(NULL);
		pid_t child = fork();
		if (child == 0)
			_exit(fail_at(number));
		assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
		end = WEXITSTATUS(status);
		if (end == SWALLOWED || end == NOT_DOWN)
			fail_msg("allocation %lu: it is down, and nobody is told (%d)", number, end);
		deaths += end == EX_OSERR;
		told += end == TOLD;
	} while (end != 0);
	assert_true(deaths > 0 && told > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_change_is_swallowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
