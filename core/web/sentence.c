/* For the overview: puts into one sentence how all servers stand. */
#include "web/sentence.h"

#include <stdio.h>
#include <string.h>

#include "web/told_text.h"

enum { DOWN_NAMED = 5, NAMED_MAX = 3 };

static uint32_t
count_arriving(const struct board *board)
{
	return board_tally(board, RANK_UP) + board_tally(board, RANK_DEGRADED);
}

/* That mail arrives at 0 of 8 would be heard as an outage. */
static bool
is_all_unknown(const struct board *board)
{
	return board_tally(board, RANK_UNKNOWN) > 0 && board_tally(board, RANK_DOWN) == 0 && count_arriving(board) == 0;
}

/* Of those that are unknown, pending or being confirmed it may arrive as well. */
static const char *
arrives(const struct board *board)
{
	return board_tally(board, RANK_UNKNOWN) + board_tally(board, RANK_SUSPECT) + board_tally(board, RANK_PENDING) > 0
	    ? "is known to arrive"
	    : "arrives";
}

void
sentence_title(const struct site *site, char *bytes, size_t room)
{
	const struct board *board = site->board;
	uint32_t down = board_tally(board, RANK_DOWN);

	if (!board_is_read(board, NULL))
		snprintf(bytes, room, "Postwatch reads its store");
	else if (board_count(board) == 0)
		snprintf(bytes, room, "Nothing was looked at yet - Postwatch");
	else if (is_all_unknown(board))
		snprintf(bytes, room, "Not known whether mail arrives - Postwatch");
	else if (down > 0)
		snprintf(bytes, room, "(%u) %u of %u down - Postwatch", down, down, board_count(board));
	else
		snprintf(bytes, room, "Mail %s at %u of %u - Postwatch", arrives(board), count_arriving(board),
		    board_count(board));
}

/* All of them, so that the numbers of states below need not be added up. */
static void
put_sum(struct view *view)
{
	static const char *const words[RANKS][2] = { [RANK_DOWN] = { " is down", " are down" }, [RANK_UNKNOWN] = { " is unknown", " are unknown" },
		[RANK_SUSPECT] = { " is being confirmed", " are being confirmed" }, [RANK_BLOCKED] = { " refuses us", " refuse us" },
		[RANK_PENDING] = { " is pending", " are pending" } };
	const char *between = "; ";

	PUT(view, "Mail {} at {} of {}", AS_STRING(arrives(view->board)), AS_U64(count_arriving(view->board)), AS_U64(board_count(view->board)));
	if (board_tally(view->board, RANK_DEGRADED) > 0)
		PUT(view, " ({} up, {} degraded)", AS_U64(board_tally(view->board, RANK_UP)), AS_U64(board_tally(view->board, RANK_DEGRADED)));
	for (enum board_rank rank = 0; rank < RANKS; rank++) {
		uint32_t count = board_tally(view->board, rank);

		if (words[rank][0] == NULL || count == 0)
			continue;
		PUT(view, "{}{}{}", AS_STRING(between), AS_U64(count), AS_STRING(words[rank][count > 1]));
		between = ", ";
	}
	PUT(view, "{}", AS_STRING("."));
}

/* One of those that are down. */
static void
put_named(struct view *view, const struct board_row *row)
{
	PUT(view, " <span>");
	view_target(view, row->name);
	/* One that fails at some of its addresses alone is down by the setting that wants all of them. */
	if (row->configured != NULL && row->configured->policy->addresses == ADDRESSES_ALL
	    && strstr(row->text, " addresses: ") != NULL)
		PUT(view, " needs all of its addresses, and is down since ");
	else
		PUT(view, " does not, since ");
	PUT(view, "{}: {}. <span class=\"told\">", AS_MOMENT(board_since(view->board, row)),
	    AS_SENTENCE(text_view(row->text[0] != '\0' ? row->text : row->outcome)));
	told_put(view, row, board_told(view->board, row), false);
	PUT(view, "</span></span>");
}

/* Those of a rank, which stand one behind the other on the board from `first` on: by name where they are few. */
static void
put_others(struct view *view, enum board_rank rank, uint32_t first)
{
	static const char *const words[RANKS] = { [RANK_UNKNOWN] = "It is not known whether it arrives at ",
		[RANK_SUSPECT] = "The last attempt failed, which is being confirmed, at ", [RANK_BLOCKED] = "We are refused, which says nothing of others' mail, by ",
		[RANK_DEGRADED] = "It arrives, but not as it should, at ", [RANK_PENDING] = "Nothing is known yet of " };
	uint32_t count = board_tally(view->board, rank);

	if (count == 0 || words[rank] == NULL)
		return;
	PUT(view, " <span class=\"rest\">{}", AS_STRING(words[rank]));
	if (count > NAMED_MAX)
		PUT(view, "<a href=\"{}/?state={}\">{}</a>", AS_PREFIX(view), AS_STRING(rank_name(rank)), AS_U64(count));
	for (uint32_t i = 0; count <= NAMED_MAX && i < count; i++) {
		PUT(view, "{}", AS_STRING(i == 0 ? "" : i + 1 == count ? " and " : ", "));
		view_target(view, board_get(view->board, first + i)->name);
	}
	PUT(view, ".</span>");
}

void
sentence_put(struct view *view)
{
	uint32_t down = board_tally(view->board, RANK_DOWN), first = 0;

	PUT(view, "<h1 class=\"sentence\" id=\"sentence\">");
	view_rank(view, board_get(view->board, 0)->rank, "");
	if (is_all_unknown(view->board))
		PUT(view, "It is not known whether mail arrives.");
	else
		put_sum(view);
	for (uint32_t i = 0; i < down && i < DOWN_NAMED; i++)
		put_named(view, board_get(view->board, i));
	if (down > DOWN_NAMED)
		PUT(view, " <span>And <a href=\"{}/?state=down\">{} more</a> below.</span>", AS_PREFIX(view), AS_U64(down - DOWN_NAMED));
	for (enum board_rank rank = 0; rank < RANKS; first += board_tally(view->board, rank++))
		put_others(view, rank, first);
	PUT(view, "</h1>\n");
}
