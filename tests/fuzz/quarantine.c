/*
 * The file of the quarantine, which the parent reads at its start: whatever is in it, what is taken is of a target, and
 * what is kept of that is read as it was.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "parent/quarantine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[80];
static const struct pw_plugin descriptor = { .name = "stage" };
static const struct plugin plugin = { .descriptor = &descriptor };
static const struct policy policy = { .probe = &plugin };
static struct target targets[] = { { .name = "mx", .host = "mx.example.org", .port = 25, .policy = &policy },
	{ .name = "mx2", .host = "mx.example.org", .port = 26, .policy = &policy } };
static struct config config = { .target_count = 2, .targets = targets };

static void
forget_folder(void)
{
	unlink(path);
	rmdir(folder);
}

static void
make_folder(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/quarantine-XXXXXX", base != NULL && strlen(base) < 40 ? base : "/tmp");
	assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/quarantine", folder);
	atexit(forget_folder);
	config.state = folder;
}

static void
write_file(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct quarantine first, second;
	const int64_t now = 1000000 * (int64_t)SECOND;
	struct reason why;

	if (path[0] == '\0')
		make_folder();
	memset(&first, 0, sizeof first);
	memset(&second, 0, sizeof second);
	write_file(data, size);
	quarantine_take_back(&first, &config, now);
	assert(first.count <= QUARANTINE_ROOM);
	for (uint32_t i = 0; i < first.count; i++)
		assert(first.entries[i].target < config.target_count && first.entries[i].since <= now);
	assert(quarantine_keep(&first, &config, now, &why));
	quarantine_take_back(&second, &config, now);
	assert(second.count == first.count);
	for (uint32_t i = 0; i < first.count; i++)
		assert(second.entries[i].target == first.entries[i].target && second.entries[i].apart == first.entries[i].apart
		    && strcmp(second.entries[i].last, first.entries[i].last) == 0);
	return 0;
}
