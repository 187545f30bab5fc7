/*
 * Power cuts: whatever was answered "committed" is there afterwards, whole, and what was not is there whole or not at
 * all. POWER_CUTS says how many (500). The same with synchronous=OFF must fail: it shows that the disk is a cruel one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "power_vfs.h"
#include "store_folder.h"

enum { CUTS_A_DISK = 25, BATCHES = 40, OPERATIONS = 400, RESULTS = 3 };

struct world {
	uint64_t tried, promised; /* batches of postwatch.db */
	bool careless;            /* synchronous=OFF */
	int faults;               /* promises that were broken */
	char what[128];           /* the last one */
};

static struct folder folder;

static void
broken(struct world *world, const char *what)
{
	world->faults++;
	snprintf(world->what, sizeof world->what, "%s", what);
}

/* All of batch `number`: rows in five tables, some of them large. */
static void
make_batch(struct store_batch *batch, uint64_t number)
{
	static char bytes[5000];

	memset(bytes, 'a' + (int)(number % 26), sizeof bytes);
	store_put_state(batch, &(struct store_state){ .target = 1, .at = (int64_t)number, .record = bytes_of("state") });
	store_put_incident(batch, &(struct store_incident){ .number = number, .target = 1, .change = number });
	store_put_notice(batch, &(struct store_notice){ .number = number, .target = 1, .change = number, .kind = "down" });
	store_add_delivery(batch, &(struct store_delivery){ .notice = number, .notifier = "n", .state = STORE_DELIVERY_waiting });
	store_put_evidence(batch, &(struct store_evidence){ .target = 1, .run = number,
	    .bytes = { bytes, number % sizeof bytes } });
}

static void
submit_results(struct store_batch *batch, uint64_t number)
{
	static const int64_t phases[] = { 10, 20, -1 };

	for (uint64_t i = 0; i < RESULTS; i++) {
		store_put_result(batch, &(struct store_result){ .target = i, .run = number, .at = (int64_t)number,
		    .verdict = number % 7 == 0 ? PW_FAILED : PW_OK, .outcome = "ok", .phase_names = "a b c",
		    .phase_count = 3, .phases = phases });
	}
	folder_submit(&folder, batch);
	store_batch_clear(batch);
}

static int64_t
count(enum store_file file, const char *sql)
{
	return db_number(folder.store->db_files[file].db, sql, -1);
}

/* What is there, and whether it is what was promised. */
static uint64_t
look(struct world *world)
{
	uint64_t there = (uint64_t)count(STORE_MAIN, "SELECT count(*) FROM notices");
	static const char *const whole[] = { "SELECT count(*) FROM incidents", "SELECT count(*) FROM deliveries",
		"SELECT count(*) FROM evidence", "SELECT coalesce(max(at), 0) FROM states",
		"SELECT coalesce(max(number), 0) FROM notices",
		"SELECT count(*) FROM evidence WHERE length(bytes) = run % 5000" };

	if (there < world->promised)
		broken(world, "a promised batch is lost");
	if (there > world->tried)
		broken(world, "there is more than was tried");
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		if ((uint64_t)count(STORE_MAIN, whole[i]) != there)
			broken(world, "a batch is there by halves");
	}
	if (count(STORE_HISTORY, "SELECT count(*) % 3 FROM results") != 0)
		broken(world, "results are there by halves");
	if (count(STORE_HISTORY, "SELECT count(*) FROM results a WHERE a.prev <> (SELECT coalesce(max(id), 0) FROM results b"
	    " WHERE b.target = a.target AND b.id < a.id)") != 0)
		broken(world, "a chain is broken");
	return there;
}

/* Opens; false: the cut came first. */
static bool
begin(struct world *world)
{
	folder_open(&folder);
	if (folder.store == NULL) {
		broken(world, "the store cannot be opened");
		return false;
	}
	if (folder.found[STORE_MAIN].aside[0] != '\0' || folder.found[STORE_HISTORY].aside[0] != '\0')
		broken(world, "a sound file was found damaged");
	for (int i = 0; i < STORE_FILES; i++) {
		struct db *db = folder.store->db_files[i].db;

		if (db == NULL)
			return false;
		db_exec(db, "PRAGMA wal_autocheckpoint=12");
		if (world->careless)
			db_exec(db, "PRAGMA synchronous=OFF");
		db_forgive(db);
	}
	return true;
}

