/*
 * For `postwatch status --watch`, in a shared object of its own: draws on the terminal and reads
 * keys by ncurses, which sends as few bytes as bring about what differs.
 *
 * Signals are the program's: it blocks them and is told of them otherwise, so that no handler of
 * ncurses runs.
 */
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "command/screen.h"

enum { ESCAPE_DELAY = 100, TEXT_MAX = 8192 }; /* milliseconds in which a key's bytes arrive */

static FILE *output;
static bool is_utf8;
static chtype looks[SCREEN_LOOKS];

static void
find_looks(bool colour)
{
	static const short colours[SCREEN_LOOKS] = { [SCREEN_GOOD] = COLOR_GREEN,
		[SCREEN_ODD] = COLOR_YELLOW, [SCREEN_BAD] = COLOR_RED };

	looks[SCREEN_BAD] = looks[SCREEN_BOLD] = A_BOLD;
	looks[SCREEN_FAINT] = A_DIM;
	if (!colour || !has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return;
	for (short i = 0; i < SCREEN_LOOKS; i++)
		if (colours[i] != 0 && init_pair(i, colours[i], -1) != ERR)
			looks[i] |= (chtype)COLOR_PAIR(i);
}

static bool
open_page(bool colour, struct reason *why)
{
	const char *name = getenv("TERM"), *place;
	SCREEN *terminal;
	int fd = dup(STDOUT_FILENO);

	setlocale(LC_CTYPE, "");
	is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	output = fd < 0 ? NULL : fdopen(fd, "w");
	terminal = output == NULL ? NULL : newterm(NULL, output, stdin);
	if (terminal == NULL) {
		snprintf(why->text, sizeof why->text,
		    "nothing is known of terminals of the type `%s` ($TERM)",
		    name == NULL ? "" : name);
		return false;
	}
	place = tigetstr("cup");
	if (place == NULL || place == (const char *)-1) {
		endwin();
		snprintf(why->text, sizeof why->text,
		    "terminals of the type `%s` ($TERM) have no page: their cursor cannot be "
		    "placed", name == NULL ? "" : name);
		return false;
	}
	if (getenv("ESCDELAY") == NULL)
		set_escdelay(ESCAPE_DELAY);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	find_looks(colour);
	return true;
}

/* Output that was stopped by hand (Ctrl-S) goes on first, for what is written behind it would wait
 * for ever; endwin(3) brings back the setting. */
static void
close_page(void)
{
	struct termios settings;

	if (isendwin())
		return;
	if (tcgetattr(STDOUT_FILENO, &settings) == 0 && settings.c_iflag & IXON) {
		settings.c_iflag &= ~(tcflag_t)IXON;
		tcsetattr(STDOUT_FILENO, TCSANOW, &settings);
	}
	endwin();
}

static void
get_size(int *rows, int *columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0
	    && is_term_resized(size.ws_row, size.ws_col))
		resizeterm(size.ws_row, size.ws_col);
	getmaxyx(stdscr, *rows, *columns);
}

static void
clear_page(void)
{
	erase();
}

static void
put(int row, int column, unsigned look, const char *text)
{
	char bytes[TEXT_MAX];
	size_t size = 0;

	for (const char *at = text; *at != '\0' && size < sizeof bytes - 1; at++)
		if (is_utf8 || (unsigned char)*at < 0x80)
			bytes[size++] = *at;
		else if (((unsigned char)*at & 0xc0) != 0x80)
			bytes[size++] = '?';
	bytes[size] = '\0';
	attrset((int)(looks[look & (SCREEN_REVERSE - 1)]
	    | (look & SCREEN_REVERSE ? A_REVERSE : A_NORMAL)));
	mvaddstr(row, column, bytes);
	attrset(A_NORMAL);
}

static void
show(int row, int column)
{
	curs_set(row >= 0);
	move(row >= 0 ? row : LINES - 1, row >= 0 ? column : COLS - 1);
	refresh();
}

static void
repaint(void)
{
	reset_prog_mode();
	clearok(curscr, TRUE);
	refresh();
}

static uint32_t
next_key(void)
{
	static const struct {
		wint_t code;
		uint32_t key;
	} keys[] = { { KEY_UP, SCREEN_KEY_UP }, { KEY_DOWN, SCREEN_KEY_DOWN },
		{ KEY_LEFT, SCREEN_KEY_LEFT }, { KEY_RIGHT, SCREEN_KEY_RIGHT },
		{ KEY_PPAGE, SCREEN_KEY_PAGE_UP }, { KEY_NPAGE, SCREEN_KEY_PAGE_DOWN },
		{ KEY_HOME, SCREEN_KEY_HOME }, { KEY_END, SCREEN_KEY_END },
		{ KEY_ENTER, SCREEN_ENTER }, { KEY_BACKSPACE, SCREEN_BACKSPACE } };
	wint_t code;
	int kind = get_wch(&code);

	if (kind == ERR)
		return SCREEN_KEY_NONE;
	for (size_t i = 0; kind == KEY_CODE_YES && i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].code == code)
			return keys[i].key;
	if (kind == KEY_CODE_YES || code == 0)
		return SCREEN_KEY_OTHER;
	return code == '\n' ? SCREEN_ENTER : code == 127 ? SCREEN_BACKSPACE : (uint32_t)code;
}

extern const struct screen pw_screen;
__attribute__((visibility("default"))) const struct screen pw_screen = {
	.version = PW_VERSION,
	.size = sizeof(struct screen),
	.open = open_page,
	.close = close_page,
	.get_size = get_size,
	.clear = clear_page,
	.put = put,
	.show = show,
	.repaint = repaint,
	.next_key = next_key,
};
