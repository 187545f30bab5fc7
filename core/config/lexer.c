/*
 * Lexer of configuration files: tokens with places, comments, @include. The open files are a stack;
 * each is kept until the end, because tokens point into it.
 *
 * libconfig has a lexer of its own, which is not asked: its places are lines without columns, it
 * opens included files by itself (relative to the working folder, and ends the process where one is
 * a folder), and it reads numbers beyond 32 bits as other numbers.
 */
#include "config/lexer.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "base/vec.h"
#include "config/snapshot.h"
#include "config/input.h"

enum { INCLUDES_MAX = 10, TEXT_MAX = 256 * 1024 * 1024 };

/* Where we are in one file. */
struct cursor {
	const char *path;
	const char *at, *end;
	struct place place; /* of `at` */
	bool line_start;    /* nothing but blanks since the line began */
};

struct files {
	struct cursor open[INCLUDES_MAX + 1];
	unsigned open_count;
	struct input *inputs;
	uint32_t input_count, input_room;
	size_t bytes;
	const char *after; /* where the word before ended */
	struct place long_string; /* the first that runs over lines; line 0: none */
};

static size_t
left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static bool
starts(const struct cursor *cursor, const char *with)
{
	size_t size = strlen(with);

	return left(cursor) >= size && memcmp(cursor->at, with, size) == 0;
}

/* Columns count characters: the bytes within one are let pass. */
static void
pass(struct cursor *cursor, size_t count)
{
	for (; count > 0; count--, cursor->at++) {
		if (*cursor->at == '\n') {
			cursor->place.line++;
			cursor->place.column = 1;
			cursor->line_start = true;
		} else if (((unsigned char)*cursor->at & 0xc0) != 0x80) {
			cursor->place.column++;
		}
	}
}

/*
 * Only the first file is one that the user named on the command line; others are told with the
 * place of their @include. A file that includes itself would be read until the bound on depth is
 * met, and the fault would name the last of its copies.
 */
static bool
open_file(struct lexer *lexer, const char *path, struct place from)
{
	struct diagnostics *diagnostics = lexer->diagnostics;
	struct files *files = lexer->files;
	struct input *input;
	struct reason why;

	for (unsigned i = 0; i < files->open_count; i++) {
		if (strcmp(files->open[i].path, path) == 0)
			return diagnostics_error(diagnostics, from, "%s includes itself",
			    diagnostics_quote(diagnostics, path));
	}
	if (files->open_count > INCLUDES_MAX || files->bytes > TEXT_MAX)
		return diagnostics_error(diagnostics, from,
		    files->open_count > INCLUDES_MAX ? "files include each other more than %d deep"
		                                     : "all files together are too large",
		    INCLUDES_MAX);
	VEC_REQUIRE(files->inputs, files->input_count, files->input_room);
	input = &files->inputs[files->input_count];
	if (!snapshot_input(diagnostics->snapshot, path, input, &why)) {
		if (files->open_count == 0)
			diagnostics_error(diagnostics, from, "cannot be read: %s", why.text);
		else
			diagnostics_error(diagnostics, from, "%s cannot be included: %s",
			    diagnostics_quote(diagnostics, path), why.text);
		return false;
	}
	assert(files->open_count <= INCLUDES_MAX && files->input_count < files->input_room);
	files->input_count++;
	files->bytes += input->size;
	files->open[files->open_count++] = (struct cursor){ path, input->bytes,
		input->bytes + input->size, { diagnostics_file(diagnostics, path), 1, 1 }, true };
	return true;
}

static void
pass_line(struct cursor *cursor)
{
	const char *end = memchr(cursor->at, '\n', left(cursor));

	pass(cursor, end == NULL ? left(cursor) : (size_t)(end - cursor->at));
}

/* The path of an @include at the cursor, which moves behind it; NULL after a fault. */
static const char *
take_include(struct lexer *lexer, struct cursor *cursor, struct place place)
{
	struct text path = TEXT_OVER((char[4096]){ 0 });

	pass(cursor, strlen("@include"));
	while (left(cursor) > 0 && isblank((unsigned char)*cursor->at))
		pass(cursor, 1);
	if (left(cursor) == 0 || *cursor->at != '"') {
		diagnostics_error(lexer->diagnostics, place,
		    "@include is followed by a path in quotes");
		return NULL;
	}
	for (pass(cursor, 1); left(cursor) > 0 && *cursor->at != '"' && *cursor->at != '\n';
	     pass(cursor, 1)) {
		if (*cursor->at == '\\' && left(cursor) > 1)
			pass(cursor, 1);
		text_add_bytes(&path, cursor->at, 1);
	}
	if (left(cursor) == 0 || *cursor->at != '"' || path.cut || path.size == 0) {
		const char *fault = path.size == 0 ? "is empty" : "has no end: a '\"' is missing";

		diagnostics_error(lexer->diagnostics, place, "the path of this @include %s",
		    path.cut ? "is too long" : fault);
		return NULL;
	}
	pass(cursor, 1);
	return path_beside(lexer->diagnostics->arena, cursor->path, path.bytes);
}

