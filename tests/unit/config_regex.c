/* Regular expressions on bytes, and what they may cost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/regex.h"

static struct arena *arena;

static bool
found(const char *pattern, const char *bytes, size_t size)
{
	struct reason why;
	const struct pw_regex *regex = regex_compile(arena, pattern, &why);
	bool limited;

	assert_non_null(regex);
	assert_string_equal(regex_pattern(regex), pattern);
	return regex_matches(regex, (struct pw_bytes){ bytes, size }, &limited) && !limited;
}

static void
matches_bytes(void **state)
{
	(void)state;
	assert_true(found("^220 .*ESMTP", "220 mx ESMTP Postfix", 20));
	assert_false(found("^220 .*ESMTP", "220 mx", 6));
	assert_true(found("a.b", "a\0b", 3));
	assert_true(found("\\xff$", "\xfe\xff", 2));
	assert_true(found("^...$", "\xe2\x98\x83", 3)); /* bytes, not characters */
	assert_false(found("x", "", 0));
	assert_true(found("(?i)esmtp", "220 EsMtP", 9));
}

static void
explains_what_is_wrong(void **state)
{
	static const struct { const char *pattern, *part; } bad[] = {
		{ "(", "at character 2" },
		{ "a)b", "at character" },
		{ "[z-a]", "range" },
		{ "(*UTF)a", "disabled" },
		{ "\\Ca", "\\C" },
		{ "((((((((((((((((((((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))))))))))))))))))))", "nested" },
	};
	char long_pattern[1100];
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_null(regex_compile(arena, bad[i].pattern, &why));
		if (strstr(why.text, bad[i].part) == NULL)
			fail_msg("%s: %s", bad[i].pattern, why.text);
	}
	memset(long_pattern, 'a', sizeof long_pattern);
	long_pattern[sizeof long_pattern - 1] = '\0';
	assert_null(regex_compile(arena, long_pattern, &why));
	assert_null(regex_compile(arena, "(?:(?:(?:a{1000}){1000}){1000}){1000}", &why));
}

static void
gives_up_at_its_limit(void **state)
{
	char bytes[64 * 1024];
	struct reason why;
	const struct pw_regex *regex = regex_compile(arena, "(a+)+$", &why), *deep = regex_compile(arena, "(?:(a)|b)*c", &why);
	bool limited;

	(void)state;
	memset(bytes, 'a', sizeof bytes);
	bytes[sizeof bytes - 1] = 'b';
	assert_false(regex_matches(regex, (struct pw_bytes){ bytes, sizeof bytes }, &limited));
	assert_true(limited);
	regex_matches(deep, (struct pw_bytes){ bytes, sizeof bytes }, &limited);
	assert_false(regex_matches(regex, (struct pw_bytes){ "b", 1 }, &limited));
	assert_false(limited);
}

/* Groups that took no part are empty, and there are no more than the expression has, whatever the room. */
static void
has_the_groups_of_its_expression(void **state)
{
	static const struct pw_bytes before = { "before", 6 };
	struct pw_bytes groups[10];
	struct reason why;
	const struct pw_regex *regex = regex_compile(arena, "(a)|(b)(c)?", &why);

	(void)state;
	for (int i = 0; i < 10; i++)
		groups[i] = before;
	assert_int_equal(regex_find(regex, (struct pw_bytes){ "xbx", 3 }, groups, 10, NULL), 4);
	assert_int_equal(groups[0].size, 1);
	assert_int_equal(groups[1].size, 0);
	assert_int_equal(groups[2].size, 1);
	assert_memory_equal(groups[2].data, "b", 1);
	assert_int_equal(groups[3].size, 0);
	for (int i = 4; i < 10; i++)
		assert_ptr_equal(groups[i].data, before.data);
	assert_int_equal(regex_find(regex, (struct pw_bytes){ "xbx", 3 }, groups, 2, NULL), 2);
}

static void
works_in_a_frozen_arena(void **state)
{
	struct arena *frozen = arena_create();
	struct reason why;
	const struct pw_regex *regex = regex_compile(frozen, "^(2\\d\\d)[ -].*(?:ESMTP|SMTP)", &why);

	(void)state;
	arena_freeze(frozen);
	assert_true(regex_matches(regex, (struct pw_bytes){ "220 mx ESMTP", 12 }, NULL));
	arena_destroy(&frozen);
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_create();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_bytes),
		cmocka_unit_test(explains_what_is_wrong),
		cmocka_unit_test(gives_up_at_its_limit),
		cmocka_unit_test(has_the_groups_of_its_expression),
		cmocka_unit_test(works_in_a_frozen_arena),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
