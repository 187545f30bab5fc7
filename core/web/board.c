/*
 * For the web process: keeps in memory how every target stands, read from the store in small steps,
 * so that pages need not read it.
 *
 * Rows of postwatch.db are read again, step by step, whenever that file has changed, but never more
 * than a tenth of the time; results of runs are followed by their number. Rows and results are kept
 * apart, since a run that changes nothing costs one result and no row.
 *
 * Once a second the rank of each row (down, unknown, up ...) is computed, for some thousands a
 * step; rows whose rank has changed are put in their new places among those that stay in order.
 */
#include "web/board.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/reader_private.h"

enum { JUDGED_A_STEP = 5000, REST = 10 };

static const int64_t reopen_after = SECOND;

struct board {
	struct board_known known;
	const struct config *config;
	const struct target **by_name; /* of the configuration, sorted */
	struct store_reader *reader;
	struct reason why;
	int64_t reopen_at;  /* clock_mono() */

	/* What is in force, and what is being read to take its place. */
	struct rows rows, next;
	int64_t version;    /* PRAGMA data_version when `next` was begun */
	bool is_reading, is_read, is_judging;
	uint32_t judged;    /* rows of the round that is being judged */
	int64_t ends, ends_in_round; /* the next end of a certificate, and that of those that were judged; INT64_MAX: none */
	uint64_t ends_of, ends_of_in_round; /* its target */
	int64_t began, rest_until; /* clock_mono() */
	struct availabilities availabilities;
};

struct board *
board_create(const struct config *config)
{
	struct board *board = calloc(1, sizeof *board);

	if (board == NULL)
		return NULL;
	*board = (struct board){ .config = config, .known.looks = looks_create(), .ends = INT64_MAX };
	board->by_name = calloc(config->target_count + 1, sizeof(const struct target *));
	if (board->known.looks == NULL || board->by_name == NULL
	    || !window_clock_init(&board->known.windows, config)) {
		board_destroy(&board);
		return NULL;
	}
	for (uint32_t i = 0; i < config->target_count; i++)
		board->by_name[i] = &config->targets[i];
	qsort(board->by_name, config->target_count, sizeof(const struct target *), target_compare);
	return board;
}

void
board_destroy(struct board **board)
{
	struct board *it = *board;

	if (it == NULL)
		return;
	store_reader_close(&it->reader);
	rows_clear(&it->rows);
	rows_clear(&it->next);
	pauses_clear(&it->known.pauses);
	troubles_clear(&it->known.troubles);
	outbox_clear(&it->known.outbox);
	ranking_fini(&it->known.ranking);
	looks_destroy(&it->known.looks);
	window_clock_fini(&it->known.windows);
	free(it->availabilities.items);
	free(it->known.pauses.items);
	free(it->known.troubles.items);
	free(it->by_name);
	free(it);
	*board = NULL;
}

/* --- ranks --- */

/* What the newest run and the clock say of a row. */
static void
judge_row(struct board *board, struct board_row *row, int64_t now)
{
	const struct look *look = looks_get(board->known.looks, row->look);
	int64_t last;

	if (row_is_of_look(row, look)) {
		row->last_run = look->at + look->micros;
		row->verdict = look->verdict;
	}
	last = row->last_run != 0 ? row->last_run : row->since;
	row->unseen_since = board->known.behind == 0 && now - last > row->patience ? last : 0;
	row->paused = pauses_hold(&board->known.pauses, now, row->number, row->configured) || (row->configured != NULL
	    && window_clock_holds(&board->known.windows, (uint32_t)(row->configured - board->config->targets)));
	row_judge(row);
	if (server_ends(&row->server) > now && server_ends(&row->server) < board->ends_in_round) {
		board->ends_in_round = server_ends(&row->server);
		board->ends_of_in_round = row->number;
	}
}

static void
begin_round(struct board *board)
{
	board->known.behind = store_behind_since(board->config->state);
	(void)window_clock_turn(&board->known.windows, clock_wall());
	board->judged = 0;
	board->ends_in_round = INT64_MAX;
	board->is_judging = true;
}

