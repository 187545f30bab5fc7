/*
 * Sent is what got a final 2xx for the message and for its recipient. A failure of the way there is the channel's; a
 * refusal is one of this message or of this recipient.
 */
#include "relay.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void __attribute__((format(printf, 2, 3)))
say(struct pw_result *result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(result->receipt, sizeof result->receipt, format, arguments);
	va_end(arguments);
}

/* "250 2.1.5 Ok", without the line's end. */
static void
say_status(struct pw_result *result, const char *what, const smtp_status_t *status)
{
	const char *text = status->text == NULL ? "" : status->text;
	int size = (int)strcspn(text, "\r\n");

	if (status->enh_class > 0)
		say(result, "%s%d %d.%d.%d %.*s", what, status->code, status->enh_class, status->enh_subject, status->enh_detail,
		    size, text);
	else
		say(result, "%s%d %.*s", what, status->code, size, text);
}

static bool
is_yes(int code)
{
	return code >= 200 && code < 300;
}

/* The relay wants to know who we are, or does not believe it: that is the same for every message. */
static bool
is_about_us(const struct relay *relay, int code)
{
	return code == 421 || code == 530 || code == 534 || code == 535 || code == 538
	    || (code >= 500 && relay->auth_refusal[0] != '\0');
}

static void
refuse(const struct relay *relay, struct pw_result *result, const char *what, const smtp_status_t *status)
{
	result->channel = is_about_us(relay, status->code);
	result->fate = status->code >= 500 && !result->channel ? PW_NEVER : PW_AGAIN;
	say_status(result, what, status);
	if (result->channel && relay->auth_refusal[0] != '\0')
		say(result, "AUTH was refused: %s", relay->auth_refusal);
}

static int64_t
silence(const struct relay *relay)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 - relay->heard;
}

/* Why the way there failed. The library has one number for a silence and for an end of the connection. */
static void
say_way(const struct relay *relay, int error, struct pw_result *result)
{
	char words[128] = "";

	if (relay->injected)
		say(result, "bytes came in clear text behind the consent to STARTTLS (CVE-2011-0411): nothing was sent");
	else if (relay->fault[0] != '\0')
		say(result, "%s", relay->fault);
	else if (relay->tls == RELAY_REQUIRE && relay->heard_hello && !relay->said_starttls)
		say(result, "%s does not offer STARTTLS, and tls = \"require\"", relay->host);
	else if (relay->said_text)
		say(result, "the connection was lost behind the text: it may have been taken");
	else if (relay->connected && silence(relay) >= RELAY_PATIENCE_MS * INT64_C(1000))
		say(result, "no answer within %d s; the last was: %s", RELAY_PATIENCE_MS / 1000, relay->reply);
	else if (relay->auth_refusal[0] != '\0')
		say(result, "AUTH was refused: %s", relay->auth_refusal);
	else if (relay->said_starttls && !relay->secured)
		say(result, "the TLS handshake with %s failed", relay->host);
	else if (relay->reply[0] == '4' || relay->reply[0] == '5')
		say(result, "%s", relay->reply);
	else if (error != 0)
		say(result, "%s: %s", relay->place, smtp_strerror(error, words, sizeof words));
	else
		say(result, "%s: the session ended before its time; the last was: %s", relay->place, relay->reply);
}

static void
judge_one(const struct relay *relay, smtp_message_t message, smtp_recipient_t recipient, int error, struct pw_result *result)
{
	const smtp_status_t *taken = smtp_message_transfer_status(message), *sender = smtp_reverse_path_status(message);
	const smtp_status_t *own = smtp_recipient_status(recipient);

	result->fate = PW_AGAIN;
	if (relay->injected || own == NULL || taken == NULL || sender == NULL) {
		result->channel = true;
		say_way(relay, error, result);
	} else if (sender->code >= 400) {
		refuse(relay, result, "MAIL FROM: ", sender);
	} else if (own->code >= 400) {
		refuse(relay, result, "", own);
	} else if (taken->code >= 400) {
		refuse(relay, result, "", taken);
	} else if (is_yes(own->code) && is_yes(taken->code)) {
		result->fate = PW_SENT;
		say_status(result, "", taken);
	} else {
		result->channel = true;
		say_way(relay, error, result);
	}
}

void
relay_judge(const struct relay *relay, smtp_message_t message, const smtp_recipient_t *recipients, uint32_t count, int error,
    struct pw_result *results)
{
	for (uint32_t i = 0; i < count; i++)
		judge_one(relay, message, recipients[i], error, &results[i]);
}
