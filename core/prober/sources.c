/* What is kept as a copy is what was loaded: a file that changes between the two is left to the next look. */
#include "prober/sources.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/accepted.h"

void
sources_init(struct sources *sources, const char *state)
{
	*sources = (struct sources){ .state = state };
}

void
sources_note(struct sources *sources, const struct reason *why, const char *what)
{
	struct text text = { .bytes = sources->said, .room = sizeof sources->said, .size = strlen(sources->said) };

	text_format(&text, "%s%s: %s", text.size > 0 ? "; " : "", why->text, what);
}

bool
sources_load(struct sources *sources, const char *path, source_load *load, void *arg, struct reason *why)
{
	char copy[PATH_MAX];
	struct stat before;
	struct reason fault = { .text = "" };
	bool there = stat(path, &before) == 0;

	if (load(arg, path, &fault)) {
		if (sources != NULL && there)
			(void)accepted_copy(sources->state, path, &before, &sources->unkept);
		return true;
	}
	if (sources != NULL && accepted_copy_path(copy, sources->state, path) && access(copy, R_OK) == 0
	    && load(arg, copy, NULL)) {
		sources_note(sources, &fault, "what was in it before stays in force");
		return true;
	}
	reason_set(why, "%s", fault.text);
	return false;
}
