/*
 * For the web process: what the calls of the JSON API have in common, and those about Postwatch
 * itself and about targets.
 */
#include "web/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/api_call.h"

enum { LISTED = 200, LISTED_MAX = 1000 };

bool
call_number(struct view *view, const char *name, uint64_t otherwise, uint64_t *number)
{
	const char *text = server_query(view->request, name);
	char why[80];

	*number = otherwise;
	if (text == NULL || text[0] == '\0')
		return true;
	errno = 0;
	*number = strtoull(text, NULL, 10);
	if (text[strspn(text, "0123456789")] == '\0' && errno == 0 && *number <= INT64_MAX)
		return true;
	snprintf(why, sizeof why, "%.20s: it is not a number", name);
	server_problem(view->request, view->answer, 400, why);
	return false;
}

bool
call_begin(struct call *call, struct view *view, const char *list)
{
	uint64_t limit;

	if (!call_number(view, "limit", LISTED, &limit))
		return false;
	view->answer->type = "application/json";
	*call = (struct call){ .view = view, .json = json_to_buffer(view->answer->body, EMIT_MAX),
		.limit = limit < 1 ? 1 : limit > LISTED_MAX ? LISTED_MAX : (uint32_t)limit };
	json_begin_object(&call->json, NULL);
	if (list != NULL)
		json_begin_array(&call->json, list);
	return true;
}

void
call_end(struct call *call)
{
	json_end(&call->json);
	if (!json_finish_line(&call->json))
		call->view->emit.failed = true;
}

void
call_put_cursor(struct call *call, bool has_more, uint64_t cursor)
{
	if (has_more)
		json_int(&call->json, "next_cursor", (int64_t)cursor);
	else
		json_null(&call->json, "next_cursor");
}

static void
put_health(struct call *call)
{
	const struct site *site = call->view->site;
	struct store_waiting waiting = board_known(site->board)->waiting;
	const struct troubles *troubles = &board_known(site->board)->troubles;
	int64_t behind = board_known(site->board)->behind;
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
	json_bool(json, "shadow", site->config->shadow);
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
api_answer_health(struct view *view)
{
	struct call call;

	if (!call_begin(&call, view, NULL))
		return;
	put_health(&call);
	call_end(&call);
}

/* What is needed to watch and to tell is there: the store was read, and each process serves. */
void
api_answer_ready(struct view *view)
{
	const struct message_vitals *said = &view->site->processes.said;
	char name[PROCESS_NAME_MAX];
	bool is_ready = said->process_count > 0 && board_is_read(view->site->board, NULL);
	struct call call;

	if (!call_begin(&call, view, "waits_for"))
		return;
	if (said->process_count == 0)
		json_string(&call.json, NULL, "the parent's first word");
	if (!board_is_read(view->site->board, NULL))
		json_string(&call.json, NULL, "the store to be read");
	for (uint32_t i = 0; i < said->process_count; i++) {
		if (said->processes[i].is_ready)
			continue;
		processes_name(&said->processes[i], name);
		json_string(&call.json, NULL, name);
		is_ready = false;
	}
	json_end(&call.json);
	json_bool(&call.json, "ready", is_ready);
	call_end(&call);
	if (!is_ready)
		view->answer->status = 503;
}

void
api_answer_health_told(struct view *view)
{
	api_answer_health(view);
	if (view->answer->status == 503) /* it is told in the answer, as it is not the API that is ill */
		view->answer->status = 200;
}

void
api_answer_status(struct view *view)
{
	const struct board *board = view->site->board;
	struct call call;

	if (!call_begin(&call, view, NULL))
		return;
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
void
api_answer_targets(struct view *view)
{
	const char *state = server_query(view->request, "state"), *tag = server_query(view->request, "tag");
	enum board_rank rank = state == NULL ? RANKS : rank_named(state);
	const struct board *board = view->site->board;
	struct call call;
	uint64_t at;

	if (state != NULL && rank == RANKS) {
		server_problem(view->request, view->answer, 400, "state: no target is ever in one of this name");
		return;
	}
	if (!call_number(view, "cursor", 0, &at) || !call_begin(&call, view, "targets"))
		return;
	for (; at < board_count(board) && call.count < call.limit; at++) {
		const struct board_row *row = board_get(board, (uint32_t)at);

		if ((rank != RANKS && row->rank != rank) || !board_row_has_tag(row, tag))
			continue;
		json_begin_object(&call.json, NULL);
		api_put_target(&call, row);
		json_end(&call.json);
		call.count++;
	}
	json_end(&call.json);
	call_put_cursor(&call, at < board_count(board), at);
	call_end(&call);
}

void
api_answer_openapi(struct view *view)
{
	struct pw_bytes bytes = asset_bytes(ASSET_OPENAPI, &view->answer->type);

	view->emit.failed |= !buffer_add(view->answer->body, bytes.data, bytes.size, EMIT_MAX);
}
