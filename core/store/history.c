/*
 * For the writer of history.db, which has a row for each result of a run: holds in memory, for each
 * target, the row of its last result and of its last one that was not ok, and the dictionary of
 * words (outcomes, phases) with the numbers that rows have in their place. Each result names the
 * one before it of the same target, so that they can be followed backwards.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "store/history.h"
#include "store/query.h"

enum { WORDS_MAX = 1 << 16 };

void
history_fini(struct history *history)
{
	for (uint32_t i = 0; i < history->word_count; i++)
		free(history->words[i]);
	free(history->words);
	free(history->heads);
	*history = (struct history){ 0 };
}

/* An array by the number of the target: numbers are given out one after the other and stay, so
 * few places are empty, and following the chain of a target costs no search. */
static struct head *
head_of(struct history *history, uint64_t target)
{
	while (target >= history->head_count) {
		if (target > UINT32_MAX
		    || !VEC_RESERVE(history->heads, history->head_count, history->head_room))
			return NULL;
		history->heads[history->head_count++] = (struct head){ 0 };
	}
	return &history->heads[target];
}

/* A damaged file may name any number: one that is taken, or beyond all bounds, is refused. */
static bool
keep_word(struct history *history, uint64_t number, const char *word)
{
	char *copy = strdup(word);

	while (number >= history->word_count && number < WORDS_MAX
	    && VEC_RESERVE(history->words, history->word_count, history->word_room))
		history->words[history->word_count++] = NULL;
	if (copy == NULL || number >= history->word_count || history->words[number] != NULL) {
		free(copy);
		return false;
	}
	history->words[number] = copy;
	return true;
}

static bool
load_words(struct history *history, struct db *db)
{
	struct query *query = db_query(db, "SELECT number, word FROM words");
	bool good = true;

	while (good && query_step(query))
		good = keep_word(history, (uint64_t)query_i64(query, 0), query_text(query, 1));
	query_reset(query);
	return good && db_fault(db) == DB_WELL;
}

static bool
load_heads(struct history *history, struct db *db)
{
	struct query *query = db_query(db, "SELECT target, last, bad FROM heads");
	bool good = true;

	while (good && query_step(query)) {
		struct head *head = head_of(history, (uint64_t)query_i64(query, 0));

		good = head != NULL;
		if (good)
			*head = (struct head){ (uint64_t)query_i64(query, 1),
			    (uint64_t)query_i64(query, 2), false };
	}
	query_reset(query);
	return good && db_fault(db) == DB_WELL;
}

/* Heads are written now and then, so the newest rows may be behind them: their number of rows is
 * bounded by HISTORY_FLUSH_ROWS, and so is this walk. */
static bool
load_tail(struct history *history, struct db *db)
{
	struct query *query = DB_ROWS(db,
	    "SELECT id, target, verdict FROM results WHERE id > ?1 ORDER BY id",
	    BIND(history->flushed));

	while (query_step(query)) {
		struct head *head = head_of(history, (uint64_t)query_i64(query, 1));
		uint64_t id = (uint64_t)query_i64(query, 0);

		if (head == NULL) {
			query_reset(query);
			return false;
		}
		assert(id > history->flushed);
		head->last = id;
		if (query_i64(query, 2) != PW_OK)
			head->bad = id;
		head->dirty = true;
		history->next = id + 1;
	}
	return db_fault(db) == DB_WELL;
}

int64_t
history_count(struct db *db, const char *key)
{
	return DB_NUMBER(db, "SELECT value FROM counts WHERE key = ?1", BIND_TEXT(key));
}

bool
history_set_count(struct db *db, const char *key, int64_t value)
{
	return DB_RUN(db, "INSERT INTO counts (key, value) VALUES (?1, ?2)"
	    " ON CONFLICT (key) DO UPDATE SET value = excluded.value", BIND_TEXT(key), BIND(value));
}

/* Ids go on above all that was ever given out, also where the newest rows were deleted: readers
 * follow results by their id. */
bool
history_load(struct history *history, struct db *db)
{
	int64_t last, forgotten;

	history_fini(history);
	history->flushed = (uint64_t)history_count(db, "heads_upto");
	last = db_number(db, "SELECT max(id) FROM results", 0);
	forgotten = history_count(db, "ok_upto");
	if (last < forgotten)
		last = forgotten;
	history->next = (last > (int64_t)history->flushed ? (uint64_t)last : history->flushed) + 1;
	return db_fault(db) == DB_WELL && load_words(history, db) && load_heads(history, db)
	    && load_tail(history, db);
}

