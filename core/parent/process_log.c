/*
 * A line for each note: what it is ("began", "replaced", "late"), from and until when (UTC,
 * microseconds; 0: it goes on), by how much at most (microseconds), and of what, separated by tabs.
 * A spell has a line when it begins and one when it ends. A file that is full makes way for a new
 * one, beside which it is kept. That nothing can be written is no trouble: these are for people who
 * look back.
 */
#include "parent/process_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { FILE_MAX = 64 * 1024 };
static const int64_t late = SECOND;

static void
put_line(const struct config *config, const char *kind, int64_t from, int64_t until, int64_t most,
    const char *what)
{
	char path[PATH_MAX], aside[PATH_MAX];
	struct stat found;
	int fd;

	if (snprintf(path, sizeof path, "%s/process.log", config->state) >= PATH_MAX
	    || snprintf(aside, sizeof aside, "%s/process.log.old", config->state) >= PATH_MAX)
		return;
	if (lstat(path, &found) == 0 && found.st_size > FILE_MAX)
		(void)rename(path, aside);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	(void)dprintf(
	    fd, "%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\n", kind, from, until, most, what);
	close(fd);
}

static void
hear(
    const struct config *config, struct spell *spell, const char *what, int64_t micros, int64_t now)
{
	if (micros > late && spell->from == 0) {
		*spell = (struct spell){ .from = now, .most = micros };
		put_line(config, "late", now, 0, micros, what);
	} else if (micros > late)
		spell->most = micros > spell->most ? micros : spell->most;
	else if (spell->from != 0) {
		put_line(config, "late", spell->from, now, spell->most, what);
		spell->from = 0;
	}
}

void
process_log_begin(const struct config *config, bool is_reload)
{
	int64_t now = clock_wall();

	put_line(config, "began", now, now, 0, is_reload ? "reload" : "start");
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
			hear(tree->config, &child->late_schedule, "the schedule", child->alive.late,
			    now);
		hear(tree->config, &child->late_loop, child->name, child->alive.late_max, now);
		if (child->deaths != child->deaths_noted)
			put_line(tree->config, "replaced", now, now, 0, child->name);
		child->deaths_noted = child->deaths;
	}
}
