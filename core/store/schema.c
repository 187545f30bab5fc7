/*
 * For the files of the store: the SQL of their schemas and of their migrations, and the migration
 * from one version to the next.
 */
#include <string.h>

#include "base/text.h"
#include "store/query.h"
#include "store/schema.h"

/* Thresholds of a certificate's end as they were called when their days stood in the name:
 * cert_expires_21d. */
#define IS_EXPIRY(code) code " GLOB 'cert_expires_[0-9]*d'"
#define EXPIRY_NOW(code) "CASE WHEN CAST(substr(" code ", 14) AS INTEGER) <= 3 THEN 'cert_expires_urgent'" \
    " ELSE 'cert_expires_soon' END"
/* The same for each word of a list, in its order. */
#define EACH_NOW(list) "(WITH RECURSIVE split (at, word, rest) AS (SELECT 0, '', " list " || ' ' UNION ALL SELECT at + 1," \
    " substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM split WHERE rest <> '')," \
    " named (at, word) AS (SELECT min(at), CASE WHEN " IS_EXPIRY("word") " THEN " EXPIRY_NOW("word") " ELSE word END AS name" \
    " FROM split WHERE at > 0 AND word <> '' GROUP BY name ORDER BY 1)" \
    " SELECT coalesce(group_concat(word, ' '), '') FROM named)"

/* A column of states that one of an earlier version lacks until the monitor has said it. */
#define STATES_TEXT(column) "ALTER TABLE states ADD COLUMN " column " TEXT NOT NULL DEFAULT '';"
#define STATES_NUMBER(column) "ALTER TABLE states ADD COLUMN " column " INTEGER NOT NULL DEFAULT 0;"
/* The same of deliveries, for those that were made before. */
#define DELIVERIES_NUMBER(column, otherwise) \
	"ALTER TABLE deliveries ADD COLUMN " column " INTEGER NOT NULL DEFAULT " otherwise ";"
/* A time as two columns: UTC in ISO 8601, and microseconds; both are NULL for 0. */
#define TIME(name, micros) "strftime('%Y-%m-%dT%H:%M:%SZ', nullif(" micros ", 0) / 1000000, 'unixepoch') AS " name \
    ", nullif(" micros ", 0) AS " name "_us"
/* A target that is down is so since its incident was confirmed, whose time was moved where the
 * clock was set since. */
#define SINCE "CASE WHEN s.state IN ('down', 'recovering') THEN coalesce(i.confirmed, s.since) ELSE s.since END"

/* Targets as they stand; `open` joins the incident of each that is open, if one is, as i. */
#define TARGET_STATUS(open) \
    "CREATE VIEW target_status AS SELECT t.number AS target, t.name, t.identity, t.probe, t.host, t.port," \
    "	coalesce(nullif(s.state, ''), 'pending') AS state, " TIME("since", SINCE) "," \
    "	nullif(s.verdict, '') AS verdict, nullif(s.outcome, '') AS outcome," \
    "	CAST(CASE WHEN length(s.text) > 0 THEN s.text ELSE coalesce(i.text, x'') END AS TEXT) AS text," \
    "	" TIME("last_run", "s.ended") ", s.interval / 1e6 AS interval_s, s.fails, s.passes, s.attempts," \
    "	s.doubled, s.flapping, s.slow, s.held, s.quarantined, nullif(s.silences, '') AS silences, i.number AS incident, " TIME("acknowledged", "i.acknowledged") "," \
    "	CAST(i.ack_by AS TEXT) AS acknowledged_by, CAST(i.ack_why AS TEXT) AS acknowledged_why," \
    "	(SELECT group_concat(code, ' ') FROM (SELECT code FROM conditions c WHERE c.target = t.number AND standing > 0" \
    "		AND cleared = 0 ORDER BY code)) AS conditions, " TIME("known", "t.known") ", " TIME("gone", "t.gone") \
    "	FROM targets t LEFT JOIN states s ON s.target = t.number LEFT JOIN " open

/* "GROUP BY +target" in step 4 keeps SQLite from going through all incidents by target, of which
 * few are open. */
