/*
 * Files that probers read at their birth and never again: where one of them changes, probers are renewed. Looked at once
 * a minute, by their status alone.
 */
#ifndef PARENT_FILES_H
#define PARENT_FILES_H

#include <stdint.h>
#include <sys/types.h>

#include "config/config.h"

enum { FILES_MAX = 64 };

struct files {
	uint32_t count;
	struct file {
		const char *path;
		dev_t device;
		ino_t inode;
		off_t size;
		int64_t changed; /* nanoseconds; -1: not there */
	} items[FILES_MAX];
};

/* The hosts file, the host's resolvers where none are configured, and the CA files, as they are at this moment. */
void files_init(struct files *, const struct config *);

/* One that differs from what it was at the last look, which this look replaces; NULL: none. */
const char *files_look(struct files *);

#endif
