/*
 * Makes the files that hold disk space in reserve for the store, such as its redo log
 * (store/redo.h). A disk that has little space left is not filled for them: others need that more.
 */
#include "store/reserve.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { BLOCK = 512 /* of st_blocks */, SPARE = 4 }; /* one is made only where so many times its size is free */

void
reserve_space(const char *path, int64_t bytes)
{
	char folder[PATH_MAX];
	struct stat status;
	struct statvfs disk;
	bool is_long = stat(path, &status) == 0 && status.st_size >= bytes;
	int fd;

	if (bytes <= 0 || (is_long && (int64_t)status.st_blocks * BLOCK >= bytes))
		return;
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (statvfs(folder, &disk) != 0
	    || (double)disk.f_bavail * (double)disk.f_frsize < (double)bytes * (double)SPARE)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, bytes) != 0 && !is_long)
		unlink(path);
	close(fd);
}
