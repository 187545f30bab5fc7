/*
 * For the prober's resolver: names of the DNS as they travel (RFC 1035, section 3.1), and as text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_NAME_TEXT_MAX = 1024 }; /* bytes of a name as text with its NUL, if every byte is
                                    * escaped */

/* Labels with their lengths, without compression, in lower case; the root's empty label at the
 * end. */
struct dns_name {
	unsigned char bytes[255];
	uint8_t size;
};

/* A byte of a name as it is compared (RFC 4343). */
static inline unsigned char
dns_name_lower(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + 'a' - 'A') : byte;
}

/* Appends a label in lower case, and leaves room for the root's. Returns false where it is empty,
 * longer than 63 bytes, or the name would be longer than 255. */
bool dns_name_add_label(struct dns_name *, const unsigned char *label, size_t size);

/* From "mx.example.org", with or without a dot at its end; "" or "." is the root. Returns false
 * if it cannot be a name. */
bool dns_name_parse(const char *text, struct dns_name *);

bool dns_name_equal(const struct dns_name *, const struct dns_name *);

/* As text with its NUL, without a dot at its end; what is not LDH or an underscore as \DDD (RFC
 * 4343). The root: ".". */
void dns_name_text(const struct dns_name *, char text[DNS_NAME_TEXT_MAX]);

/* What DNAME at `owner` makes of `name`: its labels before `owner`, then `target` (RFC 6672,
 * section 2.2). Returns false if `name` does not lie below `owner`, or what would come of it is
 * too long. */
bool dns_name_substitute(const struct dns_name *name, const struct dns_name *owner,
    const struct dns_name *target, struct dns_name *substituted);

/* The domain that somebody registered, as far as a name shows it: its last two labels, or three
 * where a country's registry has a level of its own between ("example.co.uk"). */
struct dns_name dns_name_registered(const struct dns_name *);
