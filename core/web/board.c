/*
 * Rows of postwatch.db are read again, page by page, whenever that file has changed, but never more than a tenth of the
 * time; results are followed by their number. Both are kept apart, since a run that changes nothing costs one result and
 * no row.
 */
#include "web/board.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/vec.h"
#include "store/page.h"
#include "web/pauses.h"

enum { ROWS_A_STEP = 500, REST = 10 };

static const int64_t reopen_after = SECOND;

struct board {
	const struct config *config;
	struct window_clock windows;
	const struct target **by_name; /* of the configuration, sorted */
	struct store_reader *reader;
	struct reason why;
	int64_t reopen_at;  /* clock_mono() */

	/* What is in force, and what is being read to take its place. */
	struct board_row *rows, *next;
	uint32_t count, next_count, next_room;
	uint32_t *order;
	uint32_t tally[RANKS];
	struct board_tag tags[BOARD_TAGS_MAX];
	uint32_t tag_count;
	int64_t behind;
	uint64_t after;     /* the last target of `next` */
	int64_t version;    /* PRAGMA data_version when `next` was begun */
	bool is_reading, is_read;
	int64_t began, rest_until; /* clock_mono() */
	struct pauses pauses;
	struct troubles troubles;
	struct store_waiting waiting;

	struct looks *looks;
	int64_t time;
};

const char *
rank_name(enum board_rank rank)
{
	static const char *const names[RANKS] = { "down", "unknown", "suspect", "blocked", "degraded", "pending", "up" };

	return names[rank];
}

enum board_rank
rank_named(const char *name)
{
	enum board_rank rank = 0;

	while (rank < RANKS && strcmp(rank_name(rank), name) != 0)
		rank++;
	return rank;
}

