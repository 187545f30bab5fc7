/*
 * For the page "Us": reads the notes of the state folder on the daemon's processes
 * (parent/process_log.h), and shows the newest.
 */
#include "web/process_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "web/site.h"

enum { SPELLS_MAX = 50, LINE_MAX_BYTES = 160 };

struct spell {
	char kind[16], what[64];
	int64_t from, until, most; /* UTC; until 0: it goes on; microseconds */
};

struct spells {
	uint32_t count; /* ever; the newest stand in turn */
	struct spell items[SPELLS_MAX];
};

/* The end of a spell has a line of its own; whoever began after one that is open cannot say when that ended. */
static void
take_line(struct spells *spells, const char *line)
{
	struct spell *next = &spells->items[spells->count % SPELLS_MAX], spell;

	if (sscanf(line, "%15[a-z]\t%" SCNd64 "\t%" SCNd64 "\t%" SCNd64 "\t%63[^\n]", spell.kind, &spell.from, &spell.until, &spell.most, spell.what) != 5)
		return;
	for (uint32_t i = 0; i < SPELLS_MAX && i < spells->count; i++) {
		struct spell *known = &spells->items[i];

		if (known->from == spell.from && strcmp(known->kind, spell.kind) == 0 && strcmp(known->what, spell.what) == 0) {
			*known = spell;
			return;
		}
		if (known->until == 0 && strcmp(spell.kind, "began") == 0)
			known->until = known->from;
	}
	*next = spell;
	spells->count++;
}

static void
read_file(struct spells *spells, const char *state, const char *name)
{
	char path[PATH_MAX], line[LINE_MAX_BYTES];
	int fd = snprintf(path, sizeof path, "%s/%s", state, name) < PATH_MAX ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		take_line(spells, line);
	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
}

void
process_log_show(struct view *view)
{
	struct spells spells = { .count = 0 };

	PUT(view, "<h2>Starts, restarts and late spells of its own</h2>\n<p class=\"faint\">What a loop or the schedule is late by counts above 1 s.</p>\n"
	    "<div class=\"scroll\"><table id=\"spells\"><thead><tr><th>From</th><th>Until</th><th>What</th></tr></thead><tbody>\n");
	read_file(&spells, view->site->config->state, "process.log.old");
	read_file(&spells, view->site->config->state, "process.log");
	for (uint32_t i = 1; i <= SPELLS_MAX && i <= spells.count; i++) {
		const struct spell *spell = &spells.items[(spells.count - i) % SPELLS_MAX];

		PUT(view, "<tr><td class=\"when\">{}</td><td class=\"when\">", AS_TIME(spell->from));
		if (spell->until == 0)
			PUT(view, "it goes on");
		else if (spell->until != spell->from)
			PUT(view, "{}", AS_TIME(spell->until));
		if (strcmp(spell->kind, "late") == 0)
			PUT(view, "</td><td>{} was late by up to {}</td></tr>\n", AS_STRING(spell->what), AS_SPAN(spell->most));
		else if (strcmp(spell->kind, "began") == 0)
			PUT(view, "</td><td>Postwatch began, by a {}</td></tr>\n", AS_STRING(spell->what));
		else
			PUT(view, "</td><td>{} was replaced</td></tr>\n", AS_STRING(spell->what));
	}
	if (spells.count == 0)
		PUT(view, "<tr><td colspan=\"3\">None.</td></tr>\n");
	PUT(view, "</tbody></table></div>\n");
}
