/*
 * Saves and loads the quarantine: a line a target, its fields separated by tabs; the first line is
 * the version of the program. Times are in UTC.
 */
#include "parent/quarantine_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

enum { FIELDS = 8, LINE = 1024, AGO_MAX = 366 * 86400 /* s; more is a clock that was set */ };

static bool
path_of(char path[static PATH_MAX], const struct config *config, const char *behind)
{
	return snprintf(path, PATH_MAX, "%s/quarantine%s", config->state, behind) < PATH_MAX;
}

/* What is probed: of another service under the same name nothing is known. */
static uint32_t
hash_service(const struct target *target)
{
	uint64_t hash = hash_add_string(HASH_BEGIN, target->policy->probe->descriptor->name);

	hash = hash_add_string(hash, target->host);
	return hash_end(hash_add(hash, &target->port, sizeof target->port));
}

static void
put_entry(
    FILE *file, const struct quarantine_entry *entry, const struct config *config, int64_t now)
{
	const struct target *target = &config->targets[entry->target];

	fprintf(file, "%d\t%" PRId64 "\t%d\t%d\t%" PRIu32 "\t%s\t%s\t%s\n", (int)entry->stage,
	    (clock_wall() - (now - entry->since)) / SECOND, entry->apart, entry->again,
	    hash_service(target), target->name, entry->before, entry->last);
}

bool
quarantine_keep(const struct quarantine *quarantine, const struct config *config, int64_t now,
    struct reason *why)
{
	char path[PATH_MAX], aside[PATH_MAX];
	FILE *file = NULL;

	if (path_of(path, config, "") && path_of(aside, config, ".new")) {
		unlink(aside);
		file = fopen(aside, "wxe");
	}
	if (file == NULL) {
		reason_set(why, "%s/quarantine: %s", config->state, strerror(errno));
		return false;
	}
	(void)fchmod(fileno(file), 0600);
	fputs(PW_VERSION "\n", file);
	for (uint32_t i = 0; i < quarantine->count; i++)
		put_entry(file, &quarantine->entries[i], config, now);
	bool written = !ferror(file);
	written &= fclose(file) == 0;
	if (written && rename(aside, path) == 0)
		return true;
	reason_set(why, "%s: %s", path, strerror(errno));
	unlink(aside);
	return false;
}

static uint32_t
find_target(const struct config *config, const char *name, uint32_t probed)
{
	uint32_t i = 0;

	while (i < config->target_count
	    && (strcmp(config->targets[i].name, name) != 0
	        || hash_service(&config->targets[i]) != probed))
		i++;
	return i < config->target_count ? i : CONFIG_NONE;
}

static bool
split(char *line, char *fields[static FIELDS])
{
	for (int i = 0; i < FIELDS; i++)
		if ((fields[i] = strsep(&line, i < FIELDS - 1 ? "\t" : "\n")) == NULL)
			return false;
	return line != NULL && *line == '\0';
}

/*
 * A field that is none, a target that is gone, a clock that was set: the entry is left aside or
 * begins anew, for a file that cannot be read is no reason not to watch.
 */
static void
take_entry(struct quarantine *quarantine, const struct config *config, char *line,
    bool same_version, int64_t now)
{
	char *fields[FIELDS];
	struct quarantine_entry entry = { .stage = QUARANTINE_SUSPECT };

	if (quarantine->count == QUARANTINE_ROOM || !split(line, fields))
		return;
	unsigned long stage = strtoul(fields[0], NULL, 10);
	int64_t ago;
	if (__builtin_sub_overflow(clock_wall() / SECOND, strtoll(fields[1], NULL, 10), &ago))
		ago = -1;
	entry.target = find_target(config, fields[5], (uint32_t)strtoul(fields[4], NULL, 10));
	if (stage < QUARANTINE_SUSPECT || stage > QUARANTINE_TRIAL || entry.target == CONFIG_NONE)
		return;
	entry.stage = (enum quarantine_stage)stage;
	entry.since = ago < 0 || ago > AGO_MAX ? now : now - ago * SECOND;
	entry.apart = strcmp(fields[2], "1") == 0;
	entry.again = strcmp(fields[3], "1") == 0;
	snprintf(entry.before, sizeof entry.before, "%s", fields[6]);
	snprintf(entry.last, sizeof entry.last, "%s", fields[7]);
	if (entry.stage == QUARANTINE_HELD && !same_version) {
		entry.stage = QUARANTINE_TRIAL;
		entry.since = now;
		entry.apart = true;
	}
	assert(quarantine->count < QUARANTINE_ROOM && entry.target < config->target_count);
	quarantine->entries[quarantine->count++] = entry;
}

void
quarantine_take_back(struct quarantine *quarantine, const struct config *config, int64_t now)
{
	char path[PATH_MAX], line[LINE];
	int fd = path_of(path, config, "") ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
	                                   : -1;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	bool same_version = fgets(line, sizeof line, file) != NULL
	    && strcmp(line, PW_VERSION "\n") == 0;
	while (fgets(line, sizeof line, file) != NULL)
		take_entry(quarantine, config, line, same_version, now);
	fclose(file);
}
