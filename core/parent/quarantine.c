/*
 * For the parent: the table of targets at which probers died (what follows from that is in
 * quarantine.h), searched in full since it is small. A target at which one prober died is removed
 * when nothing happens within the window; one that was held and is tried once more, when that run
 * ends well.
 *
 * It is also kept in a file, as a line a target, its fields separated by tabs; the first line is
 * the version of the program, and another version tries held targets once more. Times are in UTC.
 */
#include "parent/quarantine.h"

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

/* A target that is kept apart stays so until a run of it has ended well, whatever its time. */
static void
drop_what_is_over(struct quarantine *quarantine, int64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < quarantine->count; i++) {
		const struct quarantine_entry *entry = &quarantine->entries[i];
		int64_t lasts = entry->stage == QUARANTINE_SUSPECT ? quarantine->times.window
		    : entry->stage == QUARANTINE_TRIAL              ? quarantine->times.hold
		                                                    : INT64_MAX;

		if (entry->apart || now - entry->since < lasts)
			quarantine->entries[kept++] = *entry;
	}
	assert(kept <= quarantine->count);
	quarantine->count = kept;
}

static struct quarantine_entry *
find_entry(struct quarantine *quarantine, uint32_t target)
{
	for (uint32_t i = 0; i < quarantine->count; i++)
		if (quarantine->entries[i].target == target)
			return &quarantine->entries[i];
	return NULL;
}

/*
 * A place for one more; where there is none the oldest that is neither held nor kept apart gives
 * way, or nobody.
 */
static struct quarantine_entry *
place_for_one(struct quarantine *quarantine)
{
	struct quarantine_entry *oldest = NULL;

	if (quarantine->count < QUARANTINE_ROOM)
		return &quarantine->entries[quarantine->count++];
	for (uint32_t i = 0; i < quarantine->count; i++) {
		struct quarantine_entry *entry = &quarantine->entries[i];

		if (entry->stage != QUARANTINE_HELD && !entry->apart
		    && (oldest == NULL || entry->since < oldest->since))
			oldest = entry;
	}
	return oldest;
}

void
quarantine_explain(
    const struct quarantine *quarantine, const struct quarantine_entry *entry, struct text *text)
{
	if (entry->again)
		text_format(text, "the prober died again at the trial of it, %s", entry->last);
	else if (strcmp(entry->before, entry->last) == 0)
		text_format(
		    text, "the prober died twice with it in hand, both times %s", entry->last);
	else
		text_format(text, "the prober died twice with it in hand, %s and then %s",
		    entry->before, entry->last);
	text_format(text, "; it is not probed for %s, then tried once",
	    SPAN(quarantine->times.hold));
}

static void
enter_stage(struct quarantine *quarantine, struct quarantine_entry *entry,
    enum quarantine_stage stage, int64_t now, const char *how)
{
	quarantine->changes++;
	entry->again = entry->stage == QUARANTINE_TRIAL;
	entry->stage = stage;
	entry->since = now;
	entry->apart = stage == QUARANTINE_SUSPECT;
	memcpy(entry->before, entry->last, sizeof entry->before);
	snprintf(entry->last, sizeof entry->last, "%s", how);
}

/*
 * One death may be chance, or another target's doing in the same process: only the second within
 * the window holds it.
 */
const struct quarantine_entry *
quarantine_learn(struct quarantine *quarantine, uint32_t target, int64_t now, const char *how)
{
	struct quarantine_entry *entry;

	drop_what_is_over(quarantine, now);
	entry = find_entry(quarantine, target);
	if (entry == NULL) {
		entry = place_for_one(quarantine);
		if (entry == NULL)
			return NULL;
		*entry = (struct quarantine_entry){ .target = target };
		enter_stage(quarantine, entry, QUARANTINE_SUSPECT, now, how);
		return entry;
	}
	/* A run that was under way elsewhere when its target was held: nothing new. */
	if (entry->stage == QUARANTINE_HELD)
		return NULL;
	enter_stage(quarantine, entry, QUARANTINE_HELD, now, how);
	return entry;
}

