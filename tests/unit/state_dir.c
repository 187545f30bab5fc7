/* The state folder, its lock and the pid file, among daemons that live and daemons that died. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parent/home.h"

static char folder[64], state_path[128], pid_path[128];
static struct reason why;

static int
begin(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/home-XXXXXX", top != NULL ? top : "/tmp");
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(state_path, sizeof state_path, "%s/deep/state", folder);
	snprintf(pid_path, sizeof pid_path, "%s/pid", folder);
	return 0;
}

static int
end(void **state)
{
	char path[160];

	(void)state;
	unlink(pid_path);
	snprintf(path, sizeof path, "%s/lock", state_path);
	unlink(path);
	rmdir(state_path);
	snprintf(path, sizeof path, "%s/deep", folder);
	rmdir(path);
	return rmdir(folder);
}

static void
assert_file_has_our_pid(const char *path)
{
	char bytes[32] = "";
	int file = open(path, O_RDONLY);

	assert_true(file >= 0);
	assert_true(read(file, bytes, sizeof bytes - 1) > 0);
	assert_int_equal(atol(bytes), getpid());
	close(file);
}

static void
the_folder_is_made_and_ours(void **state)
{
	struct home home = HOME_NONE;
	struct stat status;
	char path[160];

	(void)state;
	assert_int_equal(home_enter(&home, state_path, &why), HOME_TAKEN);
	assert_int_equal(stat(state_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	snprintf(path, sizeof path, "%s/lock", state_path);
	assert_file_has_our_pid(path);
	home_leave(&home);
}

static void
a_second_one_is_refused_with_the_pid(void **state)
{
	struct home home = HOME_NONE, second = HOME_NONE;
	char pid[32];

	(void)state;
	assert_int_equal(home_enter(&home, state_path, &why), HOME_TAKEN);
	assert_int_equal(home_enter(&second, state_path, &why), HOME_BUSY);
	snprintf(pid, sizeof pid, "pid %ld,", (long)getpid());
	assert_non_null(strstr(why.text, pid));
	home_leave(&second);
	home_leave(&home);
	assert_int_equal(home_enter(&second, state_path, &why), HOME_TAKEN);
	home_leave(&second);
}

static void
a_folder_of_everybody_is_refused(void **state)
{
	struct home home = HOME_NONE;

	(void)state;
	assert_int_equal(home_enter(&home, state_path, &why), HOME_TAKEN);
	home_leave(&home);
	assert_int_equal(chmod(state_path, 0777), 0);
	assert_int_equal(home_enter(&home, state_path, &why), HOME_FAILED);
	home_leave(&home);
}

static void
a_folder_of_another_user_is_refused(void **state)
{
	struct home home = HOME_NONE;

	(void)state;
	assert_int_equal(home_enter(&home, state_path, &why), HOME_TAKEN);
	home_leave(&home);
	if (chown(state_path, 65534, (gid_t)-1) != 0)
		skip(); /* only root can give it away */
	assert_int_equal(home_enter(&home, state_path, &why), HOME_FAILED);
	assert_non_null(strstr(why.text, "belongs to user 65534"));
	home_leave(&home);
}

static void
a_link_of_another_user_is_not_followed(void **state)
{
	struct home home = HOME_NONE;
	char link[160], through[200];

	(void)state;
	assert_int_equal(home_enter(&home, state_path, &why), HOME_TAKEN);
	home_leave(&home);
	snprintf(link, sizeof link, "%s/link", folder);
	assert_int_equal(symlink(state_path, link), 0);
	assert_int_equal(home_enter(&home, link, &why), HOME_TAKEN);
	home_leave(&home);
	if (lchown(link, 65534, 65534) == 0) {
		assert_int_equal(home_enter(&home, link, &why), HOME_FAILED);
		assert_non_null(strstr(why.text, "link is a symbolic link of user 65534"));
		snprintf(through, sizeof through, "%s/pid", link);
		assert_int_equal(home_write_pid(&home, through, &why), HOME_FAILED);
		assert_non_null(strstr(why.text, "link is a symbolic link of user 65534"));
	}
	unlink(link);
	home_leave(&home);
}

static void
a_lock_that_is_no_file_is_refused(void **state)
{
	struct home home = HOME_NONE;
	char lock[160];

	(void)state;
	assert_int_equal(home_enter(&home, state_path, &why), HOME_TAKEN);
	home_leave(&home);
	snprintf(lock, sizeof lock, "%s/lock", state_path);
	unlink(lock);
	assert_int_equal(mkfifo(lock, 0600), 0);
	assert_int_equal(home_enter(&home, state_path, &why), HOME_FAILED);
	assert_non_null(strstr(why.text, "not a regular file"));
	home_leave(&home);
}

