/*
 * For the web process: makes the page of a target that was watched once and is not in the
 * configuration any more.
 */
#include "web/gone.h"

#include <stdio.h>

#include "store/reader_private.h"
#include "web/incidents.h"

enum { INCIDENTS = 50 };

bool
gone_answer(struct view *view, const char *name)
{
	struct store_reader *reader = board_reader(view->site->board);
	struct query *query = DB_ROW(reader == NULL ? NULL : reader->main, "SELECT number, host, port, probe, known, gone FROM targets"
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
	incidents_put(view, number, INCIDENTS);
	view_end(view);
	return true;
}
