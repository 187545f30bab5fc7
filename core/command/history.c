/*
 * `postwatch history TARGET…`: lists the runs of targets, the newest first, as far back as they are
 * kept.
 */
#include "command/command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/outcome.h"
#include "command/choice.h"
#include "command/draw.h"
#include "command/layout.h"
#include "command/past.h"

enum { NAME_MAX_SIZE = 24, DAY_MAX = 24, NARROW = 100 };

struct list {
	struct past *past;
	const struct past_target *target;
	char day[DAY_MAX]; /* of the last one shown, on a narrow page */
};

/* Takes the next word of a list; false at its end. */
static bool
next_name(const char **names, char name[NAME_MAX_SIZE])
{
	size_t size = strcspn(*names, " ");

	if (size == 0)
		return false;
	snprintf(name, NAME_MAX_SIZE, "%.*s", (int)size, *names);
	*names += size;
	*names += **names == ' ';
	return true;
}

static const char *
verdict_of(const struct store_run *run)
{
	return run->verdict <= PW_UNKNOWN ? verdict_name((enum pw_verdict)run->verdict) : "?";
}

static void
put_json(const struct list *list, const struct store_run *run)
{
	struct json json = json_begin_line(stdout);
	int64_t phases[STORE_PHASES_MAX];
	uint32_t count = store_run_phases(run, phases);
	const char *names = run->phase_names;
	char name[NAME_MAX_SIZE];

	assert(count <= STORE_PHASES_MAX && list->target != NULL);
	json_string(&json, "target", list->target->name);
	json_string(&json, "verdict", verdict_of(run));
	json_string(&json, "outcome", outcome_current(run->outcome));
	json_text(&json, "text", run->text);
	json_time(&json, "started", run->at);
	json_seconds(&json, "seconds", run->micros);
	json_begin_array(&json, "phases");
	for (uint32_t i = 0; i < count && next_name(&names, name); i++) {
		json_begin_object(&json, NULL);
		json_string(&json, "phase", name);
		if (phases[i] < 0)
			json_null(&json, "seconds");
		else
			json_seconds(&json, "seconds", phases[i]);
		json_end(&json);
	}
	json_end(&json);
	json_end_line(&json);
}

/* On a narrow page the day stands above its runs. */
static const char *
time_of(struct list *list, int64_t at, char bytes[PAST_TIME_MAX])
{
	struct text clock = text_over(bytes, PAST_TIME_MAX);
	char whole[PAST_TIME_MAX], day[DAY_MAX];

	past_time(whole, list->past, at);
	if (layout_width() < NARROW) {
		const char *offset = strrchr(whole, ' ');

		snprintf(day, sizeof day, "%.10s%s", whole, offset == NULL ? "" : offset);
		if (strcmp(day, list->day) != 0)
			printf("%s\n", day);
		memcpy(list->day, day, sizeof day);
		zone_add_clock(&clock, list->past->zone, at);
	} else
		text_add(&clock, whole);
	return bytes;
}

static void
put_line(struct list *list, const struct store_run *run)
{
	const struct layout_column columns[] = { { "", layout_width() < NARROW ? 8 : 25, false },
		{ "", 9, true } };
	char at[PAST_TIME_MAX];
	const char *const cells[] = { time_of(list, run->at, at), SPAN(run->micros) };
	const char *names = run->phase_names, *separator = ": ";
	struct text text = TEXT_ROOM(8192);
	int64_t phases[STORE_PHASES_MAX];
	uint32_t count = store_run_phases(run, phases);
	char name[NAME_MAX_SIZE];

	text_add(&text, verdict_of(run));
	if (run->verdict != PW_OK)
		text_format(&text, " (%s)", outcome_current(run->outcome));
	if (run->text.size > 0) {
		text_add(&text, ": ");
		text_add_shown(&text, run->text);
	} else /* the steps that it reached, with their times */
		for (uint32_t i = 0; i < count && next_name(&names, name); i++)
			if (phases[i] >= 0) {
				text_format(&text, "%s%s %s", separator, name, SPAN(phases[i]));
				separator = ", ";
			}
	layout_row(columns, 2, cells, text.bytes);
}

/* The newest first: those behind the time that is asked for are passed over, and the first before
 * it ends the list. */
static void
put_runs(struct list *list, const struct choice *choice)
{
	bool has_bounds = choice->until < INT64_MAX || choice->since > 0;
	struct past *past = list->past;
	struct store_list runs;
	struct store_run run;
	uint32_t shown = 0;

	list->day[0] = '\0';
	store_list_open(&runs, past->reader, STORE_LIST_HISTORY, list->target->number);
	while (past_next(past, &runs, &run)) {
		if (run.at < choice->since)
			store_list_stop(&runs);
		if (run.at < choice->since || run.at >= choice->until)
			continue;
		if (past->json)
			put_json(list, &run);
		else
			put_line(list, &run);
		if (++shown == past->count)
			store_list_stop(&runs);
	}
	if (!past->json && shown == 0)
		printf("%s: no runs are kept%s\n", list->target->name,
		    has_bounds ? " of that time" : "");
}

