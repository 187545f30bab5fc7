/*
 * The parent's life: settle on this host, bear the tree, turn until told to end, end it. One poll loop; every wait in it
 * has an end.
 */
#include "parent/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "parent/detach.h"
#include "parent/files.h"
#include "parent/home.h"
#include "parent/manager.h"
#include "parent/tree.h"

enum stage {
	STARTING,
	RUNNING,
	ENDING,        /* monitor and probers finish what is under way */
	ENDING_KEEPER, /* then the keeper, who has heard all by then */
	ENDED
};

struct parent {
	const struct config *config;
	struct times times;
	struct log log;
	struct home home;
	struct detach detach;
	struct tree tree;
	struct manager manager;
	struct files files;
	int64_t next_look; /* at them */
	struct pollfd *polled;
	enum stage stage;
	enum parent_status status;
	bool hangs_on_terminal;
	int signals;
	int64_t told;               /* when we were told to end */
	int64_t end_by;             /* of the stage, where it is an end */
};

enum { LATE = SECOND, TWICE = SECOND / 2, LOG_GRACE = SECOND / 2 };

/* As many descriptors as the host lets us have: children inherit it, and a prober holds a socket for each leg. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* A standard descriptor that was closed would become the next file that is opened, and get our log. */
static void
open_standard(void)
{
	int null;

	do
		null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= STDERR_FILENO);
	if (null >= 0)
		close(null);
}

/* What whoever started us forgot to close is none of our business, nor of our children's. */
static void
close_inherited(const struct parent *parent)
{
	int keep[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, parent->detach.report };

	(void)sandbox_close_others(keep, parent->detach.report < 0 ? 3 : 4, NULL);
}

