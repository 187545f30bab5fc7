/*
 * The state folder's lock and the pid file. Locks are flock(2)s: they end with the process, however
 * it ends, so a stale file means nothing. The lock file stays where it is: removing it would let
 * two daemons hold two files of one name.
 */
#include "parent/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/folder.h"

static enum state_dir_answer
fail_with_errno(struct reason *why, const char *what, const char *path)
{
	reason_set(why, "cannot %s %s: %s", what, path, strerror(errno));
	return STATE_DIR_FAILED;
}

/* Made where there is none; -1 with a reason. */
static int
open_state(const char *state, struct reason *why)
{
	struct reason what = { .text = "" };
	int folder = folder_make(state, &what);

	if (folder < 0)
		reason_set(why, "cannot make or use the state folder %s: %s", state, what.text);
	return folder;
}

/* By errno of flock(2). */
static enum state_dir_answer
lock_refused(int file, const char *path, struct reason *why)
{
	char bytes[16] = "";
	long pid = 0;

	if (errno != EWOULDBLOCK)
		return fail_with_errno(why, "lock", path);
	if (pread(file, bytes, sizeof bytes - 1, 0) > 0)
		sscanf(bytes, "%ld", &pid);
	if (pid > 0)
		reason_set(why, "another postwatch, pid %ld, holds %s", pid, path);
	else
		reason_set(why, "another postwatch holds %s", path);
	return STATE_DIR_BUSY;
}

enum { LOCK_PAUSES = 25 };

static bool
write_pid(int file)
{
	char line[16];
	int size = snprintf(line, sizeof line, "%ld\n", (long)getpid());

	return ftruncate(file, 0) == 0 && pwrite(file, line, (size_t)size, 0) == size;
}

/*
 * A child of a parent that was killed has the lock until it ends: it is waited for, up to 0.5 s. The
 * pid in the file is for people who meet the lock; on a full disk mail servers are watched, too, so
 * its lack is no fault.
 */
static enum state_dir_answer
take_lock(struct state_dir *held, int folder, const char *path, struct reason *why)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	struct stat status;

	if (held->lock >= 0) /* it is ours already */
		return STATE_DIR_TAKEN;
	held->lock = openat(folder, "lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (held->lock < 0 || fstat(held->lock, &status) != 0)
		return fail_with_errno(why, "open", path);
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "%s is not a regular file: remove it", path);
		return STATE_DIR_FAILED;
	}
	for (int i = 0; i < LOCK_PAUSES && flock(held->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; i++)
		(void)nanosleep(&pause, NULL);
	if (flock(held->lock, LOCK_EX | LOCK_NB) == 0) {
		(void)write_pid(held->lock);
		return STATE_DIR_TAKEN;
	}
	return lock_refused(held->lock, path, why);
}

