/*
 * For the daemon's processes and the programs that they run: limits how much of the host each may
 * take (setrlimit(2)), by a table with a row for each kind of process, so that one that loops,
 * leaks or was broken into takes nothing from the others. Also notices when a process reaches a
 * limit and has that told, and tells from an exit status at which limit a process has ended.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/messages.h"
#include "base/reason.h"
#include "base/text.h"

struct limits {
	uint64_t descriptors;   /* 0: all that the host lets us have */
	uint64_t address_space; /* bytes; not in a build with a sanitizer, which maps terabytes */
	uint64_t file_size;     /* bytes of a file, in a process that may write some; 0: any */
	unsigned work_seconds;  /* of processor time for one delivery; 0: it has no deliveries */
	uint64_t processes;     /* of the user in all, threads included; not of root; 0: any */
};

/* Those of a duty; a gate has those of its notifier. */
const struct limits *limits_of(enum duty_kind);

/* Puts those of a program in force that belongs to somebody else, for good, with `work_seconds` for
 * its whole life; descriptors above the limit stay open. False with a reason, and errno. */
bool limits_enter_program(struct reason *why);

/* Puts descriptors and address space in force, for good; a limit that is lower already stays. False
 * with a reason. */
bool limits_enter(const struct limits *, struct reason *why);

enum limit_kind {
	LIMIT_DESCRIPTORS,
	LIMIT_MEMORY,    /* used up since limits_look() was called last */
	LIMIT_LEAK,      /* memory as well, of which half was in use before: by what was done long ago */
	LIMIT_FILE_SIZE,
	LIMIT_PROCESSOR,
	LIMIT_KINDS
};

/* Exit status of a process that ended at a limit: this and its kind. */
enum { LIMIT_STATUS = 149 };

/* Adds the limit in words, such as "256 descriptors". `value`: of that many, bytes or seconds. */
void limits_add(struct text *, enum limit_kind, uint64_t value);

/* The limit at which a process with this exit status ended, in words without a number; NULL: at
 * none. */
const char *limits_of_status(int exit_status);

/* Is told of a limit that the process has run into. `ends`: the process ends when it returns; it
 * may be called on the stack of a signal's handler. */
typedef void limits_tell(void *arg, enum limit_kind, uint64_t value, bool ends);

/*
 * From now on `tell` is told of each limit. The process ends where its processor time is used up,
 * and where it would die of a fault (SIGSEGV, SIGBUS, SIGABRT) while its memory is used up: memory
 * that was refused is the likely cause. A file that would grow too large ends no process: the write
 * fails with EFBIG, and limits_look tells. Call it once.
 */
void limits_hear(limits_tell *, void *arg);

/*
 * Looks whether descriptors or memory are used up, or a write to a file was refused, and tells;
 * does nothing before limits_hear. The process ends where its memory is used up and, if
 * `ends_without` is set, where its descriptors are: a leak is cured by that alone. If not, the
 * latter is told once until some are free again.
 */
void limits_look(bool ends_without);

/* From now on the process has so many seconds of processor time, until the next call; 0: any. The
 * whole life of a process has no limit: it may be years. */
void limits_of_work(unsigned seconds);
