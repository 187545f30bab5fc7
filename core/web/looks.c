/*
 * For the web process: follows the results of all runs in history.db and keeps the newest of each
 * target in memory.
 *
 * Where the following begins is noted before the newest result of each target is read, so that none
 * lies between. It begins with those of the quarter before, which may have no roll-up yet.
 */
#include "web/looks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/outcome.h"
#include "base/text.h"
#include "base/vec.h"
#include "store/history.h"
#include "store/reader_private.h"

enum { RUNS_A_STEP = 2000, TARGETS_A_STEP = 200, LAST_QUARTERS = 9, FAILURES_MAX = 40 };

static const int64_t quarter = INT64_C(900) * SECOND, hour = INT64_C(3600) * SECOND, quarters_after = INT64_C(60) * SECOND;

struct looks {
	struct look *items;
	uint32_t count, room;
	struct hash_table by_target;
	char **lists;       /* of phase names */
	uint32_t list_count, list_room;
	bool has_newest;    /* the newest result of each target was read */
	uint64_t newest_after;
	int64_t last_id;    /* of the results that were followed; -1: not begun */
	uint64_t counted_after; /* results up to this one were there before: they fill their quarters and count in nothing else */
	uint64_t results;
	struct tallies tallies;
	uint32_t quarters_at;  /* the next look whose quarters are read */
	int64_t quarters_next; /* clock_mono() */
	int64_t quarter_now;   /* the number of the quarter that runs; 0: none yet */
};

struct looks *
looks_create(void)
{
	struct looks *looks = calloc(1, sizeof *looks);

	if (looks != NULL)
		looks->last_id = -1;
	return looks;
}

void
looks_restart(struct looks *looks)
{
	looks->has_newest = false;
	looks->newest_after = 0;
	looks->last_id = -1;
	looks->quarters_next = 0;
	looks->quarters_at = 0;
}

void
looks_forget(struct looks *looks)
{
	for (uint32_t i = 0; i < looks->count; i++) {
		while (looks->items[i].failures != NULL) {
			struct failure *next = looks->items[i].failures->next;

			free(looks->items[i].failures);
			looks->items[i].failures = next;
		}
		free(looks->items[i].text);
	}
	looks->count = 0;
	hash_table_fini(&looks->by_target);
	looks->by_target = (struct hash_table){ .count = 0 };
	looks_restart(looks);
}

void
looks_destroy(struct looks **looks)
{
	if (*looks == NULL)
		return;
	looks_forget(*looks);
	tallies_fini(&(*looks)->tallies);
	for (uint32_t i = 0; i < (*looks)->list_count; i++)
		free((*looks)->lists[i]);
	free((*looks)->lists);
	free((*looks)->items);
	free(*looks);
	*looks = NULL;
}

/* NULL if out of memory. */
static struct look *
look_of(struct looks *looks, uint64_t target, uint32_t *index)
{
	uint32_t hash = hash_end(hash_add(HASH_BEGIN, &target, sizeof target));

	HASH_EACH(i, &looks->by_target, hash)
		if (looks->items[i].target == target)
			return &looks->items[*index = i];
	if (!VEC_RESERVE(looks->items, looks->count, looks->room)
	    || !hash_insert(&looks->by_target, hash, looks->count))
		return NULL;
	assert(looks->by_target.count == looks->count + 1 && looks->count < looks->room);
	*index = looks->count;
	looks->items[looks->count++] = (struct look){ .target = target, .verdict = PW_UNKNOWN };
	return &looks->items[*index];
}

static char *
list_of(struct looks *looks, const char *names)
{
	for (uint32_t i = 0; i < looks->list_count; i++)
		if (strcmp(looks->lists[i], names) == 0)
			return looks->lists[i];
	if (!VEC_RESERVE(looks->lists, looks->list_count, looks->list_room))
		return NULL;
	looks->lists[looks->list_count] = strdup(names);
	return looks->lists[looks->list_count] == NULL ? NULL : looks->lists[looks->list_count++];
}

uint32_t
look_quarter(int64_t number)
{
	int64_t place = number % LOOK_QUARTERS;

	return (uint32_t)(place < 0 ? place + LOOK_QUARTERS : place);
}

