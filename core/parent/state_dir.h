/*
 * What a running daemon holds on this host: its state folder, made where it is missing, with a lock
 * so that no second one works on it; and, if asked for, its pid file.
 */
#ifndef PARENT_HOME_H
#define PARENT_HOME_H

#include <limits.h>
#include <sys/types.h>

#include "base/reason.h"

enum home_answer {
	HOME_TAKEN,
	HOME_BUSY,  /* another daemon has it; the reason names its pid */
	HOME_FAILED
};

/* Starts as HOME_NONE, or adopted. */
struct home {
	int lock;                /* state/lock, flock'ed while we live */
	int pid_file;            /* flock'ed, -1: none */
	char pid_path[PATH_MAX];
};
#define HOME_NONE ((struct home){ .lock = -1, .pid_file = -1 })

/* Makes the folder (0700) and its parents where missing, for the user that we are about to become;
 * one of root's that is empty is given to it. */
enum home_answer home_prepare(const char *state, uid_t uid, gid_t gid, struct reason *why);

/* Makes the folder (0700) and its parents where missing, refuses one that others may write to or
 * that is another's, and locks it. */
enum home_answer home_enter(struct home *, const char *state, struct reason *why);

/* Writes our pid to `path` (absolute; NULL: nowhere), atomically; one that a dead daemon left is
 * replaced, any other file is left alone: the path was a mistake. One of ours that is elsewhere is
 * removed then, and stays where this fails. */
enum home_answer home_write_pid(struct home *, const char *path, struct reason *why);

/* What the image before us held, and passed on by its descriptors (-1: none). */
void home_adopt(struct home *, int lock, int pid_file);

/* Removes the pid file and gives the lock back. */
void home_leave(struct home *);

#endif
