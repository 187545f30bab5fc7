/*
 * The parent process: takes the state folder, starts the children, polls until told to end, stops
 * them. One poll loop; every wait in it has an end, so that the watchdog's signs of life mean
 * something.
 *
 * A reload ends all children, as an end does, and then executes the program anew with the same pid:
 * there is one way to begin, and no difference of two configurations that would have to be applied.
 */
#include "parent/parent.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/sandbox.h"
#include "config/snapshot.h"
#include "parent/startup.h"
#include "parent/reap.h"
#include "parent/shutdown.h"
#include "parent/supervisor.h"

enum { LATE = SECOND, LOG_GRACE = SECOND / 2 };

/*
 * A terminal that hangs up takes a foreground process with it; for a daemon SIGHUP is a wish to
 * reload.
 */
static void
read_signals(struct parent *parent, int64_t now)
{
	struct signalfd_siginfo info;

	while (read(parent->signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGTERM)
			shutdown_signal(parent, "SIGTERM", now);
		else if (info.ssi_signo == SIGINT)
			shutdown_signal(parent, "SIGINT", now);
		else if (info.ssi_signo == SIGHUP && parent->hangs_on_terminal)
			shutdown_signal(parent, "the terminal is gone", now);
		else if (info.ssi_signo == SIGHUP)
			reload_want(&parent->reload, 0);
	}
	reap_children(&parent->tree, now);
}

/* Where what workers have read has changed, they are started again. */
static void
look_at_files(struct parent *parent, int64_t now)
{
	const struct file *file;
	uint32_t at = 0;

	if (parent->stage != RUNNING || now < parent->next_look)
		return;
	parent->next_look = now + parent->times.look;
	while ((file = files_look(&parent->files, &at)) != NULL) {
		bool probers = file->notifier == CONFIG_NONE;
		const char *who = probers ? "probers"
		                          : parent->config->notifiers[file->notifier].name;

		if (file->missing) {
			log_say(&parent->log, LOG_WARNING,
			    "%s is missing: %s go%s on with what was in it", file->path, who,
			    probers ? "" : "es");
			continue;
		}
		log_say(&parent->log, LOG_NOTICE, "%s changed: %s %s renewed%s", file->path, who,
		    probers ? "are" : "is", probers ? ", one after the other" : "");
		if (probers)
			supervisor_renew_probers(&parent->tree);
		else
			supervisor_renew_notifier(&parent->tree, file->notifier);
	}
}

static void
advance(struct parent *parent, int64_t now)
{
	const struct config *config = parent->config;
	struct text fields = TEXT_ROOM(96);

	look_at_files(parent, now);
	if (reload_turn(&parent->reload, parent->stage == RUNNING, now)) {
		text_format(&fields, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono());
		manager_tell(&parent->manager, fields.bytes);
		parent->anew = true;
		shutdown_begin(parent, now);
	}
	supervisor_turn(&parent->tree, now);
	if (parent->stage == STARTING && tree_is_ready(&parent->tree)) {
		parent->stage = RUNNING;
		log_say(&parent->log, LOG_NOTICE, "watching %u %s with %u %s; state in %s",
		    config->target_count, config->target_count == 1 ? "target" : "targets",
		    config->probers, config->probers == 1 ? "prober" : "probers", config->state);
		manager_tell(&parent->manager, "READY=1\nSTATUS=watching");
		/* The process that was started with --daemon ends with this: what fails before is
		 * said at its terminal. */
		detach_report(&parent->detach, PARENT_ENDED);
		if (parent->detach.left)
			log_leave_terminal(&parent->log);
	}
	if (parent->stage == STARTING && parent->tree.hopeless) {
		log_say(
		    &parent->log, LOG_ERR, "a duty could not begin, time after time: giving up");
		parent->status = PARENT_INTERNAL;
		(void)tree_kill(&parent->tree, TREE_ALL);
		parent->stage = ENDED;
	}
	shutdown_turn(parent, now);
	if (parent->stage == RUNNING) {
		manager_show(&parent->manager, &parent->tree);
		vitals_turn(&parent->vitals, &parent->tree, now);
	}
	manager_ping(&parent->manager, &parent->tree, parent->stage > RUNNING, now);
}

/*
 * When the poll loop has to turn at the latest; once a second at least, so that we notice when it
 * is we who were not there.
 */
static int64_t
next_turn(const struct parent *parent, int64_t now)
{
	int64_t next = supervisor_next(&parent->tree, now);

	if (manager_next(&parent->manager) < next)
		next = manager_next(&parent->manager);
	if (parent->stage >= ENDING && parent->end_by < next)
		next = parent->end_by;
	if (parent->stage == ENDING && parent->notify_by < next)
		next = parent->notify_by;
	if (parent->stage == RUNNING && reload_next(&parent->reload, now) < next)
		next = reload_next(&parent->reload, now);
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
	assert(count <= 1 + LOG_SINKS + parent->tree.count);
	poll(parent->polled, count, (int)((until - now + MILLISECOND - 1) / MILLISECOND));
	now = clock_mono();
	if (now - until > LATE)
		tree_forgive_silence(&parent->tree, now);
	supervisor_read(&parent->tree, now);
	read_signals(parent, now);
	log_flush(&parent->log);
}

