/*
 * Parser of SMTP replies.
 *
 * Bytes to replies, RFC 5321 section 4.2: lines of one reply have one code, `220-` goes on, `220
 * ` or `220` ends it. The reader is handed the same bytes again, grown, until the reply that they
 * begin with is complete, and remembers how far it came: bytes that arrive one by one cost no
 * more than bytes that arrive together. It holds no memory.
 *
 * Lines with 220 that are followed by one with 4xx or 5xx are what some say at first to see who
 * speaks too soon (Postfix's postscreen), before they refuse: the reply is that refusal.
 *
 * Tolerated, and noted: a bare LF as line end, and more than one CR before it; CR and NUL within
 * a line, which are data. Empty lines before a reply are the caller's to skip (reply_skip_empty).
 */
#pragma once

#include <postwatch/probe.h>

enum {
	REPLY_LINE_MAX = 4096,      /* bytes of a line without its LF */
	REPLY_LINES_MAX = 128,
	REPLY_BYTES_MAX = 64 * 1024,
	REPLY_SHOWN = 64            /* bytes shown of what is no reply */
};

enum reply_status {
	REPLY_INCOMPLETE,
	REPLY_COMPLETE,
	/* what came is not the protocol: */
	REPLY_LINE_TOO_LONG,
	REPLY_TOO_LONG,
	REPLY_NOT_SMTP,
	REPLY_CODE_MISMATCH
};

enum {
	REPLY_BARE_LF = 1, /* seen in this reply */
	REPLY_BARE_CR = 2,
	REPLY_NUL = 4,
	REPLY_MORE_CR = 8
};

/* Starts as zeroes, and is zeroed again for the next reply. */
struct reply_reader {
	uint32_t scanned; /* bytes in which the end of the current line was looked for */
	uint32_t line;    /* where the current line begins */
	uint16_t lines;   /* that are complete */
	uint16_t code;    /* 0: none yet */
	uint16_t skipped; /* lines with 220 before a refusal */
	uint8_t odd;      /* REPLY_BARE_LF … */
};

struct reply_lines {
	int code;
	size_t count;
	struct pw_bytes whole[REPLY_LINES_MAX]; /* with code and separator, without line end: for
	                                         * the transcript */
	struct pw_bytes text[REPLY_LINES_MAX];  /* what follows them */
};

/* Reads on. `*size` becomes the size of the reply where REPLY_COMPLETE; where it is not the
 * protocol, the line that is at fault begins at reader->line. */
enum reply_status reply_read(struct reply_reader *, enum pw_framing, const char *bytes,
    size_t *size);

/* The lines of a complete reply that was read by `reader`: views into `bytes`. */
void reply_take(const struct reply_reader *, enum pw_framing, const char *bytes, size_t size,
    struct reply_lines *);

/* Whether an unfinished line at `bytes` could still become one of a reply; where not, it never
 * was SMTP. */
bool reply_may_become(const char *bytes, size_t size);

/* The length of the line without its line end (CR LF, LF, or as some say CR CR LF), given what
 * precedes the LF. */
static inline size_t
reply_line_trim(const char *bytes, size_t size)
{
	while (size > 0 && bytes[size - 1] == '\r')
		size--;
	return size;
}

/* The size of the empty lines that the bytes begin with; a CR whose LF is yet to come is not
 * counted. */
size_t reply_skip_empty(const char *bytes, size_t size);

/* What speaks where the first line is no reply, such as "IMAP" or "SSH"; NULL: not known. */
const char *reply_other_protocol(struct pw_bytes line);

/* RFC 3463: the code that `text` begins with ("4.7.1 …"). False: none. */
bool reply_enhanced(struct pw_bytes text, int enhanced[3]);
