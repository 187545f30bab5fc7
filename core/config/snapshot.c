/*
 * For the daemon and for commands: saves the files of an accepted configuration in the state folder
 * and reads them back (snapshot.h).
 *
 * All files go into one stream, and that into one file which is renamed into place: what lies there
 * is the configuration of one moment, or nothing. A folder with copies could be seen half replaced
 * after a power cut, with a main file that includes what is not there.
 *
 * While it is recorded, the stream grows in memory; once loaded, files are views into its bytes.
 */
#include "config/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/vec.h"
#include "config/input.h"

enum { COPY_NAME_MAX = 32 };

struct kept_file {
	const char *path;  /* NULL: it is a part of conf.d, named by `part` */
	const char *part;
	const char *bytes;
	size_t size;
};

struct snapshot {
	FILE *out;         /* NULL: it was kept */
	char *bytes;
	size_t size;
	uint32_t count, room;
	struct kept_file *files;
};

struct snapshot *
snapshot_begin(void)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);

	if (snapshot != NULL
	    && (snapshot->out = open_memstream(&snapshot->bytes, &snapshot->size)) == NULL) {
		free(snapshot);
		return NULL;
	}
	return snapshot;
}

void
snapshot_close(struct snapshot **given)
{
	struct snapshot *snapshot = *given;

	*given = NULL;
	if (snapshot == NULL)
		return;
	if (snapshot->out != NULL)
		fclose(snapshot->out);
	free(snapshot->bytes);
	free(snapshot->files);
	free(snapshot);
}

/*
 * Splits the stream into files: behind "file SIZE PATH" come the bytes of the file and a line feed.
 * Marks are passed over: they make two streams differ where a plugin or the program was replaced,
 * and have nothing to read. Returns false if the stream is damaged.
 */
static bool
take_all(struct snapshot *snapshot)
{
	char *at = snapshot->bytes, *end = at + snapshot->size;

	while (at < end) {
		char *line = at, *stop = memchr(at, '\n', (size_t)(end - at)), *path;
		struct kept_file file = { .part = line + 5 };

		if (stop == NULL)
			return false;
		*stop = '\0';
		at = stop + 1;
		if (strncmp(line, "mark ", 5) == 0)
			continue;
		if (strncmp(line, "file ", 5) == 0) {
			size_t size = strtoul(line + 5, &path, 10);

			if (*path != ' ' || size >= (size_t)(end - at) || at[size] != '\n')
				return false;
			file = (struct kept_file){ .path = path + 1, .bytes = at, .size = size };
			at += size + 1;
		} else if (strncmp(line, "part ", 5) != 0) {
			return false;
		}
		assert(at <= end);
		if (!VEC_RESERVE(snapshot->files, snapshot->count, snapshot->room))
			return false;
		snapshot->files[snapshot->count++] = file;
	}
	return snapshot->count > 0;
}

static bool
name_file(char path[PATH_MAX], const char *state, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/accepted/%s", state, name) < PATH_MAX;
}

/* Reads raw bytes, unlike input_read(): a CA file may hold anything. */
static bool
read_bytes(const char *path, int flags, char **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	struct stat status;
	ssize_t got = -1;

	*bytes = NULL;
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
	    && (*bytes = malloc((size_t)status.st_size + 1)) != NULL)
		got = read(fd, *bytes, (size_t)status.st_size);
	if (fd >= 0)
		close(fd);
	*size = got < 0 ? 0 : (size_t)got;
	return got >= 0 && got == status.st_size;
}

/* What lies in the state folder is no link. */
static bool
read_kept(const char *state, const char *name, char **bytes, size_t *size)
{
	char path[PATH_MAX];

	*bytes = NULL;
	return name_file(path, state, name) && read_bytes(path, O_NOFOLLOW, bytes, size);
}

struct snapshot *
snapshot_open(const char *state, const char *name, struct reason *why)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);

	if (snapshot == NULL || !read_kept(state, name, &snapshot->bytes, &snapshot->size))
		reason_set(why, "%s/accepted/%s cannot be read: %s", state, name, strerror(errno));
	else if (!take_all(snapshot))
		reason_set(why, "%s/accepted/%s does not hold what was accepted", state, name);
	else
		return snapshot;
	snapshot_close(&snapshot);
	return NULL;
}

/*
 * A file that is included twice was recorded twice, with equal bytes unless it changed in between:
 * the first holds for both.
 */
bool
snapshot_input(struct snapshot *snapshot, const char *path, struct input *input, struct reason *why)
{
	*input = (struct input){ 0 };
	if (!snapshot_is_saved(snapshot)) {
		if (!input_read(path, input, why))
			return false;
		if (snapshot != NULL) {
			fprintf(snapshot->out, "file %zu %s\n", input->size, path);
			fwrite(input->bytes, 1, input->size, snapshot->out);
			fputc('\n', snapshot->out);
		}
		return true;
	}
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct kept_file *file = &snapshot->files[i];

		if (file->path == NULL || strcmp(file->path, path) != 0)
			continue;
		assert(file->bytes + file->size <= snapshot->bytes + snapshot->size);
		if ((input->bytes = malloc(file->size + 1)) == NULL)
			break;
		memcpy(input->bytes, file->bytes, file->size);
		input->bytes[input->size = file->size] = '\0';
		return true;
	}
	return reason_set(why, "it is not among what was accepted");
}

