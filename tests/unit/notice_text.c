/* The texts of a notice: whatever it holds they are bounded, printable, and say what was left out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "notifier/text.h"

static struct pw_bytes
bytes(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static struct message_notice
some_notice(const char *text)
{
	return (struct message_notice){ .notice = 7, .key = "abc", .kind = "down", .attempt = 1, .target = bytes("mx"),
		.host = bytes("mx.test"), .port = 25, .probe = "smtp", .code = "refused", .from = "suspect", .to = "down",
		.incident = 3, .detected = 1000000, .confirmed = 2000000, .text = bytes(text), .list = bytes(""), .runs = 2,
		.recipient_count = 1, .recipients = { bytes("") } };
}

static struct message_leg
some_leg(const struct evidence_log *log)
{
	return (struct message_leg){ .notice = 7, .run = 1, .runs = 2, .leg = { .legs = 1, .verdict = PW_FAILED,
		.outcome = "refused", .text = bytes("it refused"), .address = bytes("192.0.2.1"), .port = 25,
		.transcript = buffer_view(&log->transcript), .facts = buffer_view(&log->facts) } };
}

static void
long_subject_is_cut(void **state)
{
	char sentence[1000], subject[SUBJECT_MAX];
	struct text text = TEXT_OVER(subject);
	struct message_notice notice;

	(void)state;
	memset(sentence, 'x', sizeof sentence - 1);
	sentence[sizeof sentence - 1] = '\0';
	memcpy(sentence + SUBJECT_MAX - 7, "\xc3\xa4\xc3\xa4\xc3\xa4", 6);
	notice = some_notice(sentence);
	notice_add_subject(&text, &notice);
	assert_false(text.cut);
	assert_string_equal(subject + text.size - 4, " …");
	assert_int_equal(text_whole(subject, text.size - 4), text.size - 4);
	notice = some_notice("mx down: refused");
	text = TEXT_OVER(subject);
	notice_add_subject(&text, &notice);
	assert_string_equal(subject, "mx down: refused");
}

static void
body_tells_all(void **state)
{
	static char body[BODY_MAX];
	struct evidence_log log = { 0 };
	struct text text = TEXT_OVER(body);
	struct message_notice notice = some_notice("mx down: refused");

	(void)state;
	evidence_add_line(&log, 1000, EVIDENCE_RECEIVED, bytes("220 \033[31mred"));
	evidence_add_fact(&log, "banner", bytes("red\r"), true);
	struct message_leg leg = some_leg(&log);
	notice.flags = NOTICE_DUPLICATE;
	notice_add_body(&text, &notice, &leg, 1, NULL);
	assert_ptr_equal(strstr(body, "mx down: refused\n\n"), body);
	assert_non_null(strstr(body, "\nattempt 2 of 2: 192.0.2.1:25\n"));
	assert_non_null(strstr(body, "<-- 220 \\x1b[31mred\n"));
	assert_non_null(strstr(body, "\nbanner: red\\x0d\n"));
	assert_non_null(strstr(body, "may have been delivered before"));
	assert_non_null(strstr(body, "The evidence of 1 of 2 runs was not kept."));
	assert_non_null(strstr(body, "1970-01-01T00:00:02.000000Z"));
	assert_null(strpbrk(body, "\033\r"));
	evidence_log_fini(&log);
}

static void
body_without_room_says_so(void **state)
{
	char body[200];
	struct text text = TEXT_OVER(body);
	struct message_notice notice = some_notice("mx down: refused");

	(void)state;
	notice_add_body(&text, &notice, NULL, 0, NULL);
	assert_false(text.cut);
	assert_non_null(strstr(body, "the rest has no room here\n"));
}

static void
json_without_room_leaves_transcripts_out(void **state)
{
	static struct message_leg legs[120];
	char line[4000];
	struct evidence_log log = { 0 };
	struct buffer json = { 0 };
	struct message_notice notice = some_notice("mx \"down\"");

	(void)state;
	memset(line, 1, sizeof line);
	for (int i = 0; i < 3; i++)
		evidence_add_line(&log, i, EVIDENCE_RECEIVED, (struct pw_bytes){ line, sizeof line });
	for (size_t i = 0; i < 120; i++)
		legs[i] = some_leg(&log);
	assert_true(notice_write_json(&json, &notice, legs, 1));
	assert_non_null(strstr(json.data, "\"transcript\":["));
	assert_non_null(strstr(json.data, "\"text\":\"mx \\\"down\\\"\""));
	assert_true(notice_write_json(&json, &notice, legs, 120));
	assert_null(strstr(json.data, "\"transcript\":["));
	assert_int_equal(json.data[json.size - 1], '\0');
	assert_int_equal(json.data[json.size - 2], '}');
	buffer_fini(&json);
	evidence_log_fini(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_subject_is_cut),
		cmocka_unit_test(body_tells_all),
		cmocka_unit_test(body_without_room_says_so),
		cmocka_unit_test(json_without_room_leaves_transcripts_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
