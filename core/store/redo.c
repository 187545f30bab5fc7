/*
 * For the writer of the store: writes and reads the redo log (store/redo.h). Two halves are written
 * by turns, and the newest that is whole counts. Its hash begins with its number, so that no part
 * of an older one passes for it.
 */
#include "store/redo.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "store/reserve.h"

static const char file_name[] = "redo";
static const int64_t slow = SECOND;

/* What a half begins with, in the byte order of this host: it moves to no other. */
struct label {
	uint64_t number, hash, sizes[3];
};

struct redo {
	int fd;
	off_t half;
	uint64_t number; /* of what was written last, 0: nothing was */
	bool rests;      /* it is too slow */
	char *bytes;     /* that were read, or are written */
};

struct redo *
redo_open(const char *folder, int64_t bytes)
{
	struct redo *redo = bytes < (int64_t)sizeof(struct label) ? NULL : calloc(1, sizeof *redo);
	char path[PATH_MAX];
	struct stat status;

	if (redo == NULL)
		return NULL;
	snprintf(path, sizeof path, "%s/%s", folder, file_name);
	reserve_space(path, bytes);
	redo->half = bytes / 2;
	redo->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (redo->fd < 0 || fstat(redo->fd, &status) != 0 || !S_ISREG(status.st_mode)
	    || status.st_size < bytes)
		redo_close(&redo);
	return redo;
}

void
redo_close(struct redo **redo)
{
	if (*redo == NULL)
		return;
	if ((*redo)->fd >= 0)
		close((*redo)->fd);
	free((*redo)->bytes);
	free(*redo);
	*redo = NULL;
}

static bool
transfer(struct redo *redo, bool writes, size_t size, off_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t some = writes ? pwrite(redo->fd, redo->bytes + done, size - done,
		    at + (off_t)done) : pread(redo->fd, redo->bytes + done, size - done,
		    at + (off_t)done);

		if (some == 0 || (some < 0 && errno != EINTR))
			return false;
		done += some > 0 ? (size_t)some : 0;
	}
	return true;
}

/* Of all behind the hash; label->number and the sizes are set. */
static uint64_t
hash_of(const struct label *label, const char *bytes)
{
	uint64_t hash = hash_add(hash_add(HASH_BEGIN, &label->number, sizeof label->number),
	    label->sizes, sizeof label->sizes);

	for (size_t i = 0, at = sizeof *label; i < 3; at += label->sizes[i++])
		hash = hash_add(hash, bytes + at, label->sizes[i]);
	return hash;
}

static bool
resize(struct redo *redo, size_t size)
{
	char *bytes = realloc(redo->bytes, size);

	if (bytes != NULL)
		redo->bytes = bytes;
	return bytes != NULL;
}

size_t
redo_room(const struct redo *redo)
{
	return redo->rests ? 0 : (size_t)redo->half - sizeof(struct label);
}

bool
redo_write(struct redo *redo, const struct redo_state *state)
{
	const struct pw_bytes parts[3] = { state->head, state->earlier, state->changes };
	struct label label = { .number = redo->number + 1,
	    .sizes = { parts[0].size, parts[1].size, parts[2].size } };
	size_t size = sizeof label + parts[0].size + parts[1].size + parts[2].size,
	    at = sizeof label;
	int64_t began = clock_mono();
	bool written;

	if (redo->rests || size > (size_t)redo->half || !resize(redo, size))
		return false;
	for (size_t i = 0; i < 3; at += parts[i++].size)
		if (parts[i].size > 0)
			memcpy(redo->bytes + at, parts[i].data, parts[i].size);
	assert(at == size);
	label.hash = hash_of(&label, redo->bytes);
	memcpy(redo->bytes, &label, sizeof label);
	written = transfer(redo, true, size, (off_t)(label.number % 2) * redo->half)
	    && fdatasync(redo->fd) == 0;
	redo->number = written ? label.number : redo->number;
	redo->rests = clock_mono() - began > slow;
	return written;
}

/* Reads a half. Returns false if it is not whole. */
static bool
read_half(struct redo *redo, off_t half, struct label *label)
{
	size_t size = sizeof *label;

	if (!resize(redo, sizeof *label)
	    || !transfer(redo, false, sizeof *label, half * redo->half))
		return false;
	memcpy(label, redo->bytes, sizeof *label);
	for (size_t i = 0; i < 3; size += label->sizes[i++])
		if (label->sizes[i] > (size_t)redo->half - size)
			return false;
	assert(size >= sizeof *label && size <= (size_t)redo->half);
	return label->number != 0 && label->number % 2 == (uint64_t)half && resize(redo, size)
	    && transfer(redo, false, size, half * redo->half) && hash_of(label, redo->bytes)
	    == label->hash;
}

bool
redo_read(struct redo *redo, struct redo_state *state)
{
	struct label found, label = { .number = 0 };
	const char *at;

	for (off_t half = 0; half < 2; half++)
		if (read_half(redo, half, &found) && found.number > label.number)
			label = found;
	redo->number = label.number;
	if (label.number == 0 || !read_half(redo, (off_t)(label.number % 2), &label))
		return false;
	at = redo->bytes + sizeof label;
	state->head = (struct pw_bytes){ at, label.sizes[0] };
	state->earlier = (struct pw_bytes){ at + label.sizes[0], label.sizes[1] };
	state->changes = (struct pw_bytes){ at + label.sizes[0] + label.sizes[1], label.sizes[2] };
	return true;
}

void
redo_forget(struct redo *redo)
{
	static const struct label none = { .number = 0 };

	for (off_t half = 0; redo->number != 0 && half < 2; half++)
		(void)!pwrite(redo->fd, &none, sizeof none, half * redo->half);
	redo->number = 0;
	redo->rests = false;
	free(redo->bytes);
	redo->bytes = NULL;
}
