/*
 * For the web process: makes the page for an address with a shared secret in it, such as a customer
 * has: the targets of one tag, and nothing else.
 */
#include "web/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_PAGE = 200 };

/* What outcomes and conditions mean, whose names are separated by blanks: that is of ours, where sentences may hold what a server said. */
static void
put_meanings(struct emit *emit, const struct board_row *row, const char *names)
{
	const struct plugin *probe = row->configured == NULL ? NULL : row->configured->policy->probe;
	const char *before = NULL, *separator = "";

	for (size_t size; *names != '\0'; names += size + (names[size] == ' ')) {
		char name[OUTCOME_NAME_MAX];
		struct outcome outcome = { .text = name };
		bool is_known;

		size = strcspn(names, " ");
		snprintf(name, sizeof name, "%.*s", (int)size, names);
		is_known = outcome_find(name, probe == NULL ? NULL : plugin_probe(probe)->outcomes, &outcome);
		if (is_known && outcome.text == before) /* such of several steps mean the same */
			continue;
		EMIT(emit, "{}{}", AS_STRING(separator), AS_STRING(outcome.text));
		before = is_known ? outcome.text : NULL;
		separator = ", ";
	}
}

static void
put_row(struct view *view, const struct board_row *row, int64_t now)
{
	static const char *const spans[AVAILABILITY_SPANS] = { "day", "week", "month", "year" };
	const struct availability *availability = board_availability(view->board, row);

	PUT(view, "<tr id=\"t{}\"><td>", AS_U64(row->number));
	view_rank(view, row->rank, row->rank == RANK_DOWN ? row->state : rank_name(row->rank));
	PUT(view, "</td><td class=\"name\">{}</td><td class=\"when\" data-label=\"for\">{}</td><td>", AS_STRING(row->name),
	    AS_AGE(now - board_since(view->board, row)));
	put_meanings(&view->emit, row, row->rank == RANK_DOWN || row->rank == RANK_SUSPECT ? row->outcome : row->conditions);
	PUT(view, "</td><td class=\"when looked\">");
	if (row->last_run != 0)
		PUT(view, "{} ago", AS_AGE(now - row->last_run));
	else
		PUT(view, "not yet");
	PUT(view, "</td>");
	for (int i = 0; i < AVAILABILITY_SPANS; i++) {
		PUT(view, "<td class=\"when\" data-label=\"up in a {}:\">", AS_STRING(spans[i]));
		if (availability != NULL && !availability_is_repeated(availability, i, now)) {
			availability_put_percent(view, &availability->spans[i]);
			if (availability_is_young(availability, i, now))
				PUT(view, " <span class=\"faint under\">since {}</span>", AS_MOMENT(availability->begins));
		}
		PUT(view, "</td>");
	}
	PUT(view, "<td>");
	view_strip(view, board_look(view->board, row), now);
	PUT(view, "</td></tr>\n");
}

/* `all`: how many there are; the worst come first. */
static void
put_table(struct view *view, uint32_t all)
{
	const char *text = server_query(view->request, "page");
	unsigned long asked = text == NULL ? 1 : strtoul(text, NULL, 10);
	uint32_t pages = all == 0 ? 1 : (all + ROWS_A_PAGE - 1) / ROWS_A_PAGE, page = asked < 1 ? 1 : asked > pages ? pages : (uint32_t)asked;
	uint32_t first = (page - 1) * ROWS_A_PAGE, shown = 0;

	PUT(view, "<div class=\"scroll\"><table class=\"targets\" id=\"targets\"><thead><tr><th>State</th><th>Target</th><th>For</th>"
	    "<th>Why</th><th>Looked</th><th>Up in a day</th><th>In a week</th><th>A month</th><th>A year</th><th>24 hours</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < board_count(view->board) && shown < first + ROWS_A_PAGE; i++) {
		const struct board_row *row = board_get(view->board, i);

		if (!board_row_has_tag(row, view->request->tag))
			continue;
		if (shown++ >= first)
			put_row(view, row, board_time(view->board));
	}
	PUT(view, "</tbody></table></div>\n");
	if (pages == 1)
		return;
	PUT(view, "<p id=\"more\">Page {} of {}", AS_U64(page), AS_U64(pages));
	if (page > 1)
		PUT(view, " <a href=\"{}/?page={}\">previous</a>", AS_PREFIX(view), AS_U64(page - 1));
	if (page < pages)
		PUT(view, " <a href=\"{}/?page={}\">next</a>", AS_PREFIX(view), AS_U64(page + 1));
	PUT(view, "; those that are not well come first.</p>\n");
}

void
shared_answer(struct view *view)
{
	uint32_t arriving = 0, all = 0;
	enum board_rank worst = RANK_UP;
	char title[80];

	if (!board_is_read(view->board, NULL)) {
		view_problem(view, 503, "nothing can be told now: ask again");
		return;
	}
	for (uint32_t i = 0; i < board_count(view->board); i++) {
		const struct board_row *row = board_get(view->board, i);

		if (!board_row_has_tag(row, view->request->tag))
			continue;
		arriving += rank_takes_mail(row->rank);
		worst = all++ == 0 ? row->rank : worst; /* they stand by their rank */
	}
	snprintf(title, sizeof title, "Mail arrives at %u of %u", arriving, all);
	view_begin(view, title, worst);
	PUT(view, "<h1 class=\"sentence\" id=\"sentence\">{}.</h1>\n", AS_STRING(title));
	put_table(view, all);
	view_end(view);
}
