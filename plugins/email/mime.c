/*
 * For the e-mail notifier: writes a notice as a mail. Headers are folded at blanks and between
 * encoded words; lines of the body are broken by soft line breaks.
 */
#include "mime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_SIZE = 76, WORD_MAX_SIZE = 75 };
/* "=_" is in no text of quoted-printable (RFC 2045 6.7). */
#define BOUNDARY "=_"
static const char digits[] = "0123456789ABCDEF";

void
mail_add(struct mail *mail, const char *bytes, size_t size)
{
	if (mail->failed)
		return;
	if (size > mail->room - mail->size) {
		size_t room = 2 * (mail->room + size) + 1024;
		char *grown = realloc(mail->bytes, room);
		if (grown == NULL) {
			mail->failed = true;
			return;
		}
		mail->bytes = grown;
		mail->room = room;
	}
	memcpy(mail->bytes + mail->size, bytes, size);
	mail->size += size;
}

void
mail_add_string(struct mail *mail, const char *string)
{
	mail_add(mail, string, strlen(string));
}

bool
mailbox_is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || strlen(text) > ADDRESS_MAX || at[-1] == '.'
	    || text[0] == '.')
		return false;
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("<>()[]\\,;:\"", *c) != NULL
		    || (*c == '@' && c != at))
			return false;
	return true;
}

bool
mailbox_parse(const char *text, struct mailbox *mailbox)
{
	const char *open = strrchr(text, '<');
	size_t size = open == NULL ? 0 : (size_t)(open - text), address;

	*mailbox = (struct mailbox){ .name = "" };
	if (open == NULL) {
		snprintf(mailbox->address, sizeof mailbox->address, "%s", text);
		return mailbox_is_address(text);
	}
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '"'))
		size--;
	while (size > 0 && (text[0] == ' ' || text[0] == '"'))
		text++, size--;
	address = strlen(open + 1);
	if (size >= sizeof mailbox->name || address < 2 || open[address] != '>'
	    || address > sizeof mailbox->address)
		return false;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f
		    || strchr("\"\\<>", text[i]) != NULL)
			return false;
	memcpy(mailbox->name, text, size);
	memcpy(mailbox->address, open + 1, address - 1);
	return mailbox_is_address(mailbox->address);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

/* Returns the size of the UTF-8 character at `text`. */
static size_t
character(const char *text)
{
	size_t size = 1;

	while (size < 4 && ((unsigned char)text[size] & 0xc0) == 0x80)
		size++;
	return size;
}

/* Encodes one character. Only letters and digits stay: an encoded word in a phrase allows few
 * others (RFC 2047 5 (3)). */
static size_t
encode(const char *text, size_t size, char *into)
{
	size_t made = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte < ' ' || byte == 0x7f)
			byte = ' ';
		if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')
		    || (byte >= 'a' && byte <= 'z'))
			into[made++] = (char)byte;
		else if (byte == ' ')
			into[made++] = '_';
		else {
			into[made++] = '=';
			into[made++] = digits[byte >> 4];
			into[made++] = digits[byte & 15];
		}
	}
	return made;
}

/* Adds encoded words; no character is split between two of them (RFC 2047 5). The first begins at
 * `column`. */
static void
add_words(struct mail *mail, const char *text, size_t column)
{
	static const char begin[] = "=?utf-8?Q?", end[] = "?=";
	size_t fixed = sizeof begin - 1 + sizeof end - 1, used = 0;
	bool is_open = false;

	while (*text != '\0') {
		char made[12];
		size_t taken = character(text), size = encode(text, taken, made);
		if (is_open && column + fixed + used + size > WORD_MAX_SIZE) {
			mail_add_string(mail, "?=\r\n ");
			is_open = false;
			column = 1;
		}
		if (!is_open) {
			mail_add_string(mail, begin);
			used = 0;
		}
		is_open = true;
		mail_add(mail, made, size);
		used += size;
		text += taken;
	}
	if (is_open)
		mail_add_string(mail, end);
}

