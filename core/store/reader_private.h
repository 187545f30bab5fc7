/*
 * The members of a reader of the store (store/reader.h), and where it reads from: the two files, or
 * another process that answers for them. For the files of the store that read.
 */
#pragma once

#include "store/list.h"
#include "store/row.h"
#include "store/store.h"

enum { READING_MICROSECONDS = 1000 * 1000 /* of a transaction */ };

/* How lists, values of meta and what waits are read where that is not from files of ours. */
struct store_source {
	/* Reads the page behind the keys of the list into its rows; how that ended. Numbers that are
	 * the whole key fall where it is `newest_first`. */
	enum store_reading (*read_page)(struct store_list *, bool newest_first);
	/* As store_read_meta() and store_read_waiting(). */
	int64_t (*read_meta)(struct store_reader *, const char *key, void *value, size_t room);
	bool (*read_waiting)(struct store_reader *, const struct store_waiting_of *,
	    struct store_waiting *);
};

struct store_reader {
	struct db *main, *history; /* NULL where there is none */
	const struct store_source *source; /* in place of both; NULL: these files */
	struct reason why;
	bool damaged;    /* the main file, as reading it has shown */
	/* that there was none for rows; NULL: a reader of its own, which nobody writes through */
	bool *no_memory;
};

/* Opens one file of a folder for reading, which the caller closes; NULL: it cannot be read. */
struct db *reader_open_file(const char *folder, enum store_file);

/* Deliveries that are queued by their notices: from the oldest of these on all are looked at, since
 * the index that has them alone is in the order of their targets. */
#define STORE_IN_ORDER_OF_NOTICES \
	"+ended = 0 AND notice >= (SELECT min(notice) FROM deliveries INDEXED BY deliveries_queued" \
	" WHERE ended = 0)"
