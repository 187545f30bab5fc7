/* What is queued for a notifier: for tests that look at it, or let time pass for it. */
#ifndef TESTS_WAITING_H
#define TESTS_WAITING_H

#include "keeper/outbox_private.h"

/* The first by target and notice into `delivery`. Returns false if nothing is. */
__attribute__((unused)) static bool
find_waiting(const struct keeper *keeper, uint32_t notifier, struct delivery *delivery)
{
	*delivery = (struct delivery){ .notice = 0 };
	return outbox_next(keeper, notifier_at(keeper, notifier), STORE_QUEUE_ALL, 0, delivery);
}

__attribute__((unused)) static bool
waits(const struct keeper *keeper, uint32_t notifier)
{
	struct delivery delivery;

	return find_waiting(keeper, notifier, &delivery);
}

/* All of it was made so long before, and, where it is `ripe`, is due. */
__attribute__((unused)) static void
grow_old(struct keeper *keeper, uint32_t index, int64_t span, bool ripe)
{
	struct notifier *notifier = notifier_at(keeper, index);
	struct delivery delivery = { .notice = 0 };

	while (outbox_next(keeper, notifier, STORE_QUEUE_ALL, 0, &delivery)) {
		delivery.created -= span;
		if (ripe)
			delivery.due = 0;
		outbox_put(keeper, notifier, &delivery, (struct pw_bytes){ "", 0 });
	}
}

#endif
