/*
 * For the web process: sums up how long each target was up in the last day, week, month and year:
 * the store's roll-ups of hours, and the attempts since the newest of them. It takes a few
 * milliseconds a turn, so that no page waits for it.
 */
#include "web/availability.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/list.h"
#include "store/reader_private.h"
#include "web/site.h"

enum { WALKED_MAX = 4000, HOURS_A_DAY = 24 };

static const int64_t hour = INT64_C(3600) * SECOND;
/* Two turns a second: those of 10,000 targets are read again every two minutes. */
static const int64_t turn_takes = 4 * MILLISECOND;

static const struct { const char *name; int64_t hours; } spans[AVAILABILITY_SPANS] = {
	{ "24 hours", HOURS_A_DAY }, { "7 days", 168 }, { "30 days", 720 }, { "365 days", 8760 } };

/* The time from a run to the next one counts as its mood, as long as it speaks for it: as in a roll-up. */
static void
account(struct availability_span *into, const struct store_run *run, int64_t from, int64_t until)
{
	int64_t end = run->at + (int64_t)run->speaks_for * SECOND, spoken = end > until ? until : end;

	if (until <= from)
		return;
	spoken = spoken < from ? from : spoken;
	/* So no part of the time is counted twice, or left out. */
	assert(from <= spoken && spoken <= until);
	if (run->mood == STORE_MOOD_up || run->mood == STORE_MOOD_degraded)
		into->good += spoken - from;
	else if (run->mood == STORE_MOOD_down)
		into->down += spoken - from;
	else if (run->mood != STORE_MOOD_paused)
		into->unknown += spoken - from;
	into->unknown += until - spoken;
}

/* When the first roll-up begins, but not before the target was known; 0: there is none. `before`: how much of its hour lies before then, which
 * the roll-up counts as unknown. */
static int64_t
first_rolled(struct store_reader *reader, uint64_t target, int64_t *before)
{
	int64_t first = DB_NUMBER(reader->history,
	    "SELECT min(start) FROM rollups WHERE target = ?1 AND span = 1 AND up IS NOT NULL", BIND(target));
	int64_t known = DB_NUMBER(reader->main, "SELECT known FROM targets WHERE number = ?1", BIND(target));

	*before = first > 0 && first < known && known - first < hour ? known - first : 0;
	return first > 0 && first < known ? known : first;
}

/* What no roll-up has yet, from the newest run back to `from`; before the first run of all nothing is unknown. Returns when the oldest of
 * these runs began; `now` where there is none. */
static int64_t
read_since(struct store_reader *reader, uint64_t target, int64_t from, int64_t now, struct availability_span *into)
{
	struct store_list list;
	struct store_run run;
	int64_t until = now;
	uint32_t walked = 0;

	store_list_open(&list, reader, STORE_LIST_HISTORY, target);
	for (; until > from && walked < WALKED_MAX && store_list_next(&list, &run); walked++) {
		if (run.at < 0 || run.at > until)
			continue;
		account(into, &run, run.at > from ? run.at : from, until);
		until = run.at;
	}
	if (walked == WALKED_MAX && until > from) /* those before are not read */
		into->unknown += until - from;
	(void)store_list_close(&list);
	return until;
}

/* What was rolled up is read as sums. The attempts since then are read one by one, a day of them
 * at most, so that the work has a bound where nothing was rolled up for long. */
void
availability_read(struct store_reader *reader, uint64_t target, int64_t now, struct availability *availability)
{
	struct db *db = reader == NULL ? NULL : reader->history;
	struct availability_span since = { .good = 0 };
	int64_t newest, from, oldest, begins, before;

	*availability = (struct availability){ .spans = { { .good = 0 } } };
	if (db == NULL)
		return;
	begins = first_rolled(reader, target, &before);
	newest = DB_NUMBER(db, "SELECT max(start) FROM rollups WHERE target = ?1 AND span = 1 AND up IS NOT NULL", BIND(target));
	from = newest <= 0 || newest > INT64_MAX / 4 ? 0 : newest + hour;
	oldest = read_since(reader, target, from > now - hour * HOURS_A_DAY ? from : now - hour * HOURS_A_DAY, now, &since);
	for (int i = 0; i < AVAILABILITY_SPANS; i++) {
		struct availability_span *span = &availability->spans[i];
		int64_t first = now - spans[i].hours * hour;
		struct query *query = DB_ROW(db, "SELECT coalesce(sum(up + degraded), 0), coalesce(sum(down), 0), coalesce(sum(unknown), 0)"
		    " FROM rollups WHERE target = ?1 AND span = 1 AND start >= ?2 AND up IS NOT NULL", BIND(target), BIND(first));

		if (query != NULL)
			*span = (struct availability_span){ query_i64(query, 0), query_i64(query, 1), query_i64(query, 2) };
		query_reset(query);
		if (begins - before >= first)
			span->unknown -= before < span->unknown ? before : span->unknown;
		span->good += since.good;
		span->down += since.down;
		span->unknown += since.unknown;
	}
	availability->begins = begins == 0 && oldest < now ? oldest : begins;
}

