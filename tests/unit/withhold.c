/* What was queued and may not be told any more when it is handed out; and what becomes of it when the reason has ended. */
#include "outbox_world.h"

#include "base/messages_outbox.h"
#include "keeper/policy.h"
#include "store/db.h"
#include "store/list.h"

#define MINUTE (60 * (int64_t)SECOND)

static const char *const tagged[] = { "lab" }, *const two[] = { "ann@a.test", "ben@b.test" };
static struct policy lab;
static struct target kin[TARGETS];

/* The first notifier hears at once, the second 15 min later. The second target lies behind the first; the third has a tag. */
static struct world *
escalating(void)
{
	struct world *world = prepare();

	world->both = true;
	world->rules[1].after = 15 * MINUTE;
	lab = policy;
	lab.tag_count = 1;
	lab.tags = tagged;
	memcpy(kin, targets, sizeof targets);
	kin[1].parent = 0;
	kin[2].policy = &lab;
	begin(world);
	world->config.targets = kin;
	link_notifiers(world);
	return world;
}

static void
born_again(struct world *world)
{
	begin_again(world);
	world->config.targets = kin;
}

/* The receipt and state of a notice's delivery to a notifier. */
static const char *
ends(struct world *world, uint64_t notice)
{
	static char bytes[512];
	struct text text = TEXT_OVER(bytes);
	struct store_delivery row;
	struct store_list list;

	commit_all(&world->keeper);
	store_list_open(&list, store_inside(world->keeper.store), STORE_LIST_DELIVERIES, notice);
	while (store_list_next(&list, &row))
		text_format(&text, "%s %s %.*s|", row.notifier, store_delivery_name(row.state), (int)row.receipt.size, row.receipt.data);
	assert_int_equal(store_list_close(&list), STORE_READ_END);
	return bytes;
}

static void
told_first(struct world *world, uint32_t target)
{
	down(world, target, "");
	assert_string_equal(handed_to(world, 0), "down");
	answer_from(world, 0, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
}

/* Nothing is handed out now; and when `over` has been done, that kind, once. */
static void
nothing_until(struct world *world, void (*over)(struct world *), const char *kind)
{
	assert_string_equal(handed_to(world, 1), "");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "");
	assert_false(waits(&world->keeper, 1));
	over(world);
	assert_string_equal(handed_to(world, 1), ""); /* its time has not come */
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), kind);
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(handed_to(world, 0), "");
}

static void
resume(struct world *world)
{
	ASK(world, "resume", 0, "mx1");
}

static void
a_pause_holds_back_an_escalation(void **state)
{
	struct world *world = escalating();

	(void)state;
	told_first(world, 0);
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	nothing_until(world, resume, "down");
	assert_non_null(strstr(ends(world, world->notice.notice), "others sent so be it|"));
	destroy(&world);
}

static void
alter(struct world *world, const char *sql)
{
	char path[SCRATCH_PATH + 16];
	struct db *db;

	store_let_go(world->keeper.store);
	snprintf(path, sizeof path, "%s/postwatch.db", world->folder);
	db = db_open(path, DB_WRITE);
	assert_true(db_exec(db, sql));
	db_close(&db);
}

/* What is to be told behind a silence cannot be read when that ends: it is told when it can be. */
static void
what_cannot_be_compared_is_compared_again(void **state)
{
	struct world *world = create();

	(void)state;
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	alter(world, "PRAGMA legacy_alter_table=ON; ALTER TABLE notices RENAME TO hidden");
	ASK(world, "resume", 0, "mx1");
	policy_turn(&world->keeper);
	alter(world, "PRAGMA legacy_alter_table=ON; ALTER TABLE hidden RENAME TO notices");
	assert_string_equal(handed(world), "down");
	destroy(&world);
}

static void
why_it_was_not_told_is_kept(void **state)
{
	struct world *world = escalating();

	(void)state;
	told_first(world, 0);
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(ends(world, 1), "others dropped held: paused|tests sent so be it|");
	destroy(&world);
}

static void
resume_tag(struct world *world)
{
	ASK(world, "resume", CONFIG_NONE, "lab");
}

static void
so_does_one_by_tag(void **state)
{
	struct world *world = escalating();

	(void)state;
	told_first(world, 2);
	ASK(world, "pause", CONFIG_NONE, "lab", "1h", "planned");
	nothing_until(world, resume_tag, "down");
	destroy(&world);
}

static const uint32_t windowed[] = { 0 };
static struct calendar_range hours;
static const struct config_window window = { .when = { 1, &hours }, .why = "reboots", .target_count = 1, .targets = windowed };

/* A window from `from` minutes from now on, for an hour. */
static void
set_window(struct world *world, int from)
{
	int minute = ((int)(clock_wall() / MINUTE % 1440) + from + 1440) % 1440;

	hours = (struct calendar_range){ 0x7f, (uint16_t)minute, (uint16_t)(minute + 60) };
	world->keeper.policy->windows.looked = INT64_MAX;
	(void)window_clock_turn(&world->keeper.policy->windows, clock_wall());
}

static void
close_window(struct world *world)
{
	set_window(world, -70);
}

