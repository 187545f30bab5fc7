/*
 * For the JSON API: answers the calls that read lists of the store: incidents, attempts, deliveries
 * that wait, conditions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/evidence_json.h"
#include "store/list.h"
#include "store/reader_private.h"
#include "web/api_call.h"
#include "web/attempt.h"
#include "web/told_text.h"

/* Returns false where it could not be read to its end: the answer says so, since the part that was read would look like all of it. */
static bool
close_list(struct call *call, struct store_list *list)
{
	if (store_list_close(list) != STORE_READ_BROKEN)
		return true;
	view_problem(call->view, 503, "the store cannot be read now");
	return false;
}

static void
put_outage(struct call *call, const struct store_outage *outage)
{
	struct told told;

	store_outage_json(&call->json, outage, outage->name[0] == '\0' ? NULL : outage->name, true);
	told_read_incident(call->view->reader, outage->number, &told);
	told_put_json(&call->json, call->view,
	    outage->ended == 0 ? board_named(call->view->board, outage->name) : NULL, &told);
}

void
api_answer_incidents(struct view *view)
{
	struct store_outage outage;
	struct store_list list;
	uint64_t cursor;
	struct call call;

	if (!call_number(view, "cursor", INT64_MAX, &cursor)
	    || !call_begin(&call, view, "incidents"))
		return;
	store_list_open(&list, view->reader, STORE_LIST_INCIDENTS, 0);
	store_list_behind(&list, cursor);
	for (; call.count < call.limit && store_list_next(&list, &outage); call.count++) {
		json_begin_object(&call.json, NULL);
		put_outage(&call, &outage);
		json_end(&call.json);
		cursor = outage.number;
	}
	if (!close_list(&call, &list))
		return;
	json_end(&call.json);
	call_put_cursor(&call, call.count == call.limit, cursor);
	call_end(&call);
}

/* Null where another version wrote it. */
static void
put_leg(struct json *json, const char *key, struct pw_bytes bytes)
{
	struct message_evidence evidence;

	if (message_read_evidence(bytes, &evidence))
		evidence_json(json, key, &evidence.leg);
	else
		json_null(json, key);
}

/* The runs of an incident as a list of their legs behind one, whose cursor is "RUN.LEG". Returns false where that cannot be read. */
static bool
put_evidence(struct call *call, uint64_t incident, struct store_leg_key last)
{
	struct json *json = &call->json;
	struct store_evidence row;
	struct store_list list;
	char next[48];
	bool more;

	json_begin_array(json, "evidence");
	store_list_open(&list, call->view->reader, STORE_LIST_EVIDENCE, incident);
	store_list_behind_leg(&list, &last);
	store_list_limit(&list, call->limit + 1);
	for (; (more = store_list_next(&list, &row)) && call->count < call->limit; call->count++) {
		json_begin_object(json, NULL);
		json_int(json, "run", (int64_t)row.run);
		json_string(json, "role", row.role);
		json_time(json, "started", row.at);
		put_leg(json, "leg", row.bytes);
		json_end(json);
		last = (struct store_leg_key){ row.target, row.run, row.leg };
	}
	if (!close_list(call, &list))
		return false;
	json_end(json);
	snprintf(next, sizeof next, "%llu.%u", (unsigned long long)last.run, (unsigned)last.leg);
	json_string(json, "next_cursor", more ? next : NULL);
	return true;
}

/* A cursor is behind all that has its run and leg. */
static bool
take_leg(struct view *view, const char *cursor, struct store_leg_key *key)
{
	unsigned long long run;
	unsigned leg;
	int size = 0;

	if (cursor == NULL)
		return true;
	if (strspn(cursor, "0123456789.") != strlen(cursor) || sscanf(cursor, "%19llu.%9u%n", &run, &leg, &size) != 2 || cursor[size] != '\0'
	    || run >= RUNS_MAX) {
		view_problem(view, 400, "cursor: it is not one of this list");
		return false;
	}
	*key = (struct store_leg_key){ INT64_MAX, run, leg };
	return true;
}

