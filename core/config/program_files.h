/*
 * For the runner, which starts the programs of the configuration: which files a program may open
 * (landlock(7)), where the kernel has that. It reads and executes what the daemon's user may, but
 * for the state folder, the files that the configuration was read from, the secrets that are named
 * there, and devices; it writes to temporary files and what its setting `writes` names.
 */
#pragma once

#include <stdbool.h>

struct config;
struct pw_strings;
struct reason;

/*
 * Confines this process and all that it starts, for good; it also signals nobody else then, and
 * reaches no abstract socket. Of a folder in which something lies that may not be opened only what
 * is in it now can be. Needs PR_SET_NO_NEW_PRIVS. False with a reason.
 */
bool program_files_confine(const struct config *, const struct pw_strings *writes,
    struct reason *why);

/* Whether what lies there is never opened by a program; `what` then says what it belongs to. */
bool program_file_is_hidden(const struct config *, const char *path, const char **what);