static int
compare_names(const void *left, const void *right)
{
	const struct target *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

struct board *
board_create(const struct config *config)
{
	struct board *board = calloc(1, sizeof *board);

	if (board == NULL)
		return NULL;
	*board = (struct board){ .config = config, .looks = looks_create() };
	board->by_name = calloc(config->target_count + 1, sizeof(const struct target *));
	if (board->looks == NULL || board->by_name == NULL || !window_clock_init(&board->windows, config)) {
		board_destroy(&board);
		return NULL;
	}
	for (uint32_t i = 0; i < config->target_count; i++)
		board->by_name[i] = &config->targets[i];
	qsort(board->by_name, config->target_count, sizeof(const struct target *), compare_names);
	return board;
}

static void
free_rows(struct board_row **rows, uint32_t *count)
{
	for (uint32_t i = 0; i < *count; i++)
		free((*rows)[i].memory);
	free(*rows);
	*rows = NULL;
	*count = 0;
}

void
board_destroy(struct board **board)
{
	struct board *it = *board;

	if (it == NULL)
		return;
	store_reader_close(&it->reader);
	free_rows(&it->rows, &it->count);
	free_rows(&it->next, &it->next_count);
	pauses_clear(&it->pauses);
	troubles_clear(&it->troubles);
	looks_destroy(&it->looks);
	window_clock_fini(&it->windows);
	free(it->pauses.items);
	free(it->troubles.items);
	free(it->order);
	free(it->by_name);
	free(it);
	*board = NULL;
}

/* --- rows --- */

static const char *
keep(char **at, struct pw_bytes bytes)
{
	char *kept = *at;

	if (bytes.size > 0)
		memcpy(kept, bytes.data, bytes.size);
	kept[bytes.size] = '\0';
	*at += bytes.size + 1;
	return kept;
}

static const char row_sql[] = "SELECT target, port, coalesce(since_us, 0), coalesce(last_run_us, 0),"
    " coalesce(incident, 0), coalesce(acknowledged_us, 0), flapping, slow, quarantined, CAST(coalesce(interval_s, 0) * 1e6 AS INTEGER),"
    " known_us, name, probe, host, state, coalesce(text, ''), coalesce(outcome, ''), coalesce(conditions, ''), coalesce(silences, ''),"
    " coalesce(acknowledged_by, ''), coalesce(acknowledged_why, ''), coalesce(verdict, '') FROM target_status"
    " WHERE target > ?1 AND gone IS NULL ORDER BY target LIMIT 500";
enum { FIRST_TEXT = 11, TEXTS = 11 };

/* All strings of a row lie in one block. */
static bool
fill_row(struct board *board, struct query *query, struct board_row *row)
{
	const char **const texts[TEXTS - 1] = { &row->name, &row->probe, &row->host, &row->state, &row->text, &row->outcome, &row->conditions,
		&row->silences, &row->ack_by, &row->ack_why };
	size_t size = 0;
	char *at;

	*row = (struct board_row){ .number = (uint64_t)query_i64(query, 0), .port = (uint32_t)query_i64(query, 1),
		.since = query_i64(query, 2), .last_run = query_i64(query, 3), .incident = (uint64_t)query_i64(query, 4),
		.acknowledged = query_i64(query, 5), .flapping = query_i64(query, 6) != 0, .slow = query_i64(query, 7) != 0,
		.quarantined = query_i64(query, 8) != 0, .interval = query_i64(query, 9) };
	for (int i = 0; i < TEXTS; i++)
		size += query_bytes(query, FIRST_TEXT + i).size + 1;
	row->memory = at = malloc(size);
	if (at == NULL)
		return false;
	for (int i = 0; i < TEXTS - 1; i++)
		*texts[i] = keep(&at, query_bytes(query, FIRST_TEXT + i));
	if (!verdict_of_name(query_text(query, FIRST_TEXT + TEXTS - 1), &row->verdict))
		row->verdict = PW_UNKNOWN;
	if (row->since == 0)
		row->since = query_i64(query, 10);
	row->look = looks_find(board->looks, row->number);
	return row->look != UINT32_MAX;
}

static enum store_reading
read_rows(struct board *board)
{
	struct query *query = db_query(board->reader->main, row_sql);
	uint32_t count = 0;

	if (query == NULL)
		return STORE_READ_BROKEN;
	query_bind_i64(query, 1, (int64_t)board->after);
	for (; query_step(query); count++) {
		if (!VEC_RESERVE(board->next, board->next_count, board->next_room)
		    || !fill_row(board, query, &board->next[board->next_count])) {
			query_reset(query);
			return STORE_READ_BROKEN;
		}
		board->after = board->next[board->next_count++].number;
	}
	if (db_fault(board->reader->main) != DB_WELL)
		return STORE_READ_BROKEN;
	return count == ROWS_A_STEP ? STORE_READ_MORE : STORE_READ_END;
}

static int
compare_key(const void *key, const void *member)
{
	const struct target *const *target = member;

	return strcmp(key, (*target)->name);
}

static enum board_rank
rank_of(const struct board_row *row)
{
	if (strcmp(row->state, "down") == 0 || strcmp(row->state, "recovering") == 0)
		return RANK_DOWN;
	if (row->unseen_since != 0)
		return RANK_UNKNOWN;
	if (strcmp(row->state, "suspect") == 0)
		return RANK_SUSPECT;
	if (row->last_run == 0 || strcmp(row->state, "pending") == 0)
		return RANK_PENDING;
	if (row->verdict == PW_UNKNOWN)
		return RANK_UNKNOWN;
	if (row->verdict == PW_BLOCKED)
		return RANK_BLOCKED;
	return row->verdict == PW_DEGRADED || row->conditions[0] != '\0' ? RANK_DEGRADED : RANK_UP;
}

/* What the newest run and the clock say of a row. */
static void
judge_row(struct board *board, struct board_row *row, int64_t now)
{
	const struct look *look = looks_get(board->looks, row->look);
	int64_t patience = 15 * 60 * (int64_t)SECOND, last;

	if (look->at != 0 && look->at + look->micros + SECOND >= row->last_run) {
		row->last_run = look->at + look->micros;
		row->verdict = look->verdict;
	}
	if (row->configured != NULL)
		patience = policy_patience(row->configured->policy,
		    row->interval > 0 ? row->interval : row->configured->policy->interval);
	last = row->last_run != 0 ? row->last_run : row->since;
	row->unseen_since = board->behind == 0 && now - last > patience ? last : 0;
	row->paused = pauses_hold(&board->pauses, now, row->number, row->configured) || (row->configured != NULL
	    && window_clock_holds(&board->windows, (uint32_t)(row->configured - board->config->targets)));
	row->rank = rank_of(row);
}

static int
compare_rows(const void *left, const void *right, void *arg)
{
	const struct board_row *rows = arg;
	const struct board_row *a = &rows[*(const uint32_t *)left], *b = &rows[*(const uint32_t *)right];

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->rank != RANK_UP && a->since != b->since)
		return a->since > b->since ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void
count_tags(struct board *board, const struct board_row *row)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;

	for (uint32_t i = 0, at; policy != NULL && i < policy->tag_count; i++) {
		for (at = 0; at < board->tag_count && strcmp(board->tags[at].tag, policy->tags[i]) != 0; at++)
			continue;
		if (at == BOARD_TAGS_MAX)
			continue;
		if (at == board->tag_count)
			board->tags[board->tag_count++] = (struct board_tag){ .tag = policy->tags[i] };
		board->tags[at].all++;
		board->tags[at].ill += row->rank != RANK_UP;
	}
}

