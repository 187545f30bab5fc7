/* A file that can no longer be used is replaced by the copy of what could be, and that is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/snapshot.h"
#include "prober/sources.h"

static char state[128], path[160];

static int
make_state(void **unused)
{
	const char *top = getenv("TMPDIR");

	(void)unused;
	snprintf(state, sizeof state, "%s/sources-XXXXXX", top != NULL ? top : "/tmp");
	assert_non_null(mkdtemp(state));
	snprintf(path, sizeof path, "%s/file", state);
	return 0;
}

static int
remove_state(void **unused)
{
	char copy[PATH_MAX], folder[160];

	(void)unused;
	assert_true(snapshot_copy_path(copy, state, path));
	snprintf(folder, sizeof folder, "%s/accepted", state);
	unlink(copy);
	unlink(path);
	rmdir(folder);
	return rmdir(state);
}

static void
put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* A file is good if its first word is that. */
static bool
load(void *arg, const char *from, struct reason *why)
{
	char read[64] = "";
	FILE *file = fopen(from, "r");
	bool good = file != NULL && fgets(read, sizeof read, file) != NULL && strncmp(read, "good", 4) == 0;

	if (file != NULL)
		fclose(file);
	if (good)
		snprintf(arg, 64, "%s", read);
	else
		reason_set(why, "%s is not good", from);
	return good;
}

static bool
sources_load(struct sources *sources, void *loaded, struct reason *why)
{
	struct source source = source_begin(sources, path);

	for (const char *from; (from = source_next(&source)) != NULL;)
		if (load(loaded, from, source.why)) {
			source_loaded(&source);
			return true;
		}
	*why = source.fault;
	return false;
}

static void
the_copy_serves_while_the_file_is_damaged(void **unused)
{
	struct sources sources;
	char loaded[64] = "", wanted[512];
	struct reason why;

	(void)unused;
	put("good one");
	sources_init(&sources, state);
	assert_true(sources_load(&sources, loaded, &why));
	assert_string_equal(sources.said, "");
	assert_string_equal(sources.unkept.text, "");
	for (int lives = 0; lives < 2; lives++) {
		put(lives == 0 ? "bad" : "");
		sources_init(&sources, state);
		loaded[0] = '\0';
		assert_true(sources_load(&sources, loaded, &why));
		assert_string_equal(loaded, "good one");
		snprintf(wanted, sizeof wanted, lives == 0 ? "%s is not good: what was in it before stays in force (a copy made at 20"
		    : "%s is empty (a comment in it would say that this is meant): what was in it before stays in force (a copy made at 20", path);
		assert_int_equal(strncmp(sources.said, wanted, strlen(wanted)), 0);
	}
	put("good two");
	sources_init(&sources, state);
	assert_true(sources_load(&sources, loaded, &why));
	assert_string_equal(sources.said, "");
	unlink(path);
	assert_true(sources_load(&sources, loaded, &why));
	assert_string_equal(loaded, "good two");
	assert_string_not_equal(sources.said, "");
}

static void
without_a_copy_it_cannot_be_used(void **unused)
{
	struct sources sources;
	char loaded[64] = "";
	struct reason why;

	(void)unused;
	put("bad");
	sources_init(&sources, state);
	assert_false(sources_load(&sources, loaded, &why));
	assert_non_null(strstr(why.text, "is not good"));
	put("good");
	assert_true(sources_load(NULL, loaded, &why)); /* nor is one kept where none is wanted */
	put("bad");
	assert_false(sources_load(&sources, loaded, &why));
}

/* What was loaded is no longer what would be copied. */
static void
a_file_that_changes_meanwhile_is_not_copied(void **unused)
{
	char copy[PATH_MAX];
	struct stat before;
	struct reason why = { .text = "" };

	(void)unused;
	put("good");
	assert_int_equal(stat(path, &before), 0);
	put("other");
	assert_false(snapshot_copy(state, path, &before, &why));
	assert_string_not_equal(why.text, "");
	assert_true(snapshot_copy_path(copy, state, path));
	assert_int_not_equal(access(copy, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_copy_serves_while_the_file_is_damaged, make_state, remove_state),
		cmocka_unit_test_setup_teardown(without_a_copy_it_cannot_be_used, make_state, remove_state),
		cmocka_unit_test_setup_teardown(a_file_that_changes_meanwhile_is_not_copied, make_state, remove_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
