/* The table of children where there is no memory for it: it says so, and closes nothing that is not its own; and of two
 * processes that need each other, the one that is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "parent/reap.h"
#include "parent/supervisor.h"

static unsigned left; /* mappings until the one that fails; 0: none does */

void *__real_mmap(void *, size_t, int, int, int, off_t);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);

void *
__wrap_mmap(void *at, size_t size, int guard, int flags, int fd, off_t from)
{
	if (left > 0 && --left == 0) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mmap(at, size, guard, flags, fd, from);
}

static void
without_memory_nothing_of_others_is_closed(void **state)
{
	static struct config config = { .probers = 2, .state = "/nonexistent" };
	struct times times = times_standard();
	static struct tree tree;
	unsigned failed = 0;
	bool good = false;
	int kept = dup(STDIN_FILENO);

	(void)state;
	assert_true(kept >= 0);
	for (unsigned number = 1; !good; number++) {
		left = number;
		good = tree_init(&tree, &config, &times, NULL);
		left = 0;
		failed += !good;
		tree_fini(&tree);
		if (fcntl(STDIN_FILENO, F_GETFD) < 0) {
			assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
			fail_msg("mapping %u", number);
		}
	}
	assert_int_equal(failed, 1 + config.probers + PROBERS_APART);
	close(kept);
}

/* Its gate, or its runner, ends as where the other is gone, and the other lives on: after a while it is ended, and replaced. */
static void
one_that_is_left_alone_is_ended(void **state)
{
	static struct config config = { .probers = 1, .state = "/nonexistent" };
	struct times times = times_standard();
	static struct tree tree;
	int64_t now = clock_mono();
	struct child *prober;
	int status;

	(void)state;
	assert_true(tree_init(&tree, &config, &times, NULL));
	for (uint32_t i = 0; i < tree.count; i++)
		tree.children[i].stage = CHILD_GONE;
	prober = tree_child(&tree, DUTY_PROBER, 0);
	prober->stage = CHILD_READY;
	prober->heard = prober->started = now;
	prober->pid = fork();
	if (prober->pid == 0)
		for (;;)
			pause();
	prober->gate = fork();
	if (prober->gate == 0)
		_exit(EXIT_SUCCESS);
	while (prober->gate != 0)
		reap_children(&tree, now);
	supervisor_turn(&tree, now);
	assert_string_equal(prober->killed, "");
	assert_in_range(supervisor_next(&tree, now), now + 1, now + 2 * SECOND);
	prober->stopping = true; /* it has its own time for that */
	supervisor_turn(&tree, now + 2 * SECOND);
	assert_string_equal(prober->killed, "");
	prober->stopping = false;
	supervisor_turn(&tree, now + 2 * SECOND);
	assert_string_equal(prober->killed, "its gate has ended before it");
	assert_int_equal(waitpid(prober->pid, &status, 0), prober->pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	tree_fini(&tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_nothing_of_others_is_closed),
		cmocka_unit_test(one_that_is_left_alone_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
