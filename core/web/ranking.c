/*
 * For the web process: keeps the rows of all targets in order, worst first, and counts them by rank
 * (down, up ...) and tag.
 */
#include "web/ranking.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The worst first. Of outages those that nobody attends to come first, the longest of them before all, since it has cost the
 * most. In each other rank the latest change comes first, since that is what is new to whoever looks. Those that are well go
 * by their names, so that they stay where a reader found them. */
static int
compare_rows(const void *left, const void *right, void *arg)
{
	const struct board_row *rows = arg;
	const struct board_row *a = &rows[*(const uint32_t *)left], *b = &rows[*(const uint32_t *)right];

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->rank == RANK_DOWN && a->care != b->care)
		return a->care < b->care ? -1 : 1;
	if (a->rank != RANK_UP && a->since != b->since)
		return (a->since > b->since) == (a->rank != RANK_DOWN) ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* NULL: it is one more than there is room for. */
static struct board_tag *
tag_of(struct ranking *ranking, const char *name)
{
	uint32_t at = 0;

	while (at < ranking->tag_count && strcmp(ranking->tags[at].tag, name) != 0)
		at++;
	if (at == BOARD_TAGS_MAX)
		return NULL;
	if (at == ranking->tag_count)
		ranking->tags[ranking->tag_count++] = (struct board_tag){ .tag = name };
	return &ranking->tags[at];
}

/* So many more, or less, have each tag of the row, and mail arrives at so many more of these. */
static void
add_to_tags(struct ranking *ranking, const struct board_row *row, int all, int arriving)
{
	const struct policy *policy = row->configured == NULL ? NULL : row->configured->policy;
	uint32_t count = policy == NULL ? 0 : policy->tag_count;

	for (uint32_t i = 0; i == 0 || i < count; i++) {
		struct board_tag *tag = count == 0 ? &ranking->untagged : tag_of(ranking, policy->tags[i]);

		if (tag == NULL)
			continue;
		tag->all += (uint32_t)all;
		tag->arriving += (uint32_t)arriving;
		assert(tag->arriving <= tag->all);
	}
}

/* The new arrays are complete before the old ones are freed: without memory the order before
 * stays in force. */
bool
ranking_make(struct ranking *ranking, struct rows *rows)
{
	struct ranking made = { .order = calloc(rows->count + 1, sizeof *made.order), .spare = calloc(rows->count + 1, sizeof *made.spare),
		.moved = calloc(rows->count + 1, sizeof *made.moved) };

	if (made.order == NULL || made.spare == NULL || made.moved == NULL) {
		ranking_fini(&made);
		return false;
	}
	for (uint32_t i = 0; i < rows->count; i++) {
		made.order[i] = i;
		made.tally[rows->items[i].rank]++;
		add_to_tags(&made, &rows->items[i], 1, rank_takes_mail(rows->items[i].rank));
	}
	if (rows->count > 0)
		qsort_r(made.order, rows->count, sizeof *made.order, compare_rows, rows->items);
	made.changes = ranking->changes;
	ranking_fini(ranking);
	*ranking = made;
	return true;
}

void
ranking_fini(struct ranking *ranking)
{
	free(ranking->order);
	free(ranking->spare);
	free(ranking->moved);
	*ranking = (struct ranking){ .order = NULL };
}

void
ranking_note(struct ranking *ranking, struct rows *rows, uint32_t index)
{
	assert(index < rows->count && ranking->moved_count <= rows->count);
	if (rows->items[index].is_moved)
		return;
	rows->items[index].is_moved = true;
	ranking->moved[ranking->moved_count++] = index;
}

void
ranking_drop(struct ranking *ranking)
{
	ranking->moved_count = 0;
}

/* Only what moved is sorted, and merged into the order of the rest: a change costs one walk over
 * all rows and no sort of them. */
void
ranking_place(struct ranking *ranking, struct rows *rows)
{
	struct board_row *items = rows->items;
	const uint32_t *moved = ranking->moved;
	uint32_t *order = ranking->spare, filled = 0, next = 0;

	if (ranking->moved_count == 0)
		return;
	for (uint32_t i = 0; i < ranking->moved_count; i++) {
		struct board_row *row = &items[moved[i]];

		assert(ranking->tally[row->rank] > 0);
		ranking->tally[row->rank]--;
		ranking->tally[row->judged]++;
		if (rank_takes_mail(row->rank) != rank_takes_mail(row->judged))
			add_to_tags(ranking, row, 0, rank_takes_mail(row->judged) ? 1 : -1);
		if (row->rank != row->judged)
			changes_add(&ranking->changes, row->number, row->rank, row->judged, row->since);
		row->rank = row->judged;
		row->care = row->judged_care;
	}
	qsort_r(ranking->moved, ranking->moved_count, sizeof *moved, compare_rows, items);
	for (uint32_t i = 0; i < rows->count; i++) {
		const uint32_t stays = ranking->order[i];

		if (items[stays].is_moved)
			continue;
		while (next < ranking->moved_count && compare_rows(&moved[next], &stays, items) < 0)
			order[filled++] = moved[next++];
		order[filled++] = stays;
	}
	while (next < ranking->moved_count)
		order[filled++] = moved[next++];
	assert(filled == rows->count);
	for (uint32_t i = 0; i < ranking->moved_count; i++)
		items[moved[i]].is_moved = false;
	ranking->moved_count = 0;
	ranking->spare = ranking->order;
	ranking->order = order;
}
