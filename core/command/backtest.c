/*
 * `postwatch backtest`: from the stored attempts at targets, what other settings would have told
 * people, beside what was told.
 */
#include "command/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "command/backtest_replay.h"
#include "command/layout.h"

enum { CELL_MAX = 48, TRIED_MAX = 20, DIFFERENCES_SHOWN = 10, ADVICE_MAX = 400 };

static const char *const columns[BACKTEST_COLUMNS] = { "told", "configured", "tried" };

static const char *
span_cell(int64_t span, char bytes[CELL_MAX])
{
	struct text text = text_over(bytes, CELL_MAX);

	if (span < 0)
		text_add(&text, "-");
	else
		text_add_span(&text, span);
	return bytes;
}

static const char *
count_cell(uint64_t count, char bytes[CELL_MAX])
{
	snprintf(bytes, CELL_MAX, "%" PRIu64, count);
	return bytes;
}

/* The longest outage that one set of settings has and the other lacks. */
static int64_t
longest_alone(const struct past *past, const struct backtest_sum *sum)
{
	int64_t longest = 0;

	for (uint32_t i = 0; i < sum->count; i++) {
		const struct backtest_outage *it = &sum->outages[i];
		int64_t lasted = (it->ended != 0 ? it->ended : past->now) - it->began;

		if (!it->avoided && !it->has_like && it->doubt == 0 && lasted > longest)
			longest = lasted;
	}
	return longest;
}

/* "…, 2 more notices and 1 outage not known" */
static void
add_rest(struct text *text, const struct backtest *made)
{
	uint64_t now = made->sums[BACKTEST_CONFIGURED].notices,
	         then = made->sums[BACKTEST_TRIED].notices,
	         more = then > now ? then - now : now - then;

	if (more > 0)
		text_format(text, ", with %" PRIu64 " notice%s %s", more, more == 1 ? "" : "s",
		    then > now ? "more" : "fewer");
	if (made->not_known > 0)
		text_format(text, "; of %" PRIu64 " it is not known", made->not_known);
	text_add(text, ".");
}

/* One sentence. What is not known decides where it is as much as what is. */
static void
advise(const struct past *past, const struct backtest *made, struct text *text)
{
	const struct backtest_sum *now = &made->sums[BACKTEST_CONFIGURED],
	                          *then = &made->sums[BACKTEST_TRIED];
	int64_t sooner = now->median < 0 || then->median < 0 ? 0 : now->median - then->median;
	uint64_t alone = made->missed + made->more;

	if (past->set_count == 0)
		text_add(text, "Say what to try, such as --set tries=2.");
	else if (made->not_known > alone && made->not_known * 10 > now->outage_count)
		text_format(text, "This cannot be decided: whether there are %" PRIu64 " of the "
		    "outages hangs on attempts that nobody made.", made->not_known);
	else if (made->missed > 0) {
		text_format(text, "Take it only if outages of up to %s need not be told: %" PRIu64
		    " would not have been", SPAN(longest_alone(past, now)), made->missed);
		add_rest(text, made);
	} else if (made->more > 0) {
		text_format(text, "Keep what is configured, unless outages of up to %s are to be "
		    "told, too: %" PRIu64 " would have been, and the others %s%s",
		    SPAN(longest_alone(past, then)), made->more,
		    sooner > 0 ? "sooner by " : "no sooner", sooner > 0 ? SPAN(sooner) : "");
		add_rest(text, made);
	} else if (sooner != 0) {
		text_format(text, "%s: the same outages would have been detected %s %s",
		    sooner > 0 ? "Take it" : "Keep what is configured",
		    SPAN(sooner > 0 ? sooner : -sooner), sooner > 0 ? "sooner" : "later");
		add_rest(text, made);
	} else {
		text_add(text, "Keep what is configured: the same outages would have been detected "
		    "no sooner");
		add_rest(text, made);
	}
}

static void
put_figure(const struct layout_column *layout, size_t count, const char *what,
    const char *const cells[BACKTEST_COLUMNS])
{
	const char *row[BACKTEST_COLUMNS + 1] = { what };

	for (size_t i = 1; i < count; i++)
		row[i] = cells[i - 1];
	layout_row(layout, count, row, "");
}

