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

#include "parent/state_dir.h"

static char folder[64], state_path[128], pid_path[128];
static struct reason why;

static int
begin(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/state-XXXXXX", top != NULL ? top : "/tmp");
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
	struct state_dir held = STATE_DIR_NONE;
	struct stat status;
	char path[160];

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	assert_int_equal(stat(state_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	snprintf(path, sizeof path, "%s/lock", state_path);
	assert_file_has_our_pid(path);
	state_dir_leave(&held);
}

static void
a_second_one_is_refused_with_the_pid(void **state)
{
	struct state_dir held = STATE_DIR_NONE, second = STATE_DIR_NONE;
	char pid[32];

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	assert_int_equal(state_dir_enter(&second, state_path, &why), STATE_DIR_BUSY);
	snprintf(pid, sizeof pid, "pid %ld,", (long)getpid());
	assert_non_null(strstr(why.text, pid));
	state_dir_leave(&second);
	state_dir_leave(&held);
	assert_int_equal(state_dir_enter(&second, state_path, &why), STATE_DIR_TAKEN);
	state_dir_leave(&second);
}

static void
a_folder_of_everybody_is_refused(void **state)
{
	struct state_dir held = STATE_DIR_NONE;

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	state_dir_leave(&held);
	assert_int_equal(chmod(state_path, 0777), 0);
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_FAILED);
	state_dir_leave(&held);
}

static void
a_folder_of_another_user_is_refused(void **state)
{
	struct state_dir held = STATE_DIR_NONE;

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	state_dir_leave(&held);
	if (chown(state_path, 65534, (gid_t)-1) != 0)
		skip(); /* only root can give it away */
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_FAILED);
	assert_non_null(strstr(why.text, "belongs to user 65534"));
	state_dir_leave(&held);
}

static void
a_link_of_another_user_is_not_followed(void **state)
{
	struct state_dir held = STATE_DIR_NONE;
	char link[160], through[200];

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	state_dir_leave(&held);
	snprintf(link, sizeof link, "%s/link", folder);
	assert_int_equal(symlink(state_path, link), 0);
	assert_int_equal(state_dir_enter(&held, link, &why), STATE_DIR_TAKEN);
	state_dir_leave(&held);
	if (lchown(link, 65534, 65534) == 0) {
		assert_int_equal(state_dir_enter(&held, link, &why), STATE_DIR_FAILED);
		assert_non_null(strstr(why.text, "link is a symbolic link of user 65534"));
		snprintf(through, sizeof through, "%s/pid", link);
		assert_int_equal(state_dir_write_pid(&held, through, &why), STATE_DIR_FAILED);
		assert_non_null(strstr(why.text, "link is a symbolic link of user 65534"));
	}
	unlink(link);
	state_dir_leave(&held);
}

static void
a_lock_that_is_no_file_is_refused(void **state)
{
	struct state_dir held = STATE_DIR_NONE;
	char lock[160];

	(void)state;
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_TAKEN);
	state_dir_leave(&held);
	snprintf(lock, sizeof lock, "%s/lock", state_path);
	unlink(lock);
	assert_int_equal(mkfifo(lock, 0600), 0);
	assert_int_equal(state_dir_enter(&held, state_path, &why), STATE_DIR_FAILED);
	assert_non_null(strstr(why.text, "not a regular file"));
	state_dir_leave(&held);
}

static void
a_pid_file_comes_and_goes(void **state)
{
	struct state_dir held = STATE_DIR_NONE, second = STATE_DIR_NONE;

	(void)state;
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_TAKEN);
	assert_file_has_our_pid(pid_path);
	assert_int_equal(state_dir_write_pid(&second, pid_path, &why), STATE_DIR_BUSY);
	assert_non_null(strstr(why.text, pid_path));
	state_dir_leave(&second);
	assert_file_has_our_pid(pid_path);
	state_dir_leave(&held);
	assert_int_equal(access(pid_path, F_OK), -1);
}

static void
a_pid_file_moves(void **state)
{
	struct state_dir held = STATE_DIR_NONE;
	char other[160];

	(void)state;
	snprintf(other, sizeof other, "%s.other", pid_path);
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_TAKEN);
	state_dir_adopt(&held, -1, held.pid_file);
	assert_string_equal(held.pid_path, pid_path);
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_TAKEN);
	assert_int_equal(state_dir_write_pid(&held, other, &why), STATE_DIR_TAKEN);
	assert_file_has_our_pid(other);
	assert_int_equal(access(pid_path, F_OK), -1);
	assert_int_equal(state_dir_write_pid(&held, "/proc/none/pid", &why), STATE_DIR_FAILED);
	assert_file_has_our_pid(other);
	assert_int_equal(state_dir_write_pid(&held, NULL, &why), STATE_DIR_TAKEN);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(held.pid_file, -1);
}

static void
a_stale_pid_file_means_nothing(void **state)
{
	struct state_dir held = STATE_DIR_NONE;
	int file = open(pid_path, O_WRONLY | O_CREAT, 0644);

	(void)state;
	assert_int_equal(write(file, "1\n", 2), 2);
	close(file);
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_TAKEN);
	assert_file_has_our_pid(pid_path);
	state_dir_leave(&held);
}

static void
a_file_of_others_is_not_replaced(void **state)
{
	static const char words[] = "root:x:0:0:root:/root:/bin/bash\n";
	struct state_dir held = STATE_DIR_NONE;
	char bytes[64] = "";
	int file = open(pid_path, O_RDWR | O_CREAT, 0644);

	(void)state;
	assert_int_equal(write(file, words, sizeof words - 1), sizeof words - 1);
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_FAILED);
	assert_non_null(strstr(why.text, "no pid file"));
	state_dir_leave(&held);
	assert_int_equal(pread(file, bytes, sizeof bytes - 1, 0), sizeof words - 1);
	close(file);
	file = open(pid_path, O_RDWR);
	assert_int_equal(read(file, bytes, sizeof bytes), sizeof words - 1);
	close(file);
	unlink(pid_path);
	assert_int_equal(mkfifo(pid_path, 0644), 0);
	assert_int_equal(state_dir_write_pid(&held, pid_path, &why), STATE_DIR_FAILED); /* and does not wait for a writer */
	state_dir_leave(&held);
}

static void
a_full_disk_hinders_nobody(void **state)
{
	struct rlimit old, none;
	struct state_dir held = STATE_DIR_NONE;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = (struct rlimit){ 0, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	enum state_dir_answer locked = state_dir_enter(&held, state_path, &why), written = state_dir_write_pid(&held, pid_path, &why);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(locked, STATE_DIR_TAKEN);
	assert_int_equal(written, STATE_DIR_FAILED); /* who asked for it shall know, */
	state_dir_leave(&held);
	assert_int_equal(access(pid_path, F_OK), -1); /* and no half of one is left */
}

static void
what_cannot_be_made_is_told(void **state)
{
	struct state_dir held = STATE_DIR_NONE;

	(void)state;
	assert_int_equal(state_dir_enter(&held, "/proc/none/state", &why), STATE_DIR_FAILED);
	assert_non_null(strstr(why.text, "/proc/none/state"));
	assert_int_equal(state_dir_write_pid(&held, "/proc/none/pid", &why), STATE_DIR_FAILED);
	state_dir_leave(&held);
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
