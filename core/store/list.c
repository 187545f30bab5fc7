/* The key of the last row is copied, since the next page begins behind it, when its statement is
 * long over. */
#include "store/list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/history.h"
#include "store/page.h"

enum { ROWS_A_PAGE = 500 };

/* Parameters 1 to 3 are the key of the last row, in the order of its fields; 4 is what the list is
 * of. */
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
	[STORE_LIST_NOTICE_EVIDENCE] = { ROW_NOTICE_EVIDENCE, false,
	    "WHERE notice = ?4 AND (notice, run, leg) > (?1, ?2, ?3) ORDER BY run, leg LIMIT ?9" },
	[STORE_LIST_TRACES] = { ROW_TRACE, false,
	    "WHERE target = ?4 AND run = (SELECT max(run) FROM traces WHERE target = ?4)"
	    " AND (target, run, leg) > (?1, ?2, ?3) ORDER BY leg LIMIT ?9" },
	[STORE_LIST_STATE] = { ROW_STATE, false, "WHERE target > ?1 AND target = ?4 LIMIT ?9" },
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
	[STORE_LIST_CONDITIONS] = { ROW_CONDITION, false, "WHERE (target, code) > (?1, ?2)"
	    " AND standing > 0 AND cleared = 0 ORDER BY target, code LIMIT ?9" },
	[STORE_LIST_PAUSES] = { ROW_PAUSE, false,
	    "WHERE number > ?1 AND iif(ended = 0, \"ends\", ended) > ?4"
	    " ORDER BY number LIMIT ?9" },
	[STORE_LIST_SERVERS] = { ROW_SERVER, false, "WHERE target > ?1 ORDER BY target LIMIT ?9" },
	[STORE_LIST_LEDGER] = { ROW_LEDGER, false,
	    "WHERE target = ?4 AND notifier > ?2 ORDER BY notifier LIMIT ?9" },
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
	[STORE_LIST_QUARTERS] = { ROW_QUARTER, false,
	    "WHERE start > ?1 AND target = ?4 ORDER BY start LIMIT ?9" },
	[STORE_LIST_HOURS] = { ROW_HOUR, false,
	    "WHERE start > ?1 AND target = ?4 ORDER BY start LIMIT ?9" },
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

void
store_list_open(struct store_list *list, struct store_reader *reader, enum store_list_kind kind,
    uint64_t of)
{
	*list = (struct store_list){ .reader = reader, .kind = kind, .of = of };
	if (lists[kind].newest_first)
		list->numbers[0] = INT64_MAX;
}

void
store_list_behind(struct store_list *list, uint64_t number)
{
	assert(list->page == NULL && list->ended == 0 && row_forms[lists[list->kind].rows].key
	    == 1);
	list->numbers[0] = (int64_t)number;
}

static bool
is_text(const struct list_form *form, uint32_t field)
{
	return row_forms[form->rows].fields[field].type == FIELD_TEXT;
}

static bool
begin_page(struct store_list *list)
{
	const struct list_form *form = &lists[list->kind];
	struct bind values[] = { BIND(0), BIND(0), BIND(0), BIND(list->of) };

	assert(list->page == NULL && list->ended == 0);
	for (uint32_t i = 0; i < row_forms[form->rows].key; i++)
		values[i] = is_text(form, i) ? (struct bind)BIND_TEXT(list->texts[i])
		    : (struct bind)BIND(list->numbers[i]);
	/* Each page of the last runs is put together from all heads and all results behind them. */
	list->page = malloc(sizeof *list->page);
	if (list->page == NULL)
		return false;
	if (list->reader != NULL && list->reader->source != NULL) {
		*list->page = (struct page){ .reader = list->reader, .kind = form->rows };
		list->reader->source->read_page(list->page, list, form->newest_first);
		return true;
	}
	page_begin(list->page, list->reader, &(struct page_of){ form->rows, form->tail,
	    form->rows == ROW_LAST_RUN ? STORE_PAGE_MAX : ROWS_A_PAGE },
	    (struct binds){ sizeof values / sizeof values[0], values });
	list->page->whole = true;
	return true;
}

static enum store_reading
end_page(struct store_list *list, bool enough)
{
	enum store_reading reading = page_end(list->page, enough);

	free(list->page);
	list->page = NULL;
	return reading;
}

/* The chain of runs is walked by what its rows name: in a damaged store it may be a circle. */
static bool
goes_on(const struct store_list *list, const void *row)
{
	const struct row_form *form = &row_forms[lists[list->kind].rows];

	return !lists[list->kind].newest_first
	    || *(const int64_t *)(const void *)((const char *)row + form->fields[0].offset)
	        < list->numbers[0];
}

/* Returns false where a key is longer than any that is written: the next page would not begin
 * behind it. */
static bool
keep_key(struct store_list *list, const void *row)
{
	const struct row_form *form = &row_forms[lists[list->kind].rows];

	assert(form->key <= sizeof list->numbers / sizeof list->numbers[0]);
	for (uint32_t i = 0; i < form->key; i++) {
		const void *member = (const char *)row + form->fields[i].offset;

		if (form->fields[i].type == FIELD_TEXT) {
			const char *text = *(const char *const *)member;
			if (strlen(text) >= STORE_KEY_ROOM)
				return false;
			memcpy(list->texts[i], text, strlen(text) + 1);
		} else if (form->fields[i].type == FIELD_U32)
			list->numbers[i] = *(const uint32_t *)member;
		else
			list->numbers[i] = *(const int64_t *)member;
	}
	return true;
}

bool
store_list_next(struct store_list *list, void *row)
{
	while (list->ended == 0) {
		if (list->page == NULL && !begin_page(list)) {
			reason_set(&list->reader->why, "out of memory");
			list->ended = STORE_READ_BROKEN;
		} else if (!page_next(list->page, row)) {
			enum store_reading reading = end_page(list, false);
			if (reading != STORE_READ_MORE)
				list->ended = reading;
		} else if (!goes_on(list, row)) {
			reason_set(&list->reader->why, "rows that come again: the store is damaged");
			(void)end_page(list, true);
			list->ended = STORE_READ_BROKEN;
		} else if (keep_key(list, row))
			return true;
		else {
			reason_set(&list->reader->why, "a key of more than %d bytes",
			    STORE_KEY_ROOM - 1);
			(void)end_page(list, true);
			list->ended = STORE_READ_BROKEN;
		}
	}
	return false;
}

void
store_list_stop(struct store_list *list)
{
	list->ended = list->page == NULL ? STORE_READ_END : end_page(list, true);
}

enum store_reading
store_list_close(struct store_list *list)
{
	enum store_reading reading = list->ended;

	if (list->page != NULL)
		reading = end_page(list, true);
	return reading == STORE_READ_BROKEN ? STORE_READ_BROKEN : STORE_READ_END;
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
