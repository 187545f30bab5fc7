/*
 * For `postwatch import`: reads the files below a folder with fts(3), in the order of names, so
 * that the same folder gives the same import, and says whether a file was read before.
 */
#include "command/import_files.h"

#include <errno.h>
#include <fts.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

struct import_file {
	struct import_file *next;
	dev_t device;
	ino_t inode;
};

bool
import_files_is_new(struct import_files *files, struct arena *arena, const char *path)
{
	struct import_file *file = files->first;
	struct stat is;

	if (stat(path, &is) != 0)
		return true;
	while (file != NULL && (file->inode != is.st_ino || file->device != is.st_dev))
		file = file->next;
	if (file != NULL)
		return false;
	file = arena_alloc(arena, sizeof *file);
	*file = (struct import_file){ files->first, is.st_dev, is.st_ino };
	files->first = file;
	return true;
}

static int
by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

bool
import_files_read(const char *folder, const char *suffix,
    bool (*read)(void *to, const char *path, struct reason *why), void *to, struct reason *why)
{
	char *paths[] = { (char *)(uintptr_t)folder, NULL }; /* fts_open(3) does not change it */
	FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	const FTSENT *entry;
	bool good = walk != NULL;

	if (!good)
		reason_set(why, "%s: %s", folder, strerror(errno));
	while (good && (entry = fts_read(walk)) != NULL) {
		size_t size = strlen(entry->fts_path), end = strlen(suffix);
		bool is_named = size > end && strcmp(entry->fts_path + size - end, suffix) == 0;
		bool is_dangling = entry->fts_info == FTS_SLNONE && is_named;

		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS
		    || entry->fts_info == FTS_ERR || is_dangling) {
			reason_set(why, "%s: %s", entry->fts_path,
			    strerror(is_dangling ? ENOENT : entry->fts_errno));
			good = false;
		} else if (entry->fts_info == FTS_F && is_named)
			good = read(to, entry->fts_path, why);
	}
	if (walk != NULL)
		fts_close(walk);
	return good;
}
