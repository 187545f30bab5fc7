/*
 * `postwatch report`: availability and outages of targets in a period, with the slowest steps,
 * certificates that changed, and who was told and how fast.
 *
 * What is down is told by the incidents, so that the down time is the sum of the outages that stand
 * below it, from the first failing attempt to the first passing one. Unknown and paused time is
 * told by the sums of the attempts, which are kept for each quarter of an hour; it is left out of
 * an outage, too.
 */
#include "command/command.h"

#include <stdlib.h>

#include "base/clock.h"
#include "command/choice.h"
#include "command/find_target.h"
#include "command/layout.h"
#include "command/report_form.h"

static const int64_t quarter = 15 * 60 * (int64_t)SECOND, hour = 3600 * (int64_t)SECOND;
/* So long after its end a quarter has been summed up. */
static const int64_t summed_after = 2 * 3600 * (int64_t)SECOND;
/* `keep_incidents` is no less: what ended since then is there. */
static const int64_t kept_at_least = 7 * 24 * 3600 * (int64_t)SECOND;

/* An outage that was within the period, or whose end was confirmed there. */
struct outage {
	uint64_t target;
	int64_t began, ended, confirmed; /* the end */
};

struct making {
	struct past past;
	struct choice choice;
	struct report report;
	struct outage *outages; /* by target */
	uint32_t outage_count, outage_room;
	uint32_t outage;        /* the first of the target at hand, and of those behind it */
	bool forgot;            /* there were outages that are kept no longer */
};

/* Whom deliveries went to, and how long each took from when its notice was certain. */
struct recipient {
	struct recipient *next;
	const char *notifier, *recipient;
	int64_t *times;
	uint32_t count, room;
	int64_t untold;
};

static union cell *
add_row(struct making *making, int which)
{
	struct report_table *table = &making->report.tables[which];

	return memset(MUST_ADD(table->rows, table->count, table->room), 0, sizeof *table->rows);
}

/* All that was watched then, also what is gone now, unless targets are named. */
static bool
is_of_report(const struct making *making, uint64_t number)
{
	const struct past_target *target = past_target(&making->past, number);

	return target != NULL && choice_has(&making->choice, number)
	    && target->known < making->report.until
	    && (target->gone == 0 || target->gone > making->report.from);
}

static const char *
shown(struct past *past, struct pw_bytes text)
{
	struct text escaped = TEXT_ROOM(4096);

	text_add_shown(&escaped, text);
	return past_string(past, escaped.bytes);
}

static void
take_incidents(struct making *making)
{
	struct past *past = &making->past;
	const struct report *report = &making->report;
	struct store_outage incident;

	PAST_EACH(past, &incident, STORE_LIST_INCIDENTS, 0) {
		int64_t until = incident.ended != 0 ? incident.ended : past->now;
		int64_t confirmed = incident.end_confirmed > until ? incident.end_confirmed : until;
		union cell *row;

		if (!is_of_report(making, incident.target) || incident.began >= report->until
		    || confirmed <= report->from)
			continue;
		*MUST_ADD(making->outages, making->outage_count, making->outage_room) =
		    (struct outage){ incident.target, incident.began, until, confirmed };
		if (until <= report->from)
			continue;
		row = add_row(making, INCIDENTS);
		row[0].number = (int64_t)incident.number;
		row[1].text = past_string(past, incident.name);
		row[2].number = incident.began;
		row[3].number = incident.ended;
		row[4].number = until - incident.began;
		row[5].text = past_string(past, incident.outcome);
		row[6].text = shown(past, incident.text);
	}
}

static int
by_target(const void *a, const void *b)
{
	const struct outage *x = a, *y = b;

	return (x->target > y->target) - (x->target < y->target);
}

static int64_t
overlap(int64_t from, int64_t until, int64_t begin, int64_t end)
{
	from = from > begin ? from : begin;
	until = until < end ? until : end;
	return until > from ? until - from : 0;
}

/* Time of one target, microseconds. */
struct sums {
	int64_t watched, up, down, unknown, paused, incidents;
	int64_t slowest, p95, slowest_at; /* 0: nothing was measured */
	char slowest_step[32];
};

static void
take_phases(struct sums *sums, const struct store_sum *sum)
{
	struct store_phase_times times[STORE_PHASES_MAX];
	uint32_t count = store_sum_phases(sum, times);
	const char *names = sum->phase_names;

	for (uint32_t i = 0; i < count && *names != '\0'; i++) {
		size_t size = strcspn(names, " ");

		if (times[i].max > sums->slowest) {
			sums->slowest = times[i].max;
			sums->p95 = times[i].p95;
			sums->slowest_at = sum->start;
			snprintf(sums->slowest_step, sizeof sums->slowest_step, "%.*s",
			    (int)size, names);
		}
		names += size + (names[size] == ' ');
	}
}