uint32_t
look_hour(int64_t number)
{
	int64_t place = number % LOOK_HOURS;

	return (uint32_t)(place < 0 ? place + LOOK_HOURS : place);
}

/* A damaged file may hold any number: sums of two times within these bounds do not overflow. */
static int64_t
bounded(int64_t time)
{
	static const int64_t most = INT64_MAX / 4;

	return time < 0 ? 0 : time > most ? most : time;
}

static enum store_mood
mood_of(uint32_t number)
{
	return number < STORE_MOODS_END ? (enum store_mood)number : STORE_MOOD_unknown;
}

static void
take_run(struct looks *looks, const struct store_run *run)
{
	int64_t at = bounded(run->at), micros = bounded(run->micros), times[STORE_PHASES_MAX];
	uint32_t index, count = store_run_phases(run, times);
	struct look *look = look_of(looks, run->target, &index);

	if (look == NULL || at + micros < look->at + look->micros)
		return;
	if (look->at == 0 || look->verdict != verdict_of(run->verdict))
		look->alike_since = at;
	look->at = at;
	look->micros = micros;
	look->verdict = verdict_of(run->verdict);
	look->mood = mood_of(run->mood);
	look->speaks_until = at + run->speaks_for * (int64_t)SECOND;
	text_copy(look->outcome, sizeof look->outcome, outcome_current(run->outcome));
	free(look->text);
	look->text = run->text.size == 0 ? NULL : strndup(run->text.data, run->text.size);
	look->phase_names = list_of(looks, run->phase_names);
	look->phase_count = count < LOOK_PHASES_MAX ? count : LOOK_PHASES_MAX;
	memcpy(look->phases, times, look->phase_count * sizeof *look->phases);
}

/* What a strip shows of a run. */
static uint8_t
shown_mood(enum pw_verdict verdict, enum store_mood mood)
{
	return mood == STORE_MOOD_degraded && verdict == PW_BLOCKED ? LOOK_BLOCKED : (uint8_t)mood;
}

/* A quarter that is not over has no roll-up yet: the runs that were followed fill it. */
static void
count_in_quarter(struct looks *looks, const struct store_run *run)
{
	uint32_t index;
	struct look *look = look_of(looks, run->target, &index);
	struct quarter *now = look == NULL ? NULL
	    : &look->quarters[look_quarter(run->at / quarter)];
	enum store_mood mood = mood_of(run->mood);

	if (now == NULL)
		return;
	if (run->verdict == PW_FAILED && now->failed < UINT8_MAX)
		now->failed++;
	if (now->share == 0 || mood == STORE_MOOD_down || (mood != STORE_MOOD_up && now->mood == STORE_MOOD_up)) {
		now->mood = shown_mood(verdict_of(run->verdict), mood);
		now->share = UINT8_MAX;
	}
}

void
look_day(const struct look *look, int64_t last, struct quarter day[LOOK_QUARTERS])
{
	for (int64_t i = 0, number = last - LOOK_QUARTERS + 1; i < LOOK_QUARTERS; i++, number++) {
		day[i] = look->quarters[look_quarter(number)];
		if (day[i].share == 0 && number >= look->at / quarter
		    && number * quarter < look->speaks_until)
			day[i] = (struct quarter){ .mood = shown_mood(look->verdict, look->mood),
			    .share = UINT8_MAX };
	}
}

/* At the last step that it reached, which the newest run may not have. */
static void
count_failure(struct look *look, const struct store_run *run)
{
	struct failure *failure = look->failures;
	char name[sizeof failure->phase] = "";
	const char *outcome = outcome_current(run->outcome);
	int64_t times[STORE_PHASES_MAX];
	struct run_steps steps = { .names = run->phase_names, .times = times,
	    .left = store_run_phases(run, times) };
	uint32_t kinds = 0;

	while (run_steps_next(&steps))
		if (steps.micros >= 0)
			snprintf(name, sizeof name, "%.*s", (int)steps.name.size, steps.name.data);
	for (; failure != NULL && (strcmp(failure->outcome, outcome) != 0 || strcmp(failure->phase, name) != 0); failure = failure->next)
		kinds++;
	if (failure == NULL) {
		failure = kinds == FAILURES_MAX ? NULL : calloc(1, sizeof *failure);
		if (failure == NULL)
			return;
		text_copy(failure->outcome, sizeof failure->outcome, outcome);
		memcpy(failure->phase, name, sizeof name);
		failure->next = look->failures;
		look->failures = failure;
	}
	failure->count++;
}

