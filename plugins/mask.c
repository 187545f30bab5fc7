/*
 * For the notifiers email and webhook: finds a secret in a peer's text and hides it. Compares text
 * with the secret in each form (as it is, in base64 ...), character by character, so that no form
 * of the secret is ever written down.
 */
#include "mask.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { CUT_LEAST = 3 };

/* What of base64 shows the secret alone: the characters whose six bits all belong to it. */
static const int base64_offsets[] = { 0, 4, 2 }; /* in bits, with 0, 1 and 2 bytes before it */

struct form {
	const char *secret;
	size_t size;
	int offset; /* -1: not in base64 */
};

/* Letters of both cases are one, and so are the two alphabets of base64, and "+" and a blank. */
static int
fold(int byte)
{
	return byte == '-' || byte == ' ' ? '+' : byte == '_' ? '/' : tolower(byte);
}

static size_t
size_of(const struct form *form)
{
	return form->offset < 0 ? form->size : (8 * form->size - (size_t)form->offset) / 6;
}

static int
at(const struct form *form, size_t index)
{
	static const char alphabet[]
	    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *)form->secret;
	size_t bit, byte;
	unsigned two;

	assert(index < size_of(form));
	if (form->offset < 0)
		return fold(bytes[index]);
	bit = 6 * index + (size_t)form->offset;
	byte = bit / 8;
	two = bytes[byte] * 256U + (byte + 1 < form->size ? bytes[byte + 1] : 0U);
	return fold((unsigned char)alphabet[two >> (10 - bit % 8) & 63]);
}

static int
digit(char byte)
{
	return isdigit((unsigned char)byte) ? byte - '0'
	    : isxdigit((unsigned char)byte) ? tolower((unsigned char)byte) - 'a' + 10 : -1;
}

/* Returns the byte at *text, decoded where it is "%41" or "\/", and moves on behind it. */
static int
decode(const char **text)
{
	const char *from = *text;

	if (from[0] == '%' && digit(from[1]) >= 0 && digit(from[2]) >= 0) {
		*text = from + 3;
		return digit(from[1]) * 16 + digit(from[2]);
	}
	if (from[0] == '\\' && from[1] != '\0')
		from++;
	*text = from + 1;
	return (unsigned char)*from;
}

static bool
ends(const char *text)
{
	return *text == '\0' || strncmp(text, "…", strlen("…")) == 0;
}

/* Returns the number of bytes at the beginning of `text` that show the secret from `start` on. */
static size_t
shown_from(const char *text, const struct form *form, size_t start, bool decoded)
{
	size_t size = size_of(form), least = size < MASK_PART ? size : MASK_PART, same = 0;
	const char *end = text, *next;

	while (*end != '\0' && start + same < size) {
		next = end;
		if (fold(decoded ? decode(&next) : (unsigned char)*next++) != at(form, start + same))
			break;
		end = next;
		same++;
	}
	return same >= least || (start == 0 && same >= CUT_LEAST && ends(end))
	    ? (size_t)(end - text) : 0;
}

static size_t
shown(const char *text, const struct form *form)
{
	size_t most = 0;

	for (size_t start = 0; start < size_of(form); start++)
		for (int decoded = 0; decoded < 2; decoded++) {
			size_t size = shown_from(text, form, start, decoded != 0);

			most = size > most ? size : most;
		}
	return most;
}

static void
hide(char *text, const struct form *form)
{
	for (; *text != '\0'; text++) {
		size_t size = shown(text, form);

		if (size == 0)
			continue;
		memcpy(text, "***", 3);
		memmove(text + 3, text + size, strlen(text + size) + 1);
		text += 2;
	}
}

static void
hide_forms(char *text, const char *secret, size_t size)
{
	struct form form = { secret, size, -1 };

	if (size < MASK_LEAST)
		return;
	hide(text, &form);
	for (size_t i = 0; i < sizeof base64_offsets / sizeof *base64_offsets; i++) {
		form.offset = base64_offsets[i];
		hide(text, &form);
	}
}

void
mask_secret(char *text, const char *secret, size_t size)
{
	char plain[MASK_SECRET_MAX];
	size_t count = 0;

	assert(size <= sizeof plain);
	hide_forms(text, secret, size);
	for (const char *from = secret; from < secret + size; count++)
		plain[count] = (char)decode(&from);
	if (count < size)
		hide_forms(text, plain, count);
	explicit_bzero(plain, count);
}
