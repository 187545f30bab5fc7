/* A notice as a JSON object. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/notice.h"
#include "notifier/notice.h"
#include "notifier/text_json.h"

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
json_without_room_leaves_transcripts_out(void **state)
{
	static struct message_leg legs[120];
	char line[4000];
	struct evidence_log log = { 0 };
	struct buffer json = { 0 };
	struct message_notice notice = some_notice("mx \"down\"");
	const struct pw_notice shown = { .severity = "critical", .subject = "[down] mx", .own_name = "watch.test", .page = "" };

	(void)state;
	memset(line, 1, sizeof line);
	for (int i = 0; i < 3; i++)
		evidence_add_line(&log, i, EVIDENCE_RECEIVED, (struct pw_bytes){ line, sizeof line });
	for (size_t i = 0; i < 120; i++)
		legs[i] = some_leg(&log);
	assert_true(notice_write_json(&json, &shown, &notice, legs, 1));
	assert_non_null(strstr(json.data, "\"transcript\":["));
	assert_non_null(strstr(json.data, "\"text\":\"mx \\\"down\\\"\""));
	assert_true(notice_write_json(&json, &shown, &notice, legs, 120));
	assert_null(strstr(json.data, "\"transcript\":["));
	assert_int_equal(json.data[json.size - 1], '\0');
	assert_int_equal(json.data[json.size - 2], '}');
	buffer_fini(&json);
	evidence_log_fini(&log);
}

/* Into the file that $NOTICE_JSON names, a line each, where somebody is to look at them: the schema's test. */
static void
every_kind_is_written(void **state)
{
	const char *path = getenv("NOTICE_JSON");
	FILE *file = path == NULL ? NULL : fopen(path, "w");
	struct evidence_log log = { 0 };
	struct buffer json = { 0 };

	(void)state;
	evidence_add_line(&log, 0, EVIDENCE_RECEIVED, bytes("220 \x1b[31m\xff\"\\"));
	for (enum notice_kind kind = NOTICE_none + 1; kind < NOTICE_KINDS; kind++) {
		struct message_notice notice = some_notice("mx is so");
		struct message_leg leg = some_leg(&log);
		struct pw_notice shown = { .severity = kind % 2 == 0 ? "info" : "critical", .subject = "[kind] mx", .own_name = "watch.test", .page = "https://watch.test/incidents/1",
			.sent = 3000000, .offset = -3600, .over = kind % 2 == 0 };

		snprintf(notice.kind, sizeof notice.kind, "%s", notice_name(kind));
		snprintf(notice.key, sizeof notice.key, "%s", "abcdefghijklmnopqrstuvwxyz");
		if (kind == NOTICE_digest || kind == NOTICE_blind) {
			notice.target = notice.host = bytes("");
			notice.list = bytes("one\ntwo\n");
			notice.covered = 2;
			notice.port = 0;
			notice.probe[0] = notice.code[0] = notice.from[0] = notice.to[0] = '\0';
		}
		if (kind == NOTICE_down)
			notice.list = bytes("1 target is behind it; 0 of them are down\nmx2: not known to be down\n");
		leg.leg.phase_count = 2;
		leg.leg.phases[0] = (struct evidence_phase){ "connect", PHASE_OK, 1200, 5000000 };
		leg.leg.phases[1] = (struct evidence_phase){ "banner", PHASE_NOT_REACHED, 0, 5000000 };
		leg.leg.started = 1234567;
		assert_true(notice_write_json(&json, &shown, &notice, &leg, notice.target.size > 0));
		assert_non_null(strstr(json.data, notice.kind));
		assert_non_null(strstr(json.data, notice.covered > 0 ? "\"covers\":[\"one\",\"two\"],\"behind\":[]" : kind == NOTICE_down
		    ? "\"covers\":[],\"behind\":[\"1 target is behind it; 0 of them are down\",\"mx2: not known to be down\"]"
		    : "\"covers\":[],\"behind\":[]"));
		if (file != NULL)
			fprintf(file, "%s\n", json.data);
	}
	if (file != NULL)
		fclose(file);
	buffer_fini(&json);
	evidence_log_fini(&log);
}

static void
the_page_is_that_of_the_incident(void **state)
{
	static const char url[] = "https://watch.example/pw";
	static char room[PAGE_MAX];
	struct message_notice notice = { .incident = 12, .target = { "a b/\"\xff", 6 } };

	(void)state;
	assert_string_equal(notice_page(room, url, &notice), "https://watch.example/pw/incidents/12");
	notice.incident = 0;
	assert_string_equal(notice_page(room, url, &notice), "https://watch.example/pw/targets/a%20b%2F%22%FF");
	notice.target = (struct pw_bytes){ "", 0 };
	assert_string_equal(notice_page(room, url, &notice), "https://watch.example/pw/about");
	assert_string_equal(notice_page(room, NULL, &notice), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_that_of_the_incident),
		cmocka_unit_test(every_kind_is_written),
		cmocka_unit_test(json_without_room_leaves_transcripts_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
