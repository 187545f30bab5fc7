/* Evidence as a postmaster reads it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/transcript.h"

static struct pw_bytes
bytes_of(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static void
assert_line(int64_t at, enum evidence_dir dir, const char *bytes, const char *expected)
{
	struct evidence_line line = { at, dir, bytes_of(bytes) };
	char room[256];
	struct text text = TEXT_OVER(room);

	transcript_add_line(&text, &line);
	assert_string_equal(room, expected);
}

static void
each_direction_has_its_arrow(void **state)
{
	(void)state;
	assert_line(0, EVIDENCE_EVENT, "connecting", "   0.000 *** connecting");
	assert_line(12345, EVIDENCE_RECEIVED, "220 mx", "   0.012 <-- 220 mx");
	assert_line(SECOND, EVIDENCE_SENT, "EHLO me", "   1.000 --> EHLO me");
	assert_line(1234 * (int64_t)SECOND, EVIDENCE_SENT_TLS, "QUIT", "1234.000 ~~> QUIT");
	assert_line(61500000, EVIDENCE_RECEIVED_TLS, "221 \x1b[2J\r", "  61.500 <~~ 221 \\x1b[2J\\x0d");
}

static void
any_line_fits(void **state)
{
	static char bytes[4096], room[TRANSCRIPT_LINE_MAX];
	struct evidence_line line = { INT64_MAX, EVIDENCE_RECEIVED, { bytes, sizeof bytes } };
	struct text text = TEXT_OVER(room);

	(void)state;
	line.at = 99999999 * (int64_t)SECOND;
	memset(bytes, '\x01', sizeof bytes);
	transcript_add_line(&text, &line);
	assert_false(text.cut);
}

static const struct evidence leg = {
	.legs = 1, .verdict = PW_FAILED, .outcome = "banner_timeout", .text = { "no greeting within 60.0 s", 25 },
	.address = { "192.0.2.1", 9 }, .port = 25, .local = { "192.0.2.9:40112", 15 }, .helo = { "watch.example.net", 17 },
	.phase_count = 5,
	.phases = {
		{ "resolve", PHASE_OK, 2000, 5 * SECOND },
		{ "connect", PHASE_OK, 11000, 15 * SECOND },
		{ "banner", PHASE_FAILED, 60 * SECOND, 60 * SECOND },
		{ "ehlo", PHASE_NOT_REACHED, -1, 60 * SECOND },
		{ "quit", PHASE_NOT_REACHED, -1, 5 * SECOND },
	},
};

static void
who_talked_to_whom(void **state)
{
	struct evidence other = leg;
	char room[256];
	struct text text = TEXT_OVER(room);

	(void)state;
	transcript_add_ends(&text, &leg);
	assert_string_equal(room, "192.0.2.1:25 from 192.0.2.9:40112 as watch.example.net");
	other.address = bytes_of("2001:db8::1");
	other.local = other.helo = bytes_of("");
	text = TEXT_OVER(room);
	transcript_add_ends(&text, &other);
	assert_string_equal(room, "[2001:db8::1]:25");
	other.address = bytes_of("");
	text = TEXT_OVER(room);
	transcript_add_ends(&text, &other);
	assert_string_equal(room, "no address");
}

static void
a_verdict_is_a_sentence(void **state)
{
	struct evidence other = leg;
	char room[256];
	struct text text = TEXT_OVER(room);

	(void)state;
	transcript_add_verdict(&text, &leg);
	assert_string_equal(room, "failed (banner_timeout): no greeting within 60.0 s");
	other.text = bytes_of("");
	other.verdict = PW_OK;
	memcpy(other.outcome, "ok", 3);
	text = TEXT_OVER(room);
	transcript_add_verdict(&text, &other);
	assert_string_equal(room, "ok");
	other.verdict = EVIDENCE_NOT_CHECKED;
	memcpy(other.outcome, "no_route", 9);
	text = TEXT_OVER(room);
	transcript_add_verdict(&text, &other);
	assert_string_equal(room, "not checked (no_route)");
}

static void
phases_tell_where_it_ended(void **state)
{
	char room[256];
	struct text text = TEXT_OVER(room);

	(void)state;
	transcript_add_phases(&text, &leg);
	assert_string_equal(room, "resolve 0.002 s, connect 0.011 s, banner failed after 60.0 s (limit 60.0 s), "
	    "ehlo not reached");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_direction_has_its_arrow),
		cmocka_unit_test(any_line_fits),
		cmocka_unit_test(who_talked_to_whom),
		cmocka_unit_test(a_verdict_is_a_sentence),
		cmocka_unit_test(phases_tell_where_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
