/* Lists of incidents, the newest first: of all targets, or of one. */
#include "web/incidents.h"

#include <stdlib.h>

#include "store/list.h"
#include "web/site.h"
#include "web/told_text.h"

enum { LISTED = 200 };

/* Returns the number of the last, where there are earlier ones; else 0. */
static uint64_t
put_incidents(struct view *view, enum store_list_kind kind, uint64_t target, uint64_t before, uint32_t limit)
{
	struct emit *emit = &view->emit;
	struct store_outage outage;
	struct told_list told_list;
	struct store_list list;
	uint64_t last = 0;
	uint32_t count = 0;
	struct told told;
	bool has_more;

	if (board_reader(view->site->board) == NULL)
		return 0;
	EMIT(emit, "<div class=\"scroll\"><table class=\"stack\" id=\"incidents\"><thead><tr><th>Incident</th>");
	if (target == 0)
		EMIT(emit, "<th>Target</th>");
	EMIT(emit, "<th>Began</th><th>Lasted</th><th>Outcome</th>"
	    "<th>Said, and who was told</th></tr></thead><tbody>\n");
	store_list_open(&list, board_reader(view->site->board), kind, target);
	if (before != 0)
		store_list_behind(&list, before);
	told_list_open(&told_list, board_reader(view->site->board), target, before, limit);
	for (; (has_more = store_list_next(&list, &outage)) && count < limit; count++) {
		last = outage.number;
		EMIT(emit, "<tr><td><a href=\"{}/incidents/{}\">{}</a></td>", AS_PREFIX(view),
		    AS_U64(outage.number), AS_U64(outage.number));
		if (target == 0) {
			EMIT(emit, "<td class=\"name\">");
			if (outage.name[0] != '\0')
				view_target(view, outage.name);
			EMIT(emit, "</td>");
		}
		EMIT(emit, "<td class=\"when\">{}", AS_TIME(outage.began));
		if (outage.confirmed >= outage.began)
			EMIT(emit, " <span class=\"faint under\">confirmed after {}</span>",
			    AS_AGE(outage.confirmed - outage.began));
		EMIT(emit, "</td><td class=\"when\">");
		if (outage.ended == 0)
			view_rank(view, RANK_DOWN, "open");
		else
			emit_age(emit, outage.ended - outage.began);
		EMIT(emit, "</td><td>{}</td><td class=\"cause\">{}<div class=\"told\">",
		    AS_STRING(outage.outcome), AS_SENTENCE(outage.text));
		told_list_take(&told_list, outage.number, &told);
		told_put(view, outage.ended == 0 ? board_named(view->site->board, outage.name) : NULL, &told);
		EMIT(emit, "</div></td></tr>\n");
	}
	told_list_close(&told_list);
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
	if (last != 0)
		EMIT(emit, "<p><a rel=\"next\" href=\"{}/incidents?before={}\">earlier</a></p>\n",
		    AS_PREFIX(view), AS_U64(last));
	view_end(view);
}