enum state_dir_answer
state_dir_prepare(const char *state, uid_t uid, gid_t gid, struct reason *why)
{
	struct stat status;
	DIR *listing;
	const struct dirent *entry;
	int way = open_state(state, why), folder;
	bool given = true, empty = true;

	if (way < 0)
		return STATE_DIR_FAILED;
	folder = openat(way, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(way);
	listing = folder < 0 ? NULL : fdopendir(folder);
	if (listing == NULL || fstat(folder, &status) != 0) {
		fail_with_errno(why, "look at", state);
		if (listing != NULL)
			closedir(listing);
		else if (folder >= 0)
			close(folder);
		return STATE_DIR_FAILED;
	}
	while (empty && (entry = readdir(listing)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (status.st_uid == 0 && empty)
		given = fchown(folder, uid, gid) == 0;
	else if (status.st_uid != uid) {
		const struct passwd *user = getpwuid(uid);
		const char *name = user != NULL ? user->pw_name : "USER";

		reason_set(why, "%s belongs to user %u: write `chown -R %s: %s`", state,
		    (unsigned)status.st_uid, name, state);
		closedir(listing);
		return STATE_DIR_FAILED;
	}
	closedir(listing);
	return given ? STATE_DIR_TAKEN : fail_with_errno(why, "give away", state);
}

/*
 * A folder that others may write to could be given files by them: the database, or what a reload
 * reads.
 */
enum state_dir_answer
state_dir_enter(struct state_dir *held, const char *state, struct reason *why)
{
	int folder = open_state(state, why);
	enum state_dir_answer answer = STATE_DIR_FAILED;
	char path[PATH_MAX];
	struct stat status;

	if (folder < 0)
		return STATE_DIR_FAILED;
	if (fstat(folder, &status) != 0)
		fail_with_errno(why, "look at", state);
	else if ((status.st_mode & S_IWOTH) != 0)
		reason_set(why, "%s: everybody may write to it", state);
	else if (status.st_uid != 0 && status.st_uid != geteuid())
		reason_set(why, "%s belongs to user %u: it has to be root's or our own", state,
		    (unsigned)status.st_uid);
	else if (snprintf(path, sizeof path, "%s/lock", state) < (int)sizeof path)
		answer = take_lock(held, folder, path, why);
	else
		reason_set(why, "cannot lock %s: %s", state, strerror(ENAMETOOLONG));
	close(folder);
	return answer;
}

/*
 * Whether there is nothing at `path`, reached by `way`, that must not be replaced. Nothing, or one
 * number, is what a daemon left behind; all else is somebody's file, and its path was a mistake.
 * FIFOs are not waited for.
 */
static enum state_dir_answer
may_replace(const char *way, const char *path, struct reason *why)
{
	int file = open(way, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	enum state_dir_answer answer = STATE_DIR_TAKEN;
	char bytes[24] = "";
	struct stat status;
	ssize_t size;

	if (file < 0)
		return STATE_DIR_TAKEN;
	size = fstat(file, &status) == 0 && S_ISREG(status.st_mode)
	    ? pread(file, bytes, sizeof bytes, 0)
	    : -1;
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		answer = lock_refused(file, path, why);
	} else if (size < 0 || size >= (ssize_t)sizeof bytes
	    || strspn(bytes, "0123456789 \n") != (size_t)size) {
		reason_set(why, "%s is there and is no pid file: it is not replaced", path);
		answer = STATE_DIR_FAILED;
	}
	close(file);
	return answer;
}

/* Whether the file that we hold is what lies at `path`, by whatever name. */
static bool
is_ours(const struct state_dir *held, const char *path)
{
	struct stat ours, there;

	return held->pid_file >= 0 && fstat(held->pid_file, &ours) == 0 && lstat(path, &there) == 0
	    && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static void
remove_pid(struct state_dir *held)
{
	/* A folder of root's lets go of nothing once we are another user: empty, the file names
	 * nobody. */
	if (is_ours(held, held->pid_path) && unlink(held->pid_path) != 0)
		(void)!ftruncate(held->pid_file, 0);
	if (held->pid_file >= 0)
		close(held->pid_file);
	held->pid_file = -1;
	held->pid_path[0] = '\0';
}

/*
 * The path by a descriptor of its folder, so that a link of another user's on the way leads nobody
 * elsewhere; -1 with a reason.
 */
static int
open_way(char way[PATH_MAX], const char *path, struct reason *why)
{
	char folder[PATH_MAX];
	struct reason what = { .text = "" };
	const char *slash = strrchr(path, '/');
	int size = slash == NULL ? 0 : (int)(slash - path) + 1, at;

	snprintf(folder, sizeof folder, "%.*s", size == 0 ? 1 : size, size == 0 ? "." : path);
	at = folder_open(folder, FOLDER_LINKS, &what);
	if (at < 0)
		reason_set(why, "cannot write %s: %s", path, what.text);
	else if (snprintf(way, PATH_MAX, "/proc/self/fd/%d/%s", at, path + size) < PATH_MAX)
		return at;
	if (at >= 0) {
		errno = ENAMETOOLONG;
		fail_with_errno(why, "write", path);
		close(at);
	}
	return -1;
}

/*
 * Made beside and renamed, locked by then: whoever reads the path finds a pid whose process is
 * there. Returns -1 with a reason.
 */
static int
make_pid(const char *way, const char *path, struct reason *why)
{
	char aside[PATH_MAX];
	int file;

	if (snprintf(aside, sizeof aside, "%s.%ld", way, (long)getpid()) >= (int)sizeof aside) {
		errno = ENAMETOOLONG;
		fail_with_errno(why, "write", path);
		return -1;
	}
	unlink(aside);
	file = open(aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (file >= 0)
		(void)fchmod(file, 0644); /* whatever the umask: it is made to be read */
	if (file >= 0 && write_pid(file) && flock(file, LOCK_EX | LOCK_NB) == 0
	    && rename(aside, way) == 0)
		return file;
	fail_with_errno(why, "write", path);
	if (file >= 0) {
		unlink(aside);
		close(file);
	}
	return -1;
}

/* The new file is there before the old one goes, so at each moment one of them names us. */
enum state_dir_answer
state_dir_write_pid(struct state_dir *held, const char *path, struct reason *why)
{
	int file = -1;

	if (path != NULL && !is_ours(held, path)) {
		char way[PATH_MAX];
		int at = open_way(way, path, why);
		enum state_dir_answer answer = at < 0 ? STATE_DIR_FAILED
		                                      : may_replace(way, path, why);

		if (answer == STATE_DIR_TAKEN && (file = make_pid(way, path, why)) < 0)
			answer = STATE_DIR_FAILED;
		if (at >= 0)
			close(at);
		if (answer != STATE_DIR_TAKEN)
			return answer;
	}
	if (path == NULL || file >= 0)
		remove_pid(held);
	if (file >= 0)
		held->pid_file = file;
	if (path != NULL)
		snprintf(held->pid_path, sizeof held->pid_path, "%s", path);
	return STATE_DIR_TAKEN;
}

/* Its path is what the descriptor is called: that of the configuration may be another by now. */
void
state_dir_adopt(struct state_dir *held, int lock, int pid_file)
{
	char name[32];

	*held = (struct state_dir){ .lock = lock, .pid_file = pid_file };
	if (lock >= 0)
		(void)fcntl(lock, F_SETFD, FD_CLOEXEC);
	if (pid_file < 0)
		return;
	(void)fcntl(pid_file, F_SETFD, FD_CLOEXEC);
	snprintf(name, sizeof name, "/proc/self/fd/%d", pid_file);
	ssize_t size = readlink(name, held->pid_path, sizeof held->pid_path - 1);
	held->pid_path[size < 0 ? 0 : size] = '\0';
}

void
state_dir_leave(struct state_dir *held)
{
	remove_pid(held);
	if (held->lock >= 0)
		close(held->lock);
	*held = STATE_DIR_NONE;
}
