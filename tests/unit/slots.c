/* Slots: never more than the caps, first come first served, and nobody is forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/messages.h"
#include "prober/slots.h"
#include "prober/waiting.h"

struct guest {
	struct slot slot;
	unsigned granted, order;
};

static unsigned turn;

static void
give_back(struct slots *slots, struct guest *guest)
{
	struct slot_line line;
	struct slot *slot;

	slots_give_back(slots, &guest->slot, &line);
	TAILQ_FOREACH(slot, &line, link) {
		struct guest *granted = (struct guest *)slot;

		assert_true(slot->held);
		granted->granted++;
		granted->order = ++turn;
	}
}

static unsigned
held(const struct guest *guests, unsigned count)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += guests[i].slot.held;
	return sum;
}

static struct address
address(unsigned number)
{
	const unsigned char bytes[] = { 192, 0, (unsigned char)(number / 256), (unsigned char)number };

	return address_ipv4(bytes, (uint16_t)(number + 1000));
}

static bool
ask(struct slots *slots, struct guest *guest, unsigned number)
{
	struct address wanted = address(number);

	*guest = (struct guest){ .granted = 0 };
	return slots_ask(slots, &guest->slot, &wanted);
}

static void
keeps_to_an_address(void **state)
{
	struct slots *slots = slots_create(100, 2);
	struct guest guests[5];

	(void)state;
	assert_true(ask(slots, &guests[0], 1));
	assert_true(ask(slots, &guests[1], 1));
	assert_false(ask(slots, &guests[2], 1));
	assert_false(ask(slots, &guests[3], 1));
	assert_true(ask(slots, &guests[4], 2));
	assert_int_equal(held(guests, sizeof guests / sizeof *guests), 3);
	give_back(slots, &guests[0]);
	assert_int_equal(guests[2].granted, 1);
	assert_int_equal(guests[3].granted, 0);
	give_back(slots, &guests[3]);
	give_back(slots, &guests[1]);
	assert_int_equal(guests[3].granted, 0);
	give_back(slots, &guests[2]);
	give_back(slots, &guests[4]);
	give_back(slots, &guests[4]);
	assert_int_equal(held(guests, sizeof guests / sizeof *guests), 0);
	slots_destroy(&slots);
}

static void
keeps_to_the_whole(void **state)
{
	struct slots *slots = slots_create(2, 2);
	struct guest guests[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(ask(slots, &guests[i], i / 2), i < 2);
	turn = 0;
	give_back(slots, &guests[0]);
	give_back(slots, &guests[1]);
	assert_int_equal(held(guests, sizeof guests / sizeof *guests), 2);
	/* The two other addresses take turns. */
	assert_int_equal(guests[2].order, 1);
	assert_int_equal(guests[4].order, 2);
	give_back(slots, &guests[2]);
	give_back(slots, &guests[4]);
	assert_int_equal(guests[3].granted + guests[5].granted, 2);
	give_back(slots, &guests[3]);
	give_back(slots, &guests[5]);
	assert_int_equal(held(guests, sizeof guests / sizeof *guests), 0);
	slots_destroy(&slots);
}

/* Whatever comes and goes: the caps hold, and in the end all had their turn. */
static void
serves_all(void **state)
{
	enum { GUESTS = 3000, PLACES = 700, IN_ALL = 50, EACH = 3 };
	struct slots *slots = slots_create(IN_ALL, EACH);
	struct guest *guests = calloc(GUESTS, sizeof *guests);
	uint32_t seed = 1;
	unsigned served = 0;

	(void)state;
	for (unsigned i = 0; i < GUESTS; i++) {
		seed = seed * 1103515245 + 12345;
		if (ask(slots, &guests[i], (seed >> 16) % PLACES))
			guests[i].granted = 1;
	}
	assert_int_equal(held(guests, GUESTS), IN_ALL);
	for (bool progress = true; progress;) {
		progress = false;
		for (unsigned i = 0; i < GUESTS; i++) {
			if (!guests[i].slot.held)
				continue;
			assert_int_equal(guests[i].granted, 1);
			give_back(slots, &guests[i]);
			assert_true(held(guests, GUESTS) <= IN_ALL);
			served++;
			progress = true;
		}
	}
	assert_int_equal(served, GUESTS);
	free(guests);
	slots_destroy(&slots);
}

static void
orders_leave_by_time(void **state)
{
	struct waiting waiting = { .count = 0 };
	struct order order = { .run = 0 };
	uint32_t seed = 7;
	int64_t last = -1;

	(void)state;
	assert_true(waiting_due(&waiting) == INT64_MAX);
	for (unsigned i = 0; i < 1000; i++) {
		seed = seed * 1103515245 + 12345;
		order.due = seed >> 12;
		order.run = i;
		assert_true(waiting_put(&waiting, &order));
	}
	assert_false(waiting_take(&waiting, waiting_due(&waiting) - 1, &order));
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(waiting_take(&waiting, INT64_MAX - 1, &order));
		assert_true(order.due >= last);
		last = order.due;
	}
	assert_false(waiting_take(&waiting, INT64_MAX - 1, &order));
	waiting_fini(&waiting);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_to_an_address),
		cmocka_unit_test(keeps_to_the_whole),
		cmocka_unit_test(serves_all),
		cmocka_unit_test(orders_leave_by_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
