/*
 * Replies of a relay (RFC 5321, section 4.2): lines of one code, `250-` goes on, `250 ` or `250` ends. A bare LF is taken
 * as a line's end. Nothing here holds memory.
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
	REPLY_BAD    /* it is none, or has no bounds */
};

/* Looks at the reply that `bytes` begin with. REPLY_WHOLE: its code and size. REPLY_BAD: `*fault` says in words why. */
enum reply_status reply_read(const char *bytes, size_t size, int *code, size_t *used, const char **fault);

/* Hands each line of a whole reply, without code and line end, to `take`. */
void reply_lines(const char *bytes, size_t size, void (*take)(void *arg, const char *line, size_t size), void *arg);

/* A whole reply as one line: "250 first / second", control bytes as question marks. What finds no room is counted:
 * "… (+123 bytes)". */
void reply_tell(const char *bytes, size_t size, char *words, size_t room);

#endif
