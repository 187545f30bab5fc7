/*
 * For `postwatch status --watch`: chooses the command whose output a page shows in place of the
 * table: `show`, `explain`, `history`, `outbox`, help. Pages are what commands print, so that what
 * is read here is what is read there.
 */
#include "command/watch_topic.h"

#include <stdio.h>

enum { COMMANDS_MAX = 3 };

const char watch_help[] =
    "This is the table of `postwatch status`. It reads what the daemon has written,\n"
    "asks neither the daemon nor any server, and refreshes itself.\n"
    "\n"
    "  Up Down PgUp PgDn Home End   move (also k, j, g, G)\n"
    "  Enter    the open incident of the target with its attempts; else the target\n"
    "  e        the target: why it is in its state, its last run, its history\n"
    "  i        the incidents of the target\n"
    "  /        filter: words that all have to hold, within name, host, outcome\n"
    "           and sentence; tag:lab, state:down, state:paused, state:degraded\n"
    "  Esc      no filter; back\n"
    "  s S      another order; the other way round\n"
    "  a        acknowledge the incident, with a reason\n"
    "  p u      pause the target; end its pause\n"
    "  t        all of our own trouble\n"
    "  r        read again now\n"
    "  Ctrl-L   draw all anew\n"
    "  q        leave\n"
    "\n"
    "  X down   ^ recovering   ! suspect   ? not looked at\n"
    "  ~ degraded or blocked   . up   - pending\n"
    "\n"
    "To acknowledge, pause and resume the daemon is asked once you have said y, which\n"
    "root and its own user may do.\n";

bool
watch_topic_begin(struct watch_topic *topic, enum watch_about about, const struct status_row *row)
{
	if (about < WATCH_ABOUT_TROUBLES && row == NULL)
		return false;
	*topic = (struct watch_topic){ .about = about };
	if (row == NULL)
		return true;
	text_copy(topic->target, sizeof topic->target, row->target->identity);
	snprintf(topic->incident, sizeof topic->incident, "%llu",
	    (unsigned long long)row->incident);
	return true;
}

void
watch_topic_again(struct watch_topic *topic)
{
	topic->next = 0;
}

/* The word behind those of a command is the target or the incident. */
bool
watch_topic_next(struct watch_topic *topic, const char *words[WATCH_JOB_WORDS])
{
	static const char *const printed_by[][COMMANDS_MAX + 1][4] = {
		[WATCH_ABOUT_TARGET] = { { "explain" }, { "show" },
		    { "history", "-n", "40" }, { 0 } },
		[WATCH_ABOUT_INCIDENT] = { { "show" }, { 0 } },
		[WATCH_ABOUT_INCIDENTS] = { { "incidents" }, { 0 } },
		[WATCH_ABOUT_TROUBLES] = { { 0 } },
		[WATCH_ABOUT_HELP] = { { 0 } },
	};
	const char *const *command = printed_by[topic->about][topic->next];
	size_t count = 0;

	if (command[0] == NULL)
		return false;
	for (; command[count] != NULL; count++)
		words[count] = command[count];
	words[count++] = "--";
	words[count++] = topic->about == WATCH_ABOUT_INCIDENT ? topic->incident : topic->target;
	words[count] = NULL;
	topic->next++;
	return true;
}

void
watch_topic_title(const struct watch_topic *topic, struct text *title)
{
	static const char *const titles[] = { [WATCH_ABOUT_TARGET] = "",
		[WATCH_ABOUT_INCIDENT] = ", incident ", [WATCH_ABOUT_INCIDENTS] = ", its incidents",
		[WATCH_ABOUT_TROUBLES] = "our own trouble", [WATCH_ABOUT_HELP] = "help" };

	text_add(title, " ");
	if (topic->about < WATCH_ABOUT_TROUBLES)
		text_add_shown(title, text_view(topic->target));
	text_add(title, titles[topic->about]);
	if (topic->about == WATCH_ABOUT_INCIDENT)
		text_add(title, topic->incident);
}
