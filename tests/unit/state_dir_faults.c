/*
 * The state folder, its lock and the pid file where any one call fails: whoever did not take them
 * says why and leaves no descriptor open, and what another daemon holds is never taken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parent/state_dir.h"

enum call { OPEN, OPENAT, FDOPENDIR, FSTAT, LSTAT, FLOCK, PREAD, PWRITE, FTRUNCATE, RENAME, UNLINK,
	FCHOWN, READLINK, CALLS };

static struct {
	enum call call;
	unsigned left; /* 0: none fails */
	bool failed;
} fault;

static char folder[64], state_path[96], pid_path[96], moved_path[96];

static bool
fails(enum call call)
{
	if (fault.left == 0 || fault.call != call || --fault.left > 0)
		return false;
	fault.failed = true;
	errno = EIO;
	return true;
}

#define WRAP(type, name, call, failure, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return fails(call) ? failure : __real_##name arguments; }

/* As these two are called with a mode and without. */
WRAP(int, open, OPEN, -1, (const char *path, int flags, mode_t mode), (path, flags, mode))
WRAP(int, openat, OPENAT, -1, (int at, const char *path, int flags, mode_t mode),
    (at, path, flags, mode))
WRAP(DIR *, fdopendir, FDOPENDIR, NULL, (int fd), (fd))
WRAP(int, fstat, FSTAT, -1, (int fd, struct stat *status), (fd, status))
WRAP(int, lstat, LSTAT, -1, (const char *path, struct stat *status), (path, status))
WRAP(int, flock, FLOCK, -1, (int fd, int how), (fd, how))
WRAP(ssize_t, pread, PREAD, -1, (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at))
WRAP(ssize_t, pwrite, PWRITE, -1, (int fd, const void *bytes, size_t size, off_t at),
    (fd, bytes, size, at))
WRAP(int, ftruncate, FTRUNCATE, -1, (int fd, off_t size), (fd, size))
WRAP(int, rename, RENAME, -1, (const char *from, const char *to), (from, to))
WRAP(int, unlink, UNLINK, -1, (const char *path), (path))
WRAP(int, fchown, FCHOWN, -1, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(ssize_t, readlink, READLINK, -1, (const char *path, char *bytes, size_t size),
    (path, bytes, size))

static unsigned
open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int
begin(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%.30s/state-XXXXXX", top != NULL ? top : "/tmp");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(state_path, sizeof state_path, "%s/state", folder);
	snprintf(pid_path, sizeof pid_path, "%s/pid", folder);
	snprintf(moved_path, sizeof moved_path, "%s/moved", folder);
	return 0;
}

static int
end(void **state)
{
	char path[128];

	(void)state;
	unlink(pid_path);
	unlink(moved_path);
	snprintf(path, sizeof path, "%s/lock", state_path);
	unlink(path);
	rmdir(state_path);
	return rmdir(folder);
}

static void
expect_told(enum state_dir_answer answer, const struct reason *why)
{
	if (answer == STATE_DIR_TAKEN)
		return;
	if (strstr(why->text, folder) == NULL || (answer == STATE_DIR_FAILED
	    && strstr(why->text, "Input/output error") == NULL))
		fail_msg("call %d: %s", fault.call, why->text);
}

/* Each call of each kind that `work` makes fails in turn. */
static void
fail_each(void (*work)(void))
{
	for (fault.call = 0; fault.call < CALLS; fault.call++) {
		fault.failed = true;
		for (unsigned number = 1; fault.failed; number++) {
			unsigned before = open_descriptors();

			fault.failed = false;
			fault.left = number;
			work();
			fault.left = 0;
			assert_int_equal(open_descriptors(), before);
		}
	}
}

static void
live(void)
{
	struct state_dir held = STATE_DIR_NONE;
	struct reason why;
	enum state_dir_answer answer = state_dir_enter(&held, state_path, &why);

	expect_told(answer, &why);
	if (answer == STATE_DIR_TAKEN) {
		expect_told(state_dir_write_pid(&held, pid_path, &why), &why);
		expect_told(state_dir_write_pid(&held, moved_path, &why), &why);
	}
	state_dir_leave(&held);
}

static void
a_life(void **state)
{
	(void)state;
	fail_each(live);
}

/* After a reload: what is held goes along, whatever is known of its name. */
static void
go_on(void)
{
	struct state_dir held = STATE_DIR_NONE, next = STATE_DIR_NONE;
	struct reason why;
	unsigned left = fault.left;

	fault.left = 0;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_TAKEN);
	fault.left = left;
	state_dir_adopt(&next, held.lock, held.pid_file);
	expect_told(state_dir_enter(&next, state_path, &why), &why);
	assert_string_equal(next.pid_path, fault.call == READLINK && fault.failed ? "" : pid_path);
	state_dir_leave(&next);
	assert_true(fault.failed || access(pid_path, F_OK) != 0);
}

static void
a_life_that_goes_on(void **state)
{
	(void)state;
	fail_each(go_on);
}

static void
be_second(void)
{
	struct state_dir first = STATE_DIR_NONE, second = STATE_DIR_NONE;
	struct reason why;
	unsigned left = fault.left;
	enum state_dir_answer answer;

	fault.left = 0;
	assert_int_equal(state_dir_enter(&first, state_path, &why), STATE_DIR_TAKEN);
	assert_int_equal(state_dir_write_pid(&first, pid_path, &why), STATE_DIR_TAKEN);
	fault.left = left;
	answer = state_dir_enter(&second, state_path, &why);
	assert_int_not_equal(answer, STATE_DIR_TAKEN);
	expect_told(answer, &why);
	answer = state_dir_write_pid(&second, pid_path, &why);
	/* What cannot be opened is nobody's; it stays the first one's file where it is. */
	if (answer == STATE_DIR_TAKEN)
		assert_true(fault.call == OPEN && fault.failed);
	else
		expect_told(answer, &why);
	fault.left = 0;
	state_dir_leave(&second);
	state_dir_leave(&first);
}

static void
what_another_holds_is_not_taken(void **state)
{
	(void)state;
	fail_each(be_second);
}

static void
give(void)
{
	struct reason why;

	expect_told(state_dir_prepare(state_path, getuid(), getgid(), &why), &why);
}

static void
a_folder_that_is_given_away(void **state)
{
	(void)state;
	fail_each(give);
}

/* Of another user's folder it is said whose it is, and the line that gives it. */
static void
a_folder_of_another(void **state)
{
	struct state_dir held = STATE_DIR_NONE;
	struct reason why;

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	state_dir_leave(&held);
	assert_int_equal(state_dir_prepare(state_path, 54321, 54321, &why), STATE_DIR_FAILED);
	assert_non_null(strstr(why.text, "write `chown -R USER: "));
	assert_int_equal(state_dir_prepare("/dev/null/state", 54321, 54321, &why), STATE_DIR_FAILED);
	assert_non_null(strstr(why.text, "/dev/null/state"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_life, begin, end),
		cmocka_unit_test_setup_teardown(a_life_that_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(what_another_holds_is_not_taken, begin, end),
		cmocka_unit_test_setup_teardown(a_folder_that_is_given_away, begin, end),
		cmocka_unit_test_setup_teardown(a_folder_of_another, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
