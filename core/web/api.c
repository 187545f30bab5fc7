#include "web/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/evidence_json.h"
#include "base/json.h"
#include "base/messages.h"
#include "store/list.h"
#include "store/page.h"

enum { LISTED = 200, LISTED_MAX = 1000, NAME_ROOM = 1024 };

struct call {
	struct view *view;
	struct json json;
	uint32_t count, limit;
	uint64_t last;      /* key of the last item of a list */
	uint64_t target;    /* whose results are listed */
	bool is_of_another; /* the cursor leads to the results of another target */
};

static struct call
call_begin(struct view *view)
{
	const char *limit = server_query(view->request, "limit");
	unsigned long number = limit == NULL ? LISTED : strtoul(limit, NULL, 10);

	view->answer->type = "application/json";
	return (struct call){ .view = view, .json = json_to_buffer(view->answer->body, EMIT_MAX),
		.limit = number < 1 ? LISTED : number > LISTED_MAX ? LISTED_MAX : (uint32_t)number };
}

static void
call_end(struct call *call)
{
	json_end(&call->json);
	if (!json_finish_line(&call->json))
		call->view->emit.failed = true;
}

static void
put_words(struct json *json, const char *key, const char *words)
{
	json_begin_array(json, key);
	for (size_t size; *words != '\0'; words += size + (words[size] == ' ')) {
		size = strcspn(words, " ");
		json_text(json, NULL, (struct pw_bytes){ words, size });
	}
	json_end(json);
}

static void
put_target(struct call *call, const char *key, const struct board_row *row)
{
	const struct look *look = board_look(call->view->site->board, row);
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;
	struct json *json = &call->json;
	struct look_phase phase = { .next = 0 };

	json_begin_object(json, key);
	json_string(json, "target", row->name);
	json_string(json, "host", row->host);
	json_int(json, "port", row->port);
	json_string(json, "probe", row->probe);
	json_string(json, "rank", rank_name(row->rank));
	json_string(json, "state", row->state);
	json_time(json, "since", row->since);
	json_string(json, "verdict", look->at == 0 ? NULL : verdict_name(row->verdict));
	json_string(json, "outcome", look->at == 0 ? NULL : look->outcome);
	json_string(json, "text", row->text[0] != '\0' || look->text == NULL ? row->text : look->text);
	json_time(json, "last_run", row->last_run);
	json_time(json, "not_looked_at_since", row->unseen_since);
	json_seconds(json, "interval", row->interval);
	if (look->at == 0)
		json_null(json, "seconds");
	else
		json_seconds(json, "seconds", look->micros);
	json_begin_array(json, "phases");
	while (look_next_phase(look, &phase)) {
		json_begin_object(json, NULL);
		json_text(json, "phase", phase.name);
		if (phase.micros < 0)
			json_null(json, "seconds");
		else
			json_seconds(json, "seconds", phase.micros);
		json_end(json);
	}
	json_end(json);
	put_words(json, "conditions", row->conditions);
	put_words(json, "silences", row->silences);
	json_begin_array(json, "tags");
	for (uint32_t i = 0; policy != NULL && i < policy->tag_count; i++)
		json_string(json, NULL, policy->tags[i]);
	json_end(json);
	json_bool(json, "flapping", row->flapping);
	json_bool(json, "paused", row->paused);
	json_bool(json, "quarantined", row->quarantined);
	if (row->incident == 0)
		json_null(json, "incident");
	else
		json_int(json, "incident", (int64_t)row->incident);
	json_time(json, "acknowledged", row->acknowledged);
	json_foreign(json, "acknowledged_by", text_view(row->ack_by));
	json_foreign(json, "acknowledged_why", text_view(row->ack_why));
	json_end(json);
}

static void
put_health(struct call *call)
{
	const struct site *site = call->view->site;
	struct store_waiting waiting = board_waiting(site->board);
	const struct troubles *troubles = board_troubles(site->board);
	int64_t behind = board_behind_since(site->board);
	struct json *json = &call->json;
	const char *why;
	bool is_read = board_is_read(site->board, &why);

	json_bool(json, "healthy", is_read && behind == 0 && troubles->count == 0);
	json_bool(json, "running", true); /* this process ends with the daemon */
	json_string(json, "store", is_read ? NULL : why[0] != '\0' ? why : "is being read");
	json_time(json, "store_not_written_since", behind);
	json_time(json, "as_of", board_time(site->board));
	json_int(json, "waiting", (int64_t)waiting.notices);
	json_time(json, "waiting_since", waiting.since);
	json_int(json, "given_up", (int64_t)waiting.dead);
	json_begin_array(json, "troubles");
	for (uint32_t i = 0; i < troubles->count; i++) {
		json_begin_object(json, NULL);
		json_string(json, "code", troubles->items[i].code);
		json_time(json, "since", troubles->items[i].since);
		json_string(json, "text", troubles->items[i].text);
		json_end(json);
	}
	json_end(json);
	processes_json(json, &site->processes);
	if (!is_read || behind != 0 || troubles->count > 0)
		call->view->answer->status = 503;
}

