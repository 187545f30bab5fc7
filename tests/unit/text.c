/* Text: cut at the right places, escaped so that nothing gets through, spans as people write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/reason.h"
#include "base/text.h"

#define BYTES(literal) ((struct pw_bytes){ (literal), sizeof(literal) - 1 })

static void
adds_until_full(void **state)
{
	char bytes[8];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	text_add(&text, "abc");
	text_add_u64(&text, 1234);
	assert_string_equal(bytes, "abc1234");
	assert_false(text.cut);
	text_add(&text, "");
	assert_false(text.cut);
	text_add(&text, "x");
	assert_true(text.cut);
	assert_string_equal(bytes, "abc1234");
}

static void
leaves_no_hole_after_a_cut(void **state)
{
	char bytes[6];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	text_add(&text, "abc");
	text_add_u64(&text, 1234);
	text_add(&text, "d");
	text_format(&text, "e");
	text_escape(&text, BYTES("f"));
	assert_string_equal(bytes, "abc");
	assert_int_equal(text.size, 3);
}

static void
cuts_no_sequence(void **state)
{
	char bytes[6];

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct text text = TEXT_OVER(bytes);

		if (how == 0)
			text_add(&text, "abc\xe2\x82\xac");
		else if (how == 1)
			text_format(&text, "abc%s", "\xe2\x82\xac");
		else
			text_escape(&text, BYTES("abc\xe2\x82\xac"));
		assert_true(text.cut);
		assert_string_equal(bytes, "abc");
	}
	struct text text = TEXT_OVER(bytes);
	text_add(&text, "ab\xe2\x82\xac");
	assert_false(text.cut);
	assert_int_equal(text.size, 5);
}

static void
cuts_no_escape(void **state)
{
	char bytes[8];

	(void)state;
	struct text text = TEXT_OVER(bytes);
	text_escape(&text, BYTES("abcd\x01"));
	assert_true(text.cut);
	assert_string_equal(bytes, "abcd");
	text = TEXT_OVER(bytes);
	text_escape(&text, BYTES("abcdef\\"));
	assert_true(text.cut);
	assert_string_equal(bytes, "abcdef");
}

static void
formats(void **state)
{
	char bytes[16];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	text_format(&text, "%d-%s", 7, "x");
	assert_string_equal(bytes, "7-x");
	text_format(&text, "%s", "0123456789ab");
	assert_false(text.cut);
	assert_int_equal(text.size, 15);
	text_format(&text, "%s", "");
	assert_false(text.cut);
}

static void
writes_numbers(void **state)
{
	char bytes[64];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	text_add_i64(&text, INT64_MIN);
	text_add(&text, " ");
	text_add_u64(&text, UINT64_MAX);
	text_add(&text, " ");
	text_add_i64(&text, 0);
	assert_string_equal(bytes, "-9223372036854775808 18446744073709551615 0");
}

static void
escapes(void **state)
{
	static const struct {
		struct pw_bytes raw;
		const char *shown;
	} cases[] = {
		{ BYTES("220 mx.example.org ESMTP"), "220 mx.example.org ESMTP" },
		{ BYTES(""), "" },
		{ BYTES("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xac"), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xac" },
		{ BYTES("\x00\x07\x1b[31m\r\n\t\x7f"), "\\x00\\x07\\x1b[31m\\x0d\\x0a\\x09\\x7f" },
		{ BYTES("\\x41 \\"), "\\\\x41 \\\\" },
		{ BYTES("\xff\xfe\xc3("), "\\xff\\xfe\\xc3(" },
		{ BYTES("\xc2\x85|\xc2\x9b"), "\\xc2\\x85|\\xc2\\x9b" },                                     /* C1 */
		{ BYTES("\xe2\x80\xae|\xe2\x81\xa6"), "\\xe2\\x80\\xae|\\xe2\\x81\\xa6" },                   /* bidi */
		{ BYTES("\xe2\x80\xa8|\xe2\x80\x8b"), "\\xe2\\x80\\xa8|\\xe2\\x80\\x8b" },                   /* LS, ZWSP */
		{ BYTES("\xef\xbb\xbf|\xc2\xad"), "\\xef\\xbb\\xbf|\\xc2\\xad" },                            /* BOM, SHY */
		{ BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },                                                /* surrogate */
		{ BYTES("\xef\xbf\xbe|\xf0\x9f\xbf\xbf|\xef\xb7\x90"), "\\xef\\xbf\\xbe|\\xf0\\x9f\\xbf\\xbf|\\xef\\xb7\\x90" },
		{ BYTES("\xc0\xaf|\xe0\x80\xaf|\xf0\x80\x80\xaf"), "\\xc0\\xaf|\\xe0\\x80\\xaf|\\xf0\\x80\\x80\\xaf" }, /* overlong */
		{ BYTES("\xf4\x90\x80\x80|\xf5\x80\x80\x80"), "\\xf4\\x90\\x80\\x80|\\xf5\\x80\\x80\\x80" }, /* > 10FFFF */
		{ BYTES("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81" },                                       /* tag */
		{ BYTES("\xe2\x82"), "\\xe2\\x82" },
		{ BYTES("%s%n<script>"), "%s%n<script>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bytes[256];
		struct text text = TEXT_OVER(bytes);

		text_escape(&text, cases[i].raw);
		assert_string_equal(bytes, cases[i].shown);
		assert_false(text.cut);
	}
}