/* Those of a target, of which the numbers rise from call to call. */
static const struct outage *
find_outages(struct making *making, uint64_t target, uint32_t *count)
{
	const struct outage *all = making->outages;
	uint32_t at = making->outage;

	while (at < making->outage_count && all[at].target < target)
		at++;
	making->outage = at;
	for (*count = 0; at < making->outage_count && all[at].target == target; at++)
		++*count;
	return all + making->outage;
}

/* What a sum has of being down stands for an outage that was there and is kept no longer. */
static int64_t
down_within(struct making *making, const struct outage *outages, uint32_t count,
    const struct store_sum *sum, int64_t end)
{
	int64_t down = 0;
	bool any = sum->down == 0 || end > making->past.now - kept_at_least;

	for (uint32_t i = 0; i < count; i++) {
		down += overlap(outages[i].began, outages[i].ended, sum->start, end);
		any |= overlap(outages[i].began, outages[i].confirmed, sum->start, end) > 0;
	}
	making->forgot |= !any;
	return any ? down : sum->down;
}

/* What is within no sum was not seen, unless it has not been summed up yet: the figures then end
 * before. */
static struct sums
sum_up(struct making *making, const struct past_target *target)
{
	struct past *past = &making->past;
	int64_t now = past->now - past->now % quarter;
	int64_t from = making->report.from, until = making->report.until, last, length = hour;
	int64_t begins = target->known > from ? target->known : from;
	struct sums sums = { 0 };
	uint32_t count;
	const struct outage *outages = find_outages(making, target->number, &count);
	struct store_list list;
	struct store_sum sum;

	for (uint32_t i = 0; i < count; i++)
		sums.incidents += outages[i].ended > from;
	from = begins - begins % quarter;
	if (target->gone != 0 && target->gone < until)
		until = target->gone - target->gone % quarter;
	until = until < now ? until : now;
	last = from;
	if (from % hour != 0 || until % hour != 0)
		length = quarter;
	store_list_open(&list, past->reader,
	    length == hour ? STORE_LIST_HOURS : STORE_LIST_QUARTERS, target->number);
	store_list_behind(&list, (uint64_t)from - 1);
	while (past_next(past, &list, &sum)) {
		int64_t counted = sum.up + sum.degraded + sum.down, down;

		if (sum.start >= until) {
			store_list_stop(&list);
			continue;
		}
		last = sum.start + length;
		down = down_within(making, outages, count, &sum, last);
		down = down < counted ? down : counted;
		sums.down += down;
		sums.up += counted - down;
		sums.paused += sum.paused;
		take_phases(&sums, &sum);
	}
	if (until > past->now - summed_after && last < until)
		until = last;
	sums.watched = until > begins ? until - begins : 0;
	sums.unknown = sums.watched - sums.up - sums.down - sums.paused;
	sums.unknown = sums.unknown > 0 ? sums.unknown : 0;
	return sums;
}

/* Millionths, rounded down; -1 where there is nothing to be a part of. */
static int64_t
part(int64_t of, int64_t all)
{
	return all <= 0 ? -1 : (int64_t)((__int128)of * 1000000 / all);
}

static void
put_sums(struct making *making, const char *name, const struct sums *sums, int64_t sla)
{
	union cell *row = add_row(making, AVAILABILITY);
	int64_t counted = sums->up + sums->down;

	row[0].text = name;
	row[1].number = part(sums->up, counted);
	row[2].number = sla > 0 ? sla : -1;
	if (sla > 0 && counted > 0)
		row[3].text = (__int128)sums->up * 1000000 >= (__int128)sla * counted ? "yes"
		                                                                      : "no";
	row[4].number = part(sums->up, counted + sums->unknown);
	row[5].number = part(sums->up + sums->unknown, counted + sums->unknown);
	row[6].number = sums->down;
	row[7].number = sums->unknown;
	row[8].number = sums->paused;
	row[9].number = sums->incidents;
	row[10].number = sums->watched;
}

static void
take_targets(struct making *making)
{
	const struct past *past = &making->past;
	struct sums all = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < past->target_count && !past->broken; i++) {
		const struct past_target *target = &past->targets[i];
		const struct target *configured = target->configured;
		struct sums sums;

		if (!is_of_report(making, target->number))
			continue;
		sums = sum_up(making, target);
		put_sums(making, target->name, &sums,
		    configured == NULL ? 0 : configured->policy->sla);
		count++;
		all.watched += sums.watched;
		all.up += sums.up;
		all.down += sums.down;
		all.unknown += sums.unknown;
		all.paused += sums.paused;
		all.incidents += sums.incidents;
		if (sums.slowest > 0) {
			union cell *row = add_row(making, SLOWEST);

			row[0].text = target->name;
			row[1].text = past_string(&making->past, sums.slowest_step);
			row[2].number = sums.slowest;
			row[3].number = sums.p95;
			row[4].number = sums.slowest_at;
		}
	}
	if (count > 1)
		put_sums(making, "all of them", &all, 0);
}

