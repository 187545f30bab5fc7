/*
 * For the SMTP probes: reads the text of a server's reply. Words in its lines are found without
 * regard to case and cut at blanks, as RFC 5321 writes them.
 */
#include "reply_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t
reply_quote(const struct pw_reply *reply, char *into, size_t room)
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
equals_ignoring_case(struct pw_bytes left, struct pw_bytes right)
{
	return left.size == right.size && strncasecmp(left.data, right.data, left.size) == 0;
}

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool
reply_mentions(const struct pw_reply *reply, const char *word)
{
	size_t size = strlen(word);

	assert(is_alphanumeric(word[0]));
	for (size_t line = 0; line < reply->count; line++) {
		struct pw_bytes text = reply->lines[line];

		for (size_t i = 0; i + size <= text.size; i++)
			if (((text.data[i] ^ word[0]) & ~0x20) == 0 /* most bytes need no call */
			    && strncasecmp(text.data + i, word, size) == 0
			    && (i == 0 || !is_alphanumeric(text.data[i - 1]))
			    && (i + size == text.size || !is_alphanumeric(text.data[i + size])))
				return true;
	}
	return false;
}

bool
is_all_zeros(struct pw_bytes number)
{
	for (size_t i = 0; i < number.size; i++)
		if (number.data[i] != '0')
			return false;
	return number.size > 0;
}

struct pw_bytes
take_word(struct pw_bytes *text)
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
reply_join(const struct pw_reply *reply, size_t first, const char *between,
    char into[static REPLY_JOINED_MAX])
{
	size_t at = 0, gap = strlen(between);

	for (size_t i = first; i < reply->count; i++) {
		struct pw_bytes line = reply->lines[i];

		if (at > 0 && at + gap < REPLY_JOINED_MAX) {
			memcpy(into + at, between, gap);
			at += gap;
		}
		if (line.size > REPLY_JOINED_MAX - at)
			line.size = REPLY_JOINED_MAX - at;
		memcpy(into + at, line.data, line.size);
		at += line.size;
	}
	return (struct pw_bytes){ into, at };
}

static bool
line_offers(struct pw_bytes line, const char *wanted)
{
	struct pw_bytes wish = { wanted, strlen(wanted) }, word = take_word(&wish);

	if (!equals_ignoring_case(take_word(&line), word))
		return false;
	while ((word = take_word(&wish)).size > 0) {
		struct pw_bytes parameters = line, parameter;

		while ((parameter = take_word(&parameters)).size > 0
		    && !equals_ignoring_case(parameter, word))
			;
		if (parameter.size == 0)
			return false;
	}
	return true;
}

bool
reply_offers(const struct pw_reply *reply, const char *wanted)
{
	for (size_t i = 1; i < reply->count; i++)
		if (line_offers(reply->lines[i], wanted))
			return true;
	return false;
}
