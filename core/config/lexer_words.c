/* Names, numbers, strings and comments, as libconfig's grammar tells them apart. */
#include "config/lexer_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void *
grow(void *array, size_t *room, size_t size)
{
	*room = *room * 2 + 64;
	array = reallocarray(array, *room, size);
	if (array == NULL)
		exit(EX_OSERR);
	return array;
}

void
lexed_begin_line(struct lexed *out, struct place place)
{
	if (out->line_count == out->line_room)
		out->lines = grow(out->lines, &out->line_room, sizeof *out->lines);
	out->lines[out->line_count++] = place;
}

static void
put(struct lexed *out, char byte)
{
	if (out->room - out->size < 2)
		out->text = grow(out->text, &out->room, 1);
	out->text[out->size++] = byte;
	out->text[out->size] = '\0';
}

void
lexed_put_string(struct lexed *out, const char *string)
{
	while (*string != '\0')
		put(out, *string++);
}

void
lexer_pass(struct lexer *lexer, struct cursor *cursor, size_t count)
{
	for (; count > 0; count--, cursor->at++) {
		char byte = *cursor->at;

		if (byte == '\r' && cursor->at + 1 < cursor->end && cursor->at[1] == '\n')
			continue;
		put(lexer->out, byte);
		if (byte == '\n') {
			cursor->place.line++;
			lexed_begin_line(lexer->out, cursor->place);
			cursor->line_start = true;
		}
	}
}

bool
cursor_starts(const struct cursor *cursor, const char *with)
{
	size_t size = strlen(with);

	return cursor_left(cursor) >= size && memcmp(cursor->at, with, size) == 0;
}

static void
pass_line_comment(struct lexer *lexer, struct cursor *cursor)
{
	const char *end = memchr(cursor->at, '\n', cursor_left(cursor));

	lexer_pass(lexer, cursor, end == NULL ? cursor_left(cursor) : (size_t)(end - cursor->at));
}

static void
pass_block_comment(struct lexer *lexer, struct cursor *cursor)
{
	struct place begun = cursor->place;
	const char *end = cursor_left(cursor) < 4 ? NULL : memmem(cursor->at + 2, cursor_left(cursor) - 2, "*/", 2);

	if (end == NULL) {
		faults_add(lexer->faults, begun, "this comment has no end: write */");
		lexer->spoilt = true;
	}
	lexer_pass(lexer, cursor, end == NULL ? cursor_left(cursor) : (size_t)(end + 2 - cursor->at));
}

static bool
is_hex_zero(const struct cursor *cursor)
{
	return cursor_starts(cursor, "\\x00") || cursor_starts(cursor, "\\X00");
}

static void
pass_string(struct lexer *lexer, struct cursor *cursor)
{
	struct place begun = cursor->place;

	lexer_pass(lexer, cursor, 1);
	while (cursor_left(cursor) > 0 && *cursor->at != '"') {
		if (is_hex_zero(cursor))
			faults_add(lexer->faults, cursor->place, "a string cannot hold \\x00");
		lexer_pass(lexer, cursor, *cursor->at == '\\' && cursor_left(cursor) > 1 ? 2 : 1);
	}
	if (cursor_left(cursor) > 0) {
		lexer_pass(lexer, cursor, 1);
		return;
	}
	faults_add(lexer->faults, begun, "this string has no end: a '\"' is missing");
	lexer->spoilt = true;
}

/* libconfig reads numbers with atoi: what does not fit wraps round, and may look right. */
static bool
fits(const char *digits, const char *end, int base)
{
	int64_t value = 0;

	for (; digits < end; digits++) {
		int digit = isdigit((unsigned char)*digits) ? *digits - '0' : tolower((unsigned char)*digits) - 'a' + 10;

		value = value * base + digit;
		if (value > INT32_MAX)
			return false;
	}
	return true;
}

static const char *
span(const char *at, const char *end, int (*is)(int))
{
	while (at < end && is((unsigned char)*at))
		at++;
	return at;
}

/* The end of a fraction or exponent at `at`, or `at` where there is none. */
static const char *
float_tail(const char *at, const char *end)
{
	if (at < end && *at == '.')
		at = span(at + 1, end, isdigit);
	if (at < end && (*at == 'e' || *at == 'E')) {
		const char *digits = at + 1 < end && (at[1] == '+' || at[1] == '-') ? at + 2 : at + 1;

		if (digits < end && isdigit((unsigned char)*digits))
			at = span(digits, end, isdigit);
	}
	return at;
}

static bool
is_number(const struct cursor *cursor)
{
	const char *at = cursor->at;

	if ((*at == '+' || *at == '-') && cursor_left(cursor) > 1)
		at++;
	return isdigit((unsigned char)*at);
}

