/*
 * Loads the files that a prober reads at its start (hosts, resolv.conf, CA bundles), and keeps
 * copies of the usable ones. What is kept as a copy is what was loaded: a file that changes between
 * the two is left to the next look.
 */
#include "prober/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

/* What is in force instead, by when the copy was made: the content is as old as that at least. */
static void
note_copy(struct sources *sources, const struct reason *why, const char *copy)
{
	struct stat status;
	struct tm parts;
	char words[128], at[32] = "an unknown time";

	if (stat(copy, &status) == 0 && gmtime_r(&status.st_mtime, &parts) != NULL)
		strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &parts);
	snprintf(words, sizeof words, "what was in it before stays in force (a copy made at %s)", at);
	sources_note(sources, why, words);
}

/* Of a file that was not empty. */
static bool
has_copy(const struct sources *sources, const char *path)
{
	char copy[PATH_MAX];
	struct stat status;

	return accepted_copy_path(copy, sources->state, path) && stat(copy, &status) == 0 && status.st_size > 0;
}

bool
sources_load(struct sources *sources, const char *path, source_load *load, void *arg, struct reason *why)
{
	char copy[PATH_MAX];
	struct stat before;
	struct reason fault = { .text = "" };
	bool there = stat(path, &before) == 0, gone = !there && errno == ENOENT;

	/* Without a copy there never was anything in it, which may be meant. */
	if (sources != NULL && gone && has_copy(sources, path)) {
		reason_set(&fault, "%s cannot be read: %s", path, strerror(ENOENT));
	} else if (sources != NULL && there && S_ISREG(before.st_mode) && before.st_size == 0 && has_copy(sources, path)) {
		reason_set(&fault, "%s is empty (a comment in it would say that this is meant)", path);
	} else if (load(arg, path, &fault)) {
		if (sources != NULL && there)
			(void)accepted_copy(sources->state, path, &before, &sources->unkept);
		return true;
	}
	if (sources != NULL && accepted_copy_path(copy, sources->state, path) && access(copy, R_OK) == 0
	    && load(arg, copy, NULL)) {
		note_copy(sources, &fault, copy);
		return true;
	}
	reason_set(why, "%s", fault.text);
	return false;
}
