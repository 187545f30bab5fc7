/*
 * A notice as an e-mail: its whole header, and its text in quoted-printable. Everything is ASCII, lines end in CRLF and
 * have at most 76 characters (the words of a header that cannot be folded aside), and none begins with a dot or "From ".
 */
#ifndef EMAIL_MIME_H
#define EMAIL_MIME_H

#include <postwatch/notifier.h>

enum { ADDRESS_MAX = 254 }; /* bytes of an address (RFC 5321, section 4.5.3.1.3, without its brackets) */

/* Text that grows. No memory: `failed`, and nothing is added any more. */
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

/* An address that can stand in a command and in a header: ASCII, local part and domain, no quotes, blanks, brackets,
 * control characters. */
bool mailbox_is_address(const char *text);

/* False: neither form, or no address. */
bool mailbox_parse(const char *text, struct mailbox *);

void mail_add(struct mail *, const char *bytes, size_t size);
void mail_add_string(struct mail *, const char *string);

/* "Name: text" with encoded words (RFC 2047) where it is not all ASCII, folded. Control characters become blanks. */
void mail_add_unstructured(struct mail *, const char *name, const char *text);

/* "Date: Wed, 26 Nov 2025 10:42:06 +0100" (RFC 5322, section 3.3), in the C locale whatever the process's is. */
void mail_add_date(struct mail *, int64_t microseconds, int32_t offset);

/* The body, with its last line ended. */
void mail_add_quoted_printable(struct mail *, const char *text);

/* All of it. The caller frees `bytes`. */
void mail_write(struct mail *, const struct pw_notice *, const struct mailbox *from, const struct pw_recipients *to);

#endif
