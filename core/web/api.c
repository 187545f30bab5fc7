/*
 * For the web process: what the calls of the JSON API have in common, and those about Postwatch
 * itself and about targets.
 */
#include "web/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/list.h"
#include "store/reader_private.h"
#include "web/api_call.h"
#include "web/told_text.h"

enum { LISTED = 200, LISTED_MAX = 1000, WALKED_MAX = 2000 /* results that are looked at for a page */ };

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
	view_problem(view, 400, why);
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
	bool is_ready = said->process_count > 0 && board_is_read(view->board, NULL);
	struct call call;

	if (!call_begin(&call, view, "waits_for"))
		return;
	if (said->process_count == 0)
		json_string(&call.json, NULL, "the parent's first word");
	if (!board_is_read(view->board, NULL))
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
	struct call call;

	if (!call_begin(&call, view, NULL))
		return;
	put_health(&call);
	view->answer->status = 200;
	json_int(&call.json, "targets", board_count(view->board));
	json_begin_object(&call.json, "by_rank");
	for (enum board_rank rank = 0; rank < RANKS; rank++)
		json_int(&call.json, rank_name(rank), board_tally(view->board, rank));
	json_end(&call.json);
	call_end(&call);
}

/* --- targets --- */

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
put_seconds(struct json *json, const char *key, bool is_known, int64_t microseconds)
{
	if (is_known)
		json_seconds(json, key, microseconds);
	else
		json_null(json, key);
}

static void
put_pauses(struct call *call, const struct board_row *row)
{
	const struct pauses *pauses = &board_known(call->view->board)->pauses;
	struct json *json = &call->json;
	int64_t now = board_time(call->view->board);

	json_begin_array(json, "pauses");
	for (uint32_t i = 0; i < pauses->count; i++) {
		const struct pause *pause = &pauses->items[i];

		if (!pause_holds(pause, now, row->number, row->configured))
			continue;
		json_begin_object(json, NULL);
		json_time(json, "from", pause->from);
		json_time(json, "until", pause->until);
		json_string(json, "tag", pause->tag);
		json_foreign(json, "by", text_view(pause->by));
		json_foreign(json, "why", text_view(pause->why));
		json_end(json);
	}
	json_end(json);
}

static void
put_newest(struct call *call, const struct board_row *row, const struct look *look)
{
	const struct board_server *server = &row->server;
	struct json *json = &call->json;
	int64_t age = board_time(call->view->board) - row->last_run;
	bool has_run = row_is_of_look(row, look), has_tls = server->tls_version[0] != '\0';
	struct run_steps steps = look_steps(look);

	json_string(json, "verdict", look->at != 0 ? verdict_name(row->verdict) : NULL);
	json_string(json, "outcome", has_run ? look->outcome : NULL);
	json_string(json, "text", row->text[0] != '\0' || look->text == NULL ? row->text : look->text);
	json_time(json, "last_run", row->last_run);
	put_seconds(json, "last_run_age", row->last_run != 0, age < 0 ? 0 : age);
	json_time(json, "not_looked_at_since", row->unseen_since);
	json_seconds(json, "interval", row->interval);
	put_seconds(json, "seconds", has_run, look->micros);
	json_begin_array(json, "phases");
	while (has_run && run_steps_next(&steps)) {
		json_begin_object(json, NULL);
		json_text(json, "phase", steps.name);
		put_seconds(json, "seconds", steps.micros >= 0, steps.micros);
		json_end(json);
	}
	json_end(json);
	json_time(json, "facts_as_of", server->at);
	json_string(json, "tls_version", has_tls ? server->tls_version : NULL);
	json_string(json, "tls_cipher", has_tls ? server->tls_cipher : NULL);
	json_time(json, "certificate_begins", server->not_before);
	json_time(json, "certificate_ends", server->not_after);
	json_time(json, "chain_ends", server->chain_ends);
}

/* A target with all that is known of it, as members of the object at hand. */
static void
put_target(struct call *call, const struct board_row *row)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;
	struct json *json = &call->json;

	json_string(json, "target", row->name);
	json_string(json, "host", row->host);
	json_int(json, "port", row->port);
	json_string(json, "probe", row->probe);
	json_string(json, "rank", rank_name(row->rank));
	json_string(json, "state", row->state);
	json_time(json, "since", row->since);
	json_time(json, "first_sign", row->rank == RANK_DOWN || row->rank == RANK_SUSPECT ? board_since(call->view->board, row) : 0);
	put_newest(call, row, board_look(call->view->board, row));
	put_words(json, "conditions", row->conditions);
	put_words(json, "silences", row->silences);
	json_begin_array(json, "tags");
	for (uint32_t i = 0; policy != NULL && i < policy->tag_count; i++)
		json_string(json, NULL, policy->tags[i]);
	json_end(json);
	json_bool(json, "slow", row->slow);
	json_bool(json, "flapping", row->flapping);
	json_bool(json, "paused", row->paused);
	json_bool(json, "quarantined", row->quarantined);
	put_pauses(call, row);
	if (row->incident == 0)
		json_null(json, "incident");
	else
		json_int(json, "incident", (int64_t)row->incident);
	told_put_json(json, call->view, row, board_told(call->view->board, row));
	json_time(json, "acknowledged", row->acknowledged);
	json_foreign(json, "acknowledged_by", text_view(row->ack_by));
	json_foreign(json, "acknowledged_why", text_view(row->ack_why));
}