/* Folds at blanks, but not where a line of blanks alone would arise, which some programs take for
 * the end of the header. */
static void
add_folded(struct mail *mail, const char *text, size_t column)
{
	while (*text != '\0') {
		size_t size = strcspn(text + 1, " ") + 1;
		if (column + size > LINE_MAX_SIZE && text[0] == ' ' && size > 1) {
			mail_add_string(mail, "\r\n");
			column = 0;
		}
		mail_add(mail, text, size);
		column += size;
		text += size;
	}
}

/* A word longer than a line is encoded, since encoded words can be split anywhere. */
static bool
has_long_word(const char *text)
{
	for (; *text != '\0'; text += strspn(text, " ")) {
		size_t size = strcspn(text, " ");
		if (size > LINE_MAX_SIZE - 20)
			return true;
		text += size;
	}
	return false;
}

void
mail_add_unstructured(struct mail *mail, const char *name, const char *text)
{
	mail_add_string(mail, name);
	mail_add_string(mail, ": ");
	if (is_ascii(text) && !has_long_word(text) && strstr(text, "=?") == NULL
	    && strstr(text, "  ") == NULL
	    && text[0] != ' ')
		add_folded(mail, text, strlen(name) + 2);
	else
		add_words(mail, text, strlen(name) + 2);
	mail_add_string(mail, "\r\n");
}

void
mail_add_date(struct mail *mail, int64_t microseconds, int32_t offset)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
	    "Aug", "Sep", "Oct", "Nov", "Dec" };
	int32_t minutes = (offset < 0 ? -offset : offset) / 60;
	time_t shown = (time_t)(microseconds / 1000000 + (offset < 0 ? -minutes : minutes) * 60);
	char line[80];
	struct tm tm;

	gmtime_r(&shown, &tm);
	snprintf(line, sizeof line, "Date: %s, %d %s %04d %02d:%02d:%02d %c%02d%02d\r\n",
	    days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    offset < 0 ? '-' : '+',
	    (int)minutes / 60, (int)minutes % 60);
	mail_add_string(mail, line);
}

/* Writes a byte as itself or as =XX. Also encoded: "." and "F" at the beginning of a line, which
 * SMTP and mbox files change, and a blank at its end, which may be lost (RFC 2045 6.7 (3)). */
static size_t
quote(const char *text, bool begins, char into[static 3])
{
	unsigned char byte = (unsigned char)text[0];
	bool ends = text[1] == '\n' || text[1] == '\0';

	if ((byte > ' ' && byte < 0x7f && byte != '=' && !(begins && (byte == '.' || byte == 'F')))
	    || (byte == ' ' && !ends)) {
		into[0] = (char)byte;
		return 1;
	}
	into[0] = '=';
	into[1] = digits[byte >> 4];
	into[2] = digits[byte & 15];
	return 3;
}

void
mail_add_quoted_printable(struct mail *mail, const char *text)
{
	size_t column = 0;

	for (; *text != '\0'; text++) {
		char made[3];
		size_t size;

		if (*text == '\n') {
			mail_add_string(mail, "\r\n");
			column = 0;
			continue;
		}
		size = quote(text, column == 0, made);
		if (column + size >= LINE_MAX_SIZE) { /* the last column is for the soft break */
			mail_add_string(mail, "=\r\n");
			column = 0;
			size = quote(text, true, made);
		}
		mail_add(mail, made, size);
		column += size;
	}
	if (column > 0)
		mail_add_string(mail, "\r\n");
}

static void
add_from(struct mail *mail, const struct mailbox *from)
{
	bool is_plain = is_ascii(from->name) && strlen(from->name) < 60;

	mail_add_string(mail, "From: ");
	if (from->name[0] != '\0' && is_plain) {
		mail_add_string(mail, "\"");
		mail_add_string(mail, from->name);
		mail_add_string(mail, "\"");
	} else {
		add_words(mail, from->name, 6);
	}
	if (from->name[0] != '\0')
		mail_add_string(mail, is_plain
		    && strlen(from->name) + strlen(from->address) < 60 ? " " : "\r\n ");
	mail_add_string(mail, "<");
	mail_add_string(mail, from->address);
	mail_add_string(mail, ">\r\n");
}

