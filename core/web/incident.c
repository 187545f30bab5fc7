/* The list of incidents, and the page of one. */
#include "web/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/list.h"
#include "web/attempt.h"

enum { LEGS_A_PAGE = 200, LISTED = 200 };

struct incident_story {
	struct view *view;
	uint64_t number;
	uint32_t legs;
	struct store_evidence_key last; /* of those that are shown */
	const struct board_row *watched; /* its target; NULL: it is not watched any more */
	bool is_open;
};

/* Roles of the store in words of the story. */
static const char *
role_words(const char *role)
{
	static const char *const words[][2] = {
		{ "confirmed", "An attempt that confirmed it" },
		{ "changed", "It failed in another way" },
		{ "hourly", "Still so" },
		{ "failed", "The last failed attempt" },
		{ "passed", "An attempt that passed" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i][0], role) == 0)
			return words[i][1];
	return role;
}

static bool
on_leg(void *arg, const struct store_evidence *row)
{
	struct incident_story *story = arg;
	struct emit *emit = &story->view->emit;

	if (++story->legs > LEGS_A_PAGE)
		return false;
	story->last = (struct store_evidence_key){ row->run, row->leg, row->target };
	if (strcmp(row->role, "passed") == 0)
		EMIT(emit, "<li class=\"up\"><span class=\"faint\">");
	else
		EMIT(emit, "<li class=\"down\"><span class=\"faint\">");
	emit_time(emit, row->at);
	EMIT(emit, "</span> ");
	emit_string(emit, role_words(row->role));
	if (story->watched != NULL) {
		EMIT(emit, " (<a href=\"");
		VIEW_ADDRESS(story->view, "/targets/");
		emit_segment(emit, text_view(story->watched->name));
		EMIT(emit, "/attempts/");
		emit_u64(emit, row->run);
		EMIT(emit, "\">attempt ");
		emit_u64(emit, row->run);
		EMIT(emit, "</a>)");
	}
	attempt_put(story->view, row->bytes, story->legs == 1);
	EMIT(emit, "</li>\n");
	return true;
}

static void
put_fact(struct view *view, const char *name, int64_t time)
{
	struct emit *emit = &view->emit;

	if (time == 0)
		return;
	EMIT(emit, "<dt>");
	emit_string(emit, name);
	EMIT(emit, "</dt><dd>");
	emit_time(emit, time);
	EMIT(emit, "</dd>");
}

static void
put_heading(struct incident_story *story, const struct store_outage *incident)
{
	struct view *view = story->view;
	const struct board *board = view->site->board;
	struct emit *emit = &view->emit;
	char title[160];

	story->is_open = incident->ended == 0;
	story->watched = board_named(board, incident->name);
	snprintf(title, sizeof title, "Incident %llu: %.80s %s - Postwatch", (unsigned long long)incident->number, incident->name,
	    story->is_open ? "down" : "was down");
	view_begin(view, title, story->is_open ? RANK_DOWN : RANK_UP);
	EMIT(emit, "<h1>Incident ");
	emit_u64(emit, incident->number);
	EMIT(emit, ": ");
	if (incident->name[0] != '\0')
		view_target(view, incident->name);
	else
		EMIT(emit, "a target that is not known any more");
	if (story->is_open)
		EMIT(emit, " is down, for ");
	else
		EMIT(emit, " was down for ");
	emit_age(emit, (story->is_open ? board_time(board) : incident->ended) - incident->began);
	EMIT(emit, "</h1>\n<p>");
	emit_text(emit, incident->text);
	EMIT(emit, "</p>\n");
	if (incident->end_text.size > 0) {
		EMIT(emit, "<p>");
		emit_text(emit, incident->end_text);
		EMIT(emit, "</p>\n");
	}
	EMIT(emit, "<dl>");
	put_fact(view, "First sign", incident->began);
	put_fact(view, "Confirmed", incident->confirmed);
	put_fact(view, "First success", incident->ended);
	put_fact(view, "End confirmed", incident->end_confirmed);
	EMIT(emit, "<dt>Outcome</dt><dd>");
	emit_string(emit, incident->outcome);
	EMIT(emit, "</dd>");
	put_fact(view, "Acknowledged", incident->acknowledged);
	if (incident->acknowledged != 0) {
		EMIT(emit, "<dt>by</dt><dd>");
		emit_foreign(emit, incident->ack_by);
		EMIT(emit, " ");
		emit_foreign(emit, incident->ack_why);
		EMIT(emit, "</dd>");
	}
	EMIT(emit, "</dl>\n");
}

