/*
 * The rights that a child process gives up before it meets the first foreign byte: descriptors, and
 * its life without the parent, when it is forked; the rest (files, network, system calls) when all
 * it will ever need has been opened. Every step is checked; none can be taken back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/call_filter.h"
#include "base/limits.h"
#include "base/reason.h"
#include "base/text.h"

/* Closes all descriptors but the standard ones and these, of which such below 0 are none. */
bool sandbox_close_others(const int *keep, size_t count, struct reason *why);

/* Has the kernel kill this process when `parent` dies; false also where it is dead already. */
bool sandbox_die_with(pid_t parent, struct reason *why);

enum sandbox_network {
	SANDBOX_NO_TCP,       /* neither connects nor binds */
	SANDBOX_CONNECTS,     /* binds nothing */
	SANDBOX_CONNECTS_FROM, /* and binds, to a port of the kernel's choice only: what a source
	                        * address needs */
	SANDBOX_ANY_TCP        /* as without a sandbox */
};

/* A set of TCP ports, 0: of none. */
struct sandbox_ports {
	uint64_t bits[65536 / 64];
};

static inline void
sandbox_ports_add(struct sandbox_ports *ports, uint16_t port)
{
	ports->bits[port / 64] |= UINT64_C(1) << port % 64;
}

static inline bool
sandbox_ports_has(const struct sandbox_ports *ports, uint16_t port)
{
	return (ports->bits[port / 64] >> port % 64 & 1) != 0;
}

enum sandbox_access {
	SANDBOX_READ,
	SANDBOX_EXECUTE, /* and read */
	SANDBOX_WRITE, /* and read, make, remove, rename */
	SANDBOX_MAKE,  /* and read, write and make files; no more */
	/* Of these two a symbolic link is not followed, and gives access to nothing. */
	SANDBOX_RUN, /* read and execute */
	SANDBOX_ALL  /* but to make devices */
};

/* A file, or a folder with all that lies below. */
struct sandbox_path {
	const char *path;
	enum sandbox_access access;
	bool optional; /* false: one that does not exist is a fault */
};

struct sandbox {
	enum sandbox_network network;
	const struct sandbox_ports *ports; /* it connects to these only; NULL: to any */
	const struct sandbox_path *paths; /* all else in the file system cannot be opened, made,
	                                   * changed or executed */
	size_t path_count;
	int64_t file_size;  /* bytes a file may grow to by our writing; -1: any. 0 needs SIGXFSZ
	                     * ignored, or a write kills */
	uint32_t calls;     /* rights to system calls, enum call_right; 0: any call */
	call_filter_tell *tell; /* is told of a forbidden one, with the next */
	void *tell_to;
	const struct limits *limits; /* NULL: those that are in force */
	bool may_fork;      /* false: no new processes (RLIMIT_NPROC; root is exempt) */
};

/*
 * No core dumps, the limits above, no new privileges, no capabilities, and Landlock as far as the
 * kernel has it: the file system (5.13), TCP (6.7), signals and abstract sockets beyond this
 * process and its children (6.12); and the filter of system calls, where this system has one. False
 * with a reason: a step failed, and the process must not go on. *landlock is the version of
 * Landlock in force, 0 where the kernel has none: that is no failure, and the reason then says why.
 */
bool sandbox_enter(const struct sandbox *, int *landlock, struct reason *why);

/* Whether the kernel, or the container, lacks a part of all that; `text` says which, in a sentence
 * without a full stop. */
bool sandbox_lacks(struct text *text);

/* For a process whose plugin says where it writes and whom it calls: no core dumps, no new
 * privileges, no more. */
bool sandbox_enter_lightly(struct reason *why);
