/* Ways to a folder on which another user decides are not gone; others are, and made where they are missing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "scratch.h"

enum { SOMEBODY = 4242 };

static char top[SCRATCH_PATH];
static struct reason why;

static int
begin(void **state)
{
	(void)state;
	scratch_make(top, "folder", false);
	why.text[0] = '\0';
	return chmod(top, 0755);
}

static int
end(void **state)
{
	(void)state;
	scratch_remove(top);
	return 0;
}

static const char *
below(const char *name)
{
	static char path[4][200];
	static unsigned at;
	char *next = path[at++ % 4];

	snprintf(next, sizeof path[0], "%s/%s", top, name);
	return next;
}

static void
make(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(below(name), 0700), 0);
	assert_int_equal(chmod(below(name), mode), 0);
}

/* Whether it leads to that folder. */
static bool
leads(const char *name, enum folder_guard guard, const char *to)
{
	struct stat status, meant;
	int folder = folder_open(name[0] == '/' ? name : below(name), guard, &why);
	bool same = folder >= 0 && fstat(folder, &status) == 0 && stat(below(to), &meant) == 0
	    && status.st_ino == meant.st_ino && status.st_dev == meant.st_dev;

	if (folder >= 0)
		close(folder);
	return same;
}

static void
goes_each_way_of_ours(void **state)
{
	char absolute[200];

	(void)state;
	make("a", 0755);
	make("a/b", 0700);
	assert_int_equal(symlink("a", below("relative")), 0);
	assert_int_equal(symlink("../relative/./b//", below("a/up")), 0);
	snprintf(absolute, sizeof absolute, "%s/a/../relative", top);
	assert_int_equal(symlink(absolute, below("absolute")), 0);
	for (enum folder_guard guard = FOLDER_LINKS; guard <= FOLDER_WHOLE; guard++) {
		assert_true(leads("a/b", guard, "a/b"));
		assert_true(leads("a//b/", guard, "a/b"));
		assert_true(leads("a/../a/./b", guard, "a/b"));
		assert_true(leads("relative/b", guard, "a/b"));
		assert_true(leads("a/up", guard, "a/b"));
		assert_true(leads("absolute/up", guard, "a/b"));
	}
}

static void
says_what_is_missing(void **state)
{
	int fd;

	(void)state;
	assert_false(leads("nothing/b", FOLDER_LINKS, "."));
	assert_string_equal(why.text, "nothing: No such file or directory");
	fd = open(below("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_false(leads("file", FOLDER_LINKS, "."));
	assert_string_equal(why.text, "file: Not a directory");
	assert_int_equal(mkfifo(below("fifo"), 0600), 0);
	assert_false(leads("fifo/a", FOLDER_LINKS, "."));
	assert_string_equal(why.text, "fifo: Not a directory");
	assert_int_equal(symlink("again", below("again")), 0);
	assert_false(leads("again", FOLDER_LINKS, "."));
	assert_string_equal(why.text, "again: Too many levels of symbolic links");
}

static void
goes_no_way_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make("a", 0755);
	make("a/b", 0755);
	assert_int_equal(symlink("a", below("theirs")), 0);
	assert_int_equal(lchown(below("theirs"), SOMEBODY, SOMEBODY), 0);
	assert_false(leads("theirs", FOLDER_LINKS, "a"));
	assert_string_equal(why.text, "theirs is a symbolic link of user 4242: it has to be root's or our own");
	assert_false(leads("theirs/b", FOLDER_WHOLE, "a/b"));
	assert_int_equal(symlink("theirs/b", below("ours")), 0);
	assert_false(leads("ours", FOLDER_LINKS, "a/b"));
	assert_int_equal(chown(below("a"), SOMEBODY, SOMEBODY), 0);
	assert_true(leads("a/b", FOLDER_LINKS, "a/b"));
	assert_false(leads("a/b", FOLDER_WHOLE, "a/b"));
	assert_non_null(strstr(why.text, "/a belongs to user 4242: it has to be root's or our own"));
}

/* In a folder with the sticky bit nobody moves what is another's. */
static void
what_others_write_to(void **state)
{
	(void)state;
	make("a", 0777);
	make("a/b", 0755);
	assert_true(leads("a/b", FOLDER_LINKS, "a/b"));
	assert_false(leads("a/b", FOLDER_WHOLE, "a/b"));
	assert_non_null(strstr(why.text, "/a can be written to by others (mode 0777): take that right away"));
	assert_int_equal(chmod(below("a"), 0775), 0);
	assert_false(leads("a/b", FOLDER_WHOLE, "a/b"));
	assert_int_equal(chmod(below("a"), 01777), 0);
	assert_true(leads("a/b", FOLDER_WHOLE, "a/b"));
}

static void
makes_what_is_missing(void **state)
{
	struct stat status;
	mode_t mask = umask(022);
	int folder;

	(void)state;
	folder = folder_make(below("a/b/c//"), &why);
	assert_true(folder >= 0);
	close(folder);
	assert_int_equal(stat(below("a/b"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(stat(below("a/b/c"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	umask(mask);
	if (geteuid() != 0)
		return;
	make("target", 0755);
	assert_int_equal(symlink("target", below("theirs")), 0);
	assert_int_equal(lchown(below("theirs"), SOMEBODY, SOMEBODY), 0);
	assert_int_equal(folder_make(below("theirs/x"), &why), -1);
	assert_int_not_equal(access(below("target/x"), F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_each_way_of_ours),
		TEST(says_what_is_missing),
		TEST(goes_no_way_of_others),
		TEST(what_others_write_to),
		TEST(makes_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
