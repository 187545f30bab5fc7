/*
 * For the web process: makes the page for an address with a shared secret in it, such as a customer
 * has: the targets of one tag, and nothing else.
 */
#include "web/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_PAGE = 200 };

/* Those of the tag, by their rank. */
static uint32_t
count_ranks(const struct view *view, uint32_t counts[RANKS])
{
	const struct board *board = view->site->board;
	uint32_t all = 0;

	for (enum board_rank rank = 0; rank < RANKS; rank++)
		counts[rank] = 0;
	for (uint32_t i = 0; i < board_count(board); i++) {
		const struct board_row *row = board_get(board, i);

		if (!board_row_has_tag(row, view->request->tag))
			continue;
		counts[row->rank]++;
		all++;
	}
	return all;
}

static enum board_rank
worst_of(const uint32_t counts[RANKS])
{
	enum board_rank rank = 0;

	while (rank < RANK_UP && counts[rank] == 0)
		rank++;
	return rank;
}

static void
put_availability(struct view *view, const struct board_row *row)
{
	static const char *const spans[AVAILABILITY_SPANS] = { "day", "week", "month", "year" };
	const struct availability *availability = board_availability(view->site->board, row);
	int64_t now = board_time(view->site->board);

	for (int i = 0; i < AVAILABILITY_SPANS; i++) {
		PUT(view, "<td class=\"when\" data-label=\"up in a {}:\">", AS_STRING(spans[i]));
		if (availability != NULL && !availability_is_repeated(availability, i, now)) {
			availability_put_percent(view, &availability->spans[i]);
			if (availability_is_young(availability, i, now))
				PUT(view, " <span class=\"faint under\">since {}</span>",
				    AS_MOMENT(availability->begins));
		}
		PUT(view, "</td>");
	}
}

/* What outcomes and conditions mean, whose names are separated by blanks: that is of ours, where sentences may hold what a server said. */
static void
put_meanings(struct emit *emit, const struct board_row *row, const char *names)
{
	const struct plugin *probe = row->configured == NULL ? NULL : row->configured->policy->probe;
	const char *before = NULL;

	for (size_t size; *names != '\0'; names += size + (names[size] == ' ')) {
		char name[OUTCOME_NAME_MAX];
		struct outcome outcome = { .text = name };

		size = strcspn(names, " ");
		snprintf(name, sizeof name, "%.*s", (int)size, names);
		(void)outcome_find(name, probe == NULL ? NULL : plugin_probe(probe)->outcomes, &outcome);
		if (before != outcome.text)
			EMIT(emit, "{}{}", AS_STRING(before == NULL ? "" : ", "), AS_STRING(outcome.text));
		before = outcome.text;
	}
}

static void
put_row(struct view *view, const struct board_row *row, int64_t now)
{
	PUT(view, "<tr id=\"t{}\"><td>", AS_U64(row->number));
	view_rank(view, row->rank, row->rank == RANK_DOWN ? row->state : rank_name(row->rank));
	PUT(view, "</td><td class=\"name\">{}</td><td class=\"when\" data-label=\"for\">{}</td><td>", AS_STRING(row->name),
	    AS_AGE(now - board_since(view->site->board, row)));
	put_meanings(&view->emit, row, row->rank == RANK_DOWN || row->rank == RANK_SUSPECT ? row->outcome : row->conditions);
	PUT(view, "</td><td class=\"when looked\">");
	if (row->last_run != 0)
		PUT(view, "{} ago", AS_AGE(now - row->last_run));
	else
		PUT(view, "not yet");
	PUT(view, "</td>");
	put_availability(view, row);
	PUT(view, "<td>");
	view_strip(view, board_look(view->site->board, row), now);
	PUT(view, "</td></tr>\n");
}

static uint32_t
page_of(const struct view *view, uint32_t pages)
{
	const char *text = server_query(view->request, "page");
	unsigned long page = text == NULL ? 1 : strtoul(text, NULL, 10);

	return page < 1 ? 1 : page > pages ? pages : (uint32_t)page;
}

static void
put_pager(struct view *view, uint32_t page, uint32_t pages)
{
	PUT(view, "<p id=\"more\">Page {} of {}", AS_U64(page), AS_U64(pages));
	for (int step = -1; step <= 1; step += 2) {
		uint32_t to = page + (uint32_t)step;

		if (to < 1 || to > pages)
			continue;
		PUT(view, " <a href=\"{}/?page={}\">{}</a>", AS_PREFIX(view), AS_U64(to),
		    AS_STRING(step < 0 ? "previous" : "next"));
	}
	PUT(view, "; those that are not well come first.</p>\n");
}

/* `all`: how many there are; the worst come first. */
static void
put_table(struct view *view, uint32_t all)
{
	uint32_t pages = all == 0 ? 1 : (all + ROWS_A_PAGE - 1) / ROWS_A_PAGE, page = page_of(view, pages), first = (page - 1) * ROWS_A_PAGE;
	const struct board *board = view->site->board;
	uint32_t shown = 0;

	PUT(view, "<div class=\"scroll\"><table class=\"targets\" id=\"targets\"><thead><tr><th>State</th><th>Target</th><th>For</th>"
	    "<th>Why</th><th>Looked</th><th>Up in a day</th><th>In a week</th><th>A month</th><th>A year</th><th>24 hours</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < board_count(board) && shown < first + ROWS_A_PAGE; i++) {
		const struct board_row *row = board_get(board, i);

		if (!board_row_has_tag(row, view->request->tag))
			continue;
		if (shown++ >= first)
			put_row(view, row, board_time(board));
	}
	PUT(view, "</tbody></table></div>\n");
	if (pages > 1)
		put_pager(view, page, pages);
}

void
shared_answer(struct view *view)
{
	uint32_t counts[RANKS], all = count_ranks(view, counts);
	char title[80];

	if (!board_is_read(view->site->board, NULL)) {
		server_problem(view->request, view->answer, 503, "nothing can be told now: ask again");
		return;
	}
	snprintf(title, sizeof title, "Mail arrives at %u of %u", counts[RANK_UP] + counts[RANK_DEGRADED], all);
	view_begin(view, title, worst_of(counts));
	PUT(view, "<h1 class=\"sentence\" id=\"sentence\">{}.</h1>\n", AS_STRING(title));
	put_table(view, all);
	view_end(view);
}