bool
snapshot_is_saved(const struct snapshot *snapshot)
{
	return snapshot != NULL && snapshot->out == NULL;
}

const char *
snapshot_main(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (snapshot->files[i].path != NULL)
			return snapshot->files[i].path;
	return NULL;
}

void
snapshot_part(struct snapshot *snapshot, const char *path)
{
	if (snapshot != NULL && snapshot->out != NULL)
		fprintf(snapshot->out, "part %s\n", path);
}

const char *
snapshot_next_part(const struct snapshot *snapshot, size_t index)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (snapshot->files[i].part != NULL && index-- == 0)
			return snapshot->files[i].part;
	return NULL;
}

void
snapshot_mark(struct snapshot *snapshot, const char *path)
{
	struct stat status;

	if (snapshot == NULL || snapshot->out == NULL || stat(path, &status) != 0)
		return;
	fprintf(snapshot->out, "mark %ju %ju %jd %jd.%09ld %s\n", (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino, (intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec,
	    status.st_mtim.tv_nsec, path);
}

/* With fsync(): a rename may reach the disk before the bytes of the file do. */
static bool
write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			assert((size_t)written <= size);
			bytes += written;
			size -= (size_t)written;
		}
	}
	return fsync(fd) == 0;
}

/*
 * Writes beside and renames: what is there under that name is always whole. The name beside has our
 * pid, as a check and the daemon may write at once.
 */
static bool
keep_bytes(const char *bytes, size_t size, const char *state, const char *name, struct reason *why)
{
	char path[PATH_MAX], folder[PATH_MAX], aside[64];
	int fd;
	bool good;

	snprintf(aside, sizeof aside, "%s.%ld", name, (long)getpid());
	if (!name_file(path, state, aside) || !name_file(folder, state, ""))
		return reason_set(why, "no memory");
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return reason_set(why, "cannot make %s: %s", folder, strerror(errno));
	(void)unlink(path); /* what a process of our number left behind */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	good = fd >= 0 && write_all(fd, bytes, size);
	if (!good)
		reason_set(why, "cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (good && snapshot_rename(state, aside, name, why))
		return true;
	unlink(path);
	return false;
}

bool
snapshot_save(struct snapshot *snapshot, const char *state, const char *name, struct reason *why)
{
	if (fflush(snapshot->out) == 0)
		return keep_bytes(snapshot->bytes, snapshot->size, state, name, why);
	return reason_set(why, "no memory");
}

static bool
same_is_kept(const char *bytes, size_t size, const char *state, const char *name)
{
	char *kept;
	size_t kept_size;
	bool same = read_kept(state, name, &kept, &kept_size) && kept_size == size
	    && memcmp(kept, bytes, size) == 0;

	free(kept);
	return same;
}

bool
snapshot_is_same(struct snapshot *snapshot, const char *state, const char *name)
{
	return fflush(snapshot->out) == 0
	    && same_is_kept(snapshot->bytes, snapshot->size, state, name);
}

static void
name_copy(char name[COPY_NAME_MAX], const char *path)
{
	snprintf(name, COPY_NAME_MAX, "copy-%016" PRIx64, hash_add_string(HASH_BEGIN, path));
}

bool
snapshot_copy_path(char copy[PATH_MAX], const char *state, const char *path)
{
	char name[COPY_NAME_MAX];

	name_copy(name, path);
	return name_file(copy, state, name);
}

/* A file that was replaced while it was copied is no file that anybody has looked at. */
bool
snapshot_copy(const char *state, const char *path, const struct stat *before, struct reason *why)
{
	char name[COPY_NAME_MAX], *bytes;
	size_t size;
	struct stat now;
	bool whole = read_bytes(path, 0, &bytes, &size) && stat(path, &now) == 0
	    && now.st_dev == before->st_dev && now.st_ino == before->st_ino
	    && now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec
	    && now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
	bool kept;

	name_copy(name, path);
	kept = whole
	    && (same_is_kept(bytes, size, state, name)
	        || keep_bytes(bytes, size, state, name, why));
	if (!whole)
		reason_set(why, "%s cannot be copied: it changes, or there is no memory", path);
	free(bytes);
	return kept;
}

bool
snapshot_rename(const char *state, const char *from, const char *to, struct reason *why)
{
	char old[PATH_MAX], new[PATH_MAX], folder[PATH_MAX];
	int fd;

	if (!name_file(old, state, from) || !name_file(new, state, to)
	    || !name_file(folder, state, "") || rename(old, new) != 0)
		return reason_set(why, "cannot rename %s: %s", old, strerror(errno));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	return true;
}
