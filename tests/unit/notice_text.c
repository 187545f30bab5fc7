/* The texts of a notice: right words for each kind, whatever it holds bounded and printable, what was left out said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "notifier/text.h"
#include "notifier/text_subject.h"

static char body[BODY_MAX], subject[SUBJECT_MAX];
static struct zone *berlin;
static const int64_t noon = INT64_C(1764150000) * SECOND; /* 2025-11-26 09:40:00Z */

static struct pw_bytes
bytes(const char *text)
{
	return (struct pw_bytes){ text, strlen(text) };
}

static struct message_notice
some_notice(const char *kind, const char *code, const char *text)
{
	struct message_notice notice = { .notice = 7, .key = "abc", .thread = "abc", .attempt = 1, .target = bytes("mx"),
		.host = bytes("mx.test"), .port = 25, .probe = "smtp", .from = "suspect", .to = "down", .incident = 17,
		.began = noon, .detected = noon, .confirmed = noon + 125 * (int64_t)SECOND, .text = bytes(text),
		.list = bytes(""), .attempts = 3, .recipient_count = 1, .recipients = { bytes("") } };

	memcpy(notice.kind, kind, strlen(kind) + 1);
	memcpy(notice.code, code, strlen(code) + 1);
	return notice;
}

/* A greeting that never came, or came. */
static struct message_leg
some_leg(const struct evidence_log *log, uint32_t run, uint32_t runs, bool failed)
{
	struct message_leg leg = { .notice = 7, .run = run, .runs = runs, .leg = { .legs = 1, .verdict = PW_FAILED,
		.outcome = "banner_timeout", .text = bytes("no greeting within 60.0 s (limit 60 s, 0 bytes, 192.0.2.1)"),
		.address = bytes("192.0.2.1"), .port = 25, .local = bytes("192.0.2.9:40112"), .helo = bytes("watch.test"),
		.started = noon, .phase_count = 3, .phases = { { "connect", PHASE_OK, 12000, 30 * (int64_t)SECOND },
		{ "banner", PHASE_FAILED, 60 * (int64_t)SECOND, 60 * (int64_t)SECOND }, { "ehlo", PHASE_NOT_REACHED, -1, 0 } },
		.transcript = buffer_view(&log->transcript), .facts = buffer_view(&log->facts) } };

	if (!failed) {
		leg.leg.verdict = PW_OK;
		leg.leg.text = bytes("");
		memcpy(leg.leg.outcome, "ok", 3);
		leg.leg.phases[1] = (struct evidence_phase){ "banner", PHASE_OK, 40000, 60 * (int64_t)SECOND };
		leg.leg.phases[2] = (struct evidence_phase){ "ehlo", PHASE_OK, 3000, 60 * (int64_t)SECOND };
	}
	return leg;
}

static struct notice_view
view_of(const struct message_notice *notice, const struct message_leg *legs, uint32_t count)
{
	return (struct notice_view){ .notice = notice, .legs = legs, .leg_count = count, .zone = berlin, .watcher = "watch.test", .watcher_host = "box",
		.now = notice->confirmed + SECOND };
}

static void
write_both(const struct notice_view *view)
{
	struct text first = TEXT_OVER(subject), second = TEXT_OVER(body);

	notice_add_subject(&first, view);
	notice_add_body(&second, view);
	assert_false(first.cut || second.cut);
	for (const char *at = subject; *at != '\0'; at++)
		assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
	for (const char *at = body; *at != '\0'; at++)
		assert_true(((unsigned char)*at >= ' ' && *at != 0x7f) || *at == '\n');
}

static void
assert_says(const char *piece)
{
	if (strstr(body, piece) == NULL)
		print_error("%s\n", body);
	assert_non_null(strstr(body, piece));
}

