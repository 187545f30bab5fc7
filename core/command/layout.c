/*
 * For all commands: wraps standard output at words, to the width of its terminal (layout.h).
 * Standard output is replaced by a stream of ours over the descriptor, so that the code that prints
 * needs to know nothing of widths.
 */
#include "command/layout.h"

#include <assert.h>
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buffer.h"
#include "command/command.h"

enum {
	WIDTH_LEAST = 20,
	WIDTH_UNKNOWN = 80,
	WIDTH_PROSE = 80,
	HANG = 4,         /* columns right of where a line began */
	REST_LEAST = 40,  /* columns in which a sentence is still read with ease */
	BYTES_MAX = 1 << 30 /* of a line */
};

/* Standard output is one for a process, and so is this. */
static struct {
	FILE *file;       /* NULL: it is not laid out */
	FILE *before;     /* what standard output was */
	int width;
	bool plain;
	struct buffer line; /* that has no end yet */
	locale_t locale;  /* of UTF-8, whatever the process goes by */
} layout;

/* What of a line has been laid out. */
struct wrapping {
	struct buffer out;
	int column, indent;
	bool begun; /* the line at hand has more than its indent */
};

static int
width_of_character(const char *bytes, size_t size)
{
	mbstate_t state = { 0 };
	wchar_t wide;

	if (layout.locale == NULL)
		layout.locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (layout.locale == NULL)
		return 1;
	locale_t before = uselocale(layout.locale);
	int width = mbrtowc(&wide, bytes, size, &state) == size ? wcwidth(wide) : 1;
	uselocale(before);
	return width < 0 ? 1 : width;
}

/* The size of what is never cut: a character, an escaped byte, or a sequence for the terminal;
 * and its columns. */
static size_t
next_unit(const char *bytes, size_t size, int *columns)
{
	size_t unit = 1;

	if (size > 1 && bytes[0] == '\033' && bytes[1] == '[') {
		for (unit = 2; unit < size && !isalpha((unsigned char)bytes[unit]); unit++)
			continue;
		*columns = 0;
		return unit < size ? unit + 1 : size;
	}
	*columns = bytes[0] == LAYOUT_HANG[0] ? 0 : 1;
	if (size >= 4 && memcmp(bytes, "\\x", 2) == 0 && isxdigit((unsigned char)bytes[2])
	    && isxdigit((unsigned char)bytes[3])) {
		*columns = 4;
		return 4;
	}
	if ((unsigned char)bytes[0] < 0x80)
		return 1;
	while (unit < size && ((unsigned char)bytes[unit] & 0xc0) == 0x80)
		unit++;
	*columns = width_of_character(bytes, unit);
	return unit;
}

static int
columns_of(const char *bytes, size_t size)
{
	int columns = 0, here;

	for (size_t at = 0; at < size; columns += here)
		at += next_unit(bytes + at, size - at, &here);
	return columns;
}

int
layout_columns(const char *string)
{
	return columns_of(string, strlen(string));
}

size_t
layout_fit(const char *string, int columns, bool at_words)
{
	size_t size = strlen(string), at = 0, blank = 0;
	int here;

	while (at < size) {
		size_t unit = next_unit(string + at, size - at, &here);

		if (here > columns)
			break;
		columns -= here;
		at += unit;
		if (at < size && string[at] == ' ')
			blank = at;
	}
	assert(blank <= at && at <= size);
	return at < size && at_words && blank > 0 ? blank : at;
}

static void
add(struct wrapping *it, const char *bytes, size_t size, int columns)
{
	must_be(buffer_add(&it->out, bytes, size, BYTES_MAX));
	it->column += columns;
}

static void
add_blanks(struct wrapping *it, int count)
{
	for (; count > 0; count--)
		add(it, " ", 1, 1);
}

static void
go_on_below(struct wrapping *it)
{
	add(it, "\n", 1, 0);
	it->column = 0;
	add_blanks(it, it->indent);
	it->begun = false;
}

static void
add_word(struct wrapping *it, const char *bytes, size_t size)
{
	int columns;

	for (size_t at = 0, unit; at < size; at += unit) {
		unit = next_unit(bytes + at, size - at, &columns);
		if (it->begun && columns > 0 && it->column + columns > layout.width)
			go_on_below(it);
		if (bytes[at] == LAYOUT_HANG[0])
			continue;
		add(it, bytes + at, unit, columns);
		it->begun |= columns > 0;
	}
}

/* A place far to the right leaves no room for sentences under it. */
static void
hang_at(struct wrapping *it, int column)
{
	if (column <= layout.width / 2 || layout.width - column >= REST_LEAST)
		it->indent = column;
}

static void
lay_out(struct wrapping *it, const char *line, size_t size)
{
	it->column = 0;
	it->begun = false;
	it->indent = (int)strspn(line, " ");
	hang_at(it, it->indent + HANG);
	for (size_t at = 0; at < size;) {
		size_t blanks = strspn(line + at, " ");
		const char *word = line + at + blanks;
		size_t word_size = strcspn(word, " ");
		const char *mark = memchr(word, LAYOUT_HANG[0], word_size);
		int begin = it->column + (int)blanks;

		if (mark != NULL)
			hang_at(it, begin + columns_of(word, (size_t)(mark - word)));
		if (it->begun && begin + columns_of(word, word_size) > layout.width)
			go_on_below(it);
		else if (word_size > 0)
			add_blanks(it, (int)blanks);
		add_word(it, word, word_size);
		at += blanks + word_size;
	}
}

