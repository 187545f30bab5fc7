/*
 * For `postwatch backtest`: replays the stored attempts of the chosen targets, in the order in
 * which they came, through the monitor's rules, with the configured settings and with those that
 * are tried. Counts the outages, notices and false alarms of both, beside what was told in fact.
 *
 * The store does not have what the rules remember, so they begin with nothing, and the first hour
 * of attempts is not counted. A target that became known no more than ten minutes before the first
 * of them is counted from the beginning.
 */
#include "command/backtest_replay.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/find_target.h"
#include "monitor/silence.h"

enum { RUNS_BETWEEN_PROGRESS = 160000 };
static const int64_t warm_up = 3600 * (int64_t)SECOND, known_before = 600 * (int64_t)SECOND,
    longest_run = 86400 * (int64_t)SECOND;

struct confirmation {
	size_t place;
	struct replay_confirmation is;
};

/* A target that is chosen; policy NULL: it is not. */
struct replayed {
	const struct backtest_policy *policy;
	struct replay replay;
	int64_t counted_from;
	uint32_t confirmation; /* the next of it */
	bool waits;
	uint64_t unmade[REPLAY_MACHINES]; /* before what is counted */
	/* when the last suspicion began; the outage that is open, as its place + 1, 0: none */
	int64_t suspected[REPLAY_MACHINES];
	uint32_t open[REPLAY_MACHINES];
};

struct replaying {
	struct past *past;
	struct backtest *made;
	struct store_kept kept;
	struct replayer replayer;
	struct replayed *targets; /* by place */
	struct confirmation *confirmations; /* by place and time */
	uint32_t confirmation_count, confirmation_room;
	size_t *waiting;          /* places */
	uint32_t waiting_count, waiting_room;
	size_t place;             /* of the target at hand */
	int64_t now;
	bool progress;
};

static bool
is_counted(const struct replaying *it, size_t place, int64_t at)
{
	return at >= it->targets[place].counted_from && at < it->made->until;
}

/* Rows may have been written by anybody. */
static bool
is_span(int64_t from, int64_t to)
{
	return from > 0 && from <= to;
}

static void
learn(void *arg, enum replay_which which, const struct run_effects *effects, unsigned doubt)
{
	struct replaying *it = arg;
	struct replayed *target = &it->targets[it->place];
	struct backtest_sum *sum = &it->made->sums[BACKTEST_CONFIGURED + which];

	if (effects->suspected)
		target->suspected[which] = it->now;
	if (effects->avoided && is_counted(it, it->place, it->now)) {
		sum->avoided++;
		if (doubt != 0)
			*MUST_ADD(sum->outages, sum->count, sum->room) =
			    (struct backtest_outage){ .place = it->place,
				.began = target->suspected[which], .confirmed = it->now,
				.ended = it->now, .doubt = doubt, .avoided = true };
	}
	for (uint32_t i = 0; i < effects->count; i++) {
		const struct change *change = &effects->changes[i];

		if (change->to == STATE_UP && target->open[which] > 0) {
			sum->outages[target->open[which] - 1].ended = change->detected.utc;
			target->open[which] = 0;
		}
		if (!is_counted(it, it->place, change->confirmed.utc))
			continue;
		sum->notices += change->silence == 0;
		if ((change->kind != NOTICE_down && change->kind != NOTICE_flapping)
		    || change->to != STATE_DOWN || change->from == STATE_DOWN)
			continue; /* no outage begins with it */
		*MUST_ADD(sum->outages, sum->count, sum->room) =
		    (struct backtest_outage){ .place = it->place, .began = change->detected.utc,
			.confirmed = change->confirmed.utc, .doubt = doubt };
		target->open[which] = sum->count;
	}
}

/* What was told, newest first; and what of it confirmed an outage without an attempt. */
static void
take_notice(struct replaying *it, const struct store_notice *notice)
{
	size_t place = past_place(it->past, notice->target);
	enum notice_kind kind = notice_named(notice->kind);
	bool by_rules = kind == NOTICE_down || kind == NOTICE_up || kind == NOTICE_changed
	    || kind == NOTICE_flapping || kind == NOTICE_settled || kind == NOTICE_degraded
	    || kind == NOTICE_blocked || kind == NOTICE_cleared || kind == NOTICE_impaired;

	if (it->targets[place].policy == NULL || !by_rules)
		return;
	if (is_counted(it, place, notice->confirmed) && notice->silences[0] == '\0')
		it->made->sums[BACKTEST_TOLD].notices++;
	if ((kind != NOTICE_down && kind != NOTICE_flapping)
	    || !is_span(notice->detected, notice->confirmed))
		return;
	*MUST_ADD(it->confirmations, it->confirmation_count, it->confirmation_room) =
	    (struct confirmation){ place,
		{ notice->detected, notice->confirmed, silence_named(notice->silences) } };
}

