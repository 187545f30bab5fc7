/* Deliveries in the lines of their targets: in the order of their notices, whatever order they come and go in. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "keeper/keeper.h"
#include "keeper/queued.h"

static struct roll_known rows[] = { { .number = 5 }, { .number = 9 } };
static struct keeper keeper = { .roll = { .count = 2, .rows = rows } };
static struct courier courier;

static struct delivery *
add(uint64_t target, uint64_t notice, const char *recipient)
{
	struct delivery *delivery = calloc(1, sizeof *delivery + strlen(recipient) + 1);

	delivery->target = target;
	delivery->notice = notice;
	delivery->state = STORE_DELIVERY_waiting;
	memcpy(delivery->recipient, recipient, strlen(recipient) + 1);
	queued_add(&keeper, &courier, delivery);
	return delivery;
}

static void
leave(struct delivery *delivery)
{
	queued_remove(&keeper, &courier, delivery);
	free(delivery);
}

/* The notices of a target's line, and nothing else. */
static void
assert_line(uint64_t target, uint32_t count, const uint64_t *notices)
{
	const struct delivery *delivery = NULL;

	for (uint32_t i = 0; i < count; i++) {
		delivery = queued_next(&keeper, &courier, target, delivery);
		assert_non_null(delivery);
		assert_int_equal(delivery->notice, notices[i]);
	}
	assert_null(queued_next(&keeper, &courier, target, delivery));
}
#define LINE(target, ...)                                                                                              \
	assert_line(target, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), (const uint64_t[]){ __VA_ARGS__ })

static int
set_up(void **state)
{
	(void)state;
	courier = (struct courier){ .fd = -1 };
	return queued_open(&keeper, &courier) ? 0 : 1;
}

static int
tear_down(void **state)
{
	(void)state;
	free(courier.lines);
	return 0;
}

static void
a_line_is_in_the_order_of_its_notices(void **state)
{
	struct delivery *two = add(5, 2, ""), *four = add(5, 4, ""), *other = add(9, 3, ""), *three = add(5, 3, ""), *one = add(5, 1, "");

	(void)state;
	LINE(5, 1, 2, 3, 4);
	LINE(9, 3);
	leave(four);
	struct delivery *five = add(5, 5, "");
	LINE(5, 1, 2, 3, 5);
	leave(two);
	leave(one);
	LINE(5, 3, 5);
	three->state = STORE_DELIVERY_sent; /* at its end, but not gone yet */
	LINE(5, 5);
	leave(three);
	leave(five);
	struct delivery *six = add(5, 6, "");
	LINE(5, 6);
	leave(six);
	leave(other);
	assert_null(queued_next(&keeper, &courier, 5, NULL));
}

/* Ends are counted, so that none is looked for where there is none. */
static void
ends_are_counted(void **state)
{
	struct delivery *ends[2], *down = add(5, 1, "");

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		ends[i] = calloc(1, sizeof *ends[i] + 1);
		*ends[i] = (struct delivery){ .target = 5 + 4 * i, .notice = 2, .state = STORE_DELIVERY_waiting, .kind = NOTICE_up };
		queued_add(&keeper, &courier, ends[i]);
	}
	assert_int_equal(courier.ends, 2);
	leave(ends[0]);
	leave(down);
	assert_int_equal(courier.ends, 1);
	leave(ends[1]);
	assert_int_equal(courier.ends, 0);
}

/* What the roll does not have shares a line, and so does what is of ourselves. */
static void
unknown_targets_are_told_apart(void **state)
{
	struct delivery *ours = add(0, 1, ""), *gone = add(77, 2, ""), *another = add(78, 3, "");

	(void)state;
	LINE(0, 1);
	LINE(77, 2);
	LINE(78, 3);
	leave(gone);
	LINE(78, 3);
	leave(ours);
	leave(another);
}

static void
what_is_older_goes_first_to_the_same_recipient(void **state)
{
	struct delivery *first = add(5, 1, "ann"), *second = add(5, 2, "ann"), *to_ben = add(5, 2, "ben");
	struct delivery *own = add(0, 1, "ann"), *own_second = add(0, 2, "ann");

	(void)state;
	assert_false(queued_is_behind(&keeper, &courier, first, 0));
	assert_true(queued_is_behind(&keeper, &courier, second, 0));
	assert_false(queued_is_behind(&keeper, &courier, to_ben, 0));
	assert_false(queued_is_behind(&keeper, &courier, own_second, 0));
	first->state = STORE_DELIVERY_merged; /* into a digest: it is told with that */
	first->digest = 7;
	assert_true(queued_is_behind(&keeper, &courier, second, 0));
	assert_true(queued_is_behind(&keeper, &courier, second, 8));
	assert_false(queued_is_behind(&keeper, &courier, second, 7));
	leave(first);
	assert_false(queued_is_behind(&keeper, &courier, second, 0));
	leave(second);
	leave(to_ben);
	leave(own);
	leave(own_second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_in_the_order_of_its_notices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_targets_are_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_older_goes_first_to_the_same_recipient, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
