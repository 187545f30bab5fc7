/*
 * `postwatch shadow`: what would have been told to people while `shadow = true`, from the store;
 * and compared with the log of another monitor, which outages one of the two told alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/choice.h"
#include "command/find_target.h"
#include "command/layout.h"
#include "command/nagios_log.h"
#include "command/outbox.h"
#include "command/shadow_compare.h"
#include "keeper/shadow.h"

enum { COLUMNS = 3 };

struct shadow {
	struct past past;
	struct choice choice;
	int64_t since;          /* of what is told of */
	struct shadow_spells spells;
	struct layout_column names; /* of targets of these */
	uint32_t notices;       /* that would have been told */
	uint64_t last;          /* the number of the last of these */
	uint32_t strangers, warnings; /* words of the other that are left out */
};

static void
put_json(const struct shadow *shadow, const struct store_told *row)
{
	struct json json = json_begin_line(stdout);

	(void)shadow;
	json_int(&json, "notice", (int64_t)row->notice);
	json_string(&json, "kind", row->kind);
	json_string(&json, "target", row->target == 0 ? NULL : row->name);
	json_string(&json, "notifier", row->notifier);
	json_string(&json, "recipient", row->recipient);
	json_time(&json, "would_have_been_told", row->ended);
	json_text(&json, "text", row->text);
	json_end_line(&json);
}

static void
put_line(const struct shadow *shadow, const struct store_told *row)
{
	static const struct layout_column columns[COLUMNS] = { { "", 25, false }, { "", 8, false },
		{ "", 12, false } };
	struct text text = TEXT_ROOM(8192);

	if (row->recipient[0] != '\0')
		text_format(&text, "to %s: ", row->recipient);
	text_add_shown(&text, row->text);
	layout_row(columns, COLUMNS,
	    (const char *const[]){ PAST_TIME(&shadow->past, row->ended), row->kind,
	        row->notifier }, text.bytes);
}

/* What went into a digest would have been told with it. */
static void
add_spell(struct shadow *shadow, const struct store_told *row)
{
	size_t place = past_place(&shadow->past, row->target);

	if (!shadow->choice.taken[place])
		return;
	if (strcmp(row->kind, "down") == 0 || strcmp(row->kind, "flapping") == 0
	    || strcmp(row->kind, "outage") == 0)
		shadow_begin(&shadow->spells, place, false, row->ended,
		    past_copy(&shadow->past, row->text));
	if (strcmp(row->kind, "up") == 0 || strcmp(row->kind, "outage") == 0
	    || strcmp(row->kind, "settled") == 0 || strcmp(row->kind, "stopped") == 0)
		shadow_end(&shadow->spells, place, false, row->ended);
}

/* All that would have been told in that time, each shown where that is wanted. */
static void
read_notices(struct shadow *shadow, bool shows)
{
	struct store_told row;

	PAST_EACH(&shadow->past, &row, STORE_LIST_NOTICES, 0) {
		bool is_merged = strcmp(row.delivery, "merged") == 0;

		if (row.ended < shadow->since || row.ended >= shadow->choice.until
		    || (!is_merged && !text_same(row.receipt, text_view(SHADOW_RECEIPT)))
		    || (row.target != 0 && !choice_has(&shadow->choice, row.target)))
			continue;
		add_spell(shadow, &row);
		if (is_merged)
			continue;
		shadow->notices += row.notice != shadow->last;
		shadow->last = row.notice;
		if (shows)
			shadow->past.json ? put_json(shadow, &row) : put_line(shadow, &row);
	}
}

/* The target that a service of Nagios became: as `import` names it, or as its host. */
static size_t
find_service(const struct shadow *shadow, const struct nagios_event *event)
{
	struct text name = TEXT_ROOM(600);
	size_t found = shadow->past.target_count;

	text_format(&name, "%s %s", event->host, event->service);
	for (size_t i = shadow->past.target_count; i-- > 0;) {
		const char *is = shadow->past.targets[i].name;

		if (strcmp(is, name.bytes) == 0)
			return i;
		if (strcmp(is, event->host) == 0)
			found = i;
	}
	return found;
}

