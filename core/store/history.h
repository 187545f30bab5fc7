/*
 * What the writer of history.db holds in memory of that file: for each target the last row and the
 * last one that was not ok, and the numbers of words. It is written to the file now and then, so
 * that a result costs one row and no index.
 */
#pragma once

#include "store/db.h"
#include "store/rows.h"

enum { HISTORY_FLUSH_ROWS = 32768, TIMES_MAX = 10 * STORE_PHASES_MAX * 3 };

struct head {
	uint64_t last, bad; /* rows, 0: none */
	bool dirty;
};

struct history {
	struct head *heads;   /* by target */
	uint32_t head_count, head_room;
	uint64_t next;        /* id of the next row */
	uint64_t flushed;     /* rows up to this one are in the file's heads */
	char **words;         /* by number */
	uint32_t word_count, word_room;
};

/* Reads what the file has: its heads, the rows since they were written, its words. False: a fault
 * of the file. */
bool history_load(struct history *, struct db *);
void history_fini(struct history *);

/* Within a transaction. After a fault or a rollback what is in memory is no longer true:
 * history_load() again. */
bool history_add(struct history *, struct db *, const struct store_result *);
bool history_flush(struct history *, struct db *, bool whatever);

/* Counts, kept by name; 0: there is none. */
int64_t history_count(struct db *, const char *key);
bool history_set_count(struct db *, const char *key, int64_t value);

/* The number of a word, made where it is new; 0: a fault. */
uint32_t history_word(struct history *, struct db *, const char *word);

/* Times of phases as bytes, and back: the count. */
size_t times_pack(const int64_t *times, uint32_t count, unsigned char *bytes, size_t room);
uint32_t times_unpack(struct pw_bytes packed, int64_t *times, uint32_t room);
