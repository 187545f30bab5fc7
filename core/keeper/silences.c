/*
 * For the keeper: says for a target and a time which pauses and maintenance windows hold, so that
 * its notices are held back. The clock of the windows stands at the present: for a change that is
 * heard late it goes back, and forth again at once.
 */
#include "keeper/silences.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "keeper/policy_private.h"

static const int64_t known_for = 3600 * (int64_t)SECOND, blind_for = 30 * (int64_t)SECOND;

/* Most of the time there is no pause, and so nothing to be looked up. */
void
silences_recover(struct keeper *keeper)
{
	struct store_pause pause = { .number = 0 };
	int64_t since = clock_wall() - known_for;

	for (keeper->policy->paused_until = since;
	    store_next_pause(keeper->store, since, &pause);) {
		int64_t end = pause.ended != 0 ? pause.ended : pause.until;
		keeper->policy->paused_until = end > keeper->policy->paused_until ? end
		    : keeper->policy->paused_until;
	}
}

bool
silences_paused(const struct keeper *keeper, uint32_t target, int64_t at)
{
	const struct target *of = &keeper->config->targets[target];
	struct store_pause pause = { .target = registry_number(keeper->registry, target),
		.tag = "" };
	bool held;

	if (at >= keeper->policy->paused_until)
		return false;
	held = store_find_pause(keeper->store, at, &pause);
	for (uint32_t i = 0; !held && i < of->policy->tag_count; i++) {
		pause = (struct store_pause){ .tag = of->policy->tags[i] };
		held = store_find_pause(keeper->store, at, &pause);
	}
	return held;
}

static bool
is_in_window(struct keeper *keeper, uint32_t target, int64_t at)
{
	int64_t now = keeper->policy->windows.looked == INT64_MAX ? at
	    : keeper->policy->windows.looked;
	bool holds;

	(void)window_clock_turn(&keeper->policy->windows, at);
	holds = window_clock_holds(&keeper->policy->windows, target);
	(void)window_clock_turn(&keeper->policy->windows, now);
	return holds;
}

const char *
silences_at(struct keeper *keeper, uint32_t target, int64_t at)
{
	return silences_paused(keeper, target, at) ? "paused" : is_in_window(keeper, target, at)
	    ? "window" : NULL;
}

/* In the order of silences.def, in which those of parents and of flapping are before these. */
static size_t
place_among(const char *silences)
{
	static const char *const before[] = { "flapping", "parent", "parent_unplain" };
	size_t place = 0;

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		size_t size = strlen(before[i]);
		if (strncmp(silences + place, before[i], size) == 0
		    && (silences[place + size] == ' ' || silences[place + size] == '\0'))
			place += size + (silences[place + size] == ' ');
	}
	assert(place <= strlen(silences));
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
	if (silences_paused(keeper, change->target, change->confirmed))
		insert(change, "paused");
}

bool
silences_blind(const struct keeper *keeper)
{
	return clock_mono() < keeper->policy->blind_until;
}

void
silences_hear(struct keeper *keeper, bool blind)
{
	keeper->policy->blind_until = blind ? clock_mono() + blind_for : 0;
}
