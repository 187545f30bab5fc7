/*
 * For the gate, the process of the e-mail notifier that talks to the relay: its dialogue with
 * libesmtp in the worker process, which takes the gate for its relay. libesmtp is sent reply codes
 * alone, no byte that a relay sent.
 */
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

/* Begins a dialogue on `fd`, which library_close() closes. */
void library_init(struct library *, int fd, int64_t until);
void library_close(struct library *);

/* Sends "CODE gate". */
void library_say(struct library *, int code);
/* Waits for a line equal to `line`. Returns false for another line, the end of the connection and
 * the end of the attempt. */
bool library_expect(struct library *, const char *line);
/* The same for a line that begins with `word`. */
bool library_expect_word(struct library *, const char *word);
/* Waits for the text behind DATA. Returns it as it came, with doubled dots (RFC 5321 4.5.2), up
 * to and with the line end before the final dot; the caller frees it. Returns NULL at the end of
 * the connection or of the attempt, beyond 16 MiB, or where memory is short. */
char *library_text(struct library *, size_t *size);

#endif