/* Once all rows are there, and each second after. */
static void
judge_all(struct board *board)
{
	int64_t now = clock_wall();

	board->behind = store_behind_since(board->config->state);
	(void)window_clock_turn(&board->windows, now);
	memset(board->tally, 0, sizeof board->tally);
	board->tag_count = 0;
	for (uint32_t i = 0; i < board->count; i++) {
		judge_row(board, &board->rows[i], now);
		board->tally[board->rows[i].rank]++;
		count_tags(board, &board->rows[i]);
	}
	if (board->count > 0)
		qsort_r(board->order, board->count, sizeof *board->order, compare_rows, board->rows);
	board->time = now;
}

static void
finish_rows(struct board *board)
{
	uint32_t *order = calloc(board->next_count + 1, sizeof *order);

	board->is_reading = false;
	if (order == NULL)
		return;
	free(board->order);
	board->order = order;
	free_rows(&board->rows, &board->count);
	board->rows = board->next;
	board->count = board->next_count;
	board->next = NULL;
	board->next_count = board->next_room = 0;
	for (uint32_t i = 0; i < board->count; i++) {
		const struct target **found = bsearch(board->rows[i].name, board->by_name, board->config->target_count,
		    sizeof(const struct target *), compare_key);

		board->rows[i].configured = found == NULL ? NULL : *found;
		order[i] = i;
	}
	if (!store_read_waiting(board->reader, &board->waiting))
		board->waiting = (struct store_waiting){ 0 };
	board->is_read = true;
	judge_all(board);
	board->rest_until = clock_mono() + REST * (clock_mono() - board->began);
}

static void
begin_rows(struct board *board, int64_t version)
{
	free_rows(&board->next, &board->next_count);
	board->next_room = 0;
	board->after = 0;
	board->version = version;
	board->is_reading = true;
	board->began = clock_mono();
	pauses_read(&board->pauses, board->reader);
	troubles_read(&board->troubles, board->reader);
}

/* Whether it can be read on. A file that another has taken the place of, or that is damaged, is to be opened anew. */
static bool
is_sound(struct db *db)
{
	enum db_fault fault = db_fault(db);

	if (fault == DB_BUSY || fault == DB_STOPPED)
		db_forgive(db);
	return db_fault(db) == DB_WELL && !db_has_moved(db);
}

