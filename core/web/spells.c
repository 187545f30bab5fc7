/* Notes in memory when a process was replaced, and spells in which the schedule, or the loop of a process, was late. */
#include "web/spells.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/site.h"

/* A schedule that is later than this, or a loop, is worth knowing. */
static const int64_t late = SECOND;

static void
add(struct spells *spells, const struct spell *spell)
{
	memmove(&spells->items[1], &spells->items[0], (SPELLS_MAX - 1) * sizeof spells->items[0]);
	spells->items[0] = *spell;
	spells->count += spells->count < SPELLS_MAX;
}

/* A spell goes on where the same was late before. */
static void
hear_lateness(struct spells *spells, const char *what, int64_t micros, int64_t now)
{
	struct spell spell = { .from = now, .most = micros }, *open = NULL;

	for (uint32_t i = 0; open == NULL && i < spells->count; i++)
		if (spells->items[i].until == 0 && spells->items[i].most > 0 && strcmp(spells->items[i].what, what) == 0)
			open = &spells->items[i];
	text_copy(spell.what, sizeof spell.what, what);
	if (open != NULL && micros <= late)
		open->until = now;
	else if (open != NULL)
		open->most = micros > open->most ? micros : open->most;
	else if (micros > late)
		add(spells, &spell);
}

void
spells_hear(struct spells *spells, const struct message_vitals *before, const struct message_vitals *said, int64_t now)
{
	for (uint32_t i = 0; i < said->process_count; i++) {
		const struct message_process *process = &said->processes[i];
		struct spell spell = { .from = now, .until = now };

		processes_name(process, spell.what);
		if (process->duty == DUTY_MONITOR)
			hear_lateness(spells, "the schedule", process->alive.late, now);
		hear_lateness(spells, spell.what, process->alive.late_max, now);
		for (uint32_t j = 0; j < before->process_count; j++)
			if (before->processes[j].duty == process->duty && before->processes[j].index == process->index
			    && before->processes[j].deaths < process->deaths)
				add(spells, &spell);
	}
}

void
spells_show(struct view *view, const struct spells *spells, int64_t began)
{
	struct emit *emit = &view->emit;

	EMIT(emit, "<h2>Late spells and restarts of its own</h2>\n<p class=\"faint\">Since ");
	emit_time(emit, began);
	EMIT(emit, ", when the process of this page began; what a loop or the schedule is late by counts above 1 s.</p>\n"
	    "<div class=\"scroll\"><table id=\"spells\"><thead><tr><th>From</th><th>Until</th><th>What</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < spells->count; i++) {
		const struct spell *spell = &spells->items[i];

		EMIT(emit, "<tr><td class=\"when\">{}</td><td class=\"when\">",
		    AS_TIME(spell->from));
		if (spell->until != spell->from)
			emit_time(emit, spell->until);
		EMIT(emit, "</td><td>{}", AS_STRING(spell->what));
		if (spell->most > 0) {
			EMIT(emit, " was late by up to {}", AS_SPAN(spell->most));
		} else
			EMIT(emit, " was replaced");
		EMIT(emit, "</td></tr>\n");
	}
	if (spells->count == 0)
		EMIT(emit, "<tr><td colspan=\"3\">None.</td></tr>\n");
	EMIT(emit, "</tbody></table></div>\n");
}
