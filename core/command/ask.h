/* Asking the daemon that runs on a state folder, over its control socket. */
#ifndef COMMAND_ASK_H
#define COMMAND_ASK_H

/* Sends the words (ended by NULL), prints the answer, and returns the exit status that it ends with; EXIT_ABSENT, and it
 * is said, where no daemon runs or it does not answer for ten minutes. */
int ask(const char *folder, const char *const *words);

/* The same, with times that the answer tells in that zone (NULL: UTC). */
struct zone;
int ask_in(const char *folder, const struct zone *, const char *const *words);

#endif
