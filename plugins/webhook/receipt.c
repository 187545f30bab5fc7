/*
 * For the notifier `webhook`: writes receipts, the words with which a receiver took or refused a
 * notice. Some receivers repeat the URL or a header of the request in their answer, and receipts
 * are read by more people than secrets are: in logs, `status` and other notifiers' notices.
 */
#include "receipt.h"

#include <stdio.h>
#include <string.h>

#include "../mask.h"

/* Shorter parts, such as "api" or "v2", are no secrets, and stars in their place would hide the
 * receiver's words. */
enum { SECRET_PART_MIN = 8 };

static bool
is_printable(char byte)
{
	return byte >= ' ' && byte < 0x7f;
}

static size_t
add_status_line(const struct answer *answer, char *receipt, size_t room)
{
	size_t at = 0;

	for (size_t i = 0; i < answer->status_size && at + 1 < room; i++)
		if (is_printable(answer->status_line[i]))
			receipt[at++] = answer->status_line[i];
	receipt[at] = '\0';
	return at;
}

void
receipt_write(const struct answer *answer, char *receipt, size_t room)
{
	size_t at = add_status_line(answer, receipt, room);

	if (answer->body_size > 0 && at + 3 < room) {
		receipt[at++] = ':';
		receipt[at++] = ' ';
	}
	for (size_t i = 0; i < answer->body_size && at + 1 < room; i++)
		receipt[at++] = is_printable(answer->body[i]) ? answer->body[i] : ' ';
	receipt[at] = '\0';
}

void
receipt_write_failure(const struct answer *answer, const char *why, char *receipt, size_t room)
{
	size_t at = add_status_line(answer, receipt, room);

	snprintf(receipt + at, room - at, "%s%s", at > 0 ? ", no whole answer: " : "", why);
	for (at = 0; receipt[at] != '\0'; at++)
		if (!is_printable(receipt[at]))
			receipt[at] = ' ';
}

static void
hide_parts(char *text, const char *parts, size_t size, const char *separators)
{
	const char *end = parts + size;

	while (parts < end) {
		size_t part = strcspn(parts, separators);

		part = part < (size_t)(end - parts) ? part : (size_t)(end - parts);
		if (part >= SECRET_PART_MIN)
			mask_secret(text, parts, part);
		parts += part + 1;
	}
}

/* Host and port of the URL stay readable: they tell an operator which receiver answered. */
void
receipt_hide(const struct post *post, char *receipt)
{
	const char *scheme_end = strstr(post->given_url, "://");
	const char *authority = scheme_end == NULL ? post->given_url : scheme_end + 3;
	size_t size = strcspn(authority, "/?#");
	const char *user_end = memchr(authority, '@', size), *password;

	mask_secret(receipt, post->secret, strlen(post->secret));
	if (user_end != NULL) {
		hide_parts(receipt, authority, (size_t)(user_end - authority), ":");
		password = memchr(authority, ':', (size_t)(user_end - authority));
		if (password != NULL)
			mask_secret(receipt, password + 1, (size_t)(user_end - password - 1));
	}
	hide_parts(receipt, authority + size, strlen(authority + size), "/?#&=");
	for (const struct curl_slist *header = post->headers; header != NULL; header = header->next) {
		const char *value = header->data + strcspn(header->data, ":");

		hide_parts(receipt, value, strlen(value), ": ,;=\"");
	}
}
