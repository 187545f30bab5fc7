/* Replies at the bounds of their size, and their enhanced codes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "prober/replies.h"

enum { LINE = 512 }; /* bytes, with its LF: all that a reply may have are 128 */

static char bytes[REPLY_BYTES_MAX + 2 * LINE];

/* So many lines of a reply that goes on. */
static size_t
fill(size_t lines, size_t line)
{
	memset(bytes, 'x', sizeof bytes);
	for (size_t i = 0; i < lines; i++) {
		memcpy(bytes + i * line, "250-", 4);
		bytes[(i + 1) * line - 1] = '\n';
	}
	return lines * line;
}

static enum reply_status
read_all(size_t *size)
{
	struct reply_reader reader = { .code = 0 };

	return reply_read(&reader, PW_REPLIES, bytes, size);
}

static void
the_size_is_bounded(void **state)
{
	size_t size = fill(100, 600);

	(void)state;
	assert_int_equal(read_all(&size), REPLY_INCOMPLETE);
	memcpy(bytes + size, "250-", 4); /* a line without its end */
	size = REPLY_BYTES_MAX;
	assert_int_equal(read_all(&size), REPLY_LINE_TOO_LONG);
	size = fill(109, 600); /* 65,400 */
	memcpy(bytes + size, "250-", 4);
	size = REPLY_BYTES_MAX;
	assert_int_equal(read_all(&size), REPLY_INCOMPLETE);
	size = REPLY_BYTES_MAX + 1;
	assert_int_equal(read_all(&size), REPLY_TOO_LONG);
	size = fill(110, 600); /* whole lines beyond it */
	assert_int_equal(read_all(&size), REPLY_TOO_LONG);
}

static void
the_lines_are_bounded(void **state)
{
	size_t size = fill(REPLY_LINES_MAX - 1, LINE);

	(void)state;
	memcpy(bytes + size, "250 ok\r\n", 8);
	size += 8;
	assert_int_equal(read_all(&size), REPLY_COMPLETE);
	size = fill(REPLY_LINES_MAX, LINE);
	assert_int_equal(read_all(&size), REPLY_TOO_LONG);
}

static void
enhanced_codes_end(void **state)
{
	static const struct {
		const char *text;
		bool is_one;
	} rows[] = { { "2.1.0 ok", true }, { "5.7.1\tno", true }, { "4.3.2", true }, { "2.1.0x", false }, { "2.1", false }, { "2.1.", false },
		{ "2.x.0", false }, { "2", false }, { "3.1.0 no", false }, { "", false }, { "5.7.1000 no", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int enhanced[3];

		assert_int_equal(reply_enhanced((struct pw_bytes){ rows[i].text, strlen(rows[i].text) }, enhanced), rows[i].is_one);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_is_bounded),
		cmocka_unit_test(the_lines_are_bounded),
		cmocka_unit_test(enhanced_codes_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
