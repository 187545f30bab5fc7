/*
 * For all who read the store (commands, web process, keeper): reads lists of rows from the database
 * files, page by page.
 *
 * A statement lives only within the reading of one page, so no reader holds up the checkpoint for
 * more than its second, and none is under way whose rows a write or a rollback could change. The
 * key of the last row is copied, since the next page begins behind it.
 */
#include "store/list.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/batch.h"
#include "store/history.h"
#include "store/reader_private.h"

enum { ROWS_A_PAGE = 500, RUNS_A_PAGE = 10000, PARAMETERS = 9 };

/* Parameters 1 to 3 are the key of the last row, in the order of its fields; 4 is what the list is
 * of; 9: rows at most. */
static const struct list_form {
	enum row_kind rows;
	bool newest_first;
	const char *tail;
} lists[STORE_LISTS] = {
	[STORE_LIST_TARGETS] = { ROW_TARGET, false, "WHERE number > ?1 ORDER BY number LIMIT ?9" },
	[STORE_LIST_INCIDENTS] = { ROW_OUTAGE, true,
	    "WHERE incident < ?1 ORDER BY incident DESC LIMIT ?9" },
	[STORE_LIST_INCIDENTS_OF] = { ROW_OUTAGE, true,
	    "WHERE incident < ?1 AND target = ?4 ORDER BY incident DESC LIMIT ?9" },
	[STORE_LIST_INCIDENT] = { ROW_OUTAGE, true,
	    "WHERE incident < ?1 AND incident = ?4 LIMIT ?9" },
	[STORE_LIST_EVIDENCE] = { ROW_EVIDENCE, false,
	    "WHERE incident = ?4 AND (run, leg, target) > (?2, ?3, ?1)"
	    " ORDER BY run, leg, target LIMIT ?9" },
	[STORE_LIST_RUN_EVIDENCE] = { ROW_EVIDENCE, false,
	    "WHERE run = ?4 AND (target, run, leg) > (?1, ?2, ?3) ORDER BY target, leg LIMIT ?9" },
	[STORE_LIST_NOTICE_EVIDENCE] = { ROW_NOTICE_EVIDENCE, false,
	    "WHERE notice = ?4 AND (notice, run, leg) > (?1, ?2, ?3) ORDER BY run, leg LIMIT ?9" },
	[STORE_LIST_TRACES] = { ROW_TRACE, false,
	    "WHERE target = ?4 AND run = (SELECT max(run) FROM traces WHERE target = ?4)"
	    " AND (target, run, leg) > (?1, ?2, ?3) ORDER BY leg LIMIT ?9" },
	[STORE_LIST_TRACES_OF] = { ROW_TRACE, false,
	    "WHERE target = ?4 AND (?2 = 0 OR run < ?2 OR (run = ?2 AND leg > ?3))"
	    " ORDER BY run DESC, leg LIMIT ?9" },
	[STORE_LIST_RUN_TRACES] = { ROW_TRACE, false,
	    "WHERE run = ?4 AND (target, run, leg) > (?1, ?2, ?3) ORDER BY target, leg LIMIT ?9" },
	[STORE_LIST_STATES] = { ROW_STATE, false, "WHERE target > ?1 ORDER BY target LIMIT ?9" },
	[STORE_LIST_STATE] = { ROW_STATE, false, "WHERE target > ?1 AND target = ?4 LIMIT ?9" },
	[STORE_LIST_RECORDED] = { ROW_NOTICE, true,
	    "WHERE number < ?1 ORDER BY number DESC LIMIT ?9" },
	[STORE_LIST_RECORDED_OF] = { ROW_NOTICE, true,
	    "WHERE number < ?1 AND target = ?4 ORDER BY number DESC LIMIT ?9" },
	/* Words on the same trouble of ours have the same code, and the newest hold. */
	[STORE_LIST_BLIND] = { ROW_NOTICE, false,
	    "WHERE number > ?1 AND number = (SELECT max(number) FROM notices"
	    " WHERE target = 0 AND kind = 'blind') AND NOT EXISTS (SELECT 1 FROM notices later"
	    " WHERE later.target = 0"
	    " AND later.number > notices.number AND later.code = notices.code) LIMIT ?9" },
	[STORE_LIST_PROVED] = { ROW_PROVED, false,
	    "WHERE notifier > ?1 ORDER BY notifier LIMIT ?9" },
	[STORE_LIST_STATUS] = { ROW_STATUS, false, "WHERE target > ?1 ORDER BY target LIMIT ?9" },
	[STORE_LIST_LAST_RUNS] = { ROW_LAST_RUN, false,
	    "WHERE target > ?1 ORDER BY target LIMIT ?9" },
	/* In the order in which the chain is walked, whose ids fall; ?1 and ?9 stand within
	 * (row.c). */
	[STORE_LIST_HISTORY] = { ROW_RUN, true, "" },
	[STORE_LIST_NEWEST_RUNS] = { ROW_NEWEST_RUN, false, "ORDER BY target LIMIT ?9" },
	[STORE_LIST_RUNS] = { ROW_RUN_OF_ALL, false, "WHERE id > ?1 ORDER BY id LIMIT ?9" },
	[STORE_LIST_CONDITIONS] = { ROW_CONDITION, false, "WHERE (target, code) > (?1, ?2)"
	    " AND standing > 0 AND cleared = 0 ORDER BY target, code LIMIT ?9" },
	[STORE_LIST_PAUSES] = { ROW_PAUSE, false,
	    "WHERE number > ?1 AND iif(ended = 0, \"ends\", ended) > ?4 ORDER BY number LIMIT ?9" },
	[STORE_LIST_SERVERS] = { ROW_SERVER, false, "WHERE target > ?1 ORDER BY target LIMIT ?9" },
	[STORE_LIST_LEDGER] = { ROW_LEDGER, false,
	    "WHERE target = ?4 AND notifier > ?2 ORDER BY notifier LIMIT ?9" },
	[STORE_LIST_DELIVERIES] = { ROW_DELIVERY, false,
	    "WHERE notice = ?4 AND (notice, notifier, recipient) > (?1, ?2, ?3)"
	    " ORDER BY notifier, recipient LIMIT ?9" },
	[STORE_LIST_WAITING] = { ROW_UNDELIVERED, false,
	    "WHERE " STORE_IN_ORDER_OF_NOTICES " AND state < 4"
	    " AND (notice, notifier, recipient) > (?1, ?2, ?3)"
	    " ORDER BY notice, notifier, recipient LIMIT ?9" },
	[STORE_LIST_GIVEN_UP] = { ROW_UNDELIVERED, false,
	    "WHERE state = 5 AND (notice, notifier, recipient) > (?1, ?2, ?3)"
	    " ORDER BY notice, notifier, recipient LIMIT ?9" },
	[STORE_LIST_DEAD] = { ROW_DELIVERY, false,
	    "WHERE state = 5 AND (notice, notifier, recipient) > (?1, ?2, ?3)"
	    " ORDER BY notice, notifier, recipient LIMIT ?9" },
	[STORE_LIST_QUARTERS] = { ROW_SUM, false,
	    "WHERE span = 0 AND start > ?1 AND target = ?4 ORDER BY start LIMIT ?9" },
	[STORE_LIST_HOURS] = { ROW_SUM, false,
	    "WHERE span = 1 AND start > ?1 AND target = ?4 ORDER BY start LIMIT ?9" },
	[STORE_LIST_NOTICES] = { ROW_TOLD, false,
	    "WHERE notice >= ?1 AND (notice, coalesce(notifier, ''),"
	    " coalesce(recipient, '')) > (?1, ?2, ?3) ORDER BY notice, notifier, recipient"
	    " LIMIT ?9" },
	[STORE_LIST_TOLD] = { ROW_TOLD, false, "WHERE notice IN (SELECT number FROM notices"
	    " WHERE incident = ?4 AND incident > 0) AND (notice, coalesce(notifier, ''),"
	    " coalesce(recipient, ''))"
	    " > (?1, ?2, ?3) ORDER BY notice, notifier, recipient LIMIT ?9" },
};

