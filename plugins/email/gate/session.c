/*
 * For the gate of the e-mail notifier: passes one mail on to the relay and judges each recipient.
 */
#include "session.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../mask.h"

enum { SECOND = 1000000, LEAVE_MAX = 2 * SECOND };

static struct gate_fate *
fate_of(struct session *session, uint32_t recipient)
{
	assert(recipient < session->ask.count);
	return &session->answer.fates[recipient];
}

/* 421, and replies about authentication (RFC 4954 6), concern all messages and not this one. */
static bool
is_about_us(int code)
{
	return code == 421 || code == 530 || code == 534 || code == 535 || code == 538;
}

static void
refuse(struct gate_fate *fate, int code, const char *before, const char *words)
{
	fate->channel = is_about_us(code);
	fate->fate = code >= 500 && !fate->channel ? PW_NEVER : PW_AGAIN;
	snprintf(fate->words, sizeof fate->words, "%s%s", before, words);
}

/* Recipients without a result yet get this one. */
static void
refuse_rest(struct session *session, int code, const char *before, const char *words)
{
	for (uint32_t i = 0; i < session->ask.count; i++)
		if (fate_of(session, i)->fate == 0)
			refuse(fate_of(session, i), code, before, words);
}

/* Recipients without a result yet are tried again, and the notifier rests: the session failed.
 * Returns false. */
