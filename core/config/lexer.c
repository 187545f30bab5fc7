/* Files and what they include, made one text. Knows of libconfig's grammar what is needed to tell words apart, and no
 * more. */
#include "config/lexer_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/accepted.h"
#include "config/input.h"

enum { TEXT_MAX = 256 * 1024 * 1024 };

static void lex_file(struct lexer *lexer, const char *path, struct place from);

/* The path of an @include at the cursor, which moves behind it; NULL after a fault. */
static const char *
take_include(struct lexer *lexer, struct cursor *cursor)
{
	struct text path = TEXT_OVER((char[4096]){ 0 });

	for (cursor->at += strlen("@include"); cursor_left(cursor) > 0 && isblank((unsigned char)*cursor->at);)
		cursor->at++;
	if (cursor_left(cursor) == 0 || *cursor->at != '"') {
		faults_add(lexer->faults, cursor->place, "@include is followed by a path in quotes");
		return NULL;
	}
	for (cursor->at++; cursor_left(cursor) > 0 && *cursor->at != '"' && *cursor->at != '\n'; cursor->at++) {
		if (*cursor->at == '\\' && cursor_left(cursor) > 1)
			cursor->at++;
		text_add_bytes(&path, cursor->at, 1);
	}
	if (cursor_left(cursor) == 0 || *cursor->at != '"' || path.cut || path.size == 0) {
		faults_add(lexer->faults, cursor->place, "the path of this @include %s",
		    path.cut ? "is too long" : path.size == 0 ? "is empty" : "has no end: a '\"' is missing");
		return NULL;
	}
	cursor->at++;
	return path_beside(lexer->faults->arena, faults_file_name(lexer->faults, cursor->place.file), path.bytes);
}

static void
include(struct lexer *lexer, struct cursor *cursor)
{
	struct place from = cursor->place;
	const char *path = take_include(lexer, cursor);

	if (path == NULL) {
		lexer->spoilt = true;
		while (cursor_left(cursor) > 0 && *cursor->at != '\n')
			cursor->at++;
		return;
	}
	lex_file(lexer, path, from);
	lexed_put_string(lexer->out, "\n");
	lexed_begin_line(lexer->out, cursor->place);
}

/* @include counts only at the start of a line, as for libconfig. */
static void
lex_word(struct lexer *lexer, struct cursor *cursor)
{
	bool line_start = cursor->line_start;

	if (!isblank((unsigned char)*cursor->at))
		cursor->line_start = false;
	if (line_start && cursor_starts(cursor, "@include"))
		include(lexer, cursor);
	else
		lexer_pass_word(lexer, cursor);
}

static bool
may_open(struct lexer *lexer, const char *path, struct place from)
{
	for (unsigned i = 0; i < lexer->open_count; i++) {
		if (strcmp(lexer->open[i], path) == 0) {
			faults_add(lexer->faults, from, "%s includes itself", faults_quote(lexer->faults, path));
			return false;
		}
	}
	if (lexer->open_count > INCLUDES_MAX || lexer->out->size > TEXT_MAX) {
		faults_add(lexer->faults, from, lexer->open_count > INCLUDES_MAX
		    ? "files include each other more than %d deep" : "all files together are too large", INCLUDES_MAX);
		return false;
	}
	return true;
}

static void
lex_file(struct lexer *lexer, const char *path, struct place from)
{
	struct input input;
	struct cursor cursor;
	struct reason why;

	if (!may_open(lexer, path, from)) {
		lexer->spoilt = true;
		return;
	}
	if (!accepted_input(lexer->faults->accepted, path, &input, &why)) {
		if (lexer->open_count == 0)
			faults_add(lexer->faults, from, "cannot be read: %s", why.text);
		else
			faults_add(lexer->faults, from, "%s cannot be included: %s", faults_quote(lexer->faults, path), why.text);
		lexer->spoilt = true;
		return;
	}
	cursor = (struct cursor){ input.bytes, input.bytes + input.size, { faults_file(lexer->faults, path), 1 }, true };
	lexer->open[lexer->open_count++] = path;
	lexer->out->line_count -= lexer->out->line_count > 0; /* the line of the @include is the file's first */
	lexed_begin_line(lexer->out, cursor.place);
	while (cursor_left(&cursor) > 0)
		lex_word(lexer, &cursor);
	lexer->open_count--;
	input_free(&input);
}

bool
lexed_read(struct lexed *lexed, struct faults *faults, const char *path)
{
	struct lexer lexer = { .out = lexed, .faults = faults };

	*lexed = (struct lexed){ 0 };
	lexed_put_string(lexed, "\n"); /* so that there is a text also of an empty file */
	lexed->size = 0;
	lexed->text[0] = '\0';
	lexer.scopes[0].is_group = true;
	lex_file(&lexer, path, (struct place){ faults_file(faults, path), 0 });
	for (unsigned i = 0; i <= NESTING_MAX; i++)
		free(lexer.scopes[i].names);
	return !lexer.spoilt;
}

void
lexed_fini(struct lexed *lexed)
{
	free(lexed->text);
	free(lexed->lines);
	*lexed = (struct lexed){ 0 };
}

struct place
lexed_place(const struct lexed *lexed, unsigned line)
{
	if (lexed->line_count == 0)
		return (struct place){ 0 };
	if (line == 0 || line > lexed->line_count)
		line = (unsigned)lexed->line_count;
	return lexed->lines[line - 1];
}
