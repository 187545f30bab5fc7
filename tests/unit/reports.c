/* Each period's report is recorded once, when it is over and summed up, whatever comes between; and goes out by itself. */
#include "outbox_world.h"

#include "base/period.h"
#include "keeper/reports.h"
#include "store/store_private.h"

static struct config_report rows[2];

static struct world *
create_with(uint32_t count)
{
	struct world *world = prepare();

	rows[0] = (struct config_report){ .tag = "a", .every = PERIOD_DAY };
	rows[1] = (struct config_report){ .tag = "", .every = PERIOD_MONTH };
	world->rules[0].timezone = "UTC";
	world->report_count = count;
	world->reports = rows;
	begin(world);
	link_notifiers(world);
	return world;
}

static struct period_span
day_before(int days)
{
	struct period_span span = period_at(PERIOD_DAY, NULL, clock_wall(), 0);

	while (days-- > 0)
		span = period_at(PERIOD_DAY, NULL, span.from - 1, 0);
	return span;
}

static void
sum_up(struct world *world, int64_t until)
{
	struct maintenance *maintenance = &world->keeper.store->maintenance;

	maintenance->begins[STORE_QUARTER] = maintenance->begins[STORE_HOUR] = until;
}

static int64_t *
sent(struct world *world)
{
	return &world->keeper.service->reported[0];
}

/* The first one's period that was sent last, as a version of the store has it; there is no other. */
static void
keep_sent(struct world *world, unsigned char version, int64_t value)
{
	unsigned char bytes[1024];
	int64_t size = store_read_meta(store_inside(world->keeper.store), "reports", bytes, sizeof bytes);
	struct wire_out out = wire_over(bytes + size - sizeof value, sizeof value);

	assert_true(size > (int64_t)sizeof value && size <= (int64_t)sizeof bytes);
	bytes[0] = version;
	wire_put_i64(&out, value);
	store_put_meta(commit_queue_main(&world->keeper), "reports", (struct pw_bytes){ (const char *)bytes, (size_t)size });
	commit_all(&world->keeper);
	begin_again(world);
}

static void
set_sent(struct world *world, int64_t day)
{
	keep_sent(world, 2, day);
	assert_true(*sent(world) == day);
}

static void
one_that_is_new_begins_with_what_is_under_way(void **state)
{
	struct world *world = create_with(1);

	(void)state;
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "");
	assert_true(*sent(world) == day_before(1).day);
	begin_again(world);
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_period_is_told_once_when_it_is_summed_up(void **state)
{
	struct period_span yesterday = day_before(1);
	struct world *world = create_with(1);

	(void)state;
	set_sent(world, day_before(2).day);
	sum_up(world, yesterday.until - 1);
	assert_string_equal(handed(world), "");
	sum_up(world, yesterday.until);
	rows[0].at = 1439; /* and it is time */
	if (clock_wall() < yesterday.due + 1439 * 60 * (int64_t)SECOND)
		assert_string_equal(handed(world), "");
	rows[0].at = 0;
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.tag, "a");
	assert_string_equal(world->notice.code, yesterday.first);
	assert_int_equal(world->notice.target.size, 0);
	assert_true(world->notice.detected == yesterday.from);
	assert_memory_equal(world->notice.text.data, "mail servers of a, ", 19);
	char key[NOTICE_KEY_MAX];
	memcpy(key, world->notice.key, sizeof key);
	/* whoever dies: it is the same one that goes out again, as one that may have come before */
	begin_again(world);
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.key, key);
	assert_true(world->notice.flags & NOTICE_DUPLICATE);
	assert_string_equal(world->notice.tag, "a");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	begin_again(world);
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
what_ended_in_our_absence_is_made_up_for(void **state)
{
	struct world *world = create_with(1);

	(void)state;
	world->rules[0].storm = 1; /* no digest has any of it */
	*sent(world) = day_before(40).day;
	(void)commit_queue_main(&world->keeper);
	sum_up(world, clock_wall());
	for (int days = 7; days >= 1; days--) {
		world->keeper.policy->listeners[0].digest_last = 0;
		memset(world->keeper.policy->listeners[0].handed, 0, sizeof(int64_t));
		assert_string_equal(handed(world), "report");
		assert_string_equal(world->notice.code, day_before(days).first);
		answer(world, PW_SENT, false);
	}
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_clock_that_was_ahead_keeps_nothing_back(void **state)
{
	struct world *world = create_with(1);

	(void)state;
	*sent(world) = day_before(0).day + 4000;
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "");
	assert_true(*sent(world) == day_before(0).day + 4000); /* it may be this one that is behind */
	world->keeper.service->reported_ahead -= 601 * SECOND;
	assert_string_equal(handed(world), "");
	assert_true(*sent(world) == day_before(1).day);
	assert_string_equal(handed(world), "");
	assert_true(world->keeper.service->reported_ahead == 0);
	destroy(&world);
}

/* Wherever yesterday and last month began at another time, they are the same ones. */
static void
another_zone_sends_none_again(void **state)
{
	struct world *world = create_with(2);
	int64_t days[2];

	(void)state;
	world->report_count = 0; /* which makes them new */
	begin_again(world);
	commit_all(&world->keeper);
	world->report_count = 2;
	world->rules[0].timezone = "Pacific/Kiritimati";
	begin_again(world);
	commit_all(&world->keeper);
	memcpy(days, world->keeper.service->reported, sizeof days);
	world->rules[0].timezone = "Pacific/Pago_Pago";
	begin_again(world);
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "");
	assert_memory_equal(days, world->keeper.service->reported, sizeof days);
	destroy(&world);
}

