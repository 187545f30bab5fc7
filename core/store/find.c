/*
 * For the keeper: reads single rows of postwatch.db by key (store/find.h). Statements are prepared
 * once; of each a copy of the last row is held, since a statement under way would hold up the
 * checkpoint.
 */
#include "store/find.h"

#include <assert.h>
#include <string.h>

#include "store/store_private.h"

#define IS_OPEN "end_confirmed = 0"
#define STANDS "standing > 0 AND cleared = 0"
/* ?3: its code, '' of flapping. */
#define EARLIER "SELECT number, kind, code FROM notices WHERE target = ?1 AND number < ?2"
#define NEWEST " ORDER BY number DESC LIMIT 10000"
#define IS_OF_IT "iif(?3 = '', kind IN ('flapping', 'settled'), code = ?3)"
#define IS_END "kind IN ('cleared', 'settled')"
#define ENDS "iif(ended = 0, \"ends\", ended)" /* as the index has it */

static const struct {
	enum row_kind kind;
	const char *tail;
} finds[FINDS] = {
	[FIND_INCIDENT] = { ROW_INCIDENT, "WHERE number = ?1" },
	[FIND_OPEN_INCIDENT] = { ROW_INCIDENT,
	    "WHERE number = (SELECT max(number) FROM incidents WHERE target = ?1) AND " IS_OPEN },
	[FIND_NEXT_OPEN_INCIDENT] = { ROW_INCIDENT,
	    "WHERE " IS_OPEN " AND number > ?1 ORDER BY number LIMIT 1" },
	[FIND_NOTICE] = { ROW_NOTICE, "WHERE number = ?1" },
	[FIND_FIRST_NOTICE] = { ROW_NOTICE,
	    "WHERE incident = ?1 AND incident > 0 ORDER BY number LIMIT 1" },
	[FIND_BEGINNING] = { ROW_NOTICE, "WHERE number = (SELECT min(number) FROM (" EARLIER
	    " AND number > coalesce((SELECT number FROM (" EARLIER NEWEST ") WHERE " IS_OF_IT
	    " AND " IS_END " LIMIT 1), 0)" NEWEST ") WHERE " IS_OF_IT " AND NOT " IS_END ")" },
	[FIND_LEG] = { ROW_EVIDENCE, "WHERE target = ?1 AND run = ?2 AND leg >= ?3 ORDER BY leg"
	    " LIMIT 1" },
	[FIND_LAST_FAILURE] = { ROW_EVIDENCE,
	    "WHERE incident = ?1 AND leg = 0 AND role <> 'passed' ORDER BY run DESC LIMIT 1" },
	[FIND_LAST_KEPT] = { ROW_EVIDENCE,
	    "WHERE incident = ?1 AND leg = 0 AND role NOT IN ('passed', 'failed')"
	    " ORDER BY run DESC LIMIT 1" },
	[FIND_CONDITION] = { ROW_CONDITION, "WHERE target = ?1 AND code = ?2 AND " STANDS },
	[FIND_NEXT_CONDITION_OF] = { ROW_CONDITION,
	    "WHERE target = ?1 AND code > ?2 AND " STANDS " ORDER BY code LIMIT 1" },
	[FIND_NEXT_CONDITION] = { ROW_CONDITION,
	    "WHERE (target, code) > (?1, ?2) AND " STANDS " ORDER BY target, code LIMIT 1" },
	[FIND_PAUSE] = { ROW_PAUSE, "WHERE target = ?1 AND tag ="
	    " ?2 AND " ENDS " > ?3 AND begins <= ?3 LIMIT 1" },
	[FIND_NEXT_PAUSE] = { ROW_PAUSE,
	    "WHERE number > ?1 AND " ENDS " > ?2 ORDER BY number LIMIT 1" },
	[FIND_SERVER] = { ROW_SERVER, "WHERE target = ?1" },
	[FIND_LEDGER] = { ROW_LEDGER, "WHERE target = ?1 AND notifier = ?2" },
	[FIND_NEXT_LEDGER_IN_USE] = { ROW_LEDGER,
	    "WHERE (target, notifier) > (?1, ?2) AND (codes <> '' OR meaning GLOB 'down*'"
	    " OR meaning GLOB 'flapping*') ORDER BY target, notifier LIMIT 1" },
};

