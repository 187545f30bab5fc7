/*
 * For the notifier `syslog`: writes messages of RFC 5424, with structured data for programs and the
 * sentence for people, and of RFC 3164 for receivers that read no other form on /dev/log; there the
 * structured data precedes the sentence.
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* 32473 is the private enterprise number for examples (RFC 5612); this project has none. */
#define DATA_ID "postwatch@32473"

static const struct {
	const char *kind;
	int severity;
} severities[] = {
	{ "down", 3 },     { "up", 5 },      { "changed", 3 },  { "fact", 5 },     { "outage", 4 },
	    { "flapping", 3 },
	{ "settled", 5 },  { "degraded", 4 }, { "blocked", 4 },  { "cleared", 5 },
	    { "reminder", 3 }, { "stopped", 5 },
	{ "blind", 2 },    { "impaired", 3 }, { "digest", 3 },   { "test", 6 },
};

int
message_severity(const char *kind)
{
	for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
		if (strcmp(severities[i].kind, kind) == 0)
			return severities[i].severity;
	return 5;
}

/* The message being written; bytes beyond its room are left out. */
struct line {
	char *bytes;
	size_t size, room;
};

static void
add(struct line *line, const char *bytes, size_t size)
{
	if (size > line->room - line->size)
		size = line->room - line->size;
	memcpy(line->bytes + line->size, bytes, size);
	line->size += size;
}

static void
add_string(struct line *line, const char *string)
{
	add(line, string, strlen(string));
}

static void __attribute__((format(printf, 2, 3)))
add_format(struct line *line, const char *format, ...)
{
	char words[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	add_string(line, words);
}

/* Adds a header field: PRINTUSASCII of at most `most` bytes, other bytes as "_"; NILVALUE "-" for
 * "" (RFC 5424 6). */
static void
add_word(struct line *line, const char *word, size_t most)
{
	size_t size = 0;

	for (; size < most && word[size] != '\0'; size++) {
		char byte = word[size] > ' ' && word[size] < 0x7f ? word[size] : '_';

		add(line, &byte, 1);
	}
	if (size == 0)
		add_string(line, "-");
}

/* Returns the size of the longest prefix of at most `most` bytes that does not end within a UTF-8
 * character. */
static size_t
utf8_prefix(const char *text, size_t size, size_t most)
{
	if (size <= most)
		return size;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* Adds a parameter of structured data, with its escapes (RFC 5424 6.3.3). */
static void
add_value(struct line *line, const char *name, const char *value)
{
	enum { VALUE_MAX = 300 };
	size_t size = utf8_prefix(value, strlen(value), VALUE_MAX);

	add_format(line, " %s=\"", name);
	for (size_t i = 0; i < size; i++) {
		if (strchr("\"\\]", value[i]) != NULL)
			add(line, "\\", 1);
		add(line, value + i, 1);
	}
	add(line, "\"", 1);
}

static void
add_number(struct line *line, const char *name, long long number)
{
	add_format(line, " %s=\"%lld\"", name, number);
}

/* Adds the sentence; control characters become blanks, since a line feed could begin another
 * message. */
static void
add_sentence(struct line *line, const char *sentence)
{
	size_t size = utf8_prefix(sentence, strlen(sentence), line->room - line->size);

	for (size_t i = 0; i < size; i++)
		add(line, (unsigned char)sentence[i] < ' '
		    || sentence[i] == 0x7f ? " " : sentence + i, 1);
}

static void
add_data(struct line *line, const struct pw_notice *notice)
{
	add_string(line, "[" DATA_ID);
	add_value(line, "target", notice->target);
	if (notice->incident != 0)
		add_number(line, "incident", (long long)notice->incident);
	add_value(line, "key", notice->key);
	add_number(line, "attempt", notice->attempt);
	add_string(line, "]");
}

static void
add_time(struct line *line, int64_t microseconds)
{
	time_t seconds = (time_t)(microseconds / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	add_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)(microseconds % 1000000));
}

static void
write_rfc5424(struct line *line, const struct message_head *head, const struct pw_notice *notice,
    long pid)
{
	add_format(line, "<%d>1 ", head->facility * 8 + message_severity(notice->kind));
	add_time(line, notice->confirmed);
	add_string(line, " ");
	add_word(line, head->host, 255);
	add_string(line, " ");
	add_word(line, head->tag, 48);
	add_format(line, " %ld ", pid);
	add_word(line, notice->kind, 32);
	add_string(line, " ");
	add_data(line, notice);
	add_string(line, " \xef\xbb\xbf"); /* the BOM of MSG-UTF8 (RFC 5424 6.4) */
	add_sentence(line, notice->sentence);
}

/* TIMESTAMP is local time without a year (RFC 3164 4.1.2). */
static void
write_rfc3164(struct line *line, const struct message_head *head, const struct pw_notice *notice,
    long pid)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
	    "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(notice->confirmed / 1000000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	add_format(line, "<%d>%s %2d %02d:%02d:%02d ",
	    head->facility * 8 + message_severity(notice->kind), months[tm.tm_mon],
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	add_word(line, head->tag, 32);
	add_format(line, "[%ld]: %s: ", pid, notice->kind);
	add_data(line, notice);
	add_string(line, " ");
	add_sentence(line, notice->sentence);
}

size_t
message_write(char bytes[static MESSAGE_MAX], const struct message_head *head,
    const struct pw_notice *notice, long pid)
{
	struct line line = { bytes, 0, MESSAGE_MAX };

	switch (head->format) {
	case MESSAGE_RFC5424:
		write_rfc5424(&line, head, notice, pid);
		break;
	case MESSAGE_RFC3164:
		write_rfc3164(&line, head, notice, pid);
		break;
	}
	return line.size;
}
