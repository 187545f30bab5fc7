/*
 * For the sandbox of each process: Landlock (landlock(7)), which restricts files and network, by
 * its system calls; the part of the sandbox that the kernel may lack.
 */
#pragma once

#include "base/sandbox.h"

/* The version that the kernel offers, 0: none; errno then says why. */
int landlock_version(void);

/* As sandbox_enter(), for this step alone. Needs PR_SET_NO_NEW_PRIVS before. */
bool landlock_enter(const struct sandbox *, int *version, struct reason *why);

/* From now on this process and its children signal nobody but each other, where the kernel has that
 * (6.12: *kept); nothing else is restricted. Needs PR_SET_NO_NEW_PRIVS before. False with errno. */
bool landlock_keep_signals(bool *kept);
