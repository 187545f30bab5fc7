/*
 * For `postwatch status --watch`: receives signals by signalfd(2) while the terminal is in use. A
 * signal that was blocked takes effect where it is unblocked.
 */
#include "command/watch_signals.h"

#include <sys/signalfd.h>

int
watch_signals_take(sigset_t *before)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
watch_signals_stop(const struct screen *screen)
{
	sigset_t stops;

	screen->close();
	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stops, NULL);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	screen->repaint();
}

void
watch_signals_give_back(const sigset_t *before, int ended_by)
{
	if (ended_by != 0) {
		signal(ended_by, SIG_DFL);
		raise(ended_by);
	}
	sigprocmask(SIG_SETMASK, before, NULL);
}