static int
by_place(const void *left, const void *right)
{
	const struct confirmation *a = left, *b = right;

	return a->place != b->place ? (a->place > b->place) - (a->place < b->place)
	                            : (a->is.at > b->is.at) - (a->is.at < b->is.at);
}

static void
read_told(struct replaying *it)
{
	struct backtest_sum *told = &it->made->sums[BACKTEST_TOLD];
	struct past *past = it->past;
	struct store_notice notice;
	struct store_outage row;
	struct store_list list;

	store_list_open(&list, past->reader, STORE_LIST_RECORDED, 0);
	while (past_next(past, &list, &notice)) {
		take_notice(it, &notice);
		/* Numbers rise with time, but for a clock that was set. */
		if (notice.confirmed < it->kept.since - longest_run)
			store_list_stop(&list);
	}
	if (it->confirmation_count > 0)
		qsort(it->confirmations, it->confirmation_count, sizeof *it->confirmations,
		    by_place);
	for (uint32_t i = it->confirmation_count; i > 0; i--)
		it->targets[it->confirmations[i - 1].place].confirmation = i - 1;
	store_list_open(&list, past->reader, STORE_LIST_INCIDENTS, 0);
	while (past_next(past, &list, &row)) {
		size_t place = past_place(past, row.target);

		if (it->targets[place].policy != NULL && is_counted(it, place, row.confirmed)
		    && is_span(row.began, row.confirmed))
			*MUST_ADD(told->outages, told->count, told->room) =
			    (struct backtest_outage){ .place = place, .began = row.began,
				.confirmed = row.confirmed, .ended = row.ended };
		if (row.confirmed < it->kept.since - longest_run)
			store_list_stop(&list);
	}
}

static void
show_progress(const struct replaying *it, uint64_t row)
{
	enum { CELLS = 40 };
	uint64_t all = it->kept.last - it->kept.behind, done = row - it->kept.behind;
	int cells = all == 0 || done >= all ? CELLS : (int)(done * CELLS / all);

	if (it->progress)
		fprintf(stderr, "\rreplaying [%.*s%*s] %3d %%", cells,
		    "########################################", CELLS - cells, "",
		    cells * 100 / CELLS);
}

/* What was confirmed without an attempt, up to then. */
static void
confirm(struct replaying *it, size_t place, int64_t until)
{
	struct replayed *target = &it->targets[place];

	for (; target->confirmation < it->confirmation_count; target->confirmation++) {
		const struct confirmation *next = &it->confirmations[target->confirmation];

		if (next->place != place || next->is.at > until)
			break;
		it->now = next->is.at;
		must_be(replay_confirmed(&it->replayer, &target->replay, &target->policy->replay,
		    &next->is));
	}
}

/* Somebody beyond this host was heard: who waits for that, and is somebody else, waits no more. */
static void
hear(struct replaying *it, size_t but, int64_t at)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < it->waiting_count; i++) {
		size_t place = it->waiting[i];
		struct replayed *target = &it->targets[place];

		if (place != but && replay_waits(&target->replay)) {
			it->place = place;
			it->now = at;
			must_be(replay_heard(
			    &it->replayer, &target->replay, &target->policy->replay, at));
		}
		if (replay_waits(&target->replay))
			it->waiting[left++] = place;
		else
			target->waits = false;
	}
	assert(left <= it->waiting_count);
	it->waiting_count = left;
}

static void
judge(struct replaying *it, size_t place, const struct store_run *row, int64_t ended)
{
	struct replayed *target = &it->targets[place];
	int64_t phases[STORE_PHASES_MAX];
	bool same = strcmp(row->phase_names, target->policy->phase_names) == 0;
	const struct replay_run run = { .run = row->run, .started = row->at, .ended = ended,
		.verdict = (enum pw_verdict)row->verdict, .flags = row->flags,
		.paused = row->mood == STORE_MOOD_paused, .outcome = row->outcome,
		.phase_count = same ? store_run_phases(row, phases) : 0, .phases = phases };

	assert(ended >= row->at && place < it->past->target_count);
	it->place = place;
	confirm(it, place, ended);
	it->now = ended;
	must_be(replay_run(&it->replayer, &target->replay, &target->policy->replay, &run));
	if (is_counted(it, place, ended))
		it->made->attempts++;
	else
		for (int i = 0; i < REPLAY_MACHINES; i++)
			target->unmade[i] = target->replay.machines[i].unmade;
	if (!replay_waits(&target->replay) || target->waits)
		return;
	*MUST_ADD(it->waiting, it->waiting_count, it->waiting_room) = place;
	target->waits = true;
	if (it->past->config->target_count == 1) /* nobody else is there to be heard */
		hear(it, SIZE_MAX, ended);
}