void
api_answer_health(struct view *view, const char *rest)
{
	struct call call = call_begin(view);

	(void)rest;
	json_begin_object(&call.json, NULL);
	put_health(&call);
	call_end(&call);
}

static void
answer_health(struct view *view, const char *rest)
{
	api_answer_health(view, rest);
	view->answer->status = 200;
}

static void
answer_status(struct view *view, const char *rest)
{
	const struct board *board = view->site->board;
	struct call call = call_begin(view);

	(void)rest;
	json_begin_object(&call.json, NULL);
	put_health(&call);
	view->answer->status = 200;
	json_int(&call.json, "targets", board_count(board));
	json_begin_object(&call.json, "by_rank");
	for (enum board_rank rank = 0; rank < RANKS; rank++)
		json_int(&call.json, rank_name(rank), board_tally(board, rank));
	json_end(&call.json);
	call_end(&call);
}

/* Pages by place: `cursor` is the place where the next begins. */
static void
answer_targets(struct view *view, const char *rest)
{
	const char *cursor = server_query(view->request, "cursor"), *state = server_query(view->request, "state"),
	    *tag = server_query(view->request, "tag");
	enum board_rank rank = state == NULL ? RANKS : rank_named(state);
	const struct board *board = view->site->board;
	struct call call = call_begin(view);
	uint32_t at = cursor == NULL ? 0 : (uint32_t)strtoul(cursor, NULL, 10);

	(void)rest;
	json_begin_object(&call.json, NULL);
	json_begin_array(&call.json, "targets");
	for (; at < board_count(board) && call.count < call.limit; at++) {
		const struct board_row *row = board_get(board, at);

		if ((rank != RANKS && row->rank != rank) || !board_row_has_tag(row, tag))
			continue;
		put_target(&call, NULL, row);
		call.count++;
	}
	json_end(&call.json);
	if (at < board_count(board))
		json_int(&call.json, "next_cursor", at);
	else
		json_null(&call.json, "next_cursor");
	call_end(&call);
}

static bool
on_result(void *arg, const struct store_result *result)
{
	struct call *call = arg;
	struct json *json = &call->json;

	call->is_of_another = result->target != call->target;
	if (call->is_of_another)
		return false;
	json_begin_object(json, NULL);
	json_int(json, "run", (int64_t)result->run);
	json_time(json, "started", result->at);
	json_seconds(json, "seconds", result->micros);
	json_string(json, "verdict", verdict_name(result->verdict <= PW_UNKNOWN ? (enum pw_verdict)result->verdict : PW_UNKNOWN));
	json_string(json, "outcome", result->outcome);
	json_text(json, "text", result->text);
	json_end(json);
	return ++call->count < call->limit;
}

static void
answer_results(struct view *view, const struct board_row *row)
{
	const char *cursor = server_query(view->request, "cursor");
	uint64_t at = cursor == NULL ? 0 : strtoull(cursor, NULL, 10);
	struct call call = call_begin(view);

	json_begin_object(&call.json, NULL);
	json_string(&call.json, "target", row->name);
	json_begin_array(&call.json, "results");
	call.target = row->number;
	(void)store_read_history(board_reader(view->site->board), row->number, &at, call.limit, on_result, &call);
	if (call.is_of_another) {
		server_problem(view->request, view->answer, 400, "cursor: it is not one of this list");
		return;
	}
	json_end(&call.json);
	if (at != 0)
		json_int(&call.json, "next_cursor", (int64_t)at);
	else
		json_null(&call.json, "next_cursor");
	call_end(&call);
}

/* NAME, or NAME/results. */
static void
answer_target(struct view *view, const char *rest)
{
	static const char results[] = "/results";
	const struct board_row *row = board_named(view->site->board, rest);
	size_t size = strlen(rest), tail = sizeof results - 1;
	char name[NAME_ROOM];

	if (row == NULL && size > tail && size < sizeof name && strcmp(rest + size - tail, results) == 0) {
		snprintf(name, sizeof name, "%.*s", (int)(size - tail), rest);
		row = board_named(view->site->board, name);
		if (row != NULL && board_reader(view->site->board) != NULL) {
			answer_results(view, row);
			return;
		}
	}
	if (row == NULL) {
		server_problem(view->request, view->answer, 404, "no target that is watched has this name");
		return;
	}
	struct call call = call_begin(view);
	put_target(&call, NULL, row);
	if (!json_finish_line(&call.json))
		view->emit.failed = true;
}

