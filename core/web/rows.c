/* For the web process: reads the watched targets from postwatch.db into memory, a row for each. */
#include "web/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "store/reader_private.h"
#include "web/emit.h"

enum { ROWS_A_STEP = 1000 };

static const int64_t usual_patience = INT64_C(15 * 60) * SECOND, day = INT64_C(86400) * SECOND;

const char *
rank_name(enum board_rank rank)
{
	static const char *const names[RANKS] = { "down", "unknown", "suspect", "blocked", "degraded", "pending", "up" };

	assert((size_t)rank < sizeof names / sizeof *names);
	return names[rank];
}

int64_t
row_since(const struct board_row *row, const struct look *look)
{
	switch (row->rank) {
	case RANK_DOWN:
		return row->began != 0 ? row->began : row->since;
	case RANK_UNKNOWN:
		return row->unseen_since != 0 ? row->unseen_since : look->alike_since != 0 ? look->alike_since : row->since;
	case RANK_SUSPECT:
		return look->verdict == PW_FAILED ? look->alike_since : row->since;
	case RANK_BLOCKED:
	case RANK_DEGRADED:
		return row->standing_since != 0 ? row->standing_since : look->alike_since != 0 ? look->alike_since : row->since;
	default:
		return row->since;
	}
}

bool
row_is_of_look(const struct board_row *row, const struct look *look)
{
	return look->at != 0 && verdict_is_current(look->at + look->micros, look->verdict, row->last_run, row->verdict);
}

static enum board_rank
rank_of(const struct board_row *row)
{
	if (row->stated == RANK_DOWN)
		return RANK_DOWN;
	if (row->unseen_since != 0)
		return RANK_UNKNOWN;
	if (row->stated == RANK_SUSPECT)
		return RANK_SUSPECT;
	if (row->last_run == 0 || row->stated == RANK_PENDING)
		return RANK_PENDING;
	if (row->verdict == PW_UNKNOWN)
		return RANK_UNKNOWN;
	if (row->verdict == PW_BLOCKED)
		return RANK_BLOCKED;
	return row->verdict == PW_DEGRADED || row->conditions[0] != '\0' ? RANK_DEGRADED : RANK_UP;
}

static enum board_care
care_of(const struct board_row *row)
{
	if (row->paused)
		return CARE_PAUSED;
	if (strncmp(row->silences, "parent", 6) == 0)
		return CARE_PARENT;
	return row->acknowledged != 0 ? CARE_ACKNOWLEDGED : CARE_NONE;
}

void
row_judge(struct board_row *row)
{
	row->judged = rank_of(row);
	row->judged_care = care_of(row);
}

bool
row_is_from_the_first(const struct board_row *row, const struct look *look)
{
	int64_t since = row_since(row, look);

	return row->known != 0 && since >= row->known && since - row->known <= row->interval;
}

enum board_rank
rank_named(const char *name)
{
	enum board_rank rank = 0;

	while (rank < RANKS && strcmp(rank_name(rank), name) != 0)
		rank++;
	return rank;
}

void
rows_clear(struct rows *rows)
{
	chunks_fini(&rows->strings);
	free(rows->items);
	free(rows->told);
	hash_table_fini(&rows->by_name);
	*rows = (struct rows){ .count = 0 };
}

static const char row_sql[] = "SELECT t.target, port, coalesce(since_us, 0), coalesce(last_run_us, 0),"
    " coalesce(incident, 0), coalesce(acknowledged_us, 0), flapping, slow, quarantined, CAST(coalesce(interval_s, 0) * 1e6 AS INTEGER),"
    " known_us, coalesce((SELECT min(c.since) FROM conditions c WHERE c.target = t.target AND standing > 0 AND cleared = 0), 0),"
    " name, probe, host, state, coalesce(text, ''), coalesce(outcome, ''), coalesce(conditions, ''), coalesce(silences, ''),"
    " coalesce(acknowledged_by, ''), coalesce(acknowledged_why, ''), coalesce(tls_version, ''), coalesce(tls_cipher, ''), coalesce(verdict, ''),"
    " coalesce(s.at, 0), coalesce(not_before, 0), coalesce(not_after, 0), coalesce(chain_ends, 0), coalesce(ip, 0),"
    " coalesce((SELECT began FROM incidents WHERE number = incident), 0),"
    " (SELECT count(*) FROM incidents i WHERE i.target = t.target AND i.number > ?3 AND began >= ?2),"
    " coalesce((SELECT max(began) FROM incidents i WHERE i.target = t.target AND i.number > ?3 AND began >= ?2), 0)"
    " FROM target_status t LEFT JOIN servers s ON s.target = t.target WHERE t.target > ?1 AND gone IS NULL ORDER BY t.target LIMIT 1000";
