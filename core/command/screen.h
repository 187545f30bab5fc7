/*
 * The terminal as `status --watch` uses it: a page of character cells, and keys. What it takes of
 * ncurses lies in a shared object of its own (core/command/screen/), which is loaded when the first
 * screen is opened, so that no other command pays for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

/* How characters look; each is told by words or shapes as well. SCREEN_REVERSE is added to one. */
enum screen_look {
	SCREEN_PLAIN,
	SCREEN_GOOD,
	SCREEN_ODD,
	SCREEN_BAD,
	SCREEN_FAINT,
	SCREEN_BOLD,
	SCREEN_LOOKS,
	SCREEN_REVERSE = 1 << 4
};

/* A key is a character of Unicode, or one of these, which are none. */
enum {
	SCREEN_KEY_NONE,
	SCREEN_KEY_UP = 0x110000,
	SCREEN_KEY_DOWN,
	SCREEN_KEY_LEFT,
	SCREEN_KEY_RIGHT,
	SCREEN_KEY_PAGE_UP,
	SCREEN_KEY_PAGE_DOWN,
	SCREEN_KEY_HOME,
	SCREEN_KEY_END,
	SCREEN_KEY_OTHER
};
enum { SCREEN_ENTER = '\r', SCREEN_ESCAPE = 27, SCREEN_BACKSPACE = 8 };

struct screen {
	/* Of the program that the object was made for: PW_VERSION, and the size of this struct. */
	const char *version;
	uint32_t size;
	/* Standard input and output become a page. Returns false with a reason where the terminal
	 * cannot be one. */
	bool (*open)(bool colour, struct reason *why);
	/* The terminal is as it was before open(); show() makes it a page again. */
	void (*close)(void);
	void (*get_size)(int *rows, int *columns); /* as they are now */
	void (*clear)(void);
	/* Text that has been made safe for a terminal, in UTF-8; what the terminal cannot show
	 * becomes "?". It has to fit into its row. */
	void (*put)(int row, int column, unsigned look, const char *text);
	/* Sends what differs from what is shown; the cursor stands at a place, or with -1 is
	 * hidden. */
	void (*show)(int row, int column);
	void (*repaint)(void); /* the same of everything, whatever stands there */
	uint32_t (*next_key)(void); /* never waits */
};

/* Whether standard input and output are a terminal whose cursor can be placed, as far as $TERM
 * says. Returns false with what is missing. */
bool screen_is_possible(struct reason *missing);

/* The screen of this program; NULL with a reason. */
const struct screen *screen_load(struct reason *why);