/* Pages by place: `cursor` is the place where the next begins. */
void
api_answer_targets(struct view *view)
{
	const char *state = server_query(view->request, "state"), *tag = server_query(view->request, "tag");
	enum board_rank rank = state == NULL ? RANKS : rank_named(state);
	struct call call;
	uint64_t at;

	if (state != NULL && rank == RANKS) {
		view_problem(view, 400, "state: no target is ever in one of this name");
		return;
	}
	if (!call_number(view, "cursor", 0, &at) || !call_begin(&call, view, "targets"))
		return;
	for (; at < board_count(view->board) && call.count < call.limit; at++) {
		const struct board_row *row = board_get(view->board, (uint32_t)at);

		if ((rank != RANKS && row->rank != rank) || !board_row_has_tag(row, tag))
			continue;
		json_begin_object(&call.json, NULL);
		put_target(&call, row);
		json_end(&call.json);
		call.count++;
	}
	json_end(&call.json);
	call_put_cursor(&call, at < board_count(view->board), at);
	call_end(&call);
}

/* --- results --- */

/* Seconds since 1970, or RFC 3339 in UTC; `from` is in it, `to` is not. */
static bool
take_time(struct view *view, const char *name, int64_t *time)
{
	const char *text = server_query(view->request, name);
	struct tm parts = { .tm_mday = 0 };
	const char *end = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	uint64_t seconds;

	*time = 0;
	if (text != NULL && end != NULL && *end == '\0') {
		*time = (int64_t)timegm(&parts) * SECOND;
		return true;
	}
	if (!call_number(view, name, 0, &seconds))
		return false;
	*time = seconds > INT32_MAX ? INT64_MAX : (int64_t)seconds * SECOND;
	return true;
}

/* A cursor is the last row that was looked at. `from` and `to` are UTC, 0: no bound. */
static void
answer_results(struct view *view, const struct board_row *row)
{
	struct store_list list;
	struct store_run run;
	struct call call;
	struct json *json = &call.json;
	int64_t from, to;
	uint64_t cursor;
	bool more;

	if (!call_number(view, "cursor", 0, &cursor) || !take_time(view, "from", &from) || !take_time(view, "to", &to)
	    || !call_begin(&call, view, NULL))
		return;
	if (cursor != 0 && DB_NUMBER(view->reader->history, "SELECT 1 FROM results WHERE id = ?1 AND target = ?2",
	    BIND(cursor), BIND(row->number)) == 0) {
		view_problem(view, 400, "cursor: it is not one of this list");
		return;
	}
	json_string(json, "target", row->name);
	json_begin_array(json, "results");
	store_list_open(&list, view->reader, STORE_LIST_HISTORY, row->number);
	if (cursor != 0)
		store_list_behind(&list, cursor);
	more = store_list_next(&list, &run);
	for (uint32_t walked = 0; more && run.at >= from && call.count < call.limit && walked < WALKED_MAX; walked++) {
		if (to == 0 || run.at < to) {
			json_begin_object(json, NULL);
			json_int(json, "run", (int64_t)run.run);
			json_time(json, "started", run.at);
			json_seconds(json, "seconds", run.micros);
			json_string(json, "verdict", verdict_name(verdict_of(run.verdict)));
			json_string(json, "outcome", outcome_current(run.outcome));
			json_text(json, "text", run.text);
			json_end(json);
			call.count++;
		}
		cursor = run.id;
		more = store_list_next(&list, &run);
	}
	(void)store_list_close(&list);
	json_end(json);
	call_put_cursor(&call, more && run.at >= from, cursor);
	call_end(&call);
}

/* NAME, or NAME/results. */
void
api_answer_target(struct view *view)
{
	const struct board_row *row = board_named(view->board, view->rest),
	    *whose = row == NULL ? view_named(view, "/results") : NULL;
	struct call call;

	if (whose != NULL)
		answer_results(view, whose);
	else if (row == NULL)
		view_problem(view, 404, "no target that is watched has this name");
	else if (call_begin(&call, view, NULL)) {
		put_target(&call, row);
		call_end(&call);
	}
}

void
api_answer_openapi(struct view *view)
{
	struct pw_bytes bytes = asset_bytes(ASSET_OPENAPI, &view->answer->type);

	view->emit.failed |= !buffer_add(view->answer->body, bytes.data, bytes.size, EMIT_MAX);
}
