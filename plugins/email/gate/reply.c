/*
 * For the gate of the e-mail notifier: parses the relay's replies, and writes them as one line for
 * receipts and the log.
 */
#include "reply.h"

#include <stdio.h>
#include <string.h>

/* Returns the code of "250", "250 …" or "250-…", 0 for what is no line of a reply. */
static int
code_of(const char *line, size_t size)
{
	if (size < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9'
	    || line[2] < '0' || line[2] > '9'
	    || (size > 3 && line[3] != ' ' && line[3] != '-'))
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* Returns the size without CR LF or LF. */
static size_t
trim(const char *line, size_t size)
{
	if (size > 0 && line[size - 1] == '\n')
		size--;
	return size > 0 && line[size - 1] == '\r' ? size - 1 : size;
}

static enum reply_status
bad(const char **fault, const char *words)
{
	*fault = words;
	return REPLY_BAD;
}

enum reply_status
reply_read(const char *bytes, size_t size, int *code, size_t *used, const char **fault)
{
	size_t at = 0;

	*code = 0;
	for (int lines = 0;; lines++) {
		const char *line = bytes + at, *end = memchr(line, '\n', size - at);
		size_t whole = end == NULL ? size - at : (size_t)(end + 1 - line),
		    bare = trim(line, whole);
		int own;

		if (whole > REPLY_LINE_MAX)
			return bad(fault, "a line of more than 4096 bytes");
		if (lines >= REPLY_LINES_MAX)
			return bad(fault, "a reply of more than 128 lines");
		if (end == NULL)
			return size < REPLY_BYTES_MAX ? REPLY_PART
			    : bad(fault, "a reply of more than 64 KiB");
		own = code_of(line, bare);
		if (own == 0)
			return bad(fault, "what is no reply of SMTP");
		if (*code != 0 && own != *code)
			return bad(fault, "a reply of two codes");
		*code = own;
		at += whole;
		if (bare < 4 || line[3] == ' ') {
			*used = at;
			return REPLY_WHOLE;
		}
	}
}

void
reply_lines(const char *bytes, size_t size, void (*take)(void *arg, const char *line, size_t size),
    void *arg)
{
	for (size_t at = 0; at < size;) {
		const char *line = bytes + at, *end = memchr(line, '\n', size - at);
		size_t whole = end == NULL ? size - at : (size_t)(end + 1 - line),
		    bare = trim(line, whole);

		take(arg, line + (bare < 4 ? bare : 4), bare < 4 ? 0 : bare - 4);
		at += whole;
	}
}

struct telling {
	char *words;
	size_t size, room, left_out;
	bool first;
};

static void
tell(struct telling *telling, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (telling->size >= telling->room)
			telling->left_out++;
		else
			telling->words[telling->size++] = (unsigned char)bytes[i] < ' '
			    || bytes[i] == 0x7f ? '?' : bytes[i];
	}
}

static void
tell_line(void *arg, const char *line, size_t size)
{
	struct telling *telling = arg;

	tell(telling, telling->first ? " " : " / ", telling->first ? 1 : 3);
	tell(telling, line, size);
	telling->first = false;
}

void
reply_tell(const char *bytes, size_t size, char *words, size_t room)
{
	enum { FOR_THE_REST = 32 };
	struct telling telling = { .words = words,
	    .room = room > FOR_THE_REST ? room - FOR_THE_REST : 0, .first = true };

	tell(&telling, bytes, size < 3 ? size : 3);
	reply_lines(bytes, size, tell_line, &telling);
	while (telling.left_out == 0 && telling.size > 0 && words[telling.size - 1] == ' ')
		telling.size--;
	words[telling.size] = '\0';
	if (telling.left_out > 0)
		snprintf(words + telling.size, room - telling.size, "… (+%zu bytes)",
		    telling.left_out);
}
