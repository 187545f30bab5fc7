/*
 * For the parent: files that probers and notifiers read at their start and never again (CA bundles,
 * secrets, hosts, resolv.conf): where one of them changes, the processes that have read it are
 * replaced. Looked at once a minute, by their status alone. One that is not there changes nothing:
 * the processes go on with what they had. A prober tries a changed file at its start, and reads the
 * copy where it is damaged (prober/sources.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/config.h"

enum { FILES_MAX = 256 };

struct files {
	uint32_t count;
	struct file {
		const char *path;
		uint32_t notifier; /* who has read it; CONFIG_NONE: probers */
		bool missing;      /* and that was said */
		dev_t device;
		ino_t inode;
		off_t size;
		int64_t changed; /* nanoseconds; -1: not there */
	} items[FILES_MAX];
};

/* The hosts file, the host's resolvers where none are configured, the CA files of targets, and what
 * notifiers' settings name, as they are at this moment. A notifier with a gate looks up names as
 * probers do. */
void files_init(struct files *, const struct config *);

/* The next that differs from what it was at the last look, which this look replaces, or is missing
 * since then; NULL: none.
 * `*at`: 0 at the first call of a look. */
const struct file *files_look(struct files *, uint32_t *at);
