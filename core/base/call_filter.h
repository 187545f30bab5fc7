/*
 * Which system calls a process may make (seccomp(2)), from one table: a right for each group of
 * calls, a set of rights for each kind of process (prober, keeper ...). Of three kinds of call that
 * it has no right to: one of those that no healthy process makes (fork, execve, listen, ptrace and
 * so on) ends the process, which says which call it was; one that the table does not know returns
 * ENOSYS, so that a newer C library does without; files return EACCES, sockets EAFNOSUPPORT, memory
 * that is executable EACCES, signals to others EPERM.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/reason.h"

enum call_right {
	CALL_BASE = 1 << 0,    /* what every process needs: memory, time, its descriptors */
	CALL_FILES = 1 << 1,   /* opens and changes files; which ones is Landlock's part */
	CALL_READS = 1 << 2,   /* opens files; the same */
	CALL_TCP = 1 << 3,     /* sockets of IPv4 and IPv6; not MPTCP, no TCP Fast Open */
	CALL_UDP = 1 << 4,
	CALL_UNIX = 1 << 5,    /* sockets of UNIX, datagrams and streams */
	CALL_ROUTES = 1 << 6,  /* asks the kernel for routes and addresses (rtnetlink) */
	CALL_BINDS = 1 << 7,   /* an address of its own: a source address, and glibc's socket of
	                        * routes */
	CALL_ACCEPTS = 1 << 8, /* on a socket that listens already */
	CALL_THREADS = 1 << 9,
	CALL_LIBRARIES = 1 << 10, /* maps the code of libraries that it loads late */
	CALL_MODES = 1 << 11,  /* mode and owner of what is open, which Landlock does not rule */

	/* Each duty's. */
	CALLS_OF_KEEPER = CALL_BASE | CALL_FILES | CALL_MODES,
	CALLS_OF_MONITOR = CALL_BASE | CALL_ACCEPTS,
	CALLS_OF_PROBER = CALL_BASE | CALL_TCP | CALL_UDP | CALL_ROUTES, /* and CALL_BINDS where a
	                                                       target has a source address */
	CALLS_OF_WEB = CALL_BASE | CALL_READS | CALL_ACCEPTS,
	CALLS_OF_GATE = CALL_BASE | CALL_TCP | CALL_UDP,
	/* libesmtp makes a socket, which connects nowhere. */
	CALLS_BESIDE_GATE = CALL_BASE | CALL_TCP
};

/* Exit status of a process that made a forbidden call: 128 + SIGSYS, as a shell has it. */
enum { CALL_FORBIDDEN_STATUS = 159 };

/* Is told of a forbidden call, on the stack of the signal's handler; the process ends when it
 * returns. */
typedef void call_filter_tell(void *arg, int number, const char *name);

/*
 * Enters the filter for these rights; needs PR_SET_NO_NEW_PRIVS before. It is there for good, for
 * threads and children, and over an execve(2). SIGSYS cannot be changed behind it. *entered: false
 * where this system has no filters, or forbids them (a container may); the reason then says why,
 * and the process goes on without. False: no memory, or the like.
 */
bool call_filter_enter(uint32_t rights, call_filter_tell *tell, void *arg, bool *entered,
    struct reason *why);

/* The same for the parent, whose filter its processes and the programs that they start have as
 * well: with EPERM fails only what none of them all needs, ever. To be entered once: filters are
 * added to each other, and last over an execve(2). */
bool call_filter_enter_parent(bool *entered, struct reason *why);

/* The same for a program that belongs to somebody else, and who starts it: it makes no namespaces, changes limits,
 * priority and processors of no other process, and by their paths neither mode, owner nor attributes of files, nor their size, of which Landlock knows
 * nothing (the size: before Linux 6.2). These fail with EPERM, too. */
bool call_filter_enter_program(bool *entered, struct reason *why);

/* Whether this system lets a process filter its calls; asked without doing it. */
bool call_filter_is_there(void);