/*
 * What was killed at the end is gone in no time, but for a process that hangs in the kernel: we
 * need not see it end.
 */
static void
run_until_end(struct parent *parent)
{
	struct pollfd signals = { .fd = parent->signals, .events = POLLIN };
	int64_t deadline;

	manager_init(&parent->manager, &parent->log);
	for (advance(parent, clock_mono()); parent->stage != ENDED; advance(parent, clock_mono()))
		wait_and_hear(parent);
	deadline = clock_mono() + 2 * (int64_t)SECOND;
	while (tree_is_left(&parent->tree, TREE_ALL) && clock_mono() < deadline) {
		poll(&signals, 1, 100);
		read_signals(parent, clock_mono());
	}
}

static bool
is_taken(struct parent *parent, enum state_dir_answer answer, const struct reason *why)
{
	if (answer == STATE_DIR_TAKEN)
		return true;
	parent->status = answer == STATE_DIR_BUSY ? PARENT_BUSY : PARENT_NO_STATE;
	log_say(&parent->log, LOG_ERR, "%s", why->text);
	return false;
}

/*
 * A daemon that goes on after a reload does not end for a new place that is wrong: it keeps the
 * file that it has.
 */
static bool
settle_pid(struct parent *parent, const struct parent_options *options)
{
	const char *wanted = options->pid_file != NULL ? options->pid_file
	                                               : parent->config->pid_file;
	struct reason why;
	enum state_dir_answer answer = state_dir_write_pid(&parent->state_dir, wanted, &why);

	if (answer == STATE_DIR_TAKEN
	    || (options->resumed == NULL && parent->state_dir.pid_file < 0))
		return is_taken(parent, answer, &why);
	log_say(&parent->log, LOG_ERR, "%s: it goes on %s", why.text,
	    parent->state_dir.pid_file < 0 ? "without a pid file" : "with the one that it has");
	return true;
}

static bool
become_user(struct parent *parent, const struct parent_options *options)
{
	struct identity identity;
	struct reason why;

	if (!identity_find(&identity, parent->config->user, parent->config->state, &why)) {
		parent->status = PARENT_CONFIG;
		log_say(&parent->log, LOG_ERR, "%s", why.text);
		return false;
	}
	/* A pid file lies where root alone may make one: it is written before. */
	if (identity.changes
	    && (!is_taken(parent,
	            state_dir_prepare(parent->config->state, identity.uid, identity.gid, &why),
	            &why)
	        || !settle_pid(parent, options)))
		return false;
	if (!identity_become(&identity, &why)) {
		parent->status = PARENT_INTERNAL;
		log_say(
		    &parent->log, LOG_ERR, "cannot run as user %s: %s", identity.name, why.text);
		return false;
	}
	if (identity.changes && access(parent->config->state, R_OK | W_OK | X_OK) != 0) {
		parent->status = PARENT_NO_STATE;
		log_say(&parent->log, LOG_ERR,
		    "user %s cannot enter the state folder %s: %s: let it enter the folders above, "
		    "or name another place, such as -S /var/lib/postwatch",
		    identity.name, parent->config->state, strerror(errno));
		return false;
	}
	if (identity.changes)
		log_say(&parent->log, LOG_INFO, "runs as user %s (%u), for good", identity.name,
		    (unsigned)identity.uid);
	return true;
}

/* A filter outlives a reload: another one each time would pile up, until the kernel refuses. */
static bool
filter_calls(struct parent *parent, const struct parent_options *options)
{
	struct text lacking = TEXT_ROOM(256);
	struct reason why;

	parent->filtered = parent->filtered
	    || (options->resumed != NULL && getenv(RELOAD_FILTERED) != NULL);
	if (parent->filtered)
		return true;
	if (!call_filter_enter_parent(&parent->filtered, &why)) {
		parent->status = PARENT_INTERNAL;
		log_say(&parent->log, LOG_ERR, "cannot begin: %s", why.text);
		return false;
	}
	if (parent->filtered)
		(void)setenv(RELOAD_FILTERED, "1", 1);
	if (sandbox_lacks(&lacking))
		log_say(&parent->log, LOG_WARNING,
		    "a process that is broken into is confined in part only: this system has %s",
		    lacking.bytes);
	return true;
}

