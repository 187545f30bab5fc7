/*
 * For the web process: makes the page of all incidents (outages), the newest first, and the table
 * of those of one target for that target's page.
 */
#include "web/incidents.h"

#include <stdlib.h>

#include "store/list.h"
#include "web/site.h"
#include "web/told_text.h"

enum { LISTED = 200 };

static void
begin_table(struct view *view, const char *id, bool has_targets)
{
	PUT(view, "<div class=\"scroll\"><table class=\"stack\" id=\"{}\"><thead><tr><th>Incident</th>{}<th>Began</th><th>Lasted</th>"
	    "<th>Outcome</th><th>Said, and who was told</th></tr></thead><tbody>\n", AS_STRING(id),
	    AS_MADE(text_view(has_targets ? "<th>Target</th>" : "")));
}

static void
put_incident(struct view *view, const struct store_outage *outage, const struct told *told, bool has_target)
{
	PUT(view, "<tr><td><a href=\"{}/incidents/{}\">{}</a></td>", AS_PREFIX(view), AS_U64(outage->number), AS_U64(outage->number));
	if (has_target) {
		PUT(view, "<td class=\"name\">");
		if (outage->name[0] != '\0')
			view_target(view, outage->name);
		PUT(view, "</td>");
	}
	PUT(view, "<td class=\"when\">{}", AS_TIME(outage->began));
	if (outage->confirmed >= outage->began)
		PUT(view, " <span class=\"faint under\">confirmed after {}</span>", AS_AGE(outage->confirmed - outage->began));
	PUT(view, "</td><td class=\"when\">");
	if (outage->ended == 0)
		view_rank(view, RANK_DOWN, "open");
	else
		PUT(view, "{}", AS_AGE(outage->ended - outage->began));
	PUT(view, "</td><td>{}</td><td class=\"cause\">{}<div class=\"told\">", AS_STRING(outage->outcome), AS_SENTENCE(outage->text));
	told_put(view, outage->ended == 0 ? board_named(view->board, outage->name) : NULL, told,
	    false);
	PUT(view, "</div></td></tr>\n");
}

/* Those that last stand above all others, in the order of the overview: one that flaps has many that are newer. */
static void
put_open(struct view *view)
{
	struct store_outage outage;
	struct told told;
	uint32_t count = 0;

	for (uint32_t i = 0; i < board_count(view->board) && count < LISTED; i++) {
		const struct board_row *row = board_get(view->board, i);

		if (row->incident == 0)
			continue;
		if (count++ == 0) {
			PUT(view, "<h2>Open</h2>\n");
			begin_table(view, "open", true);
		}
		told_read_incident(view->reader, row->incident, &told);
		STORE_EACH(&outage, view->reader, STORE_LIST_INCIDENT, row->incident)
			put_incident(view, &outage, &told, true);
	}
	if (count > 0)
		PUT(view, "</tbody></table></div>\n<h2>Over</h2>\n");
}

/* Returns the number of the last, where there are earlier ones; else 0. */
static uint64_t
put_incidents(struct view *view, enum store_list_kind kind, uint64_t target, uint64_t before, uint32_t limit)
{
	struct store_outage outage;
	struct told_list told_list;
	struct store_list list;
	uint64_t last = 0;
	uint32_t count = 0;
	struct told told;
	bool has_more;

	if (view->reader == NULL)
		return 0;
	begin_table(view, "incidents", target == 0);
	store_list_open(&list, view->reader, kind, target);
	if (before != 0)
		store_list_behind(&list, before);
	told_list_open(&told_list, view->reader, target, before, limit + LISTED);
	while ((has_more = store_list_next(&list, &outage)) && count < limit) {
		const struct board_row *row = board_named(view->board, outage.name);

		if (target == 0 && before == 0 && row != NULL && row->incident == outage.number) /* put_open() shows it */
			continue;
		last = outage.number;
		told_list_take(&told_list, outage.number, &told);
		put_incident(view, &outage, &told, target == 0);
		count++;
	}
	told_list_close(&told_list);
	(void)store_list_close(&list);
	if (count == 0)
		PUT(view, "<tr><td colspan=\"6\">None.</td></tr>\n");
	PUT(view, "</tbody></table></div>\n");
	return has_more ? last : 0;
}

void
incidents_put(struct view *view, uint64_t target, uint32_t limit)
{
	(void)put_incidents(view, STORE_LIST_INCIDENTS_OF, target, 0, limit);
}

void
incidents_answer(struct view *view)
{
	const char *before = server_query(view->request, "before");
	uint64_t last;

	view_begin(view, "Incidents - Postwatch", board_tally(view->board, RANK_DOWN) > 0 ? RANK_DOWN : RANK_UP);
	PUT(view, "<h1>Incidents</h1>\n");
	if (before == NULL && view->reader != NULL)
		put_open(view);
	last = put_incidents(view, STORE_LIST_INCIDENTS, 0, before == NULL ? 0 : strtoull(before, NULL, 10), LISTED);
	if (last != 0)
		PUT(view, "<p><a rel=\"next\" href=\"{}/incidents?before={}\">earlier</a></p>\n",
		    AS_PREFIX(view), AS_U64(last));
	view_end(view);
}
