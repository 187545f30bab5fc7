/*
 * `postwatch backtest`: from the stored attempts at targets, what other settings would have told
 * people, beside what was told.
 */
#include "command/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "command/backtest_replay.h"
#include "command/layout.h"

enum { CELL_MAX = 48, TRIED_MAX = 20, DIFFERENCES_SHOWN = 10, ADVICE_MAX = 400 };

static const char *const columns[BACKTEST_COLUMNS] = { "told", "configured", "tried" };

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

/* The figures of a set of settings in the order of the lines of text. */
static const struct figure {
	const char *words, *key;
	size_t member; /* of struct backtest_sum, 64 bits; -1: not known */
	bool is_span;
	bool is_of_replay; /* of what was told it is not known */
} figures[] = {
	{ "outages", "outages", offsetof(struct backtest_sum, outage_count), false, false },
	{ "notices", "notices", offsetof(struct backtest_sum, notices), false, false },
	{ "false alarms avoided", "false_alarms_avoided",
	    offsetof(struct backtest_sum, avoided), false, true },
	{ "detected after, median", "detected_after_median",
	    offsetof(struct backtest_sum, median), true, false },
	{ "detected after, longest", "detected_after_longest",
	    offsetof(struct backtest_sum, longest), true, false },
	{ "attempts not made", "attempts_not_made",
	    offsetof(struct backtest_sum, unmade), false, true },
};
enum { FIGURES = sizeof figures / sizeof *figures };

static int64_t
figure_of(const struct backtest *made, int column, const struct figure *figure)
{
	const void *member = (const char *)&made->sums[column] + figure->member;

	return figure->is_of_replay && column == BACKTEST_TOLD ? -1 : *(const int64_t *)member;
}

static void
put_table(const struct past *past, const struct backtest *made, const char *tried)
{
	bool tries = past->set_count > 0;
	const struct layout_column layout[BACKTEST_COLUMNS + 1] = { { "", 23, false },
		{ "told then", 12, true }, { "configured", 12, true },
		{ tried, TRIED_MAX, true } };
	size_t count = tries ? BACKTEST_COLUMNS + 1 : BACKTEST_COLUMNS;
	const char *const differences[] = { "outages missed", "outages more", "outages not known" };
	const uint64_t counts[] = { made->missed, made->more, made->not_known };

	layout_heads(layout, count, "");
	for (size_t i = 0; i < FIGURES; i++) {
		char bytes[BACKTEST_COLUMNS][CELL_MAX];
		const char *cells[] = { figures[i].words, bytes[0], bytes[1], bytes[2] };

		for (int column = 0; column < BACKTEST_COLUMNS; column++) {
			int64_t value = figure_of(made, column, &figures[i]);
			struct text text = TEXT_OVER(bytes[column]);

			text_add(&text, value < 0 ? "-" : figures[i].is_span ? SPAN(value)
			    : FORMAT(CELL_MAX, "%" PRId64, value));
		}
		layout_row(layout, count, cells, "");
	}
	for (size_t i = 0; tries && i < sizeof counts / sizeof *counts; i++)
		layout_row(layout, count, (const char *const[]){ differences[i], "", "",
		    FORMAT(CELL_MAX, "%" PRIu64, counts[i]) }, "");
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
				put(past, json, outage, outage->doubt != 0 ? "not known"
				    : column == BACKTEST_TRIED ? "more" : "missed");
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
	static const size_t order[FIGURES] = { 0, 1, 2, 5, 3, 4 };
	struct json json = json_begin_line(stdout);
	struct text advice = TEXT_ROOM(ADVICE_MAX);

	advise(past, made, &advice);
	json_time(&json, "from", made->from);
	json_time(&json, "until", made->until < past->now ? made->until : past->now);
	json_int(&json, "targets", (int64_t)made->targets);
	json_int(&json, "attempts", (int64_t)made->attempts);
	json_int(&json, "attempts_not_sound", (int64_t)made->unreadable);
	json_string(&json, "settings", tried);
	for (int column = 0; column < BACKTEST_COLUMNS; column++) {
		json_begin_object(&json, columns[column]);
		for (size_t i = 0; i < FIGURES; i++) {
			const struct figure *figure = &figures[order[i]];
			int64_t value = figure_of(made, column, figure);

			if (value < 0)
				json_null(&json, figure->key);
			else if (figure->is_span)
				json_seconds(&json, figure->key, value);
			else
				json_int(&json, figure->key, value);
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
	json_end_line(&json);
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
