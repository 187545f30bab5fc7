/*
 * Reads lists of queued deliveries from postwatch.db, for the keeper's outbox, and has their
 * indexes. Each list has an index of its own, whose condition stands in its statement word by word:
 * SQLite uses it only then.
 */
#include "store/queue.h"

#include "store/store_private.h"

/* ?1 is the notifier, ?2 and ?3 are the notice and the recipient of the row before, ?6 its time and ?7
 * its target; ?4 and ?5: `of` and `at`. Columns are those of ROW_DELIVERY, in the order of the
 * table. */
#define SELECT_OF(from, where) \
	"SELECT d.*, n.kind, n.code, n.incident FROM " from "deliveries AS d" \
	" CROSS JOIN notices AS n ON n.number = d.notice WHERE d.notifier = ?1 AND " where
#define SELECT(where) SELECT_OF("", where)
#define BEHIND "(d.notice, d.recipient) > (?2, ?3) ORDER BY d.notice, d.recipient"
#define IS_FIRST \
	"(d.target = 0 OR NOT EXISTS (SELECT 1 FROM deliveries AS o WHERE o.ended = 0 AND o.notifier = ?1 AND o.target = d.target" \
	" AND o.notice < d.notice AND o.recipient = d.recipient))"

static const char *const queues[] = {
	[STORE_QUEUE_DUE] = SELECT("d.state IN (1, 3) AND d.rank = ?4 AND d.not_before <= ?5"
	    " AND (d.not_before, d.notice, d.recipient) > (?6, ?2,"
	    " ?3) AND " IS_FIRST " ORDER BY d.not_before, d.notice, d.recipient"),
	[STORE_QUEUE_CLAIMED] = SELECT("d.state = 2 AND " BEHIND),
	[STORE_QUEUE_TARGET] = SELECT("d.ended = 0 AND d.target = ?4 AND " BEHIND),
	[STORE_QUEUE_ALL] = SELECT("d.ended = 0 AND (d.target, d.notice, d.recipient) > (?7,"
	    " ?2, ?3) ORDER BY d.target, d.notice, d.recipient"),
	/* Of many that wait few are both urgent and late: these are found in the index alone. */
	[STORE_QUEUE_URGENT] = SELECT_OF("deliveries AS u INDEXED BY deliveries_queued CROSS JOIN ",
	    "d.notice = u.notice"
	    " AND d.recipient = u.recipient AND u.ended = 0 AND u.notifier = ?1 AND u.failover > 0"
	    " AND u.failover <= ?4 AND u.created <= ?5"
	    " AND (u.target, u.notice, u.recipient) > (?7, ?2, ?3)"
	    " ORDER BY u.target, u.notice, u.recipient"),
	[STORE_QUEUE_NOTICE] = SELECT("d.notice = ?4 AND d.ended = 0 AND " BEHIND),
	[STORE_QUEUE_DIGEST] = SELECT("d.ended = 0 AND d.state = 7 AND d.merged = ?4 AND " BEHIND),
	[STORE_QUEUE_DELIVERY] = SELECT("d.notice = ?4 AND ?2 = 0 AND d.recipient = ?3"),
};

void
store_queue_open(struct store_queue_reading *reading, struct store *store, enum store_queue which,
    const struct store_queue_place *place)
{
	*reading = (struct store_queue_reading){ store,
		db_query(store_begin_reading(store), queues[which]) };
	query_bind(reading->query, BINDS(BIND_TEXT(place->notifier), BIND(place->notice),
	    BIND_TEXT(place->recipient), BIND(place->of), BIND(place->at), BIND(place->not_before),
	    BIND(place->target)));
}

bool
store_queue_next(struct store_queue_reading *reading, struct store_queued *row)
{
	int column;

	if (!query_step(reading->query))
		return false;
	column = row_fill(ROW_DELIVERY, reading->query, &row->delivery);
	row->kind = query_text(reading->query, column);
	row->code = query_text(reading->query, column + 1);
	row->incident = (uint64_t)query_i64(reading->query, column + 2);
	return true;
}

bool
store_queue_close(struct store_queue_reading *reading)
{
	query_reset(reading->query);
	return store_end_reading(reading->store);
}

static int64_t
read_number(struct store *store, const char *sql, struct binds binds)
{
	int64_t number;

	do
		number = db_number_with(store_begin_reading(store), sql, binds);
	while (!store_end_reading(store));
	return number;
}

bool
store_has_queued(struct store *store, const char *notifier, bool claimed)
{
	return read_number(store, claimed
	    ? "SELECT 1 FROM deliveries WHERE state = 2 AND notifier = ?1 LIMIT 1"
	    : "SELECT 1 FROM deliveries WHERE ended = 0 AND notifier = ?1 LIMIT 1",
	    BINDS(BIND_TEXT(notifier))) != 0;
}

bool
store_was_queued(struct store *store, const char *notifier, uint64_t notice)
{
	return read_number(store, "SELECT 1 FROM deliveries WHERE notice = ?1 AND notifier = ?2 AND"
	    " NOT (state IN (6, 7) AND withheld)"
	    " LIMIT 1", BINDS(BIND(notice), BIND_TEXT(notifier))) != 0;
}

bool
store_was_sent(struct store *store, uint64_t notice)
{
	return read_number(store, "SELECT 1 FROM deliveries WHERE notice = ?1 AND state = 4"
	    " LIMIT 1", BINDS(BIND(notice))) != 0;
}

uint32_t
store_count_unsent(struct store *store, const char *notifier, uint64_t notice, uint64_t down_of)
{
	return (uint32_t)read_number(store,
	    "SELECT iif(max(doubt) = 0, count(*), 0) FROM deliveries"
	    " WHERE notice = ?1 AND notifier = ?2 AND ended = 0 AND state <> 7 AND (?3 = 0"
	    " OR EXISTS (SELECT 1 FROM notices WHERE number = ?1 AND incident = ?3"
	    " AND kind = 'down'))", BINDS(BIND(notice), BIND_TEXT(notifier), BIND(down_of)));
}

uint32_t
store_count_waiting(struct store *store, const char *notifier, int64_t now)
{
	return (uint32_t)read_number(store, "SELECT count(DISTINCT notice) FROM deliveries WHERE"
	    " ended = 0 AND notifier = ?1 AND state < 4"
	    " AND NOT (state = 1 AND attempts = 0 AND not_before > ?2)",
	    BINDS(BIND_TEXT(notifier), BIND(now)));
}
