/*
 * What a running daemon holds on this host: its state folder, made where it is missing, with a lock
 * so that no second one works on it; and, if asked for, its pid file.
 */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "base/reason.h"

enum state_dir_answer {
	STATE_DIR_TAKEN,
	STATE_DIR_BUSY,  /* another daemon has it; the reason names its pid */
	STATE_DIR_FAILED
};

/* Starts as STATE_DIR_NONE, or adopted. */
struct state_dir {
	int lock;                /* state/lock, flock'ed while we live */
	int pid_file;            /* flock'ed, -1: none */
	char pid_path[PATH_MAX];
};
#define STATE_DIR_NONE ((struct state_dir){ .lock = -1, .pid_file = -1 })

/* Makes the folder (0700) and its parents where missing, for the user that we are about to become;
 * one of root's that is empty is given to it. */
enum state_dir_answer state_dir_prepare(
    const char *state, uid_t uid, gid_t gid, struct reason *why);

/* Makes the folder (0700) and its parents where missing, refuses one that others may write to or
 * that is another's, and locks it. */
enum state_dir_answer state_dir_enter(struct state_dir *, const char *state, struct reason *why);

/* Writes our pid to `path` (absolute; NULL: nowhere), atomically; one that a dead daemon left is
 * replaced, any other file is left alone: the path was a mistake. One of ours that is elsewhere is
 * removed then, and stays where this fails. */
enum state_dir_answer state_dir_write_pid(struct state_dir *, const char *path, struct reason *why);

/* What the image before us held, and passed on by its descriptors (-1: none). */
void state_dir_adopt(struct state_dir *, int lock, int pid_file);

/* Removes the pid file and gives the lock back. */
void state_dir_leave(struct state_dir *);