static void
take_run(struct replaying *it, const struct store_run *row)
{
	size_t place = past_place(it->past, row->target);

	if (row->at <= 0 || row->at > it->past->now + longest_run || row->micros < 0
	    || row->micros > longest_run || row->verdict > PW_UNKNOWN) {
		it->made->unreadable++;
		return;
	}
	if (row->at >= it->made->until)
		return;
	if (it->targets[place].policy != NULL)
		judge(it, place, row, row->at + row->micros);
	bool heard = row->verdict <= PW_BLOCKED
	    || (row->verdict == PW_FAILED && row->flags & REPORT_SPOKEN);
	if (it->waiting_count > 0 && heard && !(row->flags & REPORT_OWN_HOST))
		hear(it, place, row->at + row->micros);
}

static int
by_begin(const void *left, const void *right)
{
	const struct backtest_outage *a = left, *b = right;

	return a->place != b->place ? (a->place > b->place) - (a->place < b->place)
	                            : (a->began > b->began) - (a->began < b->began);
}

static void
sum_up(struct backtest_sum *sum)
{
	int64_t *delays = must(calloc((size_t)sum->count + 1, sizeof *delays));
	uint32_t count = 0;

	if (sum->count > 0)
		qsort(sum->outages, sum->count, sizeof *sum->outages, by_begin);
	for (uint32_t i = 0; i < sum->count; i++)
		if (!sum->outages[i].avoided)
			delays[count++] = sum->outages[i].confirmed - sum->outages[i].began;
	qsort(delays, count, sizeof *delays, compare_i64);
	sum->outage_count = count;
	sum->median = count == 0 ? -1 : delays[(count - 1) / 2];
	sum->longest = count == 0 ? -1 : delays[count - 1];
	free(delays);
}

/* Both are by target and begin, and neither overlaps itself. */
static void
match(struct backtest_sum *one, struct backtest_sum *other)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < one->count; i++) {
		struct backtest_outage *outage = &one->outages[i];
		int64_t ended = outage->ended == 0 ? INT64_MAX : outage->ended;

		while (at < other->count && (other->outages[at].place < outage->place
		    || (other->outages[at].place == outage->place && other->outages[at].ended != 0
		    && other->outages[at].ended <= outage->began)))
			at++;
		for (uint32_t j = at; j < other->count && other->outages[j].place == outage->place
		    && other->outages[j].began < ended; j++) {
			outage->has_like |= outage->avoided || !other->outages[j].avoided;
			if (other->outages[j].avoided)
				outage->doubt |= other->outages[j].doubt;
		}
	}
}

/* An outage that only one has is known where nothing could have made it otherwise. */
static void
compare(struct backtest *made)
{
	struct backtest_sum *configured = &made->sums[BACKTEST_CONFIGURED],
	                    *tried = &made->sums[BACKTEST_TRIED];

	for (int i = 0; i < BACKTEST_COLUMNS; i++)
		sum_up(&made->sums[i]);
	match(configured, tried);
	match(tried, configured);
	for (uint32_t i = 0; i < configured->count; i++) {
		const struct backtest_outage *outage = &configured->outages[i];

		made->missed += !outage->avoided && !outage->has_like && outage->doubt == 0;
		made->not_known += !outage->avoided && !outage->has_like && outage->doubt != 0;
	}
	for (uint32_t i = 0; i < tried->count; i++) {
		const struct backtest_outage *outage = &tried->outages[i];

		made->more += !outage->avoided && !outage->has_like && outage->doubt == 0;
		made->not_known += !outage->has_like && outage->doubt != 0;
	}
}

static int
refuse(const struct replaying *it, int64_t earliest)
{
	char from[PAST_TIME_MAX];

	past_time(from, it->past, earliest);
	from[strlen("2026-11-29 21:00:00")] = '\0';
	if (it->kept.from_start)
		return command_fail(EXIT_NOTHING, "no attempt was kept before %s: "
		    "--since \"%s\" or later, which is what it is without --since", from, from);
	return command_fail(EXIT_NOTHING, "of the time before %s attempts that passed are not kept "
	    "any more (those of 3 days are, and the rules take an hour of them to begin with): "
	    "--since \"%s\" or later, which is what it is without --since", from, from);
}

