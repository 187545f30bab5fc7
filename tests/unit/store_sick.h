/* A store that is to fall into trouble, and the few things that its tests do with it. */
#ifndef TESTS_STORE_SICK_H
#define TESTS_STORE_SICK_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "store_folder.h"

static struct folder folder;
static struct store_batch *batch;

static inline int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	batch = store_batch_create(STORE_MAIN);
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	store_batch_destroy(&batch);
	folder_remove(&folder);
	return 0;
}

static inline void
put_big(uint64_t run)
{
	static char bytes[50000];

	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = run, .bytes = { bytes, sizeof bytes } });
}

static inline enum store_answer
submit_small(uint64_t number)
{
	enum store_answer answer;

	store_batch_clear(batch);
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "down" });
	answer = folder_submit(&folder, batch);
	return answer;
}

static inline int64_t
count(const char *sql)
{
	return db_number(folder.store->db_files[STORE_MAIN].db, sql, -1);
}

static inline void
reopen(void)
{
	store_close(&folder.store);
	folder_open(&folder);
	assert_int_equal(folder.opening, STORE_OPENED);
}

/* The number of files in the folder whose name has this in it. */
static inline int
files_with(const char *part)
{
	DIR *dir = opendir(folder.path);
	struct dirent *entry;
	int found = 0;

	while ((entry = readdir(dir)) != NULL)
		found += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return found;
}

static inline void
scribble(const char *name, off_t at, const char *bytes, size_t size)
{
	int fd = open(folder_file(&folder, name), O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

static inline void
grow(void)
{
	store_batch_clear(batch);
	for (uint64_t run = 1; run < 40; run++)
		put_big(run);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
}

/* A whole copy of postwatch.db as it is now, under another name. */
static inline void
copy_store(const char *name)
{
	char sql[400];

	snprintf(sql, sizeof sql, "VACUUM INTO '%s'", folder_file(&folder, name));
	assert_true(db_exec(folder.store->db_files[STORE_MAIN].db, sql));
}

static inline void
move(const char *from, const char *to)
{
	char path[400];

	snprintf(path, sizeof path, "%s/%s", folder.path, from);
	assert_int_equal(rename(path, folder_file(&folder, to)), 0);
}

#endif
