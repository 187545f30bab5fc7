/* A page of a list, for the files that read: rows by form, at most a second, at most so many. */
#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include "store/reader.h"
#include "store/row.h"
#include "store/store.h"

struct page;
struct store_list;

/* How lists, values of meta and what waits are read where that is not from files of ours. */
struct store_source {
	/* Reads the page behind the keys of the list whole, rows and how that ended; numbers that
	 * are the whole key fall where it is `newest_first`. */
	void (*read_page)(struct page *, const struct store_list *, bool newest_first);
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

enum { PAGE_LIMIT_PARAMETER = 9, READING_MICROSECONDS = 1000 * 1000 };

struct page {
	struct store_reader *reader;
	struct db *db;
	struct query *query;
	enum row_kind kind;
	uint32_t count, limit;
	int64_t until;
	bool ran_out; /* of rows */
	bool whole;   /* all rows are read before the first is given */
	/* Where they are, and where rows are written through the same connection: how reading them
	 * has ended, 0: not yet; copies of all of them; the next to be given. */
	enum store_reading reading;
	struct store_batch *rows;
	const struct operation *row;
};

/* Begins reading: `tail` is what follows SELECT … FROM table; LIMIT ?9 in it is the limit. */
struct page_of {
	enum row_kind kind;
	const char *tail;
	uint32_t limit;
};
void page_begin(struct page *, struct store_reader *, const struct page_of *, struct binds);
bool page_next(struct page *, void *row);
enum store_reading page_end(struct page *, bool enough);

#define PAGE_READ(page, type, on_row, arg) \
	__extension__({ \
		struct store_##type row_; \
		bool enough_ = false; \
		while (!enough_ && page_next((page), &row_)) \
			enough_ = !(on_row)((arg), &row_); \
		page_end((page), enough_); \
	})

#endif
