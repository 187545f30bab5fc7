/*
 * A database in memory that stands in for postwatch.db while that cannot be written: it has the same schema, so the same
 * statements read and write it.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include <stdbool.h>

#include "store/db.h"

/* Evidence is left out of it beyond this size; nothing else is. */
enum { MEMORY_EVIDENCE_MAX = 32 * 1024 * 1024 };

/* A new one with what is open, and what may yet be told, as far as it can be read `from` the file (NULL: nothing can). NULL if
 * out of memory. db_close() ends it. */
struct db *memory_open(struct db *from);

/* Whether evidence still finds room in it. */
bool memory_has_room(struct db *);

#endif