static void
end_line(struct wrapping *it)
{
	const char *line = layout.line.data;
	size_t size = layout.line.size;

	if (layout.width != LAYOUT_WIDE)
		lay_out(it, line, size);
	else
		for (size_t at = 0; at < size; at++)
			if (line[at] != LAYOUT_HANG[0])
				add(it, line + at, 1, 0);
	buffer_clear(&layout.line);
}

static ssize_t
take(void *cookie, const char *bytes, size_t size)
{
	struct wrapping it = { .column = 0 };
	bool written;

	(void)cookie;
	if (layout.plain)
		return write_all(STDOUT_FILENO, bytes, size) ? (ssize_t)size : 0;
	for (size_t at = 0; at < size;) {
		const char *end = memchr(bytes + at, '\n', size - at);
		size_t more = end == NULL ? size - at : (size_t)(end - (bytes + at));

		must_be(buffer_add(&layout.line, bytes + at, more, BYTES_MAX));
		/* With a NUL behind it, which is not counted. */
		*(char *)must(buffer_reserve(&layout.line, 1, BYTES_MAX)) = '\0';
		if (end == NULL)
			break;
		at = (size_t)(end + 1 - bytes);
		end_line(&it);
		add(&it, "\n", 1, 0);
	}
	written = write_all(STDOUT_FILENO, it.out.data, it.out.size);
	buffer_fini(&it.out);
	return written ? (ssize_t)size : 0;
}

bool
layout_has_colour(int fd)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fd) && (none == NULL || none[0] == '\0') && terminal != NULL
	    && strcmp(terminal, "dumb") != 0;
}

int
layout_terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ? WIDTH_UNKNOWN
	    : size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

static int
find_width(void)
{
	const char *told = getenv("COLUMNS");
	long width = told == NULL ? 0 : strtol(told, NULL, 10);

	if (width > 0 && width < LAYOUT_WIDE)
		return width < WIDTH_LEAST ? WIDTH_LEAST : (int)width;
	return isatty(STDOUT_FILENO) ? layout_terminal_width(STDOUT_FILENO) : LAYOUT_WIDE;
}

int
layout_width(void)
{
	return layout.file == NULL ? find_width() : layout.width;
}

void
layout_begin(void)
{
	FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = take });

	if (file == NULL)
		return;
	if (isatty(STDOUT_FILENO))
		setvbuf(file, NULL, _IOLBF, 0);
	layout.width = find_width();
	layout.before = stdout;
	layout.file = stdout = file;
	layout.plain = false;
}

bool
layout_end(void)
{
	bool written = fflush(stdout) == 0 && !ferror(stdout);
	struct wrapping it = { .column = 0 };

	if (layout.file == NULL)
		return written;
	if (layout.line.size > 0) {
		end_line(&it);
		written = write_all(STDOUT_FILENO, it.out.data, it.out.size) && written;
		buffer_fini(&it.out);
	}
	stdout = layout.before;
	written = fclose(layout.file) == 0 && written;
	layout.file = NULL;
	return written;
}

void
layout_be_plain(void)
{
	fflush(stdout);
	layout.plain = true;
}

void
layout_be_prose(void)
{
	fflush(stdout);
	layout.width = layout.width < WIDTH_PROSE ? layout.width : WIDTH_PROSE;
}

void
layout_widen(struct layout_column *column, const char *cell, int most)
{
	int width = layout_columns(cell);

	if (width > column->width)
		column->width = width < most ? width : most;
}

int
layout_name_width(void)
{
	return layout_width() / 3;
}

static int
columns_before(const struct layout_column *columns, size_t count)
{
	int before = 0;

	for (size_t i = 0; i < count; i++)
		before += columns[i].width + 2;
	return before;
}

static bool
has_room(const struct layout_column *columns, size_t count)
{
	return layout_width() - columns_before(columns, count) >= REST_LEAST;
}

int
layout_row_indent(const struct layout_column *columns, size_t count)
{
	return has_room(columns, count) ? columns_before(columns, count) : HANG;
}

void
layout_heads(const struct layout_column *columns, size_t count, const char *rest)
{
	const char *cells[LAYOUT_COLUMNS_MAX];

	for (size_t i = 0; i < count; i++)
		cells[i] = columns[i].head;
	layout_row(columns, count, cells, has_room(columns, count) ? rest : "");
}

void
layout_row(
    const struct layout_column *columns, size_t count, const char *const *cells, const char *rest)
{
	int at = 0, begin;

	assert(count <= LAYOUT_COLUMNS_MAX);
	for (size_t i = 0; i < count; i++) {
		int width = layout_columns(cells[i]);

		if (width == 0)
			continue;
		begin = columns_before(columns, i);
		if (columns[i].right && width < columns[i].width)
			begin += columns[i].width - width;
		if (at > 0 && at + 2 > begin) {
			putchar('\n');
			at = 0;
		}
		printf("%*s%s", begin - at, "", cells[i]);
		at = begin + width;
	}
	begin = columns_before(columns, count);
	if (rest[0] == '\0') {
		putchar('\n');
		return;
	}
	if (at + 2 > begin
	    || (begin + layout_columns(rest) > layout_width() && !has_room(columns, count))) {
		putchar('\n');
		at = 0;
		begin = layout_row_indent(columns, count);
	}
	printf("%*s" LAYOUT_HANG "%s\n", begin - at, "", rest);
}
