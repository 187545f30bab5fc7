/* Words, numbers and texts of one line of a script. */
#include "phrase.h"

#include <ctype.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20 };

void
phrase_fault(const struct phrase *phrase, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: ", phrase->path, phrase->line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(65);
}

void
bytes_append(struct bytes *bytes, const char *data, size_t size, size_t times)
{
	bytes->data = realloc(bytes->data, bytes->size + size * times + 1);
	if (bytes->data == NULL)
		err(71, "realloc");
	for (; times > 0; times--) {
		memcpy(bytes->data + bytes->size, data, size);
		bytes->size += size;
	}
	bytes->data[bytes->size] = '\0';
}

static void
skip_blanks(struct phrase *phrase)
{
	while (*phrase->at == ' ' || *phrase->at == '\t')
		phrase->at++;
}

bool
phrase_ends(struct phrase *phrase)
{
	skip_blanks(phrase);
	return *phrase->at == '\0' || *phrase->at == '#';
}

void
phrase_word(struct phrase *phrase, char *word, size_t room)
{
	size_t size;

	if (phrase_ends(phrase))
		phrase_fault(phrase, "a word is missing at the end of the line");
	size = strcspn(phrase->at, " \t");
	if (size >= room)
		phrase_fault(phrase, "too long: %s", phrase->at);
	memcpy(word, phrase->at, size);
	word[size] = '\0';
	phrase->at += size;
}

bool
phrase_takes(struct phrase *phrase, const char *word)
{
	size_t size = strlen(word);

	skip_blanks(phrase);
	if (strncmp(phrase->at, word, size) != 0 || strchr(" \t", phrase->at[size]) == NULL)
		return false;
	phrase->at += size;
	return true;
}

long
phrase_number(struct phrase *phrase)
{
	char word[32], *end;
	long number;

	phrase_word(phrase, word, sizeof word);
	number = strtol(word, &end, 10);
	if (*end != '\0' || number < 0)
		phrase_fault(phrase, "not a number: %s", word);
	return number;
}

int64_t
phrase_time(struct phrase *phrase)
{
	char word[32];
	int64_t time;

	phrase_word(phrase, word, sizeof word);
	if (!script_time(word, &time))
		phrase_fault(phrase, "not a time such as 40s or 300ms: %s", word);
	return time;
}

void
phrase_word_or_text(struct phrase *phrase, char *word, size_t room)
{
	struct bytes bytes = { 0 };

	if (phrase_ends(phrase) || *phrase->at != '"') {
		phrase_word(phrase, word, room);
		return;
	}
	phrase_text(phrase, &bytes);
	snprintf(word, room, "%s", bytes.data);
	free(bytes.data);
}

static char
read_hex(struct phrase *phrase)
{
	char digits[3] = { phrase->at[0], '\0', '\0' };

	if (isxdigit((unsigned char)digits[0]))
		digits[1] = phrase->at[1];
	if (!isxdigit((unsigned char)digits[1]))
		phrase_fault(phrase, "\\x wants two digits");
	phrase->at += 2;
	return (char)strtol(digits, NULL, 16);
}

static char
read_escape(struct phrase *phrase)
{
	char letter = *phrase->at++;

	switch (letter) {
	case 'r': return '\r';
	case 'n': return '\n';
	case 't': return '\t';
	case '0': return '\0';
	case 'x': return read_hex(phrase);
	case '"':
	case '\\': return letter;
	}
	phrase_fault(phrase, "unknown escape \\%c", letter);
}

static void
read_quoted(struct phrase *phrase, struct bytes *bytes)
{
	char byte;

	skip_blanks(phrase);
	if (*phrase->at++ != '"')
		phrase_fault(phrase, "a text in quotes is wanted");
	bytes_append(bytes, "", 0, 1);
	while (*phrase->at != '"') {
		byte = *phrase->at++;
		if (byte == '\0')
			phrase_fault(phrase, "the closing quote is missing");
		if (byte == '\\')
			byte = read_escape(phrase);
		bytes_append(bytes, &byte, 1, 1);
	}
	phrase->at++;
}

/* "…" or "…" * N */
static void
read_term(struct phrase *phrase, struct bytes *bytes)
{
	struct bytes term = { 0 };
	long times = 1;

	read_quoted(phrase, &term);
	if (phrase_takes(phrase, "*"))
		times = phrase_number(phrase);
	if (times > TEXT_MAX / (long)(term.size + 1))
		phrase_fault(phrase, "too long a text: use flood");
	bytes_append(bytes, term.data, term.size, (size_t)times);
	free(term.data);
}

void
phrase_text(struct phrase *phrase, struct bytes *bytes)
{
	do
		read_term(phrase, bytes);
	while (phrase_takes(phrase, "+"));
}
