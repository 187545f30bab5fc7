/*
 * Files of certificate authorities, for prober and gate alike: the file that was looked at is the one that is read, whatever the
 * path leads to since, and what is no file is not waited for. For a program with --wrap=fstat.
 */
#ifndef TESTS_CA_FILES_H
#define TESTS_CA_FILES_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificates.h"

static const char *swapped; /* what leads to a FIFO as soon as it was looked at by its descriptor; NULL: nothing */

int __real_fstat(int, struct stat *);
int __wrap_fstat(int, struct stat *);

static void
swap(void)
{
	if (swapped == NULL)
		return;
	assert_int_equal(unlink(swapped), 0);
	assert_int_equal(mkfifo(swapped, 0600), 0);
	swapped = NULL;
}

int
__wrap_fstat(int fd, struct stat *status)
{
	int result = __real_fstat(fd, status);

	swap();
	return result;
}

/* `reads`: whether it can use what lies at `path`, where nothing is yet. */
static void
ca_files_test(const char *path, bool (*reads)(const char *path))
{
	static const char *const others[] = { "/dev/zero", "/", "/nonexistent/ca.pem" };
	struct certificate root
	    = certificate_make((struct certificate_spec){ .name = "Root", .ca = true, .to = 3650, .from = -1 }, NULL);

	alarm(60); /* whoever opens the FIFO waits for ever */
	certificate_write(&root, path);
	certificate_free(&root);
	assert_true(reads(path));
	swapped = path;
	assert_true(reads(path));
	assert_null(swapped);
	assert_false(reads(path)); /* the FIFO */
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		unlink(path);
		assert_int_equal(symlink(others[i], path), 0);
		assert_false(reads(path));
	}
	unlink(path);
	alarm(0);
}

#endif
