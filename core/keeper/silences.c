/* The clock of windows is at the present: it goes back for what is heard late, and forth again at once. */
#include "keeper/silences.h"

#include <string.h>

#include "keeper/asks.h"

static bool
is_in_window(struct keeper *keeper, uint32_t target, int64_t at)
{
	int64_t now = keeper->windows.looked == INT64_MAX ? at : keeper->windows.looked;
	bool holds;

	(void)window_clock_turn(&keeper->windows, at);
	holds = window_clock_holds(&keeper->windows, target);
	(void)window_clock_turn(&keeper->windows, now);
	return holds;
}

const char *
silences_at(struct keeper *keeper, uint32_t target, int64_t at)
{
	return pausing_holds(keeper, target, at) ? "paused" : is_in_window(keeper, target, at) ? "window" : NULL;
}

/* In the order of silences.def, in which those of parents and of flapping are before these. */
static size_t
place_among(const char *silences)
{
	static const char *const before[] = { "flapping", "parent", "parent_unplain" };
	size_t place = 0;

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		size_t size = strlen(before[i]);
		if (strncmp(silences + place, before[i], size) == 0 && (silences[place + size] == ' ' || silences[place + size] == '\0'))
			place += size + (silences[place + size] == ' ');
	}
	return place;
}

static void
insert(struct message_change *change, const char *word)
{
	char names[sizeof change->silences];
	struct text text = TEXT_OVER(names);
	size_t place = place_among(change->silences);

	text_add_bytes(&text, change->silences, place);
	text_add(&text, place > 0 && names[place - 1] != ' ' ? " " : "");
	text_format(&text, change->silences[place] == '\0' ? "%s" : "%s ", word);
	text_add(&text, change->silences + place);
	memcpy(change->silences, names, sizeof names);
}

void
silences_stamp(struct keeper *keeper, struct message_change *change)
{
	if (change->target == CONFIG_NONE || strcmp(change->kind, "impaired") == 0)
		return;
	if (is_in_window(keeper, change->target, change->confirmed))
		insert(change, "window");
	if (pausing_holds(keeper, change->target, change->confirmed))
		insert(change, "paused");
}
