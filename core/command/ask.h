/*
 * Sends a request to the daemon of a state folder over its control socket, prints the answer, and
 * returns the exit status. Also waits for a new daemon to be ready, for `reload`.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* What the answer to `reload` ends with where it goes on: what was checked will be in force when
 * another listens. */
enum { ASK_IN_FORCE_SOON = 100 };

/* Sends the words (ended by NULL), prints the answer with its times in that zone (NULL: UTC),
 * and returns the exit status that it ends with; EXIT_ABSENT, and it is said, where no daemon
 * runs, or none takes us within 30 s, or says a word within 65 minutes; EXIT_USAGE: too long;
 * EXIT_DENIED: not by this user. */
struct zone;
int ask(const char *folder, const struct zone *, const char *const *words);

/* The process that can be asked there, 0: none. */
pid_t ask_who_listens(const char *folder);

/* Waits, microseconds at most, until another than `before` can be asked there and has all that
 * was kept: 0, else EXIT_ABSENT. */
int ask_when_ready(const char *folder, pid_t before, int64_t patience);
