/* Climbing from schema to schema: each step whole or not at all, from any version, through a fault and a power cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/ptrace.h>

#include "power_vfs.h"
#include "store_folder.h"

enum { ID = 77 };

static const char *const steps[] = {
	"CREATE TABLE a (n INTEGER) STRICT; INSERT INTO a VALUES (1), (2), (3)",
	"CREATE TABLE b (n INTEGER) STRICT; INSERT INTO b SELECT n * 10 FROM a",
	"DROP TABLE a; ALTER TABLE b ADD COLUMN m INTEGER NOT NULL DEFAULT 5",
};
static const char *const broken_steps[] = {
	"CREATE TABLE a (n INTEGER) STRICT; INSERT INTO a VALUES (1), (2), (3)",
	"CREATE TABLE b (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1)",
};

static struct schema
schema_of(int version, const char *const *which)
{
	return (struct schema){ "postwatch.db", "PRAGMA synchronous=FULL", ID, version, which, true };
}

static struct folder folder;

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

static enum db_file_opening
open_at(struct db_file *db_file, const struct schema *schema, struct store_found *found)
{
	db_file_init(db_file, schema, folder.path);
	return db_file_open(db_file, found);
}

static void
climbs_from_each_version(void **state)
{
	(void)state;
	for (int from = 1; from <= 3; from++) {
		const struct schema old = schema_of(from, steps), new = schema_of(3, steps);
		struct store_found found;
		struct db_file db_file;
		char copy[64];

		unlink(folder_file(&folder, "postwatch.db"));
		assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
		assert_true(found.first && found.fresh && found.from_version == 0);
		db_close(&db_file.db);
		assert_int_equal(open_at(&db_file, &new, &found), DB_FILE_OPEN);
		assert_false(found.first || found.fresh);
		assert_int_equal(found.from_version, from < 3 ? from : 0);
		assert_int_equal(db_number(db_file.db, "SELECT sum(n) + sum(m) FROM b", 0), 60 + 15);
		assert_int_equal(db_number(db_file.db, "PRAGMA user_version", 0), 3);
		assert_int_equal(db_number(db_file.db, "PRAGMA application_id", 0), ID);
		db_close(&db_file.db);
		snprintf(copy, sizeof copy, "postwatch.db.before-%d", from + 1);
		assert_int_equal(access(folder_file(&folder, copy), F_OK) == 0, from < 3);
	}
}

static void
older_program_is_refused(void **state)
{
	const struct schema old = schema_of(2, steps), new = schema_of(3, steps);
	struct store_found found;
	struct db_file db_file;

	(void)state;
	assert_int_equal(open_at(&db_file, &new, &found), DB_FILE_OPEN);
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_NEWER);
	assert_null(db_file.db);
	assert_int_equal(open_at(&db_file, &new, &found), DB_FILE_OPEN);
	assert_int_equal(db_number(db_file.db, "SELECT count(*) FROM b", 0), 3);
	db_close(&db_file.db);
}

static const char *
text_of(struct db_file *db_file, const char *sql)
{
	static char text[200];
	struct query *query = db_query(db_file->db, sql);

	assert_true(query_step(query));
	snprintf(text, sizeof text, "%s", query_text(query, 0));
	query_reset(query);
	return text;
}

/* What goes by another name now is found by that name, and of two that became one the later is left. */
static void
renames_what_is_stored(void **state)
{
	struct schema old = schemas[STORE_MAIN];
	struct store_found found;
	struct db_file db_file;

	(void)state;
	old.version = 1;
	assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
	assert_true(db_exec(db_file.db,
	    "INSERT INTO conditions (target, code, since, standing, cleared, text) VALUES"
	    " (1, 'cert_expires_30d', 10, 11, 20, x''), (1, 'cert_expires_7d', 20, 21, 0, x''),"
	    " (1, 'cert_expires_3d', 5, 6, 7, x''), (1, 'slow_banner', 1, 2, 0, x''), (2, 'cert_expires_21d', 3, 4, 0, x'');"
	    "INSERT INTO notices (number, target, change, kind, incident, code, detected, confirmed, text, silences, rest)"
	    " VALUES (1, 1, 1, 'degraded', 0, 'cert_expires_21d', 1, 1, x'', '', x''),"
	    " (2, 1, 2, 'degraded', 0, 'cert_expires_3d', 1, 1, x'', '', x''),"
	    " (3, 1, 3, 'degraded', 0, 'tls_version', 1, 1, x'', '', x'');"
	    "INSERT INTO ledger (target, notifier, notice, meaning, sent, sent_meaning, codes, sent_codes) VALUES"
	    " (1, 'ops', 1, '', 1, '', 'slow_banner cert_expires_21d cert_expires_7d tls_version', 'cert_expires_2d'),"
	    " (2, 'ops', 1, '', 1, '', '', 'slow_banner')"));
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &schemas[STORE_MAIN], &found), DB_FILE_OPEN);
	assert_int_equal(found.from_version, 1);
	assert_string_equal(text_of(&db_file, "SELECT group_concat(target || ' ' || code || ' ' || since || ' ' || cleared, ', ') FROM"
	    " (SELECT * FROM conditions ORDER BY target, code)"),
	    "1 cert_expires_soon 20 0, 1 cert_expires_urgent 5 7, 1 slow_banner 1 0, 2 cert_expires_soon 3 0");
	assert_string_equal(text_of(&db_file, "SELECT group_concat(code, ' ') FROM (SELECT code FROM notices ORDER BY number)"),
	    "cert_expires_soon cert_expires_urgent tls_version");
	assert_string_equal(text_of(&db_file, "SELECT group_concat(codes || '|' || sent_codes, '; ') FROM (SELECT * FROM ledger ORDER BY"
	    " target)"), "slow_banner cert_expires_soon tls_version|cert_expires_urgent; |slow_banner");
	db_close(&db_file.db);
}

