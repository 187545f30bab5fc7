/*
 * Reads configuration files for all who need their bytes, and resolves the relative paths in them
 * against the folder of the file. libconfig never opens a file itself: given a folder it would end
 * the process, and it has relative paths start at the working folder.
 */
#include "config/input.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * Reads to the end and not to the size that fstat() told: the file may grow meanwhile, and files of
 * /proc tell none.
 */
static bool
read_all(int fd, struct input *input, size_t room, struct reason *why)
{
	for (;;) {
		ssize_t got;

		if (room - input->size < 2) {
			room = room * 2 + 4096;
			input->bytes = realloc(input->bytes, room);
			if (input->bytes == NULL)
				exit(EX_OSERR);
		}
		assert(input->size + 1 < room);
		got = read(fd, input->bytes + input->size, room - input->size - 1);
		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return reason_set(why, "%s", strerror(errno));
		input->size += (size_t)got;
		if (input->size > INPUT_FILE_MAX)
			return reason_set(
			    why, "it is larger than %d MiB", INPUT_FILE_MAX / (1024 * 1024));
	}
}

void
input_denied(int error, struct reason *why)
{
	const struct passwd *user = error == EACCES && geteuid() != 0 ? getpwuid(geteuid()) : NULL;

	if (user != NULL)
		reason_set(why, "%s to user %s", strerror(error), user->pw_name);
	else
		reason_set(why, "%s", strerror(error));
}

/* Opened without waiting: the other end of a FIFO may never come, and a device may do something. */
bool
input_read(const char *path, struct input *input, struct reason *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	bool read = false;

	*input = (struct input){ 0 };
	if (fd < 0 || fstat(fd, &status) < 0) {
		input_denied(errno, why);
	} else if (!S_ISREG(status.st_mode)) {
		reason_set(why, "%s",
		    S_ISDIR(status.st_mode) ? "it is a folder, not a file"
		                            : "it is not a regular file");
	} else if (status.st_size > INPUT_FILE_MAX) {
		reason_set(why, "it is larger than %d MiB", INPUT_FILE_MAX / (1024 * 1024));
	} else {
		input->bytes = malloc((size_t)status.st_size + 2);
		if (input->bytes == NULL)
			exit(EX_OSERR);
		read = read_all(fd, input, (size_t)status.st_size + 2, why);
	}
	if (fd >= 0)
		close(fd);
	if (read) {
		if (input->size >= 3 && memcmp(input->bytes, "\xef\xbb\xbf", 3) == 0) {
			input->size -= 3; /* a byte order mark */
			memmove(input->bytes, input->bytes + 3, input->size);
		}
		input->bytes[input->size] = '\0';
		if (memchr(input->bytes, '\0', input->size) == NULL)
			return true;
		reason_set(why, "it holds a NUL byte: is it a text file, in UTF-8?");
	}
	input_free(input);
	return false;
}

void
input_free(struct input *input)
{
	free(input->bytes);
	*input = (struct input){ 0 };
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
folder_read(const char *path, const char *suffix, struct dirent ***entries)
{
	int all = scandir(path, entries, NULL, by_bytes), count = 0;

	for (int i = 0; i < all; i++) {
		struct dirent *entry = (*entries)[i];
		size_t size = strlen(entry->d_name), end = strlen(suffix);

		if (entry->d_name[0] != '.' && size > end
		    && strcmp(entry->d_name + size - end, suffix) == 0)
			(*entries)[count++] = entry;
		else
			free(entry);
	}
	assert(count <= (all < 0 ? 0 : all));
	return all < 0 ? -1 : count;
}

/*
 * What a file names lies beside that file, wherever the program was started: a daemon has no folder
 * that users know of.
 */
const char *
path_beside(struct arena *arena, const char *from, const char *path)
{
	const char *slash = strrchr(from, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - from) + 1;
	char *joined;

	if (path[0] == '/' || folder == 0)
		return arena_strdup(arena, path);
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	assert(folder > 0 && from[folder - 1] == '/');
	joined = arena_alloc(arena, folder + strlen(path) + 1);
	memcpy(joined, from, folder);
	memcpy(joined + folder, path, strlen(path) + 1);
	return joined;
}

const char *
path_absolute(struct arena *arena, const char *from, const char *path)
{
	const char *beside = path_beside(arena, from, path);
	char folder[PATH_MAX + 1];

	if (beside[0] == '/')
		return beside;
	/* Where the working folder was removed the path as it is will say so when it is used. */
	if (getcwd(folder, sizeof folder - 1) == NULL)
		return beside;
	stpcpy(folder + strlen(folder), "/");
	return path_beside(arena, folder, beside);
}