static void
down_tells_all(void **state)
{
	struct evidence_log log = { 0 };
	struct message_notice notice = some_notice("down", "banner_timeout",
	    "mx down: no greeting within 60.0 s (limit 60 s, 0 bytes, 192.0.2.1), 3 of 3 attempts");

	(void)state;
	evidence_add_line(&log, 12000, EVIDENCE_EVENT, bytes("connected"));
	evidence_add_line(&log, 60012000, EVIDENCE_EVENT, bytes("no greeting within 60.0 s"));
	struct message_leg legs[3] = { some_leg(&log, 0, 3, true), some_leg(&log, 1, 3, true), some_leg(&log, 2, 3, true) };
	struct notice_view view = view_of(&notice, legs, 3);
	notice.runs = 3;
	write_both(&view);
	assert_string_equal(subject, "[down] mx - no greeting within 60.0 s, 3 of 3 attempts");
	assert_ptr_equal(strstr(body, "mx down: no greeting within 60.0 s (limit 60 s, 0 bytes, 192.0.2.1), 3 of 3 attempts.\n"),
	    body);
	assert_says(" attempts.\nNo more reminders of it: `postwatch ack 17`.\n");
	assert_says("\nWatched by watch.test, host box.\n");
	assert_says("\nWhat it may mean: The server hangs or is overloaded: ");
	assert_says("\n  detected   2025-11-26 10:40:00 +0100 (CET)  2025-11-26 09:40:00Z\n");
	assert_says("\n  confirmed  2025-11-26 10:42:05 +0100 (CET)  2025-11-26 09:42:05Z\n");
	assert_says("\n  sent       2025-11-26 10:42:06 +0100 (CET)  2025-11-26 09:42:06Z\n");
	assert_says("\n  down for   2 min 6 s so far\n");
	assert_says("\n  host       mx.test, port 25\n");
	assert_says("\n  address    192.0.2.1:25  failed\n");
	assert_says("\n  seen from  192.0.2.9:40112 as watch.test\n");
	assert_says("\n  connect    0.012 s      limit 30.0 s\n");
	assert_says("\n  banner     60.0 s       limit 60.0 s  FAILED\n");
	assert_says("\n  ehlo       not reached\n");
	assert_says("\nAttempt 1 of 3: 192.0.2.1:25 from 192.0.2.9:40112 as watch.test\n");
	assert_says("\nAttempt 3 of 3: 192.0.2.1:25 from ");
	assert_says("  60.012 *** no greeting within 60.0 s\n");
	assert_says("\nIncident 17: `postwatch show 17` tells the whole story.\n");
	assert_null(strstr(body, "late"));
	for (size_t i = 0; i < 3; i++) /* never connected */
		legs[i].leg.local = bytes("");
	write_both(&view);
	assert_says("\n  seen as    watch.test\n");
	evidence_log_fini(&log);
}

static void
up_tells_the_difference(void **state)
{
	struct evidence_log then = { 0 }, now = { 0 };
	struct message_notice notice = some_notice("up", "ok", "mx up after 5 min: fine; before: no greeting");

	(void)state;
	evidence_add_fact(&then, "software", bytes("Exim\r"), true);
	evidence_add_fact(&now, "software", bytes("Postfix"), true);
	evidence_add_line(&then, 5, EVIDENCE_EVENT, bytes("the old one"));
	evidence_add_line(&now, 5, EVIDENCE_RECEIVED, bytes("220 mx"));
	struct message_leg legs[2] = { some_leg(&then, 0, 2, true), some_leg(&now, 1, 2, false) };
	struct notice_view view = view_of(&notice, legs, 2);
	notice.runs = 2;
	notice.before = 1;
	notice.ended = notice.detected = noon + 300 * (int64_t)SECOND;
	write_both(&view);
	assert_string_equal(subject, "[up] mx - was down for 5 min (banner_timeout)");
	assert_says("\nWhat changed\n  greeting after 0.040 s; was: none within 60.0 s, 3 attempts\n  software: Postfix; was: "
	    "Exim\\x0d\n\n");
	assert_says("\nThe last failure: 192.0.2.1:25");
	assert_says("*** the old one\n");
	assert_says("\nSuccess 1 of 1: 192.0.2.1:25");
	assert_says("<-- 220 mx\n");
	assert_says("\n  down for   5 min\n");
	assert_null(strstr(body, "What it may mean"));
	legs[0].leg.address = bytes("");
	write_both(&view);
	assert_says("  at 192.0.2.1:25: was not looked at when it failed\n  it answers; was: no greeting within 60.0 s");
	memcpy(notice.kind, "outage", 7);
	write_both(&view);
	assert_string_equal(subject, "[outage] mx - was down for 5 min, 10:40:00 to 10:45:00 +0100 (banner_timeout)");
	assert_says("\nAttempt 1 of 1: no address");
	struct message_leg more[3] = { some_leg(&then, 0, 3, true), some_leg(&then, 1, 3, true), some_leg(&now, 2, 3, false) };
	view = view_of(&notice, more, 3);
	notice.runs = 3;
	notice.before = 2;
	notice.attempts = 1; /* and one that failed later */
	write_both(&view);
	assert_says("\nAttempt 1 of 1: 192.0.2.1:25");
	assert_says("\nThe last failure: 192.0.2.1:25");
	assert_says("\nSuccess 1 of 1: 192.0.2.1:25");
	evidence_log_fini(&then);
	evidence_log_fini(&now);
}

