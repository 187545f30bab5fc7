/* A monitor that is born again is told the state of each target, as it is kept or about to be. */
#include "outbox_world.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "store/store_private.h"

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
put(struct world *world, uint32_t target, const char *record, const char *state)
{
	store_put_state(commit_queue_main(&world->keeper), &(struct store_state){ .target = registry_number(world->keeper.registry, target),
	    .record = bytes_of(record), .state = state });
}

/* The next one as "target record", with "bare" where it is; "" behind the last. */
static const char *
next(struct world *world, uint64_t *cursor)
{
	static char said[128];
	struct wire_out out = wire_over(world->packet, sizeof world->packet);
	struct message_state state;
	struct wire_in in;

	if (!keeper_put_state(&world->keeper, cursor, &out))
		return "";
	in = wire_from(world->packet, out.size);
	assert_int_equal(message_kind(world->packet, out.size), MESSAGE_STATE);
	assert_true(message_get_state(&in, &state, TARGETS));
	snprintf(said, sizeof said, "%d %.*s%s", state.target == CONFIG_NONE ? -1 : (int)state.target, (int)state.state.size,
	    state.state.data, state.bare ? " bare" : "");
	return said;
}

static void
assert_told(struct world *world, const char *const *states)
{
	uint64_t cursor = 0;

	for (; *states != NULL; states++)
		assert_string_equal(next(world, &cursor), *states);
	assert_string_equal(next(world, &cursor), "");
	assert_int_equal(world->keeper.end.status, -1);
}
#define TOLD(world, ...) assert_told((world), (const char *const[]){ __VA_ARGS__, NULL })

/* Of which nothing is known is passed over; what an earlier version kept is to be said anew; what is put is told at once. */
static void
each_target_and_our_own_side(void **state)
{
	struct world *world = create();
	uint64_t cursor = 0;

	(void)state;
	assert_string_equal(next(world, &cursor), "");
	put(world, 0, "one", "up");
	put(world, 1, "", "");
	put(world, 2, "two", "");
	TOLD(world, "0 one", "2 two bare");
	store_put_meta(commit_queue_main(&world->keeper), OWN_META, bytes_of("own"));
	TOLD(world, "0 one", "2 two bare", "-1 own");
	commit_all(&world->keeper);
	begin_again(world);
	TOLD(world, "0 one", "2 two bare", "-1 own");
	world->fewer = 1;
	begin_again(world);
	TOLD(world, "0 one", "-1 own");
	destroy(&world);
}

/* The file is in trouble: what is put is told all the same. */
static void
what_waits_for_the_disk(void **state)
{
	struct world *world = create();
	char path[SCRATCH_PATH + 16];

	(void)state;
	put(world, 0, "one", "up");
	commit_all(&world->keeper);
	snprintf(path, sizeof path, "%s/postwatch.db", world->folder);
	assert_int_equal(unlink(path), 0);
	put(world, 1, "two", "up");
	commit_all(&world->keeper);
	assert_true(commit_queue_is_stuck(world->keeper.commits, STORE_MAIN));
	put(world, 0, "three", "down");
	TOLD(world, "0 three", "1 two");
	destroy(&world);
}

/* Every page behind the first ones is overwritten, and read from the disk again. */
static void
damage(struct world *world)
{
	static const char rubbish[4096] = { 'x' };
	struct db *db = world->keeper.store->db_files[STORE_MAIN].db;
	char path[SCRATCH_PATH + 16];
	struct stat status;
	int fd;

	assert_true(db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size=0; PRAGMA shrink_memory"));
	snprintf(path, sizeof path, "%s/postwatch.db", world->folder);
	fd = open(path, O_WRONLY);
	assert_int_equal(fstat(fd, &status), 0);
	for (off_t at = 60 * 4096; at < status.st_size; at += 4096)
		assert_int_equal(pwrite(fd, rubbish, sizeof rubbish, at), sizeof rubbish);
	close(fd);
}

/* Makes the file too large to be checked at birth, and damages what that statement makes large, which stands behind. */
static void
damage_behind(struct world *world, const char *sql)
{
	struct db *db = world->keeper.store->db_files[STORE_MAIN].db;

	put(world, 0, "one", "up");
	put(world, 1, "two", "up");
	commit_all(&world->keeper);
	assert_true(db_exec(db, "INSERT INTO evidence (target, run, leg, at, incident, role, bytes) SELECT number, 1, 0, 1, 99, '',"
	    " zeroblob(40000000) FROM targets LIMIT 1"));
	assert_true(db_exec(db, sql));
	damage(world);
}

/* Such a file is believed until damage is met: it is set aside then, and whoever comes next begins. */
static void
damage_that_only_reading_meets(void **state)
{
	struct world *world = create();
	uint64_t cursor = 0;

	(void)state;
	damage_behind(world, "UPDATE states SET record = zeroblob(20000)");
	begin_again(world);
	assert_string_equal(next(world, &cursor), "");
	assert_true(world->keeper.end.begin_anew);
	begin_again(world);
	TOLD(world, NULL);
	destroy(&world);
}

static void
damage_that_is_met_at_birth(void **state)
{
	struct world *world = create();
	struct reason why;

	(void)state;
	damage_behind(world, "INSERT INTO evidence (target, run, leg, at, incident, role, bytes) SELECT number, 2, 0, 1, 0, '',"
	    " zeroblob(20000) FROM targets LIMIT 1");
	keeper_fini(&world->keeper);
	world->keeper = (struct keeper){ .duty = &world->duty, .config = &world->config, .end.status = -1 };
	assert_false(keeper_recover(&world->keeper, &why));
	assert_non_null(strstr(why.text, "malformed"));
	begin_again(world);
	TOLD(world, NULL);
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_target_and_our_own_side),
		cmocka_unit_test(what_waits_for_the_disk),
		cmocka_unit_test(damage_that_only_reading_meets),
		cmocka_unit_test(damage_that_is_met_at_birth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