/* What is counted of a run that was followed, which may not be the newest. */
static void
count_run(struct looks *looks, const struct store_run *run)
{
	uint32_t index;
	struct look *look = look_of(looks, run->target, &index);

	if (look == NULL)
		return;
	looks->results++;
	look->runs[verdict_of(run->verdict)]++;
	if (run->verdict == PW_FAILED)
		count_failure(look, run);
	if (look->probe != NULL)
		tallies_add(&looks->tallies, look->probe, run);
}

/* Some of the newest of each target, or of those that were kept since; their count. */
static bool
read_runs(struct looks *looks, struct store_reader *reader, enum store_list_kind kind, uint32_t *count)
{
	bool follows = kind == STORE_LIST_RUNS;
	struct store_list list;
	struct store_run run;

	store_list_open(&list, reader, kind, 0);
	store_list_behind(&list, follows ? (uint64_t)looks->last_id : looks->newest_after);
	store_list_limit(&list, RUNS_A_STEP);
	while (store_list_next(&list, &run)) {
		take_run(looks, &run);
		if (follows)
			count_in_quarter(looks, &run);
		if (follows && run.id > looks->counted_after)
			count_run(looks, &run);
	}
	if (follows)
		looks->last_id = list.numbers[0];
	else
		looks->newest_after = (uint64_t)list.numbers[0];
	*count = list.given;
	return store_list_close(&list) != STORE_READ_BROKEN;
}

static void
take_quarter(struct look *look, struct query *query)
{
	struct quarter *into = &look->quarters[look_quarter(query_i64(query, 0) / quarter)];
	int64_t counts[PW_UNKNOWN + 1 + STORE_MOODS_END] = { 0 }, *time = counts + PW_UNKNOWN + 1;
	static const enum store_mood worst_first[] = { STORE_MOOD_down, STORE_MOOD_unknown, STORE_MOOD_degraded, STORE_MOOD_paused };

	(void)times_unpack(query_bytes(query, 1), counts, sizeof counts / sizeof counts[0]);
	*into = (struct quarter){ .mood = STORE_MOOD_up, .share = UINT8_MAX,
		.failed = (uint8_t)(counts[PW_FAILED] < 0 ? 0 : counts[PW_FAILED] < UINT8_MAX ? counts[PW_FAILED] : UINT8_MAX) };
	for (size_t i = 0; i < sizeof worst_first / sizeof worst_first[0]; i++) {
		if (time[worst_first[i]] <= 0)
			continue;
		into->mood = worst_first[i] == STORE_MOOD_degraded && counts[PW_BLOCKED] > counts[PW_DEGRADED] ? LOOK_BLOCKED : (uint8_t)worst_first[i];
		into->share = (uint8_t)(time[worst_first[i]] >= quarter ? UINT8_MAX : 1 + time[worst_first[i]] * (UINT8_MAX - 1) / quarter);
		break;
	}
}

static uint32_t
pace_of(int64_t micros)
{
	return micros < 0 ? 0 : micros > UINT32_MAX ? UINT32_MAX : (uint32_t)micros;
}

static void
take_hour(struct look *look, struct query *query)
{
	look->hours[look_hour(query_i64(query, 0) / hour)] = (struct pace){ pace_of(query_i64(query, 2)), pace_of(query_i64(query, 3)) };
}

/* Places of the quarters and hours that have begun since still hold what was a day before. After more than two hours, as of a host that was
 * suspended, the roll-ups of the whole day are read again. */
