/*
 * For the prober's dialogue: an incremental parser of SMTP replies (RFC 5321, section 4.2): pure,
 * bounded, and independent of how the bytes were split.
 */
#include "prober/replies.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum { GREETING = 220 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code of a line, 0 where it has none: three digits, the first from 2 to 5, then nothing, a
 * blank or a hyphen. */
static int
code_of(const char *line, size_t size)
{
	if (size < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
		return 0;
	if (size > 3 && line[3] != ' ' && line[3] != '-')
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* Filled up with what would make it one: whatever follows can only be worse. */
bool
reply_may_become(const char *bytes, size_t size)
{
	static const char filler[] = "200 ";
	char line[4];
	size_t have = size < sizeof line ? size : sizeof line;

	memcpy(line, bytes, have);
	memcpy(line + have, filler + have, sizeof line - have);
	if (have == 4 && (line[3] == '\r' || line[3] == '\n'))
		line[3] = ' ';
	return code_of(line, sizeof line) != 0;
}

/* What is odd and tolerated in a complete line of `size` bytes before its LF. */
static uint8_t
oddities(const char *line, size_t size)
{
	size_t trimmed = reply_line_trim(line, size);
	uint8_t odd = trimmed == size ? REPLY_BARE_LF : size - trimmed > 1 ? REPLY_MORE_CR : 0;

	if (memchr(line, '\r', trimmed) != NULL)
		odd |= REPLY_BARE_CR;
	if (memchr(line, '\0', trimmed) != NULL)
		odd |= REPLY_NUL;
	return odd;
}

/* Takes a complete line of a reply into account. */
static enum reply_status
take_line(struct reply_reader *reader, enum pw_framing framing, const char *line, size_t size)
{
	size_t trimmed = reply_line_trim(line, size);

	if (framing == PW_LINES)
		return REPLY_COMPLETE;
	int code = code_of(line, trimmed);
	if (code == 0)
		return REPLY_NOT_SMTP;
	if (reader->code == GREETING && code >= 400)
		reader->skipped = reader->lines;
	else if (reader->code != 0 && reader->code != code)
		return REPLY_CODE_MISMATCH;
	reader->code = (uint16_t)code;
	return trimmed > 3 && line[3] == '-' ? REPLY_INCOMPLETE : REPLY_COMPLETE;
}

size_t
reply_skip_empty(const char *bytes, size_t size)
{
	size_t empty = 0;

	for (size_t i = 0; i < size && (bytes[i] == '\r' || bytes[i] == '\n'); i++)
		if (bytes[i] == '\n')
			empty = i + 1;
	return empty;
}

/* What can be said of a line that has no end yet. */
static enum reply_status
judge_unfinished(const struct reply_reader *reader, enum pw_framing framing, const char *bytes,
    size_t size)
{
	size_t have = size - reader->line;

	if (framing == PW_REPLIES && have >= REPLY_SHOWN
	    && !reply_may_become(bytes + reader->line, have))
		return REPLY_NOT_SMTP;
	if (have > REPLY_LINE_MAX)
		return REPLY_LINE_TOO_LONG;
	return size > REPLY_BYTES_MAX ? REPLY_TOO_LONG : REPLY_INCOMPLETE;
}

enum reply_status
reply_read(struct reply_reader *reader, enum pw_framing framing, const char *bytes, size_t *size)
{
	const char *end;

	assert(reader->scanned <= *size && reader->line <= *size);
	while ((end = memchr(bytes + reader->scanned, '\n', *size - reader->scanned)) != NULL) {
		const char *line = bytes + reader->line;
		size_t length = (size_t)(end - line);
		enum reply_status status;

		if (length > REPLY_LINE_MAX)
			return REPLY_LINE_TOO_LONG;
		if ((status = take_line(reader, framing, line, length)) > REPLY_COMPLETE)
			return status;
		reader->odd |= oddities(line, length);
		reader->lines++;
		reader->line = reader->scanned = (uint32_t)(end + 1 - bytes);
		if (reader->line > REPLY_BYTES_MAX
		    || (status == REPLY_INCOMPLETE && reader->lines >= REPLY_LINES_MAX))
			return REPLY_TOO_LONG;
		if (status == REPLY_COMPLETE) {
			*size = reader->line;
			return REPLY_COMPLETE;
		}
	}
	reader->scanned = (uint32_t)*size;
	return judge_unfinished(reader, framing, bytes, *size);
}

/* Lines with 220 before a refusal are those of a teaser (postscreen), and no part of the
 * refusal. */
void
reply_take(const struct reply_reader *reader, enum pw_framing framing, const char *bytes,
    size_t size, struct reply_lines *lines)
{
	const char *end = bytes + size;

	lines->code = reader->code;
	for (uint16_t skipped = 0; skipped < reader->skipped; skipped++)
		bytes = (const char *)memchr(bytes, '\n', (size_t)(end - bytes)) + 1;
	for (lines->count = 0; bytes < end; lines->count++) {
		assert(lines->count < REPLY_LINES_MAX);
		const char *lf = memchr(bytes, '\n', (size_t)(end - bytes));
		assert(lf != NULL); /* a complete reply ends with one */
		size_t length = reply_line_trim(bytes, (size_t)(lf - bytes));
		size_t prefix = framing == PW_LINES ? 0 : length > 3 ? 4 : length;

		lines->whole[lines->count] = (struct pw_bytes){ bytes, length };
		lines->text[lines->count] = (struct pw_bytes){ bytes + prefix, length - prefix };
		bytes = lf + 1;
	}
}

/* Up to three digits at the front of `text`, taken off; -1: none. */
static int
take_number(struct pw_bytes *text)
{
	int number = 0;
	size_t digits = 0;

	while (digits < text->size && digits < 3 && is_digit(text->data[digits]))
		number = number * 10 + (text->data[digits++] - '0');
	text->data += digits;
	text->size -= digits;
	return digits == 0 ? -1 : number;
}

static bool
take_point(struct pw_bytes *text)
{
	if (text->size == 0 || *text->data != '.')
		return false;
	text->data++;
	text->size--;
	return true;
}

bool
reply_enhanced(struct pw_bytes text, int enhanced[3])
{
	int class, subject, detail;

	if ((class = take_number(&text)) != 2 && class != 4 && class != 5)
		return false;
	if (!take_point(&text) || (subject = take_number(&text)) < 0)
		return false;
	if (!take_point(&text) || (detail = take_number(&text)) < 0)
		return false;
	if (text.size > 0 && *text.data != ' ' && *text.data != '\t')
		return false;
	enhanced[0] = class;
	enhanced[1] = subject;
	enhanced[2] = detail;
	return true;
}

/* By the first bytes of each protocol's greeting (RFC 1939, RFC 3501, RFC 4253, RFC 6143, RFC
 * 5804); TLS and telnet by a record's and an option's first bytes. */
const char *
reply_other_protocol(struct pw_bytes line)
{
	static const struct {
		const char *begins, *name;
	} protocols[] = {
		{ "+OK", "POP3" },          { "-ERR", "POP3" },        { "* OK", "IMAP" },
		{ "* PREAUTH", "IMAP" },    { "* BYE", "IMAP" },       { "SSH-", "SSH" },
		{ "Exceeded MaxStartups", "SSH" }, { "Not allowed at this time", "SSH" },
		{ "HTTP/", "HTTP" },        { "<!DOCTYPE", "HTTP" },   { "<html", "HTTP" },
		{ "<?xml", "XMPP" },        { "<stream:", "XMPP" },    { "RFB 0", "VNC" },
		{ "@RSYNCD:", "rsync" },    { "AMQP", "AMQP" },
		    { "\"IMPLEMENTATION\"", "ManageSieve" },
		{ "\x15\x03", "TLS" },      { "\x16\x03", "TLS" },     { "\xff\xfd", "telnet" },
		{ "\xff\xfb", "telnet" },
	};

	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
		size_t size = strlen(protocols[i].begins);

		if (line.size >= size && strncasecmp(line.data, protocols[i].begins, size) == 0)
			return protocols[i].name;
	}
	return NULL;
}
