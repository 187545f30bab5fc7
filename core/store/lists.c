/* The lists of postwatch.db: each a tail to SELECT, whose order is that of an index. */
#include <stddef.h>

#include "base/clock.h"
#include "store/page.h"

enum { COUNTED_AT_ONCE = 10000 };

#define LIST(kind, type, limit_, tail_, ...)                                                                           \
	do {                                                                                                           \
		const struct bind binds_[] = { __VA_ARGS__ };                                                          \
		struct page page_;                                                                                     \
		page_begin(&page_, reader, kind, tail_, limit_, sizeof binds_ / sizeof binds_[0], binds_);              \
		return PAGE_READ(&page_, type, on_row, arg);                                                           \
	} while (0)

enum store_reading
store_read_targets(struct store_reader *reader, uint64_t after, uint32_t limit, store_on_target *on_row, void *arg)
{
	LIST(ROW_TARGET, target, limit, "WHERE number > ?1 ORDER BY number LIMIT ?9", BIND(after));
}

enum store_reading
store_read_states(struct store_reader *reader, uint64_t after, uint32_t limit, store_on_state *on_row, void *arg)
{
	LIST(ROW_STATE, state, limit, "WHERE target > ?1 ORDER BY target LIMIT ?9", BIND(after));
}

enum store_reading
store_read_evidence(struct store_reader *reader, uint64_t incident, const struct store_evidence_key *after,
    uint32_t limit, store_on_evidence *on_row, void *arg)
{
	LIST(ROW_EVIDENCE, evidence, limit, "WHERE incident = ?1 AND (run, leg, target) > (?2, ?3, ?4)"
	    " ORDER BY run, leg, target LIMIT ?9", BIND(incident), BIND(after->run), BIND(after->leg), BIND(after->target));
}

enum store_reading
store_read_notice_evidence(struct store_reader *reader, uint64_t notice, store_on_notice_evidence *on_row, void *arg)
{
	LIST(ROW_NOTICE_EVIDENCE, notice_evidence, STORE_PAGE_MAX, "WHERE notice = ?1 ORDER BY run, leg", BIND(notice));
}

enum store_reading
store_read_notice(struct store_reader *reader, uint64_t number, store_on_notice *on_row, void *arg)
{
	LIST(ROW_NOTICE, notice, 2, "WHERE number = ?1", BIND(number));
}

enum store_reading
store_read_incident_notices(struct store_reader *reader, uint64_t incident, uint64_t after, uint32_t limit,
    store_on_notice *on_row, void *arg)
{
	LIST(ROW_NOTICE, notice, limit, "WHERE incident = ?1 AND incident > 0 AND number > ?2 ORDER BY number LIMIT ?9",
	    BIND(incident), BIND(after));
}

enum store_reading
store_read_notices(struct store_reader *reader, uint64_t target, uint64_t before, uint32_t limit,
    store_on_notice *on_row, void *arg)
{
	uint64_t below = before == 0 ? INT64_MAX : before;

	if (target == UINT64_MAX)
		LIST(ROW_NOTICE, notice, limit, "WHERE number < ?1 ORDER BY number DESC LIMIT ?9", BIND(below));
	LIST(ROW_NOTICE, notice, limit, "WHERE number < ?1 AND target = ?2 ORDER BY number DESC LIMIT ?9", BIND(below),
	    BIND(target));
}

#define IN_ORDER "AND (notice, notifier, recipient) > (?1, ?2, ?3) ORDER BY notice, notifier, recipient LIMIT ?9"

/* Those that are open and those that are dead have an index each; the others are looked for. */
enum store_reading
store_read_deliveries_in(struct store_reader *reader, enum store_delivery_state state,
    const struct store_delivery_key *after, uint32_t limit, store_on_delivery *on_row, void *arg)
{
	const char *tail = state == STORE_DELIVERY_dead ? "WHERE state = 5 AND ?4 = 5 " IN_ORDER :
	    state < STORE_DELIVERY_sent ? "WHERE ended = 0 AND state = ?4 " IN_ORDER : "WHERE state = ?4 " IN_ORDER;

	LIST(ROW_DELIVERY, delivery, limit, tail, BIND(after->notice), BIND_TEXT(after->notifier),
	    BIND_TEXT(after->recipient), BIND(state));
}

enum store_reading
store_read_notice_deliveries(struct store_reader *reader, uint64_t notice, store_on_delivery *on_row, void *arg)
{
	LIST(ROW_DELIVERY, delivery, STORE_PAGE_MAX, "WHERE notice = ?1 ORDER BY notifier, recipient", BIND(notice));
}

/* Behind that notice, which is moved: rows of a second at most. Returns false at the end, and on a fault. */
static bool
add_waiting(struct db *db, const struct store_waiting_of *of, uint64_t *behind, struct store_waiting *waiting)
{
	struct query *query = DB_ROW(db, "SELECT count(DISTINCT notice), min(created), max(notice) FROM (SELECT notice, created"
	    " FROM deliveries INDEXED BY deliveries_open WHERE ended = 0 AND state < 4 AND notice > ?1 AND (?2 = '' OR notifier = ?2)"
	    " AND (attempts > 0 OR not_before <= ?3) ORDER BY notice LIMIT ?4)", BIND(*behind), BIND_TEXT(of->notifier), BIND(of->due),
	    BIND(COUNTED_AT_ONCE));
	bool any = query != NULL && query_i64(query, 0) > 0;

	if (any) {
		int64_t since = query_i64(query, 1);

		waiting->notices += (uint64_t)query_i64(query, 0);
		waiting->since = waiting->since == 0 || since < waiting->since ? since : waiting->since;
		*behind = (uint64_t)query_i64(query, 2);
	}
	if (query != NULL)
		query_reset(query);
	return any;
}

bool
store_read_waiting(struct store_reader *reader, const struct store_waiting_of *of, struct store_waiting *waiting)
{
	uint64_t behind = 0;
	bool more = true;

	*waiting = (struct store_waiting){ 0 };
	db_forgive(reader->main);
	while (more) {
		db_set_deadline(reader->main, clock_mono() + READING_MICROSECONDS);
		more = add_waiting(reader->main, of, &behind, waiting);
	}
	waiting->dead = (uint64_t)db_number(reader->main, "SELECT count(*) FROM deliveries WHERE state = 5", 0);
	db_set_deadline(reader->main, 0);
	if (db_fault(reader->main) == DB_WELL)
		return true;
	reason_set(&reader->why, "%s", db_why(reader->main));
	return false;
}
