/*
 * First steps of the parent process: standard descriptors, limits, signals. What a child inherits
 * is settled here, before the first of them is there.
 */
#include "parent/startup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* As many descriptors as the host lets us have: children inherit it, and a prober holds a socket
 * for each leg. */
void
startup_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* A standard descriptor that was closed would become the next file that is opened, and get our log.
 */
void
startup_standard(void)
{
	int null;

	do
		null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= STDERR_FILENO);
	if (null >= 0)
		close(null);
}

int
startup_signals(void)
{
	static const int heard[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	/* What scripts send to daemons to have their logs opened anew, and what a log file at its
	 * limit brings, end nobody. */
	static const int ignored[] = { SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ };
	sigset_t set;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof heard / sizeof heard[0]; i++)
		sigaddset(&set, heard[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}