static void
shows_spans(void **state)
{
	static const struct {
		int64_t span;
		const char *shown;
	} cases[] = {
		{ 0, "0.000 s" },
		{ 3, "0.01 ms" },
		{ 42, "0.04 ms" },
		{ 999, "1.00 ms" },
		{ 4 * MILLISECOND, "0.004 s" },
		{ 4499, "0.004 s" },
		{ 4500, "0.005 s" },
		{ 999499, "0.999 s" },
		{ 999500, "1.0 s" },
		{ SECOND, "1.0 s" },
		{ 60 * SECOND, "60.0 s" },
		{ 90 * SECOND + 449 * MILLISECOND, "90.4 s" },
		{ 119 * SECOND + 949 * MILLISECOND, "119.9 s" },
		{ 119 * SECOND + 950 * MILLISECOND, "2 min" },
		{ 125ll * SECOND, "2 min 5 s" },
		{ 3599ll * SECOND + 700 * MILLISECOND, "1 h" },
		{ 3900ll * SECOND, "1 h 5 min" },
		{ 86370ll * SECOND, "1 d" },
		{ 74ll * 3600 * SECOND, "3 d 2 h" },
		{ -1500 * MILLISECOND, "-1.5 s" },
		{ INT64_MIN, "-106751991 d 4 h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bytes[32];
		struct text text = TEXT_OVER(bytes);

		text_add_span(&text, cases[i].span);
		assert_string_equal(bytes, cases[i].shown);
	}
}

static void
shows_ages(void **state)
{
	static const struct {
		int64_t seconds;
		const char *shown;
	} cases[] = { { -1, "0 s" }, { 59, "59 s" }, { 90, "1 min 30 s" }, { 600, "10 min" }, { 719, "11 min" }, { 3900, "1 h 5 min" },
		{ 74 * 3600 + 1, "3 d 2 h" }, { 11 * 86400 + 3600, "11 d" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bytes[32];
		struct text text = TEXT_OVER(bytes);

		text_add_age(&text, cases[i].seconds * SECOND + 1);
		assert_string_equal(bytes, cases[i].shown);
	}
}

static void
shows_seconds(void **state)
{
	char bytes[64];
	struct text text = TEXT_OVER(bytes);

	(void)state;
	text_add_seconds(&text, 4213);
	text_add(&text, " ");
	text_add_seconds(&text, 61000001);
	text_add(&text, " ");
	text_add_seconds(&text, -1);
	text_add(&text, " ");
	text_add_seconds(&text, INT64_MIN);
	assert_string_equal(bytes, "0.004213 61.000001 -0.000001 -9223372036854.775808");
}

static const char *
nearest_key(const char *word)
{
	static const char *const keys[] = { "name", "host", "interval", "retry_interval", "tries", "recover_tries", "limits", "tls" };
	struct nearest near = nearest_to(word);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		nearest_try(&near, keys[i]);
	return near.best;
}

static void
finds_what_was_meant(void **state)
{
	(void)state;
	assert_string_equal(nearest_key("intervall"), "interval");
	assert_string_equal(nearest_key("itnerval"), "interval");
	assert_string_equal(nearest_key("Hosts"), "host");
	assert_string_equal(nearest_key("retryinterval"), "retry_interval");
	assert_string_equal(nearest_key("tsl"), "tls");
	assert_null(nearest_key("colour"));
	assert_null(nearest_key("x"));
	assert_null(nearest_key(""));
	char monster[200];
	memset(monster, 'a', sizeof monster - 1);
	monster[sizeof monster - 1] = '\0';
	assert_null(nearest_key(monster));
}

static void
gives_reasons(void **state)
{
	struct reason why;

	(void)state;
	reason_set(&why, "%s: %d", "no", 3);
	assert_string_equal(why.text, "no: 3");
	reason_set(&why, "%1000s", "x");
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
	reason_set(NULL, "nobody asks");
}

static void
reads_the_clocks(void **state)
{
	int64_t before = clock_mono(), after = clock_mono();

	(void)state;
	assert_true(before > 0 && after >= before);
	assert_true(clock_wall() > 1700000000ll * SECOND);
}

/* A backslash that text_escape() wrote stays; a process that did not escape is not believed. */
static void
keeps_what_was_escaped(void **state)
{
	char bytes[64];
	struct text text = TEXT_OVER(bytes);
	static const char shown[] = "a\\x1b \x1b[31m";

	(void)state;
	text_add_shown(&text, (struct pw_bytes){ shown, sizeof shown - 1 });
	assert_string_equal(bytes, "a\\x1b \\x1b[31m");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_until_full),
		cmocka_unit_test(leaves_no_hole_after_a_cut),
		cmocka_unit_test(cuts_no_sequence),
		cmocka_unit_test(cuts_no_escape),
		cmocka_unit_test(formats),
		cmocka_unit_test(writes_numbers),
		cmocka_unit_test(escapes),
		cmocka_unit_test(keeps_what_was_escaped),
		cmocka_unit_test(shows_spans),
		cmocka_unit_test(shows_ages),
		cmocka_unit_test(shows_seconds),
		cmocka_unit_test(finds_what_was_meant),
		cmocka_unit_test(gives_reasons),
		cmocka_unit_test(reads_the_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