/* In the subject of a notice of the kind, with the sentence, stands this. */
static void
subject_of_kind(const char *kind, const char *code, const char *sentence, const char *expected)
{
	struct message_notice notice = some_notice(kind, code, sentence);
	struct notice_view view = view_of(&notice, NULL, 0);

	if (strncmp(sentence, "mx", 2) != 0)
		notice.target = bytes("");
	write_both(&view);
	assert_string_equal(subject, expected);
	assert_non_null(strstr(body, sentence));
}

static void
the_page_is_named_where_there_is_one(void **state)
{
	struct message_notice notice = some_notice("down", "refused", "mx down: connection refused");
	struct notice_view view = view_of(&notice, NULL, 0);
	(void)state;
	view.page = "https://watch.example/pw/incidents/12";
	write_both(&view);
	assert_non_null(strstr(body, "\nMore of it: https://watch.example/pw/incidents/12\n"));
}

static void
every_kind_has_its_words(void **state)
{
	(void)state;
	subject_of_kind("down", "refused", "mx down: connection refused after 0.001 s (192.0.2.1), 3 of 3 attempts; 2 targets lie"
	    " behind it", "[down] mx - connection refused after 0.001 s, 3 of 3 attempts; 2 targets lie behind it");
	subject_of_kind("changed", "cert_expired", "mx is still down, in another way: CN=evil ended", "[changed] mx - the "
	    "certificate has expired");
	subject_of_kind("fact", "", "mx is not as it was: evil", "[fact] mx - it is not as it was");
	subject_of_kind("flapping", "refused", "mx flapping: down for the third time within 10 min (for 2 s, 3 s and lasting): "
	    "evil", "[flapping] mx - down for the third time within 10 min");
	subject_of_kind("settled", "", "mx settled: it is up and steady; it went down and up for 1 h", "[settled] mx - it is up "
	    "and steady; it went down and up for 1 h");
	subject_of_kind("degraded", "slow_banner", "mx degraded(slow_banner): greeting after 9.0 s (slow above 8 s, 192.0.2.1)",
	    "[degraded] mx - greeting after 9.0 s");
	subject_of_kind("blocked", "policy", "mx blocked(policy): greeted with \"554 evil\" (192.0.2.1)", "[blocked] mx - refused "
	    "by policy");
	subject_of_kind("cleared", "cert_expires_soon", "mx cleared(cert_expires_soon): no longer seen, after 2 min 5 s",
	    "[cleared] mx - cert_expires_soon, after 2 min 5 s");
	subject_of_kind("cleared", "channel_mail", "mail: delivers again, after 64.0 s", "[cleared] mail: delivers again, after 64.0 s");
	subject_of_kind("reminder", "refused", "mx is down", "[reminder] mx - still down, for 2 min 6 s: refused");
	assert_says("mx is still down, for 2 min 6 s now.\n");
	subject_of_kind("stopped", "", "mx is no longer watched; it had been down for 5 s", "[stopped] mx - is no longer watched; "
	    "it had been down for 5 s");
	subject_of_kind("blind", "blind", "we are cut off: nothing answers", "[blind] we are cut off: nothing answers");
	assert_says("What it may mean: Look at our own network.");
	subject_of_kind("impaired", "late", "our loop is late by 9 s", "[impaired] our loop is late by 9 s");
	assert_null(strstr(body, "What to do"));
	subject_of_kind("impaired", "channel_mail", "mail: nothing delivered for 10 min", "[impaired] mail: nothing delivered for 10 min");
	assert_says("\nWhat to do: `postwatch outbox` shows what waits; once the way works again, `postwatch outbox retry all` ");
	subject_of_kind("impaired", "files_mail", "mail: ca_file: empty", "[impaired] mail: ca_file: empty");
	assert_says("\nWhat to do: Put the file right: it is read again within a minute");
	subject_of_kind("cleared", "files_mail", "mail: all is well", "[cleared] mail: all is well");
	assert_null(strstr(body, "What to do"));
	subject_of_kind("digest", "storm", "3 down (a, b, c): 3 notices in one: there were more than 2 in a minute",
	    "[digest] 3 down (a, b, c): 3 notices in one: there were more than 2 in a minute");
	subject_of_kind("test", "", "a test of ops", "[test] a test of ops");
}

