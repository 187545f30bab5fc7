/* For the web process: makes the page of one target, and those of its attempts. */
#include "web/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/reader_private.h"
#include "web/about.h"
#include "web/attempt.h"
#include "web/certificates.h"
#include "web/chart.h"
#include "web/incidents.h"
#include "web/legs.h"
#include "web/settings.h"
#include "web/told_text.h"

enum { NAME_MAX_BYTES = 1024, NOTICES = 20, INCIDENTS = 20, GONE_INCIDENTS = 50 };

static void
put_heading(struct view *view, const struct board_row *row, int64_t now)
{
	PUT(view, "<h1>{}</h1>\n<p class=\"sentence\" id=\"sentence\">", AS_STRING(row->name));
	view_rank(view, row->rank, row->rank == RANK_DOWN ? row->state : rank_name(row->rank));
	PUT(view, " for {}, since {}{}", AS_AGE(now - board_since(view->board, row)),
	    AS_STRING(row_is_from_the_first(row, board_look(view->board, row)) ? "at least " : ""), AS_TIME(board_since(view->board, row)));
	if (row_confirming(row) >= 0)
		PUT(view, ", confirmed after {}", AS_AGE(row_confirming(row)));
	PUT(view, ".</p>\n");
	if (row->text[0] != '\0')
		PUT(view, "<p>{}</p>\n", AS_SENTENCE(text_view(row->text)));
	PUT(view, "<p id=\"told\">");
	told_put(view, row, board_told(view->board, row), true);
	told_put_before(view, board_told(view->board, row));
	PUT(view, "</p>\n");
	if (row->incident != 0)
		PUT(view, "<p><a href=\"{}/incidents/{}\">Incident {} is open</a></p>\n",
		    AS_PREFIX(view), AS_U64(row->incident), AS_U64(row->incident));
}

/* Through whom somebody is told of it, and whether that works. */
static void
put_ways(struct view *view, const struct board_row *row)
{
	PUT(view, "<h2>Who is told</h2>\n");
	if (row->configured == NULL || !target_is_told(view->config, row->configured)) {
		PUT(view, "<p>Nobody would be told that it is down.</p>\n");
		return;
	}
	PUT(view, "<div class=\"scroll\"><table id=\"ways\"><thead><tr><th>Notifier</th><th>Way</th><th>Delivered last</th><th>Waiting now, of all targets</th>"
	    "</tr></thead><tbody>\n");
	for (uint32_t i = 0; i < view->config->notifier_count; i++) {
		const struct config_notifier *notifier = &view->config->notifiers[i];

		if (!notifier_hears_of(view->config, i, row->configured))
			continue;
		PUT(view, "<tr><td>{}</td>", AS_STRING(notifier->name));
		about_put_way(view, notifier);
		PUT(view, "</tr>\n");
	}
	PUT(view, "</tbody></table></div>\n");
}

static void
put_terms(struct view *view, const struct board_row *row, const struct look *look, int64_t now)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;

	PUT(view, "<dl>");
	view_term(view, "Host", row->host);
	PUT(view, "<dt>Port, probe</dt><dd>{}, {}</dd><dt>Looked</dt><dd>", AS_U64(row->port),
	    AS_STRING(row->probe));
	if (row->last_run != 0) {
		PUT(view, "{} ago: {}", AS_AGE(now - row->last_run),
		    AS_STRING(verdict_name(row->verdict)));
		if (look->outcome[0] != '\0' && row->verdict != PW_OK)
			PUT(view, " ({})", AS_STRING(look->outcome));
	} else
		PUT(view, "not yet");
	PUT(view, "</dd>");
	if (look->text != NULL && strcmp(look->text, row->text) != 0)
		view_term(view, "Said then", look->text);
	if (row->interval > 0)
		PUT(view, "<dt>Every</dt><dd>{}</dd>", AS_AGE(row->interval));
	view_term(view, "Silences", row->silences);
	if (row->paused)
		view_term(view, "Paused", "by a pause or a window: it is watched, and nobody is told");
	if (row->acknowledged != 0)
		PUT(view, "<dt>Acknowledged</dt><dd>{} by {} {}</dd>", AS_TIME(row->acknowledged),
		    AS_FOREIGN(text_view(row->ack_by)), AS_FOREIGN(text_view(row->ack_why)));
	if (policy != NULL && policy->tag_count > 0) {
		PUT(view, "<dt>Tags</dt><dd>");
		for (uint32_t i = 0; i < policy->tag_count; i++)
			PUT(view, "<a href=\"{}/?tag={}\">{}</a> ", AS_PREFIX(view),
			    AS_SEGMENT(text_view(policy->tags[i])), AS_STRING(policy->tags[i]));
		PUT(view, "</dd>");
	}
	PUT(view, "</dl>\n");
}