uint32_t
store_run_phases(const struct store_run *run, int64_t *times)
{
	return times_unpack(run->phases, times, STORE_PHASES_MAX);
}

uint32_t
store_sum_phases(const struct store_sum *sum, struct store_phase_times *times)
{
	return times_unpack(sum->phases, &times->p50, 3 * STORE_PHASES_MAX) / 3;
}

const struct row_form *
store_list_form(enum store_list_kind kind)
{
	return &row_forms[lists[kind].rows];
}

struct store_list
store_list_of(struct store_reader *reader, enum store_list_kind kind, uint64_t of)
{
	return (struct store_list){ .reader = reader, .kind = kind, .of = of,
		.numbers = { lists[kind].newest_first ? INT64_MAX : 0 } };
}

void
store_list_open(struct store_list *list, struct store_reader *reader, enum store_list_kind kind,
    uint64_t of)
{
	*list = store_list_of(reader, kind, of);
}

static bool
has_begun(const struct store_list *list)
{
	return list->rows != NULL || list->given > 0 || list->ended != 0;
}

void
store_list_behind(struct store_list *list, uint64_t number)
{
	assert(!has_begun(list) && row_forms[lists[list->kind].rows].key == 1);
	list->numbers[0] = (int64_t)number;
}

void
store_list_behind_leg(struct store_list *list, const struct store_leg_key *key)
{
	assert(!has_begun(list) && list->kind == STORE_LIST_EVIDENCE);
	list->numbers[0] = (int64_t)key->target;
	list->numbers[1] = (int64_t)key->run;
	list->numbers[2] = key->leg;
}

