/*
 * Executes the row operations of a batch (store/batch.h) as SQL statements: the writing half of the
 * store, for the keeper.
 */

#include "store/store_private.h"

/* Deliveries mostly follow their notice. */
static bool
apply_row(struct db *db, struct store_batch *batch, const struct operation *operation)
{
	uint64_t number = *(const uint64_t *)operation->is.bytes;
	const char *guard = row_forms[operation->row].guard;

	/* A statement of its own is a third of the work of INSERT … SELECT … WHERE EXISTS. */
	if (number != batch->inserted && guard != NULL && DB_NUMBER(db, guard, BIND(number)) == 0)
		return db_fault(db) == DB_WELL;
	if (!row_write(db, operation->row, operation->is.bytes))
		return false;
	if (operation->row == ROW_NOTICE)
		batch->inserted = db_changes(db) > 0 ? number : 0;
	return true;
}

/* Of evidence: ?1 its target, ?2 its run, ?3 its incident, ?4 its role; of deliveries: ?4 their
 * notifier. */
static const char *const statements[] = {
	[OPERATION_ATTACH] = "UPDATE evidence SET incident = ?3, role = ?4 WHERE target = ?1 AND"
	    " run = ?2",
	[OPERATION_DROP_UPTO] =
	    "DELETE FROM evidence WHERE target = ?1 AND run <= ?2 AND incident = ?3",
	[OPERATION_DROP_LOOSE] = "DELETE FROM evidence WHERE incident = ?3 AND target = ?1 AND"
	    " role IN ('passed', 'failed')",
	[OPERATION_END_RECEIVERS] = "UPDATE deliveries SET state = 6, ended = ?1, receipt ="
	    " CAST('no longer configured' AS BLOB) WHERE ended = 0"
	    " AND instr(?4, char(10) || notifier || char(9) || recipient || char(10)) = 0",
	[OPERATION_HURRY] = "UPDATE deliveries SET not_before = ?1 WHERE state IN (1, 3) AND"
	    " notifier = ?4 AND not_before > ?1",
	[OPERATION_SET_CLOCK] = "UPDATE deliveries SET created = created + ?1, retried ="
	    " iif(retried = 0, 0, retried + ?1),"
	    " not_before = iif(not_before = 0, 0, not_before + ?1) WHERE ended = 0",
	[OPERATION_MERGE] = "UPDATE deliveries SET state = 7, ended = ?1, merged = ?3,"
	    " receipt = x''"
	    " WHERE notice = ?2 AND notifier = ?4 AND recipient = ?5 AND ended = 0",
	[OPERATION_DROP_NOTICE] =
	    "UPDATE deliveries SET state = 6, ended = ?1, receipt = CAST(?5 AS BLOB)"
	    " WHERE notice = ?2 AND notifier = ?4 AND ended = 0",
	[OPERATION_UNCLAIM] = "UPDATE deliveries SET state = iif(attempts > 0, 3, 1),"
	    " receipt = x'' WHERE state = 2 AND notifier = ?4 AND notice <> ?1",
};

/* The counters go with every transaction: a batch that was kept is known again by its number. */
bool
store_apply_counters(struct store *store, enum store_file file, uint64_t ahead)
{
	struct counters counters = store->counters[file];

	for (int i = 0; i < STORE_NUMBERS; i++)
		if (i != STORE_TARGETS && file == STORE_MAIN)
			counters.numbers[i] += ahead;
	return row_write(store->db_files[file].db, ROW_META, &(struct store_meta){ "counters",
	    { (const char *)&counters, sizeof counters } });
}

/* A row that the file refuses, for it contradicts another, would be refused again with each try
 * and hold up all others: it is counted and left out. */
bool
store_apply_one(struct store *store, struct db *db, struct store_batch *batch,
    const struct operation *operation)
{
	const struct operation_values *values = &operation->is.values;
	bool done;

	if (operation->kind == OPERATION_ROW)
		done = apply_row(db, batch, operation);
	else if (operation->kind == OPERATION_RESULT)
		done = history_add(&store->history, db, &operation->is.result);
	else
		done = DB_RUN(db, statements[operation->kind], BIND(values->numbers[0]),
		    BIND(values->numbers[1]), BIND(values->numbers[2]), BIND_TEXT(values->texts[0]),
		    BIND_TEXT(values->texts[1]));
	if (done)
		return true;
	if (batch->file != STORE_MAIN || db_fault(db) != DB_CONSTRAINT)
		return false;
	db_forgive(db);
	batch->refused++;
	return true;
}

bool
store_apply(struct store *store, struct store_batch *batch)
{
	struct db *db = store->db_files[batch->file].db;

	batch->refused = 0;
	for (const struct operation *operation = batch->first; operation != NULL;
	    operation = operation->next) {
		if (!store_apply_one(store, db, batch, operation))
			return false;
	}
	return true;
}

bool
store_apply_end(struct store *store, enum store_file file)
{
	return (file != STORE_HISTORY || history_flush(&store->history, store->db_files[file].db,
	    false)) && store_apply_counters(store, file, NUMBERS_AHEAD);
}
