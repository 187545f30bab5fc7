/*
 * Checks, for `check`, at start and at a reload, that the daemon's user can read the files that a
 * configuration names. What cannot be read is a warning, or a fault where the daemon is to start
 * with it.
 */
#pragma once

struct node;
struct pw_setting;
struct reader;

/* Notes a secret of a probe's, as a node names it and as the path that it leads to, to be tried by
 * service_files_check(). What systemd loads is let pass. */
void service_files_note(
    struct reader *, const struct pw_setting *, const struct node *, const char *path);

/*
 * Tries the files that a configuration without faults names, as the user of postwatch.service, or
 * as the user that a daemon becomes when root starts it; without root's rights, secrets as
 * ourselves. What cannot be read is a warning; it is a fault where the daemon starts with it, and
 * for ourselves. May fork.
 */
void service_files_check(struct reader *);
