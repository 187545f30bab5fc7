/*
 * Collects the errors and warnings of a configuration, sorted by place. Only the first are kept, so
 * that a list of 100,000 bad lines costs no memory; all are counted.
 *
 * Modules find faults in their own order (syntax, then the top, then targets); a reader goes
 * through a file from top to bottom. Each fault is inserted at its place, behind those of the same
 * place.
 */
#include "config/faults.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { QUOTE_ROOM = FAULTS_QUOTE_MAX - 24 }; /* a suggestion stands around a quote */

void
faults_init(struct faults *faults, struct config_faults *into, struct arena *arena)
{
	memset(faults, 0, sizeof *faults);
	memset(into, 0, sizeof *into);
	faults->into = into;
	faults->arena = arena;
}

void
faults_fini(struct faults *faults)
{
	free(faults->files);
	faults->files = NULL;
}

uint32_t
faults_file(struct faults *faults, const char *name)
{
	for (uint32_t i = 0; i < faults->file_count; i++)
		if (strcmp(faults->files[i], name) == 0)
			return i;
	VEC_REQUIRE(faults->files, faults->file_count, faults->file_room);
	faults->files[faults->file_count] = arena_strdup(faults->arena, name);
	return faults->file_count++;
}

const char *
faults_file_name(const struct faults *faults, uint32_t file)
{
	assert(file < faults->file_count);
	return faults->files[file];
}

static bool
is_before(struct place a, struct place b)
{
	if (a.file != b.file)
		return a.file < b.file;
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

static void
remove_item(struct faults *faults, uint32_t at)
{
	struct config_faults *into = faults->into;

	assert(at < into->kept && into->kept <= FAULTS_KEPT);
	into->kept--;
	memmove(&into->items[at], &into->items[at + 1], (into->kept - at) * sizeof into->items[0]);
	memmove(&faults->places[at], &faults->places[at + 1],
	    (into->kept - at) * sizeof faults->places[0]);
}

/*
 * Faults matter more than warnings: where all is full the last warning gives way to a fault, else
 * the last item to one that comes before it.
 */
static bool
make_room(struct faults *faults, struct place place, bool warning)
{
	struct config_faults *into = faults->into;

	if (into->kept < FAULTS_KEPT)
		return true;
	for (uint32_t i = FAULTS_KEPT; i-- > 0;) {
		if (into->items[i].warning && (!warning || is_before(place, faults->places[i]))) {
			remove_item(faults, i);
			return true;
		}
	}
	if (warning || !is_before(place, faults->places[FAULTS_KEPT - 1]))
		return false;
	remove_item(faults, FAULTS_KEPT - 1);
	return true;
}

/* The name of a file, escaped; of a long one its end, by which files of one folder differ. */
static void
put_file(struct config_fault *item, const char *name)
{
	size_t skip = 0;

	do {
		struct text text = TEXT_OVER(item->file);

		if (skip > 0)
			text_add(&text, "...");
		text_escape(&text, (struct pw_bytes){ name + skip, strlen(name + skip) });
		if (!text.cut)
			return;
		skip += 16;
	} while (skip < strlen(name));
}

static void __attribute__((format(printf, 4, 0)))
add_item(struct faults *faults, struct place place, bool warning, const char *format,
    va_list arguments)
{
	struct config_faults *into = faults->into;
	struct config_fault item = {
		.line = place.line, .column = place.column, .warning = warning
	};
	struct text text = TEXT_OVER(item.text);
	uint32_t at;

	text_format_v(&text, format, arguments);
	/* Settings of the command line are laid over each target that it names, and what is wrong
	 * in one is wrong for all of them: it is told once. */
	for (uint32_t i = 0; i < into->kept; i++)
		if (!is_before(place, faults->places[i]) && !is_before(faults->places[i], place)
		    && strcmp(into->items[i].text, item.text) == 0)
			return;
	*(warning ? &into->warnings : &into->faults) += 1;
	if (!make_room(faults, place, warning))
		return;
	for (at = into->kept; at > 0 && is_before(place, faults->places[at - 1]); at--) {
		into->items[at] = into->items[at - 1];
		faults->places[at] = faults->places[at - 1];
	}
	assert(at == into->kept || is_before(place, faults->places[at]));
	into->kept++;
	faults->places[at] = place;
	put_file(&item, faults_file_name(faults, place.file));
	into->items[at] = item;
}

void
faults_add(struct faults *faults, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_item(faults, place, false, format, arguments);
	va_end(arguments);
}

void
faults_warn(struct faults *faults, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_item(faults, place, true, format, arguments);
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
next_quote(struct faults *faults)
{
	char *bytes = faults->quotes[faults->quote_next++ % FAULTS_QUOTES];

	return text_over(bytes, QUOTE_ROOM);
}

const char *
faults_quote_bytes(struct faults *faults, const char *foreign, size_t size)
{
	struct text text = next_quote(faults);
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
faults_quote(struct faults *faults, const char *foreign)
{
	return faults_quote_bytes(faults, foreign, strlen(foreign));
}

const char *
faults_suggest(struct faults *faults, const char *near)
{
	char *bytes = faults->quotes[faults->quote_next++ % FAULTS_QUOTES];
	struct text text = text_over(bytes, sizeof faults->quotes[0]);

	if (near != NULL)
		text_format(&text, ": did you mean %s?", near);
	return bytes;
}

const char *
faults_place(struct faults *faults, struct place place)
{
	struct text text = next_quote(faults);
	const char *name = faults_file_name(faults, place.file);

	text.room -= 32;
	text_escape(&text, (struct pw_bytes){ name, strlen(name) });
	text.room += 32;
	text.cut = false;
	add_line(&text, place.line, place.column);
	return text.bytes;
}

void
config_print_faults(const struct config_faults *faults, struct text *into)
{
	uint32_t all = faults->faults + faults->warnings;

	for (uint32_t i = 0; i < faults->kept; i++) {
		const struct config_fault *item = &faults->items[i];

		text_add(into, item->file);
		add_line(into, item->line, item->column);
		text_format(into, ": %s%s\n", item->warning ? "warning: " : "", item->text);
	}
	if (all > faults->kept)
		text_format(into, "... and %u more\n", all - faults->kept);
}