static void
put_told(struct incident_story *story)
{
	struct view *view = story->view;
	struct emit *emit = &view->emit;
	struct store_list list;
	struct store_told told;
	uint64_t notice = 0;

	EMIT(emit, "<h2>Who was told</h2>\n<div class=\"scroll\"><table id=\"told\"><thead><tr><th>Notice</th><th>Notifier</th><th>Recipient</th>"
	    "<th>Delivery</th><th>When</th><th>Receipt</th></tr></thead><tbody>\n");
	store_list_open(&list, board_reader(view->site->board), STORE_LIST_TOLD, story->number);
	while (store_list_next(&list, &told)) {
		EMIT(emit, "<tr><td>");
		if (told.notice != notice)
			emit_string(emit, told.kind);
		notice = told.notice;
		EMIT(emit, "</td><td>");
		if (told.notifier[0] == '\0')
			EMIT(emit, "nobody");
		else
			emit_string(emit, told.notifier);
		EMIT(emit, "</td><td>");
		emit_string(emit, told.recipient);
		EMIT(emit, "</td><td>");
		emit_string(emit, told.delivery);
		EMIT(emit, "</td><td class=\"when\">");
		emit_time(emit, told.ended != 0 ? told.ended : told.created);
		EMIT(emit, "</td><td class=\"cause\">");
		emit_foreign(emit, told.receipt);
		EMIT(emit, "</td></tr>\n");
	}
	(void)store_list_close(&list);
	if (notice == 0)
		EMIT(emit, "<tr><td colspan=\"6\">Nothing was told of it.</td></tr>\n");
	EMIT(emit, "</tbody></table></div>\n");
}

/* The legs of its attempts, from the first, or behind `after`, which is "RUN.LEG". */
static void
put_story(struct incident_story *story)
{
	const char *after = server_query(story->view->request, "after");
	struct emit *emit = &story->view->emit;
	unsigned long long run = 0;
	unsigned leg = 0;

	if (after != NULL && sscanf(after, "%19llu.%9u", &run, &leg) == 2)
		story->last = (struct store_evidence_key){ run < RUNS_MAX ? run : RUNS_MAX - 1, leg, INT64_MAX };
	EMIT(emit, "<h2>What happened</h2>\n<ol class=\"story\" id=\"story\">\n");
	(void)store_read_evidence(board_reader(story->view->site->board), story->number, &(struct store_evidence_key){ story->last.run,
	    story->last.leg, story->last.target }, LEGS_A_PAGE + 1, on_leg, story);
	if (story->legs == 0)
		EMIT(emit, "<li>Nothing is kept of its attempts.</li>\n");
	if (story->is_open && story->legs <= LEGS_A_PAGE)
		EMIT(emit, "<li>It is still down.</li>\n");
	EMIT(emit, "</ol>\n");
	if (story->legs <= LEGS_A_PAGE)
		return;
	EMIT(emit, "<p><a rel=\"next\" href=\"");
	VIEW_ADDRESS(story->view, "/incidents/");
	emit_u64(emit, story->number);
	EMIT(emit, "?after=");
	emit_u64(emit, story->last.run);
	EMIT(emit, ".");
	emit_u64(emit, story->last.leg);
	EMIT(emit, "\">later attempts</a></p>\n");
}

