/*
 * For `postwatch status --watch`: draws the table of targets. Each state has a sign, a word and a
 * colour. What is cut from a row stands below the table where the row is selected.
 */
#include "command/watch_table.h"

#include <assert.h>
#include <string.h>

#include "command/layout.h"

enum {
	LINE_MAX_SIZE = 4096,
	SIGNS = 3, /* columns */
	STATE_WIDTH = 18,
	FOR_WIDTH = 10,
	LOOKED_WIDTH = 10,
	TOOK_WIDTH = 8,
	ROOMY = 100 /* columns from which on all of them are shown */
};

static const struct {
	const char *name;
	char sign;
	enum screen_look look;
} of_need[WATCH_NEEDS] = {
	[STATUS_IS_DOWN] = { "down", 'X', SCREEN_BAD },
	[STATUS_RECOVERS] = { "recovering", '^', SCREEN_ODD },
	[STATUS_IS_SUSPECT] = { "suspect", '!', SCREEN_ODD },
	[STATUS_IS_UNSEEN] = { "not looked at", '?', SCREEN_ODD },
	[STATUS_IS_ODD] = { "degraded", '~', SCREEN_ODD },
	[STATUS_IS_UP] = { "up", '.', SCREEN_GOOD },
	[STATUS_IS_PENDING] = { "pending", '-', SCREEN_FAINT },
};

void
watch_put(const struct screen *screen, int row, int column, int columns, unsigned look,
    const char *text)
{
	struct text safe = TEXT_ROOM(LINE_MAX_SIZE);

	if (columns <= 0)
		return;
	text_add_shown(&safe, text_view(text));
	safe.bytes[layout_fit(safe.bytes, columns, false)] = '\0';
	screen->put(row, column, look, safe.bytes);
}

void
watch_head_draw(const struct watch_rows *rows, const struct screen *screen, int columns)
{
	struct text line = TEXT_ROOM(LINE_MAX_SIZE), clock = TEXT_ROOM(64);
	int left;

	if (rows->past.now == 0)
		text_add(&line, " the store is being read");
	else
		text_format(&line, " %zu target%s", rows->chosen_count, plural(rows->chosen_count));
	for (int need = 0; need < WATCH_NEEDS; need++)
		if (rows->of_need[need] > 0)
			text_format(&line, ", %zu %s", rows->of_need[need], of_need[need].name);
	if (rows->paused > 0)
		text_format(&line, "; %zu paused", rows->paused);
	if (rows->past.now != 0) {
		text_add(&clock, "  as of ");
		zone_add_clock(&clock, rows->past.zone, rows->past.now);
		text_add(&clock, " ");
	}
	left = columns - layout_columns(clock.bytes);
	text_format(&line, "%*s", columns, "");
	watch_put(screen, 0, 0, left, SCREEN_BOLD | SCREEN_REVERSE, line.bytes);
	watch_put(screen, 0, left, columns - left, SCREEN_BOLD | SCREEN_REVERSE, clock.bytes);
}

int
watch_troubles_draw(const struct watch_rows *rows, const char *why, const struct screen *screen,
    int first, int most, int columns)
{
	struct text lines = TEXT_ROOM(4 * LINE_MAX_SIZE);
	int count = 0;

	if (why[0] != '\0')
		text_format(&lines, "cannot be read now: %s\n", why);
	text_add(&lines, rows->troubles);
	for (char *at = lines.bytes, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		struct text line = TEXT_ROOM(LINE_MAX_SIZE);
		bool is_last = count == most - 1 && strchr(end + 1, '\n') != NULL;

		*end = '\0';
		text_format(&line, "! %s",
		    is_last ? "there is more of our own trouble: t shows all" : at);
		watch_put(screen, first + count++, 0, columns, SCREEN_BAD, line.bytes);
		if (is_last)
			break;
	}
	return count;
}

const struct status_row *
watch_table_row(const struct watch_table *table, const struct watch_rows *rows)
{
	return table->selected < rows->count ? rows->rows[table->selected] : NULL;
}

static void
select_row(struct watch_table *table, const struct watch_rows *rows, int64_t place)
{
	int64_t last = (int64_t)rows->count - 1;

	place = place > last ? last : place;
	table->selected = place > 0 ? (size_t)place : 0;
	assert(rows->count == 0 || table->selected < rows->count);
	table->number = rows->count == 0 ? 0 : rows->rows[table->selected]->target->number;
}

void
watch_table_move(struct watch_table *table, const struct watch_rows *rows, int64_t by)
{
	select_row(table, rows, (int64_t)table->selected + by);
}

/* On the first row nobody has selected anything: the worst is to stay in sight. */
void
watch_table_follow(struct watch_table *table, const struct watch_rows *rows)
{
	size_t place = 0;

	while (table->selected > 0 && place < rows->count
	    && rows->rows[place]->target->number != table->number)
		place++;
	select_row(table, rows, (int64_t)(place < rows->count ? place : table->selected));
}

/* A cell of so many columns, and a blank. */
static void
add_cell(struct text *line, const char *cell, int columns, bool right)
{
	struct text safe = TEXT_ROOM(LINE_MAX_SIZE);
	int blanks;

	text_add_shown(&safe, text_view(cell));
	safe.bytes[layout_fit(safe.bytes, columns, false)] = '\0';
	blanks = columns - layout_columns(safe.bytes);
	text_format(line, "%*s%s%*s ", right ? blanks : 0, "", safe.bytes, right ? 0 : blanks, "");
}

