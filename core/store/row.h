/*
 * For the modules of the store: descriptions of its rows as data: which column holds which member
 * of a struct, and which of them are the key. Writing, reading, copying and the statements are made
 * from this one description; the tables themselves are made by the migrations.
 */
#pragma once

#include "store/query.h"
#include "store/rows.h"

enum field_type { FIELD_U32, FIELD_I64, FIELD_TEXT, FIELD_BYTES };

struct field {
	const char *column;
	enum field_type type;
	uint32_t offset;
};

/* A value by its name. */
struct store_meta {
	const char *key;
	struct pw_bytes value;
};

enum row_kind {
	ROW_TARGET,
	ROW_STATE,
	ROW_INCIDENT,
	ROW_INCIDENT_CHANGED,
	ROW_EVIDENCE,
	ROW_NOTICE_EVIDENCE,
	ROW_CONDITION,
	ROW_NOTICE,
	ROW_DELIVERY,
	ROW_DELIVERY_ADDED,
	ROW_DELIVERY_CLAIMED,
	ROW_LEDGER,
	ROW_PAUSE,
	ROW_SERVER,
	ROW_TRACE,
	ROW_META, /* of either file */
	ROW_OUTAGE, /* from here on views and the like: they are read only */
	ROW_TOLD,
	ROW_STATUS,
	ROW_UNDELIVERED,
	ROW_PROVED,
	ROW_LAST_RUN, /* from here on of history.db */
	ROW_RUN,
	ROW_NEWEST_RUN,
	ROW_RUN_OF_ALL,
	ROW_SUM,
	ROW_KINDS
};

enum { ROW_FIELDS_MAX = 28, ROW_KEY_MAX = 3, ROW_SIZE_MAX = 256, ROW_SQL_MAX = 2048 };

/* What becomes of a row whose key is there, and of one whose key is not. */
enum row_writing {
	ROW_REPLACE, /* replaced; added */
	ROW_ONCE,    /* left as it is; added */
	ROW_CHANGE,  /* replaced; not written */
};

struct row_form {
	const char *table;
	uint32_t key;   /* the first so many fields are the key */
	uint32_t size;  /* of the struct */
	/* a row is written only where this finds one by its first field; NULL: always */
	const char *guard;
	enum row_writing writing;
	struct field fields[ROW_FIELDS_MAX]; /* ended by a NULL column */
};

extern const struct row_form row_forms[ROW_KINDS];

/* What may be left out where there is no room. */
bool row_is_evidence(enum row_kind);

/* The member of a row that a field names, for a parameter. */
struct bind row_member(const struct field *, const void *row);

/* Writes a row of a table. Returns false on a fault. */
bool row_write(struct db *, enum row_kind, const void *row);

/* SELECT of all columns of this kind, followed by `tail` (WHERE …), a constant. NULL: a fault. */
struct query *row_reading(struct db *, enum row_kind, const char *tail);

/* Fills a row with views of the columns, and returns the number of the column behind. */
int row_fill(enum row_kind, struct query *, void *row);
