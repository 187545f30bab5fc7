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
#include <sysexits.h>

#include "base/vec.h"
#include "config/accepted.h"
#include "config/input.h"

enum { INCLUDES_MAX = 10, TEXT_MAX = 256 * 1024 * 1024 };

/* Where we are in one file. */
struct cursor {
	const char *path;
	const char *at, *end;
	struct place place; /* of `at` */
	bool line_start;    /* nothing but blanks since the line began */
};

struct lexer {
	struct faults *faults;
	struct cursor open[INCLUDES_MAX + 1];
	unsigned open_count;
	struct input *inputs;
	uint32_t input_count, input_room;
	size_t bytes;
	const char *after; /* where the word before ended */
	struct place long_string; /* the first that runs over lines; line 0: none */
	bool is_torn;
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
 * A file that includes itself would be read until the bound on depth is met, and the fault would
 * name the last of its copies.
 */
static bool
may_open(struct lexer *lexer, const char *path, struct place from)
{
	for (unsigned i = 0; i < lexer->open_count; i++) {
		if (strcmp(lexer->open[i].path, path) == 0) {
			faults_add(lexer->faults, from, "%s includes itself",
			    faults_quote(lexer->faults, path));
			return false;
		}
	}
	if (lexer->open_count > INCLUDES_MAX || lexer->bytes > TEXT_MAX) {
		faults_add(lexer->faults, from,
		    lexer->open_count > INCLUDES_MAX ? "files include each other more than %d deep"
		                                     : "all files together are too large",
		    INCLUDES_MAX);
		return false;
	}
	return true;
}

/*
 * Only the first file is one that the user named on the command line; others are told with the
 * place of their @include.
 */
static bool
open_file(struct lexer *lexer, const char *path, struct place from)
{
	struct input *input;
	struct reason why;

	if (!may_open(lexer, path, from))
		return false;
	VEC_REQUIRE(lexer->inputs, lexer->input_count, lexer->input_room);
	input = &lexer->inputs[lexer->input_count];
	if (!accepted_input(lexer->faults->accepted, path, input, &why)) {
		if (lexer->open_count == 0)
			faults_add(lexer->faults, from, "cannot be read: %s", why.text);
		else
			faults_add(lexer->faults, from, "%s cannot be included: %s",
			    faults_quote(lexer->faults, path), why.text);
		return false;
	}
	assert(lexer->open_count <= INCLUDES_MAX && lexer->input_count < lexer->input_room);
	lexer->input_count++;
	lexer->bytes += input->size;
	lexer->open[lexer->open_count++] = (struct cursor){ path, input->bytes,
		input->bytes + input->size, { faults_file(lexer->faults, path), 1, 1 }, true };
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
		faults_add(lexer->faults, place, "@include is followed by a path in quotes");
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

		faults_add(lexer->faults, place, "the path of this @include %s",
		    path.cut ? "is too long" : fault);
		return NULL;
	}
	pass(cursor, 1);
	return path_beside(lexer->faults->arena, cursor->path, path.bytes);
}

/* What cannot be included is told, and the rest is read: a fault in it is to be known as well. */
static void
include(struct lexer *lexer, struct cursor *cursor)
{
	struct place place = cursor->place;
	const char *path = take_include(lexer, cursor, place);

	if (path == NULL)
		pass_line(cursor);
	if (path == NULL || !open_file(lexer, path, place))
		lexer->is_torn = true;
}

static bool
pass_block_comment(struct lexer *lexer, struct cursor *cursor)
{
	const char *end = left(cursor) < 4 ? NULL
	                                   : memmem(cursor->at + 2, left(cursor) - 2, "*/", 2);

	if (end == NULL)
		faults_add(lexer->faults, cursor->place, "this comment has no end: write */");
	else
		pass(cursor, (size_t)(end + 2 - cursor->at));
	return end != NULL;
}

/* A URL without quotes is one word, and no comment: https://... */
static bool
is_line_comment(const struct lexer *lexer, const struct cursor *cursor)
{
	if (*cursor->at == '#')
		return true;
	return starts(cursor, "//")
	    && !(lexer->after == cursor->at && cursor->at[-1] == ':' && left(cursor) > 2
	        && isalnum((unsigned char)cursor->at[2]));
}