/* A file of the version before: what it had of a target stands in the view, and its state is not known until it is said. */
static void
views_show_what_an_earlier_version_kept(void **state)
{
	struct schema old = schemas[STORE_MAIN];
	struct store_found found;
	struct db_file db_file;

	(void)state;
	old.version = 3;
	assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
	assert_true(db_exec(db_file.db, "INSERT INTO targets (number, identity, name, probe, host, port, was, known, gone) VALUES"
	    " (1, 'a', 'mx1', 'smtp', 'mx1.test', 25, '', 1700000000000000, 0), (2, 'b', 'mx2', 'smtp', 'mx2.test', 25, '', 1, 2);"
	    "INSERT INTO states (target, at, state) VALUES (1, 5, x'0801');"
	    "INSERT INTO incidents (number, target, change, began, confirmed, ended, end_confirmed, outcome, ending, text, end_text,"
	    " acknowledged, ack_by, ack_why) VALUES (1, 1, 1, 1000000, 2000000, 61000000, 62000000, 'refused', 'up', x'61', x'62', 0, x'', x''),"
	    " (2, 1, 2, 3000000, 1700000000000000, 0, 0, 'refused', '', x'646f776e', x'', 7000000, x'726f6f74', x'');"
	    "INSERT INTO conditions (target, code, since, standing, cleared, text) VALUES (1, 'slow_banner', 1, 2, 0, x''),"
	    " (1, 'cert_expires_soon', 1, 2, 0, x''), (1, 'tls_version', 1, 2, 3, x'');"
	    "INSERT INTO notices (number, target, change, kind, incident, code, detected, confirmed, text, silences, rest)"
	    " VALUES (1, 1, 1, 'down', 2, 'refused', 1000000, 1000000, x'646f776e', '', x''), (2, 0, 1, 'blind', 0, '', 1, 1, x'', '', x'');"
	    "INSERT INTO deliveries (notice, notifier, recipient, target, state, attempts, not_before, claim, created, claimed, ended,"
	    " doubt, merged, receipt, rest) VALUES (1, 'ops', 'a@b', 1, 3, 2, 9000000, 0, 1, 0, 0, 0, 0, x'343231', x'')"));
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &schemas[STORE_MAIN], &found), DB_FILE_OPEN);
	assert_int_equal(found.from_version, 3);
	assert_int_equal(db_number(db_file.db, "SELECT count(*) FROM states WHERE hex(record) = '0801' AND state = ''", 0), 1);
	assert_string_equal(text_of(&db_file, "SELECT group_concat(target || ' ' || name || ' ' || state || ' ' || coalesce(incident, '-') ||"
	    " ' ' || text || ' ' || coalesce(acknowledged_by, '-') || ' ' || coalesce(conditions, '-') || ' ' || coalesce(gone_us, '-'), '; ')"
	    " FROM target_status"), "1 mx1 pending 2 down root cert_expires_soon slow_banner -; 2 mx2 pending -  - - 2");
	assert_string_equal(text_of(&db_file, "SELECT group_concat(incident || ' ' || name || ' ' || began || ' ' || coalesce(lasted_s, '-') ||"
	    " ' ' || coalesce(ending, '-') || ' ' || text || ' ' || coalesce(acknowledged, '-'), '; ') FROM incident_view"),
	    "1 mx1 1970-01-01T00:00:01Z 60.0 up a -; 2 mx1 1970-01-01T00:00:03Z - - down 1970-01-01T00:00:07Z");
	assert_string_equal(text_of(&db_file, "SELECT group_concat(notice || ' ' || kind || ' ' || coalesce(name, '-') || ' ' ||"
	    " coalesce(incident, '-') || ' ' || coalesce(notifier || ' ' || delivery || ' ' || next_try || ' ' || receipt, '-'), '; ')"
	    " FROM notice_view"), "1 down mx1 2 ops again 1970-01-01T00:00:09Z 421; 2 blind - - -");
	assert_true(db_exec(db_file.db, "UPDATE states SET state = 'down', since = 1, text = x'6e6f', silences = 'parent', interval = 60000000"));
	assert_string_equal(text_of(&db_file, "SELECT state || ' ' || since || ' ' || text || ' ' || silences || ' ' || interval_s"
	    " FROM target_status WHERE target = 1"), "down 2023-11-14T22:13:20Z no parent 60.0");
	db_close(&db_file.db);
}

