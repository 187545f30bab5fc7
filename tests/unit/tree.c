/* The table of children where there is no memory for it: it says so, and closes nothing that is not its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parent/tree.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_nothing_of_others_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