static int
open_signals(void)
{
	static const int heard[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	/* What scripts send to daemons to have their logs opened anew, and what a log file at its limit brings, end nobody. */
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

/* Parts of a clean end: most of the time for what is under way, a part for the last words about what was not over by
 * then, a part for the keeper. */
static void
begin_end(struct parent *parent, int64_t now)
{
	int64_t grace = parent->times.stop * 4 / 5;

	parent->stage = ENDING;
	parent->end_by = now + grace + parent->times.stop / 5;
	manager_tell(&parent->manager, "STOPPING=1\nSTATUS=ending: what is under way gets its time");
	tree_stop(&parent->tree, false, grace);
}

static void
begin_keeper_end(struct parent *parent, int64_t now)
{
	parent->stage = ENDING_KEEPER;
	parent->end_by = now + parent->times.stop / 5;
	tree_stop(&parent->tree, true, parent->times.stop / 5);
}

/* A prober that has thousands of runs in hand may need longer than it is given: no reason to kill the keeper. */
static void
force_keeper_end(struct parent *parent, int64_t now)
{
	if (tree_waits_for_notifiers(&parent->tree)) { /* the keeper knows what they had in hand: the next start tells it */
		log_say(&parent->log, LOG_NOTICE, "a notifier is not back from its delivery: it is killed, and the keeper ends");
	} else {
		log_say(&parent->log, LOG_WARNING, "not all ended in time: what is left is killed, and the keeper ends");
		parent->status = PARENT_FORCED;
	}
	tree_kill(&parent->tree, false);
	begin_keeper_end(parent, now);
}

static void
force(struct parent *parent, const char *why)
{
	log_say(&parent->log, LOG_WARNING, "%s: what is left is killed", why);
	parent->status = PARENT_FORCED;
	tree_kill_all(&parent->tree);
	parent->stage = ENDED;
}

static void
on_end_signal(struct parent *parent, const char *name, int64_t now)
{
	if (parent->stage >= ENDING) {
		/* timeout(1) and terminals send the first one twice. */
		if (now - parent->told >= TWICE)
			force(parent, "told to end a second time");
		return;
	}
	parent->told = now;
	log_say(&parent->log, LOG_NOTICE, "%s: ending", name);
	begin_end(parent, now);
}

static void
on_signal(struct parent *parent, const struct signalfd_siginfo *info, int64_t now)
{
	switch ((int)info->ssi_signo) {
	case SIGTERM:
		on_end_signal(parent, "SIGTERM", now);
		return;
	case SIGINT:
		on_end_signal(parent, "SIGINT", now);
		return;
	case SIGHUP:
		if (parent->hangs_on_terminal)
			on_end_signal(parent, "the terminal is gone", now);
		else
			log_say(&parent->log, LOG_NOTICE, "SIGHUP: the configuration is read at the start only; "
			    "restart the daemon to have a changed one");
		return;
	}
}

static void
read_signals(struct parent *parent, int64_t now)
{
	struct signalfd_siginfo info;

	while (read(parent->signals, &info, sizeof info) == sizeof info)
		on_signal(parent, &info, now);
	tree_reap(&parent->tree, now);
}

static void
become_ready(struct parent *parent)
{
	const struct config *config = parent->config;

	parent->stage = RUNNING;
	log_say(&parent->log, LOG_NOTICE, "watching %u %s with %u %s; state in %s", config->target_count,
	    config->target_count == 1 ? "target" : "targets", config->probers,
	    config->probers == 1 ? "prober" : "probers", config->state);
	manager_tell(&parent->manager, "READY=1\nSTATUS=watching");
	detach_report(&parent->detach, PARENT_ENDED);
	if (parent->detach.left)
		log_leave_terminal(&parent->log);
}

/* Where what probers read at their birth has changed, they are born again. */
static void
look_at_files(struct parent *parent, int64_t now)
{
	const char *changed;

	if (parent->stage != RUNNING || now < parent->next_look)
		return;
	parent->next_look = now + parent->times.look;
	changed = files_look(&parent->files);
	if (changed == NULL)
		return;
	log_say(&parent->log, LOG_NOTICE, "%s changed: probers are renewed, one after the other", changed);
	tree_renew_probers(&parent->tree);
}

static void
advance(struct parent *parent, int64_t now)
{
	look_at_files(parent, now);
	tree_turn(&parent->tree, now);
	if (parent->stage == STARTING && tree_is_ready(&parent->tree))
		become_ready(parent);
	if (parent->stage == STARTING && parent->tree.hopeless) {
		log_say(&parent->log, LOG_ERR, "a duty could not begin, time after time: giving up");
		parent->status = PARENT_INTERNAL;
		tree_kill_all(&parent->tree);
		parent->stage = ENDED;
	}
	if (parent->stage == ENDING && !tree_is_left(&parent->tree, false))
		begin_keeper_end(parent, now);
	else if (parent->stage == ENDING && now >= parent->end_by)
		force_keeper_end(parent, now);
	if (parent->stage == ENDING_KEEPER && !tree_is_left(&parent->tree, true))
		parent->stage = ENDED;
	if (parent->stage == ENDING_KEEPER && now >= parent->end_by)
		force(parent, "the keeper did not end in time");
	if (parent->stage == RUNNING)
		manager_show(&parent->manager, &parent->tree);
	manager_ping(&parent->manager, &parent->tree, parent->stage > RUNNING, now);
}

static int64_t
next_turn(const struct parent *parent, int64_t now)
{
	int64_t next = tree_next(&parent->tree, now);

	if (manager_next(&parent->manager) < next)
		next = manager_next(&parent->manager);
	if (parent->stage >= ENDING && parent->end_by < next)
		next = parent->end_by;
	if (parent->stage == RUNNING && parent->next_look < next)
		next = parent->next_look;
	/* A turn a second at least: so we notice when it is we who were not there. */
	if (next > now + SECOND)
		next = now + SECOND;
	return next > now ? next : now;
}

static void
wait_and_hear(struct parent *parent)
{
	int64_t now = clock_mono(), until = next_turn(parent, now);
	uint32_t count = 0;

	parent->polled[count++] = (struct pollfd){ .fd = parent->signals, .events = POLLIN };
	count += tree_poll(&parent->tree, parent->polled + count);
	count += log_poll(&parent->log, parent->polled + count, &until);
	until = until > now ? until : now;
	poll(parent->polled, count, (int)((until - now + MILLISECOND - 1) / MILLISECOND));
	now = clock_mono();
	if (now - until > LATE)
		tree_excuse(&parent->tree, now);
	tree_hear(&parent->tree, now);
	read_signals(parent, now);
	log_flush(&parent->log);
}

/* What was killed is gone in no time, but for a process that hangs in the kernel: we need not see it end. */
static void
wait_for_the_killed(struct parent *parent)
{
	struct pollfd signals = { .fd = parent->signals, .events = POLLIN };
	int64_t deadline = clock_mono() + 2 * (int64_t)SECOND;

	while ((tree_is_left(&parent->tree, false) || tree_is_left(&parent->tree, true)) && clock_mono() < deadline) {
		poll(&signals, 1, 100);
		read_signals(parent, clock_mono());
	}
}

static enum parent_status
live(struct parent *parent)
{
	manager_init(&parent->manager, &parent->log);
	for (advance(parent, clock_mono()); parent->stage != ENDED; advance(parent, clock_mono()))
		wait_and_hear(parent);
	wait_for_the_killed(parent);
	return parent->status;
}

static bool
is_taken(struct parent *parent, enum home_answer answer, const struct reason *why)
{
	if (answer == HOME_TAKEN)
		return true;
	parent->status = answer == HOME_BUSY ? PARENT_BUSY : PARENT_NO_STATE;
	log_say(&parent->log, LOG_ERR, "%s", why->text);
	return false;
}

static bool
settle(struct parent *parent, const struct parent_options *options)
{
	const char *pid_file = options->pid_file != NULL ? options->pid_file : parent->config->pid_file;
	struct reason why;

	if (!is_taken(parent, home_enter(&parent->home, parent->config->state, &why), &why))
		return false;
	if (pid_file != NULL && !is_taken(parent, home_write_pid(&parent->home, pid_file, &why), &why))
		return false;
	parent->signals = open_signals();
	parent->polled = calloc(1 + LOG_SINKS + TREE_PROBERS + parent->config->probers
	    + parent->config->notifier_count, sizeof *parent->polled);
	if (parent->signals >= 0 && parent->polled != NULL
	    && tree_init(&parent->tree, parent->config, &parent->times, &parent->log)) {
		parent->tree.mute = options->daemon;
		files_init(&parent->files, parent->config);
		return true;
	}
	log_say(&parent->log, LOG_ERR, "cannot begin: %s", strerror(errno));
	parent->status = PARENT_INTERNAL;
	return false;
}

static void
leave(struct parent *parent)
{
	tree_fini(&parent->tree);
	free(parent->polled);
	if (parent->signals >= 0)
		close(parent->signals);
	home_leave(&parent->home);
	if (parent->status == PARENT_ENDED)
		log_say(&parent->log, LOG_NOTICE, "ended");
	log_close(&parent->log, LOG_GRACE);
	detach_report(&parent->detach, (int)parent->status);
}

static void
open_log(struct parent *parent, const struct parent_options *options)
{
	const struct config *config = parent->config;

	log_open(&parent->log, &(struct log_settings){ .to = config->log_to, .level = config->log_level,
	    .facility = config->log_facility, .daemon = options->daemon, .timezone = config->timezone,
	    .syslog_path = options->syslog_path != NULL ? options->syslog_path : "/dev/log" });
}

/* Everything of the daemon's own process, from its first to its last moment. */
static enum parent_status
serve(struct parent *parent, const struct parent_options *options)
{
	umask(077);
	close_inherited(parent);
	raise_limits();
	open_log(parent, options);
	if (settle(parent, options))
		parent->status = live(parent);
	leave(parent);
	return parent->status;
}

int
parent_run(const struct config *config, const struct parent_options *options)
{
	static struct parent parent;
	struct reason why;
	int status = PARENT_INTERNAL;

	open_standard();
	parent = (struct parent){ .config = config, .times = times_standard(), .home = HOME_NONE, .detach = DETACH_NONE,
		.signals = -1, .hangs_on_terminal = !options->daemon && isatty(STDERR_FILENO) };
	if (options->times != NULL && !times_shorten(&parent.times, options->times, &why)) {
		fprintf(stderr, "postwatch: %s\n", why.text);
		return PARENT_INTERNAL;
	}
	if (!options->daemon)
		return (int)serve(&parent, options);
	switch (detach_begin(&parent.detach, &status, &why)) {
	case DETACH_DAEMON:
		return chdir("/") == 0 ? (int)serve(&parent, options) : PARENT_INTERNAL;
	case DETACH_WAITED:
		return status;
	case DETACH_FAILED:
		fprintf(stderr, "postwatch: %s\n", why.text);
		return PARENT_INTERNAL;
	}
	return status;
}
