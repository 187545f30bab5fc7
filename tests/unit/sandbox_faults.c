/*
 * The sandbox where a step of it fails, and on kernels that have less of Landlock than this one: a process that is not confined
 * as it should be does not go on, and what a kernel lacks is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/sanitized.h"

enum { DONE = 1, TOLD, UNTOLD, ALLOWED, ASKS_VERSION = 1, VERSIONS = 7, LANDLOCK_CREATE = 444 };

/* Calls until the one that fails, and with what; 0: none does. */
static unsigned left;
static int error;
static bool lacks_part; /* the one that failed asks what the kernel has */
static bool no_filter;
static int version = -1; /* of Landlock, where the kernel is another one; -1: its own */
static uint64_t asked_for[3]; /* the rule set that was made: files, network, scopes */

static bool
fails(void)
{
	if (left == 0 || --left > 0)
		return false;
	errno = error;
	return true;
}

int __real_prctl(int, ...);
int __wrap_prctl(int, ...);
int __real_setrlimit(__rlimit_resource_t, const struct rlimit *);
int __wrap_setrlimit(__rlimit_resource_t, const struct rlimit *);
int __real_getrlimit(__rlimit_resource_t, struct rlimit *);
int __wrap_getrlimit(__rlimit_resource_t, struct rlimit *);
long __real_syscall(long, ...);
long __wrap_syscall(long, ...);
scmp_filter_ctx __real_seccomp_init(uint32_t);
scmp_filter_ctx __wrap_seccomp_init(uint32_t);
int __real_seccomp_load(const scmp_filter_ctx);
int __wrap_seccomp_load(const scmp_filter_ctx);
int __real_seccomp_rule_add_array(scmp_filter_ctx, uint32_t, int, unsigned, const struct scmp_arg_cmp *);
int __wrap_seccomp_rule_add_array(scmp_filter_ctx, uint32_t, int, unsigned, const struct scmp_arg_cmp *);

int
__wrap_prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	return fails() ? -1 : __real_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

int
__wrap_setrlimit(__rlimit_resource_t which, const struct rlimit *limit)
{
	return fails() ? -1 : __real_setrlimit(which, limit);
}

int
__wrap_getrlimit(__rlimit_resource_t which, struct rlimit *limit)
{
	return fails() ? -1 : __real_getrlimit(which, limit);
}

static long
answer_as_version(const uint64_t *rules, unsigned long asks)
{
	if (asks == ASKS_VERSION) {
		errno = EOPNOTSUPP;
		return version > 0 ? version : -1;
	}
	memcpy(asked_for, rules, sizeof asked_for);
	return __real_syscall(LANDLOCK_CREATE, rules, sizeof asked_for, 0L, 0L, 0L, 0L);
}

/* None of ours has more than four arguments; what lies behind those that were given is not for reading. */
long
__wrap_syscall(long number, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	bool asks = (number == LANDLOCK_CREATE && arguments[2] == ASKS_VERSION)
	    || (number == SYS_seccomp && arguments[0] == SECCOMP_GET_ACTION_AVAIL);
	if (fails()) {
		lacks_part = asks;
		return -1;
	}
	if (number == SYS_seccomp && no_filter)
		return -1;
	if (number == LANDLOCK_CREATE && version >= 0)
		return answer_as_version((const uint64_t *)arguments[0], arguments[2]);
	return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3]);
}

scmp_filter_ctx
__wrap_seccomp_init(uint32_t action)
{
	return fails() ? NULL : __real_seccomp_init(action);
}

int
__wrap_seccomp_load(const scmp_filter_ctx filter)
{
	return fails() ? -error : __real_seccomp_load(filter);
}

int
__wrap_seccomp_rule_add_array(scmp_filter_ctx filter, uint32_t action, int call, unsigned count, const struct scmp_arg_cmp *arguments)
{
	return fails() ? -error : __real_seccomp_rule_add_array(filter, action, call, count, arguments);
}

static int
outcome_of(bool entered, const struct reason *why)
{
	bool failed = left == 0;

	left = 0;
	if (!entered)
		return why->text[0] != '\0' ? TOLD : UNTOLD;
	return !failed ? DONE : lacks_part ? TOLD : ALLOWED;
}