static const char *const main_steps[] = {
	/* 1 */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE targets (number INTEGER PRIMARY KEY, identity TEXT NOT NULL, name TEXT"
	    " NOT NULL,"
	"	probe TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL, was TEXT NOT NULL,"
	"	known INTEGER NOT NULL, gone INTEGER NOT NULL) STRICT;"
	"CREATE INDEX targets_identity ON targets (identity);"
	"CREATE TABLE states (target INTEGER PRIMARY KEY, monitor INTEGER NOT NULL DEFAULT 1, at"
	    " INTEGER NOT NULL,"
	"	state BLOB NOT NULL) STRICT;"
	"CREATE TABLE incidents (number INTEGER PRIMARY KEY, target INTEGER NOT NULL, change"
	    " INTEGER NOT NULL,"
	"	monitor INTEGER NOT NULL DEFAULT 1, began INTEGER NOT NULL, confirmed INTEGER"
	    " NOT NULL,"
	"	ended INTEGER NOT NULL, end_confirmed INTEGER NOT NULL, outcome TEXT NOT NULL,"
	    " ending TEXT NOT NULL,"
	"	text BLOB NOT NULL, end_text BLOB NOT NULL, acknowledged INTEGER NOT NULL, ack_by"
	    " BLOB NOT NULL,"
	"	ack_why BLOB NOT NULL, UNIQUE (target, change)) STRICT;"
	"CREATE INDEX incidents_target ON incidents (target, number);"
	"CREATE INDEX incidents_open ON incidents (number) WHERE end_confirmed = 0;"
	"CREATE TABLE evidence (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, run INTEGER"
	    " NOT NULL,"
	"	leg INTEGER NOT NULL, monitor INTEGER NOT NULL DEFAULT 1, at INTEGER NOT NULL,"
	    " incident INTEGER NOT NULL,"
	"	role TEXT NOT NULL, bytes BLOB NOT NULL, UNIQUE (target, run, leg)) STRICT;"
	"CREATE INDEX evidence_incident ON evidence (incident, at, run, leg, target);"
	"CREATE TABLE conditions (target INTEGER NOT NULL, code TEXT NOT NULL, monitor INTEGER NOT"
	    " NULL DEFAULT 1,"
	"	since INTEGER NOT NULL, standing INTEGER NOT NULL, cleared INTEGER NOT NULL, text"
	    " BLOB NOT NULL,"
	"	PRIMARY KEY (target, code)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE notices (number INTEGER PRIMARY KEY, target INTEGER NOT NULL, change INTEGER"
	    " NOT NULL,"
	"	kind TEXT NOT NULL, monitor INTEGER NOT NULL DEFAULT 1, incident INTEGER NOT NULL,"
	    " code TEXT NOT NULL,"
	"	detected INTEGER NOT NULL, confirmed INTEGER NOT NULL, text BLOB NOT NULL, silences"
	    " TEXT NOT NULL,"
	"	rest BLOB NOT NULL, UNIQUE (target, change, kind)) STRICT;"
	"CREATE INDEX notices_incident ON notices (incident) WHERE incident > 0;"
	"CREATE INDEX notices_target ON notices (target, number);"
	"CREATE TABLE deliveries (notice INTEGER NOT NULL REFERENCES notices (number) ON DELETE"
	    " CASCADE,"
	"	notifier TEXT NOT NULL, recipient TEXT NOT NULL, target INTEGER NOT NULL, state"
	    " INTEGER NOT NULL,"
	"	attempts INTEGER NOT NULL, not_before INTEGER NOT NULL, claim INTEGER NOT NULL,"
	    " created INTEGER NOT NULL,"
	"	claimed INTEGER NOT NULL, ended INTEGER NOT NULL, doubt INTEGER NOT NULL, merged"
	    " INTEGER NOT NULL,"
	"	receipt BLOB NOT NULL, rest BLOB NOT NULL, PRIMARY KEY (notice, notifier,"
	    " recipient)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX deliveries_open ON deliveries (notice, notifier, recipient) WHERE state < 4;"
	"CREATE INDEX deliveries_dead ON deliveries (notice, notifier, recipient) WHERE state = 5;"
	"CREATE TABLE ledger (target INTEGER NOT NULL, notifier TEXT NOT NULL, notice INTEGER"
	    " NOT NULL,"
	"	meaning TEXT NOT NULL, sent INTEGER NOT NULL, sent_meaning TEXT NOT NULL, codes"
	    " TEXT NOT NULL,"
	"	sent_codes TEXT NOT NULL, PRIMARY KEY (target, notifier)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE pauses (number INTEGER PRIMARY KEY, target INTEGER NOT NULL, tag TEXT"
	    " NOT NULL,"
	"	begins INTEGER NOT NULL, ends INTEGER NOT NULL, ended INTEGER NOT NULL, why BLOB"
	    " NOT NULL,"
	"	\"by\" BLOB NOT NULL) STRICT;"
	"INSERT INTO meta (key, value) VALUES ('instance', randomblob(16))",
	/* 2: outcomes go by the names of outcome_current(); of two conditions that become one the
	 * later is kept */
	"DELETE FROM conditions WHERE " IS_EXPIRY("code") " AND EXISTS (SELECT 1 FROM conditions"
	    " AS later"
	"	WHERE later.target = conditions.target AND " IS_EXPIRY("later.code")
	"	AND " EXPIRY_NOW("later.code") " = " EXPIRY_NOW("conditions.code")
	"	AND (later.since, later.code) > (conditions.since, conditions.code));"
	"UPDATE conditions SET code = " EXPIRY_NOW("code") " WHERE " IS_EXPIRY("code") ";"
	"UPDATE notices SET code = " EXPIRY_NOW("code") " WHERE " IS_EXPIRY("code") ";"
	"UPDATE ledger SET codes = " EACH_NOW("codes") " WHERE codes LIKE '%cert_expires_%';"
	"UPDATE ledger SET sent_codes = " EACH_NOW("sent_codes") " WHERE sent_codes LIKE"
	    " '%cert_expires_%'",
	/* 3: evidence is read in the order of its runs; a notice has its own where no incident has
	 * it */
	"DROP INDEX evidence_incident;"
	"CREATE INDEX evidence_incident ON evidence (incident, run, leg, target);"
	"CREATE TABLE notice_evidence (id INTEGER PRIMARY KEY, notice INTEGER NOT NULL REFERENCES"
	    " notices (number)"
	"	ON DELETE CASCADE, run INTEGER NOT NULL, leg INTEGER NOT NULL, at INTEGER NOT NULL,"
	    " bytes BLOB NOT NULL,"
	"	UNIQUE (notice, run, leg)) STRICT",
	/* 4: what is read of a state has columns beside the monitor's record, and people have views
	 * (postwatch-schema(5)) */
	"ALTER TABLE states RENAME COLUMN state TO record;"
	STATES_TEXT("state") STATES_TEXT("verdict") STATES_TEXT("outcome") STATES_TEXT("silences")
	"ALTER TABLE states ADD COLUMN text BLOB NOT NULL DEFAULT x'';"
	STATES_NUMBER("since") STATES_NUMBER("ended") STATES_NUMBER("interval")
	STATES_NUMBER("fails") STATES_NUMBER("passes") STATES_NUMBER("attempts")
	STATES_NUMBER("doubled") STATES_NUMBER("flapping") STATES_NUMBER("slow")
	STATES_NUMBER("held") STATES_NUMBER("quarantined")
	TARGET_STATUS("(SELECT target, max(number) AS number"
	"		FROM incidents WHERE end_confirmed = 0 GROUP BY +target) o ON o.target ="
	    " t.number"
	"	LEFT JOIN incidents i ON i.number = o.number") ";"
	"CREATE VIEW incident_view AS SELECT i.number AS incident, i.target, t.name, t.probe,"
	    " t.host, t.port, i.outcome,"
	"	" TIME("began", "i.began") ", " TIME("confirmed", "i.confirmed") ", " TIME("ended",
	    "i.ended") ","
	"	" TIME("end_confirmed", "i.end_confirmed") ", nullif(i.ending, '') AS ending,"
	"	CASE WHEN i.ended > 0 THEN (i.ended - i.began) / 1e6 END AS lasted_s,"
	"	CAST(i.text AS TEXT) AS text, CAST(i.end_text AS TEXT) AS end_text,"
	"	" TIME("acknowledged",
	    "i.acknowledged") ", CAST(i.ack_by AS TEXT) AS acknowledged_by,"
	"	CAST(i.ack_why AS TEXT) AS acknowledged_why FROM incidents i LEFT JOIN targets t ON"
	    " t.number = i.target;"
	"CREATE VIEW notice_view AS SELECT n.number AS notice, n.kind, n.target, t.name,"
	    " nullif(n.incident, 0) AS incident,"
	"	nullif(n.code, '') AS code, " TIME("detected", "n.detected") ", " TIME("confirmed",
	    "n.confirmed") ","
	"	CAST(n.text AS TEXT) AS text, nullif(n.silences, '') AS silences, d.notifier,"
	    " d.recipient, CASE d.state WHEN 1 THEN 'waiting'"
	"	WHEN 2 THEN 'claimed' WHEN 3 THEN 'again' WHEN 4 THEN 'sent' WHEN 5 THEN 'dead'"
	    " WHEN 6 THEN 'dropped'"
	"	WHEN 7 THEN 'merged' END AS delivery, d.state < 4 AS undelivered, d.state = 5 AS"
	    " given_up, d.attempts, d.doubt,"
	"	" TIME("created", "d.created") ", " TIME("next_try",
	    "CASE WHEN d.state < 4 THEN d.not_before END") ","
	"	" TIME("ended",
	    "d.ended") ", nullif(d.merged, 0) AS merged_into, CAST(d.receipt AS TEXT) AS receipt"
	"	FROM notices n LEFT JOIN targets t ON t.number = n.target LEFT JOIN deliveries d ON"
	    " d.notice = n.number",
	/* 5: when it was last said that an incident goes on; pauses are looked up by whom they are
	 * of */
	"ALTER TABLE incidents ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;"
	"UPDATE incidents SET reminded = coalesce((SELECT max(confirmed) FROM notices WHERE"
	    " incident = incidents.number"
	"	AND kind = 'reminder'), 0) WHERE end_confirmed = 0;"
	"CREATE INDEX pauses_whose ON pauses (target, tag, iif(ended = 0, \"ends\", ended))",
	/* 6: all that decides on a delivery has columns; what stands in a digest has not ended
	 * before that has */
	DELIVERIES_NUMBER("opened", "0") DELIVERIES_NUMBER("retried",
	    "0") DELIVERIES_NUMBER("failover", "0")
	DELIVERIES_NUMBER("withheld", "0") DELIVERIES_NUMBER("rank", "2")
	"UPDATE deliveries SET opened = CAST(ltrim(CAST(rest AS TEXT), 'foh') AS INTEGER), withheld"
	    " = instr(rest, 'h') > 0,"
	"	failover = CASE WHEN instr(rest, 'f') > 0 THEN 3 WHEN instr(rest, 'o') > 0 THEN 2"
	    " ELSE 0 END WHERE rest <> x'';"
	"UPDATE deliveries SET ended = 0 WHERE state = 7"
	"	AND EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = deliveries.merged AND"
	    " d.notifier = deliveries.notifier AND d.state < 4);"
	"UPDATE deliveries SET failover = 1 WHERE ended = 0 AND failover = 0 AND notice IN (SELECT"
	    " number FROM notices"
	"	WHERE kind IN ('down', 'blind') OR (kind = 'digest' AND code GLOB 'digest*'));"
	"ALTER TABLE deliveries DROP COLUMN rest;"
	"CREATE INDEX deliveries_due ON deliveries (notifier, rank, not_before, notice, recipient)"
	    " WHERE state IN (1, 3);"
	"CREATE INDEX deliveries_claimed ON deliveries (notifier, notice, recipient) WHERE"
	    " state = 2;"
	"CREATE INDEX deliveries_queued ON deliveries (notifier, target, notice, recipient) WHERE"
	    " ended = 0;"
	"CREATE INDEX deliveries_urgent ON deliveries (notifier, notice, recipient) WHERE ended = 0"
	    " AND failover > 0;"
	"CREATE INDEX deliveries_digest ON deliveries (notifier, merged, notice, recipient) WHERE"
	    " ended = 0 AND state = 7",
	/* 7: one index, which a claim does not change, of all that is queued in the order of its
	 * notices, the urgent among them. An index answers by itself only where it has the columns
	 * of its condition, too. */
	"DROP INDEX deliveries_open; DROP INDEX deliveries_urgent; DROP INDEX deliveries_queued;"
	    " DROP INDEX deliveries_claimed;"
	"CREATE INDEX deliveries_open ON deliveries (notice, notifier, recipient, failover,"
	    " created, ended) WHERE ended = 0;"
	"CREATE INDEX deliveries_queued ON deliveries (notifier, target, notice, recipient, ended)"
	    " WHERE ended = 0;"
	"CREATE INDEX deliveries_claimed ON deliveries (notifier, notice, recipient, state) WHERE"
	    " state = 2",
	/* 8: the open incident is the newest of its target, and is found without reading all that
	 * are open for each page of a list */
	"DROP VIEW target_status;" TARGET_STATUS("incidents i ON i.number = (SELECT max(number)"
	    " FROM incidents WHERE target = t.number)"
	"	AND i.end_confirmed = 0"),
	/* 9: the TLS and the certificate of a server are known as long as the server; attempts are
	 * found by their number, and targets that are gone by their name */
	"CREATE TABLE servers (target INTEGER PRIMARY KEY, run INTEGER NOT NULL, at INTEGER NOT"
	    " NULL, ip INTEGER NOT NULL,"
	"	tls_version TEXT NOT NULL, tls_cipher TEXT NOT NULL, subject BLOB NOT NULL, issuer"
	    " BLOB NOT NULL,"
	"	not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, chain_ends INTEGER NOT"
	    " NULL) STRICT;"
	"CREATE INDEX evidence_run ON evidence (run);"
	"CREATE INDEX targets_name ON targets (name);"
	"CREATE VIEW certificate_view AS SELECT s.target, t.name, nullif(CAST(s.subject AS TEXT),"
	    " '') AS subject,"
	"	nullif(CAST(s.issuer AS TEXT), '') AS issuer, " TIME("not_before",
	    "s.not_before") ", " TIME("not_after", "s.not_after") ","
	"	" TIME("chain_ends", "s.chain_ends") ", s.tls_version, s.tls_cipher, " TIME("seen",
	    "s.at") ", s.run"
	"	FROM servers s LEFT JOIN targets t ON t.number = s.target WHERE"
	    " s.tls_version <> ''",
	/* 10: one index of all that is queued, in the order of its targets: each costs a tenth of
	 * what it costs to record a change */
	"DROP INDEX deliveries_open; DROP INDEX deliveries_queued;"
	"CREATE INDEX deliveries_queued ON deliveries (notifier, target, notice, recipient,"
	    " failover, created, ended) WHERE ended = 0",
};

/* The newest result of each target: of those since the heads were written, else what its head
 * names. */
#define NEWEST_RESULTS \
    "WITH upto AS (SELECT coalesce((SELECT value FROM counts WHERE key = 'heads_upto'), 0) AS id)," \
    " recent AS MATERIALIZED (SELECT target, max(id) AS id FROM results WHERE id > (SELECT id FROM upto) GROUP BY target)," \
    " newest AS (SELECT target, id FROM recent UNION ALL SELECT h.target, coalesce((SELECT id FROM results" \
    "  WHERE id = h.last), h.bad) FROM heads h WHERE h.target NOT IN (SELECT target FROM recent)) "

/* A result names the row of the same target before it (prev), and its last one that was not ok
 * (bad), which is what is left when those that were ok have gone. `heads` begins the chains, as of
 * the row that meta's heads_upto names. */
static const char *const history_steps[] = {
	/* 1 */
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE counts (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE heads (target INTEGER PRIMARY KEY, last INTEGER NOT NULL, bad INTEGER NOT"
	    " NULL) STRICT;"
	"CREATE TABLE results (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, monitor INTEGER NOT"
	    " NULL DEFAULT 1,"
	"	prev INTEGER NOT NULL, bad INTEGER NOT NULL, run INTEGER NOT NULL, at INTEGER"
	    " NOT NULL,"
	"	micros INTEGER NOT NULL, verdict INTEGER NOT NULL, mood INTEGER NOT NULL,"
	    " speaks_for INTEGER NOT NULL,"
	"	flags INTEGER NOT NULL, outcome INTEGER NOT NULL, phase_names INTEGER NOT NULL,"
	    " phases BLOB NOT NULL,"
	"	text BLOB NOT NULL) STRICT;"
	"CREATE TABLE traces (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, run INTEGER"
	    " NOT NULL,"
	"	leg INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (target,"
	    " run, leg)) STRICT;"
	"CREATE TABLE rollups (target INTEGER NOT NULL, span INTEGER NOT NULL, start INTEGER"
	    " NOT NULL,"
	"	monitor INTEGER NOT NULL DEFAULT 1, counts BLOB NOT NULL, phase_names INTEGER"
	    " NOT NULL,"
	"	phases BLOB NOT NULL, PRIMARY KEY (target, span, start)) STRICT, WITHOUT ROWID",
	/* 2: the time of a roll-up by mood has columns; those of earlier ones are filled in by
	 * maintenance */
	"ALTER TABLE rollups ADD COLUMN up INTEGER;ALTER TABLE rollups ADD COLUMN degraded INTEGER;"
	"ALTER TABLE rollups ADD COLUMN down INTEGER;"
	    "ALTER TABLE rollups ADD COLUMN unknown INTEGER;"
	"ALTER TABLE rollups ADD COLUMN paused INTEGER;"
	"CREATE INDEX rollups_unfilled ON rollups (target, span, start) WHERE up IS NULL;"
	"CREATE VIEW availability AS SELECT target, " TIME("hour",
	    "start") ", up / 1e6 AS up_s, degraded / 1e6 AS degraded_s,"
	"	down / 1e6 AS down_s, unknown / 1e6 AS unknown_s, paused / 1e6 AS paused_s,"
	"	100.0 * (up + degraded) / nullif(up + degraded + down, 0) AS percent FROM rollups"
	    " WHERE span = 1 AND up IS NOT NULL;"
	"CREATE VIEW last_run AS " NEWEST_RESULTS "SELECT r.target, r.run, " TIME("started",
	    "r.at") ","
	"	" TIME("ended",
	    "r.at + r.micros") ", r.micros / 1e6 AS lasted_s, CASE r.verdict WHEN 0 THEN 'ok'"
	"	WHEN 1 THEN 'degraded' WHEN 2 THEN 'blocked' WHEN 3 THEN 'failed' ELSE 'unknown'"
	    " END AS verdict,"
	"	o.word AS outcome, CAST(r.text AS TEXT) AS text"
	"	FROM newest n JOIN results r ON r.id = n.id JOIN words o ON o.number = r.outcome",
	/* 3: how long whole runs took that were ok or degraded; NULL in earlier roll-ups */
	"ALTER TABLE rollups ADD COLUMN p50 INTEGER;" "ALTER TABLE rollups ADD COLUMN p95 INTEGER;"
	"DROP VIEW availability;"
	"CREATE VIEW availability AS SELECT target, " TIME("hour",
	    "start") ", up / 1e6 AS up_s, degraded / 1e6 AS degraded_s,"
	"	down / 1e6 AS down_s, unknown / 1e6 AS unknown_s, paused / 1e6 AS paused_s,"
	"	100.0 * (up + degraded) / nullif(up + degraded + down, 0) AS percent, p50 / 1e6 AS"
	    " p50_s, p95 / 1e6 AS p95_s"
	"	FROM rollups WHERE span = 1 AND up IS NOT NULL",
	/* 4: attempts are found by their number */
	"CREATE INDEX traces_run ON traces (run)",
};

#define STEPS(array) (int)(sizeof(array) / sizeof(array)[0]), array

const struct schema schemas[STORE_FILES] = {
	[STORE_MAIN] = { "postwatch.db", "PRAGMA synchronous=FULL", 0x5057746d, STEPS(main_steps),
	    true },
	[STORE_HISTORY] = { "history.db", "PRAGMA synchronous=NORMAL", 0x50577468,
	    STEPS(history_steps), false },
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
	return found > schema->version ? SCHEMA_NEWER : found < schema->version ? SCHEMA_OLDER
	    : SCHEMA_CURRENT;
}

/* From one version to another, whole or not at all. */
static bool
climb(struct db *db, const struct schema *schema, int from, int to)
{
	char stamp[128];
	struct text text = TEXT_OVER(stamp);
	bool climbed = db_begin(db);

	text_format(&text, "PRAGMA application_id=%lld; PRAGMA user_version=%d",
	    (long long)schema->application_id, to);
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

/* Of the schema of a connection, as one text. What is called sqlite_... is SQLite's own. */
static const char listing[] = "SELECT coalesce(group_concat(part, ';'), '') FROM (SELECT type || '"
	" ' || name || ' ' || tbl_name || ' '"
	" || replace(replace(replace(replace(coalesce(sql, ''), ' ', ''), char(9), ''), char(10),"
	    " ''), '\"', '') AS part"
	" FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name)";

bool
schema_is_ours(struct db *db, const struct schema *schema, int version)
{
	struct db *memory = db_open(NULL, DB_MEMORY);
	struct query *found = db_query(db, listing), *meant = NULL;
	bool ours = true;

	if (memory != NULL && climb(memory, schema, 0, version))
		meant = db_query(memory, listing);
	if (query_step(found) && query_step(meant))
		ours = strcmp(query_text(meant, 0), query_text(found, 0)) == 0;
	query_reset(found);
	db_close(&memory);
	return ours;
}