static void
work(struct world *world)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN), *results = store_batch_create(STORE_HISTORY);

	for (int i = 0; i < BATCHES && !disk.off; i++) {
		world->tried = world->promised + 1;
		make_batch(batch, world->tried);
		if (folder_submit(&folder, batch) == STORE_COMMITTED)
			world->promised++;
		submit_results(results, world->tried);
		store_batch_clear(batch);
	}
	store_batch_destroy(&batch);
	store_batch_destroy(&results);
}

/* After a cut the whole must open again without help. */
static void
recover(struct world *world)
{
	power_on();
	if (!begin(world) && !disk.off)
		broken(world, "it does not open");
	else if (folder.store != NULL)
		world->promised = world->tried = look(world);
	store_close(&folder.store);
}

static void
cut(struct world *world, uint64_t seed)
{
	if (seed % CUTS_A_DISK == 0) {
		power_wipe(seed + 1);
		*world = (struct world){ .careless = world->careless, .faults = world->faults };
	}
	disk.cut_at = disk.operations + 1 + (long)(power_random() % OPERATIONS);
	if (begin(world))
		work(world);
	disk.off = true;
	store_close(&folder.store);
	recover(world);
}

static int
cut_often(bool careless, char *what, size_t room)
{
	const char *wanted = getenv("POWER_CUTS");
	long cuts = wanted == NULL ? 500 : strtol(wanted, NULL, 10);
	struct world world = { .careless = careless };
	uint64_t promised = 0;

	folder_make(&folder);
	power_register();
	for (long i = 0; i < cuts; i++) {
		cut(&world, (uint64_t)i);
		promised += world.promised;
		if (world.faults > 0 && !careless)
			fail_msg("cut %ld: %s", i, world.what);
		if (world.faults > 0)
			break;
	}
	power_wipe(1);
	assert_true(careless || promised > (uint64_t)cuts);
	snprintf(what, room, "%s", world.what);
	folder_remove(&folder);
	return world.faults;
}

static void
nothing_promised_is_lost(void **state)
{
	char what[128];

	(void)state;
	assert_int_equal(cut_often(false, what, sizeof what), 0);
}

static void
without_syncs_it_is(void **state)
{
	char what[128];

	(void)state;
	assert_true(cut_often(true, what, sizeof what) > 0);
	print_message("with synchronous=OFF: %s\n", what);
}

/* Syncs fail that many times; then a batch is committed at last, and the power goes. */
static void
fail_syncs(int times)
{
	struct store_batch *batch = store_batch_create(STORE_MAIN);
	struct world world = { .tried = 3 };
	struct store_found found;

	power_wipe((uint64_t)times);
	assert_true(begin(&world));
	for (; world.promised < 2; world.promised++) {
		make_batch(batch, world.promised + 1);
		assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
		store_batch_clear(batch);
	}
	disk.failing_syncs = times;
	make_batch(batch, world.tried);
	assert_int_equal(folder_submit(&folder, batch), STORE_RETRY);
	assert_int_equal(store_trouble(folder.store, STORE_MAIN, NULL), STORE_IO);
	for (int i = 0; !store_mend(folder.store, STORE_MAIN, &found); i++)
		assert_true(i < times);
	assert_int_equal(folder_submit(&folder, batch), STORE_COMMITTED);
	world.promised++;
	store_batch_destroy(&batch);
	disk.off = true;
	store_close(&folder.store);
	recover(&world);
	if (world.faults > 0)
		fail_msg("%d syncs failed: %s", times, world.what);
}

static void
what_was_not_synced_is_written_again(void **state)
{
	(void)state;
	folder_make(&folder);
	power_register();
	for (int times = 1; times <= 12; times++)
		fail_syncs(times);
	power_wipe(1);
	folder_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_promised_is_lost),
		cmocka_unit_test(without_syncs_it_is),
		cmocka_unit_test(what_was_not_synced_is_written_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