static bool
settle_in(struct parent *parent, const struct parent_options *options)
{
	struct reason why;
	bool kept;

	if (!become_user(parent, options) || !filter_calls(parent, options)
	    || !is_taken(
	        parent, state_dir_enter(&parent->state_dir, parent->config->state, &why), &why)
	    || !settle_pid(parent, options))
		return false;
	/* Kept under the name by which it is in force: `status` and the next reload compare with
	 * it. */
	kept = options->resumed != NULL
	    ? snapshot_rename(parent->config->state, RELOAD_CHECKED, RELOAD_FILES, &why)
	    : parent->snapshot == NULL
	        || snapshot_save(parent->snapshot, parent->config->state, RELOAD_FILES, &why);
	if (!kept)
		log_say(&parent->log, LOG_WARNING, "what is in force cannot be kept: %s", why.text);
	snapshot_close(&parent->snapshot); /* it is not to be carried along in every child */
	parent->signals = startup_signals();
	parent->polled = calloc(1 + LOG_SINKS + tree_room(parent->config), sizeof *parent->polled);
	if (parent->signals >= 0 && parent->polled != NULL
	    && tree_init(&parent->tree, parent->config, &parent->times, &parent->log)) {
		parent->tree.mute = options->daemon;
		parent->tree.reload = &parent->reload;
		reload_init(&parent->reload, options->origin, parent->config->state,
		    parent->times.reload, &parent->log, &parent->tree);
		files_init(&parent->files, parent->config);
		vitals_init(&parent->vitals, &parent->tree, options->resumed != NULL);
		return true;
	}
	log_say(&parent->log, LOG_ERR, "cannot begin: %s", strerror(errno));
	parent->status = PARENT_INTERNAL;
	return false;
}

static void
release_resources(struct parent *parent)
{
	tree_fini(&parent->tree);
	reload_fini(&parent->reload);
	free(parent->polled);
	parent->polled = NULL;
	if (parent->signals >= 0)
		close(parent->signals);
	parent->signals = -1;
}

static void
open_log(struct parent *parent, const struct parent_options *options)
{
	const struct config *config = parent->config;

	log_open(&parent->log, &(struct log_settings){ .to = config->log_to,
	        .level = config->log_level,
	        .facility = config->log_facility,
	        .daemon = options->daemon,
	        .timezone = config->timezone,
	        .syslog_path = options->syslog_path != NULL ? options->syslog_path : "/dev/log" });
}

/* Goes on in a new image; where that cannot be, in this one. */
static bool
go_on(struct parent *parent, const struct parent_options *options)
{
	struct reason why;

	log_say(&parent->log, LOG_NOTICE, "goes on with the configuration that was checked");
	log_close(&parent->log, LOG_GRACE);
	reload_execute(&parent->reload, parent->state_dir.lock, parent->state_dir.pid_file, &why);
	open_log(parent, options);
	log_say(&parent->log, LOG_ERR, "%s: goes on as it was", why.text);
	release_resources(parent);
	state_dir_adopt(&parent->state_dir, parent->state_dir.lock, parent->state_dir.pid_file);
	parent->anew = false;
	parent->stage = STARTING;
	parent->status = PARENT_ENDED;
	return settle_in(parent, options);
}

/*
 * Everything of the daemon's own process, from its first to its last moment. The umask comes first:
 * no file of ours is for others, whoever started us.
 */
static enum parent_status
serve(struct parent *parent, const struct parent_options *options)
{
	umask(077);
	/* What whoever started us forgot to close is none of our business, nor of our children's. */
	(void)sandbox_close_others((const int[]){ parent->detach.report, parent->state_dir.lock,
	                               parent->state_dir.pid_file }, 3, NULL);
	startup_limits();
	open_log(parent, options);
	if (settle_in(parent, options))
		do
			run_until_end(parent);
		while (parent->anew && go_on(parent, options));
	release_resources(parent);
	state_dir_leave(&parent->state_dir);
	if (parent->status == PARENT_ENDED)
		log_say(&parent->log, LOG_NOTICE, "ended");
	log_close(&parent->log, LOG_GRACE);
	detach_report(&parent->detach, (int)parent->status);
	return parent->status;
}

int
parent_run(const struct config *config, const struct parent_options *options)
{
	static struct parent parent;
	struct reason why;
	int status = PARENT_INTERNAL;
	enum detach_answer answer = DETACH_FAILED;

	startup_standard();
	parent = (struct parent){ .config = config,
		.times = times_standard(),
		.state_dir = STATE_DIR_NONE,
		.detach = DETACH_NONE,
		.snapshot = options->snapshot,
		.signals = -1,
		.hangs_on_terminal = !options->daemon && isatty(STDERR_FILENO) };
	if (options->resumed != NULL) {
		state_dir_adopt(
		    &parent.state_dir, options->resumed->lock, options->resumed->pid_file);
		parent.detach.left = options->daemon;
	}
	if (options->times == NULL || times_shorten(&parent.times, options->times, &why))
		answer = options->daemon && options->resumed == NULL
		    ? detach_begin(&parent.detach, &status, &why) : DETACH_DAEMON;
	if (answer == DETACH_FAILED)
		fprintf(stderr, "postwatch: %s\n", why.text);
	if (answer != DETACH_DAEMON)
		return status;
	return !options->daemon || chdir("/") == 0 ? (int)serve(&parent, options)
	                                           : PARENT_INTERNAL;
}
