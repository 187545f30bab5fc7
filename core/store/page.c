/*
 * Pages: a statement lives only within one call, so no reader holds up the checkpoint for more than its second. Where whoever
 * is given the rows may write to the same connection, all are read before the first is given: no statement is under way then
 * that what is written, or rolled back, could change.
 */
#include <string.h>

#include "base/clock.h"
#include "store/batch.h"
#include "store/page.h"

void
page_begin(struct page *page, struct store_reader *reader, enum row_kind kind, const char *tail, uint32_t limit,
    uint32_t binds, const struct bind *values)
{
	struct db *db = reader == NULL ? NULL : kind == ROW_TRACE || kind >= ROW_LAST_RUN ? reader->history : reader->main;

	*page = (struct page){ .reader = reader, .db = db, .kind = kind, .until = clock_mono() + READING_MICROSECONDS };
	page->limit = limit < STORE_PAGE_MAX ? limit : STORE_PAGE_MAX;
	if (db == NULL)
		return;
	db_forgive(db);
	db_set_deadline(db, page->until);
	page->query = row_reading(db, kind, tail);
	if (page->query == NULL)
		return;
	db_hold(db);
	query_bind(page->query, binds, values);
	query_bind_i64(page->query, PAGE_LIMIT_PARAMETER, page->limit);
	db_forgive(db); /* a list without a limit has no such parameter */
}

static bool
read_row(struct page *page, void *row)
{
	if (page->query == NULL || page->count == page->limit || (page->count > 0 && clock_mono() > page->until))
		return false;
	if (!query_step(page->query)) {
		page->ran_out = true;
		return false;
	}
	row_fill(page->kind, page->query, row);
	page->count++;
	return true;
}

static enum store_reading
end_reading(struct page *page, bool enough)
{
	enum store_reading reading = enough || page->ran_out ? STORE_READ_END : STORE_READ_MORE;

	if (page->query != NULL)
		query_reset(page->query);
	db_set_deadline(page->db, 0);
	if (db_fault(page->db) != DB_WELL && (db_fault(page->db) != DB_STOPPED || page->count == 0)) {
		reason_set(&page->reader->why, "%s", db_why(page->db));
		page->reader->damaged |= page->db == page->reader->main && db_fault(page->db) == DB_DAMAGED;
		reading = STORE_READ_BROKEN;
	}
	db_forgive(page->db);
	return reading;
}

static void
read_all(struct page *page)
{
	_Alignas(8) char row[ROW_SIZE_MAX];

	page->rows = store_batch_create(STORE_MAIN);
	while (page->rows != NULL && !page->rows->no_memory && read_row(page, row))
		store_batch_add_row(page->rows, page->kind, row);
	page->reading = end_reading(page, false);
	if (page->rows == NULL || page->rows->no_memory) {
		reason_set(&page->reader->why, "out of memory");
		if (page->reader->no_memory != NULL)
			*page->reader->no_memory = true;
		page->reading = STORE_READ_BROKEN;
	} else
		page->row = page->rows->first;
}

bool
page_next(struct page *page, void *row)
{
	if (page->db == NULL || (!page->whole && page->reader->no_memory == NULL))
		return read_row(page, row);
	if (page->reading == 0)
		read_all(page);
	if (page->row == NULL)
		return false;
	memcpy(row, page->row->is.bytes, row_forms[page->kind].size);
	page->row = page->row->next;
	return true;
}

enum store_reading
page_end(struct page *page, bool enough)
{
	if (page->db == NULL)
		return STORE_READ_END;
	if (page->reading == 0)
		return end_reading(page, enough);
	store_batch_destroy(&page->rows);
	return enough ? STORE_READ_END : page->reading;
}
