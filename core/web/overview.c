/* For the web process: makes its first page, the overview: every target, worst first. */
#include "web/overview.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "web/about.h"
#include "web/sentence.h"
#include "web/told_text.h"

enum { ROWS_A_PAGE = 200, SHOWN_WHOLE = 25 };

/* What the query asks for. */
struct choice {
	enum board_rank rank; /* RANKS: any */
	const char *tag, *words;
	uint32_t page;
	bool is_any; /* nothing was asked for */
};

static struct choice
choice_of(const struct view *view)
{
	const char *state = server_query(view->request, "state"), *page = server_query(view->request, "page");
	struct choice choice = { .rank = state == NULL ? RANKS : rank_named(state), .tag = server_query(view->request, "tag"),
		.words = server_query(view->request, "q") };
	unsigned long number = page == NULL ? 0 : strtoul(page, NULL, 10);

	if (choice.tag != NULL && choice.tag[0] == '\0')
		choice.tag = NULL;
	if (choice.words != NULL && choice.words[0] == '\0')
		choice.words = NULL;
	choice.page = number < 1 || number > 1000000 ? 1 : (uint32_t)number;
	choice.is_any = choice.rank == RANKS && choice.tag == NULL && choice.words == NULL;
	return choice;
}

static bool
is_chosen(const struct choice *choice, const struct board_row *row)
{
	if (choice->rank != RANKS && row->rank != choice->rank)
		return false;
	if (!board_row_has_tag(row, choice->tag))
		return false;
	return choice->words == NULL || strcasestr(row->name, choice->words) != NULL || strcasestr(row->host, choice->words) != NULL;
}

/* The one fact of a row: why it is not well. */
static void
put_cause(struct view *view, const struct board_row *row)
{
	const struct look *look = board_look(view->board, row);

	if (row->unseen_since != 0) {
		PUT(view, "not looked at since {}", AS_TIME(row->unseen_since));
		if (row->quarantined)
			PUT(view, ": quarantined");
		PUT(view, ". ");
	}
	if (row->rank == RANK_DOWN || row->rank == RANK_SUSPECT || (row->text[0] != '\0' && look->text == NULL))
		PUT(view, "{}", AS_SENTENCE(text_view(row->text)));
	else if (look->text != NULL && row->verdict != PW_OK)
		PUT(view, "{}", AS_SENTENCE(text_view(look->text)));
	else if (row->rank == RANK_DEGRADED || row->conditions[0] != '\0')
		PUT(view, "{}", AS_STRING(row->conditions));
}

static void
put_row(struct view *view, const struct board_row *row, int64_t now)
{
	const struct look *look = board_look(view->board, row);

	PUT(view, "<tr id=\"t{}\"><td>", AS_U64(row->number));
	view_rank(view, row->rank, row->rank == RANK_DOWN ? row->state : rank_name(row->rank));
	PUT(view, "</td><td class=\"name\">");
	view_target(view, row->name);
	if (row->acknowledged != 0)
		PUT(view, " <span class=\"faint\">acknowledged by {}, {}</span>", AS_FOREIGN(text_view(row->ack_by)),
		    AS_MOMENT(row->acknowledged));
	if (row->paused) {
		PUT(view, " <span class=\"faint\">paused");
		told_put_pause_end(view, row);
		PUT(view, "</span>");
	}
	if (row->flapping)
		PUT(view, " <span class=\"faint\">flapping</span>");
	PUT(view, "</td><td class=\"when since\">{} <span class=\"faint\">{}{}</span>",
	    AS_MOMENT(board_since(view->board, row)), AS_AGE(now - board_since(view->board, row)),
	    AS_STRING(row_is_from_the_first(row, look) ? " at least" : ""));
	PUT(view, "</td><td class=\"cause\">");
	put_cause(view, row);
	PUT(view, "<div class=\"told\">");
	told_put(view, row, board_told(view->board, row), false);
	told_put_before(view, board_told(view->board, row));
	if (row->incident == 0 && row->lately > 0)
		PUT(view, " <span class=\"before\">Down {}{} in the last 24 h, last on {}</span>", AS_U64(row->lately),
		    AS_STRING(row->lately == 1 ? " time" : " times"), AS_MOMENT(row->lately_at));
	PUT(view, "</div></td><td class=\"when looked\">");
	if (row->last_run != 0) {
		PUT(view, "{} ago", AS_AGE(now - row->last_run));
		if (row->verdict == PW_UNKNOWN && row->rank != RANK_UNKNOWN) /* the cause is older */
			PUT(view, " <span class=\"faint\">unknown</span>");
	} else
		PUT(view, "not yet");
	PUT(view, "</td><td class=\"when number took\">");
	if (look->at != 0)
		PUT(view, "{}", AS_SPAN(look->micros));
	PUT(view, "</td><td class=\"day\">");
	view_strip(view, look, now);
	view_pace(view, look, now);
	PUT(view, "</td></tr>\n");
}

