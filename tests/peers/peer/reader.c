/* Words, numbers and texts of one line of a script. */
#include "reader.h"

#include <ctype.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20 };

void
reader_fault(const struct reader *reader, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: ", reader->path, reader->line);
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
skip_blanks(struct reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\t')
		reader->at++;
}

bool
reader_ends(struct reader *reader)
{
	skip_blanks(reader);
	return *reader->at == '\0' || *reader->at == '#';
}

void
reader_word(struct reader *reader, char *word, size_t room)
{
	size_t size;

	if (reader_ends(reader))
		reader_fault(reader, "a word is missing at the end of the line");
	size = strcspn(reader->at, " \t");
	if (size >= room)
		reader_fault(reader, "too long: %s", reader->at);
	memcpy(word, reader->at, size);
	word[size] = '\0';
	reader->at += size;
}

bool
reader_takes(struct reader *reader, const char *word)
{
	size_t size = strlen(word);

	skip_blanks(reader);
	if (strncmp(reader->at, word, size) != 0 || strchr(" \t", reader->at[size]) == NULL)
		return false;
	reader->at += size;
	return true;
}

long
reader_number(struct reader *reader)
{
	char word[32], *end;
	long number;

	reader_word(reader, word, sizeof word);
	number = strtol(word, &end, 10);
	if (*end != '\0' || number < 0)
		reader_fault(reader, "not a number: %s", word);
	return number;
}

int64_t
reader_time(struct reader *reader)
{
	char word[32];
	int64_t time;

	reader_word(reader, word, sizeof word);
	if (!script_time(word, &time))
		reader_fault(reader, "not a time such as 40s or 300ms: %s", word);
	return time;
}

static char
read_hex(struct reader *reader)
{
	char digits[3] = { reader->at[0], '\0', '\0' };

	if (isxdigit((unsigned char)digits[0]))
		digits[1] = reader->at[1];
	if (!isxdigit((unsigned char)digits[1]))
		reader_fault(reader, "\\x wants two digits");
	reader->at += 2;
	return (char)strtol(digits, NULL, 16);
}

static char
read_escape(struct reader *reader)
{
	char letter = *reader->at++;

	switch (letter) {
	case 'r': return '\r';
	case 'n': return '\n';
	case 't': return '\t';
	case '0': return '\0';
	case 'x': return read_hex(reader);
	case '"':
	case '\\': return letter;
	}
	reader_fault(reader, "unknown escape \\%c", letter);
}

static void
read_quoted(struct reader *reader, struct bytes *bytes)
{
	char byte;

	skip_blanks(reader);
	if (*reader->at++ != '"')
		reader_fault(reader, "a text in quotes is wanted");
	bytes_append(bytes, "", 0, 1);
	while (*reader->at != '"') {
		byte = *reader->at++;
		if (byte == '\0')
			reader_fault(reader, "the closing quote is missing");
		if (byte == '\\')
			byte = read_escape(reader);
		bytes_append(bytes, &byte, 1, 1);
	}
	reader->at++;
}

/* "…" or "…" * N */
static void
read_term(struct reader *reader, struct bytes *bytes)
{
	struct bytes term = { 0 };
	long times = 1;

	read_quoted(reader, &term);
	if (reader_takes(reader, "*"))
		times = reader_number(reader);
	if (times > TEXT_MAX / (long)(term.size + 1))
		reader_fault(reader, "too long a text: use flood");
	bytes_append(bytes, term.data, term.size, (size_t)times);
	free(term.data);
}

void
reader_text(struct reader *reader, struct bytes *bytes)
{
	do
		read_term(reader, bytes);
	while (reader_takes(reader, "+"));
}
