/* What is kept of an answer: the peer's words, printable, in one line. Some receivers say back where and by what they were
 * asked, and receipts are read by more people than secrets are. */
#include "webhook.h"

#include <stdio.h>
#include <string.h>

enum { SECRET_PIECE_MIN = 8 };

static bool
is_printable(char byte)
{
	return byte >= ' ' && byte < 0x7f;
}

static size_t
add_line(const struct answer *answer, char *receipt, size_t room)
{
	size_t at = 0;

	for (size_t i = 0; i < answer->line_size && at + 1 < room; i++)
		if (is_printable(answer->line[i]))
			receipt[at++] = answer->line[i];
	receipt[at] = '\0';
	return at;
}

void
receipt_write(const struct answer *answer, char *receipt, size_t room)
{
	size_t at = add_line(answer, receipt, room);

	if (answer->size > 0 && at + 3 < room) {
		receipt[at++] = ':';
		receipt[at++] = ' ';
	}
	for (size_t i = 0; i < answer->size && at + 1 < room; i++)
		receipt[at++] = is_printable(answer->bytes[i]) ? answer->bytes[i] : ' ';
	receipt[at] = '\0';
}

void
receipt_write_failure(const struct answer *answer, const char *why, char *receipt, size_t room)
{
	size_t at = add_line(answer, receipt, room);

	snprintf(receipt + at, room - at, "%s%s", at > 0 ? ", no whole answer: " : "", why);
	for (at = 0; receipt[at] != '\0'; at++)
		if (!is_printable(receipt[at]))
			receipt[at] = ' ';
}

/* Its beginning is enough: where the text ends is cut. */
static void
hide_piece(char *text, const char *piece, size_t size)
{
	for (; *text != '\0'; text++) {
		size_t same = 0;

		while (same < size && text[same] == piece[same])
			same++;
		if (same < SECRET_PIECE_MIN)
			continue;
		memcpy(text, "***", 3);
		memmove(text + 3, text + same, strlen(text + same) + 1);
		text += 2;
	}
}

static void
hide(char *text, const char *words, const char *separators)
{
	while (*words != '\0') {
		size_t size = strcspn(words, separators);

		if (size >= SECRET_PIECE_MIN)
			hide_piece(text, words, size);
		words += size + (words[size] != '\0');
	}
}

/* The host is no secret, but who asks it may be named before it. */
void
receipt_hide(const struct post *post, char *receipt)
{
	const char *scheme = strstr(post->secrets, "://"), *host = scheme == NULL ? post->secrets : scheme + 3;
	size_t size = strcspn(host, "/?#");
	const char *at = memchr(host, '@', size);

	hide(receipt, post->secret, "");
	if (at != NULL) {
		char user[URL_MAX];
		snprintf(user, sizeof user, "%.*s", (int)(at - host), host);
		hide(receipt, user, ":");
	}
	hide(receipt, host + size, "/?#&=");
	for (const struct curl_slist *header = post->headers; header != NULL; header = header->next)
		hide(receipt, header->data + strcspn(header->data, ":"), ": ,;=\"");
}
