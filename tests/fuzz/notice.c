/*
 * A notice about a server that says what it likes, and the mail that becomes of it: texts stay within their room and hold no
 * control character, lines of the mail keep to their limits, and none ends before its time.
 *
 * Bytes 0 to 3: kind, flags, how many legs, room; then lines: the sentence, the name, the outcome, then the transcript.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/email/mime.h"
#include "base/notice.h"
#include "notifier/notice.h"
#include "notifier/text.h"
#include "notifier/text_json.h"
#include "notifier/text_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEGS = 8, HEAD = 4 };

static struct pw_bytes
next_line(struct pw_bytes *left, size_t most)
{
	const char *end = memchr(left->data, '\n', left->size);
	size_t size = end == NULL ? left->size : (size_t)(end - left->data);
	struct pw_bytes line = { left->data, size < most ? size : most };

	size += end != NULL;
	*left = (struct pw_bytes){ left->data + size, left->size - size };
	return line;
}

static void
check_text(const struct text *text, bool lines)
{
	assert(!text->cut && text->size < text->room && strlen(text->bytes) == text->size);
	assert(text_whole(text->bytes, text->size) == text->size);
	for (size_t i = 0; i < text->size; i++) {
		unsigned char c = (unsigned char)text->bytes[i];
		assert((c >= ' ' && c != 0x7f) || (lines && c == '\n'));
	}
}

static void
check_mail(const struct mail *mail)
{
	size_t begun = 0;

	assert(!mail->failed && mail->size >= 2 && memcmp(mail->bytes + mail->size - 2, "\r\n", 2) == 0);
	for (size_t i = 0; i < mail->size; i++) {
		unsigned char c = (unsigned char)mail->bytes[i];
		assert((c >= ' ' && c < 0x7f) || (c == '\r' && mail->bytes[i + 1] == '\n') || (c == '\n' && mail->bytes[i - 1] == '\r'));
		assert(c != '.' || i != begun);
		if (c == '\n') {
			assert(i - begun <= 78);
			begun = i + 1;
		}
	}
}

static uint32_t
make_legs(struct message_leg *legs, const struct evidence_log *log, uint32_t count, const char *outcome)
{
	for (uint32_t i = 0; i < count; i++) {
		legs[i] = (struct message_leg){ .run = i, .runs = count, .leg = { .legs = 1, .verdict = (uint8_t)(i % 3 == 0 ? PW_OK
		    : PW_FAILED), .text = { "no greeting", 11 }, .address = { "192.0.2.1", 9 }, .port = 25, .started = 1000,
		    .local = { "192.0.2.9:4711", 14 }, .helo = { "watch.test", 10 }, .phase_count = 2, .phases = {
		    { "connect", PHASE_OK, 5, 100 }, { "banner", i % 3 == 0 ? PHASE_OK : PHASE_FAILED, 100, 100 } },
		    .transcript = buffer_view(&log->transcript), .facts = buffer_view(&log->facts),
		    .warnings = buffer_view(&log->warnings) } };
		struct text text = TEXT_OVER(legs[i].leg.outcome);
		text_add(&text, outcome);
	}
	return count;
}

static void
write_all(const struct notice_view *view, size_t room)
{
	static char subject[SUBJECT_MAX], body[BODY_MAX];
	static struct notice_words words = { .own_name = "watch.test" };
	const char *names[] = { "ops@example.test" };
	struct text first = TEXT_OVER(subject), second = text_over(body, room);
	const struct mailbox from = { "Postwatch", "watch@example.test" };
	struct mail mail = { .size = 0 };
	struct pw_notice notice;

	notice_add_subject(&first, view);
	notice_add_body(&second, view);
	check_text(&first, false);
	check_text(&second, true);
	notice_fill(&notice, &words, view->notice, NULL, view->now);
	notice.subject = subject;
	notice.body = body;
	mail_write(&mail, &notice, &from, &(struct pw_recipients){ 1, names });
	check_mail(&mail);
	free(mail.bytes);
}

/* An outcome's name is one of ours: a word. */
static void
take_code(struct message_notice *notice, struct pw_bytes line)
{
	for (size_t i = 0; i < line.size && i + 1 < sizeof notice->code; i++)
		notice->code[i] = "abcdefghijklmnopqrstuvwxyz_0123"[(unsigned char)line.data[i] % 31];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pw_bytes left = { (const char *)data + HEAD, size < HEAD ? 0 : size - HEAD };
	struct message_leg legs[LEGS];
	struct message_notice notice = { .key = "abc", .thread = "abd", .attempt = 1, .incident = 17, .began = 1000,
		.ended = 2000, .detected = 1500, .confirmed = 2500, .probe = "smtp", .recipient_count = 1 };
	struct evidence_log log = { 0 };

	if (size < HEAD)
		return 0;
	snprintf(notice.kind, sizeof notice.kind, "%s", notice_name((enum notice_kind)(1 + data[0] % (NOTICE_KINDS - 1))));
	notice.flags = data[1] % NOTICE_FLAGS;
	notice.text = next_line(&left, NOTICE_TEXT_MAX);
	notice.target = next_line(&left, NOTICE_TARGET_MAX);
	take_code(&notice, next_line(&left, sizeof notice.code));
	notice.host = notice.target;
	notice.list = left;
	for (int64_t at = 0; left.size > 0; at++) {
		struct pw_bytes line = next_line(&left, EVIDENCE_LINE_MAX);
		evidence_add_line(&log, at, EVIDENCE_RECEIVED, line);
		evidence_add_fact(&log, at % 2 == 0 ? "banner" : "software", line, true);
	}
	notice.runs = make_legs(legs, &log, data[2] % LEGS, notice.code);
	notice.before = notice.runs / 2;
	write_all(&(struct notice_view){ .notice = &notice, .legs = legs, .leg_count = notice.runs, .watcher = "watch.test",
	    .watcher_host = "box", .now = 100000000 },
	    2048 + (size_t)data[3] * 360);
	evidence_log_fini(&log);
	return 0;
}