void
incident_answer(struct view *view, const char *rest)
{
	struct incident_story story = { .view = view, .last = STORE_EVIDENCE_FIRST };
	struct store_reader *reader = board_reader(view->site->board);
	enum store_reading reading;
	struct store_outage outage;
	struct store_list list;
	bool is_found;

	story.number = rest[strspn(rest, "0123456789")] == '\0' ? strtoull(rest, NULL, 10) : 0;
	if (story.number == 0 || story.number > INT64_MAX) {
		view_missing(view, "No incident has this number.");
		return;
	}
	store_list_open(&list, reader, STORE_LIST_INCIDENT, story.number);
	is_found = reader != NULL && store_list_next(&list, &outage);
	if (is_found)
		put_heading(&story, &outage);
	reading = store_list_close(&list);
	if (is_found) {
		put_story(&story);
		put_told(&story);
		view_end(view);
	} else if (reader == NULL || reading == STORE_READ_BROKEN)
		server_problem(view->request, view->answer, 503, "the store cannot be read now");
	else
		view_missing(view, "No incident has this number.");
}

/* Returns the number of the last, where there are earlier ones; else 0. */
static uint64_t
put_incidents(struct view *view, enum store_list_kind kind, uint64_t target, uint64_t before, uint32_t limit)
{
	struct emit *emit = &view->emit;
	struct store_outage outage;
	struct store_list list;
	uint64_t last = 0;
	uint32_t count = 0;
	bool has_more;

	if (board_reader(view->site->board) == NULL)
		return 0;
	EMIT(emit, "<div class=\"scroll\"><table id=\"incidents\"><thead><tr><th>Incident</th><th>Target</th><th>Began</th><th>Lasted</th><th>Outcome</th>"
	    "<th>Said</th></tr></thead><tbody>\n");
	store_list_open(&list, board_reader(view->site->board), kind, target);
	if (before != 0)
		store_list_behind(&list, before);
	for (; (has_more = store_list_next(&list, &outage)) && count < limit; count++) {
		last = outage.number;
		EMIT(emit, "<tr><td><a href=\"");
		VIEW_ADDRESS(view, "/incidents/");
		emit_u64(emit, outage.number);
		EMIT(emit, "\">");
		emit_u64(emit, outage.number);
		EMIT(emit, "</a></td><td class=\"name\">");
		if (outage.name[0] != '\0')
			view_target(view, outage.name);
		EMIT(emit, "</td><td class=\"when\">");
		emit_time(emit, outage.began);
		EMIT(emit, "</td><td class=\"when\">");
		if (outage.ended == 0)
			view_rank(view, RANK_DOWN, "open");
		else
			emit_age(emit, outage.ended - outage.began);
		EMIT(emit, "</td><td>");
		emit_string(emit, outage.outcome);
		EMIT(emit, "</td><td class=\"cause\">");
		emit_text(emit, outage.text);
		EMIT(emit, "</td></tr>\n");
	}
	(void)store_list_close(&list);
	if (count == 0)
		EMIT(emit, "<tr><td colspan=\"6\">None.</td></tr>\n");
	EMIT(emit, "</tbody></table></div>\n");
	return has_more ? last : 0;
}

void
incidents_put(struct view *view, uint64_t target, uint32_t limit)
{
	(void)put_incidents(view, STORE_LIST_INCIDENTS_OF, target, 0, limit);
}

void
incidents_answer(struct view *view, const char *rest)
{
	const char *before = server_query(view->request, "before");
	struct emit *emit = &view->emit;
	uint64_t last;

	(void)rest;
	view_begin(view, "Incidents - Postwatch", board_tally(view->site->board, RANK_DOWN) > 0 ? RANK_DOWN : RANK_UP);
	EMIT(emit, "<h1>Incidents</h1>\n");
	last = put_incidents(view, STORE_LIST_INCIDENTS, 0, before == NULL ? 0 : strtoull(before, NULL, 10), LISTED);
	if (last != 0) {
		EMIT(emit, "<p><a rel=\"next\" href=\"");
		VIEW_ADDRESS(view, "/incidents?before=");
		emit_u64(emit, last);
		EMIT(emit, "\">earlier</a></p>\n");
	}
	view_end(view);
}
