/* The library's end of the dialogue: it takes us for its relay. What it is told are codes alone, no byte of the relay's. */
#ifndef EMAIL_GATE_LIBRARY_H
#define EMAIL_GATE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIBRARY_LINE_MAX = 1024 };

struct library {
	int fd;          /* -1: none */
	int64_t until;   /* CLOCK_MONOTONIC, microseconds */
	size_t size;
	char bytes[16 * 1024]; /* read and not yet taken */
};

/* Takes the descriptor. */
void library_init(struct library *, int fd, int64_t until);
void library_close(struct library *);

/* Says "CODE gate". */
void library_say(struct library *, int code);
/* Waits for the one line that is due. False: it says another, or is gone. */
bool library_expect(struct library *, const char *line);
/* Waits for a line that begins so. */
bool library_expect_word(struct library *, const char *word);
/* Its whole text, dots doubled, up to the line end before the final dot: the caller frees it. NULL: it is gone, the text
 * has no bounds, or there is no memory. */
char *library_text(struct library *, size_t *size);

#endif