/* Moves to the first byte of the next word: through comments, and into and out of files. */
static bool
find_word(struct lexer *lexer)
{
	for (;;) {
		struct cursor *cursor = &lexer->open[lexer->open_count - 1];

		if (left(cursor) == 0 && lexer->open_count == 1) {
			return true;
		} else if (left(cursor) == 0) {
			lexer->open_count--;
		} else if (isspace((unsigned char)*cursor->at)) {
			pass(cursor, 1);
		} else if (is_line_comment(lexer, cursor)) {
			pass_line(cursor);
		} else if (starts(cursor, "/*")) {
			if (!pass_block_comment(lexer, cursor))
				return false;
		} else if (cursor->line_start && starts(cursor, "@include")) {
			/* At the start of a line only, as for libconfig. */
			include(lexer, cursor);
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
			faults_add(lexer->faults, cursor->place, "a string cannot hold \\x00");
		pass(cursor, *cursor->at == '\\' && left(cursor) > 1 ? 2 : 1);
	}
	if (left(cursor) > 0) {
		pass(cursor, 1);
		if (lexer->long_string.line == 0 && cursor->place.line != begun.line)
			lexer->long_string = begun;
		return true;
	}
	/* A string that runs over lines ended where another was to begin, and so on to the end of
	 * the file: it is the first of them that lacks its quote. */
	if (lexer->long_string.line != 0)
		begun = lexer->long_string;
	faults_add(lexer->faults, begun, "this string has no end: a '\"' is missing");
	return false;
}

static const char *
span(const char *at, const char *end, int (*is)(int))
{
	while (at < end && is((unsigned char)*at))
		at++;
	return at;
}

/*
 * The end of a fraction or exponent at `at`, or `at` if there is none: "1.5e3" has one, "5em" none.
 */
static const char *
float_tail(const char *at, const char *end)
{
	if (at < end && *at == '.')
		at = span(at + 1, end, isdigit);
	if (at < end && (*at == 'e' || *at == 'E')) {
		const char *digits = at + 1 < end && (at[1] == '+' || at[1] == '-') ? at + 2
		                                                                    : at + 1;

		if (digits < end && isdigit((unsigned char)*digits))
			at = span(digits, end, isdigit);
	}
	return at;
}

/* 0 where no number begins here. */
static size_t
number_size(const struct cursor *cursor)
{
	const char *digits = cursor->at + (*cursor->at == '+' || *cursor->at == '-'), *end;

	if (digits == cursor->end || !isdigit((unsigned char)*digits))
		return 0;
	if (digits == cursor->at && left(cursor) > 2 && *digits == '0'
	    && tolower((unsigned char)digits[1]) == 'x' && isxdigit((unsigned char)digits[2])) {
		end = span(digits + 2, cursor->end, isxdigit);
	} else {
		end = span(digits, cursor->end, isdigit);
		if (float_tail(end, cursor->end) != end)
			return (size_t)(float_tail(end, cursor->end) - cursor->at);
	}
	for (int i = 0; i < 2 && end < cursor->end && *end == 'L'; i++)
		end++;
	return (size_t)(end - cursor->at);
}

static size_t
name_size(const struct cursor *cursor)
{
	const char *end = cursor->at;

	if (!isalpha((unsigned char)*end) && *end != '*')
		return 0;
	while (end < cursor->end
	    && (isalnum((unsigned char)*end) || *end == '*' || *end == '-' || *end == '_'))
		end++;
	return (size_t)(end - cursor->at);
}

static bool
take_word(struct lexer *lexer, struct cursor *cursor, struct token *token)
{
	size_t size;

	if (*cursor->at == '"') {
		token->kind = TOKEN_STRING;
		return pass_string(lexer, cursor);
	}
	if ((size = number_size(cursor)) > 0) {
		token->kind = TOKEN_NUMBER;
	} else if ((size = name_size(cursor)) > 0) {
		token->kind = TOKEN_NAME;
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

bool
lexer_next(struct lexer *lexer, struct token *token)
{
	struct cursor *cursor;

	*token = (struct token){ .kind = TOKEN_END };
	if (!find_word(lexer))
		return false;
	cursor = &lexer->open[lexer->open_count - 1];
	token->bytes = cursor->at;
	token->place = token->end = cursor->place;
	if (left(cursor) == 0)
		return true;
	token->glued = lexer->after == cursor->at;
	token->first = cursor->line_start;
	cursor->line_start = false;
	if (!take_word(lexer, cursor, token))
		return false;
	assert(token->bytes < cursor->at && cursor->at <= cursor->end);
	token->size = (size_t)(cursor->at - token->bytes);
	token->end = cursor->place;
	lexer->after = cursor->at;
	return true;
}

/* libconfig 1.5 wraps 4294967296 to 0 without a word, and makes 64 bits of "5L". */
bool
lexer_number_fits(const struct token *token)
{
	const char *digits = token->bytes + (*token->bytes == '+' || *token->bytes == '-'),
	           *end = token->bytes + token->size;
	int base = end - digits > 2 && tolower((unsigned char)digits[1]) == 'x' ? 16 : 10;
	int64_t value = 0;

	for (digits += base == 16 ? 2 : 0; digits < end; digits++) {
		if (*digits == 'L')
			return false;
		if (base == 10 && !isdigit((unsigned char)*digits))
			return true; /* a fraction */
		value = value * base
		    + (isdigit((unsigned char)*digits)
		            ? *digits - '0'
		            : tolower((unsigned char)*digits) - 'a' + 10);
		if (value > INT32_MAX)
			return false;
	}
	return true;
}

bool
lexer_is_torn(const struct lexer *lexer)
{
	return lexer->is_torn;
}

struct lexer *
lexer_open(struct faults *faults, const char *path)
{
	struct lexer *lexer = calloc(1, sizeof *lexer);

	if (lexer == NULL)
		exit(EX_OSERR);
	lexer->faults = faults;
	if (!open_file(lexer, path, (struct place){ faults_file(faults, path), 0, 0 }))
		lexer_close(&lexer);
	return lexer;
}

void
lexer_close(struct lexer **lexer)
{
	if (*lexer == NULL)
		return;
	for (size_t i = 0; i < (*lexer)->input_count; i++)
		input_free(&(*lexer)->inputs[i]);
	free((*lexer)->inputs);
	free(*lexer);
	*lexer = NULL;
}