static void
no_server_speaks_in_a_subject(void **state)
{
	(void)state;
	subject_of_kind("down", "closed_at_banner", "mx down: closed \"evil\" it, 3 of 3 attempts", "[down] mx - the server "
	    "closed the connection, 3 of 3 attempts");
	subject_of_kind("down", "no_such_code", "mx down: greeted with \"554 evil, 9 of 9 attempts\" (192.0.2.1)", "[down] mx - "
	    "no_such_code, 9 of 9 attempts");
	struct message_notice notice = some_notice("down", "protocol", "mx down: x");
	struct notice_view view = view_of(&notice, NULL, 0);
	notice.target = bytes("mx\r\nBcc: evil\x1b\xe2\x80\xae");
	write_both(&view);
	assert_string_equal(subject, "[down] mx\\x0d\\x0aBcc: evil\\x1b\\xe2\\x80\\xae - what came is not the protocol");
}

static void
long_subject_is_cut(void **state)
{
	char sentence[1000] = "mx down: ";

	(void)state;
	for (size_t at = strlen(sentence); at + 2 < sizeof sentence; at += 2)
		memcpy(sentence + at, "\xc3\xa4", 3);
	struct message_notice notice = some_notice("down", "refused", sentence);
	struct notice_view view = view_of(&notice, NULL, 0);
	write_both(&view);
	assert_true(strlen(subject) > SUBJECT_MAX - 8);
	assert_string_equal(subject + strlen(subject) - 4, " ...");
	assert_int_equal(text_whole(subject, strlen(subject) - 4), strlen(subject) - 4);
}

static void
remarks_are_made(void **state)
{
	struct message_notice notice = some_notice("down", "refused", "mx down: refused");
	struct notice_view view = view_of(&notice, NULL, 0);

	(void)state;
	view.now = notice.confirmed + 61 * (int64_t)SECOND;
	notice.flags = NOTICE_DUPLICATE | NOTICE_NOT_RECORDED;
	notice.runs = 2;
	write_both(&view);
	assert_says("\nThis comes 61.0 s late: it had to wait for its turn, or Postwatch was not running.\n");
	assert_says("\nIt may have been delivered before; its key is then the same.\n");
	assert_says("\nIt could not be recorded: the store cannot be written.\n");
	assert_says("\nThe evidence of 2 of 2 runs was not kept.\n");
	notice.attempt = 4;
	write_both(&view);
	assert_says(" late: attempt 4 at delivering it, those before failed.\n");
	view.after = 61 * (int64_t)SECOND;
	write_both(&view);
	assert_says(" late: its notifier is told only of what lasts 61.0 s.\n");
	view.has_quiet = true;
	notice.queued = view.now;
	write_both(&view);
	assert_says(" late: its notifier has quiet hours.\n");
	notice.flags = NOTICE_TOLD_LATE;
	memcpy(notice.silences, "paused window", 14);
	write_both(&view);
	assert_says(" late: it was kept silent (paused,window).\n");
	notice.flags = NOTICE_FALLBACK;
	view.now = notice.confirmed + 60 * (int64_t)SECOND;
	write_both(&view);
	assert_says("\nOther notifiers could not deliver it in time.\n");
	notice.list = bytes("one\ntwo \033\nand 5 more\n");
	notice.covered = 7, write_both(&view);
	assert_says("\nIt stands for 7 notices:\n  * one\n  * two \\x1b\n  * and 5 more\n");
	notice.covered = 0, write_both(&view);
	assert_says("\nNot told of by themselves while it is down:\n  * one\n  * two \\x1b\n  * and 5 more\n");
}

