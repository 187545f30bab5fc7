/*
 * Opens a path part by part with openat(2) and O_NOFOLLOW, so that each symbolic link on the way,
 * and with FOLDER_WHOLE each folder, is checked before it is passed: who owns it, and who else may
 * write there. The text of a link is read here and walked like the rest. For the state folder, and
 * for the folders of plugins and of the programs that are run for them.
 */
#include "base/folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { LINKS_MAX = 40 /* as the kernel follows */ };

/* The way that is left to go from a folder. */
struct walk {
	int at;
	enum folder_guard guard;
	bool make; /* what is missing */
	unsigned links;
	char rest[2 * PATH_MAX];
};

static bool
belongs_to_others(const struct stat *status)
{
	return status->st_uid != 0 && status->st_uid != geteuid();
}

bool
folder_is_ours_alone(const struct stat *status, const char *what, struct reason *why)
{
	struct text shown = TEXT_ROOM(300);

	text_escape(&shown, (struct pw_bytes){ what, strlen(what) });
	if (belongs_to_others(status))
		return reason_set(why, "%s belongs to user %u: it has to be root's or our own",
		    shown.bytes, (unsigned)status->st_uid);
	return (status->st_mode & (S_IWGRP | S_IWOTH)) == 0
	    || reason_set(why, "%s can be written to by others (mode %04o): take that right away",
	        shown.bytes, (unsigned)status->st_mode & 07777);
}

/* A reason names the folder by where it lies now. */
static bool
is_guarded(const struct walk *walk, const struct stat *status, struct reason *why)
{
	char name[PATH_MAX + 16] = "the folder ", link[32];

	if (walk->guard == FOLDER_LINKS
	    || ((status->st_mode & S_ISVTX) != 0 && !belongs_to_others(status)))
		return true;
	snprintf(link, sizeof link, "/proc/self/fd/%d", walk->at);
	(void)!readlink(link, name + strlen(name), PATH_MAX);
	return folder_is_ours_alone(status, name, why);
}

/* Takes the place of `at`. */
static bool
enter(struct walk *walk, int folder, const struct stat *status, struct reason *why)
{
	close(walk->at);
	walk->at = folder;
	return is_guarded(walk, status, why);
}

static bool
enter_root(struct walk *walk, struct reason *why)
{
	struct stat status;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0 && fstat(root, &status) == 0)
		return enter(walk, root, &status, why);
	reason_set(why, "/: %s", strerror(errno));
	if (root >= 0)
		close(root);
	return false;
}

/* The text of the link comes before the rest of the way. */
static bool
follow(struct walk *walk, int link, const struct stat *status, const char *name, struct reason *why)
{
	char text[PATH_MAX];
	ssize_t size = readlinkat(link, "", text, sizeof text);
	size_t rest = strlen(walk->rest);

	if (belongs_to_others(status))
		return reason_set(why,
		    "%s is a symbolic link of user %u: it has to be root's or our own", name,
		    (unsigned)status->st_uid);
	if (size < 0 || ++walk->links > LINKS_MAX || (size_t)size + 1 + rest >= sizeof walk->rest)
		return reason_set(why, "%s: %s", name, strerror(size < 0 ? errno : ELOOP));
	memmove(walk->rest + size + 1, walk->rest, rest + 1);
	memcpy(walk->rest, text, (size_t)size);
	walk->rest[size] = '/';
	return text[0] != '/' || enter_root(walk, why);
}

/* Folders above the last one are made as mkdir(1) would, readable for all; the last one is not. */
static int
open_part(const struct walk *walk, const char *name)
{
	bool last = walk->rest[strspn(walk->rest, "/")] == '\0';
	int part = openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (part >= 0 || errno != ENOENT || !walk->make)
		return part;
	if (mkdirat(walk->at, name, last ? 0700 : 0755) != 0 && errno != EEXIST)
		return -1;
	return openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* One part of the way. */
static bool
step(struct walk *walk, const char *name, struct reason *why)
{
	struct stat status;
	int next = open_part(walk, name);
	bool good = next >= 0 && fstat(next, &status) == 0;
	struct text shown = TEXT_ROOM(300);

	text_escape(&shown, (struct pw_bytes){ name, strlen(name) });
	if (good && S_ISDIR(status.st_mode))
		return enter(walk, next, &status, why);
	if (good && S_ISLNK(status.st_mode))
		good = follow(walk, next, &status, shown.bytes, why);
	else {
		reason_set(why, "%s: %s", shown.bytes, strerror(good ? ENOTDIR : errno));
		good = false;
	}
	if (next >= 0)
		close(next);
	return good;
}

static bool
walk_all(struct walk *walk, struct reason *why)
{
	char name[NAME_MAX + 1];

	for (;;) {
		size_t slashes = strspn(walk->rest, "/"), size = strcspn(walk->rest + slashes, "/");

		if (size == 0)
			return true;
		if (size > NAME_MAX)
			return reason_set(why, "%s", strerror(ENAMETOOLONG));
		assert(slashes + size <= strlen(walk->rest));
		memcpy(name, walk->rest + slashes, size);
		name[size] = '\0';
		memmove(walk->rest, walk->rest + slashes + size,
		    strlen(walk->rest + slashes + size) + 1);
		if (!step(walk, name, why))
			return false;
	}
}

/* Returns the folder at the end, -1 with a reason. */
static int
walk_way(struct walk *walk, const char *path, struct reason *why)
{
	struct stat status;
	bool good = snprintf(walk->rest, sizeof walk->rest, "%s", path) < PATH_MAX;

	errno = ENAMETOOLONG;
	walk->at = good ? open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (walk->at < 0 || fstat(walk->at, &status) != 0)
		reason_set(why, "%s", strerror(errno));
	else if (is_guarded(walk, &status, why) && walk_all(walk, why))
		return walk->at;
	if (walk->at >= 0)
		close(walk->at);
	return -1;
}

int
folder_open(const char *path, enum folder_guard guard, struct reason *why)
{
	struct walk walk = { .guard = guard };

	return walk_way(&walk, path, why);
}

int
folder_make(const char *path, struct reason *why)
{
	struct walk walk = { .guard = FOLDER_LINKS, .make = true };

	return walk_way(&walk, path, why);
}
