/*
 * Which processes are the daemon's own: a page that the parent maps once, into which each process
 * of the tree writes its pid at birth, before it does anything else, and which it then unmaps. Only
 * the monitor keeps it, and cannot write to it: it refuses its own kind at the control socket
 * (SO_PEERCRED, unix(7)), where a process that was broken into could silence targets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct own_processes;

/* Shared memory for `places` processes at a time; a place is one duty's, whose processes follow
 * each other. NULL: no memory. */
struct own_processes *own_processes_create(uint32_t places);

/* In the process itself: notes its pid. The last few of a place stay known, for one that asked may
 * be dead when it is answered. */
void own_processes_join(struct own_processes *, uint32_t place);
/* From now on this process may read the page alone. False: errno says why. */
bool own_processes_seal(struct own_processes *);
/* Unmaps it from this process. */
void own_processes_leave(struct own_processes **);

bool own_processes_knows(const struct own_processes *, pid_t pid);
