/* Each table is written by one module of the keeper: what a statement writes is asked of SQLite, who calls it of the sources. */
#include "outbox_world.h"

#include <dirent.h>
#include <sqlite3.h>

#include "store/db.h"
#include "store/store_private.h"

enum { SOURCE_MAX = 256 * 1024 };

static void
put_target(struct store_batch *batch)
{
	store_put_target(batch, &(struct store_target){ .number = 90, .identity = "x", .name = "x", .probe = "x", .host = "x", .was = "" });
}

static void
put_state(struct store_batch *batch)
{
	store_put_state(batch, &(struct store_state){ .target = 1, .record = { "", 0 } });
}

static void
put_incident(struct store_batch *batch)
{
	store_put_incident(batch, &(struct store_incident){ .number = 90, .target = 1, .outcome = "" });
}

static void
change_incident(struct store_batch *batch)
{
	store_change_incident(batch, &(struct store_incident){ .number = 90, .target = 1 });
}

static void
put_condition(struct store_batch *batch)
{
	store_put_condition(batch, &(struct store_condition){ .target = 1, .code = "x" });
}

static void
put_ledger(struct store_batch *batch)
{
	store_put_ledger(batch, &(struct store_ledger){ .target = 1, .notifier = "x" });
}

static void
put_pause(struct store_batch *batch)
{
	store_put_pause(batch, &(struct store_pause){ .number = 90, .target = 1, .tag = "" });
}

static void
put_server(struct store_batch *batch)
{
	store_put_server(batch, &(struct store_server){ .target = 1, .subject = { "", 0 }, .issuer = { "", 0 } });
}

static void
put_notice(struct store_batch *batch)
{
	store_put_notice(batch, &(struct store_notice){ .number = 90, .target = 1, .kind = "down", .code = "", .silences = "" });
}

static const struct store_delivery delivery = { .notice = 90, .notifier = "x", .recipient = "" };

static void
add_delivery(struct store_batch *batch)
{
	store_add_delivery(batch, &delivery);
}

static void
put_delivery(struct store_batch *batch)
{
	store_put_delivery(batch, &delivery);
}

static void
put_claim(struct store_batch *batch)
{
	store_put_claim(batch, &delivery);
}

static void
merge_delivery(struct store_batch *batch)
{
	store_merge_delivery(batch, &delivery);
}

static void
drop_notice(struct store_batch *batch)
{
	store_drop_notice(batch, "x", 90, "", 1);
}

static void
unclaim(struct store_batch *batch)
{
	store_unclaim(batch, "x", 0);
}

static void
end_receivers(struct store_batch *batch)
{
	store_end_receivers(batch, "\n", 1);
}

static void
hurry(struct store_batch *batch)
{
	store_hurry(batch, "x", 1);
}

static void
set_clock(struct store_batch *batch)
{
	store_set_clock(batch, 1);
}

static void
put_notice_evidence(struct store_batch *batch)
{
	store_put_notice_evidence(batch, &(struct store_notice_evidence){ .notice = 90, .run = 1, .bytes = { "", 0 } });
}

static void
put_evidence(struct store_batch *batch)
{
	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = 1, .role = "", .bytes = { "", 0 } });
}

static void
attach_evidence(struct store_batch *batch)
{
	store_attach_evidence(batch, 1, 1, 90, "confirmed");
}

static void
drop_evidence_upto(struct store_batch *batch)
{
	store_drop_evidence_upto(batch, 1, 1);
}

static void
drop_loose(struct store_batch *batch)
{
	store_drop_loose(batch, 1, 90);
}

static void
put_meta(struct store_batch *batch)
{
	store_put_meta(batch, "x", (struct pw_bytes){ "", 0 });
}

static void
put_sequence(struct store_batch *batch)
{
	store_put_sequence(batch, (struct sequence){ 1, 1 });
}

/* What a statement writes, and the module that gives it; "": any may, for its own keys. */
static const struct {
	const char *name, *table, *module;
	void (*give)(struct store_batch *); /* NULL: for history.db */
} statements[] = {
	{ "store_put_notice", "notices", "outbox", put_notice }, /* of which the others are */
	{ "store_put_target", "targets", "record", put_target },
	{ "store_put_state", "states", "record", put_state },
	{ "store_put_incident", "incidents", "record", put_incident },
	{ "store_change_incident", "incidents", "record", change_incident },
	{ "store_put_condition", "conditions", "record", put_condition },
	{ "store_put_evidence", "evidence", "record", put_evidence },
	{ "store_attach_evidence", "evidence", "record", attach_evidence },
	{ "store_drop_evidence_upto", "evidence", "record", drop_evidence_upto },
	{ "store_drop_loose", "evidence", "record", drop_loose },
	{ "store_put_notice_evidence", "notice_evidence", "record", put_notice_evidence },
	{ "store_put_result", "results", "record", NULL },
	{ "store_put_trace", "traces", "record", NULL },
	{ "store_put_ledger", "ledger", "policy", put_ledger },
	{ "store_add_delivery", "deliveries", "outbox", add_delivery },
	{ "store_put_delivery", "deliveries", "outbox", put_delivery },
	{ "store_put_claim", "deliveries", "outbox", put_claim },
	{ "store_merge_delivery", "deliveries", "outbox", merge_delivery },
	{ "store_drop_notice", "deliveries", "outbox", drop_notice },
	{ "store_unclaim", "deliveries", "outbox", unclaim },
	{ "store_end_receivers", "deliveries", "outbox", end_receivers },
	{ "store_hurry", "deliveries", "outbox", hurry },
	{ "store_set_clock", "deliveries", "outbox", set_clock },
	{ "store_put_server", "servers", "record", put_server },
	{ "store_put_pause", "pauses", "service", put_pause },
	{ "store_put_meta", "meta", "", put_meta },
	{ "store_put_sequence", "meta", "", put_sequence },
};
enum { STATEMENTS = sizeof statements / sizeof statements[0] };