/* The query with another page, or another state. */
static void
put_query(struct view *view, const struct choice *choice, const char *state, uint32_t page)
{
	VIEW_ADDRESS(view, "/?");
	if (state != NULL)
		PUT(view, "state={}&amp;", AS_SEGMENT(text_view(state)));
	if (choice->tag != NULL)
		PUT(view, "tag={}&amp;", AS_SEGMENT(text_view(choice->tag)));
	if (choice->words != NULL)
		PUT(view, "q={}&amp;", AS_SEGMENT(text_view(choice->words)));
	PUT(view, "page={}", AS_U64(page));
}

static void
put_filters(struct view *view, const struct choice *choice)
{
	PUT(view, "<div class=\"filters\"><ul class=\"chips\" id=\"states\" aria-label=\"States\"><li><a href=\"");
	put_query(view, choice, NULL, 1);
	PUT(view, "\"");
	if (choice->rank == RANKS)
		PUT(view, " aria-current=\"true\"");
	PUT(view, ">all {}</a></li>", AS_U64(board_count(view->board)));
	for (enum board_rank rank = 0; rank < RANKS; rank++) {
		if (board_tally(view->board, rank) == 0)
			continue;
		PUT(view, "<li><a href=\"");
		put_query(view, choice, rank_name(rank), 1);
		PUT(view, "\"");
		if (choice->rank == rank)
			PUT(view, " aria-current=\"true\"");
		PUT(view, ">");
		view_rank(view, rank, rank_name(rank));
		PUT(view, " {}</a></li>", AS_U64(board_tally(view->board, rank)));
	}
	PUT(view, "</ul>\n<form class=\"search\" role=\"search\" method=\"get\" action=\"{}/\">"
	    "<label for=\"q\">Name or host</label><input type=\"search\" id=\"q\" name=\"q\" "
	    "value=\"{}\">", AS_PREFIX(view), AS_STRING(choice->words));
	if (choice->rank != RANKS)
		PUT(view, "<input type=\"hidden\" name=\"state\" value=\"{}\">",
		    AS_STRING(rank_name(choice->rank)));
	if (choice->tag != NULL)
		PUT(view, "<input type=\"hidden\" name=\"tag\" value=\"{}\">",
		    AS_STRING(choice->tag));
	PUT(view, "<button>Find</button></form></div>\n");
}

static void
put_tags(struct view *view, const struct choice *choice)
{
	const struct ranking *ranking = &board_known(view->board)->ranking;

	if (ranking->tag_count == 0)
		return;
	PUT(view, "<ul class=\"chips\" id=\"tags\" aria-label=\"Groups, and at how many mail arrives\">");
	PUT(view, "<li class=\"faint\">Mail arrives by group:</li>");
	for (uint32_t i = 0; i < ranking->tag_count; i++) {
		const struct board_tag *tag = &ranking->tags[i];

		PUT(view, "<li><a href=\"{}/", AS_PREFIX(view));
		if (choice->tag != NULL && strcmp(choice->tag, tag->tag) == 0)
			PUT(view, "\" aria-current=\"true");
		else
			PUT(view, "?tag={}", AS_SEGMENT(text_view(tag->tag)));
		PUT(view, "\">{} {} of {}</a></li>",
		    AS_STRING(tag->tag), AS_U64(tag->arriving), AS_U64(tag->all));
	}
	if (ranking->untagged.all > 0)
		PUT(view, "<li class=\"faint\">without a tag {} of {}</li>",
		    AS_U64(ranking->untagged.arriving), AS_U64(ranking->untagged.all));
	PUT(view, "</ul>\n");
}