static struct recipient *
find_recipient(struct past *past, struct recipient **all, const struct store_told *told)
{
	while (*all != NULL && (strcmp((*all)->notifier, told->notifier) != 0
	    || strcmp((*all)->recipient, told->recipient) != 0))
		all = &(*all)->next;
	if (*all == NULL) {
		*all = past_keep(past, sizeof **all);
		(*all)->notifier = past_string(past, told->notifier);
		(*all)->recipient = past_string(past, told->recipient);
	}
	return *all;
}

static void
put_recipient(struct making *making, const struct recipient *recipient)
{
	union cell *row = add_row(making, TOLD);

	if (recipient->count > 0)
		qsort(recipient->times, recipient->count, sizeof *recipient->times, compare_i64);
	row[0].text = recipient->notifier;
	row[1].text = recipient->recipient;
	row[2].number = recipient->count;
	row[3].number = recipient->count == 0 ? -1 : recipient->times[(recipient->count - 1) / 2];
	row[4].number = recipient->count == 0 ? -1 : recipient->times[recipient->count - 1];
	row[5].number = recipient->untold;
}

/* A notice of a certificate is of its facts, whose names begin so. What went into a digest was told
 * when that was. */
static void
take_notices(struct making *making)
{
	struct past *past = &making->past;
	struct recipient *all = NULL;
	uint64_t last = 0;
	struct store_told told;

	PAST_EACH(past, &told, STORE_LIST_NOTICES, 0) {
		bool is_down = strcmp(told.kind, "down") == 0 || strcmp(told.kind, "outage") == 0;
		struct recipient *recipient;

		if (told.confirmed < making->report.from || told.confirmed >= making->report.until
		    || told.target == 0 || !is_of_report(making, told.target))
			continue;
		if (strcmp(told.kind, "fact") == 0 && told.notice != last
		    && memmem(told.text.data, told.text.size, "cert_", 5) != NULL) {
			union cell *row = add_row(making, CERTIFICATES);

			row[0].number = told.confirmed;
			row[1].text = past_string(past, told.name);
			row[2].text = shown(past, told.text);
		}
		last = told.notice;
		if (!is_down || told.notifier[0] == '\0')
			continue;
		recipient = find_recipient(past, &all, &told);
		if (strcmp(told.delivery, "sent") != 0 && strcmp(told.delivery, "merged") != 0) {
			recipient->untold++;
			continue;
		}
		*MUST_ADD(recipient->times, recipient->count, recipient->room) =
		    told.ended - told.confirmed;
	}
	for (; all != NULL; all = all->next) {
		put_recipient(making, all);
		free(all->times);
	}
}

/* "Mail servers from 2026-11-01 00:00:00 +0100 until …"; without a time the last whole month of the
 * reader's. */
static void
set_period(struct making *making)
{
	struct past *past = &making->past;
	struct report *report = &making->report;
	struct zone_time wall = zone_at(past->zone, past->now / SECOND);
	struct text title = TEXT_ROOM(1024);

	report->from = making->choice.since;
	report->until = making->choice.until < past->now ? making->choice.until : past->now;
	if (past->since == NULL && past->until == NULL) {
		wall = (struct zone_time){ .year = wall.year, .month = wall.month, .day = 1 };
		report->until = zone_seconds(past->zone, &wall) * SECOND;
	}
	if (past->since == NULL) {
		wall = zone_at(past->zone, report->until / SECOND - 1);
		wall = (struct zone_time){ .year = wall.year, .month = wall.month, .day = 1 };
		report->from = zone_seconds(past->zone, &wall) * SECOND;
	}
	report->from -= report->from % quarter;
	report->until -= report->until % quarter;
	text_format(&title, "Mail servers%s", past->tag == NULL ? "" : " of ");
	text_escape(&title, text_view(past->tag == NULL ? "" : past->tag));
	text_format(&title, " from %s until %s", PAST_TIME(past, report->from),
	    PAST_TIME(past, report->until));
	report->title = past_string(past, title.bytes);
}

