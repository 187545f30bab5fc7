/* Who is silent behind a target that is down is listed in what is told of it. */
#include "outbox_world.h"

#include "keeper/dependents.h"

enum { MANY = 70 };

struct house {
	struct world *world;
	struct target targets[MANY];
	char names[MANY][16];
};

/* `count` targets; the first is nobody's child, the others are what the test makes them. */
static struct house *
build(uint32_t count)
{
	struct house *house = calloc(1, sizeof *house);

	house->world = create();
	for (uint32_t i = 0; i < count; i++) {
		house->targets[i] = targets[0];
		snprintf(house->names[i], sizeof house->names[i], "mx%u", i + 1);
		house->targets[i].name = house->names[i];
	}
	house->world->config.targets = house->targets;
	return house;
}

static void
demolish(struct house *house)
{
	destroy(&house->world);
	free(house);
}

static struct target_registry *
roll_of(struct world *world, const struct config *config)
{
	struct target_registry *roll = registry_create(config);
	struct reason why = { .text = "" };

	if (roll == NULL || !registry_recover(roll, world->keeper.store, commit_queue_main(&world->keeper), &why))
		fail_msg("%s", why.text);
	return roll;
}

static void
set_parent(struct house *house, uint32_t child, uint32_t parent)
{
	house->targets[child].parent = parent;
	registry_destroy(&house->world->keeper.registry);
	house->world->keeper.registry = roll_of(house->world, &house->world->config);
}

static const char *
list_of(const struct world *world)
{
	static char list[WIRE_MAX];

	snprintf(list, sizeof list, "%.*s", (int)world->notice.list.size, world->notice.list.data);
	return list;
}

static void
a_child_is_listed(void **state)
{
	struct house *house = build(TARGETS);

	(void)state;
	set_parent(house, 1, 0);
	set_parent(house, 2, 1);
	down(house->world, 2, "parent_down");
	assert_string_equal(handed(house->world), "");
	down(house->world, 0, "");
	assert_string_equal(handed(house->world), "down");
	assert_string_equal(list_of(house->world), "2 targets are behind it; 1 of them is down\nmx3 down\nmx2: not known to be down\n");
	assert_int_equal(house->world->notice.covered, 0);
	demolish(house);
}

static void
what_is_over_lists_nobody(void **state)
{
	struct house *house = build(TARGETS);

	(void)state;
	set_parent(house, 1, 0);
	down(house->world, 0, "");
	assert_string_equal(handed(house->world), "down");
	answer(house->world, PW_SENT, false);
	up(house->world, 0, house->world->changes[0], "");
	assert_string_equal(handed(house->world), "up");
	assert_string_equal(list_of(house->world), "");
	demolish(house);
}

static void
who_is_not_told_of_a_child_does_not_see_it(void **state)
{
	struct house *house = build(TARGETS);
	struct policy others = policy;

	(void)state;
	others.notify_count = 0;
	set_parent(house, 1, 0);
	set_parent(house, 2, 0);
	house->targets[1].policy = &others;
	down(house->world, 0, "");
	assert_string_equal(handed(house->world), "down");
	assert_string_equal(list_of(house->world), "1 target is behind it; 0 of them are down\nmx3: not known to be down\n");
	demolish(house);
}

/* Lines over a keeper of which only its targets, rules and configuration are looked at: none of its targets is down. */
static const char *
lines_of(struct house *house, uint32_t count)
{
	static char bytes[WIRE_MAX];
	struct text lines = TEXT_OVER(bytes);
	struct keeper keeper = house->world->keeper;
	struct config config = house->world->config;

	config.target_count = count;
	keeper.config = &config;
	keeper.registry = roll_of(house->world, &config);
	dependents_add(&keeper, 0, notifier_at(&keeper, 0), &lines);
	registry_destroy(&keeper.registry);
	return bytes;
}

static void
many_are_counted(void **state)
{
	struct house *house = build(MANY);
	const char *lines;
	int count = 0;

	(void)state;
	for (uint32_t i = 1; i < MANY; i++)
		set_parent(house, i, 0);
	lines = lines_of(house, MANY);
	for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	assert_int_equal(count, 52);
	assert_non_null(strstr(lines, "69 targets are behind it; 0 of them are down\nmx2: "));
	assert_non_null(strstr(lines, "mx51: not known to be down\nand 19 more\n"));
	demolish(house);
}

static void
chains_and_circles_end(void **state)
{
	struct house *house = build(12);

	(void)state;
	for (uint32_t i = 1; i < 12; i++)
		set_parent(house, i, i - 1);
	assert_non_null(strstr(lines_of(house, 12), "8 targets are behind it; "));
	set_parent(house, 10, 11);
	set_parent(house, 11, 10);
	set_parent(house, 0, 1);
	assert_non_null(strstr(lines_of(house, 12), "8 targets are behind it; "));
	demolish(house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_listed),
		cmocka_unit_test(what_is_over_lists_nobody),
		cmocka_unit_test(who_is_not_told_of_a_child_does_not_see_it),
		cmocka_unit_test(many_are_counted),
		cmocka_unit_test(chains_and_circles_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
