/*
 * For `postwatch status --watch`: finds the shared object with the ncurses part of the screen,
 * beside the folder of the plugins, and loads it with dlopen(3).
 */
#include "command/screen.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/plugins.h"

bool
screen_is_possible(struct reason *missing)
{
	const char *type = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		reason_set(missing, "a terminal as its input and output");
	else if (type == NULL || type[0] == '\0')
		reason_set(missing, "to know the type of the terminal: $TERM is not set");
	else if (strcmp(type, "dumb") == 0)
		reason_set(missing, "a terminal whose cursor can be placed, and $TERM is dumb");
	else
		return true;
	return false;
}

const struct screen *
screen_load(struct reason *why)
{
	struct arena *arena = arena_create();
	const struct screen *screen = NULL;
	char path[PATH_MAX];
	struct reason fault;
	void *handle;

	snprintf(path, sizeof path, "%s/../screen.so",
	    arena == NULL ? PW_PLUGIN_DIR : plugins_standard_folder(arena));
	arena_destroy(&arena);
	handle = plugins_open_file(path, &fault);
	if (handle != NULL && (screen = dlsym(handle, "pw_screen")) == NULL)
		reason_set(&fault, "it exports no pw_screen");
	if (screen == NULL)
		reason_set(why, "the part that draws on terminals cannot be loaded: %s: %s", path, fault.text);
	else if (strcmp(screen->version, PW_VERSION) != 0 || screen->size != sizeof *screen) {
		reason_set(why, "%s belongs to another version", path);
		screen = NULL;
	}
	return screen;
}