static void
add_to(struct mail *mail, const struct pw_recipients *to)
{
	mail_add_string(mail, "To: ");
	for (uint32_t i = 0; i < to->count; i++) {
		mail_add_string(mail, i == 0 ? "<" : ",\r\n <");
		mail_add_string(mail, to->names[i]);
		mail_add_string(mail, ">");
	}
	mail_add_string(mail, "\r\n");
}

static void
add_id(struct mail *mail, const char *name, const char *key, const char *host)
{
	mail_add_string(mail, name);
	mail_add_string(mail, ": <");
	mail_add_string(mail, key);
	mail_add_string(mail, "@");
	mail_add_string(mail, host);
	mail_add_string(mail, ">\r\n");
}

/* Fields for filters: Auto-Submitted (RFC 3834 5), and our own. */
static void
add_own(struct mail *mail, const struct pw_notice *notice)
{
	char line[128];

	mail_add_string(mail, "Auto-Submitted: auto-generated\r\n");
	mail_add_unstructured(mail, "X-Postwatch-Kind", notice->kind);
	if (notice->target[0] != '\0')
		mail_add_unstructured(mail, "X-Postwatch-Target", notice->target);
	if (notice->incident == 0)
		return;
	snprintf(line, sizeof line, "X-Postwatch-Incident: %lld\r\n", (long long)notice->incident);
	mail_add_string(mail, line);
}

static void
add_all(struct mail *mail, const char *const *strings)
{
	while (*strings != NULL)
		mail_add_string(mail, *strings++);
}

/* Headers and text; `name`: of the file that it is, NULL: none. */
static void
add_part(struct mail *mail, const char *type, const char *text, const char *name)
{
	add_all(mail, (const char *[]){ "Content-Type: ", type, "; charset=utf-8\r\n", NULL });
	if (name != NULL)
		add_all(mail, (const char *[]){ "Content-Disposition: attachment;\r\n filename=\"", name,
		    "\"\r\n", NULL });
	mail_add_string(mail, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	mail_add_quoted_printable(mail, text);
}

void
mail_write(struct mail *mail, const struct pw_notice *notice, const struct mailbox *from,
    const struct pw_recipients *to)
{
	mail_add_date(mail, notice->sent, notice->offset);
	add_from(mail, from);
	add_to(mail, to);
	mail_add_unstructured(mail, "Subject", notice->subject);
	add_id(mail, "Message-ID", notice->key, notice->own_name);
	if (notice->thread[0] != '\0' && strcmp(notice->thread, notice->key) != 0) {
		add_id(mail, "In-Reply-To", notice->thread, notice->own_name);
		add_id(mail, "References", notice->thread, notice->own_name);
	}
	add_own(mail, notice);
	mail_add_string(mail, "MIME-Version: 1.0\r\n");
	if (notice->attachment == NULL) {
		add_part(mail, "text/plain", notice->body, NULL);
		return;
	}
	add_all(mail, (const char *[]){ "Content-Type: multipart/mixed;\r\n boundary=\"", BOUNDARY,
	    notice->key, "\"\r\n", NULL });
	add_all(mail, (const char *[]){ "\r\n--", BOUNDARY, notice->key, "\r\n", NULL });
	add_part(mail, "text/plain", notice->body, NULL);
	add_all(mail, (const char *[]){ "\r\n--", BOUNDARY, notice->key, "\r\n", NULL });
	add_part(mail, "text/html", notice->attachment, notice->attachment_name);
	add_all(mail, (const char *[]){ "\r\n--", BOUNDARY, notice->key, "--\r\n", NULL });
}
