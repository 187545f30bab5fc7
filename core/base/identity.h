/*
 * The user that the daemon is. Started as root with a `user` configured it becomes that user before
 * it meets a foreign byte, and can never be root again. Started by any other user it stays that
 * user, without a capability.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include "base/reason.h"

struct identity {
	bool changes;  /* we are root and become the user below */
	bool root;     /* we are root and stay it */
	uid_t uid;
	gid_t gid;
	char name[64];
};

/*
 * Finds the user that a daemon which root starts becomes: user of the configuration or, where that
 * is NULL, the owner of the state folder; root itself where that folder is root's or is not there.
 * Returns false where we are root and there is no such user; the reason names the command that
 * creates it.
 */
bool identity_find(struct identity *, const char *user, const char *state, struct reason *why);

/*
 * Becomes it: supplementary groups of the user alone, no capability in any set, securebits locked,
 * no new privileges, no core file and no memory for other processes of the user to read. Ends with
 * a check that root cannot be had again. False with a reason: a step failed, and the process must
 * not go on. To be called again behind an execve(2), which makes a process dumpable. Where
 * the user stays what it is only what needs no privilege is done.
 */
bool identity_become(const struct identity *, struct reason *why);

/* No core file, and no memory for other processes of the user to read, until the next execve(2).
 * False with a reason. */
bool identity_hide_memory(struct reason *why);

/* Gives up all capabilities, in all sets of this process; for good where it has no new privileges.
 * False with a reason. */
bool identity_drop_capabilities(struct reason *why);