static void
servers_words_are_escaped(void **state)
{
	struct evidence_log log = { 0 };
	struct message_notice notice = some_notice("down", "refused", "mx down: refused");

	(void)state;
	evidence_add_line(&log, 1, EVIDENCE_RECEIVED, bytes("220 \033[31mred\r\n.\r\nMAIL FROM:<evil>\xc2\x85\xff"));
	evidence_add_fact(&log, "banner", bytes("a\nb\r"), true);
	struct message_leg leg = some_leg(&log, 0, 1, true);
	struct notice_view view = view_of(&notice, &leg, 1);
	write_both(&view);
	assert_says("<-- 220 \\x1b[31mred\\x0d\\x0a.\\x0d\\x0aMAIL FROM:<evil>\\xc2\\x85\\xff\n");
	assert_says("\n  banner: a\\x0ab\\x0d\n");
	evidence_log_fini(&log);
}

static void
fill(struct evidence_log *log, const char *name, uint32_t lines)
{
	char line[120];

	evidence_add_line(log, 1, EVIDENCE_RECEIVED, bytes("250-EHLO-LINE"));
	for (uint32_t i = 0; i < lines; i++) {
		snprintf(line, sizeof line, "%s line %u %060d", name, i, 0);
		evidence_add_line(log, 2, EVIDENCE_RECEIVED, bytes(line));
	}
	evidence_add_line(log, 3, EVIDENCE_EVENT, bytes("the failing line"));
}

static void
transcripts_are_cut_in_order(void **state)
{
	struct evidence_log older = { 0 }, last = { 0 };
	struct message_notice notice = some_notice("down", "refused", "mx down: refused");
	struct message_leg legs[40];
	struct notice_view view = view_of(&notice, legs, 12);

	(void)state;
	fill(&older, "older", 100);
	fill(&last, "last", 100);
	for (uint32_t i = 0; i < 40; i++)
		legs[i] = some_leg(i + 1 < 12 ? &older : &last, i < 12 ? i : 11, 12, true);
	notice.runs = 12;
	write_both(&view);
	assert_says("(transcript left out)");
	assert_says("older line 99");
	assert_says("last line 50 ");
	assert_says("250-EHLO-LINE");
	assert_says("\nFor want of room are left out: 2 transcripts of older attempts. `postwatch show 17` has them.\n");
	view.leg_count = 23;            /* twelve of them are of the last attempt */
	write_both(&view);
	assert_null(strstr(body, "older line"));
	assert_null(strstr(body, "250-EHLO-LINE"));
	assert_says("the middle of transcripts");
	assert_says(" lines left out …\n");
	assert_says("last line 99");
	assert_says("*** the failing line\n");
	view.leg_count = 40;
	write_both(&view);
	assert_says("*** the failing line\n");
	assert_says("\nIncident 17: ");
	evidence_log_fini(&older);
	evidence_log_fini(&last);
}

static void
last_lines_survive_small_rooms(void **state)
{
	static char small[6000];
	struct evidence_log log = { 0 };
	struct message_notice notice = some_notice("down", "refused", "mx down: refused");
	struct text text = TEXT_OVER(small);
	char line[4000];

	(void)state;
	memset(line, 1, sizeof line);
	for (int i = 0; i < 3; i++)
		evidence_add_line(&log, i, EVIDENCE_RECEIVED, (struct pw_bytes){ line, sizeof line });
	fill(&log, "x", 20);
	struct message_leg leg = some_leg(&log, 0, 1, true);
	struct notice_view view = view_of(&notice, &leg, 1);
	notice_add_body(&text, &view);
	assert_false(text.cut);
	assert_non_null(strstr(small, "*** the failing line\n"));
	assert_non_null(strstr(small, " bytes more\n"));
	text = text_over(small, 1200);
	notice_add_body(&text, &view);
	assert_false(text.cut);
	assert_non_null(strstr(small, "*** the failing line\n"));
	assert_non_null(strstr(small, "… more has no room here\n"));
	assert_non_null(strstr(small, "\nIncident 17: "));
	evidence_log_fini(&log);
}

