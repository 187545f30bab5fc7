/*
 * For `postwatch status --watch`: a page of text that is longer than the terminal and scrolls: what
 * a command such as `show` has printed, or help.
 */
#pragma once

#include "base/buffer.h"
#include "command/screen.h"

/* Starts as zeroes. */
struct watch_view {
	struct buffer text;  /* lines, of which each ends with a NUL */
	uint32_t *lines;     /* where each begins */
	uint32_t count, room, top;
	int height;          /* rows of the page that it has */
};

void watch_view_clear(struct watch_view *);
void watch_view_fini(struct watch_view *);
/* Adds lines. */
void watch_view_add(struct watch_view *, struct pw_bytes text);
/* Scrolls. Returns false for a key that does not. */
bool watch_view_key(struct watch_view *, uint32_t key);
void watch_view_draw(struct watch_view *, const struct screen *, int first, int height,
    int columns);
