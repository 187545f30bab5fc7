/* A store in a folder of its own, and a batch whose operations are done as they come. */
#ifndef TESTS_STORE_STAGE_H
#define TESTS_STORE_STAGE_H

#include "store_folder.h"

static struct folder folder;
static struct store_batch *batch;

static inline int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_open(&folder);
	assert_non_null(folder.store);
	batch = store_batch_of(folder.store);
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	store_batch_destroy(&batch);
	folder_remove(&folder);
	return 0;
}

static inline struct db *
file_db(void)
{
	return folder.store->db_files[STORE_MAIN].db;
}

#endif
