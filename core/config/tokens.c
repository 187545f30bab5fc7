/*
 * A window of two tokens over the lexer, and the errors reported on them: two are enough to tell a
 * key from an entry.
 */
#include "config/tokens.h"

#include <string.h>
#include <strings.h>

bool
token_is(const struct token *token, char sign)
{
	return token->kind == TOKEN_SIGN && *token->bytes == sign;
}

bool
token_is_one_of(const struct token *token, const char *signs)
{
	return token->kind == TOKEN_SIGN && strchr(signs, *token->bytes) != NULL;
}

void
tokens_stop(struct tokens *tokens)
{
	tokens->spoilt = true;
	tokens->now = tokens->next = (struct token){
		.kind = TOKEN_END, .place = tokens->now.place, .end = tokens->now.place
	};
}

/* What stands before a fault that the lexer told is still read. */
void
tokens_advance(struct tokens *tokens)
{
	tokens->last = tokens->now;
	tokens->now = tokens->next;
	if (tokens->last.kind == TOKEN_STRING && tokens->last.place.line != tokens->last.end.line)
		tokens->long_string = tokens->last;
	if (!tokens->spoilt && !lexer_next(tokens->lexer, &tokens->next)) {
		tokens->spoilt = true;
		tokens->next = (struct token){ .kind = TOKEN_END };
	}
}

/*
 * On the line on which a string of several lines ends everything seems wrong where that string
 * lacks its quote: helo = "mx1; and three settings later a quote, and behind it an open string
 * again. The string is told in place of what seems wrong.
 */
void
tokens_blame(struct tokens *tokens, struct place place, const char *format, ...)
{
	char words[sizeof((struct config_fault *)0)->text];
	struct text text = TEXT_OVER(words);
	const struct token *string = &tokens->long_string;
	va_list arguments;

	if (tokens->spoilt)
		return;
	if (string->kind == TOKEN_STRING && string->end.file == place.file
	    && string->end.line == place.line) {
		faults_add(tokens->faults, string->place,
		    "this string has no end: a '\"' is missing; it goes on to %s",
		    faults_place(tokens->faults, string->end));
		tokens_stop(tokens);
		return;
	}
	va_start(arguments, format);
	text_format_v(&text, format, arguments);
	va_end(arguments);
	faults_add(tokens->faults, place, "%s", words);
}

const char *
tokens_quote(struct tokens *tokens, const struct token *token)
{
	size_t quotes = token->kind == TOKEN_STRING;

	return faults_quote_bytes(tokens->faults, token->bytes + quotes, token->size - 2 * quotes);
}

bool
token_is_word(const struct token *token, const char *word)
{
	return token->size == strlen(word) && strncasecmp(token->bytes, word, token->size) == 0;
}

void
tokens_blame_language(struct tokens *tokens, const char *name)
{
	tokens_blame(tokens, tokens->now.place,
	    "this is %s, and the file is in libconfig's form: key = \"value\"; and targets = ( { "
	    "host = \"mx1.example.org\"; }, { host = \"mx2.example.org\"; } );",
	    name);
	tokens_stop(tokens);
}

bool
token_sets(const struct token *token)
{
	return token_is_one_of(token, "=:");
}

/*
 * "- host: mx1" and "---": one sentence about the language helps more than a fault for each line.
 */
bool
tokens_are_yaml(const struct tokens *tokens)
{
	return tokens->now.kind == TOKEN_OTHER && *tokens->now.bytes == '-'
	    && (tokens->now.first || token_sets(&tokens->last));
}

bool
tokens_open(struct tokens *tokens, struct faults *faults, const char *path)
{
	*tokens = (struct tokens){ .faults = faults, .lexer = lexer_open(faults, path) };
	if (tokens->lexer == NULL)
		return false;
	tokens_advance(tokens);
	tokens_advance(tokens);
	tokens->last = (struct token){ .kind = TOKEN_END };
	return true;
}

void
tokens_close(struct tokens *tokens)
{
	lexer_close(&tokens->lexer);
}
