/*
 * Says which path to load for each file that a prober or a notifier's gate reads at its start
 * (hosts, resolv.conf, CA bundles): the file, or the copy of its last usable version. After a
 * successful load the copy is renewed, or it is noted that the copy is in force. What is kept as a
 * copy is what was loaded: a file that changes between the two is left to the next look.
 */
#include "prober/sources.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/snapshot.h"

void
sources_init(struct sources *sources, const char *state)
{
	*sources = (struct sources){ .state = state };
}

void
sources_note(struct sources *sources, const struct reason *why, const char *what)
{
	struct text text = { .bytes = sources->said, .room = sizeof sources->said,
	    .size = strlen(sources->said) };

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
	snprintf(words, sizeof words, "what was in it before stays in force (a copy made at %s)",
	    at);
	sources_note(sources, why, words);
}

/* Of a file that was not empty. */
static bool
has_copy(const struct sources *sources, const char *path)
{
	char copy[PATH_MAX];
	struct stat status;

	return snapshot_copy_path(copy, sources->state, path) && stat(copy, &status) == 0
	    && status.st_size > 0;
}

struct source
source_begin(struct sources *sources, const char *path)
{
	return (struct source){ .sources = sources, .path = path, .fault.text = "" };
}

const char *
source_next(struct source *source)
{
	struct sources *sources = source->sources;
	bool has_state = sources != NULL, gone;

	switch (source->tried++) {
	case 0:
		source->there = stat(source->path, &source->before) == 0;
		gone = !source->there && errno == ENOENT;
		source->why = &source->fault;
		/* Without a copy there never was anything in it, which may be meant. */
		if (has_state && gone && has_copy(sources, source->path))
			reason_set(&source->fault, "%s cannot be read: %s", source->path,
			    strerror(ENOENT));
		else if (has_state && source->there && S_ISREG(source->before.st_mode)
		    && source->before.st_size == 0 && has_copy(sources, source->path))
			reason_set(&source->fault,
			    "%s is empty (a comment in it would say that this is meant)",
			    source->path);
		else
			return source->path;
		source->tried++;
		/* fall through */
	case 1:
		source->why = NULL; /* the fault of the file itself is what is told */
		source->is_copy = true;
		return has_state && snapshot_copy_path(source->copy, sources->state, source->path)
		    && access(source->copy, R_OK) == 0 ? source->copy : NULL;
	default:
		return NULL;
	}
}

void
source_loaded(struct source *source)
{
	assert(source->tried > 0 && source->is_copy == (source->why == NULL));
	if (source->is_copy)
		note_copy(source->sources, &source->fault, source->copy);
	else if (source->sources != NULL && source->there)
		(void)snapshot_copy(source->sources->state, source->path, &source->before,
		    &source->sources->unkept);
}
