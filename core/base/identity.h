/*
 * The user that the daemon is. Started as root it becomes another before it meets a foreign byte,
 * and can never be root again; started by any other user it stays that user. Either way it ends
 * without a capability.
 */
#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/reason.h"

struct identity {
	bool changes;  /* we are root and become the user below */
	bool root;     /* we are root and stay it, as the configuration says */
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* Whom the daemon becomes where the configuration says `user`. False: we are root and there is no
 * such user; the reason names the command that creates it. */
bool identity_find(struct identity *, const char *user, struct reason *why);

/*
 * Becomes it: supplementary groups of the user alone, no capability in any set, securebits locked,
 * no new privileges, no core file and no memory for other processes of the user to read. Ends with
 * a check that root cannot be had again. False with a reason: a step failed, and the process must
 * not go on. To be called again behind an execve(2), which makes a process dumpable. Where the name
 * is "", or we are not root, only what needs no privilege is done.
 */
bool identity_become(const struct identity *, struct reason *why);

#endif
