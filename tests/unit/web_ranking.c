/* The order of rows that is kept up to date is the one that sorting them all would give. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/ranking.h"

enum { ROWS = 300, ROUNDS = 200 };

static const char *const tags[] = { "a", "b" };
static const struct policy policies[] = { { .tag_count = 0 }, { .tag_count = 1, .tags = tags }, { .tag_count = 2, .tags = tags } };
static struct target targets[ROWS];
static char names[ROWS][16];
static struct board_row items[ROWS];

static uint32_t
any(uint32_t below)
{
	return (uint32_t)(rand() % (int)below);
}

static void
make_rows(struct rows *rows)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		snprintf(names[i], sizeof names[i], "t%u", any(100000));
		targets[i] = (struct target){ .policy = &policies[any(3)] };
		items[i] = (struct board_row){ .number = i + 1, .name = names[i], .configured = &targets[i], .since = any(20) + 1, .rank = any(RANKS), .care = any(CARE_PAUSED + 1) };
	}
	*rows = (struct rows){ .items = items, .count = ROWS };
}

/* Names may be equal here, so places are compared by what they are ordered by. */
static void
assert_is_made_anew(const struct ranking *ranking, struct rows *rows)
{
	struct ranking made = { .order = NULL };

	assert_true(ranking_make(&made, rows));
	assert_memory_equal(ranking->tally, made.tally, sizeof made.tally);
	for (uint32_t i = 0; i < ROWS; i++) {
		const struct board_row *kept = &items[ranking->order[i]], *sorted = &items[made.order[i]];

		assert_int_equal(kept->rank, sorted->rank);
		assert_true(kept->rank != RANK_DOWN || kept->care == sorted->care);
		assert_string_equal(kept->name, sorted->name);
		assert_true(kept->rank == RANK_UP || kept->since == sorted->since);
	}
	assert_int_equal(ranking->tag_count, 2);
	for (uint32_t i = 0; i < 2; i++)
		for (uint32_t j = 0; j < 2; j++)
			if (strcmp(ranking->tags[i].tag, made.tags[j].tag) == 0) {
				assert_int_equal(ranking->tags[i].all, made.tags[j].all);
				assert_int_equal(ranking->tags[i].arriving, made.tags[j].arriving);
			}
	uint32_t all = 0, arriving = 0;
	for (uint32_t i = 0; i < ROWS; i++)
		if (items[i].configured == NULL || items[i].configured->policy->tag_count == 0) {
			all++;
			arriving += rank_takes_mail(items[i].rank);
		}
	assert_true(all > 0);
	assert_int_equal(ranking->untagged.all, all);
	assert_int_equal(ranking->untagged.arriving, arriving);
	ranking_fini(&made);
}

static void
rows_that_move_find_their_places(void **state)
{
	struct ranking ranking = { .order = NULL };
	struct rows rows;

	(void)state;
	srand(19);
	make_rows(&rows);
	assert_true(ranking_make(&ranking, &rows));
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t moves = round % 10 == 0 ? ROWS : any(20);

		for (uint32_t i = 0; i < ROWS; i++) {
			items[i].judged = items[i].rank;
			items[i].judged_care = items[i].care;
		}
		for (uint32_t i = 0; i < moves; i++) {
			uint32_t index = any(ROWS);

			if (any(3) > 0)
				items[index].judged = any(RANKS);
			if (any(3) > 0)
				items[index].judged_care = any(CARE_PAUSED + 1);
			if (any(3) > 0)
				items[index].since = any(20) + 1;
			ranking_note(&ranking, &rows, index);
		}
		ranking_place(&ranking, &rows);
		assert_is_made_anew(&ranking, &rows);
	}
	ranking_fini(&ranking);
}

/* Outages that nobody attends to come first, the longest before all; elsewhere the latest change. */
static void
what_needs_somebody_comes_first(void **state)
{
	struct board_row of[] = {
		{ .name = "up", .rank = RANK_UP, .since = 9 },
		{ .name = "7", .rank = RANK_DEGRADED, .since = 1 },
		{ .name = "6", .rank = RANK_DEGRADED, .since = 2 },
		{ .name = "5", .rank = RANK_DOWN, .since = 1, .care = CARE_PAUSED },
		{ .name = "4", .rank = RANK_DOWN, .since = 2, .care = CARE_PARENT },
		{ .name = "3", .rank = RANK_DOWN, .since = 3, .care = CARE_ACKNOWLEDGED },
		{ .name = "2", .rank = RANK_DOWN, .since = 5 },
		{ .name = "1", .rank = RANK_DOWN, .since = 4 },
	};
	struct rows rows = { .items = of, .count = sizeof of / sizeof *of };
	struct ranking ranking = { .order = NULL };

	(void)state;
	assert_true(ranking_make(&ranking, &rows));
	for (uint32_t i = 0; i < rows.count; i++)
		assert_int_equal(ranking.order[i], rows.count - 1 - i);
	ranking_fini(&ranking);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_that_move_find_their_places),
		cmocka_unit_test(what_needs_somebody_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
