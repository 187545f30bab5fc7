/*
 * The text that libconfig parses, with the place in the user's files of each of its lines.
 *
 * Each setting and each entry of a list begins a line of its own, so that a line number of
 * libconfig's stands for one place, column included. What was a fault is written as something that
 * libconfig takes: a number that no setting can have, a key that no setting is called.
 */
#include "config/plain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

static void
add_line(struct plain *plain, struct place place)
{
	VEC_REQUIRE(plain->lines, plain->line_count, plain->line_room);
	plain->lines[plain->line_count++] = place;
}

void
plain_begin(struct plain *plain, struct place place)
{
	*plain = (struct plain){ 0 };
	VEC_REQUIRE(plain->text, plain->size, plain->room);
	plain->text[0] = '\0';
	add_line(plain, place);
}

void
plain_fini(struct plain *plain)
{
	free(plain->text);
	free(plain->lines);
	*plain = (struct plain){ 0 };
}

/*
 * A string may run over lines: they are lines of the same setting. CR LF becomes LF, for files that
 * were edited elsewhere.
 */
void
plain_add_bytes(struct plain *plain, const char *bytes, size_t size)
{
	for (; size > 0; size--, bytes++) {
		if (*bytes == '\r' && size > 1 && bytes[1] == '\n')
			continue;
		VEC_REQUIRE(plain->text, plain->size + 1, plain->room); /* a NUL follows */
		plain->text[plain->size++] = *bytes;
		if (*bytes == '\n')
			add_line(plain, plain->lines[plain->line_count - 1]);
	}
	assert(plain->size < plain->room && plain->line_count <= plain->line_room);
	plain->text[plain->size] = '\0';
}

void
plain_add(struct plain *plain, const char *string)
{
	plain_add_bytes(plain, string, strlen(string));
}

void
plain_begin_line(struct plain *plain, struct place place)
{
	plain_add(plain, "\n");
	plain->lines[plain->line_count - 1] = place;
}

void
plain_add_no_value(struct plain *plain)
{
	plain_add(plain, " -2147483648 ");
}

/* Each has another name, so that libconfig does not find one twice. */
void
plain_add_no_key(struct plain *plain)
{
	struct text name = TEXT_OVER((char[32]){ 0 });

	text_format(&name, "%c%zu", PLAIN_NO_KEY, plain->size);
	plain_add(plain, name.bytes);
}

/* libconfig counts from 1, and tells the end of a text as the line behind the last. */
struct place
plain_place(const struct plain *plain, unsigned line)
{
	if (line == 0 || line > plain->line_count)
		line = (unsigned)plain->line_count;
	assert(line >= 1 && line <= plain->line_count);
	return plain->lines[line - 1];
}