/* From when on each target is counted, and all together. */
static int
begin(struct replaying *it, const struct choice *choice, struct backtest_settings *settings)
{
	struct past *past = it->past;
	int64_t earliest = it->kept.since + warm_up;
	uint64_t unconfigured = 0;

	for (size_t i = choice_next(choice, 0); i < past->target_count;
	    i = choice_next(choice, i + 1)) {
		const struct past_target *target = &past->targets[i];

		if (target->configured == NULL) {
			unconfigured++;
			continue;
		}
		it->targets[i].policy = backtest_policy(past, settings, target->configured->policy);
		it->made->targets++;
		if (target->known + known_before >= it->kept.since)
			earliest = it->kept.since;
		else
			it->targets[i].counted_from = it->kept.since + warm_up;
	}
	if (it->made->targets == 0)
		return command_fail(EXIT_NOTHING, past->config == NULL
		    ? "no configuration can be read, whose settings would be compared"
		    : "none of these targets is configured, so there are no settings to compare");
	if (unconfigured > 0)
		command_fail(0, "%llu that %s not configured any more %s left out",
		    (unsigned long long)unconfigured, unconfigured == 1 ? "is" : "are",
		    unconfigured == 1 ? "is" : "are");
	if (choice->since != 0 && choice->since < earliest - SECOND)
		return refuse(it, earliest);
	it->made->from = choice->since > earliest ? choice->since : earliest;
	it->made->until = choice->until < past->now ? choice->until : past->now + 1;
	for (size_t i = 0; i < past->target_count; i++)
		if (it->targets[i].counted_from < it->made->from)
			it->targets[i].counted_from = it->made->from;
	if (it->made->from >= it->made->until)
		return command_fail(EXIT_NOTHING, "nothing is kept of that time");
	return backtest_settings_finish(settings);
}

/* Progress is shown between two readings, while no transaction is open: a terminal that is stopped
 * (^S) must not keep the daemon from shortening its log of writes. */
static void
read_runs(struct replaying *it)
{
	uint64_t last = it->kept.behind, count = RUNS_BETWEEN_PROGRESS;
	struct store_run row;

	while (count == RUNS_BETWEEN_PROGRESS && !it->past->broken) {
		show_progress(it, last);
		struct store_runs *runs = must(store_runs_create(it->past->reader, last));
		for (count = 0; count < RUNS_BETWEEN_PROGRESS && store_runs_next(runs, &row);
		     count++) {
			last = row.id;
			take_run(it, &row);
		}
		it->past->broken |= store_runs_destroy(&runs) == STORE_READ_BROKEN;
	}
	if (it->progress)
		fprintf(stderr, "\r%60s\r", "");
	for (size_t i = 0; i < it->past->target_count; i++) {
		it->place = i;
		if (it->targets[i].policy != NULL)
			confirm(it, i, it->made->until);
		for (int j = 0; j < REPLAY_MACHINES; j++)
			it->made->sums[BACKTEST_CONFIGURED + j].unmade
			    += it->targets[i].replay.machines[j].unmade - it->targets[i].unmade[j];
		replay_fini(&it->targets[i].replay);
	}
}

int
backtest_replay(struct past *past, const struct choice *choice, struct backtest_settings *settings,
    struct backtest *made)
{
	struct replaying it = { .past = past, .made = made,
		.replayer = { .codes = must(codes_create()), .told = learn },
		.targets = must(calloc(past->target_count + 1, sizeof *it.targets)),
		.progress = isatty(STDERR_FILENO) };
	bool broken;
	int status;

	it.replayer.arg = &it;
	if (store_read_kept(past->reader, &it.kept, &broken))
		status = begin(&it, choice, settings);
	else
		status = broken ? 0 : command_fail(EXIT_NOTHING, "no attempts are kept");
	past->broken |= broken;
	if (status == 0 && !broken) {
		read_told(&it);
		if (!past->broken)
			read_runs(&it);
		compare(made);
	}
	codes_destroy(&it.replayer.codes);
	free(it.targets);
	free(it.confirmations);
	free(it.waiting);
	return status;
}

void
backtest_fini(struct backtest *made)
{
	for (int i = 0; i < BACKTEST_COLUMNS; i++)
		free(made->sums[i].outages);
}
