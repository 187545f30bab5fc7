/* Replies of a relay: whole, in parts, without bounds, and told in one line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../plugins/email/gate/reply.h"

static enum reply_status
look(const char *bytes, size_t size, int *code, size_t *used)
{
	/* Exactly as large as it is, so that a sanitizer sees what is read behind it. */
	char *copy = malloc(size + 1);
	const char *fault = NULL;
	enum reply_status status;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	status = reply_read(copy, size, code, used, &fault);
	assert_true((status == REPLY_BAD) == (fault != NULL));
	free(copy);
	return status;
}

static void
ends_with_its_last_line(void **state)
{
	static const struct { const char *bytes; int code; size_t used; } rows[] = {
		{ "250 ok\r\n", 250, 8 }, { "250\r\n", 250, 5 }, { "250 ok\n", 250, 7 }, { "250 \r\n354 go\r\n", 250, 6 },
		{ "250-a\r\n250-b\r\n250 c\r\nrest", 250, 21 }, { "554 5.7.1 no\r\n", 554, 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t used = 0;
		int code = 0;

		for (size_t size = 0; size < rows[i].used; size++)
			assert_int_equal(look(rows[i].bytes, size, &code, &used), REPLY_PART);
		assert_int_equal(look(rows[i].bytes, strlen(rows[i].bytes), &code, &used), REPLY_WHOLE);
		assert_int_equal(code, rows[i].code);
		assert_int_equal(used, rows[i].used);
	}
}

static void
is_refused_where_it_is_none(void **state)
{
	static const char *const rows[] = { "\r\n", "25\r\n", "999 what\r\n", "150 what\r\n", "2x0 ok\r\n", "250ok\r\n", "hello\r\n",
		"250-a\r\n550 b\r\n", "250-a\r\nb\r\n" };
	static char flood[2 * REPLY_BYTES_MAX];
	size_t used;
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(look(rows[i], strlen(rows[i]), &code, &used), REPLY_BAD);
	memset(flood, '2', sizeof flood);
	assert_int_equal(look(flood, REPLY_LINE_MAX, &code, &used), REPLY_PART);
	assert_int_equal(look(flood, REPLY_LINE_MAX + 1, &code, &used), REPLY_BAD);
	for (size_t i = 0; i + 6 <= sizeof flood; i += 6)
		memcpy(flood + i, "250-\r\n", 6);
	assert_int_equal(look(flood, 6 * REPLY_LINES_MAX - 1, &code, &used), REPLY_PART);
	assert_int_equal(look(flood, 6 * REPLY_LINES_MAX + 6, &code, &used), REPLY_BAD);
}

static void
is_told_in_one_line(void **state)
{
	static const struct { const char *bytes, *words; } rows[] = {
		{ "250 2.0.0 Ok\r\n", "250 2.0.0 Ok" }, { "250-first\r\n250 second\r\n", "250 first / second" },
		{ "250\r\n", "250" }, { "550 a\tb\x1b[31m\r\n", "550 a?b?[31m" },
		{ "250 0123456789012345678901234567890123456789\r\n", "250 0123456789012345678901234567… (+12 bytes)" },
	};
	char words[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		reply_tell(rows[i].bytes, strlen(rows[i].bytes), words, sizeof words);
		assert_string_equal(words, rows[i].words);
	}
}

/* Lines that are short enough, and too many bytes of them before the end of the last. */
static void
is_bounded_as_a_whole(void **state)
{
	enum { LINES = 100, LINE = REPLY_BYTES_MAX / LINES };
	static char bytes[REPLY_BYTES_MAX + LINE];
	size_t used;
	int code;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	for (size_t at = 0; at + LINE <= sizeof bytes; at += LINE) {
		memcpy(bytes + at, "250-", 4);
		memcpy(bytes + at + LINE - 2, "\r\n", 2);
	}
	assert_int_equal(look(bytes, REPLY_BYTES_MAX - 1, &code, &used), REPLY_PART);
	assert_int_equal(look(bytes, REPLY_BYTES_MAX, &code, &used), REPLY_BAD);
}

/* In little room it is told how much there was. */
static void
is_counted_where_there_is_no_room(void **state)
{
	char words[24];

	(void)state;
	reply_tell("250 taken as 4711\r\n", 19, words, sizeof words);
	assert_string_equal(words, "… (+17 bytes)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_with_its_last_line),
		cmocka_unit_test(is_refused_where_it_is_none),
		cmocka_unit_test(is_told_in_one_line),
		cmocka_unit_test(is_bounded_as_a_whole),
		cmocka_unit_test(is_counted_where_there_is_no_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