static void
a_window_that_opens_holds_it_back(void **state)
{
	struct world *world = escalating();

	(void)state;
	window_clock_fini(&world->keeper.policy->windows);
	world->config.window_count = 1;
	world->config.windows = &window;
	assert_true(window_clock_init(&world->keeper.policy->windows, &world->config));
	set_window(world, 60);
	told_first(world, 0);
	set_window(world, -10);
	nothing_until(world, close_window, "down");
	destroy(&world);
}

static void
parent_is_up(struct world *world)
{
	up(world, 0, world->changes[0], "");
	assert_string_equal(handed_to(world, 0), "up");
	answer_from(world, 0, PW_SENT, false);
}

static void
a_parent_that_goes_down_holds_it_back(void **state)
{
	struct world *world = escalating();
	struct notifier *others = notifier_at(&world->keeper, 1);
	struct delivery delivery = { .notice = 0 };

	(void)state;
	told_first(world, 1);
	down(world, 0, "");
	assert_string_equal(handed_to(world, 0), "down");
	answer_from(world, 0, PW_SENT, false);
	assert_true(outbox_next(&world->keeper, others, STORE_QUEUE_TARGET, registry_number(world->keeper.registry, 1), &delivery));
	delivery.due = 0; /* of the child alone */
	outbox_put(&world->keeper, others, &delivery, text_view(""));
	assert_string_equal(handed_to(world, 1), "");
	assert_string_equal(ends(world, 1), "others dropped held: parent|tests sent so be it|");
	parent_is_up(world);
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	answer_from(world, 1, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static void
set_blind(struct world *world, bool blind)
{
	unsigned char packet[64];
	struct wire_out out = wire_over(packet, sizeof packet);

	message_put_health(&out, &(struct message_health){ .ran = 1, .blind = blind });
	assert_true(keeper_hear(&world->keeper, packet, out.size));
}

static void
see_again(struct world *world)
{
	set_blind(world, false);
}

static void
who_is_blind_says_nothing_of_targets(void **state)
{
	struct world *world = escalating();

	(void)state;
	told_first(world, 0);
	set_blind(world, true);
	record_ours(&world->keeper, "blind", "blind", BEGAN, "we are cut off");
	assert_string_equal(handed_to(world, 0), "blind");
	answer_from(world, 0, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "blind");
	answer_from(world, 1, PW_SENT, false);
	nothing_until(world, see_again, "down");
	destroy(&world);
}

/* Those whose monitor stamps them come up in silence. */
static void
up_in_silence(struct world *world)
{
	up(world, 0, world->changes[0], "paused");
	resume(world);
	say(world, 0, "", "", "", 0, "");
}

static void
what_was_over_in_the_pause_is_not_told_to_who_waits(void **state)
{
	struct world *world = escalating();

	(void)state;
	told_first(world, 0);
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	ripen(world, 1);
	assert_string_equal(handed_to(world, 1), "");
	up_in_silence(world);
	assert_string_equal(handed_to(world, 0), "up");
	answer_from(world, 0, PW_SENT, false);
	/* 15 min had not passed, so it has nothing to hear of. */
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static void
what_was_withheld_outlives_the_keeper(void **state)
{
	struct world *world = create();

	(void)state;
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	down(world, 0, "");
	say(world, 1, "degraded", "", "", 0, "");
	assert_string_equal(handed(world), "");
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	ASK(world, "pause", 1, "mx2", "1h", "planned");
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed(world), "");
	assert_false(waits(&world->keeper, 0));
	up(world, 0, world->changes[0], "paused");
	begin_again(world);
	assert_string_equal(handed(world), "");
	ASK(world, "resume", 1, "mx2");
	assert_string_equal(handed(world), "degraded");
	answer(world, PW_SENT, false);
	begin_again(world);
	ASK(world, "resume", 0, "mx1");
	assert_string_equal(handed(world), "outage");
	answer(world, PW_SENT, false);
	begin_again(world);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

/* An acknowledgement is of what is said again, and of who is told later. */
static void
an_acknowledgement_holds_reminders_and_who_is_told_later(void **state)
{
	struct delivery delivery;
	static const int64_t hour[] = { 60 * MINUTE };
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[1].after = 15 * MINUTE;
	world->rules[0].remind = hour;
	world->rules[0].remind_count = 1;
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	acknowledge(world, 0);
	assert_false(waits(&world->keeper, 1));
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed_to(world, 0), "down");
	answer_from(world, 0, PW_SENT, false);
	assert_string_equal(ends(world, 1), "others dropped held: acknowledged|tests sent so be it|");
	/* The end of another reason does not wake who is told later. */
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	resume(world);
	say(world, 0, "", "", "", 0, "");
	born_again(world);
	assert_string_equal(handed_to(world, 1), "");
	/* A reminder that is queued already. */
	set_acknowledged(world, 0, 0);
	age_incident(world, 0, 61 * MINUTE, 0);
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	assert_string_equal(handed_to(world, 0), "");
	assert_true(find_waiting(&world->keeper, 0, &delivery));
	assert_int_equal(delivery.kind, NOTICE_reminder);
	acknowledge(world, 0);
	assert_false(waits(&world->keeper, 0));
	up(world, 0, incident_of(world, 0).change, "");
	notifier_at(&world->keeper, 0)->rest_until = 0;
	assert_string_equal(handed_to(world, 0), "up");
	answer_from(world, 0, PW_SENT, false);
	assert_string_equal(handed_to(world, 1), "");
	destroy(&world);
}

static void
nobody_stands_in_while_it_is_paused(void **state)
{
	struct world *world = prepare();

	(void)state;
	world->both = true;
	world->rules[0].fallback = 1;
	world->rules[1].kinds = 1u << NOTICE_digest;
	begin(world);
	link_notifiers(world);
	down(world, 0, "");
	assert_string_equal(handed_to(world, 0), "down");
	answer_from(world, 0, PW_AGAIN, true);
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	grow_old(&world->keeper, 0, 3 * MINUTE, false);
	assert_string_equal(handed_to(world, 1), "");
	resume(world);
	assert_string_equal(handed_to(world, 1), "down");
	destroy(&world);
}

/* Claimed with others, while one of them was on its way. */
static void
what_is_claimed_is_asked_again(void **state)
{
	struct world *world = create();
	struct delivery delivery = { .notice = 0 };

	(void)state;
	hold(world, 0, true);
	down(world, 0, "");
	down(world, 1, "");
	hold(world, 0, false);
	assert_string_equal(handed(world), "down");
	assert_true(outbox_next(&world->keeper, notifier_at(&world->keeper, 0), STORE_QUEUE_CLAIMED, 0, &delivery));
	assert_true(outbox_next(&world->keeper, notifier_at(&world->keeper, 0), STORE_QUEUE_CLAIMED, 0, &delivery));
	ASK(world, "pause", 1, "mx2", "1h", "planned");
	answer(world, PW_SENT, false);
	assert_string_equal(handed(world), "");
	ASK(world, "resume", 1, "mx2");
	assert_string_equal(handed(world), "down");
	assert_memory_equal(world->notice.target.data, "mx2", 3);
	destroy(&world);
}

/* One of two has it: the other is told when the reason has ended, and not before; and then of the end. */
static void
what_some_have_waits_for_the_others(void **state)
{
	struct world *world = create();
	struct notifier *notifier = notifier_at(&world->keeper, 0);
	unsigned char packet[512];
	struct wire_out out = wire_over(packet, sizeof packet);

	(void)state;
	notifier->recipients = two;
	notifier->recipient_count = 2;
	down(world, 0, "");
	assert_string_equal(handed(world), "down");
	answer(world, PW_SENT, false);
	message_put_receipt(&out, &(struct message_receipt){ .notice = world->notice.notice, .recipient = 1, .fate = PW_AGAIN,
	    .text = { "later", 5 } });
	assert_true(packet_send(world->notifiers[0], packet, out.size, -1));
	dispatch_hear(&world->keeper, notifier);
	ripen(world, 0);
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	assert_string_equal(handed(world), "");
	up(world, 0, world->changes[0], "paused");
	resume(world);
	say(world, 0, "", "", "", 0, "");
	assert_string_equal(handed(world), "down");
	assert_int_equal(world->notice.recipient_count, 1);
	answer(world, PW_SENT, false);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(handed(world), "up");
		assert_int_equal(world->notice.recipient_count, 1);
		answer(world, PW_SENT, false);
	}
	assert_string_equal(handed(world), "");
	destroy(&world);
}

static void
a_hand_that_retries_is_obeyed(void **state)
{
	struct world *world = create();

	(void)state;
	notifier_at(&world->keeper, 0)->rest_until = INT64_MAX;
	down(world, 0, "");
	assert_string_equal(handed(world), "");
	ASK(world, "pause", 0, "mx1", "1h", "planned");
	ASK(world, "outbox", CONFIG_NONE, "retry", "all");
	assert_string_equal(handed(world), "down");
	/* The next attempt is the daemon's own. */
	answer(world, PW_AGAIN, false);
	ripen(world, 0);
	assert_string_equal(handed(world), "");
	destroy(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_holds_back_an_escalation),
		cmocka_unit_test(what_cannot_be_compared_is_compared_again),
		cmocka_unit_test(why_it_was_not_told_is_kept),
		cmocka_unit_test(so_does_one_by_tag),
		cmocka_unit_test(a_window_that_opens_holds_it_back),
		cmocka_unit_test(a_parent_that_goes_down_holds_it_back),
		cmocka_unit_test(who_is_blind_says_nothing_of_targets),
		cmocka_unit_test(what_was_over_in_the_pause_is_not_told_to_who_waits),
		cmocka_unit_test(what_was_withheld_outlives_the_keeper),
		cmocka_unit_test(an_acknowledgement_holds_reminders_and_who_is_told_later),
		cmocka_unit_test(nobody_stands_in_while_it_is_paused),
		cmocka_unit_test(what_is_claimed_is_asked_again),
		cmocka_unit_test(what_some_have_waits_for_the_others),
		cmocka_unit_test(a_hand_that_retries_is_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
