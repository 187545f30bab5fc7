/* Limits of processes: what is in force, that used up processor time ends a process with a word, and what a loop is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/sanitized.h"
#include "parent/loop_watch.h"

static void
tell(void *arg, unsigned seconds)
{
	(void)!write(*(int *)arg, &seconds, sizeof seconds);
}

/* Runs until something ends it: the volatile counter is not optimized away. */
static void
burn(int64_t microseconds)
{
	volatile uint64_t count = 0;

	for (int64_t begun = loop_watch_cpu(getpid()); loop_watch_cpu(getpid()) - begun < microseconds;)
		for (int i = 0; i < 100000; i++)
			count = count + 1;
}

static void
work_is_bounded(void **state)
{
	int ends[2], status;
	unsigned said = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		limits_of_work(1, tell, &ends[1]);
		burn(60 * INT64_C(1000000));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LIMIT_STATUS);
	assert_int_equal(read(ends[0], &said, sizeof said), sizeof said);
	assert_int_equal(said, 1);
	close(ends[0]);
	close(ends[1]);
}

/* Each piece of work has its own time: what was used before does not count. */
static void
each_work_has_its_own(void **state)
{
	int status;

	(void)state;
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 3; i++) {
			limits_of_work(1, NULL, NULL);
			burn(700000);
		}
		limits_of_work(0, NULL, NULL);
		burn(300000);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
descriptors_and_memory_are_bounded(void **state)
{
	int status;

	(void)state;
	for (enum duty_kind kind = DUTY_MONITOR; kind < DUTY_KINDS; kind++)
		assert_true(limits_of(kind)->address_space > 0);
	pid_t child = fork();
	if (child == 0) {
		const struct limits *limits = limits_of(DUTY_NOTIFIER);
		struct rlimit files, memory;
		struct reason why;
		uint64_t more = limits->address_space + 1;

		if (!limits_enter(limits, &why) || getrlimit(RLIMIT_NOFILE, &files) != 0
		    || files.rlim_cur > limits->descriptors || files.rlim_max > limits->descriptors)
			_exit(1);
		if (SANITIZED)
			_exit(0);
		if (getrlimit(RLIMIT_AS, &memory) != 0 || memory.rlim_max > limits->address_space)
			_exit(2);
		if (mmap(NULL, more, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Microseconds at which a prober is looked at, what it had done and used; whether it then loops. */
static void
a_loop_is_work_without_results(void **state)
{
	enum { LIMIT = 60 };
	static const struct {
		int64_t now, cpu;
		uint64_t done;
		bool loops;
	} looks[] = {
		{ 1000, 10, 5, false },
		{ 1030, 40, 5, false },
		{ 1060, 70, 5, true }, /* 60 in 60, and nothing done */
		{ 1090, 100, 5, false },
		{ 1120, 130, 6, false }, /* as busy, but it got something done */
		{ 1600, 189, 6, false },
		{ 1700, 190, 6, true }, /* 60 in 580: it has a tenth of a processor */
		{ 2200, 240, 6, false },
		{ 2400, 250, 6, false }, /* 60 in 700: an idle one */
		{ 2500, 300, 6, false },
		{ 2600, 310, 6, true },
	};
	struct loop_watch watch = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		if (loop_watch_look(&watch, looks[i].done, looks[i].cpu, looks[i].now, LIMIT) != looks[i].loops)
			fail_msg("look %zu at %lld", i, (long long)looks[i].now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(each_work_has_its_own),
		cmocka_unit_test(descriptors_and_memory_are_bounded),
		cmocka_unit_test(a_loop_is_work_without_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
