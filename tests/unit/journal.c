/* What is not safe, handed over from one monitor to the next. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "keeper/journal.h"

static struct slip *
add(struct slip ***last, uint64_t number, uint32_t generation, uint32_t size)
{
	struct slip *slip = calloc(1, sizeof *slip + size);

	*slip = (struct slip){ .number = number, .generation = generation, .size = size };
	**last = slip;
	*last = &slip->next;
	return slip;
}

static void
forget(struct slip **slips)
{
	for (struct slip *next; *slips != NULL; *slips = next) {
		next = (*slips)->next;
		free(*slips);
	}
}

/* In the order in which it is to be given, and no more. */
static void
assert_owed(const struct journal *journal, struct slip *const *wanted, size_t count)
{
	struct slip *slip = NULL;

	for (size_t i = 0; i < count; i++) {
		slip = journal_owed(journal, slip);
		assert_ptr_equal(slip, wanted[i]);
		assert_int_equal(slip->number, i + 1);
	}
	assert_null(journal_owed(journal, slip));
}

static void
all_of_it_is_owed_under_new_numbers(void **state)
{
	struct journal journal = { .serial = 1 };
	struct slip **sent = &journal.sent;
	(void)state;

	journal.open_last = &journal.open;
	struct slip *first = add(&sent, 70, 1, 3);
	struct slip *ours = add(&sent, 0, 0, 3), *known = add(&sent, 71, 1, 0);
	struct slip *second = add(&journal.open_last, 72, 1, 3), *third = add(&journal.open_last, 5, 2, 3);
	journal_hand_over(&journal, 3);
	assert_owed(&journal, (struct slip *[]){ first, second, third }, 3);
	assert_int_equal(journal_lowest(&journal, 3), 1);
	assert_true(!ours->owed && !known->owed && known->generation == 1);

	/* One is given, and what was sent is safe before the rest is. */
	first->owed = false;
	assert_ptr_equal(journal_owed(&journal, NULL), second);
	forget(&journal.sent);
	assert_ptr_equal(journal_owed(&journal, NULL), second);
	assert_int_equal(journal_lowest(&journal, 3), 2);
	second->owed = false;
	assert_ptr_equal(journal_owed(&journal, NULL), third);

	/* The open ones are sent, and nothing is open. Another monitor has to have all that is left. */
	journal.sent = journal.open;
	journal.open = NULL;
	journal.open_last = &journal.open;
	journal_hand_over(&journal, 4);
	assert_owed(&journal, (struct slip *[]){ second, third }, 2);
	assert_int_equal(journal_lowest(&journal, 3), UINT64_MAX);
	forget(&journal.sent);
	assert_null(journal_owed(&journal, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_is_owed_under_new_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
