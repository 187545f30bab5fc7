/*
 * Takes rights from a child process before it meets foreign bytes: descriptors, capabilities,
 * limits, seccomp and Landlock, step by step.
 */
#include "base/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/landlock.h"
#include "base/text.h"

enum { KEEP_MAX = 64, LANDLOCK_TCP = 4, LANDLOCK_SIGNALS = 6 /* versions */ };

static bool
refuse(struct reason *why, const char *step)
{
	return reason_set(why, "%s: %s", step, strerror(errno));
}

static int
order(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

static bool
close_between(unsigned first, unsigned last)
{
	return first > last || syscall(SYS_close_range, first, last, 0) == 0;
}

bool
sandbox_close_others(const int *keep, size_t count, struct reason *why)
{
	int sorted[KEEP_MAX];
	unsigned next = STDERR_FILENO + 1;

	if (count > KEEP_MAX) {
		errno = E2BIG;
		return refuse(why, "cannot close descriptors");
	}
	if (count > 0) {
		memcpy(sorted, keep, count * sizeof *keep);
		qsort(sorted, count, sizeof *sorted, order);
	}
	for (size_t i = 0; i < count; i++) {
		if (sorted[i] < 0 || (unsigned)sorted[i] < next)
			continue;
		if ((unsigned)sorted[i] > next && !close_between(next, (unsigned)sorted[i] - 1))
			return refuse(why, "cannot close descriptors");
		next = (unsigned)sorted[i] + 1;
	}
	return close_between(next, ~0u) || refuse(why, "cannot close descriptors");
}

bool
sandbox_die_with(pid_t parent, struct reason *why)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return refuse(why, "cannot ask to die with the parent");
	if (getppid() == parent)
		return true;
	errno = ESRCH;
	return refuse(why, "the parent is gone");
}

static bool
limit(__rlimit_resource_t which, uint64_t value, const char *step, struct reason *why)
{
	return setrlimit(which, &(struct rlimit){ value, value }) == 0 || refuse(why, step);
}

static bool
give_up_privileges(struct reason *why)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
	    || refuse(why, "cannot give up new privileges");
}

bool
sandbox_enter_lightly(struct reason *why)
{
	return limit(RLIMIT_CORE, 0, "cannot forbid core dumps", why) && give_up_privileges(why);
}

bool
sandbox_enter(const struct sandbox *sandbox, int *landlock, struct reason *why)
{
	bool filtered;

	if (!limit(RLIMIT_CORE, 0, "cannot forbid core dumps", why))
		return false;
	if (sandbox->limits != NULL && !limits_enter(sandbox->limits, why))
		return false;
	if (sandbox->file_size >= 0 && !limit(RLIMIT_FSIZE, (uint64_t)sandbox->file_size,
	    "cannot limit files", why))
		return false;
	if (!sandbox->may_fork && !limit(RLIMIT_NPROC, 0, "cannot forbid new processes", why))
		return false;
	/* A daemon that stays root has all: with CAP_NET_ADMIN a socket of routes changes them. */
	if (!give_up_privileges(why) || !identity_drop_capabilities(why)
	    || !landlock_enter(sandbox, landlock, why))
		return false;
	return sandbox->calls == 0
	    || call_filter_enter(sandbox->calls, sandbox->tell, sandbox->tell_to, &filtered, why);
}

bool
sandbox_lacks(struct text *text)
{
	int landlock = landlock_version();
	size_t before = text->size;

	if (landlock == 0)
		text_add(text, "no Landlock (files, TCP ports, signals)");
	else if (landlock < LANDLOCK_TCP)
		text_format(text, "Landlock %d, without TCP ports (Linux 6.7) and signals (6.12)",
		    landlock);
	else if (landlock < LANDLOCK_SIGNALS)
		text_format(text, "Landlock %d, without signals and abstract sockets (Linux 6.12)",
		    landlock);
	if (!call_filter_is_there())
		text_format(
		    text, "%sno filter of system calls (seccomp)", text->size > before ? "; " : "");
	return text->size > before;
}