/* A file of a version that kept the certificates of servers with the attempts that showed them alone has a place for them. */
static void
certificates_have_a_view(void **state)
{
	struct schema old[STORE_FILES] = { schemas[STORE_MAIN], schemas[STORE_HISTORY] };
	struct store_found found;
	struct db_file db_file;

	(void)state;
	old[STORE_MAIN].version = 8;
	old[STORE_HISTORY].version = 3;
	assert_int_equal(open_at(&db_file, &old[STORE_MAIN], &found), DB_FILE_OPEN);
	assert_true(db_exec(db_file.db, "INSERT INTO targets (number, identity, name, probe, host, port, was, known, gone) VALUES"
	    " (1, 'a', 'mx1', 'smtp', 'mx1.test', 25, '', 1, 0), (2, 'b', 'mx2', 'smtp', 'mx2.test', 25, '', 1, 0);"
	    "INSERT INTO evidence (target, run, leg, at, incident, role, bytes) VALUES (1, 7, 0, 1, 0, 'attempt', x'00')"));
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &schemas[STORE_MAIN], &found), DB_FILE_OPEN);
	assert_int_equal(found.from_version, 8);
	assert_true(db_exec(db_file.db, "INSERT INTO servers (target, run, at, ip, tls_version, tls_cipher, subject, issuer, not_before, not_after,"
	    " chain_ends) VALUES (1, 3, 5000000, 4, 'TLSv1.3', 'X', x'434e3d61', x'', 1000000, 1700000000000000, 0), (2, 4, 5, 4, '', '', x'', x'', 0, 0, 0)"));
	assert_string_equal(text_of(&db_file, "SELECT group_concat(target || ' ' || name || ' ' || subject || ' ' || coalesce(issuer, '-') || ' ' ||"
	    " not_before_us || ' ' || not_after || ' ' || coalesce(chain_ends, '-') || ' ' || tls_version || ' ' || seen, '; ') FROM certificate_view"),
	    "1 mx1 CN=a - 1000000 2023-11-14T22:13:20Z - TLSv1.3 1970-01-01T00:00:05Z");
	assert_int_equal(db_number(db_file.db, "SELECT target FROM evidence INDEXED BY evidence_run WHERE run = 7", 0), 1);
	assert_int_equal(db_number(db_file.db, "SELECT number FROM targets INDEXED BY targets_name WHERE name = 'mx2'", 0), 2);
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &old[STORE_HISTORY], &found), DB_FILE_OPEN);
	assert_true(db_exec(db_file.db, "INSERT INTO traces (target, run, leg, at, bytes) VALUES (2, 9, 0, 1, x'00')"));
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &schemas[STORE_HISTORY], &found), DB_FILE_OPEN);
	assert_int_equal(found.from_version, 3);
	assert_int_equal(db_number(db_file.db, "SELECT target FROM traces INDEXED BY traces_run WHERE run = 9", 0), 2);
	db_close(&db_file.db);
}