static void
put_availability(struct view *view, const struct board_row *row, int64_t now)
{
	struct availability availability;

	PUT(view, "<h2>Availability</h2>\n");
	availability_read(view->reader, row->number, now, &availability);
	availability_put(view, &availability);
	PUT(view, "<h2>The last 24 hours</h2>\n<div class=\"wide\">");
	view_strip(view, board_look(view->board, row), now);
	PUT(view, "<div class=\"hours\" aria-hidden=\"true\"><span>24 h ago</span><span>18 h</span><span>12 h</span><span>6 h</span><span>now</span></div></div>\n");
	view_legend(view, false);
}

static void
put_conditions(struct view *view, const struct board_row *row)
{
	struct query *query;

	if (row->conditions[0] == '\0')
		return;
	PUT(view, "<h2>Conditions that stand</h2>\n<div class=\"scroll\"><table id=\"conditions\"><thead><tr><th>Condition</th><th>Since</th>"
	    "<th>Said</th></tr></thead><tbody>\n");
	query = DB_ROWS(view->reader->main,
	    "SELECT code, since, text FROM conditions WHERE target = ?1 AND standing > 0 AND cleared = 0 ORDER BY since", BIND(row->number));
	while (query_step(query))
		PUT(view, "<tr><td>{}</td><td class=\"when\">{}</td><td class=\"cause\">{}</td>"
		    "</tr>\n", AS_STRING(outcome_current(query_text(query, 0))),
		    AS_TIME(query_i64(query, 1)), AS_SENTENCE(query_bytes(query, 2)));
	PUT(view, "</tbody></table></div>\n");
}

static void
put_notices(struct view *view, const struct board_row *row)
{
	struct store_list list;
	struct store_delivery delivery;
	struct store_notice notice;

	PUT(view, "<h2>Notices</h2>\n<div class=\"scroll\"><table class=\"stack\" id=\"notices\"><thead><tr><th>When</th><th>Kind</th><th>Said</th>"
	    "<th>Delivered</th></tr></thead><tbody>\n");
	store_list_open(&list, view->reader, STORE_LIST_RECORDED_OF, row->number);
	store_list_limit(&list, NOTICES);
	while (store_list_next(&list, &notice)) {
		PUT(view, "<tr><td class=\"when\">{}</td><td>{}</td><td class=\"cause\">{}", AS_TIME(notice.confirmed), AS_STRING(notice.kind),
		    AS_SENTENCE(notice.text));
		if (notice.silences[0] != '\0')
			PUT(view, " <span class=\"faint\">silent: {}</span>", AS_STRING(notice.silences));
		PUT(view, "</td><td class=\"cause\">");
		STORE_EACH(&delivery, view->reader, STORE_LIST_DELIVERIES, notice.number) {
			PUT(view, "<div>{}", AS_STRING(delivery.notifier));
			if (delivery.recipient[0] != '\0')
				PUT(view, " ({})", AS_STRING(delivery.recipient));
			PUT(view, ": {} {}</div>", AS_STRING(store_delivery_name(delivery.state)),
			    AS_MOMENT(delivery.ended != 0 ? delivery.ended : delivery.created));
		}
		PUT(view, "</td></tr>\n");
	}
	if (list.given == 0)
		PUT(view, "<tr><td colspan=\"4\">There was nothing to tell yet.</td></tr>\n");
	PUT(view, "</tbody></table></div>\n");
}

