/*
 * Folders of one test, which it removes with all that is in them. tests/run gives each program places of its own, TMPDIR and
 * TMPMEM (in memory, for what is written with many syncs), and removes these as well, however the program ends.
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCRATCH_PATH = 64 };

static inline void
scratch_make(char folder[static SCRATCH_PATH], const char *name, bool in_memory)
{
	const char *on_disk = getenv("TMPDIR"), *memory = getenv("TMPMEM");

	if (memory == NULL && access("/dev/shm", W_OK) == 0)
		memory = "/dev/shm";
	if (on_disk == NULL)
		on_disk = "/tmp";
	assert_in_range(snprintf(folder, SCRATCH_PATH, "%s/%s-XXXXXX", in_memory && memory != NULL ? memory : on_disk, name), 1,
	    SCRATCH_PATH - 1);
	assert_non_null(mkdtemp(folder));
}

static inline int
scratch_remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path);
}

static inline void
scratch_remove(const char *folder)
{
	assert_int_equal(nftw(folder, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
