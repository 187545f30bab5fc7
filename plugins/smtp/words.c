/* Words of mail servers, as tables: what is missing here is a row, not code. */
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* As they stand in greetings, after a blank or a bracket. */
static const char *const software[] = {
	"Postfix", "Exim", "Sendmail", "OpenSMTPD", "Microsoft ESMTP MAIL Service", "gsmtp", "Dovecot", "Haraka", "Stalwart",
	"MDaemon", "MailEnable", "hMailServer", "CommuniGate Pro", "Kerio Connect", "Zimbra", "qmail", "maddy", "IceWarp",
	"SmarterMail", "Axigen", "GroupWise", "Lotus Domino", "IBM Domino", "HCL Domino", "Domino", "PowerMTA", "ecelerity",
	"Momentum", "Mercury", "Apache James", "JAMES", "Courier", "Mimecast", "Halon", "ZoneMTA", "FortiMail", "Barracuda",
	"MailHog", "MailPit", "Cyrus", "Citadel", "XMail", "SurgeMail", "Proofpoint",
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
begins_with(struct pw_bytes text, const char *word, size_t size)
{
	return text.size >= size && memcmp(text.data, word, size) == 0;
}

/* What follows the name and belongs to it: a version that begins with a digit, or something short in brackets. */
static size_t
tail_size(struct pw_bytes rest)
{
	size_t end = 1;

	if (rest.size < 2 || !is_blank(rest.data[0]))
		return 0;
	if (rest.data[1] == '(') {
		while (end < rest.size && end < 40 && rest.data[end] != ')')
			end++;
		return end < rest.size && rest.data[end] == ')' ? end + 1 : 0;
	}
	if (rest.data[1] < '0' || rest.data[1] > '9')
		return 0;
	while (end < rest.size && end < 40 && !is_blank(rest.data[end]) && rest.data[end] != ';' && rest.data[end] != ',')
		end++;
	return end;
}

static struct pw_bytes
software_at(struct pw_bytes text)
{
	for (size_t i = 0; i < sizeof software / sizeof *software; i++) {
		size_t size = strlen(software[i]);

		if (software[i][0] == text.data[0] && begins_with(text, software[i], size)) {
			struct pw_bytes rest = { text.data + size, text.size - size };

			return (struct pw_bytes){ text.data, size + tail_size(rest) };
		}
	}
	return (struct pw_bytes){ text.data, 0 };
}

struct pw_bytes
words_software(struct pw_bytes text)
{
	bool word = false; /* the host's own name comes first, and is none */

	for (; text.size > 0; text.data++, text.size--) {
		struct pw_bytes found = word ? software_at(text) : (struct pw_bytes){ text.data, 0 };

		if (found.size > 0)
			return found;
		word = is_blank(text.data[0]) || text.data[0] == '(';
	}
	return text;
}

size_t
words_quote(const struct pw_reply *reply, char *into, size_t room)
{
	int made = snprintf(into, room, "%d", reply->code);
	size_t at = made > 0 ? (size_t)made : 0;

	for (size_t line = 0; line < reply->count; line++) {
		struct pw_bytes text = reply->lines[line];

		if (text.size > 0 && at + 1 < room)
			into[at++] = ' ';
		for (size_t i = 0; i < text.size && at + 1 < room; i++)
			into[at++] = text.data[i] != '\0' ? text.data[i] : '?';
	}
	into[at] = '\0';
	return at;
}

bool
words_equal(struct pw_bytes left, struct pw_bytes right)
{
	return left.size == right.size && strncasecmp(left.data, right.data, left.size) == 0;
}

struct pw_bytes
words_take(struct pw_bytes *text)
{
	size_t from = 0, end;

	while (from < text->size && is_blank(text->data[from]))
		from++;
	for (end = from; end < text->size && !is_blank(text->data[end]); end++)
		;
	struct pw_bytes word = { text->data + from, end - from };
	text->data += end;
	text->size -= end;
	return word;
}

struct pw_bytes
words_join(const struct pw_reply *reply, size_t first, const char *between, char into[static WORDS_JOINED_MAX])
{
	size_t at = 0, gap = strlen(between);

	for (size_t i = first; i < reply->count; i++) {
		struct pw_bytes line = reply->lines[i];

		if (at > 0 && at + gap < WORDS_JOINED_MAX) {
			memcpy(into + at, between, gap);
			at += gap;
		}
		if (line.size > WORDS_JOINED_MAX - at)
			line.size = WORDS_JOINED_MAX - at;
		memcpy(into + at, line.data, line.size);
		at += line.size;
	}
	return (struct pw_bytes){ into, at };
}

/* Whether one line of a reply to EHLO offers `wanted`: its keyword, and each further word among the parameters. */
static bool
line_offers(struct pw_bytes line, const char *wanted)
{
	struct pw_bytes wish = { wanted, strlen(wanted) }, word = words_take(&wish);

	if (!words_equal(words_take(&line), word))
		return false;
	while ((word = words_take(&wish)).size > 0) {
		struct pw_bytes parameters = line, parameter;

		while ((parameter = words_take(&parameters)).size > 0 && !words_equal(parameter, word))
			;
		if (parameter.size == 0)
			return false;
	}
	return true;
}

bool
words_offer(const struct pw_reply *reply, const char *wanted)
{
	for (size_t i = 1; i < reply->count; i++)
		if (line_offers(reply->lines[i], wanted))
			return true;
	return false;
}