static int
make(struct making *making, enum report_form form)
{
	static const enum report_form parts[] = { REPORT_TEXT, REPORT_HTML, REPORT_JSON };
	struct past *past = &making->past;

	set_period(making);
	if (making->report.from >= making->report.until) {
		fputs("postwatch: a report is of a time that has begun, 15 min at least\n", stderr);
		return EXIT_NOTHING;
	}
	take_incidents(making);
	if (making->outage_count > 0)
		qsort(making->outages, making->outage_count, sizeof *making->outages, by_target);
	take_targets(making);
	if (making->forgot)
		making->report.forgotten = "Of outages that ended longer ago than `keep_incidents` "
		    "only the time from one confirmation to the other is kept: it counts as down, and "
		    "they are not listed. ";
	take_notices(making);
	if (past->broken)
		return 0;
	past_begin(past);
	if (form != REPORT_PARTS)
		return report_write(past, &making->report, form) ? 0 : EXIT_INTERNAL;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!report_write(past, &making->report, parts[i]))
			return EXIT_INTERNAL;
		layout_be_plain(); /* from the NUL behind the text on */
		putchar('\0');
	}
	return 0;
}

/* The daemon knows of which targets, and what its period is. */
static int
send_it(struct past *past, const struct command *command, int words)
{
	if (words != 0 || past->form != 0 || past->until != NULL)
		return command_misused(command, "--send goes with --tag, which of the reports of "
		    "NOTIFIER, and --from, the month, the first day of the week, or the day");
	return past_ask(past, (const char *const[]){ "report", past->send,
	    past->tag == NULL ? "" : past->tag, past->since == NULL ? "" : past->since, NULL });
}

static int
report(const struct command *command, int argc, char **argv)
{
	struct making making = { .report = report_empty };
	struct past *past = &making.past;
	const char **words = must(calloc((size_t)argc + 2, sizeof *words));
	int at, ends = past_options(past, command, argc, argv, &at);

	if (ends == 0 && past->send != NULL) {
		ends = send_it(past, command, argc - at);
	} else if (ends == 0) {
		const char *tag = FORMAT(300, "tag:%s", past->tag == NULL ? "" : past->tag);

		memcpy(words, argv + at, (size_t)(argc - at) * sizeof *words);
		words[argc - at] = past->tag != NULL ? tag : NULL;
		past->json = past->form != REPORT_TEXT; /* what is wrong is said beside it */
		ends = choice_open(past, command, words, &making.choice);
		if (ends == 0)
			ends = past_finish(past, make(&making, (enum report_form)past->form));
	}
	for (int i = 0; i < REPORT_TABLES; i++)
		free(making.report.tables[i].rows);
	free(making.outages);
	free(words);
	return ends;
}

static const struct option_row options[] = {
	{ "from", 's', "TIME", "from then on: 2026-11, 2026-11-23, \"2026-11-23 20:00\"",
	    PAST_MEMBER(since) },
	{ "to", 'U', "TIME", "up to then; a day or a month is itself within", PAST_MEMBER(until) },
	{ "tag", 'g', "TAG", "of the targets that have the tag, as tag:TAG", PAST_MEMBER(tag) },
	{ "html", 'H', NULL, "one file, to be printed", PAST_MEMBER(form) },
	{ "csv", 'C', NULL, "for a spreadsheet", PAST_MEMBER(form) },
	{ "markdown", 'M', NULL, "tables of Markdown", PAST_MEMBER(form) },
	{ "json", 'J', NULL, "one object", PAST_MEMBER(form) },
	{ "parts", 'P', NULL, "the text, then the same as --html and --json, each with a NUL behind it",
	    PAST_MEMBER(form) },
	{ "send", 'N', "NOTIFIER", "have the daemon send it, as `reports` has it",
	    PAST_MEMBER(send) },
	PAST_FOLDER_OPTIONS,
	PAST_SOCKET,
	{ "utc", 'u', NULL, "times in UTC, and days of UTC", PAST_MEMBER(utc) },
	{ .name = NULL },
};

const struct command command_report = {
	.name = "report", .arguments = PAST_WORDS,
	.summary = "availability and outages of a month, to hand to a customer",
	.help = "Tells of each TARGET, or of all that were watched then, how available it was and "
	    "whether that is what `sla` asks for, its outages with their cause and length, its "
	    "slowest step, which certificates changed, and how fast who was told. Without times it "
	    "is of the last whole month. Days and months are those of the reader's zone.\n\n"
	    "Availability is up time of up and down time; unknown and paused time stand apart, "
	    "with the best and the worst case. The figures are of quarters of an hour; of a time "
	    "that goes on they end with the last one that is summed up.\n\n" PAST_WORDS_HELP "\n\n"
	    "Exit status: as that of `postwatch status`.",
	.options = options, .run = report,
};
