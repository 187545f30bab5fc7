/*
 * For `postwatch import`: splits a file of Icinga 2 into words: strings, numbers with units,
 * operators. Only the first error counts, since nothing after it can be read for sure.
 */
#include "command/icinga2_lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void
icinga_blame(struct icinga_lexer *lexer, const char *what)
{
	if (lexer->fault == NULL)
		lexer->fault = what;
	lexer->token = ICINGA_END;
	lexer->text = "";
}

/* To the first byte of a word, or to the end of a line that counts. */
static void
pass_blanks(struct icinga_lexer *lexer)
{
	for (const char *at = lexer->at;; lexer->at = at) {
		const char *end = NULL;

		if (*at == '#' || (at[0] == '/' && at[1] == '/'))
			at += strcspn(at, "\n");
		else if (at[0] == '/' && at[1] == '*') {
			end = strstr(at + 2, "*/");
			if (end == NULL) {
				lexer->line = lexer->next_line;
				icinga_blame(lexer, "this comment has no end");
				return;
			}
			for (; at < end + 2; at++)
				lexer->next_line += *at == '\n';
		} else if (*at == '\n' && lexer->within > 0) {
			lexer->next_line++;
			at++;
		} else if (*at == ' ' || *at == '\t' || *at == '\r')
			at++;
		else
			return;
	}
}

/* A string in quotes; `at` is behind the first. */
static void
take_string(struct icinga_lexer *lexer, const char *at)
{
	char *bytes = arena_alloc(lexer->arena, strcspn(at, "\n") + 1);
	size_t size = 0;

	for (; *at != '"' && *at != '\0' && *at != '\n'; at++) {
		static const char escapes[] = "n\nt\tr\rb\bf\f";
		const char *escape = at[1] == '\0' ? NULL : strchr(escapes, at[1]);

		if (*at != '\\') {
			bytes[size++] = *at;
			continue;
		}
		if (at[1] == '\0' || at[1] == '\n')
			break;
		bytes[size++] = escape != NULL && (escape - escapes) % 2 == 0 ? escape[1] : at[1];
		at++;
	}
	if (*at != '"')
		icinga_blame(lexer, "this string has no end");
	else {
		lexer->token = ICINGA_TEXT;
		lexer->text = bytes;
		lexer->at = at + 1;
	}
}

/* "{{{ … }}}", which may have several lines. */
static void
take_block(struct icinga_lexer *lexer, const char *at)
{
	const char *end = strstr(at, "}}}");

	if (end == NULL) {
		icinga_blame(lexer, "this string has no end: }}}");
		return;
	}
	lexer->token = ICINGA_TEXT;
	lexer->text = arena_bytes(lexer->arena, at, (size_t)(end - at));
	for (; at < end; at++)
		lexer->next_line += *at == '\n';
	lexer->at = end + 3;
}

static void
take_number(struct icinga_lexer *lexer, const char *at)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	size_t size;

	lexer->token = ICINGA_DIGITS;
	lexer->number = strtod(at, &end);
	for (size = 0; isalnum((unsigned char)end[size]) || end[size] == '_';)
		size++;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (size == strlen(units[i].unit) && strncmp(end, units[i].unit, size) == 0) {
			lexer->number *= units[i].seconds;
			size = 0;
			end += strlen(units[i].unit);
		}
	lexer->text = arena_bytes(lexer->arena, at, (size_t)(end - at));
	lexer->at = end;
	if (size > 0)
		icinga_blame(lexer, "no number: a unit is ms, s, m, h or d");
}

void
icinga_advance(struct icinga_lexer *lexer)
{
	static const char *const signs[] = { "{{", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=",
		"-=", "*=", "/=", "%=", "|=", "&=", "^=", "<<", ">>" };
	const char *at;
	size_t size = 1;

	if (lexer->fault != NULL)
		return;
	pass_blanks(lexer);
	at = lexer->at;
	lexer->line = lexer->next_line;
	if (lexer->fault != NULL)
		return;
	if (*at == '\0' || *at == '\n') {
		lexer->token = *at == '\0' ? ICINGA_END : ICINGA_NEWLINE;
		lexer->text = *at == '\0' ? "" : "\n";
		lexer->next_line += *at == '\n';
		lexer->at += *at == '\n';
	} else if (*at == '"')
		take_string(lexer, at + 1);
	else if (strncmp(at, "{{{", 3) == 0)
		take_block(lexer, at + 3);
	else if (isdigit((unsigned char)*at))
		take_number(lexer, at);
	else {
		bool is_word = isalpha((unsigned char)*at) || *at == '_' || *at == '@';

		while (is_word && (isalnum((unsigned char)at[size]) || at[size] == '_'))
			size++;
		for (size_t i = 0; i < sizeof signs / sizeof signs[0] && !is_word; i++)
			if (strncmp(at, signs[i], 2) == 0)
				size = 2;
		lexer->token = is_word ? ICINGA_WORD : ICINGA_SIGN;
		lexer->text = arena_bytes(lexer->arena, at + (*at == '@'), size - (*at == '@'));
		lexer->at += size;
	}
}

void
icinga_lex(struct icinga_lexer *lexer, struct arena *arena, const char *path, const char *bytes)
{
	*lexer = (struct icinga_lexer){ .arena = arena, .path = path, .at = bytes, .next_line = 1 };
	icinga_advance(lexer);
}

bool
icinga_at(const struct icinga_lexer *lexer, const char *word)
{
	return (lexer->token == ICINGA_SIGN || lexer->token == ICINGA_WORD
	    || lexer->token == ICINGA_NEWLINE) && strcmp(lexer->text, word) == 0;
}

void
icinga_skip_body(struct icinga_lexer *lexer)
{
	int open = 0;

	do {
		if (lexer->token == ICINGA_SIGN && lexer->text[0] == '{')
			open += lexer->text[1] == '{' ? 2 : 1;
		else if (icinga_at(lexer, "}"))
			open--;
		if (lexer->token == ICINGA_END) {
			icinga_blame(lexer, "this function has no end: }");
			return;
		}
		icinga_advance(lexer);
	} while (open > 0);
}