void
store_list_limit(struct store_list *list, uint32_t rows)
{
	assert(!has_begun(list) && rows > 0);
	list->limit = rows;
}

/* Reads until the limit, or the time of a page, or the rows are over; how that ended. */
static enum store_reading
read_rows(const struct store_list *list, struct query *query, uint32_t limit, struct db *db)
{
	enum row_kind kind = lists[list->kind].rows;
	int64_t until = clock_mono() + READING_MICROSECONDS;
	_Alignas(8) char row[ROW_SIZE_MAX];
	bool more = true;

	for (uint32_t count = 0; count < limit && !list->rows->no_memory
	    && (count == 0 || clock_mono() <= until); count++) {
		more = query_step(query);
		if (!more && count > 0 && db_fault(db) == DB_STOPPED) {
			db_forgive(db);
			return STORE_READ_MORE;
		}
		if (!more)
			break;
		row_fill(kind, query, row);
		store_batch_add_row(list->rows, kind, row);
	}
	query_reset(query);
	return more ? STORE_READ_MORE : STORE_READ_END;
}

static enum store_reading
read_page(struct store_list *list)
{
	const struct list_form *form = &lists[list->kind];
	const struct row_form *row = &row_forms[form->rows];
	struct bind values[PARAMETERS] = { [3] = BIND(list->of) };
	bool of_history = form->rows == ROW_TRACE || form->rows >= ROW_LAST_RUN;
	struct store_reader *reader = list->reader;
	struct db *db = of_history ? reader->history : reader->main;
	bool of_runs = form->rows == ROW_LAST_RUN || form->rows == ROW_NEWEST_RUN
	    || form->rows == ROW_RUN_OF_ALL;
	uint32_t limit = of_runs ? RUNS_A_PAGE : ROWS_A_PAGE;
	enum store_reading reading = STORE_READ_END;
	struct query *query;

	if (db == NULL)
		return reading;
	if (list->limit > 0 && list->limit - list->given < limit)
		limit = list->limit - list->given;
	db_forgive(db);
	db_set_deadline(db, clock_mono() + READING_MICROSECONDS);
	query = row_reading(db, form->rows, form->tail);
	if (query != NULL) {
		db_hold(db);
		for (uint32_t i = 0; i < row->key; i++)
			values[i] = row->fields[i].type == FIELD_TEXT
			    ? (struct bind)BIND_TEXT(list->texts[i])
			    : (struct bind)BIND(list->numbers[i]);
		values[PARAMETERS - 1] = (struct bind)BIND(limit);
		query_bind(query, (struct binds){ PARAMETERS, values });
		reading = read_rows(list, query, limit, db);
	}
	db_set_deadline(db, 0);
	if (db_fault(db) != DB_WELL) {
		reason_set(&reader->why, "%s", db_why(db));
		reader->damaged |= !of_history && db_fault(db) == DB_DAMAGED;
		reading = STORE_READ_BROKEN;
	}
	db_forgive(db);
	return reading;
}

