/*
 * For the reading of a configuration: makes the text that libconfig parses, with the place in the
 * user's files of each of its lines.
 *
 * Each setting and each entry of a list begins a line of its own, so that a line number of
 * libconfig's stands for one place, column included. What was a fault is written as something that
 * libconfig takes: a number that no setting can have, a key that no setting is called. A value in
 * words without quotes is taken to its end, so that what follows is read as it was meant.
 */
#include "config/plain.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
		assert(plain->size + 1 < plain->room);
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

/* A word without quotes, to its end: what hangs together, and on the same line what else is no sign
 * and no key. */
static struct token
take_bare(struct lexer *lexer)
{
	struct token bare = lexer->now;

	for (lexer_advance(lexer); lexer->now.kind != TOKEN_END
	     && lexer->now.kind != TOKEN_STRING && lexer->now.place.line == bare.place.line
	     && lexer->now.place.file == bare.place.file;
	     lexer_advance(lexer)) {
		bool glued = lexer->now.glued && !token_is_one_of(&lexer->now, ";,{}()[]=");

		if (!glued
		    && (lexer->now.kind == TOKEN_SIGN
		        || (lexer->now.kind == TOKEN_NAME && token_sets(&lexer->next))))
			break;
		bare.size = (size_t)(lexer->now.bytes + lexer->now.size - bare.bytes);
		bare.end = lexer->now.end;
	}
	return bare;
}

/*
 * Quotes that are not those of the grammar, such as those that word processors make. Returns false
 * if there are none.
 */
static bool
strip_quotes(struct token *bare)
{
	static const char *const quotes[] = { "'", "`", "\xe2\x80\x98", "\xe2\x80\x99",
		"\xe2\x80\x9a", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xc2\xab",
		"\xc2\xbb" };
	bool found = false;

	for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
		size_t size = strlen(quotes[i]);

		if (bare->size >= size && memcmp(bare->bytes, quotes[i], size) == 0) {
			bare->bytes += size;
			bare->size -= size;
			found = true;
		}
		if (bare->size >= size
		    && memcmp(bare->bytes + bare->size - size, quotes[i], size) == 0)
			bare->size -= size;
	}
	return found;
}

static void
parse_bare(struct lexer *lexer, struct plain *out)
{
	static const char *const yes_no[][2] = { { "yes", "true" }, { "on", "true" },
		{ "no", "false" }, { "off", "false" } };
	/* Not that of the token below: gcc 14 passes a part of it on unset. */
	struct place place = lexer->now.place;
	struct token bare = take_bare(lexer);
	bool quoted;

	for (size_t i = 0; i < sizeof yes_no / sizeof *yes_no; i++) {
		if (token_is_word(&bare, yes_no[i][0])) {
			lexer_blame(lexer, place, "%.*s is written %s", (int)bare.size,
			    bare.bytes, yes_no[i][1]);
			plain_add(out, yes_no[i][1]);
			return;
		}
	}
	quoted = strip_quotes(&bare);
	lexer_blame(lexer, place,
	    quoted ? "a string stands between two '\"': %s"
	           : "a value that is no plain number, true or false stands in quotes: %s",
	    lexer_quote(lexer, &bare));
	plain_add(out, "\"");
	for (size_t i = 0; i < bare.size; i++) {
		if (bare.bytes[i] == '"' || bare.bytes[i] == '\\')
			plain_add(out, "\\");
		plain_add_bytes(out, bare.bytes + i, 1);
	}
	plain_add(out, "\"");
}

/* libconfig 1.5 wraps 4294967296 to 0 without a word, and makes 64 bits of "5L". */
static void
parse_number(struct lexer *lexer, struct plain *out)
{
	const struct token *number = &lexer->now;
	const char *digits = number->bytes + (*number->bytes == '+' || *number->bytes == '-');
	const char *end = number->bytes + number->size;
	bool is_hex = end - digits > 2 && strncasecmp(digits, "0x", 2) == 0;
	char *stop;
	long long value = strtoll(digits, &stop, is_hex ? 16 : 10);

	if (value > INT32_MAX || (stop < end && *stop == 'L')) {
		lexer_blame(lexer, number->place,
		    "the number %s is too large: up to %d; what counts time or bytes is written in "
		    "quotes, with a unit", lexer_quote(lexer, number), INT32_MAX);
		plain_add_no_value(out);
	} else {
		plain_add_bytes(out, number->bytes, (size_t)(digits - number->bytes));
		/* libconfig 1.5 reads 08 as 8, and 1.7 refuses it. */
		while (digits + 1 < end && *digits == '0' && isdigit((unsigned char)digits[1]))
			digits++;
		assert(digits < end && stop <= end);
		plain_add_bytes(out, digits, (size_t)(end - digits));
	}
	lexer_advance(lexer);
}

void
plain_take_scalar(struct plain *out, struct lexer *lexer)
{
	if (lexer->now.kind == TOKEN_STRING) {
		/* libconfig joins strings that follow each other: helo = "mail." "example.org"; */
		for (; lexer->now.kind == TOKEN_STRING; lexer_advance(lexer)) {
			plain_add_bytes(out, lexer->now.bytes, lexer->now.size);
			plain_add(out, " ");
		}
	} else if (lexer->now.kind == TOKEN_NUMBER && lexer_is_alone(lexer)) {
		parse_number(lexer, out);
	} else if (lexer_is_truth(lexer)) {
		plain_add_bytes(out, lexer->now.bytes, lexer->now.size);
		lexer_advance(lexer);
	} else {
		parse_bare(lexer, out);
	}
}