static void
put_told(struct json *json, struct store_reader *reader, uint64_t incident)
{
	struct store_told told;

	json_begin_array(json, "deliveries");
	STORE_EACH(&told, reader, STORE_LIST_TOLD, incident) {
		json_begin_object(json, NULL);
		json_int(json, "notice", (int64_t)told.notice);
		json_string(json, "kind", told.kind);
		json_text(json, "text", told.text);
		store_delivery_json(json, &told);
		json_end(json);
	}
	json_end(json);
}

void
api_answer_incident(struct view *view)
{
	const char *cursor = server_query(view->request, "cursor");
	struct store_leg_key behind = { 0 };
	uint64_t number = strtoull(view->rest, NULL, 10);
	struct store_outage outage;
	struct store_list list;
	struct call call;
	bool is_found;

	if (!take_leg(view, cursor, &behind) || !call_begin(&call, view, NULL))
		return;
	store_list_open(&list, view->reader, STORE_LIST_INCIDENT, number);
	is_found = view->rest[strspn(view->rest, "0123456789")] == '\0' && number > 0
	    && number < INT64_MAX && store_list_next(&list, &outage);
	if (is_found)
		put_outage(&call, &outage);
	if (!close_list(&call, &list))
		return;
	if (!is_found) {
		view_problem(view, 404, "no incident has this number");
		return;
	}
	if (!put_evidence(&call, number, behind))
		return;
	put_told(&call.json, view->reader, number);
	call_end(&call);
}

/* --- attempts --- */

/* RUN, of any target, or of the `target` of the query alone. */
void
api_answer_attempt(struct view *view)
{
	const char *wanted = server_query(view->request, "target");
	uint64_t run = view->rest[strspn(view->rest, "0123456789")] == '\0'
	    ? strtoull(view->rest, NULL, 10) : 0, target;
	struct query *named = NULL;
	struct attempt_legs legs;
	struct call call;
	bool found;

	attempt_legs_open(&legs, view->reader, run < RUNS_MAX ? run : 0);
	if (attempt_legs_next(&legs))
		named = DB_ROW(view->reader->main, "SELECT name FROM targets WHERE number = ?1",
		    BIND(target = legs.target));
	found = named != NULL && (wanted == NULL || strcmp(wanted, query_text(named, 0)) == 0)
	    && call_begin(&call, view, NULL);
	if (found) {
		json_int(&call.json, "run", (int64_t)run);
		json_string(&call.json, "target", query_text(named, 0));
		json_begin_array(&call.json, "legs");
		do
			put_leg(&call.json, NULL, legs.bytes);
		while (attempt_legs_next(&legs) && legs.target == target);
		json_end(&call.json);
		call_end(&call);
	}
	query_reset(named);
	/* What cannot be read may be there. */
	if (!attempt_legs_close(&legs) || (!found && view->reader->history == NULL))
		view_problem(view, 503, "attempts cannot be read now");
	else if (!found && view->answer->status == 200)
		view_problem(view, 404, "nothing is kept of an attempt of this number");
}

/* --- deliveries --- */

/* The key of a delivery, "NOTICE.SIZE.NOTIFIER" and the recipient behind, as the next page begins behind it. */
static bool
take_key(struct view *view, struct store_list *list)
{
	const char *text = server_query(view->request, "cursor");
	int at = 0, size = 0;
	long long notice;

	if (text == NULL)
		return true;
	if (sscanf(text, "%lld.%d.%n", &notice, &size, &at) != 2 || at == 0 || size < 0 || (size_t)size > strlen(text + at)
	    || size >= STORE_KEY_ROOM || strlen(text + at) - (size_t)size >= STORE_KEY_ROOM) {
		view_problem(view, 400, "cursor: it is not one of this list");
		return false;
	}
	list->numbers[0] = notice;
	snprintf(list->texts[1], STORE_KEY_ROOM, "%.*s", size, text + at);
	snprintf(list->texts[2], STORE_KEY_ROOM, "%s", text + at + size);
	return true;
}

