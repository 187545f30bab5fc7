/*
 * Parses scalar values: strings, numbers, booleans, and unquoted words. A value in words without
 * quotes is taken to its end, so that what follows is read as it was meant.
 */
#include "config/scalar.h"

#include <assert.h>
#include <string.h>

/* A word without quotes, to its end: what hangs together, and on the same line what else is no sign
 * and no key. */
static struct token
take_bare(struct tokens *tokens)
{
	struct token bare = tokens->now;

	for (tokens_advance(tokens); tokens->now.kind != TOKEN_END
	     && tokens->now.kind != TOKEN_STRING && tokens->now.place.line == bare.place.line
	     && tokens->now.place.file == bare.place.file;
	     tokens_advance(tokens)) {
		bool glued = tokens->now.glued && !token_is_one_of(&tokens->now, ";,{}()[]=");

		if (!glued
		    && (tokens->now.kind == TOKEN_SIGN
		        || (tokens->now.kind == TOKEN_NAME && token_sets(&tokens->next))))
			break;
		bare.size = (size_t)(tokens->now.bytes + tokens->now.size - bare.bytes);
		bare.end = tokens->now.end;
	}
	return bare;
}

/* What was written without quotes, as the string that it was meant to be. */
static void
put_quoted(struct plain *out, const struct token *bare)
{
	plain_add(out, "\"");
	for (size_t i = 0; i < bare->size; i++) {
		if (bare->bytes[i] == '"' || bare->bytes[i] == '\\')
			plain_add(out, "\\");
		plain_add_bytes(out, bare->bytes + i, 1);
	}
	plain_add(out, "\"");
}

bool
scalar_is_alone(const struct tokens *tokens)
{
	const struct token *next = &tokens->next;

	return !next->glued || token_is_one_of(next, ";,{}()[]") || next->kind == TOKEN_STRING
	    || next->kind == TOKEN_END;
}

bool
scalar_is_truth(const struct tokens *tokens)
{
	return tokens->now.kind == TOKEN_NAME && scalar_is_alone(tokens)
	    && (token_is_word(&tokens->now, "true") || token_is_word(&tokens->now, "false"));
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
parse_bare(struct tokens *tokens, struct plain *out)
{
	static const char *const yes_no[][2] = { { "yes", "true" }, { "on", "true" },
		{ "no", "false" }, { "off", "false" } };
	/* Not that of the token below: gcc 14 passes a part of it on unset. */
	struct place place = tokens->now.place;
	struct token bare = take_bare(tokens);
	bool quoted;

	for (size_t i = 0; i < sizeof yes_no / sizeof *yes_no; i++) {
		if (token_is_word(&bare, yes_no[i][0])) {
			tokens_blame(tokens, place, "%.*s is written %s", (int)bare.size,
			    bare.bytes, yes_no[i][1]);
			plain_add(out, yes_no[i][1]);
			return;
		}
	}
	quoted = strip_quotes(&bare);
	tokens_blame(tokens, place,
	    quoted ? "a string stands between two '\"': %s"
	           : "a value that is no plain number, true or false stands in quotes: %s",
	    tokens_quote(tokens, &bare));
	put_quoted(out, &bare);
}

static void
parse_number(struct tokens *tokens, struct plain *out)
{
	const struct token *number = &tokens->now;
	size_t zeros = 0, sign = *number->bytes == '+' || *number->bytes == '-';

	if (!lexer_number_fits(number)) {
		tokens_blame(tokens, number->place,
		    "the number %s is too large: up to %d; what counts time or bytes is written in "
		    "quotes, with a unit",
		    tokens_quote(tokens, number), INT32_MAX);
		plain_add_no_value(out);
	} else {
		/* libconfig 1.5 reads 08 as 8, and 1.7 refuses it. */
		while (sign + zeros + 1 < number->size && number->bytes[sign + zeros] == '0'
		    && strchr("0123456789", number->bytes[sign + zeros + 1]) != NULL)
			zeros++;
		assert(sign + zeros < number->size);
		plain_add_bytes(out, number->bytes, sign);
		plain_add_bytes(out, number->bytes + sign + zeros, number->size - sign - zeros);
	}
	tokens_advance(tokens);
}

void
scalar_parse(struct tokens *tokens, struct plain *out)
{
	if (tokens->now.kind == TOKEN_STRING) {
		/* libconfig joins strings that follow each other: helo = "mail." "example.org"; */
		for (; tokens->now.kind == TOKEN_STRING; tokens_advance(tokens)) {
			plain_add_bytes(out, tokens->now.bytes, tokens->now.size);
			plain_add(out, " ");
		}
	} else if (tokens->now.kind == TOKEN_NUMBER && scalar_is_alone(tokens)) {
		parse_number(tokens, out);
	} else if (scalar_is_truth(tokens)) {
		plain_add_bytes(out, tokens->now.bytes, tokens->now.size);
		tokens_advance(tokens);
	} else {
		parse_bare(tokens, out);
	}
}
