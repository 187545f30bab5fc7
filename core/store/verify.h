/*
 * For the store's maintenance: verification of a database file in slices. All that a file holds is
 * read, a little at a time, so that a damaged page is known before its rows are needed. A pass goes
 * through each table and each index of the file by key ranges; values are read to their last byte.
 * What SQLite cannot know is not found: a value whose bytes were changed in place.
 */
#pragma once

#include <stdint.h>

#include "store/db_file.h"

enum { VERIFY_KEY = 4096 };

/* Where the pass over one file is; all zero: at its beginning. */
struct verify {
	/* 0: the schema is compared next; else that table or index, from 1, is read */
	uint32_t tree;
	/* the last key that was read in it, as a list of SQL literals; "": none */
	char key[VERIFY_KEY];
	/* UTC microseconds: when the next pass begins; 0: one is under way */
	int64_t rests_until;
};

/* Reads for about 14 ms, a gigabyte in some 300 steps, over a connection of its own, so that the
 * writer's page cache keeps what it holds. A file that is found damaged, or cannot be read, is in
 * trouble from then on (db_file->trouble, db_file->why); a connection that cannot be had is tried
 * again next time. */
void verify_step(struct verify *, struct db_file *, int64_t now);
