/* Walks a folder with fts(3), in the order of names, so that the same folder gives the same import. */
#include "command/import_files.h"

#include <errno.h>
#include <string.h>

static int
by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

FTS *
import_files_open(struct arena *arena, const char *folder, struct reason *why)
{
	char *paths[] = { arena_strdup(arena, folder), NULL };
	FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);

	if (walk == NULL)
		reason_set(why, "%s: %s", folder, strerror(errno));
	return walk;
}

const char *
import_files_next(FTS *walk, const char *suffix, bool *good, struct reason *why)
{
	const FTSENT *entry;

	*good = true;
	while ((entry = fts_read(walk)) != NULL) {
		size_t size = strlen(entry->fts_path), end = strlen(suffix);
		bool is_named = size > end && strcmp(entry->fts_path + size - end, suffix) == 0;
		bool is_dangling = entry->fts_info == FTS_SLNONE && is_named;

		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR || is_dangling) {
			reason_set(why, "%s: %s", entry->fts_path, strerror(is_dangling ? ENOENT : entry->fts_errno));
			*good = false;
			return NULL;
		}
		if (entry->fts_info == FTS_F && is_named)
			return entry->fts_path;
	}
	return NULL;
}