/* In a child: what became of a step that fails, of all or of the lighter ones. */
static int
in_child(unsigned number, int with, bool lightly)
{
	const struct sandbox_path paths[] = { { "/etc", SANDBOX_READ, false }, { "/nonexistent", SANDBOX_READ, true } };
	static struct sandbox_ports ports;
	const struct limits limits = { .descriptors = 64, .address_space = UINT64_C(1) << 32 };
	const struct sandbox sandbox = { .network = SANDBOX_CONNECTS_FROM, .ports = &ports, .paths = paths, .path_count = 2,
		.file_size = 0, .calls = CALLS_OF_PROBER, .limits = &limits };
	struct reason why = { "" };
	int status = 0, landlock;
	pid_t child = fork();

	if (child == 0) {
		sandbox_ports_add(&ports, 25);
		left = number;
		error = with;
		_exit(outcome_of(lightly ? sandbox_enter_lightly(&why) : sandbox_enter(&sandbox, &landlock, &why), &why));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* EIO: what no kernel says that merely lacks a part. */
static void
each_step_that_fails_is_told(void **state)
{
	(void)state;
	for (int lightly = 0; lightly < 2; lightly++) {
		unsigned number = 1, all = 0;

		for (int came; (came = in_child(number, EIO, lightly)) != DONE; number++, all++)
			if (came != TOLD)
				fail_msg("step %u: %d", number, came);
		assert_true(all >= (lightly ? 2 : 10));
	}
}

/* What the kernel, or a container, does not have is no failure: the last step of all is such a one. */
static void
filters_may_be_refused(void **state)
{
	static const int refusals[] = { ENOSYS, EINVAL, EPERM, EACCES };
	unsigned all = 1, goes_on = 0;

	(void)state;
	if (SANITIZED)
		skip();
	while (in_child(all, EIO, false) != DONE)
		all++;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		goes_on += in_child(all - 2, refusals[i], false) == ALLOWED;
	assert_int_equal(goes_on, sizeof refusals / sizeof *refusals);
}

static void
descriptors_and_parents(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		static const int keep = 9;
		struct reason why = { "" };
		unsigned told = 0;

		error = EIO;
		for (unsigned number = 1; number <= 2; number++) {
			left = number;
			told += !sandbox_close_others(&keep, 1, &why) && strstr(why.text, "descriptors") != NULL;
		}
		left = 1;
		told += !sandbox_die_with(getppid(), &why) && strstr(why.text, "die with") != NULL;
		left = 0;
		told += !sandbox_die_with(1 << 21, &why) && strstr(why.text, "gone") != NULL;
		_exit((int)told);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 4);
}

/* By version: what is asked of the kernel, and what is said to be missing. */
static void
each_version_is_used_as_far_as_it_goes(void **state)
{
	enum { ALL_OF_1 = (1 << 13) - 1, REFER = 1 << 13, TRUNCATE = 1 << 14, DEVICES = 1 << 15 };
	static const struct {
		uint64_t files, network, scopes;
		const char *lacks; /* NULL: nothing */
	} versions[VERSIONS + 1] = {
		{ 0, 0, 0, "no Landlock (files, TCP ports, signals)" },
		{ ALL_OF_1, 0, 0, "Landlock 1, without TCP ports (Linux 6.7) and signals (6.12)" },
		{ ALL_OF_1 | REFER, 0, 0, "Landlock 2, without TCP ports" },
		{ ALL_OF_1 | REFER | TRUNCATE, 0, 0, "Landlock 3, without TCP ports" },
		{ ALL_OF_1 | REFER | TRUNCATE, 3, 0, "Landlock 4, without signals and abstract sockets (Linux 6.12)" },
		{ ALL_OF_1 | REFER | TRUNCATE | DEVICES, 3, 0, "Landlock 5, without signals" },
		{ ALL_OF_1 | REFER | TRUNCATE | DEVICES, 3, 3, NULL },
		{ ALL_OF_1 | REFER | TRUNCATE | DEVICES, 3, 3, NULL },
	};
	const struct sandbox sandbox = { .network = SANDBOX_NO_TCP, .file_size = -1, .may_fork = true };
	int own = (int)__real_syscall(LANDLOCK_CREATE, 0L, 0L, (long)ASKS_VERSION, 0L, 0L, 0L);

	(void)state;
	for (int i = 0; i <= VERSIONS && i <= own; i++) {
		char bytes[256];
		struct text text = TEXT_OVER(bytes);
		int status = 0;
		pid_t child = fork();

		if (child == 0) {
			struct reason why = { "" };
			int landlock;

			version = i;
			if (!sandbox_enter(&sandbox, &landlock, &why) || landlock != i)
				_exit(1);
			_exit(i == 0 ? strstr(why.text, "no Landlock") == NULL
			    : asked_for[0] != versions[i].files || asked_for[1] != versions[i].network || asked_for[2] != versions[i].scopes);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("Landlock %d: %d", i, status);
		version = i;
		assert_int_equal(sandbox_lacks(&text), versions[i].lacks != NULL);
		version = -1;
		if (versions[i].lacks != NULL)
			assert_memory_equal(bytes, versions[i].lacks, strlen(versions[i].lacks));
	}
	if (own < 1)
		skip();
}

static void
all_that_is_missing_is_said(void **state)
{
	char bytes[256];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	version = 5;
	no_filter = true;
	assert_true(sandbox_lacks(&text));
	version = -1;
	no_filter = false;
	assert_string_equal(bytes, "Landlock 5, without signals and abstract sockets (Linux 6.12); no filter of system calls (seccomp)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_that_fails_is_told),
		cmocka_unit_test(filters_may_be_refused),
		cmocka_unit_test(descriptors_and_parents),
		cmocka_unit_test(each_version_is_used_as_far_as_it_goes),
		cmocka_unit_test(all_that_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