/* A store of version 1 has the time when that period began, in the zone, or in UTC. */
static void
what_an_earlier_version_has_sent_is_known(void **state)
{
	struct world *world = create_with(1);
	struct reason why;
	struct zone *zone = zone_open("Pacific/Pago_Pago", &why);
	struct period_span day = day_before(2);

	(void)state;
	assert_non_null(zone);
	keep_sent(world, 1, day.from);
	assert_true(*sent(world) == day.day);
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.code, day_before(1).first);
	world->rules[0].timezone = "Pacific/Pago_Pago";
	keep_sent(world, 1, day.from);
	assert_true(*sent(world) == day.day);
	keep_sent(world, 1, period_at(PERIOD_DAY, zone, day.until - 1, 0).from);
	assert_true(*sent(world) == period_at(PERIOD_DAY, zone, day.until - 1, 0).day);
	keep_sent(world, 1, INT64_MAX); /* by no clock that is right */
	assert_true(*sent(world) < day_before(0).day);
	zone_close(&zone);
	destroy(&world);
}

static void
each_has_its_own(void **state)
{
	struct world *world = create_with(2);
	int64_t *months = &world->keeper.service->reported[1];
	struct period_span month = period_at(PERIOD_MONTH, NULL, clock_wall(), 0);
	char before[PERIOD_NAME_MAX];

	(void)state;
	month = period_at(PERIOD_MONTH, NULL, month.from - 1, 0);
	memcpy(before, month.first, sizeof month.first);
	*months = period_at(PERIOD_MONTH, NULL, month.from - 1, 0).day;
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.tag, "");
	assert_string_equal(world->notice.code, before);
	answer(world, PW_SENT, false);
	world->report_count = 1; /* taken out, and put back: then it is new */
	begin_again(world);
	*sent(world) = day_before(2).day;
	world->report_count = 2;
	begin_again(world);
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
one_that_was_taken_out_is_not_sent(void **state)
{
	struct world *world = create_with(1);

	(void)state;
	*sent(world) = day_before(2).day;
	sum_up(world, clock_wall());
	assert_string_equal(handed(world), "report");
	answer(world, PW_AGAIN, false);
	assert_true(waits(&world->keeper, 0));
	rows[0].every = PERIOD_WEEK; /* it is of that tag still */
	begin_again(world);
	assert_true(waits(&world->keeper, 0));
	text_copy(rows[0].tag, sizeof rows[0].tag, "b");
	begin_again(world);
	assert_false(waits(&world->keeper, 0));
	destroy(&world);
}

static void
one_is_sent_by_hand(void **state)
{
	static const struct calendar_range always = { 0x7f, 0, 1440 };
	struct world *world = create_with(2);

	(void)state;
	world->rules[0].quiet = (struct calendar){ 1, &always };
	begin_again(world);
	ASK(world, "report", CONFIG_NONE, "tests", "b", "");
	ASK(world, "report", CONFIG_NONE, "nobody", "", "");
	ASK(world, "report", CONFIG_NONE, "tests", "a", "2026-13-01");
	assert_string_equal(handed(world), "");
	ASK(world, "report", CONFIG_NONE, "tests", "", "");
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.code, day_before(1).first);
	answer(world, PW_AGAIN, false);
	assert_string_equal(handed(world), ""); /* now or not at all */
	ASK(world, "report", CONFIG_NONE, "tests", "a", day_before(30).first);
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.code, day_before(30).first);
	answer(world, PW_SENT, false);
	assert_true(*sent(world) == day_before(1).day);
	destroy(&world);
}

static void
its_days_are_those_of_the_notifiers_zone(void **state)
{
	struct world *world = create_with(1);
	struct reason why;
	struct zone *zone = zone_open("Pacific/Kiritimati", &why);
	struct period_span today, yesterday;

	(void)state;
	assert_non_null(zone);
	world->rules[0].timezone = "Pacific/Kiritimati"; /* and it has no quiet hours */
	begin_again(world);
	today = period_at(PERIOD_DAY, zone, clock_wall(), 0);
	yesterday = period_at(PERIOD_DAY, zone, today.from - 1, 0);
	ASK(world, "report", CONFIG_NONE, "tests", "", "");
	assert_string_equal(handed(world), "report");
	assert_string_equal(world->notice.code, yesterday.first);
	assert_true(world->notice.detected == yesterday.from);
	zone_close(&zone);
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_new_begins_with_what_is_under_way),
		cmocka_unit_test(a_period_is_told_once_when_it_is_summed_up),
		cmocka_unit_test(what_ended_in_our_absence_is_made_up_for),
		cmocka_unit_test(a_clock_that_was_ahead_keeps_nothing_back),
		cmocka_unit_test(another_zone_sends_none_again),
		cmocka_unit_test(what_an_earlier_version_has_sent_is_known),
		cmocka_unit_test(each_has_its_own),
		cmocka_unit_test(one_that_was_taken_out_is_not_sent),
		cmocka_unit_test(one_is_sent_by_hand),
		cmocka_unit_test(its_days_are_those_of_the_notifiers_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
