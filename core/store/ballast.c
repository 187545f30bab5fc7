/*
 * Makes and removes the file that holds space in reserve.
 *
 * A disk that has little space left is not filled for it: others need that more.
 */
#include "store/ballast.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SPARE = 4 }; /* it is made only where so many times its size is free */

static void
name(const char *folder, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/ballast", folder);
}

void
reserve_space(const char *path, int64_t bytes)
{
	char folder[PATH_MAX];
	struct stat status;
	struct statvfs disk;
	int fd;

	if (bytes <= 0 || (stat(path, &status) == 0 && status.st_size >= bytes))
		return;
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (statvfs(folder, &disk) != 0
	    || (double)disk.f_bavail * (double)disk.f_frsize < (double)bytes * (double)SPARE)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, bytes) != 0)
		unlink(path);
	close(fd);
}

void
ballast_make(const char *folder, int64_t bytes)
{
	char path[PATH_MAX];

	name(folder, path);
	reserve_space(path, bytes);
}

void
ballast_free(const char *folder)
{
	char path[PATH_MAX];

	name(folder, path);
	unlink(path);
}

bool
ballast_is_there(const char *folder)
{
	char path[PATH_MAX];

	name(folder, path);
	return access(path, F_OK) == 0;
}