static enum store_reading
begin_page(struct store_list *list)
{
	struct store_reader *reader = list->reader;
	enum store_reading reading = STORE_READ_BROKEN;

	assert(list->row == NULL && list->ended == 0);
	if (reader == NULL || (list->limit > 0 && list->given == list->limit))
		return STORE_READ_END;
	list->rows = store_batch_create(STORE_MAIN);
	if (list->rows != NULL)
		reading = reader->source == NULL ? read_page(list)
		    : reader->source->read_page(list, lists[list->kind].newest_first);
	if (list->rows != NULL && !list->rows->no_memory) {
		list->row = list->rows->first;
		return reading;
	}
	reason_set(&reader->why, "out of memory");
	if (reader->no_memory != NULL)
		*reader->no_memory = true;
	return STORE_READ_BROKEN;
}

/* Returns false where a key is longer than any that is written: the next page would not begin
 * behind it. */
static bool
keep_key(struct store_list *list, const void *row)
{
	const struct row_form *form = &row_forms[lists[list->kind].rows];

	assert(form->key <= sizeof list->numbers / sizeof list->numbers[0]);
	for (uint32_t i = 0; i < form->key; i++) {
		struct bind member = row_member(&form->fields[i], row);

		list->numbers[i] = member.number;
		if (member.is != BIND_IS_TEXT)
			continue;
		if (strlen(member.bytes.data) >= STORE_KEY_ROOM)
			return false;
		text_copy(list->texts[i], STORE_KEY_ROOM, member.bytes.data);
	}
	return true;
}

bool
store_list_next(struct store_list *list, void *row)
{
	while (list->ended == 0 && list->row == NULL) {
		store_batch_destroy(&list->rows);
		if (list->page == STORE_READ_END || list->page == STORE_READ_BROKEN)
			list->ended = list->page;
		else
			list->page = begin_page(list);
	}
	if (list->ended != 0)
		return false;
	memcpy(row, list->row->is.bytes, store_list_form(list->kind)->size);
	list->row = list->row->next;
	list->given++;
	/* The chain of runs is walked by what its rows name: in a damaged store it may be a
	 * circle. */
	if (lists[list->kind].newest_first
	    && row_member(store_list_form(list->kind)->fields, row).number >= list->numbers[0])
		reason_set(&list->reader->why, "rows that come again: the store is damaged");
	else if (keep_key(list, row))
		return true;
	else
		reason_set(&list->reader->why, "a key of more than %d bytes", STORE_KEY_ROOM - 1);
	list->ended = STORE_READ_BROKEN;
	store_batch_destroy(&list->rows);
	return false;
}

void
store_list_stop(struct store_list *list)
{
	list->ended = STORE_READ_END;
}

enum store_reading
store_list_close(struct store_list *list)
{
	store_batch_destroy(&list->rows);
	return list->ended == STORE_READ_BROKEN || list->page == STORE_READ_BROKEN
	    ? STORE_READ_BROKEN : STORE_READ_END;
}

void
store_outage_json(struct json *json, const struct store_outage *outage, const char *target,
    bool end_confirmed)
{
	json_int(json, "incident", (int64_t)outage->number);
	json_string(json, "target", target);
	json_time(json, "began", outage->began);
	json_time(json, "confirmed", outage->confirmed);
	json_time(json, "ended", outage->ended);
	if (end_confirmed)
		json_time(json, "end_confirmed", outage->end_confirmed);
	json_string(json, "end", outage->end[0] == '\0' ? NULL : outage->end);
	json_string(json, "outcome", outage->outcome);
	json_text(json, "text", outage->text);
	json_text(json, "end_text", outage->end_text);
	json_time(json, "acknowledged", outage->acknowledged);
	json_text(json, "acknowledged_by", outage->ack_by);
	json_text(json, "acknowledged_why", outage->ack_why);
}

void
store_delivery_json(struct json *json, const struct store_told *told)
{
	json_string(json, "notifier", told->notifier[0] == '\0' ? NULL : told->notifier);
	json_string(json, "recipient", told->recipient);
	json_string(json, "state", told->delivery);
	json_int(json, "attempts", told->attempts);
	json_time(json, "created", told->created);
	json_time(json, "ended", told->ended);
	json_foreign(json, "receipt", told->receipt);
}
