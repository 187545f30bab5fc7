/* The parent's patience is what the design says, and tests may shorten it by name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "parent/times.h"

static void
the_standard_is_the_design(void **state)
{
	struct times times = times_standard();

	(void)state;
	assert_int_equal(times.silence, 10 * SECOND);
	assert_int_equal(times.keeper_silence, 120 * (int64_t)SECOND);
	assert_int_equal(times.stop, 10 * SECOND);
	assert_int_equal(times.quarantine.window, 3600 * (int64_t)SECOND);
	assert_int_equal(times.quarantine.hold, 86400 * (int64_t)SECOND);
}

static void
words_shorten_what_they_name(void **state)
{
	struct times times = times_standard();
	struct reason why;

	(void)state;
	assert_true(times_shorten(&times, "", &why));
	assert_true(times_shorten(&times, " silence=1500ms  hold=2s ", &why));
	assert_int_equal(times.silence, 1500 * MILLISECOND);
	assert_int_equal(times.quarantine.hold, 2 * SECOND);
	assert_int_equal(times.keeper_silence, 120 * (int64_t)SECOND);
}

static void
wrong_words_are_told(void **state)
{
	struct times times = times_standard();
	struct reason why;

	(void)state;
	assert_false(times_shorten(&times, "silences=1s", &why));
	assert_non_null(strstr(why.text, "silences=1s"));
	assert_false(times_shorten(&times, "silence=soon", &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standard_is_the_design),
		cmocka_unit_test(words_shorten_what_they_name),
		cmocka_unit_test(wrong_words_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