/* What waits is still what it was: also what stands in a digest that waits, which has not ended yet. */
static void
what_waits_outlives_a_step(void **state)
{
	struct schema old = schemas[STORE_MAIN];
	struct store_found found;
	struct db_file db_file;

	(void)state;
	old.version = 5;
	assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
	assert_true(db_exec(db_file.db, "INSERT INTO notices (number, target, change, kind, incident, code, detected, confirmed, text, silences, rest)"
	    " VALUES (1, 1, 1, 'down', 1, 'refused', 1, 1, x'', '', x''), (2, 2, 1, 'down', 2, 'refused', 1, 1, x'', '', x''),"
	    " (3, 0, 1, 'digest', 0, 'storm', 1, 1, x'', '', x''), (4, 3, 1, 'up', 3, '', 1, 1, x'', '', x'');"
	    "INSERT INTO deliveries (notice, notifier, recipient, target, state, attempts, not_before, claim, created, claimed, ended,"
	    " doubt, merged, receipt, rest) VALUES (1, 'ops', '', 1, 7, 0, 0, 0, 1, 0, 9, 0, 3, x'', x''),"
	    " (2, 'ops', '', 2, 3, 1, 5, 0, 1, 0, 0, 1, 0, x'', CAST('o57' AS BLOB)), (3, 'ops', '', 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, x'', x''),"
	    " (1, 'log', '', 1, 7, 0, 0, 0, 1, 0, 9, 0, 4, x'', x''), (4, 'log', '', 3, 6, 0, 0, 0, 1, 0, 9, 0, 0, x'', CAST('fh' AS BLOB))"));
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &schemas[STORE_MAIN], &found), DB_FILE_OPEN);
	assert_int_equal(found.from_version, 5);
	assert_string_equal(text_of(&db_file, "SELECT group_concat(notice || notifier || ' ' || state || ' ' || ended || ' ' || opened || ' ' ||"
	    " failover || ' ' || withheld, '; ') FROM (SELECT * FROM deliveries ORDER BY notice, notifier)"),
	    "1log 7 9 0 0 0; 1ops 7 0 0 1 0; 2ops 3 0 57 2 0; 3ops 1 0 0 0 0; 4log 6 9 0 3 1");
	assert_string_equal(text_of(&db_file, "SELECT group_concat(notice, ' ') FROM (SELECT notice FROM deliveries INDEXED BY deliveries_queued"
	    " WHERE ended = 0 ORDER BY notifier, target)"), "3 1 2");
	db_close(&db_file.db);
}

