/*
 * For the store's maintenance: verifies a database file in slices, by key ranges of each table and
 * index, to find damaged pages early. A position is kept as SQL literals made by quote(), so that
 * one way serves for keys of every type and number of columns.
 */
#include "store/verify.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/query.h"

static const int64_t slice = 14 * (int64_t)MILLISECOND, rest = 86400 * (int64_t)SECOND;
enum { PART_BYTES = 512, SQL_BYTES = VERIFY_KEY + 8 * PART_BYTES };

/* A table, or an index of it: the condition of a partial index, the columns that order its entries, and
 * these as literals. */
enum { TABLE, INDEX, CONDITION, COLUMNS, POSITION, PARTS };
struct tree {
	char parts[PARTS][PART_BYTES];
};

/* The index that is a table WITHOUT ROWID itself (origin pk) is left out: it is read as the
 * table. */
static const char trees[] =
	"WITH trees (place, of, index_name, condition) AS ("
	" SELECT rowid, name, '', '' FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE"
	    " 'sqlite\\_%' ESCAPE '\\'"
	" UNION ALL SELECT s.rowid, s.name, i.name, CASE WHEN i.partial THEN (SELECT substr(sql,"
	    " instr(sql, ' WHERE ') + 7)"
	"  FROM sqlite_schema WHERE type = 'index' AND name = i.name) ELSE '' END"
	" FROM sqlite_schema AS s, pragma_index_list(s.name) AS i WHERE s.type = 'table' AND"
	    " i.origin <> 'pk')"
	"SELECT of, index_name, condition,"
	" CASE index_name WHEN '' THEN (SELECT group_concat(printf('\"%w\"', name)) FROM"
	"  (SELECT name FROM pragma_table_info(of) WHERE pk > 0 ORDER BY pk))"
	" ELSE (SELECT group_concat(coalesce(printf('\"%w\"', name), 'rowid')) FROM"
	"  (SELECT name FROM pragma_index_xinfo(index_name) ORDER BY seqno)) END,"
	" CASE index_name WHEN '' THEN (SELECT group_concat(printf('quote(\"%w\")', name),"
	    " '||'',''||') FROM"
	"  (SELECT name FROM pragma_table_info(of) WHERE pk > 0 ORDER BY pk))"
	" ELSE (SELECT group_concat(coalesce(printf('quote(\"%w\")', name), 'quote(rowid)'),"
	    " '||'',''||') FROM"
	"  (SELECT name FROM pragma_index_xinfo(index_name) ORDER BY seqno)) END"
	" FROM trees ORDER BY place, index_name LIMIT 1 OFFSET ?1";

/* Returns false where there is no tree of this number, where its names do not fit (no schema of
 * ours has such), or on a fault of the connection. */
static bool
find_tree(struct db *db, uint32_t number, struct tree *tree)
{
	struct query *query = DB_ROW(db, trees, BIND(number));
	bool fits = query != NULL;

	for (int i = 0; fits && i < PARTS; i++)
		fits = snprintf(tree->parts[i], PART_BYTES, "%s", query_text(query, i)) < PART_BYTES;
	query_reset(query);
	return fits;
}

/* Entries behind verify->key, in the order of their keys, until the time is up. Returns true at the
 * end of the tree; after a fault of the connection the key stays where it is. */
static bool
read_tree(struct verify *verify, struct db *db, const struct tree *tree, int64_t until)
{
	const char *index = tree->parts[INDEX], *columns = tree->parts[COLUMNS];
	char sql[SQL_BYTES];
	struct text text = TEXT_OVER(sql);
	struct query *query;

	text_format(&text, "SELECT %s, %s FROM \"%s\"", tree->parts[POSITION],
	    index[0] == '\0' ? "*" : columns, tree->parts[TABLE]);
	if (index[0] != '\0')
		text_format(&text, " INDEXED BY \"%s\"", index);
	if (tree->parts[CONDITION][0] != '\0' || verify->key[0] != '\0')
		text_format(&text, " WHERE %s",
		    tree->parts[CONDITION][0] == '\0' ? "true" : tree->parts[CONDITION]);
	if (verify->key[0] != '\0')
		text_format(&text, " AND (%s) > (%s)", columns, verify->key);
	text_format(&text, " ORDER BY %s", columns);
	assert(!text.cut);
	query = db_query(db, sql);
	while (query_step(query)) {
		const char *key = query_text(query, 0);

		if (strlen(key) >= sizeof verify->key)
			/* no entry of ours has such a key: the ones behind it are read from the one
			 * before */
			continue;
		if (clock_mono() < until)
			continue;
		memcpy(verify->key, key, strlen(key) + 1);
		query_reset(query);
		return false;
	}
	if (db_fault(db) != DB_WELL)
		return false;
	verify->key[0] = '\0';
	return true;
}

void
verify_step(struct verify *verify, struct db_file *db_file, int64_t now)
{
	struct tree tree = { { "its schema" } };
	bool changed = false;
	int64_t until;
	struct db *db;

	if (db_file->trouble != STORE_WELL
	    || (verify->rests_until > now && verify->rests_until - now <= rest))
		return;
	verify->rests_until = 0;
	db = db_open(db_file->path, DB_READ);
	if (db == NULL)
		return;
	until = clock_mono() + slice;
	if (verify->tree == 0) { /* a step by itself, taken again where it could not be read */
		changed = !schema_is_ours(db, db_file->schema, db_file->schema->version);
		verify->tree = db_fault(db) == DB_WELL;
		until = 0;
	}
	while (verify->rests_until == 0 && db_fault(db) == DB_WELL && clock_mono() < until) {
		if (find_tree(db, verify->tree - 1, &tree))
			verify->tree += read_tree(verify, db, &tree, until);
		else if (db_fault(db) == DB_WELL)
			*verify = (struct verify){ .rests_until = now + rest };
	}
	if (changed && db_file_is_in_place(db_file)) {
		db_file->trouble = STORE_DAMAGED;
		reason_set(&db_file->why, "%s: somebody has changed its schema",
		    db_file->schema->name);
	}
	/* Without its log the file may look damaged, and what is in the log is not to be lost. */
	if ((db_fault(db) == DB_DAMAGED || db_fault(db) == DB_IO) && db_file_is_in_place(db_file)) {
		db_file->trouble = db_fault(db) == DB_IO ? STORE_IO : STORE_DAMAGED;
		db_file->suspect = true;
		reason_set(&db_file->why, "%s: reading %s%s%s: %s", db_file->schema->name,
		    tree.parts[TABLE], tree.parts[INDEX][0] != '\0' ? ", index " : "",
		    tree.parts[INDEX], db_why(db));
		*verify = (struct verify){ 0 };
	}
	db_close(&db);
}
