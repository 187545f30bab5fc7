/*
 * The schemas of the store's two files, as the steps that lead from one version to the next: a step
 * that was released is never changed. A file's version is its user_version; that it is ours tells
 * its application_id.
 */
#pragma once

#include "store/db.h"
#include "store/store.h"

struct schema {
	const char *name;          /* of the file in the state folder */
	const char *synchronous;   /* the pragma of the file's writer */
	int64_t application_id;
	int version;               /* the newest, which is the number of steps */
	const char *const *steps;  /* steps[i] leads from version i to i + 1 */
	bool precious;             /* checked as a whole, and copied before a step */
};

extern const struct schema schemas[STORE_FILES];

enum schema_state {
	SCHEMA_EMPTY,     /* nothing was ever written */
	SCHEMA_OLDER,
	SCHEMA_CURRENT,
	SCHEMA_NEWER,
	SCHEMA_FOREIGN,   /* a database of something else */
	SCHEMA_BROKEN     /* a fault, see db_fault() */
};

enum schema_state schema_look(struct db *, const struct schema *, int *version);

/* Brings an older file to the newest version, each step a transaction of its own, and an empty one
 * in one transaction. False: a fault; the steps before it stay. */
bool schema_raise(struct db *, const struct schema *);

/* Returns false if the tables, indexes, views and triggers of the file are others than those that
 * the steps to this version make; spaces and quotes in their text do not count, since SQLite writes
 * them anew where a column is renamed. Where that cannot be found out (a fault, no memory) nothing
 * is held against the file. The steps take some 10 ms, most of them in ALTER TABLE. */
bool schema_is_ours(struct db *, const struct schema *, int version);