/* A copy before a step up is made of a file, but of none so large that it would take minutes. */
static void
copies_what_is_not_large(void **state)
{
	enum { LARGE_PAGES = 1024 * 1024 * 1024 / 4096 + 1 };
	const unsigned char pages[4] = { LARGE_PAGES >> 24, LARGE_PAGES >> 16 & 255, LARGE_PAGES >> 8 & 255, LARGE_PAGES & 255 };
	struct schema old = schemas[STORE_MAIN];
	struct store_found found;
	struct db_file db_file;

	(void)state;
	old.version = 1;
	for (int large = 0; large < 2; large++) {
		assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
		db_close(&db_file.db);
		if (large) {
			FILE *file = fopen(db_file.path, "r+");
			assert_int_equal(fseek(file, 28, SEEK_SET), 0); /* the file's header: its size in pages */
			assert_int_equal(fwrite(pages, sizeof pages, 1, file), 1);
			fclose(file);
			assert_int_equal(truncate(db_file.path, (off_t)LARGE_PAGES * 4096), 0);
		}
		assert_int_equal(open_at(&db_file, &schemas[STORE_MAIN], &found), DB_FILE_OPEN);
		assert_int_equal(found.from_version, 1);
		assert_int_equal(access(folder_file(&folder, "postwatch.db.before-2"), F_OK), large ? -1 : 0);
		db_close(&db_file.db);
		unlink(db_file.path);
		unlink(folder_file(&folder, "postwatch.db.before-2"));
	}
}

static void
a_step_that_fails_leaves_nothing(void **state)
{
	const struct schema good = schema_of(1, broken_steps), bad = schema_of(2, broken_steps);
	struct store_found found;
	struct db_file db_file;

	(void)state;
	assert_int_equal(open_at(&db_file, &good, &found), DB_FILE_OPEN);
	db_close(&db_file.db);
	assert_int_equal(open_at(&db_file, &bad, &found), DB_FILE_TROUBLED);
	assert_int_equal(found.aside[0], '\0');
	assert_int_equal(open_at(&db_file, &good, &found), DB_FILE_OPEN);
	assert_int_equal(db_number(db_file.db, "PRAGMA user_version", 0), 1);
	assert_int_equal(db_number(db_file.db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'", -1), 0);
	assert_int_equal(db_number(db_file.db, "SELECT count(*) FROM a", 0), 3);
	db_close(&db_file.db);
}

/* The power is cut before each operation in turn; what is then found climbs on, and comes to the same. */
static void
cut_in_its_midst(void **state)
{
	struct schema old = schema_of(1, steps), new = schema_of(3, steps);
	struct store_found found;
	struct db_file db_file;
	bool cut = true;

	(void)state;
	old.precious = new.precious = false; /* the copy is renamed, which this disk knows nothing of */
	power_register();
	for (long at = 1; cut; at++) {
		power_wipe((uint64_t)at);
		assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
		db_close(&db_file.db);
		disk.cut_at = disk.operations + at;
		open_at(&db_file, &new, &found);
		cut = disk.off;
		disk.off = true;
		db_close(&db_file.db);
		power_on();
		assert_int_equal(open_at(&db_file, &new, &found), DB_FILE_OPEN);
		assert_int_equal(found.aside[0], '\0');
		assert_int_equal(db_number(db_file.db, "SELECT sum(n) + sum(m) FROM b", 0), 60 + 15);
		assert_int_equal(db_number(db_file.db, "SELECT count(*) FROM sqlite_schema", 0), 1);
		db_close(&db_file.db);
		assert_true(at < 1000);
	}
	power_wipe(1);
}

/* What lies there is one version, whole; 0: the file is not there, or not of any version. */
static int
whole_version(const char *name)
{
	static const char *const sums[] = { NULL, "SELECT sum(n) FROM a", "SELECT (SELECT sum(n) FROM a) + sum(n) FROM b",
		"SELECT sum(n) + sum(m) FROM b" };
	static const int64_t wanted[] = { 0, 6, 66, 75 };
	struct db *db = access(folder_file(&folder, name), F_OK) == 0 ? db_open(folder_file(&folder, name), DB_READ) : NULL;
	int version = 0;

	if (db == NULL)
		return 0;
	version = (int)db_number(db, "PRAGMA user_version", 0);
	assert_in_range(version, 0, 3);
	if (version > 0)
		assert_int_equal(db_number(db, sums[version], -1), wanted[version]);
	assert_int_equal(db_fault(db), DB_WELL);
	db_close(&db);
	return version;
}

/* Climbs in a child that dies before its n-th call from there. False: it did not make so many. */
static bool
climb_and_die(const struct schema *new, long n)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct store_found found;
		struct db_file db_file;

		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(open_at(&db_file, new, &found) == DB_FILE_OPEN ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)), 0);
	for (long stops = 0; WIFSTOPPED(status); stops++) {
		if (stops == 2 * n - 1) /* it stops before each call and after it */
			kill(child, SIGKILL);
		else
			ptrace(PTRACE_SYSCALL, child, NULL, NULL);
		assert_int_equal(waitpid(child, &status, 0), child);
	}
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static void
clear_folder(void)
{
	static const char *const names[] = { "", "-wal", "-shm", "-journal", ".before-2", ".before-2.part", ".before-2.part-journal" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char name[64];

		snprintf(name, sizeof name, "postwatch.db%s", names[i]);
		unlink(folder_file(&folder, name));
	}
}