static void
add_events(struct shadow *shadow, const struct nagios_log *log)
{
	for (const struct nagios_event *event = log->first; event != NULL; event = event->next) {
		size_t place = find_service(shadow, event);
		struct text text = TEXT_ROOM(1000);

		if (event->at < shadow->since || event->at >= shadow->choice.until)
			continue;
		if (place == shadow->past.target_count) {
			shadow->strangers++;
			continue;
		}
		text_escape(&text, text_view(event->output));
		shadow->warnings += event->kind == NAGIOS_EVENT_WARNING;
		if (!shadow->choice.taken[place])
			continue;
		if (event->kind == NAGIOS_EVENT_DOWN)
			shadow_begin(&shadow->spells, place, true, event->at,
			    past_string(&shadow->past, text.bytes));
		else
			shadow_end(&shadow->spells, place, true, event->at);
	}
}

/* What both told, or one of them alone; of a pair its first. */
static void
put_spell(const struct shadow *shadow, const struct shadow_spell *spell)
{
	const struct layout_column columns[COLUMNS] = { { "", 25, false }, shadow->names,
		{ "", 12, false } };
	const struct shadow_spell *ours = spell->is_theirs ? spell->other : spell;
	const struct shadow_spell *theirs = spell->is_theirs ? spell : spell->other;
	const char *who = ours == NULL ? "Nagios alone" : theirs == NULL ? "ours alone" : "both";
	struct text text = TEXT_ROOM(8192);

	if (ours != NULL && theirs != NULL && ours->from != theirs->from)
		text_format(&text, "ours %s %s: ", SPAN(llabs(ours->from - theirs->from)),
		    ours->from < theirs->from ? "earlier" : "later");
	text_add_shown(&text, text_view(spell->text));
	layout_row(columns, COLUMNS,
	    (const char *const[]){ PAST_TIME(&shadow->past, spell->from),
	        shadow->past.targets[spell->target].name, who }, text.bytes);
}

static void
put_spell_json(const struct shadow *shadow, const struct shadow_spell *spell)
{
	const struct shadow_spell *ours = spell->is_theirs ? spell->other : spell;
	const struct shadow_spell *theirs = spell->is_theirs ? spell : spell->other;
	struct json json = json_begin_line(stdout);

	json_string(&json, "target", shadow->past.targets[spell->target].name);
	json_string(&json, "told_by", ours == NULL ? "theirs" : theirs == NULL ? "ours" : "both");
	json_time(&json, "ours", ours == NULL ? 0 : ours->from);
	json_time(&json, "theirs", theirs == NULL ? 0 : theirs->from);
	json_text(&json, "text", text_view(spell->text));
	json_end_line(&json);
}

/* How much later ours told what both told, half of them less, half of them more. */
static int64_t
find_median(const struct shadow_spells *spells, uint32_t *count)
{
	int64_t *delays = must(calloc(spells->count + 1, sizeof *delays)), median;

	*count = 0;
	for (uint32_t i = 0; i < spells->count; i++)
		if (spells->items[i].other != NULL && !spells->items[i].is_theirs)
			delays[(*count)++] = spells->items[i].from - spells->items[i].other->from;
	qsort(delays, *count, sizeof *delays, compare_i64);
	median = delays[*count / 2];
	free(delays);
	return median;
}

static void
put_verdict(const struct shadow *shadow, bool is_of_alerts)
{
	uint32_t both, alone[2] = { 0, 0 };
	int64_t median = find_median(&shadow->spells, &both);

	for (uint32_t i = 0; i < shadow->spells.count; i++)
		alone[shadow->spells.items[i].is_theirs] += shadow->spells.items[i].other == NULL;
	if (is_of_alerts)
		puts("Their log has no notifications: hard states are compared.");
	if (shadow->warnings > 0)
		printf("%u warning%s of theirs %s not compared.\n", shadow->warnings,
		    plural(shadow->warnings), shadow->warnings == 1 ? "is" : "are");
	if (shadow->strangers > 0)
		printf("%u line%s of theirs %s of services that are no target here.\n",
		    shadow->strangers, plural(shadow->strangers),
		    shadow->strangers == 1 ? "is" : "are");
	printf("Both told of %u outage%s, Nagios alone of %u, Postwatch alone of %u", both,
	    plural(both), alone[1], alone[0]);
	if (both > 0 && median != 0)
		printf("; of what both told Postwatch tells %s %s (median)", SPAN(llabs(median)),
		    median < 0 ? "earlier" : "later");
	puts(".");
}

