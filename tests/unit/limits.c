/* Limits of processes: what is in force, that used up processor time ends a process with a word, and what a loop is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
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

struct told {
	enum limit_kind kind;
	uint64_t value;
	bool ends;
};

static void
tell(void *arg, enum limit_kind kind, uint64_t value, bool ends)
{
	const struct told told = { .kind = kind, .value = value, .ends = ends };

	(void)!write(*(int *)arg, &told, sizeof told);
}

/* Does `work` in a process that hears of its limits; gives how it ended, and what it told last (.value 0: nothing). */
static int
status_of(void (*work)(void), struct told *told)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		limits_hear(tell, &ends[1]);
		work();
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	*told = (struct told){ .value = 0 };
	while (read(ends[0], told, sizeof *told) == sizeof *told)
		continue;
	close(ends[0]);
	return status;
}

static void
lower(__rlimit_resource_t which, rlim_t value)
{
	if (setrlimit(which, &(struct rlimit){ value, value }) != 0)
		_exit(99);
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
burn_all(void)
{
	limits_of_work(1);
	burn(60 * INT64_C(1000000));
}

static void
work_is_bounded(void **state)
{
	struct told told;
	int status = status_of(burn_all, &told);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LIMIT_STATUS + LIMIT_PROCESSOR);
	assert_string_equal(limits_of_status(WEXITSTATUS(status)), "processor time for one delivery");
	assert_int_equal(told.kind, LIMIT_PROCESSOR);
	assert_int_equal(told.value, 1);
	assert_true(told.ends);
}

/* Each piece of work has its own time: what was used before does not count. */
static void
burn_thrice(void)
{
	for (int i = 0; i < 3; i++) {
		limits_of_work(1);
		burn(700000);
	}
	limits_of_work(0);
	burn(300000);
}

static void
each_work_has_its_own(void **state)
{
	struct told told;

	(void)state;
	assert_int_equal(status_of(burn_thrice, &told), 0);
	assert_int_equal(told.value, 0);
}

static void
leave_little_memory(void)
{
	lower(RLIMIT_AS, 1 << 20); /* less than it has already */
}

static void
look_without_memory(void)
{
	limits_look(false);
	leave_little_memory();
	limits_look(false);
}

/* As a plugin does that does not look at what malloc(3) gave it. */
static void
crash_without_memory(void)
{
	leave_little_memory();
	abort();
}

static void
crash(void)
{
	*(volatile int *)NULL = 1;
}

static void
signal_itself(void)
{
	raise(SIGBUS);
}

static void
memory_that_is_used_up_ends_the_process(void **state)
{
	void (*const ways[])(void) = { look_without_memory, crash_without_memory };
	struct told told;

	(void)state;
	if (SANITIZED)
		skip();
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		int status = status_of(ways[i], &told);

		assert_true(WIFEXITED(status));
		assert_string_equal(limits_of_status(WEXITSTATUS(status)), "memory");
		assert_int_equal(told.kind, LIMIT_MEMORY);
		assert_int_equal(told.value, 1 << 20);
		assert_true(told.ends);
	}
}

static void
look_after_half(void)
{
	void *half;

	lower(RLIMIT_AS, 1 << 30);
	half = mmap(NULL, 600 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (half == MAP_FAILED)
		_exit(99);
	limits_look(false);
	leave_little_memory();
}

static void
look_late(void)
{
	look_after_half();
	limits_look(false);
}

static void
crash_late(void)
{
	look_after_half();
	abort();
}

/* Who had half of it in use before did not use it up just now. */
static void
memory_that_leaks_is_told_from_memory_that_was_taken(void **state)
{
	void (*const ways[])(void) = { look_late, crash_late };
	struct told told;

	(void)state;
	if (SANITIZED)
		skip();
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		int status = status_of(ways[i], &told);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), LIMIT_STATUS + LIMIT_LEAK);
		assert_string_equal(limits_of_status(WEXITSTATUS(status)), "memory");
		assert_int_equal(told.kind, LIMIT_LEAK);
		assert_true(told.ends);
	}
}