static void
answer_incidents(struct view *view, const char *rest)
{
	const char *cursor = server_query(view->request, "cursor");
	struct call call = call_begin(view);
	struct store_outage outage;
	struct store_list list;

	(void)rest;
	json_begin_object(&call.json, NULL);
	json_begin_array(&call.json, "incidents");
	store_list_open(&list, board_reader(view->site->board), STORE_LIST_INCIDENTS, 0);
	if (cursor != NULL)
		list.numbers[0] = (int64_t)strtoull(cursor, NULL, 10);
	for (; call.count < call.limit && store_list_next(&list, &outage); call.count++) {
		json_begin_object(&call.json, NULL);
		store_outage_json(&call.json, &outage, outage.name[0] == '\0' ? NULL : outage.name, true);
		json_end(&call.json);
		call.last = outage.number;
	}
	(void)store_list_close(&list);
	json_end(&call.json);
	if (call.count == call.limit)
		json_int(&call.json, "next_cursor", (int64_t)call.last);
	else
		json_null(&call.json, "next_cursor");
	call_end(&call);
}

static bool
on_leg(void *arg, const struct store_evidence *row)
{
	struct call *call = arg;
	struct wire_in in = wire_from(row->bytes.data, row->bytes.size);
	struct message_evidence evidence;

	if (++call->count > call->limit)
		return false;
	json_begin_object(&call->json, NULL);
	json_int(&call->json, "run", (int64_t)row->run);
	json_string(&call->json, "role", row->role);
	json_time(&call->json, "started", row->at);
	if (message_get_evidence(&in, &evidence, UINT32_MAX))
		evidence_json(&call->json, "leg", &evidence.leg);
	else
		json_null(&call->json, "leg");
	json_end(&call->json);
	return true;
}

static void
put_told(struct call *call, uint64_t incident)
{
	struct store_list list;
	struct store_told told;

	json_begin_array(&call->json, "deliveries");
	store_list_open(&list, board_reader(call->view->site->board), STORE_LIST_TOLD, incident);
	while (store_list_next(&list, &told)) {
		json_begin_object(&call->json, NULL);
		json_int(&call->json, "notice", (int64_t)told.notice);
		json_string(&call->json, "kind", told.kind);
		json_text(&call->json, "text", told.text);
		json_string(&call->json, "notifier", told.notifier[0] == '\0' ? NULL : told.notifier);
		json_string(&call->json, "recipient", told.recipient);
		json_string(&call->json, "state", told.delivery);
		json_int(&call->json, "attempts", told.attempts);
		json_time(&call->json, "created", told.created);
		json_time(&call->json, "ended", told.ended);
		json_foreign(&call->json, "receipt", told.receipt);
		json_end(&call->json);
	}
	(void)store_list_close(&list);
	json_end(&call->json);
}

static void
answer_incident(struct view *view, const char *rest)
{
	uint64_t number = strtoull(rest, NULL, 10);
	struct call call = call_begin(view);
	struct store_outage outage;
	struct store_list list;
	bool is_found;

	store_list_open(&list, board_reader(view->site->board), STORE_LIST_INCIDENT, number);
	is_found = rest[strspn(rest, "0123456789")] == '\0' && number > 0 && number < INT64_MAX && store_list_next(&list, &outage);
	if (is_found) {
		json_begin_object(&call.json, NULL);
		store_outage_json(&call.json, &outage, outage.name[0] == '\0' ? NULL : outage.name, true);
	}
	(void)store_list_close(&list);
	if (!is_found) {
		server_problem(view->request, view->answer, 404, "no incident has this number");
		return;
	}
	json_begin_array(&call.json, "evidence");
	(void)store_read_evidence(board_reader(view->site->board), number, &STORE_EVIDENCE_FIRST, call.limit + 1, on_leg, &call);
	json_end(&call.json);
	put_told(&call, number);
	call_end(&call);
}

static const struct {
	const char *path;
	bool is_prefix;
	void (*answer)(struct view *, const char *rest);
} calls[] = {
	{ "status", false, answer_status },
	{ "health", false, answer_health },
	{ "targets", false, answer_targets },
	{ "targets/", true, answer_target },
	{ "incidents", false, answer_incidents },
	{ "incidents/", true, answer_incident },
};

void
api_answer(struct view *view, const char *rest)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		size_t size = strlen(calls[i].path);

		if (calls[i].is_prefix ? strncmp(rest, calls[i].path, size) != 0 : strcmp(rest, calls[i].path) != 0)
			continue;
		if (!board_is_read(view->site->board, NULL) && calls[i].answer != answer_status && calls[i].answer != answer_health)
			server_problem(view->request, view->answer, 503, "the store cannot be read now");
		else
			calls[i].answer(view, rest + size);
		return;
	}
	server_problem(view->request, view->answer, 404, "the API has no such address: openapi.json lists them");
}