/* From older attempts to the middle of the last: one after the other, each counted, and never the line on which it failed. */
static void
older_attempts_go_one_by_one(void **state)
{
	static char room[8000];
	struct evidence_log log = { 0 };
	struct message_notice notice = some_notice("down", "refused", "mx down: refused");
	struct message_leg legs[3];
	uint32_t last = 3;
	bool seen[4] = { false };

	(void)state;
	fill(&log, "x", 12);
	for (uint32_t i = 0; i < 3; i++)
		legs[i] = some_leg(&log, i, 3, true);
	notice.runs = 3;
	struct notice_view view = view_of(&notice, legs, 3);
	for (size_t size = sizeof room; size >= 1200; size -= 50) {
		struct text text = text_over(room, size);
		uint32_t transcripts = 0;

		notice_add_body(&text, &view);
		assert_false(text.cut);
		for (const char *at = room; (at = strstr(at, "*** the failing line\n")) != NULL; at++)
			transcripts++;
		assert_in_range(transcripts, last == 1 ? 1 : last - 1, last);
		assert_true(transcripts == 3 || strstr(room, "left out") != NULL);
		assert_true(transcripts == 1 || strstr(room, "lines left out") == NULL);
		last = transcripts;
		seen[transcripts] = true;
	}
	assert_true(seen[3] && seen[2] && seen[1]);
	assert_non_null(strstr(room, "\n2 other attempts are left out.\n"));
	assert_non_null(strstr(room, " lines left out …\n"));
	evidence_log_fini(&log);
}

static void
says_how_to_hear_no_more(void **state)
{
	struct message_notice notice = some_notice("degraded", "slow_banner", "mx degraded(slow_banner)");
	struct notice_view view = view_of(&notice, NULL, 0);

	(void)state;
	notice.incident = 0;
	write_both(&view);
	assert_says(".\nNothing more of it for a while: `postwatch pause mx --for 2h --why REASON`.\n");
	notice.target = bytes("the first mx");
	write_both(&view);
	assert_says("`postwatch pause 'the first mx' --for 2h ");
	notice.target = bytes("it's $(mx)");
	write_both(&view);
	assert_says("`postwatch pause TARGET --for 2h ");
	memcpy(notice.kind, "up", 3);
	write_both(&view);
	assert_null(strstr(body, "`postwatch pause"));
	assert_null(strstr(body, "`postwatch ack"));
}

static void
zones_on_days_of_change(void **state)
{
	struct message_notice notice = some_notice("up", "ok", "mx up");
	struct notice_view view = view_of(&notice, NULL, 0);

	(void)state;
	/* 2026-03-29, 01:00:00Z: from 02:00 to 03:00; 2026-10-25, 01:00:00Z: from 03:00 back to 02:00 */
	notice.detected = notice.began = INT64_C(1774745999) * SECOND;
	notice.confirmed = notice.ended = INT64_C(1774746000) * SECOND;
	write_both(&view);
	assert_says("  detected   2026-03-29 01:59:59 +0100 (CET)  2026-03-29 00:59:59Z\n");
	assert_says("  confirmed  2026-03-29 03:00:00 +0200 (CEST)  2026-03-29 01:00:00Z\n");
	notice.detected = notice.began = INT64_C(1792889999) * SECOND;
	notice.confirmed = notice.ended = INT64_C(1792890000) * SECOND;
	memcpy(notice.kind, "outage", 7);
	write_both(&view);
	assert_says("  detected   2026-10-25 02:59:59 +0200 (CEST)  2026-10-25 00:59:59Z\n");
	assert_says("  confirmed  2026-10-25 02:00:00 +0100 (CET)  2026-10-25 01:00:00Z\n");
	assert_string_equal(subject, "[outage] mx - was down for 1.0 s, 02:59:59 +0200 to 02:00:00 +0100");
	view.zone = NULL; /* UTC is told once */
	write_both(&view);
	assert_says("  detected   2026-10-25 00:59:59 +0000 (UTC)\n");
}

static int
setup(void **state)
{
	struct reason why;

	(void)state;
	berlin = zone_open("Europe/Berlin", &why);
	return berlin == NULL ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(down_tells_all),
		cmocka_unit_test(up_tells_the_difference),
		cmocka_unit_test(the_page_is_named_where_there_is_one),
		cmocka_unit_test(every_kind_has_its_words),
		cmocka_unit_test(no_server_speaks_in_a_subject),
		cmocka_unit_test(long_subject_is_cut),
		cmocka_unit_test(remarks_are_made),
		cmocka_unit_test(servers_words_are_escaped),
		cmocka_unit_test(transcripts_are_cut_in_order),
		cmocka_unit_test(last_lines_survive_small_rooms),
		cmocka_unit_test(older_attempts_go_one_by_one),
		cmocka_unit_test(says_how_to_hear_no_more),
		cmocka_unit_test(zones_on_days_of_change),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
