/*
 * For the e-mail notifier: writes a notice as a mail (RFC 5322): header, and text in
 * quoted-printable (RFC 2045 6.7). All bytes are ASCII, lines end in CR LF and have at most 76
 * characters except header words that cannot be folded, and no line begins with "." or "From ".
 */
#ifndef EMAIL_MIME_H
#define EMAIL_MIME_H

#include <postwatch/notifier.h>

enum { ADDRESS_MAX = 254 }; /* bytes of an address (RFC 5321 4.5.3.1.3, without its brackets) */

/* A growing text. Once memory is short, `failed` is set and nothing more is added. */
struct mail {
	char *bytes;
	size_t size, room;
	bool failed;
};

/* "Name <address>" or "address", taken apart. */
struct mailbox {
	char name[200]; /* UTF-8; "" none */
	char address[ADDRESS_MAX + 1];
};

/* Returns whether `text` is LOCAL-PART@DOMAIN in ASCII without quotes, blanks, brackets and
 * control characters, so that it can stand in a command and in a header as it is. */
bool mailbox_is_address(const char *text);

/* Returns false for another form, or what is no address. */
bool mailbox_parse(const char *text, struct mailbox *);

void mail_add(struct mail *, const char *bytes, size_t size);
void mail_add_string(struct mail *, const char *string);

/* Adds "Name: text", folded, in encoded words (RFC 2047) where it is not all ASCII. Control
 * characters become blanks. */
void mail_add_unstructured(struct mail *, const char *name, const char *text);

/* "Date: Wed, 26 Nov 2025 10:42:06 +0100" (RFC 5322 3.3), in the C locale whatever the
 * process's is. */
void mail_add_date(struct mail *, int64_t microseconds, int32_t offset);

/* Adds the body, and a line end behind its last line. */
void mail_add_quoted_printable(struct mail *, const char *text);

/* Writes the whole mail, with the attachment that the notice may have (RFC 2046 5.1, RFC 2183). The caller frees `bytes`. */
void mail_write(struct mail *, const struct pw_notice *, const struct mailbox *from,
    const struct pw_recipients *to);

#endif
