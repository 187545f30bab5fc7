/*
 * For `postwatch status --watch`: draws a page of text that is opened over the table, the output of
 * a command or help, and scrolls in it. Its lines were wrapped to the width of the terminal by the
 * command that printed them.
 */
#include "command/watch_view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/watch_table.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

void
watch_view_clear(struct watch_view *view)
{
	buffer_clear(&view->text);
	view->count = view->top = 0;
}

void
watch_view_fini(struct watch_view *view)
{
	buffer_fini(&view->text);
	free(view->lines);
	*view = (struct watch_view){ .count = 0 };
}

/* Lines are places in one buffer, each ended by a NUL, so that a page of thousands of lines is
 * two allocations that grow. */
void
watch_view_add(struct watch_view *view, struct pw_bytes text)
{
	for (size_t at = 0; at < text.size;) {
		const char *end = memchr(text.data + at, '\n', text.size - at);
		size_t size = end == NULL ? text.size - at : (size_t)(end - text.data) - at;

		uint32_t begin = view->text.size;

		if (!buffer_add(&view->text, text.data + at, size, TEXT_MAX)
		    || !buffer_add(&view->text, "", 1, TEXT_MAX))
			return;
		*MUST_ADD(view->lines, view->count, view->room) = begin;
		at += size + 1;
	}
}

static void
scroll_to(struct watch_view *view, int64_t top)
{
	int64_t last = (int64_t)view->count - view->height;

	top = top > last ? last : top;
	view->top = top > 0 ? (uint32_t)top : 0;
	assert(view->top <= view->count);
}

bool
watch_view_key(struct watch_view *view, uint32_t key)
{
	switch (key) {
	case SCREEN_KEY_UP: case 'k': scroll_to(view, (int64_t)view->top - 1); break;
	case SCREEN_KEY_DOWN: case 'j': scroll_to(view, (int64_t)view->top + 1); break;
	case SCREEN_KEY_PAGE_UP: scroll_to(view, (int64_t)view->top - view->height); break;
	case SCREEN_KEY_PAGE_DOWN:
	case ' ': scroll_to(view, (int64_t)view->top + view->height); break;
	case SCREEN_KEY_HOME: case 'g': scroll_to(view, 0); break;
	case SCREEN_KEY_END: case 'G': scroll_to(view, view->count); break;
	default: return false;
	}
	return true;
}

void
watch_view_draw(
    struct watch_view *view, const struct screen *screen, int first, int height, int columns)
{
	view->height = height;
	scroll_to(view, view->top);
	for (uint32_t i = 0; i < (uint32_t)height && view->top + i < view->count; i++)
		watch_put(screen, first + (int)i, 0, columns, SCREEN_PLAIN,
		    view->text.data + view->lines[view->top + i]);
}