static void
put_table(const struct past *past, const struct backtest *made, const char *tried)
{
	const struct backtest_sum *sums = made->sums;
	bool tries = past->set_count > 0;
	const struct layout_column layout[BACKTEST_COLUMNS + 1] = { { "", 23, false },
		{ "told then", 12, true }, { "configured", 12, true },
		{ tried, TRIED_MAX, true } };
	size_t count = tries ? BACKTEST_COLUMNS + 1 : BACKTEST_COLUMNS;
	char cells[7][BACKTEST_COLUMNS][CELL_MAX];
	const char *row[7][BACKTEST_COLUMNS];

	for (int i = 0; i < BACKTEST_COLUMNS; i++) {
		row[0][i] = count_cell(sums[i].outage_count, cells[0][i]);
		row[1][i] = count_cell(sums[i].notices, cells[1][i]);
		row[2][i] = i == BACKTEST_TOLD ? "-" : count_cell(sums[i].avoided, cells[2][i]);
		row[3][i] = span_cell(sums[i].median, cells[3][i]);
		row[4][i] = span_cell(sums[i].longest, cells[4][i]);
		row[6][i] = i == BACKTEST_TOLD ? "-" : count_cell(sums[i].unmade, cells[6][i]);
	}
	layout_heads(layout, count, "");
	put_figure(layout, count, "outages", row[0]);
	put_figure(layout, count, "notices", row[1]);
	put_figure(layout, count, "false alarms avoided", row[2]);
	put_figure(layout, count, "detected after, median", row[3]);
	put_figure(layout, count, "detected after, longest", row[4]);
	put_figure(layout, count, "attempts not made", row[6]);
	if (!tries)
		return;
	row[5][BACKTEST_TOLD] = row[5][BACKTEST_CONFIGURED] = "";
	row[5][BACKTEST_TRIED] = count_cell(made->missed, cells[5][0]);
	put_figure(layout, count, "outages missed", row[5]);
	row[5][BACKTEST_TRIED] = count_cell(made->more, cells[5][0]);
	put_figure(layout, count, "outages more", row[5]);
	row[5][BACKTEST_TRIED] = count_cell(made->not_known, cells[5][0]);
	put_figure(layout, count, "outages not known", row[5]);
}

static const char *
difference(enum backtest_column column, const struct backtest_outage *outage)
{
	if (outage->doubt != 0)
		return "not known";
	return column == BACKTEST_TRIED ? "more" : "missed";
}

/* Calls for each outage that only one has, in the order of targets. Returns how many there are. */
static uint64_t
each_difference(const struct past *past, const struct backtest *made,
    void (*put)(const struct past *, struct json *, const struct backtest_outage *, const char *),
    struct json *json, uint64_t most)
{
	uint64_t count = 0;

	for (int column = BACKTEST_CONFIGURED; column < BACKTEST_COLUMNS; column++) {
		const struct backtest_sum *sum = &made->sums[column];

		for (uint32_t i = 0; i < sum->count; i++) {
			const struct backtest_outage *outage = &sum->outages[i];

			if (outage->has_like || (column == BACKTEST_CONFIGURED && outage->avoided))
				continue;
			if (count++ < most)
				put(past, json, outage,
				    difference((enum backtest_column)column, outage));
		}
	}
	return count;
}

static void
put_difference(const struct past *past, struct json *json, const struct backtest_outage *outage,
    const char *how)
{
	(void)json;
	printf("  %-9s  %s  %s, %s\n", how, PAST_TIME(past, outage->began),
	    past->targets[outage->place].name,
	    outage->ended == 0 ? "not ended then" : SPAN(outage->ended - outage->began));
}

static void
put_json_difference(const struct past *past, struct json *json,
    const struct backtest_outage *outage, const char *how)
{
	json_begin_object(json, NULL);
	json_string(json, "target", past->targets[outage->place].name);
	json_string(json, "how", how[0] == 'n' ? "not_known" : how);
	json_time(json, "began", outage->began);
	json_time(json, "ended", outage->ended);
	json_end(json);
}

static void
put_text(const struct past *past, const struct backtest *made, const char *tried)
{
	struct text advice = TEXT_ROOM(ADVICE_MAX);
	uint64_t differences;

	printf("%" PRIu64 " attempts of %" PRIu64 " target%s\nfrom %s until %s\n", made->attempts,
	    made->targets, made->targets == 1 ? "" : "s", PAST_TIME(past, made->from),
	    PAST_TIME(past, made->until < past->now ? made->until : past->now));
	if (strlen(tried) > TRIED_MAX) {
		fputs("tried: ", stdout);
		past_put_line(text_view(tried));
		tried = "tried";
	}
	putchar('\n');
	put_table(past, made, tried);
	if (made->unreadable > 0)
		printf("\n%" PRIu64 " kept attempts are not sound, and were left out.\n",
		    made->unreadable);
	differences = past->set_count == 0 ? 0
	    : each_difference(past, made, put_difference, NULL, 0);
	if (differences > 0) {
		fputs("\nOutages that only one of both has:\n", stdout);
		each_difference(past, made, put_difference, NULL, DIFFERENCES_SHOWN);
		if (differences > DIFFERENCES_SHOWN)
			printf("  and %" PRIu64 " more, which --json lists\n",
			    differences - DIFFERENCES_SHOWN);
	}
	advise(past, made, &advice);
	printf("\n%s\n", advice.bytes);
}