/* How long since then, as `past_lasted` has it, "-" where that is not known. */
static void
add_times(struct text *line, const struct past *past, const struct status_row *row, int columns)
{
	struct text took = TEXT_ROOM(TEXT_SPAN_MAX);

	add_cell(line, PAST_LASTED(past, row->since), FOR_WIDTH, true);
	add_cell(line, PAST_LASTED(past, row->ended), LOOKED_WIDTH, true);
	if (columns < ROOMY)
		return;
	if (watch_row_took(row) > 0)
		text_add_span(&took, watch_row_took(row));
	add_cell(line, took.size > 0 ? took.bytes : "-", TOOK_WIDTH, true);
}

static void
draw_row(const struct watch_rows *rows, const struct status_row *row, const struct screen *screen,
    int at, int name_width, int columns, bool is_selected)
{
	enum status_need need = status_row_need(row);
	unsigned reverse = is_selected ? SCREEN_REVERSE : 0;
	char state[STATUS_STATE_MAX], seen[STATUS_SEEN_MAX];
	struct text line = TEXT_ROOM(LINE_MAX_SIZE);
	int column = SIGNS + name_width + 1;

	text_format(&line, "%c%c ", is_selected ? '>' : ' ', of_need[need].sign);
	watch_put(screen, at, 0, columns, of_need[need].look | reverse, line.bytes);
	line = TEXT_ROOM(LINE_MAX_SIZE);
	add_cell(&line, row->target->name, name_width, false);
	watch_put(screen, at, SIGNS, columns - SIGNS, reverse, line.bytes);
	line = TEXT_ROOM(LINE_MAX_SIZE);
	add_cell(&line, status_row_state(row, state), STATE_WIDTH, false);
	watch_put(screen, at, column, columns - column, of_need[need].look | reverse, line.bytes);
	column += STATE_WIDTH + 1;
	line = TEXT_ROOM(LINE_MAX_SIZE);
	add_times(&line, &rows->past, row, columns);
	text_add(&line, status_row_seen(&rows->past, row, seen));
	if (is_selected)
		text_format(&line, "%*s", columns, "");
	watch_put(screen, at, column, columns - column, reverse, line.bytes);
}

void
watch_table_draw(struct watch_table *table, const struct watch_rows *rows,
    const struct screen *screen, int first, int height, int columns)
{
	int name_width = rows->name_width < 6 ? 6 : rows->name_width;
	struct text heads = TEXT_ROOM(LINE_MAX_SIZE);
	size_t shown;

	name_width = name_width > columns / 3 ? columns / 3 : name_width;
	text_format(&heads, "%*s", SIGNS, "");
	add_cell(&heads, "target", name_width, false);
	add_cell(&heads, "state", STATE_WIDTH, false);
	add_cell(&heads, "for", FOR_WIDTH, true);
	add_cell(&heads, "looked ago", LOOKED_WIDTH, true);
	if (columns >= ROOMY)
		add_cell(&heads, "took", TOOK_WIDTH, true);
	text_add(&heads, "seen");
	watch_put(screen, first, 0, columns, SCREEN_BOLD, heads.bytes);
	table->height = height > 1 ? height - 1 : 1;
	shown = (size_t)table->height;
	if (table->selected < table->top)
		table->top = table->selected;
	if (table->selected >= table->top + shown)
		table->top = table->selected - shown + 1;
	if (table->top > 0 && table->top + shown > rows->count)
		table->top = rows->count > shown ? rows->count - shown : 0;
	assert(table->top <= table->selected);
	for (size_t i = 0; i < shown && table->top + i < rows->count; i++)
		draw_row(rows, rows->rows[table->top + i], screen, first + 1 + (int)i, name_width,
		    columns, table->top + i == table->selected);
	if (rows->count == 0 && rows->past.now != 0)
		watch_put(screen, first + 1, 2, columns - 2, SCREEN_PLAIN,
		    rows->chosen_count == 0 ? "no target" : "no target passes the filter");
}

void
watch_table_describe(const struct watch_table *table, const struct watch_rows *rows,
    const struct screen *screen, int first, int columns)
{
	const struct status_row *row = watch_table_row(table, rows);
	char seen[STATUS_SEEN_MAX];
	struct text text = TEXT_ROOM(LINE_MAX_SIZE);
	const char *at = text.bytes;

	if (row == NULL)
		return;
	text_add_shown(&text, text_view(row->target->name));
	text_format(&text, ": %s", status_row_seen(&rows->past, row, seen));
	for (const struct status_condition *item = row->conditions; item != NULL; item = item->next)
		text_format(&text, "; %s for %s", item->code,
		    PAST_LASTED(&rows->past, item->since));
	if (row->pauses != NULL) {
		text_format(&text, "; paused until %s by ",
		    PAST_TIME(&rows->past, row->pauses->until));
		text_add_shown(&text, text_view(row->pauses->by));
		text_add(&text, ": ");
		text_add_shown(&text, text_view(row->pauses->why));
	}
	for (int line = 0; line < 2 && *at != '\0'; line++) {
		char part[LINE_MAX_SIZE];
		size_t size = layout_fit(at, columns, line == 0);

		text_copy(part, size + 1 < sizeof part ? size + 1 : sizeof part, at);
		watch_put(screen, first + line, 0, columns, SCREEN_PLAIN, part);
		at += size;
		at += strspn(at, " ");
	}
}
