/* Becoming the daemon's user where a step of it fails: nobody goes on as somebody else than the configuration says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/identity.h"

enum { DONE = 1, TOLD, UNTOLD, NOBODY = 65534 };

/* Calls until the one that fails, and with what; 0: none does. */
static unsigned left;
static int error;
static bool root_comes_back;

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
long __real_syscall(long, ...);
long __wrap_syscall(long, ...);
int __real_initgroups(const char *, gid_t);
int __wrap_initgroups(const char *, gid_t);
int __real_setresgid(gid_t, gid_t, gid_t);
int __wrap_setresgid(gid_t, gid_t, gid_t);
int __real_setresuid(uid_t, uid_t, uid_t);
int __wrap_setresuid(uid_t, uid_t, uid_t);

/* That there is no further capability is no failure. */
int
__wrap_prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (size_t i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	return option != PR_CAPBSET_READ && fails()
	    ? -1 : __real_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

/* Of capget(2) and capset(2). */
long
__wrap_syscall(long number, ...)
{
	void *arguments[2];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 2; i++)
		arguments[i] = va_arg(list, void *);
	va_end(list);
	return fails() ? -1 : __real_syscall(number, arguments[0], arguments[1]);
}

int
__wrap_initgroups(const char *name, gid_t group)
{
	return fails() ? -1 : __real_initgroups(name, group);
}

int
__wrap_setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return real != 0 && fails() ? -1 : __real_setresgid(real, effective, saved);
}

int
__wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	if (real == 0 && root_comes_back)
		return 0;
	return real != 0 && fails() ? -1 : __real_setresuid(real, effective, saved);
}

/* In a child: what came of it where that step fails. */
static int
in_child(const struct identity *identity, unsigned number, int with, const char *words)
{
	struct reason why = { "" };
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)unsetenv("POSTWATCH_TEST_TRACE");
		left = number;
		error = with;
		if (identity_become(identity, &why)) {
			bool changed = !identity->changes || (getuid() == identity->uid && getgid() == identity->gid);

			_exit(!changed || (number > 0 && left == 0 && with != EPERM) ? UNTOLD : DONE);
		}
		_exit(words != NULL && strstr(why.text, words) == NULL ? UNTOLD : why.text[0] != '\0' ? TOLD : UNTOLD);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const struct identity nobody = { .changes = true, .uid = NOBODY, .gid = NOBODY, .name = "nobody" }, as_we_are = { .uid = NOBODY };

static void
each_step_that_fails_is_told(void **state)
{
	unsigned number = 1;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (int came; (came = in_child(&nobody, number, EIO, NULL)) != DONE; number++)
		if (came != TOLD)
			fail_msg("step %u: %d", number, came);
	assert_true(number > 8); /* capabilities one by one, securebits, groups, group, user, capabilities, and what hides it */
}

/* A container's root may have no right to change them. */
static void
capabilities_that_are_locked_already_are_let_be(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(&nobody, 1, EPERM, NULL), DONE);
}

static void
root_that_comes_back_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	root_comes_back = true;
	assert_int_equal(in_child(&nobody, 0, 0, "root can be had again"), TOLD);
	root_comes_back = false;
}

/* Whoever starts it: no privilege is kept, and each step of that is looked at as well. */
static void
another_user_keeps_nothing(void **state)
{
	unsigned number = 1;

	(void)state;
	for (int came; (came = in_child(&as_we_are, number, EIO, NULL)) != DONE; number++)
		if (came != TOLD)
			fail_msg("step %u: %d", number, came);
	assert_true(number > 3);
}

static void
users_are_found_by_name(void **state)
{
	struct identity identity;
	struct reason why = { "" };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(identity_find(&identity, "nobody", "/nonexistent", &why));
	assert_true(identity.changes && !identity.root && identity.uid == NOBODY);
	assert_true(identity_find(&identity, "root", "/nonexistent", &why));
	assert_true(!identity.changes && identity.root);
	assert_true(identity_find(&identity, NULL, "/nonexistent", &why));
	assert_true(!identity.changes && identity.root);
	assert_false(identity_find(&identity, "no-such-user", "/nonexistent", &why));
	assert_non_null(strstr(why.text, "useradd --system"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_that_fails_is_told),
		cmocka_unit_test(capabilities_that_are_locked_already_are_let_be),
		cmocka_unit_test(root_that_comes_back_is_refused),
		cmocka_unit_test(another_user_keeps_nothing),
		cmocka_unit_test(users_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