static void
put_page(struct view *view, const struct board_row *row)
{
	const struct look *look = board_look(view->board, row);
	int64_t now = board_time(view->board);
	char title[160];

	snprintf(title, sizeof title, "%.100s %s - Postwatch", row->name, rank_name(row->rank));
	view_begin(view, title, row->rank);
	put_heading(view, row, now);
	put_terms(view, row, look, now);
	put_conditions(view, row);
	put_availability(view, row, now);
	PUT(view, "<h2>Incidents</h2>\n");
	incidents_put(view, row->number, INCIDENTS);
	put_ways(view, row);
	put_notices(view, row);
	if (look->at != 0 && look->phase_count > 0) {
		PUT(view, "<h2>The newest attempt</h2>\n<p>{}, {} in all</p>\n", AS_TIME(look->at), AS_SPAN(look->micros));
		attempt_put_steps(view, row, look_steps(look));
	}
	chart_put(view, row);
	legs_put(view, row);
	certificate_put(view, row);
	if (row->configured != NULL)
		settings_put_target(view, row->configured);
	view_end(view);
}

/* Of one that is not watched any more. Returns false where there was none by that name. */
static bool
put_gone(struct view *view, const char *name)
{
	struct query *query = DB_ROW(view->reader->main, "SELECT number, host, port, probe, known, gone FROM targets"
	    " WHERE name = ?1 AND gone > 0 ORDER BY gone DESC LIMIT 1", BIND_TEXT(name));
	uint64_t number;
	char title[160];

	if (query == NULL)
		return false;
	number = (uint64_t)query_i64(query, 0);
	snprintf(title, sizeof title, "%.100s is not watched any more - Postwatch", name);
	view_begin(view, title, RANK_UNKNOWN);
	PUT(view, "<h1>{}</h1>\n<p class=\"sentence\">It is not watched any more.</p>\n<dl>"
	    "<dt>Host</dt><dd>{}</dd><dt>Port, probe</dt><dd>{}, {}</dd><dt>Watched from</dt><dd>{}"
	    "</dd><dt>until</dt><dd>{}</dd></dl>\n", AS_STRING(name), AS_STRING(query_text(query, 1)),
	    AS_I64(query_i64(query, 2)), AS_STRING(query_text(query, 3)),
	    AS_TIME(query_i64(query, 4)), AS_TIME(query_i64(query, 5)));
	query_reset(query);
	PUT(view, "<h2>Incidents</h2>\n");
	incidents_put(view, number, GONE_INCIDENTS);
	view_end(view);
	return true;
}

/* A name may hold a "/": the last "/attempts/" is ours. */
void
target_answer(struct view *view)
{
	static const char attempts[] = "/attempts/";
	const char *at = NULL, *found = view->rest;
	const struct board_row *row = board_named(view->board, view->rest);
	char name[NAME_MAX_BYTES], *end = NULL;
	uint64_t run = 0;

	while (row == NULL && (found = strstr(found, attempts)) != NULL)
		at = found++;
	if (at != NULL && (size_t)(at - view->rest) < sizeof name) {
		snprintf(name, sizeof name, "%.*s", (int)(at - view->rest), view->rest);
		row = board_named(view->board, name);
		at += sizeof attempts - 1;
		run = strtoull(at, &end, 10);
		if (at[0] < '0' || at[0] > '9')
			run = 0;
	}
	if (row == NULL && put_gone(view, view->rest))
		return;
	if (row == NULL || (end != NULL && (*end != '\0' || run == 0)))
		view_missing(view, "No target has this name, nor had one that was watched.");
	else if (end != NULL)
		attempt_answer(view, row, run);
	else
		put_page(view, row);
}