/* Returns whether there is more of the round. */
static bool
judge_step(struct board *board)
{
	int64_t now = clock_wall();

	for (uint32_t i = 0; i < JUDGED_A_STEP && board->judged < board->rows.count; i++, board->judged++) {
		struct board_row *row = &board->rows.items[board->judged];

		judge_row(board, row, now);
		if (row->judged != row->rank || row->judged_care != row->care)
			ranking_note(&board->known.ranking, &board->rows, board->judged);
	}
	assert(board->judged <= board->rows.count);
	if (board->judged < board->rows.count)
		return true;
	ranking_place(&board->known.ranking, &board->rows);
	board->is_judging = false;
	board->ends = board->ends_in_round;
	board->ends_of = board->ends_of_in_round;
	board->known.time = now;
	board->known.version++;
	return false;
}

/* --- rows --- */

/* They keep their ranks until they are judged, and their places where they did not change. */
static void
keep_order(struct board *board)
{
	struct board_row *items = board->next.items;
	const struct board_row *before = board->rows.items;

	assert(board->next.count == board->rows.count); /* the same targets, in the same places */
	ranking_drop(&board->known.ranking);
	for (uint32_t i = 0; i < board->next.count; i++) {
		items[i].rank = items[i].judged = before[i].rank;
		items[i].care = items[i].judged_care = before[i].care;
	}
	for (uint32_t i = 0; i < board->next.count; i++)
		if (items[i].since != before[i].since)
			ranking_note(&board->known.ranking, &board->next, i);
}

/* The targets are others than before. Returns false if out of memory. */
static bool
order_anew(struct board *board)
{
	int64_t now = clock_wall();

	begin_round(board);
	for (uint32_t i = 0; i < board->next.count; i++) {
		judge_row(board, &board->next.items[i], now);
		board->next.items[i].rank = board->next.items[i].judged;
		board->next.items[i].care = board->next.items[i].judged_care;
	}
	board->known.time = now;
	return ranking_make(&board->known.ranking, &board->next);
}

/* Those that are in both, which are in the order of their numbers, may have changed in the same step. */
static void
note_changes(struct board *board)
{
	const struct board_row *before = board->rows.items, *now = board->next.items;

	for (uint32_t i = 0, j = 0; i < board->rows.count && j < board->next.count;) {
		uint64_t least = before[i].number < now[j].number ? before[i].number : now[j].number;

		if (before[i].number == now[j].number && before[i].rank != now[j].rank)
			changes_add(&board->known.ranking.changes, least, before[i].rank,
			    now[j].rank, now[j].since);
		i += before[i].number == least;
		j += now[j].number == least;
	}
}

/* What was read takes the place of what is in force in one step: no page is made of rows of two
 * moments. */
static void
finish_rows(struct board *board)
{
	board->is_reading = false;
	if (board->is_read && rows_are_of_the_same(&board->rows, &board->next))
		keep_order(board);
	else if (!order_anew(board))
		return;
	else
		note_changes(board);
	rows_clear(&board->rows);
	board->rows = board->next;
	board->next = (struct rows){ .count = 0 };
	begin_round(board);
	(void)availabilities_take(&board->availabilities, &board->rows, board->config);
	if (!store_read_waiting(board->reader, &STORE_WAITING_ALL, &board->known.waiting))
		board->known.waiting = (struct store_waiting){ 0 };
	outbox_read(&board->known.outbox, board->reader);
	board->is_read = true;
	board->known.version++;
	board->rest_until = clock_mono() + REST * (clock_mono() - board->began);
}

/* The version of the file is taken before the first row is read: what is written meanwhile makes
 * it another, and all is read once more. */
static void
begin_rows(struct board *board, int64_t version)
{
	rows_clear(&board->next);
	board->version = version;
	board->is_reading = true;
	board->began = clock_mono();
	pauses_read(&board->known.pauses, board->reader);
	troubles_read(&board->known.troubles, board->reader);
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
	looks_forget(board->known.looks);
	rows_clear(&board->rows);
	ranking_drop(&board->known.ranking);
	board->is_read = board->is_judging = false;
	begin_rows(board, db_number(board->reader->main, "PRAGMA data_version", 0));
	return true;
}