static bool
may_trace(void)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	waitpid(child, &status, 0);
	return status == 0;
}

/* It is killed before each of its calls in turn, the copy that is made first included: what is then found is one version or
 * another, whole, with all rows, and climbs on. */
static void
killed_in_its_midst(void **state)
{
	const struct schema old = schema_of(1, steps), new = schema_of(3, steps);
	int seen[4] = { 0 };
	bool killed = true;

	(void)state;
	if (!may_trace())
		skip();
	for (long n = 1; killed; n++) {
		struct store_found found;
		struct db_file db_file;
		int version, copied;

		clear_folder();
		assert_int_equal(open_at(&db_file, &old, &found), DB_FILE_OPEN);
		db_close(&db_file.db);
		killed = climb_and_die(&new, n);
		version = whole_version("postwatch.db");
		copied = whole_version("postwatch.db.before-2");
		assert_true(version >= 1 && (copied == 1 || (copied == 0 && version == 1)));
		seen[version]++;
		assert_int_equal(open_at(&db_file, &new, &found), DB_FILE_OPEN);
		assert_false(found.first || found.fresh || found.aside[0] != '\0');
		db_close(&db_file.db);
		assert_int_equal(whole_version("postwatch.db"), 3);
		assert_int_equal(whole_version("postwatch.db.before-2"), 1);
		assert_int_not_equal(access(folder_file(&folder, "postwatch.db.before-2.part"), F_OK), 0);
		assert_true(n < 10000);
	}
	print_message("killed before each of %d calls: %d at version 1, %d at 2, %d at 3\n", seen[1] + seen[2] + seen[3] - 1,
	    seen[1], seen[2], seen[3]);
	assert_true(seen[1] > 0 && seen[2] > 0 && seen[3] > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(climbs_from_each_version, set_up, tear_down),
		cmocka_unit_test_setup_teardown(older_program_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(certificates_have_a_view, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_waits_outlives_a_step, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_what_is_not_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(renames_what_is_stored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(views_show_what_an_earlier_version_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_that_fails_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_its_midst, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_in_its_midst, set_up, tear_down), /* the last: its disk stays */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