static void
advance(struct looks *looks, int64_t now)
{
	int64_t number = now / quarter, begun = looks->quarter_now == 0 ? 0 : number - looks->quarter_now;

	for (uint32_t i = 0; i < looks->count; i++) {
		for (int64_t j = 1; j <= begun && j <= LOOK_QUARTERS; j++) {
			looks->items[i].quarters[look_quarter(looks->quarter_now + j)] = (struct quarter){ .share = 0 };
			looks->items[i].hours[look_hour((looks->quarter_now + j) * quarter / hour)] = (struct pace){ .p50 = 0 };
		}
	}
	if (begun > LAST_QUARTERS)
		looks->quarters_next = 0;
	if (begun > 0 || looks->quarter_now == 0)
		looks->quarter_now = number;
}

/* Of some targets; the last that may have been made since, and the hour before them, once all were read. Returns whether there are more. */
static bool
read_quarters(struct looks *looks, struct db *db, int64_t now)
{
	int64_t from = now - now % quarter - (LOOK_QUARTERS - 1) * quarter;

	if (looks->quarters_at == 0 && clock_mono() < looks->quarters_next)
		return false;
	for (uint32_t i = 0; i < TARGETS_A_STEP && looks->quarters_at < looks->count; i++, looks->quarters_at++) {
		struct look *look = &looks->items[looks->quarters_at];
		struct query *query = DB_ROWS(db, "SELECT start, counts, p50, p95, span FROM rollups"
		    " WHERE target = ?1 AND span IN (0, 1) AND start >= ?2 ORDER BY span, start",
		    BIND(look->target), BIND(looks->quarters_next == 0 ? from : now - LAST_QUARTERS * quarter));

		if (query == NULL)
			return false;
		while (query_step(query))
			(query_i64(query, 4) == STORE_QUARTER ? take_quarter : take_hour)(look, query);
	}
	if (looks->quarters_at < looks->count)
		return true;
	looks->quarters_at = 0;
	looks->quarters_next = clock_mono() + quarters_after;
	return false;
}

/* Results are followed from those of the quarter before this one on: behind which id. They stand nearly in the order of their times. Returns
 * false where that cannot be read. */
static bool
begin_following(struct looks *looks, struct db *db)
{
	int64_t high = db_number(db, "SELECT coalesce(max(id), 0) FROM results", -1), low = 0;

	if (high < 0)
		return false;
	looks->counted_after = (uint64_t)high;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		int64_t at = DB_NUMBER(db,
		    "SELECT at FROM results WHERE id > ?1 ORDER BY id LIMIT 1", BIND(middle));

		if (at < (looks->quarter_now - 1) * quarter)
			low = middle + 1;
		else
			high = middle;
	}
	looks->last_id = low;
	return true;
}

uint32_t
looks_find(struct looks *looks, uint64_t target)
{
	uint32_t index;

	return look_of(looks, target, &index) == NULL ? UINT32_MAX : index;
}

const struct look *
looks_get(const struct looks *looks, uint32_t index)
{
	assert(index < looks->count);
	return &looks->items[index];
}

bool
looks_turn(struct looks *looks, struct store_reader *reader, int64_t now)
{
	uint32_t count = 0;
	bool follows;

	advance(looks, now);
	if (reader->history == NULL)
		return false;
	follows = looks->last_id >= 0 || begin_following(looks, reader->history);
	if (!looks->has_newest) {
		bool good = read_runs(looks, reader, STORE_LIST_NEWEST_RUNS, &count);

		looks->has_newest = good && count < RUNS_A_STEP;
		return good; /* else it is tried again, but not at once */
	}
	if (follows)
		(void)read_runs(looks, reader, STORE_LIST_RUNS, &count);
	return count == RUNS_A_STEP || read_quarters(looks, reader->history, now);
}

bool
looks_note(struct looks *looks, uint32_t index, const char *probe, uint64_t incident)
{
	struct look *look = &looks->items[index];

	assert(index < looks->count);
	if (look->probe == NULL || strcmp(look->probe, probe) != 0)
		look->probe = list_of(looks, probe);
	if (incident > look->incident && looks->last_id >= 0)
		look->incidents++;
	if (incident > look->incident)
		look->incident = incident;
	return look->probe != NULL;
}

const struct tallies *
looks_tallies(const struct looks *looks)
{
	return &looks->tallies;
}

uint64_t
looks_results(const struct looks *looks)
{
	return looks->results;
}