/* Another file may have other numbers of targets: nothing of the one before is kept. */
static bool
open_store(struct board *board)
{
	enum store_reader_opening opening;
	int64_t now = clock_mono();

	if (now < board->reopen_at)
		return false;
	board->reopen_at = now + reopen_after;
	board->reader = store_reader_open(board->config->state, &opening, &board->why);
	if (board->reader == NULL)
		return false;
	looks_forget(board->looks);
	free_rows(&board->rows, &board->count);
	board->is_read = false;
	begin_rows(board, db_number(board->reader->main, "PRAGMA data_version", 0));
	return true;
}

static bool
read_step(struct board *board)
{
	int64_t version;

	if (board->is_reading) {
		enum store_reading reading = read_rows(board);

		if (reading == STORE_READ_END)
			finish_rows(board);
		if (reading == STORE_READ_BROKEN) { /* a list that was cut short would miss targets: what is in force stays */
			board->is_reading = false;
			board->version = -1;
			board->rest_until = clock_mono() + reopen_after;
		}
		return reading != STORE_READ_BROKEN;
	}
	if (looks_turn(board->looks, board->reader, clock_wall()))
		return true;
	version = db_number(board->reader->main, "PRAGMA data_version", board->version);
	if (version != board->version && clock_mono() >= board->rest_until) {
		begin_rows(board, version);
		return true;
	}
	return false;
}

/* It may appear after postwatch.db, be replaced, or be damaged, on its own: rows are shown without it. */
static void
tend_history(struct board *board)
{
	struct store_reader *reader = board->reader;

	if (reader->history != NULL && !is_sound(reader->history)) {
		db_close(&reader->history);
		looks_restart(board->looks);
	}
	if (reader->history == NULL && clock_mono() >= board->reopen_at) {
		board->reopen_at = clock_mono() + reopen_after;
		reader->history = reader_open_file(board->config->state, STORE_HISTORY);
	}
}

bool
board_turn(struct board *board)
{
	int64_t now = clock_wall();
	bool more;

	if (board->reader == NULL && !open_store(board))
		return false;
	more = read_step(board);
	tend_history(board);
	if (!is_sound(board->reader->main)) {
		reason_set(&board->why, "the store cannot be read");
		store_reader_close(&board->reader);
		board->is_reading = false;
		return false;
	}
	if (board->is_read && now / SECOND != board->time / SECOND)
		judge_all(board);
	return more;
}

bool
board_is_read(const struct board *board, const char **why)
{
	if (why != NULL)
		*why = board->reader == NULL ? board->why.text : "";
	return board->is_read && board->reader != NULL;
}

uint32_t
board_count(const struct board *board)
{
	return board->count;
}

const struct board_row *
board_get(const struct board *board, uint32_t place)
{
	assert(place < board->count && board->order[place] < board->count);
	return &board->rows[board->order[place]];
}

const struct board_row *
board_named(const struct board *board, const char *name)
{
	for (uint32_t i = 0; i < board->count; i++)
		if (strcmp(board->rows[i].name, name) == 0)
			return &board->rows[i];
	return NULL;
}

const struct look *
board_look(const struct board *board, const struct board_row *row)
{
	return looks_get(board->looks, row->look);
}

uint32_t
board_tally(const struct board *board, enum board_rank rank)
{
	return board->tally[rank];
}

uint32_t
board_tags(const struct board *board, const struct board_tag **tags)
{
	*tags = board->tags;
	return board->tag_count;
}

int64_t
board_behind_since(const struct board *board)
{
	return board->behind;
}

int64_t
board_time(const struct board *board)
{
	return board->time;
}

uint64_t
board_results(const struct board *board)
{
	return looks_results(board->looks);
}

const struct troubles *
board_troubles(const struct board *board)
{
	return &board->troubles;
}

struct store_waiting
board_waiting(const struct board *board)
{
	return board->waiting;
}

struct store_reader *
board_reader(const struct board *board)
{
	return board->reader;
}