enum { FIRST_TEXT = 12, TEXTS = 12, VERDICT = FIRST_TEXT + TEXTS, SERVER, BEGAN = SERVER + 5, LATELY, LATELY_AT };

static bool
make_label(struct rows *rows, struct board_row *row)
{
	struct buffer bytes = { .data = NULL };
	struct emit emit = { .to = &bytes };
	char *kept;

	EMIT(&emit, "target=\"{}\"", AS_LABEL(text_view(row->name)));
	kept = emit.failed ? NULL : chunks_take(&rows->strings, bytes.size);
	if (kept != NULL) {
		memcpy(kept, bytes.data, bytes.size);
		row->label = (struct pw_bytes){ kept, bytes.size };
	}
	buffer_fini(&bytes);
	return kept != NULL;
}

static bool
take_texts(struct rows *rows, struct query *query, struct board_row *row)
{
	const char **const texts[TEXTS] = { &row->name, &row->probe, &row->host, &row->state, &row->text, &row->outcome, &row->conditions,
		&row->silences, &row->ack_by, &row->ack_why, &row->server.tls_version, &row->server.tls_cipher };

	for (int i = 0; i < TEXTS; i++) {
		struct pw_bytes bytes = query_bytes(query, FIRST_TEXT + i);
		char *kept = chunks_take(&rows->strings, bytes.size + 1);

		if (kept == NULL)
			return false;
		if (bytes.size > 0)
			memcpy(kept, bytes.data, bytes.size);
		kept[bytes.size] = '\0';
		*texts[i] = kept;
	}
	return make_label(rows, row);
}