/*
 * Moves to the first byte of the next word: through comments, and into and out of files. What
 * cannot be included is told, and the rest is read: a fault in it is to be known as well. A URL
 * without quotes is one word, and no comment: https://...
 */
static bool
find_word(struct lexer *lexer)
{
	struct files *files = lexer->files;

	for (;;) {
		struct cursor *cursor = &files->open[files->open_count - 1];
		bool url = files->after == cursor->at && left(cursor) > 2 && starts(cursor, "//")
		    && cursor->at[-1] == ':' && isalnum((unsigned char)cursor->at[2]);

		if (left(cursor) == 0 && files->open_count == 1) {
			return true;
		} else if (left(cursor) == 0) {
			files->open_count--;
		} else if (isspace((unsigned char)*cursor->at)) {
			pass(cursor, 1);
		} else if (*cursor->at == '#' || (starts(cursor, "//") && !url)) {
			pass_line(cursor);
		} else if (starts(cursor, "/*")) {
			const char *end = left(cursor) < 4
			    ? NULL
			    : memmem(cursor->at + 2, left(cursor) - 2, "*/", 2);

			if (end == NULL)
				return diagnostics_error(lexer->diagnostics, cursor->place,
				    "this comment has no end: write */");
			pass(cursor, (size_t)(end + 2 - cursor->at));
		} else if (cursor->line_start && starts(cursor, "@include")) {
			/* At the start of a line only, as for libconfig. */
			struct place place = cursor->place;
			const char *path = take_include(lexer, cursor, place);

			if (path == NULL)
				pass_line(cursor);
			if (path == NULL || !open_file(lexer, path, place))
				lexer->torn = true;
		} else {
			return true;
		}
	}
}

static bool
pass_string(struct lexer *lexer, struct cursor *cursor)
{
	struct place begun = cursor->place;

	pass(cursor, 1);
	while (left(cursor) > 0 && *cursor->at != '"') {
		if (starts(cursor, "\\x00") || starts(cursor, "\\X00"))
			diagnostics_error(lexer->diagnostics, cursor->place,
			    "a string cannot hold \\x00");
		pass(cursor, *cursor->at == '\\' && left(cursor) > 1 ? 2 : 1);
	}
	if (left(cursor) > 0) {
		pass(cursor, 1);
		if (lexer->files->long_string.line == 0 && cursor->place.line != begun.line)
			lexer->files->long_string = begun;
		return true;
	}
	/* A string that runs over lines ended where another was to begin, and so on to the end of
	 * the file: it is the first of them that lacks its quote. */
	if (lexer->files->long_string.line != 0)
		begun = lexer->files->long_string;
	return diagnostics_error(
	    lexer->diagnostics, begun, "this string has no end: a '\"' is missing");
}

/*
 * The size of the number at `text`, which ends with a NUL; 0 where no number begins. "1.5e3" has an
 * exponent, "5em" none.
 */
static size_t
number_size(const char *text)
{
	const char *digits = text + (*text == '+' || *text == '-');
	const char *end = digits + strspn(digits, LEXER_DIGITS), *tail = end;

	if (end == digits)
		return 0;
	if (digits == text && strncasecmp(text, "0x", 2) == 0 && isxdigit((unsigned char)text[2])) {
		end = tail = text + 2 + strspn(text + 2, LEXER_DIGITS "abcdefABCDEF");
	} else {
		if (*tail == '.')
			tail += 1 + strspn(tail + 1, LEXER_DIGITS);
		if ((*tail == 'e' || *tail == 'E')
		    && isdigit((unsigned char)tail[tail[1] == '+' || tail[1] == '-' ? 2 : 1]))
			tail += 2 + strspn(tail + 2, LEXER_DIGITS);
	}
	for (int i = 0; i < 2 && tail == end && *end == 'L'; i++)
		tail = ++end;
	assert(tail >= end && end > text);
	return (size_t)(tail - text);
}

static bool
take_word(struct lexer *lexer, struct cursor *cursor, struct token *token)
{
	size_t size;

	if (*cursor->at == '"') {
		token->kind = TOKEN_STRING;
		return pass_string(lexer, cursor);
	}
	if ((size = number_size(cursor->at)) > 0) {
		token->kind = TOKEN_NUMBER;
	} else if (isalpha((unsigned char)*cursor->at) || *cursor->at == '*') {
		token->kind = TOKEN_NAME;
		size = strspn(cursor->at, LEXER_LETTERS LEXER_DIGITS "*-_");
	} else if (strchr("=:;,{}()[]", *cursor->at) != NULL) {
		token->kind = TOKEN_SIGN;
		size = 1;
	} else {
		/* One character, also where it has several bytes. */
		token->kind = TOKEN_OTHER;
		for (size = 1; size < left(cursor) && (unsigned char)*cursor->at >= 0x80
		     && ((unsigned char)cursor->at[size] & 0xc0) == 0x80;)
			size++;
	}
	assert(size > 0 && size <= left(cursor));
	pass(cursor, size);
	return true;
}