static void
put_pager(struct view *view, const struct choice *choice, uint32_t found)
{
	const char *state = choice->rank == RANKS ? NULL : rank_name(choice->rank);
	uint32_t pages = (found + ROWS_A_PAGE - 1) / ROWS_A_PAGE;

	if (pages <= 1)
		return;
	PUT(view, "<p>Page {} of {}", AS_U64(choice->page), AS_U64(pages));
	if (choice->page > 1) {
		PUT(view, " <a rel=\"prev\" href=\"");
		put_query(view, choice, state, choice->page - 1);
		PUT(view, "\">previous</a>");
	}
	if (choice->page < pages) {
		PUT(view, " <a rel=\"next\" href=\"");
		put_query(view, choice, state, choice->page + 1);
		PUT(view, "\">next</a>");
	}
	PUT(view, "</p>\n");
}

/* Those that are well are a count, unless they are asked for, or few. */
static void
put_table(struct view *view, const struct choice *choice)
{
	uint32_t found = 0, first = (choice->page - 1) * ROWS_A_PAGE, folded = 0;
	bool is_open = false;
	int64_t now = board_time(view->board);

	for (uint32_t i = 0; i < board_count(view->board); i++) {
		const struct board_row *row = board_get(view->board, i);

		if (choice->is_any && row->rank == RANK_UP
		    && board_count(view->board) > SHOWN_WHOLE) {
			folded = board_count(view->board) - i; /* they are the last */
			break;
		}
		if (!is_chosen(choice, row))
			continue;
		if (found >= first && found < first + ROWS_A_PAGE) {
			if (!is_open)
				PUT(view, "<div class=\"scroll\"><table class=\"targets\" id=\"targets\"><thead><tr><th>State</th><th>Target</th>"
				    "<th>Since</th><th>Why, and who was told</th><th>Looked</th><th class=\"number\">Took</th><th>24 hours</th></tr></thead><tbody>\n");
			is_open = true;
			put_row(view, row, now);
		}
		found++;
	}
	if (is_open) {
		PUT(view, "</tbody></table></div>\n");
		view_legend(view, true);
	} else if (folded == 0)
		PUT(view, "<p>No target is like that.</p>\n");
	assert(found + folded <= board_count(view->board));
	put_pager(view, choice, found);
	if (folded > 0) {
		PUT(view, "<p id=\"folded\"><a href=\"");
		put_query(view, choice, rank_name(RANK_UP), 1);
		PUT(view, "\">{} are well</a></p>\n", AS_U64(folded));
	}
}

void
overview_answer(struct view *view)
{
	const struct board *board = view->board;
	const struct board_row *ending = board_ends_first(board);
	struct choice choice = choice_of(view);
	uint64_t version = board_known(board)->version;
	const char *why;
	char title[128];

	/* Whoever has the page as it is is not made it again. */
	version = hash_add(hash_add(HASH_BEGIN, &view->site->started, sizeof view->site->started),
	    &version, sizeof version);
	if (board_is_read(board, NULL) && server_is_known(view->request, view->answer, version))
		return;
	sentence_title(view->site, title, sizeof title);
	view_begin(view, title, board_count(board) > 0 ? board_get(board, 0)->rank : RANK_UNKNOWN);
	if (!board_is_read(board, &why)) {
		PUT(view, "<h1 class=\"sentence\">Nothing can be told yet.</h1>\n<p>{}</p>\n",
		    AS_STRING(why[0] == '\0' ? "The store is being read; this takes a moment." : why));
	} else if (board_count(board) == 0) {
		PUT(view, "<h1 class=\"sentence\">Nothing was looked at yet.</h1>\n<p>A target appears here after its first attempt.</p>\n");
	} else {
		if (view->config->shadow)
			PUT(view, "<section class=\"trouble\" id=\"shadow\" aria-label=\"Nobody is told\"><strong>"
			    "Shadow is on: nobody is told anything.</strong> What would have been told is "
			    "recorded; <code>postwatch shadow</code> lists it.</section>\n");
		if (about_has_trouble(board))
			about_put_trouble(view);
		sentence_put(view);
		if (!about_has_trouble(board))
			about_put_trouble(view);
		if (ending != NULL)
			PUT(view, "<p class=\"faint\" id=\"next\">The next <a href=\"{}/certificates\">"
			    "certificate</a> to end is that of <a href=\"{}/targets/{}\">{}</a>, in {}, on {}.</p>\n",
			    AS_PREFIX(view), AS_PREFIX(view), AS_SEGMENT(text_view(ending->name)), AS_STRING(ending->name),
			    AS_AGE(server_ends(&ending->server) - board_time(board)), AS_MOMENT(server_ends(&ending->server)));
		put_filters(view, &choice);
		put_tags(view, &choice);
		put_table(view, &choice);
	}
	view_end(view);
}