int
target_compare(const void *left, const void *right)
{
	const struct target *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

/* A target that recovers still has an open incident, and stands where it stood while it was
 * down. */
static enum board_rank
rank_stated(const char *state)
{
	if (strcmp(state, "down") == 0 || strcmp(state, "recovering") == 0)
		return RANK_DOWN;
	if (strcmp(state, "suspect") == 0)
		return RANK_SUSPECT;
	return strcmp(state, "pending") == 0 ? RANK_PENDING : RANK_UP;
}

/* A damaged file may hold any number: differences of two times within these bounds do not overflow. */
static int64_t
time_at(struct query *query, int column)
{
	int64_t time = query_i64(query, column);

	return time < 0 || time > INT64_MAX / 4 ? 0 : time;
}

static bool
fill_row(struct rows *rows, struct query *query, struct board_row *row, struct looks *looks)
{
	*row = (struct board_row){ .number = (uint64_t)query_i64(query, 0), .port = (uint32_t)query_i64(query, 1),
		.since = query_i64(query, 2), .last_run = query_i64(query, 3), .incident = (uint64_t)query_i64(query, 4),
		.acknowledged = query_i64(query, 5), .flapping = query_i64(query, 6) != 0, .slow = query_i64(query, 7) != 0,
		.quarantined = query_i64(query, 8) != 0, .began = time_at(query, BEGAN), .interval = query_i64(query, 9), .rank = RANK_PENDING,
		.server = { .at = time_at(query, SERVER), .not_before = time_at(query, SERVER + 1),
		    .not_after = time_at(query, SERVER + 2), .chain_ends = time_at(query, SERVER + 3),
		    .ip = (uint8_t)query_i64(query, SERVER + 4) } };
	if (!verdict_of_name(query_text(query, VERDICT), &row->verdict))
		row->verdict = PW_UNKNOWN;
	row->known = time_at(query, 10);
	row->lately = (uint32_t)query_i64(query, LATELY);
	row->lately_at = time_at(query, LATELY_AT);
	if (row->since == 0)
		row->since = row->known;
	row->standing_since = query_i64(query, 11);
	if (!take_texts(rows, query, row))
		return false;
	row->stated = rank_stated(row->state);
	row->look = looks_find(looks, row->number);
	return row->look != UINT32_MAX && looks_note(looks, row->look, row->probe, row->incident);
}

/* Of one that has something to tell. Returns false if out of memory. */
static bool
read_told(struct rows *rows, struct store_reader *reader, struct board_row *row)
{
	if (row->incident == 0 && row->conditions[0] == '\0')
		return true;
	if (!VEC_RESERVE(rows->told, rows->told_count, rows->told_room))
		return false;
	row->told = rows->told_count + 1;
	if (row->incident != 0) {
		told_read_incident(reader, row->incident, &rows->told[rows->told_count]);
		told_read_before(reader, row->number, row->incident, &rows->told[rows->told_count]);
	} else
		told_read_condition(reader, row->number, row->standing_since, &rows->told[rows->told_count]);
	rows->told_count++;
	return true;
}

static uint32_t
hash_of(const char *name)
{
	return hash_end(hash_add_string(HASH_BEGIN, name));
}

enum store_reading
rows_read(struct rows *rows, struct store_reader *reader, struct looks *looks, const struct config *config,
    const struct target *const *names)
{
	int64_t from = clock_wall() - day;
	struct query *query;
	uint32_t count = 0;

	/* Incidents are numbered as they are confirmed, however long ago they began: none that began since then has a number below this one,
	 * so that a step does not go through all that a target ever had. It is looked for once, since many may have been confirmed of late. */
	if (rows->after == 0)
		rows->earlier = (uint64_t)DB_NUMBER(reader->main, "SELECT number FROM incidents WHERE confirmed < ?1 ORDER BY number DESC LIMIT 1",
		    BIND(from - day));
	query = DB_ROWS(reader->main, row_sql, BIND(rows->after), BIND(from), BIND(rows->earlier));
	for (; query_step(query); count++) {
		const struct target *const *found;
		struct board_row *row;

		if (!VEC_RESERVE(rows->items, rows->count, rows->room)
		    || !fill_row(rows, query, row = &rows->items[rows->count], looks) || !read_told(rows, reader, row)
		    || !hash_insert(&rows->by_name, hash_of(row->name), rows->count)) {
			query_reset(query);
			return STORE_READ_BROKEN;
		}
		assert(rows->told_count <= rows->count + 1 && row->told <= rows->told_count);
		found = bsearch(&(const struct target *){ &(struct target){ .name = row->name } }, names, config->target_count, sizeof *names, target_compare);
		row->configured = found == NULL ? NULL : *found;
		row->patience = found == NULL ? usual_patience
		    : policy_patience((*found)->policy, row->interval > 0 ? row->interval : (*found)->policy->interval);
		rows->after = row->number;
		rows->count++;
	}
	if (db_fault(reader->main) != DB_WELL)
		return STORE_READ_BROKEN;
	return count == ROWS_A_STEP ? STORE_READ_MORE : STORE_READ_END;
}

const struct board_row *
rows_named(const struct rows *rows, const char *name)
{
	HASH_EACH(i, &rows->by_name, hash_of(name))
		if (strcmp(rows->items[i].name, name) == 0)
			return &rows->items[i];
	return NULL;
}

uint32_t
rows_above(const struct rows *rows, uint64_t number)
{
	uint32_t low = 0, high = rows->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (rows->items[middle].number > number)
			high = middle;
		else
			low = middle + 1;
	}
	assert(low == high && low <= rows->count);
	return low;
}

bool
rows_are_of_the_same(const struct rows *one, const struct rows *other)
{
	if (one->count != other->count)
		return false;
	for (uint32_t i = 0; i < one->count; i++)
		if (one->items[i].number != other->items[i].number || strcmp(one->items[i].name, other->items[i].name) != 0)
			return false;
	return true;
}