static void
put_json(const struct past *past, const struct backtest *made, const char *tried)
{
	struct json json = json_to_file(stdout);
	struct text advice = TEXT_ROOM(ADVICE_MAX);

	advise(past, made, &advice);
	json_begin_object(&json, NULL);
	json_time(&json, "from", made->from);
	json_time(&json, "until", made->until < past->now ? made->until : past->now);
	json_int(&json, "targets", (int64_t)made->targets);
	json_int(&json, "attempts", (int64_t)made->attempts);
	json_int(&json, "attempts_not_sound", (int64_t)made->unreadable);
	json_string(&json, "settings", tried);
	for (int i = 0; i < BACKTEST_COLUMNS; i++) {
		const struct backtest_sum *sum = &made->sums[i];

		json_begin_object(&json, columns[i]);
		json_int(&json, "outages", sum->outage_count);
		json_int(&json, "notices", (int64_t)sum->notices);
		if (i == BACKTEST_TOLD)
			json_null(&json, "false_alarms_avoided");
		else
			json_int(&json, "false_alarms_avoided", (int64_t)sum->avoided);
		if (i == BACKTEST_TOLD)
			json_null(&json, "attempts_not_made");
		else
			json_int(&json, "attempts_not_made", (int64_t)sum->unmade);
		if (sum->median < 0) {
			json_null(&json, "detected_after_median");
			json_null(&json, "detected_after_longest");
		} else {
			json_seconds(&json, "detected_after_median", sum->median);
			json_seconds(&json, "detected_after_longest", sum->longest);
		}
		json_end(&json);
	}
	json_int(&json, "outages_missed", (int64_t)made->missed);
	json_int(&json, "outages_more", (int64_t)made->more);
	json_int(&json, "not_known", (int64_t)made->not_known);
	json_begin_array(&json, "differences");
	each_difference(past, made, put_json_difference, &json, UINT64_MAX);
	json_end(&json);
	json_string(&json, "advice", advice.bytes);
	json_end(&json);
	json_finish_line(&json);
}

static int
backtest(const struct command *command, int argc, char **argv)
{
	struct past past = { .reader = NULL };
	struct backtest made = { .from = 0 };
	struct backtest_settings *settings;
	struct choice choice;
	int at, ends = past_options(&past, command, argc, argv, &at);

	if (ends != 0)
		return ends;
	ends = backtest_settings_make(&past, command, &settings);
	if (ends != 0)
		past_close(&past);
	past.local = true;
	if (ends != 0 || (ends = choice_open(&past, command, past_words(argv, at), &choice)) != 0)
		return ends;
	ends = backtest_replay(&past, &choice, settings, &made);
	if (ends == 0 && !past.broken) {
		past_begin(&past);
		(past.json ? put_json : put_text)(&past, &made, backtest_settings_words(settings));
	}
	ends = past_finish(&past, ends);
	backtest_fini(&made);
	return ends;
}

static const struct option_row options[] = {
	{ "set", 'e', "KEY=VALUE", "a setting to try, such as tries=2 or slow.banner=5s",
	    PAST_MEMBER(sets) },
	PAST_TIMES, PAST_OPTIONS
};

const struct command command_backtest = {
	.name = "backtest", .arguments = PAST_WORDS,
	.summary = "what other settings would have told of what was seen",
	.help = "Judges the attempts that were made of each TARGET again, by the rules of the "
	    "monitor, under the settings that are configured and under those of --set, side by "
	    "side with what was told then: outages, notices, false alarms avoided, and how long "
	    "it took from the first failed attempt until an outage was certain.\n\n"
	    "What judges attempts can be tried: interval, tries, retry_interval, recover_tries, "
	    "flap_window, tempfail_grace, stale_after, and slow.STEP. Attempts that these settings "
	    "would have made and nobody made are counted, and never guessed: where an outage hangs "
	    "on them, that is not known.\n\n"
	    "Attempts that passed are kept for 3 days; of longer ago nothing can be said. Of "
	    "several warnings of an attempt only its outcome is kept, so only that counts as a "
	    "notice.\n\n" PAST_WORDS_HELP "\n\n"
	    "Exit status: as that of `postwatch status`; 1 also where that time is not kept.",
	.options = options, .run = backtest,
};