/* Those that wait; `state=given_up`: those that were given up. */
void
api_answer_deliveries(struct view *view)
{
	const char *state = server_query(view->request, "state");
	bool is_given_up = state != NULL && strcmp(state, "given_up") == 0;
	char cursor[3 * STORE_KEY_ROOM] = "";
	struct store_undelivered row;
	struct store_list list;
	struct call call;
	struct json *json = &call.json;

	if (state != NULL && !is_given_up && strcmp(state, "waiting") != 0) {
		view_problem(view, 400, "state: waiting or given_up");
		return;
	}
	store_list_open(&list, view->reader, is_given_up ? STORE_LIST_GIVEN_UP : STORE_LIST_WAITING,
	    0);
	if (!take_key(view, &list) || !call_begin(&call, view, "deliveries")) {
		(void)store_list_close(&list);
		return;
	}
	for (; call.count < call.limit && store_list_next(&list, &row); call.count++) {
		json_begin_object(json, NULL);
		json_int(json, "notice", (int64_t)row.notice);
		json_string(json, "kind", row.kind);
		json_string(json, "target", row.target == 0 ? NULL : row.name);
		json_text(json, "text", row.text);
		json_string(json, "notifier", row.notifier);
		json_string(json, "recipient", row.recipient);
		json_string(json, "state",
		    row.state < STORE_DELIVERY_STATES_END ? store_delivery_name(row.state) : NULL);
		json_int(json, "attempts", row.attempts);
		json_time(json, "created", row.created);
		json_time(json, "not_before", row.not_before);
		json_foreign(json, "receipt", row.receipt);
		json_end(json);
		snprintf(cursor, sizeof cursor, "%lld.%zu.%s%s", (long long)row.notice, strlen(row.notifier), row.notifier, row.recipient);
	}
	if (!close_list(&call, &list))
		return;
	json_end(json);
	json_string(json, "next_cursor", call.count == call.limit ? cursor : NULL);
	call_end(&call);
}

/* --- conditions --- */

/* Those that stand; the cursor is "TARGET.CODE". */
void
api_answer_conditions(struct view *view)
{
	const char *given = server_query(view->request, "cursor");
	char cursor[STORE_KEY_ROOM + 32] = "";
	struct store_condition row;
	struct store_list list;
	struct call call;
	long long target = 0;
	int at = 0;

	if (given != NULL && (sscanf(given, "%lld.%n", &target, &at) != 1 || at == 0 || strlen(given + at) >= STORE_KEY_ROOM)) {
		view_problem(view, 400, "cursor: it is not one of this list");
		return;
	}
	if (!call_begin(&call, view, "conditions"))
		return;
	store_list_open(&list, view->reader, STORE_LIST_CONDITIONS, 0);
	list.numbers[0] = target;
	snprintf(list.texts[1], STORE_KEY_ROOM, "%s", given == NULL ? "" : given + at);
	while (call.count < call.limit && store_list_next(&list, &row)) {
		const struct board_row *watched = board_after(view->board, row.target - 1);

		snprintf(cursor, sizeof cursor, "%lld.%s", (long long)row.target, row.code);
		if (watched == NULL || watched->number != row.target)
			continue;
		call.count++;
		json_begin_object(&call.json, NULL);
		json_string(&call.json, "target", watched->name);
		json_string(&call.json, "condition", row.code);
		json_time(&call.json, "since", row.since);
		json_text(&call.json, "text", row.text);
		json_end(&call.json);
	}
	if (!close_list(&call, &list))
		return;
	json_end(&call.json);
	json_string(&call.json, "next_cursor", call.count == call.limit ? cursor : NULL);
	call_end(&call);
}
