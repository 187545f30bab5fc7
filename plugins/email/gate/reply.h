/*
 * For the gate, the process of the e-mail notifier that talks to the relay: replies of a relay (RFC
 * 5321 4.2): lines with the same code, "250-" on all but the last, "250 " or "250" on the last. A
 * bare LF ends a line as CR LF does. Pure functions over bytes.
 */
#ifndef EMAIL_GATE_REPLY_H
#define EMAIL_GATE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum {
	REPLY_LINE_MAX = 4096,      /* bytes of a line with its end */
	REPLY_LINES_MAX = 128,
	REPLY_BYTES_MAX = 64 * 1024
};

enum reply_status {
	REPLY_PART,  /* more has to come */
	REPLY_WHOLE,
	REPLY_BAD    /* no reply, or longer than the limits */
};

/* Reads the reply at the beginning of `bytes`. With REPLY_WHOLE `*code` and its size `*used` are
 * set, with REPLY_BAD `*fault` says why. */
enum reply_status reply_read(const char *bytes, size_t size, int *code, size_t *used,
    const char **fault);

/* Calls `take` with each line of a whole reply, without code, separator and line end. */
void reply_lines(const char *bytes, size_t size,
    void (*take)(void *arg, const char *line, size_t size), void *arg);

/* Writes a whole reply as one line: "250 first / second", control characters as question marks.
 * Bytes beyond `room` are counted: "… (+123 bytes)". */
void reply_tell(const char *bytes, size_t size, char *words, size_t room);

#endif
