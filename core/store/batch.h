/*
 * A batch of row operations: what the keeper has to write, in the order it was given, each with its
 * own copy of all it needs. It becomes one transaction (store/store.h).
 */
#pragma once

#include "base/chunks.h"
#include "store/row.h"
#include "store/store.h"

enum operation_kind {
	OPERATION_ROW,
	OPERATION_ATTACH,
	OPERATION_DROP_UPTO,
	OPERATION_DROP_LOOSE,
	OPERATION_END_RECEIVERS,
	OPERATION_HURRY,
	OPERATION_SET_CLOCK,
	OPERATION_MERGE,
	OPERATION_DROP_NOTICE,
	OPERATION_UNCLAIM,
	OPERATION_RESULT
};

#define SEQUENCE_META "sequence" /* how far the messages have come that the file keeps */

/* What a statement is bound to: its numbers are ?1 to ?3, its texts are ?4 and ?5. */
struct operation_values {
	int64_t numbers[3];
	const char *texts[2];
};

struct operation {
	struct operation *next;
	enum operation_kind kind;
	enum row_kind row;        /* OPERATION_ROW */
	union {
		_Alignas(8) char bytes[ROW_SIZE_MAX];
		struct operation_values values;
		struct store_result result;
	} is;
};

struct store_batch {
	enum store_file file;
	struct chunks memory;      /* of the operations */
	struct operation *first, **end;
	uint32_t count;
	uint64_t number;           /* of its last submission, 0: never */
	bool no_memory;
	/* that does the operations as they come; NULL: they are done when it is submitted */
	struct store *store;
	uint64_t notice;           /* the highest number of a notice in it */
	uint64_t inserted;         /* the notice whose row was written last, 0: none */
	uint32_t refused;          /* operations that contradict what is there */
};

/* Frees the operations, which are done and need not be done again; what is counted stays. */
void store_batch_forget(struct store_batch *);

/* Adds a copy of a row of any file's. */
void store_batch_add_row(struct store_batch *, enum row_kind, const void *row);