/* With memory left a fault is a fault. */
static void
a_fault_ends_by_its_signal(void **state)
{
	void (*const ways[])(void) = { crash, signal_itself, abort };
	const int signals[] = { SIGSEGV, SIGBUS, SIGABRT };
	struct told told;

	(void)state;
	if (SANITIZED)
		skip();
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		int status = status_of(ways[i], &told);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_int_equal(told.value, 0);
	}
}

static void
take_descriptors(void)
{
	while (dup(STDIN_FILENO) >= 0)
		continue;
}

static void
look_without_descriptors(void)
{
	lower(RLIMIT_NOFILE, 32);
	take_descriptors();
	limits_look(true);
}

/* Told once, and once more after some were free: what is heard last is the second. */
static void
go_on_without_descriptors(void)
{
	lower(RLIMIT_NOFILE, 32);
	take_descriptors();
	limits_look(false);
	limits_look(false);
	for (int fd = 28; fd < 32; fd++)
		close(fd);
	limits_look(false); /* as many are free as have to be */
	take_descriptors();
	close(30);
	lower(RLIMIT_NOFILE, 31);
	limits_look(false);
}

static void
descriptors_that_are_used_up_are_told(void **state)
{
	struct told told;
	int status = status_of(look_without_descriptors, &told);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_string_equal(limits_of_status(WEXITSTATUS(status)), "descriptors");
	assert_int_equal(told.kind, LIMIT_DESCRIPTORS);
	assert_int_equal(told.value, 32);
	assert_true(told.ends);
	assert_int_equal(status_of(go_on_without_descriptors, &told), 0);
	assert_int_equal(told.kind, LIMIT_DESCRIPTORS);
	assert_int_equal(told.value, 31);
	assert_false(told.ends);
}

static void
write_too_much(void)
{
	FILE *file = tmpfile();

	limits_look(true);
	lower(RLIMIT_FSIZE, 4096);
	if (file == NULL || pwrite(fileno(file), "x", 1, 4096) != -1)
		_exit(1);
	limits_look(true);
}

static void
a_write_that_was_refused_is_told(void **state)
{
	struct told told;

	(void)state;
	assert_int_equal(status_of(write_too_much, &told), 0);
	assert_int_equal(told.kind, LIMIT_FILE_SIZE);
	assert_int_equal(told.value, 4096);
	assert_false(told.ends);
}

static void
limits_have_words(void **state)
{
	static const struct {
		enum limit_kind kind;
		uint64_t value;
		const char *words;
	} limits[] = {
		{ LIMIT_DESCRIPTORS, 256, "256 descriptors" },
		{ LIMIT_MEMORY, UINT64_C(2) << 30, "2048 MiB of memory" },
		{ LIMIT_FILE_SIZE, UINT64_C(8) << 30, "8192 MiB of file size" },
		{ LIMIT_PROCESSOR, 30, "30 s of processor time for one delivery" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		char bytes[64];
		struct text text = TEXT_OVER(bytes);

		limits_add(&text, limits[i].kind, limits[i].value);
		assert_string_equal(bytes, limits[i].words);
		assert_non_null(limits_of_status(LIMIT_STATUS + (int)i));
	}
	assert_null(limits_of_status(LIMIT_STATUS - 1));
	assert_null(limits_of_status(LIMIT_STATUS + LIMIT_KINDS));
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
		cmocka_unit_test(memory_that_is_used_up_ends_the_process),
		cmocka_unit_test(memory_that_leaks_is_told_from_memory_that_was_taken),
		cmocka_unit_test(a_fault_ends_by_its_signal),
		cmocka_unit_test(descriptors_that_are_used_up_are_told),
		cmocka_unit_test(a_write_that_was_refused_is_told),
		cmocka_unit_test(limits_have_words),
		cmocka_unit_test(descriptors_and_memory_are_bounded),
		cmocka_unit_test(a_loop_is_work_without_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