/* Copies the row into the batch of its find. */
static bool
look_up(struct store *store, enum find find, void *row, struct binds binds)
{
	enum row_kind kind = finds[find].kind;
	struct store_batch **copy = &store->found[find];
	_Alignas(8) char view[ROW_SIZE_MAX];
	bool found = false, is_read = false;

	assert(row_forms[kind].size <= sizeof view);
	if (*copy == NULL)
		*copy = store_batch_create(STORE_MAIN);
	while (*copy != NULL && !is_read) {
		struct db *db = store_begin_reading(store);
		struct query *query = db == NULL ? NULL
		    : row_reading(db, kind, finds[find].tail);

		query_bind(query, binds);
		found = query_step(query);
		if (found) {
			row_fill(kind, query, view);
			store_batch_clear(*copy);
			store_batch_add_row(*copy, kind, view);
		}
		query_reset(query);
		is_read = store_end_reading(store);
	}
	if (*copy == NULL || (*copy)->no_memory) {
		store->no_memory = true;
		return false;
	}
	if (found)
		memcpy(row, (*copy)->first->is.bytes, row_forms[kind].size);
	return found;
}

#define LOOK_UP(find, row, ...) \
	look_up(store, find, row, BINDS(__VA_ARGS__))

#define FIND_BY_NUMBER(name, find, row_) \
	bool store_##name(struct store *store, uint64_t number, struct store_##row_ *row) \
	{ \
		return LOOK_UP(find, row, BIND(number)); \
	}
FIND_BY_NUMBER(find_incident, FIND_INCIDENT, incident)
FIND_BY_NUMBER(find_open_incident, FIND_OPEN_INCIDENT, incident)
FIND_BY_NUMBER(find_notice, FIND_NOTICE, notice)
FIND_BY_NUMBER(find_first_notice, FIND_FIRST_NOTICE, notice)
FIND_BY_NUMBER(find_last_failure, FIND_LAST_FAILURE, evidence)
FIND_BY_NUMBER(find_last_kept, FIND_LAST_KEPT, evidence)
FIND_BY_NUMBER(find_server, FIND_SERVER, server)

static bool
find_by_key(struct store *store, enum find find, void *row)
{
	const struct row_form *form = &row_forms[finds[find].kind];
	struct bind key[ROW_KEY_MAX];

	assert(form->key <= ROW_KEY_MAX);
	for (uint32_t i = 0; i < form->key; i++)
		key[i] = row_member(&form->fields[i], row);
	return look_up(store, find, row, (struct binds){ form->key, key });
}

/* By the key that the row has. */
#define FIND_BY_KEY(name, find, row_) \
	bool store_##name(struct store *store, struct store_##row_ *row) \
	{ \
		return find_by_key(store, find, row); \
	}
FIND_BY_KEY(next_open_incident, FIND_NEXT_OPEN_INCIDENT, incident)
FIND_BY_KEY(find_leg, FIND_LEG, evidence)
FIND_BY_KEY(next_condition_of, FIND_NEXT_CONDITION_OF, condition)
FIND_BY_KEY(next_condition, FIND_NEXT_CONDITION, condition)
FIND_BY_KEY(next_ledger_in_use, FIND_NEXT_LEDGER_IN_USE, ledger)

bool
store_find_beginning(struct store *store, const struct store_notice *of, struct store_notice *row)
{
	return LOOK_UP(FIND_BEGINNING, row, BIND(of->target), BIND(of->number),
	    BIND_TEXT(strcmp(of->kind, "settled") == 0 ? "" : of->code));
}

bool
store_find_condition(struct store *store, uint64_t target, const char *code,
    struct store_condition *row)
{
	return LOOK_UP(FIND_CONDITION, row, BIND(target), BIND_TEXT(code));
}

bool
store_find_pause(struct store *store, int64_t at, struct store_pause *row)
{
	return LOOK_UP(FIND_PAUSE, row, BIND(row->target), BIND_TEXT(row->tag), BIND(at));
}

bool
store_next_pause(struct store *store, int64_t at, struct store_pause *row)
{
	return LOOK_UP(FIND_NEXT_PAUSE, row, BIND(row->number), BIND(at));
}

bool
store_find_ledger(struct store *store, uint64_t target, const char *notifier,
    struct store_ledger *row)
{
	return LOOK_UP(FIND_LEDGER, row, BIND(target), BIND_TEXT(notifier));
}
