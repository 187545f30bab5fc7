/* What a terminal shows of a string is counted and cut as terminals do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "command/layout.h"

static void
counts_columns(void **state)
{
	(void)state;
	assert_int_equal(layout_columns(""), 0);
	assert_int_equal(layout_columns("mx1.example.org"), 15);
	assert_int_equal(layout_columns("Grüße"), 5);
	assert_int_equal(layout_columns("日本語"), 6);
	assert_int_equal(layout_columns("e\xcc\x81"), 1); /* a combining acute accent */
	assert_int_equal(layout_columns("\\x1b[31m"), 8); /* an escaped byte is four letters */
	assert_int_equal(layout_columns("\033[31mdown\033[0m"), 4);
	assert_int_equal(layout_columns("said" LAYOUT_HANG "so"), 6);
	assert_int_equal(layout_columns("\xff"), 1);
}

static void
fits(void **state)
{
	(void)state;
	assert_int_equal(layout_fit("connection refused", 100, true), 18);
	assert_int_equal(layout_fit("connection refused", 12, true), 10);
	assert_int_equal(layout_fit("connection refused", 12, false), 12);
	assert_int_equal(layout_fit("connection", 4, true), 4); /* a word that is too long */
	assert_int_equal(layout_fit("日本語", 5, false), 6);    /* half of a character is none */
	assert_int_equal(layout_fit("ab\\xff", 5, false), 2);   /* nor is a part of an escape */
	assert_int_equal(layout_fit("\033[31mdown\033[0m", 2, false), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_columns),
		cmocka_unit_test(fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
