/*
 * Puts the daemon into the background by two forks: the first child leads a session without a
 * terminal, the second can never get one again.
 */
#include "parent/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIED_UNHEARD = 70 };

enum detach_answer
detach_begin(struct detach *detach, int *status, struct reason *why)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0) {
		reason_set(why, "cannot leave the terminal: %s", strerror(errno));
		return DETACH_FAILED;
	}
	if (child > 0) {
		uint8_t report = DIED_UNHEARD;
		ssize_t size;

		/* The middle process ends at once; its end is awaited so that nobody finds a
		 * zombie. A daemon that died before it could report is told by the end of the
		 * pipe. */
		close(ends[1]);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			continue;
		do
			size = read(ends[0], &report, sizeof report);
		while (size < 0 && errno == EINTR);
		*status = size == sizeof report ? report : DIED_UNHEARD;
		return DETACH_WAITED;
	}
	close(ends[0]);
	setsid();
	child = fork();
	if (child != 0)
		_exit(child < 0);
	detach->report = ends[1];
	return DETACH_DAEMON;
}

void
detach_report(struct detach *detach, int status)
{
	uint8_t byte = (uint8_t)status;
	int null;

	if (detach->report < 0)
		return;
	/* Nobody there any more: then nobody wants to know. */
	(void)!write(detach->report, &byte, sizeof byte);
	close(detach->report);
	detach->report = -1;
	null = status == 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	if (null < 0)
		return;
	for (int standard = 0; standard <= 2; standard++)
		dup2(null, standard);
	detach->left = true;
	if (null > 2)
		close(null);
}