static bool __attribute__((format(printf, 2, 3)))
fail_rest(struct session *session, const char *format, ...)
{
	char words[PW_RECEIPT_MAX + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	for (uint32_t i = 0; i < session->ask.count; i++)
		if (fate_of(session, i)->fate == 0) {
			refuse(fate_of(session, i), 0, "", words);
			fate_of(session, i)->channel = true;
		}
	return false;
}

static bool
fail_of_library(struct session *session, const char *step)
{
	return fail_rest(session, "%s: the mail library did not go on", step);
}

/* Passes one command on. `words` receives the whole reply as one line. */
static bool
carry(struct session *session, const char *step, const char *command, int *code, char *words,
    size_t room)
{
	struct way *way = &session->way;
	size_t size;

	if (!library_expect(&session->library, command))
		return fail_of_library(session, step);
	if (!way_exchange(way, step, command, code, &size))
		return fail_rest(session, "%s", way->words);
	reply_tell(way->wire.bytes, size, words, room);
	wire_take(&way->wire, size);
	if (*code / 100 == 3 && strcmp(command, "DATA") != 0)
		return fail_rest(session, "%s: the relay answers %s", step, words);
	return true;
}

static bool
carry_sender(struct session *session)
{
	char command[WAY_COMMAND_MAX + 1], words[PW_RECEIPT_MAX - 16];
	int code;

	snprintf(command, sizeof command, "MAIL FROM:<%s>", session->ask.sender);
	if (!carry(session, "MAIL FROM", command, &code, words, sizeof words))
		return false;
	library_say(&session->library, code);
	if (code / 100 == 2)
		return true;
	refuse_rest(session, code, "MAIL FROM: ", words);
	return false;
}

static bool
carry_recipients(struct session *session)
{
	bool any = false;

	for (uint32_t i = 0; i < session->ask.count; i++) {
		char command[WAY_COMMAND_MAX + 1], words[PW_RECEIPT_MAX + 1];
		int code;

		snprintf(command, sizeof command, "RCPT TO:<%s>", session->ask.recipients[i]);
		if (!carry(session, "RCPT TO", command, &code, words, sizeof words))
			return false;
		if (code == 421) { /* the relay closes the connection (RFC 5321 3.8) */
			refuse_rest(session, code, "", words);
			return false;
		}
		library_say(&session->library, code);
		if (code / 100 != 2)
			refuse(fate_of(session, i), code, "", words);
		any |= code / 100 == 2;
	}
	return any;
}

static bool
carry_data(struct session *session)
{
	char words[PW_RECEIPT_MAX - 100];
	int code;

	if (!carry(session, "DATA", "DATA", &code, words, sizeof words))
		return false;
	if (code == 354) {
		session->in_text = true;
		library_say(&session->library, code);
		return true;
	}
	if (code >= 400)
		refuse_rest(session, code, "", words);
	else
		fail_rest(session, "DATA: the relay answers %s where 354 was due", words);
	return false;
}

/* The relay replied within the text or closed the connection. It has not seen the final dot, so
 * it took nothing. */
static bool
fail_in_text(struct session *session)
{
	struct wire *wire = &session->way.wire;

	if (wire->size > 0)
		(void)wire_fail_early(wire);
	if (wire->end == WIRE_REFUSED)
		refuse_rest(session, wire->refusal, "", wire->why);
	else
		fail_rest(session, "the text: %s", wire->why);
	return false;
}

/* Sends the text but not the final dot. A reply that is already there when the dot is sent would
 * be taken for the reply to it, so the relay is given time to say what it says early. */
static bool
carry_text(struct session *session)
{
	struct wire *wire = &session->way.wire;
	size_t size = 0;
	char *text = library_text(&session->library, &size);
	bool whole, open;

	if (text == NULL)
		return fail_of_library(session, "the text");
	whole = wire_write(wire, text, size, wire->until, true);
	free(text);
	if (!whole || wire->size > 0)
		return fail_in_text(session);
	wire_settle(wire);
	open = wire_drain(wire);
	return open && wire->size == 0 ? true : fail_in_text(session);
}

/* After the final dot the relay may have taken the mail. Returns 0. */
static int
doubt_rest(struct session *session, const char *words)
{
	for (uint32_t i = 0; i < session->ask.count; i++)
		fate_of(session, i)->doubtful = fate_of(session, i)->fate == 0;
	(void)fail_rest(session, "%s: it may have been taken", words);
	return 0;
}

/* Sends the final dot. A recipient is PW_SENT only with a whole 2xx reply to it. Returns the
 * reply's code, 0 for none. */
static int
end_text(struct session *session)
{
	struct wire *wire = &session->way.wire;
	char words[PW_RECEIPT_MAX + 1];
	size_t size, have;
	int code;

	if (!wire_write(wire, ".\r\n", 3, wire->until, false)
	    || !wire_reply(wire, wire->until - wire_now(), &code, &size)) {
		(void)way_fail_at(&session->way, "the reply to the text");
		return doubt_rest(session, session->way.words);
	}
	session->in_text = false;
	reply_tell(wire->bytes, size, words, sizeof words);
	wire_take(wire, size);
	have = strlen(words);
	if (code >= 400) {
		refuse_rest(session, code, "", words);
	} else if (code / 100 != 2) {
		doubt_rest(session, words);
	} else {
		if (session->way.note[0] != '\0')
			snprintf(words + have, sizeof words - have,
			    " (sent in clear, since TLS failed: %s)", session->way.note);
		for (uint32_t i = 0; i < session->ask.count; i++)
			if (fate_of(session, i)->fate == 0) {
				fate_of(session, i)->fate = PW_SENT;
				snprintf(fate_of(session, i)->words, sizeof words, "%s", words);
			}
	}
	return code;
}

/* The note on clear text is for mails that the relay has, or may have. */
static bool
may_have_gone(struct session *session)
{
	for (uint32_t i = 0; i < session->ask.count; i++)
		if (fate_of(session, i)->fate == PW_SENT || fate_of(session, i)->doubtful)
			return true;
	return false;
}

/* A relay that was told the password may say it back, also sessions later, in any reply or in its
 * certificate. The answer is all that leaves this process. */
static void
tell(struct session *session)
{
	const char *secret = session->way.auth->secret;
	struct gate_answer *answer = &session->answer;

	answer->number = session->ask.number;
	if (session->way.note[0] != '\0' && may_have_gone(session))
		snprintf(answer->note, sizeof answer->note, "%s", session->way.note);
	mask_secret(answer->note, secret, strlen(secret));
	for (uint32_t i = 0; i < session->ask.count; i++)
		mask_secret(fate_of(session, i)->words, secret, strlen(secret));
	(void)send(session->worker, &session->answer, sizeof session->answer, MSG_NOSIGNAL);
}

/* QUIT, after the answer was sent: waits for the reply at most 2 s, and not while another request
 * waits. */
static void
leave(struct session *session)
{
	struct wire *wire = &session->way.wire;
	bool polite = wire->fd >= 0 && wire->end == WIRE_OPEN && !session->in_text;
	size_t size;
	int code;

	wire->until = wire_now() + LEAVE_MAX;
	wire->other = session->worker;
	if (polite && wire_say(wire, "QUIT\r\n", 6, wire->until))
		(void)wire_reply(wire, LEAVE_MAX, &code, &size);
	wire_close(wire);
}

/* Returns the code for libesmtp while it waits for the reply to the final dot, else 0. */
static int
run(struct session *session)
{
	struct way *way = &session->way;

	if (!way_open(way, session->ask.until)) {
		fail_rest(session, "%s", way->words);
		return 0;
	}
	library_say(&session->library, 220);
	if (!library_expect_word(&session->library, "EHLO ")) {
		(void)fail_of_library(session, "EHLO");
		return 0;
	}
	library_say(&session->library, 250);
	if (carry_sender(session) && carry_recipients(session) && carry_data(session)
	    && carry_text(session))
		return end_text(session);
	return 0;
}

void
session_run(struct session *session, int library)
{
	int code;

	library_init(&session->library, library, session->ask.until);
	session->way.helo = session->ask.helo;
	memset(&session->answer, 0, sizeof session->answer);
	session->in_text = false;
	code = run(session);
	tell(session);
	if (code != 0) {
		library_say(&session->library, code);
		if (library_expect(&session->library, "QUIT"))
			library_say(&session->library, 221);
	}
	library_close(&session->library);
	leave(session);
}
