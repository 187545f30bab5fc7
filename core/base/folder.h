/*
 * Opens folders, looking at each part of the way: a symbolic link of another user, or a folder that
 * another user may write to, would let that user decide what is found at the end. What is opened
 * below the descriptor (openat(2)) is what was looked at, whatever the path leads to later.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/reason.h"

enum folder_guard {
	FOLDER_LINKS, /* symbolic links are root's or our own */
	FOLDER_WHOLE  /* and so are all folders from the root on, in which others may write to
	                 nothing but what is theirs (the sticky bit, as of /tmp) */
};

/* Opens a folder with O_PATH. Returns -1 with a reason, which names the part of the path that is
 * wrong; the caller closes the descriptor. */
int folder_open(const char *path, enum folder_guard, struct reason *why);

/* The same with FOLDER_LINKS, and makes what is missing: the folder for our user alone, those
 * above it readable for all. */
int folder_make(const char *path, struct reason *why);

/* Returns false with a reason if what was looked at is not root's or our own, or if others may
 * write to it; `what` is how it is called there. */
bool folder_is_ours_alone(const struct stat *, const char *what, struct reason *why);
