/* The emitter of the page: no byte of others stands in markup, a URL or a label as it came. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/emit.h"

static struct buffer buffer;

static const char *
made(void (*emit_value)(struct emit *, struct pw_bytes), const char *bytes, size_t size)
{
	struct emit emit = { .to = &buffer };

	buffer_clear(&buffer);
	emit_value(&emit, (struct pw_bytes){ bytes, size });
	EMIT(&emit, "");
	assert_false(emit.failed);
	assert_true(buffer_add(&buffer, "", 1, EMIT_MAX));
	return buffer.data;
}
#define MADE(function, literal) made(function, literal, sizeof(literal) - 1)

static void
markup_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(MADE(emit_text, "<b a='1' b=\"2\">&amp;</b>"),
	    "&lt;b a=&#39;1&#39; b=&#34;2&#34;&gt;&amp;amp;&lt;/b&gt;");
	assert_string_equal(MADE(emit_foreign, "<script>"), "&lt;script&gt;");
	assert_string_equal(MADE(emit_text, ""), "");
}

static void
bytes_that_cannot_be_shown_are_visible(void **state)
{
	(void)state;
	assert_string_equal(MADE(emit_foreign, "a\0b\r\n\x1b[31m\x80"), "a\\x00b\\x0d\\x0a\\x1b[31m\\x80");
	assert_string_equal(MADE(emit_foreign, "\xe2\x80\xae" "evil"), "\\xe2\\x80\\xaeevil");
	assert_string_equal(MADE(emit_text, "caf\xc3\xa9 \\x00"), "caf\xc3\xa9 \\x00");
}

/* Longer than a piece, with sequences that lie over its end. */
static void
long_text_is_whole(void **state)
{
	enum { COUNT = 5000 };
	char *text = malloc(2 * COUNT);
	(void)state;

	for (int i = 0; i < COUNT; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 2);
	for (size_t shift = 0; shift < 2; shift++) {
		char *whole = malloc(2 * COUNT + 2);
		memset(whole, 'x', shift);
		memcpy(whole + shift, text, 2 * COUNT);
		assert_memory_equal(made(emit_text, whole, 2 * COUNT + shift), whole, 2 * COUNT + shift);
		free(whole);
	}
	memset(text, '\x80', 2 * COUNT);
	assert_int_equal(strlen(made(emit_foreign, text, 2 * COUNT)), 8 * COUNT);
	free(text);
}

static void
addresses_are_percent_encoded(void **state)
{
	(void)state;
	assert_string_equal(MADE(emit_segment, "a/b c?\"<>&\xc3\xa9\0.-_~"), "a%2Fb%20c%3F%22%3C%3E%26%C3%A9%00.-_~");
}

static void
labels_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(MADE(emit_label, "a\"b\\c"), "a\\\"b\\\\c");
	assert_string_equal(MADE(emit_label, "a\nb\xff"), "a\\\\x0ab\\\\xff");
}

/* What is none of ours, or no date, stays text. */
static void
times_within_sentences_are_elements(void **state)
{
	(void)state;
	assert_string_equal(MADE(emit_sentence, "ends at 2026-11-29T09:22:34Z <b>"),
	    "ends at <time datetime=\"2026-11-29T09:22:34Z\">2026-11-29 09:22:34 UTC</time> &lt;b&gt;");
	assert_string_equal(MADE(emit_sentence, "2026-11-29T09:22:34Z"), "<time datetime=\"2026-11-29T09:22:34Z\">2026-11-29 09:22:34 UTC</time>");
	assert_string_equal(MADE(emit_sentence, "12026-11-29T09:22:34Z 2026-13-29T09:22:34Z 2026-11-29T09:22:3"), "12026-11-29T09:22:34Z 2026-13-29T09:22:34Z 2026-11-29T09:22:3");
	assert_string_equal(MADE(emit_sentence, ""), "");
}

static void
numbers_and_times(void **state)
{
	struct emit emit = { .to = &buffer };
	(void)state;

	buffer_clear(&buffer);
	emit_thousandths(&emit, 1500);
	EMIT(&emit, " ");
	emit_thousandths(&emit, -5);
	EMIT(&emit, " ");
	emit_seconds(&emit, 1500001);
	EMIT(&emit, " ");
	emit_time(&emit, INT64_C(1795944154) * SECOND);
	EMIT(&emit, " ");
	emit_time(&emit, 0);
	EMIT(&emit, " ");
	emit_age(&emit, -SECOND);
	assert_true(buffer_add(&buffer, "", 1, EMIT_MAX));
	assert_string_equal(buffer.data, "1.500 -0.005 1.500001 <time datetime=\"2026-11-29T09:22:34Z\">2026-11-29 09:22:34 UTC</time> - 0 s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(bytes_that_cannot_be_shown_are_visible),
		cmocka_unit_test(long_text_is_whole),
		cmocka_unit_test(addresses_are_percent_encoded),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(times_within_sentences_are_elements),
		cmocka_unit_test(numbers_and_times),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buffer_fini(&buffer);
	return failed;
}
