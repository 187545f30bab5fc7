/*
 * For `postwatch status --textfile`: writes the metrics of all targets into a file for the
 * node_exporter's textfile collector.
 */
#include "command/textfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/metrics.h"

/* Its name does not end as the collector wants it, so that nothing reads it before it is whole. */
static bool
write_file(const struct site *site, const char *path, struct reason *why)
{
	char beside[PATH_MAX];
	struct stat status;
	FILE *file;
	bool good;

	/* As root it would take away a device, or the link that /dev/stdout is. */
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		reason_set(why,
		    "%s: it is there and is not a regular file: a path of its own is wanted", path);
		return false;
	}
	if (snprintf(beside, PATH_MAX, "%s.%ld", path, (long)getpid()) >= PATH_MAX) {
		reason_set(why, "%s: the path is too long", path);
		return false;
	}
	file = fopen(beside, "wxe");
	good = file != NULL && metrics_write(site, file) && fflush(file) == 0
	    && fchmod(fileno(file), 0644) == 0;
	if (file != NULL)
		good = (fclose(file) == 0) && good;
	if (good && rename(beside, path) == 0)
		return true;
	reason_set(why, "%s: %s", path, strerror(errno));
	if (file != NULL)
		(void)unlink(beside);
	return false;
}

bool
textfile_write(const struct config *config, const char *path, struct reason *why)
{
	struct site site = { .config = config, .started = clock_wall(), .is_once = true };
	const char *words;
	bool good;

	site.board = board_create(config);
	if (site.board == NULL) {
		reason_set(why, "no memory");
		return false;
	}
	while (board_turn(site.board))
		continue;
	good = board_is_read(site.board, &words);
	if (!good)
		reason_set(why, "%s", words);
	good = good && write_file(&site, path, why);
	board_destroy(&site.board);
	return good;
}
