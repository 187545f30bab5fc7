/* Puts into words how the servers stand. */
#include "web/sentence.h"

#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 3 };

static uint32_t
count_arriving(const struct board *board)
{
	return board_tally(board, RANK_UP) + board_tally(board, RANK_DEGRADED);
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
	else if (down > 0)
		snprintf(bytes, room, "(%u) %u of %u down - Postwatch", down, down, board_count(board));
	else
		snprintf(bytes, room, "Mail arrives at %u of %u - Postwatch", count_arriving(board), board_count(board));
}

/* One of those that are down. */
static void
put_named(struct view *view, const struct board_row *row)
{
	struct emit *emit = &view->emit;

	EMIT(emit, " <span>");
	view_target(view, row->name);
	/* One that fails at some of its addresses alone is down by the setting that wants all of them. */
	if (row->configured != NULL && row->configured->policy->addresses == ADDRESSES_ALL
	    && strstr(row->text, " addresses: ") != NULL)
		EMIT(emit, " needs all of its addresses, and is down since ");
	else
		EMIT(emit, " does not, since ");
	view_began(view, row);
	EMIT(emit, ": {}. <span class=\"told\">",
	    AS_SENTENCE(text_view(row->text[0] != '\0' ? row->text : row->outcome)));
	told_put(view, row, board_told(view->site->board, row));
	EMIT(emit, "</span></span>");
}

/* Those that take mail, and are not well: so many, by name where they are few. */
static void
put_degraded(struct view *view)
{
	const struct board *board = view->site->board;
	uint32_t count = board_tally(board, RANK_DEGRADED), named = 0;
	struct emit *emit = &view->emit;

	if (count == 0)
		return;
	EMIT(emit, " At {} it arrives, and something is amiss", AS_U64(count));
	for (uint32_t i = 0; count <= NAMED_MAX && i < board_count(board) && named < count; i++) {
		if (board_get(board, i)->rank != RANK_DEGRADED)
			continue;
		emit_string(emit, named++ == 0 ? ": " : ", ");
		view_target(view, board_get(board, i)->name);
	}
	EMIT(emit, ".");
}

void
sentence_put(struct view *view)
{
	const struct board *board = view->site->board;
	uint32_t down = board_tally(board, RANK_DOWN), unknown = board_tally(board, RANK_UNKNOWN), blocked = board_tally(board, RANK_BLOCKED);
	uint32_t suspect = board_tally(board, RANK_SUSPECT), pending = board_tally(board, RANK_PENDING);
	struct emit *emit = &view->emit;

	EMIT(emit, "<h1 class=\"sentence\" id=\"sentence\">Mail arrives at {} of {}.",
	    AS_U64(count_arriving(board)), AS_U64(board_count(board)));
	for (uint32_t i = 0; i < down && i < NAMED_MAX; i++)
		put_named(view, board_get(board, i));
	if (down > NAMED_MAX)
		EMIT(emit, " <span>Nor do {} others.</span>", AS_U64(down - NAMED_MAX));
	EMIT(emit, " <span class=\"rest\">");
	put_degraded(view);
	if (blocked > 0) {
		EMIT(emit, " {}", AS_U64(blocked));
		if (blocked == 1)
			EMIT(emit, " refuses us, which says nothing about others' mail.");
		else
			EMIT(emit, " refuse us, which says nothing about others' mail.");
	}
	if (suspect > 0)
		EMIT(emit, " At {} the last attempt failed, which is being confirmed.",
		    AS_U64(suspect));
	if (pending > 0)
		EMIT(emit, " Of {} nothing is known yet.", AS_U64(pending));
	if (unknown > 0)
		EMIT(emit, " Of {} we cannot tell.", AS_U64(unknown));
	EMIT(emit, "</span></h1>\n");
}
