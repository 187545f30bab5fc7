/* A state folder for one test, in memory where the system has that, and a store in it. */
#ifndef TESTS_STORE_FOLDER_H
#define TESTS_STORE_FOLDER_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "store/list.h"
#include "store/store_private.h"

struct folder {
	char path[SCRATCH_PATH];
	struct store *store;
	struct store_found found[STORE_FILES];
	enum store_opening opening;
	struct reason why;
	enum store_answer answer; /* the last one */
};

static inline void
folder_make(struct folder *folder)
{
	*folder = (struct folder){ .opening = STORE_FAILED };
	scratch_make(folder->path, "pw-store", true);
}

static inline void
folder_open(struct folder *folder)
{
	const struct store_settings settings = { .folder = folder->path, .ballast = -1, .redo = -1 };

	folder->store = store_open(&settings, &folder->opening, folder->found, &folder->why);
}

static inline void
folder_remove(struct folder *folder)
{
	store_close(&folder->store);
	scratch_remove(folder->path);
}

static inline const char *
folder_file(const struct folder *folder, const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", folder->path, name);
	return path;
}

static inline enum store_answer
folder_submit(struct folder *folder, struct store_batch *batch)
{
	return folder->answer = store_submit(folder->store, batch);
}

static inline void
folder_commit(struct folder *folder, struct store_batch *batch)
{
	assert_int_equal(folder_submit(folder, batch), STORE_COMMITTED);
	store_batch_clear(batch);
}

/* Tends until there is nothing more to do; returns how many roll-ups were made. */
static inline uint64_t
folder_tend(struct folder *folder, int64_t now)
{
	struct store_maintained tended;
	uint64_t rolled = 0;

	do {
		store_maintain(folder->store, now, &tended);
		rolled += tended.rolled_up;
	} while (tended.more);
	for (enum store_file file = STORE_MAIN; file < STORE_FILES; file++)
		assert_int_equal(store_trouble(folder->store, file, NULL), STORE_WELL);
	return rolled;
}

static inline struct store_reader *
folder_read(const struct folder *folder)
{
	enum store_reader_opening opening;
	struct reason why;
	struct store_reader *reader = store_reader_open(folder->path, &opening, &why);

	assert_int_equal(opening, STORE_READER_OPENED);
	return reader;
}

/* Every write to a file fails from now on, until RLIMIT_FSIZE is what this returns. */
static inline struct rlimit
forbid_writes(void)
{
	struct rlimit before, none;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = 1;
	setrlimit(RLIMIT_FSIZE, &none);
	return before;
}

static inline struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

#endif
