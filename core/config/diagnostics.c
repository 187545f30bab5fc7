/*
 * For the modules that read a configuration: collects its errors and warnings, sorted by place,
 * until the command prints them. Only the first are kept, so that a list of 100,000 bad lines costs
 * no memory; all are counted.
 *
 * Modules find errors in their own order (syntax, then the top, then targets); a reader goes
 * through a file from top to bottom. Each error is inserted at its place, behind those of the same
 * place.
 */
#include "config/diagnostics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { QUOTE_ROOM = DIAGNOSTICS_QUOTE_MAX - 24 }; /* a suggestion stands around a quote */

void
diagnostics_init(struct diagnostics *diagnostics, struct config_diagnostics *into,
    struct arena *arena)
{
	memset(diagnostics, 0, sizeof *diagnostics);
	memset(into, 0, sizeof *into);
	diagnostics->into = into;
	diagnostics->arena = arena;
}

void
diagnostics_fini(struct diagnostics *diagnostics)
{
	free(diagnostics->files);
	diagnostics->files = NULL;
}

uint32_t
diagnostics_file(struct diagnostics *diagnostics, const char *name)
{
	for (uint32_t i = 0; i < diagnostics->file_count; i++)
		if (strcmp(diagnostics->files[i], name) == 0)
			return i;
	VEC_REQUIRE(diagnostics->files, diagnostics->file_count, diagnostics->file_room);
	diagnostics->files[diagnostics->file_count] = arena_strdup(diagnostics->arena, name);
	return diagnostics->file_count++;
}

const char *
diagnostics_file_name(const struct diagnostics *diagnostics, uint32_t file)
{
	assert(file < diagnostics->file_count);
	return diagnostics->files[file];
}

static bool
is_before(struct place a, struct place b)
{
	if (a.file != b.file)
		return a.file < b.file;
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

static void
remove_item(struct diagnostics *diagnostics, uint32_t at)
{
	struct config_diagnostics *into = diagnostics->into;

	assert(at < into->kept && into->kept <= DIAGNOSTICS_KEPT);
	into->kept--;
	memmove(&into->items[at], &into->items[at + 1], (into->kept - at) * sizeof into->items[0]);
	memmove(&diagnostics->places[at], &diagnostics->places[at + 1],
	    (into->kept - at) * sizeof diagnostics->places[0]);
}

/*
 * Faults matter more than warnings: where all is full the last warning gives way to a fault, else
 * the last item to one that comes before it.
 */
static bool
make_room(struct diagnostics *diagnostics, struct place place, bool warning)
{
	struct config_diagnostics *into = diagnostics->into;

	if (into->kept < DIAGNOSTICS_KEPT)
		return true;
	for (uint32_t i = DIAGNOSTICS_KEPT; i-- > 0;) {
		if (into->items[i].warning && (!warning
		    || is_before(place, diagnostics->places[i]))) {
			remove_item(diagnostics, i);
			return true;
		}
	}
	if (warning || !is_before(place, diagnostics->places[DIAGNOSTICS_KEPT - 1]))
		return false;
	remove_item(diagnostics, DIAGNOSTICS_KEPT - 1);
	return true;
}

static void __attribute__((format(printf, 4, 0)))
add_item(struct diagnostics *diagnostics, struct place place, bool warning, const char *format,
    va_list arguments)
{
	struct config_diagnostics *into = diagnostics->into;
	struct config_diagnostic item = {
		.line = place.line, .column = place.column, .warning = warning
	};
	struct text text = TEXT_OVER(item.text);
	const char *name = diagnostics_file_name(diagnostics, place.file);
	uint32_t at;

	text_format_v(&text, format, arguments);
	/* Settings of the command line are laid over each target that it names, and what is wrong
	 * in one is wrong for all of them: it is told once. */
	for (uint32_t i = 0; i < into->kept; i++)
		if (!is_before(place, diagnostics->places[i])
		    && !is_before(diagnostics->places[i], place)
		    && strcmp(into->items[i].text, item.text) == 0)
			return;
	*(warning ? &into->warnings : &into->errors) += 1;
	if (!make_room(diagnostics, place, warning))
		return;
	for (at = into->kept; at > 0 && is_before(place, diagnostics->places[at - 1]); at--) {
		into->items[at] = into->items[at - 1];
		diagnostics->places[at] = diagnostics->places[at - 1];
	}
	assert(at == into->kept || is_before(place, diagnostics->places[at]));
	into->kept++;
	diagnostics->places[at] = place;
	/* Of a long name of a file its end, by which files of one folder differ. */
	for (size_t skip = 0; skip == 0 || (text.cut && skip < strlen(name)); skip += 16) {
		text = TEXT_OVER(item.file);
		text_add(&text, skip > 0 ? "..." : "");
		text_escape(&text, text_view(name + skip));
	}
	into->items[at] = item;
}

bool
diagnostics_error(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_item(diagnostics, place, false, format, arguments);
	va_end(arguments);
	return false;
}

void
diagnostics_warn(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_item(diagnostics, place, true, format, arguments);
	va_end(arguments);
}

/* ":LINE:COLUMN", as far as they are known. */
static void
add_line(struct text *text, uint32_t line, uint32_t column)
{
	if (line > 0)
		text_format(text, ":%u", line);
	if (line > 0 && column > 0)
		text_format(text, ":%u", column);
}

static struct text
next_quote(struct diagnostics *diagnostics)
{
	char *bytes = diagnostics->quotes[diagnostics->quote_next++ % DIAGNOSTICS_QUOTES];

	return text_over(bytes, QUOTE_ROOM);
}

const char *
diagnostics_quote_bytes(struct diagnostics *diagnostics, const char *foreign, size_t size)
{
	struct text text = next_quote(diagnostics);
	bool cut;

	text.room -= 8; /* for the end */
	text_add(&text, "\"");
	text_escape(&text, (struct pw_bytes){ foreign, size });
	text.room += 8;
	cut = text.cut;
	text.cut = false;
	text_add(&text, cut ? "...\"" : "\"");
	return text.bytes;
}

const char *
diagnostics_quote(struct diagnostics *diagnostics, const char *foreign)
{
	return diagnostics_quote_bytes(diagnostics, foreign, strlen(foreign));
}

const char *
diagnostics_suggest(struct diagnostics *diagnostics, const char *near)
{
	char *bytes = diagnostics->quotes[diagnostics->quote_next++ % DIAGNOSTICS_QUOTES];
	struct text text = text_over(bytes, sizeof diagnostics->quotes[0]);

	if (near != NULL)
		text_format(&text, ": did you mean %s?", near);
	return bytes;
}

const char *
diagnostics_place(struct diagnostics *diagnostics, struct place place)
{
	struct text text = next_quote(diagnostics);
	const char *name = diagnostics_file_name(diagnostics, place.file);

	text.room -= 32;
	text_escape(&text, (struct pw_bytes){ name, strlen(name) });
	text.room += 32;
	text.cut = false;
	add_line(&text, place.line, place.column);
	return text.bytes;
}

void
config_print_diagnostics(const struct config_diagnostics *diagnostics, struct text *into)
{
	uint32_t all = diagnostics->errors + diagnostics->warnings;

	for (uint32_t i = 0; i < diagnostics->kept; i++) {
		const struct config_diagnostic *item = &diagnostics->items[i];

		text_add(into, item->file);
		add_line(into, item->line, item->column);
		text_format(into, ": %s%s\n", item->warning ? "warning: " : "", item->text);
	}
	if (all > diagnostics->kept)
		text_format(into, "... and %u more\n", all - diagnostics->kept);
}