static void
pass_number(struct lexer *lexer, struct cursor *cursor)
{
	const char *digits = cursor->at + (*cursor->at == '+' || *cursor->at == '-');
	bool is_hex = cursor_left(cursor) > 2 && digits == cursor->at && *digits == '0' && (digits[1] == 'x' || digits[1] == 'X')
	    && isxdigit((unsigned char)digits[2]);
	const char *end = span(is_hex ? digits + 2 : digits, cursor->end, is_hex ? isxdigit : isdigit);
	const char *after = is_hex ? end : float_tail(end, cursor->end);
	bool is_long = after == end && end < cursor->end && *end == 'L';

	if (after == end && (is_long || !fits(is_hex ? digits + 2 : digits, end, is_hex ? 16 : 10))) {
		after = span(end, cursor->end, isalpha);
		faults_add(lexer->faults, cursor->place, "the number %s is too large: up to %d; what counts time or bytes is "
		    "written in quotes, with a unit", faults_quote_bytes(lexer->faults, cursor->at,
		    (size_t)(after - cursor->at)), INT32_MAX);
		cursor->at = after;
		lexed_put_string(lexer->out, " -2147483648 ");
		return;
	}
	/* libconfig 1.5 reads 08 as 8, and 1.7 refuses it. */
	if (after == end && !is_hex && end - digits > 1 && *digits == '0') {
		lexer_pass(lexer, cursor, (size_t)(digits - cursor->at));
		while (cursor->at < end - 1 && *cursor->at == '0')
			cursor->at++;
	}
	lexer_pass(lexer, cursor, (size_t)(after - cursor->at));
}

static bool
is_name_byte(char byte, bool first)
{
	return isalpha((unsigned char)byte) || byte == '*' || (!first && (isdigit((unsigned char)byte) || byte == '-' || byte == '_'));
}

/* Whether what follows makes the word before it a key. */
static bool
is_set(const char *at, const char *end)
{
	at = span(at, end, isspace);
	return at < end && (*at == '=' || *at == ':');
}

static const struct name *
scope_find(const struct lexer *lexer, const struct scope *scope, const char *name, size_t size)
{
	for (size_t i = 0; i < scope->count; i++)
		if (scope->names[i].size == size && memcmp(lexer->out->text + scope->names[i].at, name, size) == 0)
			return &scope->names[i];
	return NULL;
}

static void
scope_add(struct scope *scope, struct name name)
{
	if (scope->count == scope->room)
		scope->names = grow(scope->names, &scope->room, sizeof *scope->names);
	scope->names[scope->count++] = name;
}

/* A key that was set before in its group is put under another name, so that libconfig goes on. */
static void
put_twice(struct lexer *lexer, struct cursor *cursor, const struct name *first, size_t size)
{
	struct text other = TEXT_OVER((char[32]){ 0 });

	faults_add(lexer->faults, cursor->place, "%s is set twice, here and in %s",
	    faults_quote_bytes(lexer->faults, cursor->at, size), faults_place(lexer->faults, first->place));
	text_format(&other, "%c%zu", LEXER_TWICE, lexer->out->size);
	lexed_put_string(lexer->out, other.bytes);
	cursor->at += size;
}

static void
pass_name(struct lexer *lexer, struct cursor *cursor)
{
	struct scope *scope = &lexer->scopes[lexer->depth];
	const char *end = cursor->at;
	const struct name *first = NULL;
	size_t size;

	while (end < cursor->end && is_name_byte(*end, end == cursor->at))
		end++;
	size = (size_t)(end - cursor->at);
	if (scope->is_group && is_set(end, cursor->end)) {
		first = scope_find(lexer, scope, cursor->at, size);
		if (first == NULL)
			scope_add(scope, (struct name){ lexer->out->size, size, cursor->place });
	}
	if (first != NULL)
		put_twice(lexer, cursor, first, size);
	else
		lexer_pass(lexer, cursor, size);
}

static void
pass_bracket(struct lexer *lexer, struct cursor *cursor)
{
	char byte = *cursor->at;

	if (strchr("{([", byte) == NULL) {
		lexer->depth -= lexer->depth > 0;
	} else if (lexer->depth == NESTING_MAX) {
		faults_add(lexer->faults, cursor->place, "more than %d brackets within each other", NESTING_MAX);
		lexer->spoilt = true;
		cursor->at = cursor->end;
		return;
	} else {
		lexer->depth++;
		lexer->scopes[lexer->depth].is_group = byte == '{';
		lexer->scopes[lexer->depth].count = 0;
	}
	lexer_pass(lexer, cursor, 1);
}

void
lexer_pass_word(struct lexer *lexer, struct cursor *cursor)
{
	char byte = *cursor->at;

	if (byte == '"')
		pass_string(lexer, cursor);
	else if (byte == '#' || cursor_starts(cursor, "//"))
		pass_line_comment(lexer, cursor);
	else if (cursor_starts(cursor, "/*"))
		pass_block_comment(lexer, cursor);
	else if (is_number(cursor))
		pass_number(lexer, cursor);
	else if (is_name_byte(byte, true))
		pass_name(lexer, cursor);
	else if (strchr("{}()[]", byte) != NULL)
		pass_bracket(lexer, cursor);
	else
		lexer_pass(lexer, cursor, 1);
}
