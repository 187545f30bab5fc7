/*
 * For the modules of the store: the columns of every row, as data, and the SQL statements, bindings
 * and structs that are made from them.
 */
#include <assert.h>

#include "base/text.h"
#include "store/row.h"

#define FIELD(type_, kind, member) { #member, FIELD_##type_, offsetof(struct store_##kind, member) }
#define FIELD_AS(type_, kind, member, column_) \
	{ column_, FIELD_##type_, offsetof(struct store_##kind, member) }

/* CROSS JOIN: by the index of deliveries that the list is limited to, and in its order. */
#define UNDELIVERED "(SELECT d.notice, d.notifier, d.recipient, d.target, t.name, n.kind, n.text, d.state, d.attempts," \
    " d.not_before, d.created, d.receipt, d.ended FROM deliveries d CROSS JOIN notices n ON n.number = d.notice" \
    " LEFT JOIN targets t ON t.number = d.target)"
#define PROVED "(SELECT DISTINCT notifier FROM (SELECT notifier, state FROM deliveries ORDER BY notice DESC LIMIT 100000)" \
    " WHERE state = 4)"

/*
 * Results of one target are a chain from its newest, which is of those since the heads were
 * written, else what its head names: each row names the one before it, and the last one that was
 * not ok, which is where the chain goes on when those between have gone. ?1: the last row that was
 * read, ?4: the target, ?9: rows at most.
 */
#define RESULT_COLUMNS \
    " SELECT r.id, r.target, r.run, r.at, r.micros, r.verdict, r.mood, r.speaks_for, r.flags, o.word AS outcome," \
    " p.word AS phase_names, r.phases, r.text FROM "
#define OR_BAD(last, bad) "coalesce((SELECT id FROM results WHERE id = " last "), " bad ")"
#define HISTORY "(WITH RECURSIVE chain (id) AS (SELECT * FROM (SELECT CASE WHEN ?1 < 9223372036854775807" \
    " THEN (SELECT " OR_BAD("b.prev", "b.bad") " FROM results b WHERE b.id = ?1)" \
    " ELSE coalesce((SELECT max(id) FROM results WHERE target = ?4" \
    "   AND id > coalesce((SELECT value FROM counts WHERE key = 'heads_upto'), 0))," \
    "  (SELECT " OR_BAD("h.last", "h.bad") " FROM heads h WHERE h.target = ?4)) END)" \
    " UNION ALL SELECT " OR_BAD("b.prev", "b.bad") " FROM chain c CROSS JOIN results b ON b.id = c.id LIMIT ?9)" \
    RESULT_COLUMNS "chain c CROSS JOIN results r ON r.id = c.id" \
    " CROSS JOIN words o ON o.number = r.outcome CROSS JOIN words p ON p.number = r.phase_names)"

#define RESULT_WORDS \
	" JOIN words o ON o.number = r.outcome JOIN words p ON p.number = r.phase_names)"
#define RUN_OF_ALL "(" RESULT_COLUMNS "results r" RESULT_WORDS

/* Of those since the heads were written, else what its head names; and of many targets at once. ?1:
 * the last target that was read, ?9: rows at most. */
#define NEWEST_RUN \
    "(WITH upto AS (SELECT coalesce((SELECT value FROM counts WHERE key = 'heads_upto'), 0) AS id)," \
    " recent AS MATERIALIZED (SELECT target, max(id) AS id FROM results WHERE id > (SELECT id FROM" \
    " upto) GROUP BY target)," \
    " newest AS (SELECT target, id FROM recent WHERE target > ?1 UNION ALL SELECT * FROM" \
    " (SELECT h.target, coalesce((SELECT id FROM results WHERE id = h.last), h.bad) FROM heads h" \
    " WHERE h.target > ?1 AND h.target NOT IN (SELECT target FROM recent) ORDER BY h.target LIMIT ?9))" \
    RESULT_COLUMNS "newest n JOIN results r ON r.id = n.id" RESULT_WORDS

/* Roll-ups of which the times have columns. */
#define SUMS \
	"(SELECT r.target, r.span, r.start, r.up, r.degraded, r.down, r.unknown, r.paused," \
	" coalesce(w.word, '') AS phase_names, r.phases FROM rollups r" \
	" LEFT JOIN words w ON w.number = r.phase_names WHERE r.up IS NOT NULL)"

#define RUN_FIELDS \
	FIELD(I64, run, run), FIELD(I64, run, at), FIELD(I64, run, micros), FIELD(U32, run, verdict), \
	FIELD(U32, run, mood), FIELD(U32, run, speaks_for), FIELD(U32, run, flags), \
	FIELD(TEXT, run, outcome), FIELD(TEXT, run, phase_names), FIELD(BYTES, run, phases), \
	FIELD(BYTES, run, text)

#define IS_NOTICE "SELECT 1 FROM notices WHERE number = ?1"

/* Several indexes lead to deliveries: a statement that only changes one costs half of what one does
 * that adds it where it is missing, and one that does not name `ended` leaves the indexes alone
 * that hold all that is queued. */
#define DELIVERY_FIELDS \
	FIELD(I64, delivery, notice), FIELD(TEXT, delivery, notifier), FIELD(TEXT, delivery, recipient), \
	FIELD(I64, delivery, target), FIELD(U32, delivery, state), FIELD(U32, delivery, attempts), \
	FIELD(I64, delivery, not_before), FIELD(I64, delivery, claim), FIELD(I64, delivery, created), \
	FIELD(I64, delivery, claimed), FIELD(I64, delivery, ended), FIELD(U32, delivery, doubt), \
	FIELD(I64, delivery, merged), FIELD(BYTES, delivery, receipt), FIELD(I64, delivery, opened), \
	FIELD(I64, delivery, retried), FIELD(U32, delivery, failover), FIELD(U32, delivery, withheld), \
	FIELD(U32, delivery, rank)

const struct row_form row_forms[ROW_KINDS] = {
	[ROW_TARGET] = { "targets", 1, sizeof(struct store_target), NULL, ROW_REPLACE, {
		FIELD(I64, target, number), FIELD(TEXT, target, identity),
		FIELD(TEXT, target, name), FIELD(TEXT, target, probe), FIELD(TEXT, target, host),
		FIELD(U32, target, port), FIELD(TEXT, target, was), FIELD(I64, target, known),
		FIELD(I64, target, gone) } },
	[ROW_STATE] = { "states", 1, sizeof(struct store_state), NULL, ROW_REPLACE, {
		FIELD(I64, state, target), FIELD(I64, state, at), FIELD(BYTES, state, record),
		FIELD(TEXT, state, state), FIELD(TEXT, state, verdict), FIELD(TEXT, state, outcome),
		FIELD(TEXT, state, silences), FIELD(BYTES, state, text), FIELD(I64, state, since),
		FIELD(I64, state, ended), FIELD(I64, state, interval), FIELD(U32, state, fails),
		FIELD(U32, state, passes), FIELD(U32, state, attempts), FIELD(U32, state, doubled),
		FIELD(U32, state, flapping), FIELD(U32, state, slow), FIELD(U32, state, held),
		FIELD(U32, state, quarantined) } },
	[ROW_INCIDENT] = { "incidents", 1, sizeof(struct store_incident), NULL, ROW_REPLACE, {
		FIELD(I64, incident, number), FIELD(I64, incident, target),
		FIELD(I64, incident, change), FIELD(I64, incident, began),
		FIELD(I64, incident, confirmed), FIELD(I64, incident, ended),
		FIELD(I64, incident, end_confirmed), FIELD(TEXT, incident, outcome),
		FIELD_AS(TEXT, incident, end, "ending"), FIELD(BYTES, incident, text),
		FIELD(BYTES, incident, end_text), FIELD(I64, incident, acknowledged),
		FIELD(BYTES, incident, ack_by), FIELD(BYTES, incident, ack_why),
		FIELD(I64, incident, reminded) } },
	/* What an incident is found by never changes: two indexes are left alone. */
	[ROW_INCIDENT_CHANGED] = { "incidents", 1, sizeof(struct store_incident), NULL,
	    ROW_CHANGE, {
		FIELD(I64, incident, number), FIELD(I64, incident, began),
		FIELD(I64, incident, confirmed), FIELD(I64, incident, ended),
		FIELD(I64, incident, end_confirmed), FIELD_AS(TEXT, incident, end, "ending"),
		FIELD(BYTES, incident, end_text), FIELD(I64, incident, acknowledged),
		FIELD(BYTES, incident, ack_by), FIELD(BYTES, incident, ack_why),
		FIELD(I64, incident, reminded) } },
	[ROW_EVIDENCE] = { "evidence", 3, sizeof(struct store_evidence), NULL, ROW_REPLACE, {
		FIELD(I64, evidence, target), FIELD(I64, evidence, run), FIELD(U32, evidence, leg),
		FIELD(I64, evidence, at), FIELD(I64, evidence, incident),
		FIELD(TEXT, evidence, role), FIELD(BYTES, evidence, bytes) } },
	[ROW_NOTICE_EVIDENCE] = { "notice_evidence", 3, sizeof(struct store_notice_evidence),
	    IS_NOTICE, ROW_REPLACE, {
		FIELD(I64, notice_evidence, notice), FIELD(I64, notice_evidence, run),
		FIELD(U32, notice_evidence, leg), FIELD(I64, notice_evidence, at),
		FIELD(BYTES, notice_evidence, bytes) } },
	[ROW_CONDITION] = { "conditions", 2, sizeof(struct store_condition), NULL, ROW_REPLACE, {
		FIELD(I64, condition, target), FIELD(TEXT, condition, code),
		FIELD(I64, condition, since), FIELD(I64, condition, standing),
		FIELD(I64, condition, cleared), FIELD(BYTES, condition, text) } },
	[ROW_NOTICE] = { "notices", 1, sizeof(struct store_notice), NULL, ROW_ONCE, {
		FIELD(I64, notice, number), FIELD(I64, notice, target), FIELD(I64, notice, change),
		FIELD(TEXT, notice, kind), FIELD(I64, notice, incident), FIELD(TEXT, notice, code),
		FIELD(I64, notice, detected), FIELD(I64, notice, confirmed),
		FIELD(BYTES, notice, text), FIELD(TEXT, notice, silences),
		FIELD(BYTES, notice, rest) } },
	[ROW_DELIVERY] = { "deliveries", 3, sizeof(struct store_delivery), NULL, ROW_CHANGE,
	    { DELIVERY_FIELDS } },
	[ROW_DELIVERY_ADDED] = { "deliveries", 3, sizeof(struct store_delivery), IS_NOTICE,
	    ROW_REPLACE, { DELIVERY_FIELDS } },
	[ROW_DELIVERY_CLAIMED] = { "deliveries", 3, sizeof(struct store_delivery), NULL,
	    ROW_CHANGE, {
		FIELD(I64, delivery, notice), FIELD(TEXT, delivery, notifier),
		FIELD(TEXT, delivery, recipient), FIELD(U32, delivery, state),
		FIELD(I64, delivery, claim), FIELD(I64, delivery, claimed),
		FIELD(BYTES, delivery, receipt) } },
	[ROW_LEDGER] = { "ledger", 2, sizeof(struct store_ledger), NULL, ROW_REPLACE, {
		FIELD(I64, ledger, target), FIELD(TEXT, ledger, notifier),
		FIELD(I64, ledger, notice), FIELD(TEXT, ledger, meaning), FIELD(I64, ledger, sent),
		FIELD(TEXT, ledger, sent_meaning), FIELD(TEXT, ledger, codes),
		FIELD(TEXT, ledger, sent_codes) } },
	[ROW_PAUSE] = { "pauses", 1, sizeof(struct store_pause), NULL, ROW_REPLACE, {
		FIELD(I64, pause, number), FIELD(I64, pause, target), FIELD(TEXT, pause, tag),
		FIELD_AS(I64, pause, from, "begins"), FIELD_AS(I64, pause, until, "ends"),
		FIELD(I64, pause, ended), FIELD(BYTES, pause, why), FIELD(BYTES, pause, by) } },
	[ROW_SERVER] = { "servers", 1, sizeof(struct store_server), NULL, ROW_REPLACE, {
		FIELD(I64, server, target), FIELD(I64, server, run), FIELD(I64, server, at),
		FIELD(U32, server, ip), FIELD(TEXT, server, tls_version),
		FIELD(TEXT, server, tls_cipher), FIELD(BYTES, server, subject),
		FIELD(BYTES, server, issuer), FIELD(I64, server, not_before),
		FIELD(I64, server, not_after), FIELD(I64, server, chain_ends) } },
	[ROW_TRACE] = { "traces", 3, sizeof(struct store_trace), NULL, ROW_REPLACE, {
		FIELD(I64, trace, target), FIELD(I64, trace, run), FIELD(U32, trace, leg),
		FIELD(I64, trace, at), FIELD(BYTES, trace, bytes) } },
	[ROW_META] = { "meta", 1, sizeof(struct store_meta), NULL, ROW_REPLACE, {
		FIELD(TEXT, meta, key), FIELD(BYTES, meta, value) } },
	[ROW_OUTAGE] = { "incident_view", 1, sizeof(struct store_outage), NULL, ROW_REPLACE, {
		FIELD_AS(I64, outage, number, "incident"), FIELD(TEXT, outage, name),
		FIELD(TEXT, outage, probe), FIELD(TEXT, outage, host), FIELD(U32, outage, port),
		FIELD(TEXT, outage, outcome), FIELD_AS(I64, outage, began, "began_us"),
		FIELD_AS(I64, outage, confirmed, "confirmed_us"),
		FIELD_AS(I64, outage, ended, "ended_us"),
		FIELD_AS(I64, outage, end_confirmed, "end_confirmed_us"),
		FIELD_AS(TEXT, outage, end, "ending"), FIELD(BYTES, outage, text),
		FIELD(BYTES, outage, end_text),
		FIELD_AS(I64, outage, acknowledged, "acknowledged_us"),
		FIELD_AS(BYTES, outage, ack_by, "acknowledged_by"),
		FIELD_AS(BYTES, outage, ack_why, "acknowledged_why"),
		FIELD(I64, outage, target) } },
	[ROW_TOLD] = { "notice_view", 3, sizeof(struct store_told), NULL, ROW_REPLACE, {
		FIELD(I64, told, notice), FIELD(TEXT, told, notifier), FIELD(TEXT, told, recipient),
		FIELD(TEXT, told, kind), FIELD(I64, told, target), FIELD(TEXT, told, name),
		FIELD_AS(I64, told, confirmed, "confirmed_us"), FIELD(BYTES, told, text),
		FIELD(TEXT, told, delivery), FIELD(U32, told, attempts),
		FIELD_AS(I64, told, created, "created_us"),
		FIELD_AS(I64, told, next_try, "next_try_us"),
		FIELD_AS(I64, told, ended, "ended_us"), FIELD(BYTES, told, receipt) } },
	[ROW_STATUS] = { "target_status", 1, sizeof(struct store_status), NULL, false, {
		FIELD(I64, status, target), FIELD(TEXT, status, state),
		FIELD(TEXT, status, verdict), FIELD(TEXT, status, outcome),
		FIELD(BYTES, status, text), FIELD_AS(I64, status, since, "since_us"),
		FIELD_AS(I64, status, ended, "last_run_us"), FIELD(U32, status, doubled),
		FIELD(U32, status, flapping), FIELD(U32, status, slow), FIELD(U32, status, held),
		FIELD(U32, status, quarantined), FIELD(TEXT, status, silences),
		FIELD(I64, status, incident),
		FIELD_AS(I64, status, acknowledged, "acknowledged_us"),
		FIELD_AS(BYTES, status, ack_by, "acknowledged_by"),
		FIELD_AS(BYTES, status, ack_why, "acknowledged_why") } },
	[ROW_UNDELIVERED] = { UNDELIVERED, 3, sizeof(struct store_undelivered), NULL, false, {
		FIELD(I64, undelivered, notice), FIELD(TEXT, undelivered, notifier),
		FIELD(TEXT, undelivered, recipient), FIELD(I64, undelivered, target),
		FIELD(TEXT, undelivered, name), FIELD(TEXT, undelivered, kind),
		FIELD(BYTES, undelivered, text), FIELD(U32, undelivered, state),
		FIELD(U32, undelivered, attempts), FIELD(I64, undelivered, not_before),
		FIELD(I64, undelivered, created), FIELD(BYTES, undelivered, receipt) } },
	[ROW_PROVED] = { PROVED, 1, sizeof(const char *), NULL, false,
	    { { "notifier", FIELD_TEXT, 0 } } },
	[ROW_LAST_RUN] = { "last_run", 1, sizeof(struct store_last_run), NULL, false, {
		FIELD(I64, last_run, target), FIELD_AS(I64, last_run, started, "started_us"),
		FIELD_AS(I64, last_run, ended, "ended_us"), FIELD(TEXT, last_run, verdict),
		FIELD(TEXT, last_run, outcome), FIELD(BYTES, last_run, text) } },
	[ROW_RUN] = { HISTORY, 1, sizeof(struct store_run), NULL, false, {
		FIELD(I64, run, id), FIELD(I64, run, target), RUN_FIELDS } },
	[ROW_NEWEST_RUN] = { NEWEST_RUN, 1, sizeof(struct store_run), NULL, false, {
		FIELD(I64, run, target), FIELD(I64, run, id), RUN_FIELDS } },
	[ROW_RUN_OF_ALL] = { RUN_OF_ALL, 1, sizeof(struct store_run), NULL, false, {
		FIELD(I64, run, id), FIELD(I64, run, target), RUN_FIELDS } },
	[ROW_SUM] = { SUMS, 1, sizeof(struct store_sum), NULL, false, {
		FIELD(I64, sum, start), FIELD(I64, sum, up), FIELD(I64, sum, degraded),
		FIELD(I64, sum, down), FIELD(I64, sum, unknown), FIELD(I64, sum, paused),
		FIELD(TEXT, sum, phase_names), FIELD(BYTES, sum, phases) } },
};

const char *
store_delivery_name(uint32_t state)
{
	switch (state) {
#define X(name) \
	case STORE_DELIVERY_##name: \
		return #name;
	STORE_DELIVERY_STATES(X)
#undef X
	}
	return "?";
}

bool
row_is_evidence(enum row_kind kind)
{
	return kind == ROW_EVIDENCE || kind == ROW_NOTICE_EVIDENCE;
}

/* The word for column `by` is "by" in SQL, too, and other words of the language are in use: all are
 * quoted. */
static void
add_columns(struct text *sql, const struct row_form *form, uint32_t count)
{
	for (uint32_t i = 0; i < count && form->fields[i].column != NULL; i++)
		text_format(sql, "%s\"%s\"", i == 0 ? "" : ", ", form->fields[i].column);
}

/* `columns` = values of those behind the key, from the row that is to be written or from its
 * parameters. */
static void
add_changes(struct text *sql, const struct row_form *form, bool excluded)
{
	for (uint32_t i = form->key; form->fields[i].column != NULL; i++) {
		text_format(sql, "%s\"%s\" = ", i == form->key ? "" : ", ", form->fields[i].column);
		if (excluded)
			text_format(sql, "excluded.\"%s\"", form->fields[i].column);
		else
			text_format(sql, "?%u", i + 1);
	}
}

static void
add_insertion(struct text *text, const struct row_form *form)
{
	text_format(text, "INSERT INTO %s (", form->table);
	add_columns(text, form, ROW_FIELDS_MAX);
	text_add(text, ") VALUES (");
	for (uint32_t i = 0; form->fields[i].column != NULL; i++)
		text_format(text, "%s?%u", i == 0 ? "" : ", ", i + 1);
	text_add(text, ")");
	if (form->writing != ROW_ONCE) {
		text_add(text, " ON CONFLICT (");
		add_columns(text, form, form->key);
		text_add(text, ") DO UPDATE SET ");
		add_changes(text, form, true);
	}
	text_add(text, " ON CONFLICT DO NOTHING");
}

static struct query *
writing(struct db *db, enum row_kind kind)
{
	const struct row_form *form = &row_forms[kind];
	struct query *query = query_kept(db, form, 0);
	char sql[ROW_SQL_MAX];
	struct text text = TEXT_OVER(sql);

	if (query != NULL)
		return query;
	if (form->writing == ROW_CHANGE) {
		text_format(&text, "UPDATE %s SET ", form->table);
		add_changes(&text, form, false);
		for (uint32_t i = 0; i < form->key; i++)
			text_format(&text, " %s \"%s\" = ?%u", i == 0 ? "WHERE" : "AND",
			    form->fields[i].column, i + 1);
	} else
		add_insertion(&text, form);
	assert(!text.cut);
	return query_keep(db, form, 0, sql);
}

struct query *
row_reading(struct db *db, enum row_kind kind, const char *tail)
{
	struct query *query = query_kept(db, tail, kind + 1);
	char sql[ROW_SQL_MAX];
	struct text text = TEXT_OVER(sql);

	if (query != NULL)
		return query;
	text_add(&text, "SELECT ");
	add_columns(&text, &row_forms[kind], ROW_FIELDS_MAX);
	text_format(&text, " FROM %s %s", row_forms[kind].table, tail);
	assert(!text.cut);
	return query_keep(db, tail, kind + 1, sql);
}

struct bind
row_member(const struct field *field, const void *row)
{
	const void *member = (const char *)row + field->offset;

	switch (field->type) {
	case FIELD_U32:
		return (struct bind)BIND(*(const uint32_t *)member);
	case FIELD_I64:
		return (struct bind)BIND(*(const int64_t *)member);
	case FIELD_TEXT:
		return (struct bind)BIND_TEXT(*(const char *const *)member);
	case FIELD_BYTES:
		break;
	}
	return (struct bind)BIND_BYTES(*(const struct pw_bytes *)member);
}

bool
row_write(struct db *db, enum row_kind kind, const void *row)
{
	const struct field *field = row_forms[kind].fields;
	struct query *query = writing(db, kind);

	for (int i = 1; query != NULL && field->column != NULL; i++, field++) {
		const struct bind member = row_member(field, row);

		query_bind_one(query, i, &member);
	}
	return query_run(query);
}

int
row_fill(enum row_kind kind, struct query *query, void *row)
{
	const struct field *field = row_forms[kind].fields;
	int i = 0;

	for (; field->column != NULL; i++, field++) {
		void *member = (char *)row + field->offset;

		switch (field->type) {
		case FIELD_U32:
			*(uint32_t *)member = (uint32_t)query_i64(query, i);
			break;
		case FIELD_I64:
			*(int64_t *)member = query_i64(query, i);
			break;
		case FIELD_TEXT:
			*(const char **)member = query_text(query, i);
			break;
		case FIELD_BYTES:
			*(struct pw_bytes *)member = query_bytes(query, i);
			break;
		}
	}
	return i;
}
