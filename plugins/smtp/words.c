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

static const char *const policy[] = {
	"block list", "blocklist", "blacklist", "black list", "denylist", "deny list", "dnsbl", "rbl", "spamhaus",
	"spamcop", "barracudacentral", "sorbs", "blocked", "banned", "reputation", "listed at", "listed in", "listed by",
	"policy reasons", "local policy", "access denied", "not welcome", "poor sender",
};

static const char *const helo[] = {
	"helo command rejected", "ehlo command rejected", "invalid helo", "bad helo", "bad ehlo", "invalid ehlo",
	"helo name", "ehlo name", "helo argument", "ehlo argument", "hostname", "host name", "fully-qualified",
	"fully qualified", "fqdn", "does not resolve", "invalid name", "invalid domain", "helo not",
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

/* Whether `text` holds `word`, case aside. */
static bool
holds(struct pw_bytes text, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= text.size; i++)
		if ((text.data[i] | 0x20) == (word[0] | 0x20) && strncasecmp(text.data + i, word, size) == 0)
			return true;
	return false;
}

static bool
holds_any(const struct pw_reply *reply, const char *const *words, size_t count)
{
	for (size_t line = 0; line < reply->count; line++)
		for (size_t i = 0; i < count; i++)
			if (holds(reply->lines[line], words[i]))
				return true;
	return false;
}

bool
words_are_policy(const struct pw_reply *reply)
{
	return (reply->enhanced[0] >= 4 && reply->enhanced[1] == 7)
	    || holds_any(reply, policy, sizeof policy / sizeof *policy);
}

bool
words_are_helo(const struct pw_reply *reply)
{
	return holds_any(reply, helo, sizeof helo / sizeof *helo);
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
