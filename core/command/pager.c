/*
 * For commands with long output: starts the reader's pager ($PAGER) on a terminal, and waits for
 * its end. The pager is a child that reads a pipe; it leaves by itself, and we wait for it, so that
 * the terminal is ours again.
 */
#include "command/pager.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGER_WORDS = 16, PAGER_BYTES = 512 };

static pid_t pager = -1;

/* $PAGER as an argument vector over `bytes`. False: none is wanted. */
static bool
find_pager(char bytes[PAGER_BYTES], char *words[PAGER_WORDS + 1])
{
	const char *wanted = getenv("PAGER");
	char *rest = bytes, *word;
	size_t count = 0;

	if (snprintf(bytes, PAGER_BYTES, "%s", wanted == NULL ? "less" : wanted) >= PAGER_BYTES)
		return false;
	while (count < PAGER_WORDS && (word = strsep(&rest, " \t")) != NULL)
		if (word[0] != '\0')
			words[count++] = word;
	assert(count <= PAGER_WORDS && (rest == NULL || rest >= bytes));
	words[count] = NULL;
	return count > 0 && strcmp(words[0], "cat") != 0;
}

void
pager_begin(void)
{
	char bytes[PAGER_BYTES], *words[PAGER_WORDS + 1];
	ssize_t size;
	int ends[2];

	if (!isatty(STDOUT_FILENO) || !find_pager(bytes, words) || pipe(ends) != 0)
		return;
	fflush(stdout);
	pager = fork();
	if (pager == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		setenv("LESS", "FRX", 0); /* colours shown, and no paging of what fits */
		execvp(words[0], words);
		/* What it would have done, without it. */
		while ((size = read(STDIN_FILENO, bytes, sizeof bytes)) > 0
		    && write(STDOUT_FILENO, bytes, (size_t)size) == size)
			continue;
		_exit(0);
	}
	if (pager > 0)
		dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
}

void
pager_end(void)
{
	if (pager <= 0)
		return;
	/* A reader who has seen enough is no fault. */
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	__fpurge(stdout);
	clearerr(stdout);
	close(STDOUT_FILENO);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		continue;
	pager = -1;
}