static const struct { const char *name, *files; } modules[] = {
	{ "service", " ask.c asks.c heartbeat.c channel.c dispatch.c outbox_admin.c keeper.c monitor_link.c store_repair.c test_notice.c reports.c stale_targets.c watch_time.c " },
	{ "record", " evidence.c removed_targets.c record.c remind.c target_registry.c servers.c " },
	{ "policy", " next_delivery.c ledger.c policy.c repeat.c notifier_filters.c silences.c notify_policy.c ledgers.c withhold.c shadow.c " },
	{ "outbox", " notice_context.c dependents.c notifier_link.c outbox.c notice_message.c notice_payload.c " },
	{ "below", " evidence_cache.c commit_queue.c lines.c change_log.c " },
};

/* The names of tables, each followed by a blank. */
static int
on_access(void *arg, int action, const char *table, const char *column, const char *file, const char *trigger)
{
	struct text *tables = arg;
	char word[64];

	(void)column, (void)file, (void)trigger;
	if (action != SQLITE_INSERT && action != SQLITE_UPDATE && action != SQLITE_DELETE)
		return SQLITE_OK;
	snprintf(word, sizeof word, "%s ", table);
	if (strstr(tables->bytes, word) == NULL)
		text_add(tables, word);
	return SQLITE_OK;
}

static void
each_statement_writes_one_table(void **state)
{
	struct world *world = create();
	struct sqlite3 *handle = db_handle(world->keeper.store->db_files[STORE_MAIN].db);

	(void)state;
	for (size_t i = 0; i < STATEMENTS; i++) {
		char bytes[1024] = "", expected[64];
		struct text tables = TEXT_OVER(bytes);

		if (statements[i].give == NULL)
			continue;
		sqlite3_set_authorizer(handle, on_access, &tables); /* which has all statements prepared anew */
		statements[i].give(commit_queue_main(&world->keeper));
		sqlite3_set_authorizer(handle, NULL, NULL);
		snprintf(expected, sizeof expected, "%s ", statements[i].table);
		if (strcmp(bytes, expected) != 0)
			fail_msg("%s writes \"%s\"", statements[i].name, bytes);
	}
	destroy(&world);
}

static const char *
module_of(const char *file)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", file);
	for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
		if (strstr(modules[i].files, word) != NULL)
			return modules[i].name;
	fail_msg("%s is of no module", file);
	return NULL;
}

/* Each call in a source of a function of the store that writes. */
static void
look_at_calls(const char *file, const char *text)
{
	static const char *const writers[] = { "store_put_", "store_add_", "store_attach_", "store_drop_", "store_end_", "store_hurry",
		"store_set_" };
	const char *module = module_of(file);

	for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++)
		for (const char *at = text; (at = strstr(at, writers[i])) != NULL; at++) {
			size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz_"), which = 0;

			while (which < STATEMENTS && (strlen(statements[which].name) != size || memcmp(statements[which].name, at, size) != 0))
				which++;
			if (which == STATEMENTS)
				fail_msg("%s calls %.*s, which is not listed here", file, (int)size, at);
			if (statements[which].module[0] != '\0' && strcmp(statements[which].module, module) != 0)
				fail_msg("%s is of the module %s, and calls %s", file, module, statements[which].name);
		}
}

static void
each_table_has_one_module(void **state)
{
	static char text[SOURCE_MAX];
	DIR *folder = opendir("core/keeper");
	uint32_t count = 0;

	(void)state;
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char path[300];
		size_t length = strlen(entry->d_name);
		FILE *file;

		if (length < 3 || strcmp(entry->d_name + length - 2, ".c") != 0)
			continue;
		snprintf(path, sizeof path, "core/keeper/%s", entry->d_name);
		assert_non_null(file = fopen(path, "r"));
		size_t size = fread(text, 1, sizeof text - 1, file);
		assert_true(size > 0 && size < sizeof text - 1);
		text[size] = '\0';
		fclose(file);
		look_at_calls(entry->d_name, text);
		count++;
	}
	closedir(folder);
	assert_true(count > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_statement_writes_one_table),
		cmocka_unit_test(each_table_has_one_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