bool
availability_is_young(const struct availability *availability, int span, int64_t now)
{
	return availability->begins > now - spans[span].hours * hour;
}

bool
availability_is_repeated(const struct availability *availability, int span, int64_t now)
{
	return span > 0 && (availability->begins == 0 || availability_is_young(availability, span - 1, now));
}

/* Never rounded up: 100 % is all of it. */
static void
put_share(struct view *view, int64_t good, int64_t all)
{
	PUT(view, "{} %", AS_THOUSANDTHS((int64_t)(100000.0 * (double)good / (double)all)));
}

void
availability_put_percent(struct view *view, const struct availability_span *span)
{
	if (span->good + span->down <= 0)
		PUT(view, "not known");
	else
		put_share(view, span->good, span->good + span->down);
}

void
availability_put(struct view *view, const struct availability *availability)
{
	int64_t now = board_time(view->board);

	PUT(view, "<div class=\"figures\" id=\"availability\">");
	for (int i = 0; i < AVAILABILITY_SPANS && !availability_is_repeated(availability, i, now); i++) {
		const struct availability_span *span = &availability->spans[i];
		int64_t all = span->good + span->down + span->unknown;

		PUT(view, "<div><strong>");
		availability_put_percent(view, span);
		PUT(view, "</strong><span>");
		if (availability_is_young(availability, i, now)) {
			PUT(view, "since {}, where the record begins",
			    AS_TIME(availability->begins));
		} else
			PUT(view, "{}", AS_STRING(spans[i].name));
		if (span->good + span->down > 0 && span->unknown > 0) {
			PUT(view, ", ");
			put_share(view, span->good, all);
			PUT(view, " at worst, ");
			put_share(view, span->good + span->unknown, all);
			PUT(view, " at best: {} unknown", AS_AGE(span->unknown));
		}
		PUT(view, "</span></div>");
	}
	PUT(view, "</div>\n");
}

/* --- shared targets --- */

static bool
is_shared(const struct config *config, const struct board_row *row)
{
	for (uint32_t i = 0; row->configured != NULL && i < config->web.share_count; i++)
		if (target_has_tag(row->configured, config->web.shares[i].tag))
			return true;
	return false;
}

static struct availability_of *
find(const struct availabilities *all, uint64_t target)
{
	uint32_t low = 0, high = all->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (all->items[middle].target < target)
			low = middle + 1;
		else
			high = middle;
	}
	return low < all->count && all->items[low].target == target ? &all->items[low] : NULL;
}

bool
availabilities_take(struct availabilities *all, const struct rows *rows, const struct config *config)
{
	struct availabilities made = { .next = all->next };

	for (uint32_t i = 0; config->web.share_count > 0 && i < rows->count; i++)
		made.count += is_shared(config, &rows->items[i]);
	made.items = made.count == 0 ? NULL : calloc(made.count, sizeof *made.items);
	if (made.count > 0 && made.items == NULL)
		return false;
	for (uint32_t i = 0, at = 0; at < made.count; i++) {
		assert(i < rows->count && at <= i); /* those that are shared were counted before */
		const struct availability_of *before = find(all, rows->items[i].number);

		if (!is_shared(config, &rows->items[i]))
			continue;
		made.items[at] = before != NULL ? *before : (struct availability_of){ .target = rows->items[i].number };
		at++;
	}
	free(all->items);
	*all = made;
	return true;
}

/* Those that were not read yet come first, then each anew. */
bool
availabilities_turn(struct availabilities *all, struct store_reader *reader, int64_t now)
{
	int64_t until = clock_mono() + turn_takes;
	bool is_new = false;

	for (uint32_t i = 0; i < all->count && (i == 0 || clock_mono() < until); i++) {
		uint32_t index = all->next < all->count ? all->next : 0, first = index;

		for (uint32_t j = 0; j < all->count && all->items[index].is_read; j++)
			index = index + 1 == all->count ? 0 : index + 1;
		index = all->items[index].is_read ? first : index;
		assert(index < all->count);
		availability_read(reader, all->items[index].target, now, &all->items[index].it);
		all->next = index + 1;
		is_new = !all->items[index].is_read;
		all->items[index].is_read = true;
	}
	return is_new;
}

const struct availability *
availabilities_get(const struct availabilities *all, uint64_t target)
{
	const struct availability_of *found = find(all, target);

	return found == NULL || !found->is_read ? NULL : &found->it;
}
