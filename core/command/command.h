/*
 * The commands of `postwatch`. Each is one row: its options are data, from which parsing, `help`
 * and the shell completion are made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"

/* Exit statuses, as sysexits.h has them where it has them. */
enum {
	EXIT_USAGE = 64,    /* the command line is wrong */
	EXIT_ABSENT = 69,   /* no daemon that could be asked */
	EXIT_INTERNAL = 70, /* our own trouble */
	EXIT_OUTPUT = 74,   /* what was to be said could not be written */
	EXIT_BUSY = 75,     /* another daemon holds the state folder */
	EXIT_DENIED = 77,   /* that is not for this user to read or to ask */
	EXIT_CONFIG = 78    /* the configuration has faults */
};

/* Returns `memory`, as an allocator returned it, which stays its caller's. Where that is NULL:
 * says so on standard error and ends the program with EXIT_INTERNAL; so no size of zero may have
 * been asked for. */
void *must(void *memory);

/* The same of what was done, or not. */
void must_be(bool done);

/* Returns the next element of an array that grows (base/vec.h), as must() does. */
#define MUST_ADD(items, count, room) \
	(must_be(VEC_RESERVE(items, count, room)), &(items)[(count)++])

/* Says on standard error what went wrong, behind our name; returns `status`. */
int command_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For qsort(3) over int64_t, the least first. */
int compare_i64(const void *, const void *);

/* Writes all of it to a descriptor, however often that takes. Returns false where it cannot; errno
 * says why. */
bool write_all(int fd, const void *bytes, size_t size);

/* One option. A table of them ends with a row whose name is NULL. */
struct option_row {
	const char *name;     /* "config", for --config */
	char letter;          /* 'c', for -c; 0: none */
	const char *argument; /* "FILE"; NULL: takes none */
	const char *help;     /* one line */
	size_t member;        /* what it sets: the offset in a struct of the command's */
};

struct command {
	const char *name;
	const char *arguments; /* "TARGET…", as in the usage line; "" where none */
	const char *summary;   /* one line */
	const char *help;      /* what it does and how it ends; may be several paragraphs */
	const struct option_row *options;
	/* Words of ours that may stand among the arguments, ended by NULL; NULL: none. */
	const char *const *words;
	/* argv[0] is the command's word. Returns the exit status. */
	int (*run)(const struct command *, int argc, char **argv);
	bool as_it_is;         /* its output is a log, or for programs: not laid out for a page */
	bool hidden;
};

/* All commands, ended by NULL, in the order in which help lists them; each has a source of its
 * name but those that ask the daemon (verbs.c), `show` (incidents.c), `whoami` (self.c), and help
 * and completion, which are made from the tables that parse the command line (command.c). */
extern const struct command *const commands[];
extern const struct command command_ack, command_backtest, command_check, command_complete, command_explain,
    command_help, command_history, command_import, command_incidents, command_outbox, command_pause,
    command_plugins, command_probe, command_probe_now, command_reload, command_resume, command_run,
    command_report, command_shadow, command_show, command_status, command_test, command_version,
    command_whoami;

/* The command called `name`, or NULL. */
const struct command *command_find(const char *name);
/* Says that there is none called so, and which may have been meant; returns EXIT_USAGE. */
int command_unknown(const char *name);

/*
 * Walks the options of a command. Begins with *at = 0, and returns the row of the next option with
 * *argument set, or NULL at the end; words that are no options have been moved behind, from
 * argv[*at] on. A wrong option is told on stderr and ends the process with EXIT_USAGE: nothing has
 * been begun then.
 */
const struct option_row *command_next_option(
    const struct command *, int argc, char **argv, int *at, char **argument);

/* Sets the member of a row in the struct `into`: a string to the argument, or where the option
 * takes none a bool to true. */
void command_set_option(const struct option_row *, void *into, char *argument);
/* Does so with all options. Returns the place of the first word behind them. */
int command_take_options(const struct command *, int argc, char **argv, void *into);

/* The same, but a wrong option is returned as a row without a name, with *argument as it was
 * written. */
const struct option_row *command_try_option(
    const struct command *, int argc, char **argv, int *at, char **argument);

/* Says what is wrong with the command line, and how to ask for help; returns EXIT_USAGE. */
int command_misused(const struct command *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