/* Tried apart, so that a third death costs no other target its run. */
bool
quarantine_release(struct quarantine *quarantine, int64_t now, uint32_t *target)
{
	for (uint32_t i = 0; i < quarantine->count; i++) {
		struct quarantine_entry *entry = &quarantine->entries[i];

		if (entry->stage != QUARANTINE_HELD || now - entry->since < quarantine->times.hold)
			continue;
		quarantine->changes++;
		entry->stage = QUARANTINE_TRIAL;
		entry->since = now;
		entry->apart = true;
		*target = entry->target;
		return true;
	}
	return false;
}

bool
quarantine_clear(struct quarantine *quarantine, uint32_t target)
{
	struct quarantine_entry *entry = find_entry(quarantine, target);

	if (entry == NULL || !entry->apart)
		return false;
	quarantine->changes++;
	entry->apart = false;
	return true;
}

bool
quarantine_is_apart(const struct quarantine *quarantine, uint32_t target)
{
	bool is_apart = false;

	for (uint32_t i = 0; i < quarantine->count; i++)
		is_apart |= quarantine->entries[i].target == target && quarantine->entries[i].apart;
	return is_apart;
}

uint32_t
quarantine_count_apart(const struct quarantine *quarantine)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < quarantine->count; i++)
		count += quarantine->entries[i].apart;
	return count;
}

bool
quarantine_end(struct quarantine *quarantine, uint32_t target)
{
	struct quarantine_entry *entry = find_entry(quarantine, target);

	if (entry == NULL || entry->stage != QUARANTINE_HELD)
		return false;
	quarantine->changes++;
	assert(entry < quarantine->entries + quarantine->count);
	*entry = quarantine->entries[--quarantine->count];
	return true;
}

int64_t
quarantine_next(const struct quarantine *quarantine)
{
	int64_t next = INT64_MAX;

	for (uint32_t i = 0; i < quarantine->count; i++) {
		const struct quarantine_entry *entry = &quarantine->entries[i];

		if (entry->stage == QUARANTINE_HELD && entry->since + quarantine->times.hold < next)
			next = entry->since + quarantine->times.hold;
	}
	return next;
}

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
	for (uint32_t i = 0; i < quarantine->count; i++) {
		const struct quarantine_entry *entry = &quarantine->entries[i];
		const struct target *target = &config->targets[entry->target];

		assert(entry->target < config->target_count);
		fprintf(file, "%d\t%" PRId64 "\t%d\t%d\t%" PRIu32 "\t%s\t%s\t%s\n",
		    (int)entry->stage, (clock_wall() - (now - entry->since)) / SECOND, entry->apart,
		    entry->again, hash_service(target), target->name, entry->before, entry->last);
	}
	bool written = !ferror(file);
	written &= fclose(file) == 0;
	if (written && rename(aside, path) == 0)
		return true;
	reason_set(why, "%s: %s", path, strerror(errno));
	unlink(aside);
	return false;
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

	for (int i = 0; i < FIELDS; i++)
		if ((fields[i] = strsep(&line, i < FIELDS - 1 ? "\t" : "\n")) == NULL)
			return;
	if (quarantine->count == QUARANTINE_ROOM || line == NULL || *line != '\0')
		return;
	unsigned long stage = strtoul(fields[0], NULL, 10);
	int64_t ago;
	if (__builtin_sub_overflow(clock_wall() / SECOND, strtoll(fields[1], NULL, 10), &ago))
		ago = -1;
	uint32_t service = (uint32_t)strtoul(fields[4], NULL, 10);
	while (entry.target < config->target_count
	    && (strcmp(config->targets[entry.target].name, fields[5]) != 0
	        || hash_service(&config->targets[entry.target]) != service))
		entry.target++;
	if (stage < QUARANTINE_SUSPECT || stage > QUARANTINE_TRIAL
	    || entry.target == config->target_count)
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
	int fd = path_of(path, config, "")
	    ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
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
