/*
 * The SQL of the schemas and of their migrations, and the migration from one version to the next.
 */
#include "base/text.h"
#include "store/schema.h"

/* Thresholds of a certificate's end as they were called when their days stood in the name: cert_expires_21d. */
#define IS_EXPIRY(code) code " GLOB 'cert_expires_[0-9]*d'"
#define EXPIRY_NOW(code) "CASE WHEN CAST(substr(" code ", 14) AS INTEGER) <= 3 THEN 'cert_expires_urgent'" \
    " ELSE 'cert_expires_soon' END"
/* The same for each word of a list, in its order. */
#define EACH_NOW(list) "(WITH RECURSIVE split (at, word, rest) AS (SELECT 0, '', " list " || ' ' UNION ALL SELECT at + 1," \
    " substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM split WHERE rest <> '')," \
    " named (at, word) AS (SELECT min(at), CASE WHEN " IS_EXPIRY("word") " THEN " EXPIRY_NOW("word") " ELSE word END AS name" \
    " FROM split WHERE at > 0 AND word <> '' GROUP BY name ORDER BY 1)" \
    " SELECT coalesce(group_concat(word, ' '), '') FROM named)"

static const char *const main_steps[] = {
	/* 1 */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE targets (number INTEGER PRIMARY KEY, identity TEXT NOT NULL, name TEXT NOT NULL,"
	"	probe TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, was TEXT NOT NULL,"
	"	known INTEGER NOT NULL, gone INTEGER NOT NULL) STRICT;"
	"CREATE INDEX targets_identity ON targets (identity);"
	"CREATE TABLE states (target INTEGER PRIMARY KEY, monitor INTEGER NOT NULL DEFAULT 1, at INTEGER NOT NULL,"
	"	state BLOB NOT NULL) STRICT;"
	"CREATE TABLE incidents (number INTEGER PRIMARY KEY, target INTEGER NOT NULL, change INTEGER NOT NULL,"
	"	monitor INTEGER NOT NULL DEFAULT 1, began INTEGER NOT NULL, confirmed INTEGER NOT NULL,"
	"	ended INTEGER NOT NULL, end_confirmed INTEGER NOT NULL, outcome TEXT NOT NULL, ending TEXT NOT NULL,"
	"	text BLOB NOT NULL, end_text BLOB NOT NULL, acknowledged INTEGER NOT NULL, ack_by BLOB NOT NULL,"
	"	ack_why BLOB NOT NULL, UNIQUE (target, change)) STRICT;"
	"CREATE INDEX incidents_target ON incidents (target, number);"
	"CREATE INDEX incidents_open ON incidents (number) WHERE end_confirmed = 0;"
	"CREATE TABLE evidence (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, run INTEGER NOT NULL,"
	"	leg INTEGER NOT NULL, monitor INTEGER NOT NULL DEFAULT 1, at INTEGER NOT NULL, incident INTEGER NOT NULL,"
	"	role TEXT NOT NULL, bytes BLOB NOT NULL, UNIQUE (target, run, leg)) STRICT;"
	"CREATE INDEX evidence_incident ON evidence (incident, at, run, leg, target);"
	"CREATE TABLE conditions (target INTEGER NOT NULL, code TEXT NOT NULL, monitor INTEGER NOT NULL DEFAULT 1,"
	"	since INTEGER NOT NULL, standing INTEGER NOT NULL, cleared INTEGER NOT NULL, text BLOB NOT NULL,"
	"	PRIMARY KEY (target, code)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE notices (number INTEGER PRIMARY KEY, target INTEGER NOT NULL, change INTEGER NOT NULL,"
	"	kind TEXT NOT NULL, monitor INTEGER NOT NULL DEFAULT 1, incident INTEGER NOT NULL, code TEXT NOT NULL,"
	"	detected INTEGER NOT NULL, confirmed INTEGER NOT NULL, text BLOB NOT NULL, silences TEXT NOT NULL,"
	"	rest BLOB NOT NULL, UNIQUE (target, change, kind)) STRICT;"
	"CREATE INDEX notices_incident ON notices (incident) WHERE incident > 0;"
	"CREATE INDEX notices_target ON notices (target, number);"
	"CREATE TABLE deliveries (notice INTEGER NOT NULL REFERENCES notices (number) ON DELETE CASCADE,"
	"	notifier TEXT NOT NULL, recipient TEXT NOT NULL, target INTEGER NOT NULL, state INTEGER NOT NULL,"
	"	attempts INTEGER NOT NULL, not_before INTEGER NOT NULL, claim INTEGER NOT NULL, created INTEGER NOT NULL,"
	"	claimed INTEGER NOT NULL, ended INTEGER NOT NULL, doubt INTEGER NOT NULL, merged INTEGER NOT NULL,"
	"	receipt BLOB NOT NULL, rest BLOB NOT NULL, PRIMARY KEY (notice, notifier, recipient)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX deliveries_open ON deliveries (notice, notifier, recipient) WHERE state < 4;"
	"CREATE INDEX deliveries_dead ON deliveries (notice, notifier, recipient) WHERE state = 5;"
	"CREATE TABLE ledger (target INTEGER NOT NULL, notifier TEXT NOT NULL, notice INTEGER NOT NULL,"
	"	meaning TEXT NOT NULL, sent INTEGER NOT NULL, sent_meaning TEXT NOT NULL, codes TEXT NOT NULL,"
	"	sent_codes TEXT NOT NULL, PRIMARY KEY (target, notifier)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE pauses (number INTEGER PRIMARY KEY, target INTEGER NOT NULL, tag TEXT NOT NULL,"
	"	begins INTEGER NOT NULL, ends INTEGER NOT NULL, ended INTEGER NOT NULL, why BLOB NOT NULL,"
	"	\"by\" BLOB NOT NULL) STRICT;"
	"INSERT INTO meta (key, value) VALUES ('instance', randomblob(16))",
	/* 2: outcomes go by the names of outcome_current(); of two conditions that become one the later is kept */
	"DELETE FROM conditions WHERE " IS_EXPIRY("code") " AND EXISTS (SELECT 1 FROM conditions AS later"
	"	WHERE later.target = conditions.target AND " IS_EXPIRY("later.code")
	"	AND " EXPIRY_NOW("later.code") " = " EXPIRY_NOW("conditions.code")
	"	AND (later.since, later.code) > (conditions.since, conditions.code));"
	"UPDATE conditions SET code = " EXPIRY_NOW("code") " WHERE " IS_EXPIRY("code") ";"
	"UPDATE notices SET code = " EXPIRY_NOW("code") " WHERE " IS_EXPIRY("code") ";"
	"UPDATE ledger SET codes = " EACH_NOW("codes") " WHERE codes LIKE '%cert_expires_%';"
	"UPDATE ledger SET sent_codes = " EACH_NOW("sent_codes") " WHERE sent_codes LIKE '%cert_expires_%'",
	/* 3: evidence is read in the order of its runs; a notice has its own where no incident has it */
	"DROP INDEX evidence_incident;"
	"CREATE INDEX evidence_incident ON evidence (incident, run, leg, target);"
	"CREATE TABLE notice_evidence (id INTEGER PRIMARY KEY, notice INTEGER NOT NULL REFERENCES notices (number)"
	"	ON DELETE CASCADE, run INTEGER NOT NULL, leg INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL,"
	"	UNIQUE (notice, run, leg)) STRICT",
};

/* A result names the row of the same target before it (prev), and its last one that was not ok (bad), which is what is
 * left when those that were ok have gone. `heads` begins the chains, as of the row that meta's heads_upto names. */
static const char *const history_steps[] = {
	/* 1 */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE counts (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE heads (target INTEGER PRIMARY KEY, last INTEGER NOT NULL, bad INTEGER NOT NULL) STRICT;"
	"CREATE TABLE results (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, monitor INTEGER NOT NULL DEFAULT 1,"
	"	prev INTEGER NOT NULL, bad INTEGER NOT NULL, run INTEGER NOT NULL, at INTEGER NOT NULL,"
	"	micros INTEGER NOT NULL, verdict INTEGER NOT NULL, mood INTEGER NOT NULL, speaks_for INTEGER NOT NULL,"
	"	flags INTEGER NOT NULL, outcome INTEGER NOT NULL, phase_names INTEGER NOT NULL, phases BLOB NOT NULL,"
	"	text BLOB NOT NULL) STRICT;"
	"CREATE TABLE traces (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, run INTEGER NOT NULL,"
	"	leg INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (target, run, leg)) STRICT;"
	"CREATE TABLE rollups (target INTEGER NOT NULL, span INTEGER NOT NULL, start INTEGER NOT NULL,"
	"	monitor INTEGER NOT NULL DEFAULT 1, counts BLOB NOT NULL, phase_names INTEGER NOT NULL,"
	"	phases BLOB NOT NULL, PRIMARY KEY (target, span, start)) STRICT, WITHOUT ROWID",
};

#define STEPS(array) (int)(sizeof(array) / sizeof(array)[0]), array

const struct schema schemas[STORE_FILES] = {
	[STORE_MAIN] = { "postwatch.db", "PRAGMA synchronous=FULL", 0x5057746d, STEPS(main_steps), true },
	[STORE_HISTORY] = { "history.db", "PRAGMA synchronous=NORMAL", 0x50577468, STEPS(history_steps), false },
};

enum schema_state
schema_look(struct db *db, const struct schema *schema, int *version)
{
	int64_t id = db_number(db, "PRAGMA application_id", 0);
	int64_t found = db_number(db, "PRAGMA user_version", 0);
	int64_t tables = db_number(db, "SELECT count(*) FROM sqlite_schema", 0);

	*version = (int)found;
	if (db_fault(db) != DB_WELL)
		return SCHEMA_BROKEN;
	if (id == 0 && found == 0 && tables == 0)
		return SCHEMA_EMPTY;
	if (id != schema->application_id || found <= 0)
		return SCHEMA_FOREIGN;
	return found > schema->version ? SCHEMA_NEWER : found < schema->version ? SCHEMA_OLDER : SCHEMA_CURRENT;
}

/* From one version to another, whole or not at all. */
static bool
climb(struct db *db, const struct schema *schema, int from, int to)
{
	char stamp[128];
	struct text text = TEXT_OVER(stamp);
	bool climbed = db_begin(db);

	text_format(&text, "PRAGMA application_id=%lld; PRAGMA user_version=%d", (long long)schema->application_id, to);
	for (int step = from; climbed && step < to; step++)
		climbed = db_exec(db, schema->steps[step]);
	if (climbed && db_exec(db, stamp) && db_commit(db))
		return true;
	db_rollback(db);
	return false;
}

bool
schema_raise(struct db *db, const struct schema *schema)
{
	int64_t version = db_number(db, "PRAGMA user_version", -1);

	if (version < 0)
		return false;
	if (version == 0) /* a new file: it is never found as one of an older version */
		return climb(db, schema, 0, schema->version);
	for (int step = (int)version; step < schema->version; step++) {
		if (!climb(db, schema, step, step + 1))
			return false;
	}
	return true;
}