/* Returns the exit status. */
static int
put_difference(struct shadow *shadow, const char *path)
{
	struct arena *arena = arena_create();
	struct nagios_log log;
	struct reason why;
	int status = 0;

	if (!nagios_log_read(arena, path, &log, &why)) {
		arena_destroy(&arena);
		return command_fail(EXIT_CONFIG, "%s", why.text);
	}
	read_notices(shadow, false);
	add_events(shadow, &log);
	shadow_pair(&shadow->spells);
	for (uint32_t i = 0; i < shadow->spells.count; i++)
		layout_widen(&shadow->names,
		    shadow->past.targets[shadow->spells.items[i].target].name, layout_name_width());
	past_begin(&shadow->past);
	for (uint32_t i = 0; i < shadow->spells.count; i++) {
		const struct shadow_spell *spell = &shadow->spells.items[i];

		/* Of a pair the later has been shown with the first. */
		if (spell->other == NULL || spell < spell->other)
			shadow->past.json ? put_spell_json(shadow, spell)
					  : put_spell(shadow, spell);
	}
	if (!shadow->past.json)
		put_verdict(shadow, log.is_of_alerts);
	arena_destroy(&arena);
	return status;
}

static int
shadow(const struct command *command, int argc, char **argv)
{
	struct shadow it = { .names = { "", 6, false } };
	struct channels channels;
	int at, ends = past_options(&it.past, command, argc, argv, &at);

	if (ends != 0)
		return ends;
	if (it.past.log_format != NULL && strcmp(it.past.log_format, "nagios") != 0)
		return command_misused(command, "%s: --format is nagios", it.past.log_format);
	if ((ends = choice_open(&it.past, command, past_words(argv, at), &it.choice)) != 0)
		return ends;
	channels_read(&it.past, &channels);
	it.since = it.choice.since != 0 ? it.choice.since : channels.shadow_since;
	if (it.past.log != NULL)
		ends = put_difference(&it, it.past.log);
	else {
		past_begin(&it.past);
		read_notices(&it, true);
		if (!it.past.json)
			printf("%u notice%s would have been told since %s.\n", it.notices,
			    plural(it.notices), PAST_TIME(&it.past, it.since));
	}
	free(it.spells.items);
	return past_finish(&it.past, ends);
}

static const struct option_row options[] = {
	PAST_TIMES,
	{ "log", 'l', "FILE", "the log of the other monitor, to compare with", PAST_MEMBER(log) },
	{ "format", 'F', "FORMAT", "of that log: nagios (also of Icinga 1, Naemon)",
	    PAST_MEMBER(log_format) },
	PAST_OPTIONS
};

const struct command command_shadow = {
	.name = "shadow",
	.arguments = PAST_WORDS,
	.summary = "what would have been told, and where another monitor differs",
	.help =
	    "With `shadow = true` in the configuration nobody is told anything: what would have "
	    "been told is recorded, and is listed here, since shadow is on or since --since.\n\n"
	    "With --log FILE, of Nagios, the outages of both are compared: by its SERVICE "
	    "NOTIFICATIONs, or where it has none by HARD states of its SERVICE ALERTs. CRITICAL "
	    "and UNKNOWN are down. A service is the target that is called \"HOST SERVICE\", as "
	    "`postwatch "
	    "import nagios` names it, or as its host. Outages that overlap, or are no more than "
	    "ten minutes apart, are the same; a line says who told of it, and by how much ours was "
	    "earlier or later. The last line sums it up.\n\n" PAST_WORDS_HELP "\n\n"
	    "Exit status: 0; 1 nothing is kept, or no such target; 64 wrong command line; 70 the "
	    "store cannot be read; 78 there is no such file, or FILE is no log of Nagios.",
	.options = options,
	.run = shadow,
};