static void
a_pid_file_comes_and_goes(void **state)
{
	struct home home = HOME_NONE, second = HOME_NONE;

	(void)state;
	assert_int_equal(home_write_pid(&home, pid_path, &why), HOME_TAKEN);
	assert_file_has_our_pid(pid_path);
	assert_int_equal(home_write_pid(&second, pid_path, &why), HOME_BUSY);
	assert_non_null(strstr(why.text, pid_path));
	home_leave(&second);
	assert_file_has_our_pid(pid_path);
	home_leave(&home);
	assert_int_equal(access(pid_path, F_OK), -1);
}

static void
a_pid_file_moves(void **state)
{
	struct home home = HOME_NONE;
	char other[160];

	(void)state;
	snprintf(other, sizeof other, "%s.other", pid_path);
	assert_int_equal(home_write_pid(&home, pid_path, &why), HOME_TAKEN);
	home_adopt(&home, -1, home.pid_file);
	assert_string_equal(home.pid_path, pid_path);
	assert_int_equal(home_write_pid(&home, pid_path, &why), HOME_TAKEN);
	assert_int_equal(home_write_pid(&home, other, &why), HOME_TAKEN);
	assert_file_has_our_pid(other);
	assert_int_equal(access(pid_path, F_OK), -1);
	assert_int_equal(home_write_pid(&home, "/proc/none/pid", &why), HOME_FAILED);
	assert_file_has_our_pid(other);
	assert_int_equal(home_write_pid(&home, NULL, &why), HOME_TAKEN);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(home.pid_file, -1);
}

static void
a_stale_pid_file_means_nothing(void **state)
{
	struct home home = HOME_NONE;
	int file = open(pid_path, O_WRONLY | O_CREAT, 0644);

	(void)state;
	assert_int_equal(write(file, "1\n", 2), 2);
	close(file);
	assert_int_equal(home_write_pid(&home, pid_path, &why), HOME_TAKEN);
	assert_file_has_our_pid(pid_path);
	home_leave(&home);
}

static void
a_file_of_others_is_not_replaced(void **state)
{
	static const char words[] = "root:x:0:0:root:/root:/bin/bash\n";
	struct home home = HOME_NONE;
	char bytes[64] = "";
	int file = open(pid_path, O_RDWR | O_CREAT, 0644);

	(void)state;
	assert_int_equal(write(file, words, sizeof words - 1), sizeof words - 1);
	assert_int_equal(home_write_pid(&home, pid_path, &why), HOME_FAILED);
	assert_non_null(strstr(why.text, "no pid file"));
	home_leave(&home);
	assert_int_equal(pread(file, bytes, sizeof bytes - 1, 0), sizeof words - 1);
	close(file);
	file = open(pid_path, O_RDWR);
	assert_int_equal(read(file, bytes, sizeof bytes), sizeof words - 1);
	close(file);
	unlink(pid_path);
	assert_int_equal(mkfifo(pid_path, 0644), 0);
	assert_int_equal(home_write_pid(&home, pid_path, &why), HOME_FAILED); /* and does not wait for a writer */
	home_leave(&home);
}

static void
a_full_disk_hinders_nobody(void **state)
{
	struct rlimit old, none;
	struct home home = HOME_NONE;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = (struct rlimit){ 0, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	enum home_answer locked = home_enter(&home, state_path, &why), written = home_write_pid(&home, pid_path, &why);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(locked, HOME_TAKEN);
	assert_int_equal(written, HOME_FAILED); /* who asked for it shall know, */
	home_leave(&home);
	assert_int_equal(access(pid_path, F_OK), -1); /* and no half of one is left */
}

static void
what_cannot_be_made_is_told(void **state)
{
	struct home home = HOME_NONE;

	(void)state;
	assert_int_equal(home_enter(&home, "/proc/none/state", &why), HOME_FAILED);
	assert_non_null(strstr(why.text, "/proc/none/state"));
	assert_int_equal(home_write_pid(&home, "/proc/none/pid", &why), HOME_FAILED);
	home_leave(&home);
}

int
main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(the_folder_is_made_and_ours),
		IN_FOLDER(a_second_one_is_refused_with_the_pid),
		IN_FOLDER(a_folder_of_everybody_is_refused),
		IN_FOLDER(a_folder_of_another_user_is_refused),
		IN_FOLDER(a_link_of_another_user_is_not_followed),
		IN_FOLDER(a_lock_that_is_no_file_is_refused),
		IN_FOLDER(a_pid_file_comes_and_goes),
		IN_FOLDER(a_pid_file_moves),
		IN_FOLDER(a_stale_pid_file_means_nothing),
		IN_FOLDER(a_file_of_others_is_not_replaced),
		IN_FOLDER(a_full_disk_hinders_nobody),
		IN_FOLDER(what_cannot_be_made_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