/* Outcomes and lists of step names are few and come back with every result: a number in their
 * place makes rows short. The walk is over all of them, which costs little for as long as they
 * are few. */
uint32_t
history_word(struct history *history, struct db *db, const char *word)
{
	uint32_t number;

	for (uint32_t i = 1; i < history->word_count; i++) {
		if (history->words[i] != NULL && strcmp(history->words[i], word) == 0)
			return i;
	}
	number = history->word_count == 0 ? 1 : history->word_count;
	return DB_RUN(db, "INSERT INTO words (number, word) VALUES (?1, ?2)", BIND(number),
	    BIND_TEXT(word)) && keep_word(history, number, word) ? number : 0;
}

/* Seven bits a byte, the low ones first; 0 stands for "not reached", so a time is one more than it
 * is. */
size_t
times_pack(const int64_t *times, uint32_t count, unsigned char *bytes, size_t room)
{
	size_t size = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t left = times[i] < 0 ? 0 : (uint64_t)times[i] + 1;

		do {
			if (size == room)
				return 0;
			bytes[size++] = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
			left >>= 7;
		} while (left != 0);
	}
	assert(size >= count && size <= room);
	return size;
}

uint32_t
times_unpack(struct pw_bytes packed, int64_t *times, uint32_t room)
{
	uint32_t count = 0;
	uint64_t value = 0;
	unsigned shift = 0;

	for (size_t i = 0; i < packed.size && count < room; i++) {
		unsigned char byte = (unsigned char)packed.data[i];

		if (shift < 63)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte & 0x80)
			continue;
		times[count++] = (int64_t)(value & INT64_MAX) - 1;
		value = 0;
		shift = 0;
	}
	assert(count <= room && count <= packed.size);
	return count;
}

bool
history_add(struct history *history, struct db *db, const struct store_result *result)
{
	struct head *head = head_of(history, result->target);
	uint32_t outcome = history_word(history, db, result->outcome);
	uint32_t names = history_word(history, db, result->phase_names);
	unsigned char packed[TIMES_MAX];
	struct pw_bytes phases = { (const char *)packed,
		times_pack(result->phases, result->phase_count, packed, sizeof packed) };

	if (head == NULL || outcome == 0 || names == 0
	    || !DB_RUN(db, "INSERT INTO results (id, target, prev, bad, run, at, micros,"
	    " verdict, mood, speaks_for, flags, outcome, phase_names, phases, text)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
	    BIND(history->next), BIND(result->target), BIND(head->last), BIND(head->bad),
	    BIND(result->run), BIND(result->at), BIND(result->micros), BIND(result->verdict),
	    BIND(result->mood), BIND(result->speaks_for), BIND(result->flags), BIND(outcome),
	    BIND(names), BIND_BYTES(phases), BIND_BYTES(result->text)))
		return false;
	head->last = history->next++;
	if (result->verdict != PW_OK)
		head->bad = head->last;
	assert(head->last < history->next);
	head->dirty = true;
	return true;
}

/* The number up to which heads are written goes into the same transaction: after a power cut
 * heads and `heads_upto` are of one moment. */
bool
history_flush(struct history *history, struct db *db, bool whatever)
{
	uint64_t upto = history->next - 1;

	assert(upto >= history->flushed);
	if (upto == history->flushed || (!whatever && upto - history->flushed < HISTORY_FLUSH_ROWS))
		return true;
	for (uint64_t target = 0; target < history->head_count; target++) {
		struct head *head = &history->heads[target];

		if (!head->dirty)
			continue;
		if (!DB_RUN(db, "INSERT INTO heads (target, last, bad) VALUES (?1, ?2, ?3)"
		    " ON CONFLICT (target) DO UPDATE SET last = excluded.last, bad = excluded.bad",
		    BIND(target), BIND(head->last), BIND(head->bad)))
			return false;
		head->dirty = false;
	}
	if (!history_set_count(db, "heads_upto", (int64_t)upto))
		return false;
	history->flushed = upto;
	return true;
}
