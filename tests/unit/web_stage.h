/* A board over a store of the test's own, with one target. */
#ifndef TESTS_WEB_STAGE_H
#define TESTS_WEB_STAGE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "store_folder.h"
#include "web/http_library.h"
#include "web/site.h"

enum { TURNS_MAX = 2000 };

static struct folder folder;
static struct config config;
static struct board *board;

static void
put_target(void)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *results = store_batch_create(STORE_HISTORY);

	store_put_target(batch, &(struct store_target){ .number = 1, .identity = "a", .name = "a", .probe = "talk", .host = "a.example",
		.port = 25, .was = "", .known = clock_wall() });
	folder_commit(&folder, batch);
	store_put_result(results, &(struct store_result){ .target = 1, .run = 1, .at = clock_wall(), .outcome = "ok", .phase_names = "" });
	folder_commit(&folder, results);
	store_batch_destroy(&batch);
	store_batch_destroy(&results);
}

/* Targets by these numbers, whose names are the same. */
static inline void
put_targets(uint64_t from, uint64_t upto)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);

	for (uint64_t i = from; i < upto; i++) {
		char name[16];

		snprintf(name, sizeof name, "%u", (unsigned)i);
		store_put_target(batch, &(struct store_target){ .number = i, .identity = name, .name = name, .probe = "talk", .host = name,
			.port = 25, .was = "", .known = clock_wall() });
	}
	folder_commit(&folder, batch);
	store_batch_destroy(&batch);
}

static int
set_up(void **state)
{
	struct reason why;

	(void)state;
	assert_true(http_library_load(&why));
	folder_make(&folder);
	folder_open(&folder);
	assert_non_null(folder.store);
	put_target();
	config = (struct config){ .state = folder.path, .timezone = "UTC" };
	board = board_create(&config);
	assert_non_null(board);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	board_destroy(&board);
	folder_remove(&folder);
	return 0;
}

/* Steps until there is nothing to do at once, which comes soon. */
static void
turn(void)
{
	int turns = 0;

	while (board_turn(board) && turns < TURNS_MAX)
		turns++;
	assert_true(turns < TURNS_MAX);
}

#endif