static bool
next_token(struct lexer *lexer, struct token *token)
{
	struct cursor *cursor;

	*token = (struct token){ .kind = TOKEN_END };
	if (!find_word(lexer))
		return false;
	cursor = &lexer->files->open[lexer->files->open_count - 1];
	token->bytes = cursor->at;
	token->place = token->end = cursor->place;
	if (left(cursor) == 0)
		return true;
	token->glued = lexer->files->after == cursor->at;
	token->first = cursor->line_start;
	cursor->line_start = false;
	if (!take_word(lexer, cursor, token))
		return false;
	assert(token->bytes < cursor->at && cursor->at <= cursor->end);
	token->size = (size_t)(cursor->at - token->bytes);
	token->end = cursor->place;
	lexer->files->after = cursor->at;
	return true;
}

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
lexer_stop(struct lexer *lexer)
{
	lexer->spoilt = true;
	lexer->now = lexer->next = (struct token){
		.kind = TOKEN_END, .place = lexer->now.place, .end = lexer->now.place
	};
}

/* What stands before a fault that the lexer told is still read. */
void
lexer_advance(struct lexer *lexer)
{
	lexer->last = lexer->now;
	lexer->now = lexer->next;
	if (lexer->last.kind == TOKEN_STRING && lexer->last.place.line != lexer->last.end.line)
		lexer->long_string = lexer->last;
	if (!lexer->spoilt && !next_token(lexer, &lexer->next)) {
		lexer->spoilt = true;
		lexer->next = (struct token){ .kind = TOKEN_END };
	}
}

/*
 * On the line on which a string of several lines ends everything seems wrong where that string
 * lacks its quote: helo = "mx1; and three settings later a quote, and behind it an open string
 * again. The string is told in place of what seems wrong.
 */
void
lexer_blame(struct lexer *lexer, struct place place, const char *format, ...)
{
	struct text words = TEXT_ROOM(sizeof((struct config_diagnostic *)0)->text);
	const struct token *string = &lexer->long_string;
	va_list arguments;

	if (lexer->spoilt)
		return;
	if (string->kind == TOKEN_STRING && string->end.file == place.file
	    && string->end.line == place.line) {
		diagnostics_error(lexer->diagnostics, string->place,
		    "this string has no end: a '\"' is missing; it goes on to %s",
		    diagnostics_place(lexer->diagnostics, string->end));
		lexer_stop(lexer);
		return;
	}
	va_start(arguments, format);
	text_format_v(&words, format, arguments);
	va_end(arguments);
	diagnostics_error(lexer->diagnostics, place, "%s", words.bytes);
}

const char *
lexer_quote(struct lexer *lexer, const struct token *token)
{
	size_t quotes = token->kind == TOKEN_STRING;

	return diagnostics_quote_bytes(lexer->diagnostics, token->bytes + quotes,
	    token->size - 2 * quotes);
}

bool
token_is_word(const struct token *token, const char *word)
{
	return token->size == strlen(word) && strncasecmp(token->bytes, word, token->size) == 0;
}

void
lexer_blame_language(struct lexer *lexer, const char *name)
{
	lexer_blame(lexer, lexer->now.place,
	    "this is %s, and the file is in libconfig's form: key = \"value\"; and targets = ( { "
	    "host = \"mx1.example.org\"; }, { host = \"mx2.example.org\"; } );", name);
	lexer_stop(lexer);
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
lexer_is_yaml(const struct lexer *lexer)
{
	return lexer->now.kind == TOKEN_OTHER && *lexer->now.bytes == '-'
	    && (lexer->now.first || token_sets(&lexer->last));
}

bool
lexer_is_alone(const struct lexer *lexer)
{
	const struct token *next = &lexer->next;

	return !next->glued || token_is_one_of(next, ";,{}()[]") || next->kind == TOKEN_STRING
	    || next->kind == TOKEN_END;
}

bool
lexer_is_truth(const struct lexer *lexer)
{
	return lexer->now.kind == TOKEN_NAME && lexer_is_alone(lexer)
	    && (token_is_word(&lexer->now, "true") || token_is_word(&lexer->now, "false"));
}

bool
lexer_open(struct lexer *lexer, struct diagnostics *diagnostics, const char *path)
{
	*lexer = (struct lexer){ .diagnostics = diagnostics,
	    .files = calloc(1, sizeof *lexer->files) };
	if (lexer->files == NULL)
		exit(EX_OSERR);
	if (!open_file(lexer, path, (struct place){ diagnostics_file(diagnostics, path), 0, 0 }))
		return false;
	lexer_advance(lexer);
	lexer_advance(lexer);
	lexer->last = (struct token){ .kind = TOKEN_END };
	return true;
}

void
lexer_close(struct lexer *lexer)
{
	for (size_t i = 0; i < lexer->files->input_count; i++)
		input_free(&lexer->files->inputs[i]);
	free(lexer->files->inputs);
	free(lexer->files);
	*lexer = (struct lexer){ 0 };
}
