/*
 * For the parent: writes notes on the daemon's own processes into a file of the state folder.
 *
 * A line for each note: what it is ("began", "replaced", "late"), from and until when (UTC,
 * microseconds; 0: it goes on), by how much at most (microseconds), and of what, separated by tabs.
 * A spell of lateness has a line when it begins and one when it ends. A file that is full makes way
 * for a new one, beside which it is kept. That nothing can be written is logged once, and stops
 * nothing: these are for people who look back.
 */
#include "parent/process_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

enum { FILE_MAX = 64 * 1024 };
static const int64_t late = SECOND;

/* Returns false with errno set if it is not in the file, or not whole. */
static bool
write_line(const char *state, const char *kind, const struct spell *spell, int64_t until, const char *what)
{
	char path[PATH_MAX], aside[PATH_MAX];
	struct stat found;
	int fd, size;

	if (snprintf(path, sizeof path, "%s/process.log", state) >= PATH_MAX
	    || snprintf(aside, sizeof aside, "%s/process.log.old", state) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (lstat(path, &found) == 0 && found.st_size > FILE_MAX)
		(void)rename(path, aside);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return false;
	size = dprintf(fd, "%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\n", kind, spell->from, until,
	    spell->most, what);
	return close(fd) == 0 && size > 0;
}

static void
put_line(struct tree *tree, const char *kind, const struct spell *spell, int64_t until, const char *what)
{
	bool fails = !write_line(tree->config->state, kind, spell, until, what);

	if (fails && !tree->process_log_fails)
		log_say(tree->log, LOG_WARNING, "process.log cannot be written: %s: the page will not show all starts,"
		    " restarts and late spells", strerror(errno));
	tree->process_log_fails = fails;
}

static void
hear(struct tree *tree, struct spell *spell, const char *what, int64_t micros, int64_t now)
{
	if (micros > late && spell->from == 0) {
		*spell = (struct spell){ .from = now, .most = micros };
		put_line(tree, "late", spell, 0, what);
	} else if (micros > late)
		spell->most = micros > spell->most ? micros : spell->most;
	else if (spell->from != 0) {
		put_line(tree, "late", spell, now, what);
		spell->from = 0;
	}
}

void
process_log_begin(struct tree *tree, bool is_reload)
{
	int64_t now = clock_wall();

	put_line(tree, "began", &(struct spell){ .from = now }, now, is_reload ? "reload" : "start");
}

void
process_log_turn(struct tree *tree)
{
	int64_t now = clock_wall();

	for (uint32_t i = 0; i < tree->count; i++) {
		struct child *child = &tree->children[i];

		if (child->stage == CHILD_GONE)
			continue;
		if (child->kind == DUTY_MONITOR)
			hear(tree, &child->late_schedule, "the schedule", child->alive.late, now);
		hear(tree, &child->late_loop, child->name, child->alive.late_max, now);
		if (child->deaths != child->deaths_noted)
			put_line(tree, "replaced", &(struct spell){ .from = now }, now, child->name);
		child->deaths_noted = child->deaths;
	}
}