static bool
read_step(struct board *board)
{
	int64_t version;

	if (board->is_reading) {
		enum store_reading reading = rows_read(&board->next, board->reader,
		    board->known.looks, board->config, board->by_name);

		if (reading == STORE_READ_END)
			finish_rows(board);
		if (reading == STORE_READ_BROKEN) { /* a list that was cut short would miss targets: what is in force stays */
			board->is_reading = false;
			board->version = -1;
			board->rest_until = clock_mono() + reopen_after;
		}
		return reading != STORE_READ_BROKEN;
	}
	if (looks_turn(board->known.looks, board->reader, clock_wall()))
		return true;
	version = db_number(board->reader->main, "PRAGMA data_version", board->version);
	if (version != board->version && clock_mono() >= board->rest_until) {
		begin_rows(board, version);
		return true;
	}
	return availabilities_turn(&board->availabilities, board->reader, clock_wall());
}

/* It may appear after postwatch.db, be replaced, or be damaged, on its own: rows are shown without it. */
static void
tend_history(struct board *board)
{
	struct store_reader *reader = board->reader;

	if (reader->history != NULL && !is_sound(reader->history)) {
		db_close(&reader->history);
		looks_restart(board->known.looks);
	}
	if (reader->history == NULL && clock_mono() >= board->reopen_at) {
		board->reopen_at = clock_mono() + reopen_after;
		reader->history = reader_open_file(board->config->state, STORE_HISTORY);
	}
}

bool
board_turn(struct board *board)
{
	bool more;

	if (board->reader == NULL && !open_store(board))
		return false;
	more = read_step(board);
	tend_history(board);
	if (!is_sound(board->reader->main)) {
		reason_set(&board->why, "the store cannot be read");
		store_reader_close(&board->reader);
		board->is_reading = false;
		board->known.version++;
		return false;
	}
	if (board->is_read && !board->is_judging
	    && clock_wall() / SECOND != board->known.time / SECOND)
		begin_round(board);
	return (board->is_read && board->is_judging && judge_step(board)) || more;
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
	return board->rows.count;
}

const struct board_row *
board_get(const struct board *board, uint32_t place)
{
	assert(place < board->rows.count && board->known.ranking.order[place] < board->rows.count);
	return &board->rows.items[board->known.ranking.order[place]];
}

const struct board_row *
board_after(const struct board *board, uint64_t number)
{
	uint32_t place = rows_above(&board->rows, number);

	return place == board->rows.count ? NULL : &board->rows.items[place];
}

const struct board_row *
board_named(const struct board *board, const char *name)
{
	return rows_named(&board->rows, name);
}

const struct look *
board_look(const struct board *board, const struct board_row *row)
{
	return looks_get(board->known.looks, row->look);
}

const struct told *
board_told(const struct board *board, const struct board_row *row)
{
	static const struct told nothing = { .has_notice = false };

	assert(row->told <= board->rows.told_count);
	return row->told == 0 ? &nothing : &board->rows.told[row->told - 1];
}

const struct board_row *
board_ends_first(const struct board *board)
{
	uint32_t behind = rows_above(&board->rows, board->ends_of);

	return board->ends == INT64_MAX || behind == 0 || board->rows.items[behind - 1].number != board->ends_of ? NULL : &board->rows.items[behind - 1];
}

int64_t
board_since(const struct board *board, const struct board_row *row)
{
	return row_since(row, board_look(board, row));
}

uint32_t
board_tally(const struct board *board, enum board_rank rank)
{
	return board->known.ranking.tally[rank];
}

const struct board_known *
board_known(const struct board *board)
{
	return &board->known;
}

int64_t
board_time(const struct board *board)
{
	return board->known.time;
}

const struct availability *
board_availability(const struct board *board, const struct board_row *row)
{
	return availabilities_get(&board->availabilities, row->number);
}

struct store_reader *
board_reader(const struct board *board)
{
	return board->reader;
}