/* What the time was that is summed up already; returns where that ends. */
static int64_t
draw_sums(struct list *list, struct draw_strip *strip)
{
	static const int64_t hour = 3600 * (int64_t)SECOND, quarters_most = 7 * 24 * hour;
	bool is_long = strip->until - strip->from > quarters_most;
	int64_t length = is_long ? hour : hour / 4, last = strip->from;
	struct store_list sums;
	struct store_sum sum;

	store_list_open(&sums, list->past->reader, is_long ? STORE_LIST_HOURS : STORE_LIST_QUARTERS,
	    list->target->number);
	store_list_behind(&sums, (uint64_t)(strip->from - length));
	while (past_next(list->past, &sums, &sum)) {
		/* In the order in which they are shown where several share the time. */
		const int64_t times[] = { sum.down, sum.degraded, sum.unknown, sum.paused, sum.up };
		static const enum store_mood moods[] = { STORE_MOOD_down, STORE_MOOD_degraded,
			STORE_MOOD_unknown, STORE_MOOD_paused, STORE_MOOD_up };
		int64_t at = sum.start;

		for (size_t i = 0; i < sizeof moods / sizeof *moods; at += times[i++])
			draw_strip_time(strip, moods[i], at, at + times[i]);
		last = sum.start + length;
		if (last >= strip->until)
			store_list_stop(&sums);
	}
	return last;
}

/* A picture of the time that is asked for, or of the last 24 hours: what the target was, and how
 * long its runs took. */
static void
put_picture(struct list *list, const struct choice *choice)
{
	enum { LABEL = 9 };
	static const int64_t day = 24 * 3600 * (int64_t)SECOND;
	struct draw_style style = { draw_needs_ascii(), list->past->colour };
	struct draw_strip strip = { .until = list->past->now };
	int64_t summed, next;
	struct text text = TEXT_ROOM(DRAW_LINE_MAX);
	struct store_list runs;
	struct store_run run;

	strip.until = choice->until < strip.until ? choice->until : strip.until;
	strip.from = choice->since > 0 ? choice->since : strip.until - day;
	if (strip.from >= strip.until)
		return;
	strip.columns = layout_width() - LABEL;
	strip.columns = strip.columns < DRAW_COLUMNS_MAX ? strip.columns : DRAW_COLUMNS_MAX;
	next = strip.until;
	summed = draw_sums(list, &strip);
	store_list_open(&runs, list->past->reader, STORE_LIST_HISTORY, list->target->number);
	while (past_next(list->past, &runs, &run)) {
		int64_t spoken = run.at + (int64_t)run.speaks_for * SECOND;

		if (run.at < strip.from)
			store_list_stop(&runs);
		spoken = spoken < next ? spoken : next;
		if (run.mood < STORE_MOODS_END && spoken > summed)
			draw_strip_time(&strip, (enum store_mood)run.mood,
			    run.at > summed ? run.at : summed, spoken);
		if (run.verdict != PW_UNKNOWN)
			draw_strip_run(&strip, run.at, run.verdict == PW_FAILED ? -1 : run.micros);
		next = run.at < next ? run.at : next;
	}
	printf("%s until %s\n", PAST_TIME(list->past, strip.from),
	    PAST_TIME(list->past, strip.until));
	draw_strip_moods(&text, &strip, &style);
	text_add(&text, "\n         " LAYOUT_HANG);
	draw_strip_words(&text, &strip, &style);
	printf("  state  %s\n", text.bytes);
	text = TEXT_ROOM(DRAW_LINE_MAX);
	if (draw_strip_spark(&text, &strip, &style)) {
		text_add(&text, "\n         " LAYOUT_HANG);
		draw_strip_spark_words(&text, &strip);
		printf("  took   %s a run\n", text.bytes);
	}
	putchar('\n');
}

static int
history(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	struct list list = { .past = &past };
	struct choice choice;
	int at, ends = past_options(&past, command, argc, argv, &at);

	if (ends == 0 && argc == at)
		return command_misused(command, "`history` takes targets, or tag:TAG");
	if (ends != 0 || (ends = choice_open(&past, command, past_words(argv, at), &choice)) != 0)
		return ends;
	past_begin(&past);
	for (size_t i = choice_next(&choice, 0); i < past.target_count;
	     i = choice_next(&choice, i + 1)) {
		bool is_first = list.target == NULL;

		list.target = &past.targets[i];
		if (!past.json && choice.count > 1)
			printf("%s%s\n", is_first ? "" : "\n", list.target->name);
		if (!past.json && layout_width() >= DRAW_PAGE_LEAST
		    && layout_width() != LAYOUT_WIDE)
			put_picture(&list, &choice);
		put_runs(&list, &choice);
	}
	return past_finish(&past, 0);
}

static const struct option_row options[] = { PAST_COUNT, PAST_TIMES, PAST_OPTIONS };

const struct command command_history = {
	.name = "history", .arguments = PAST_WORDS,
	.summary = "the runs of targets, the newest first",
	.help = "Lists the runs of each TARGET as far back as they are kept: when, the verdict, "
	    "how long it took, and the sentence, or where all was well the seconds of each step. "
	    "On a page of 80 columns and more a picture stands above them: what the target was in the "
	    "last 24 hours, or in the time that is asked for, and how long its runs took.\n\n"
	    PAST_WORDS_HELP "--since and --until leave those that began then.\n\n"
	    "Exit status: as that of `postwatch status`.",
	.options = options, .run = history,
};
