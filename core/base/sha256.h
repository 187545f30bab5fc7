/*
 * SHA-256 (FIPS 180-4), for the keys of notices, which have to be the same each time: nothing
 * secret is made of it.
 */
#pragma once

#include <stddef.h>

enum { SHA256_SIZE = 32 };

/* The digest of `size` bytes. */
void sha256(const void *bytes, size_t size, unsigned char digest[static SHA256_SIZE]);

/* `count` characters of base32 (RFC 4648, lower case) over `size` bytes, ended by NUL; count <=
 * size * 8 / 5. */
void base32(const unsigned char *bytes, size_t size, char *text, size_t count);
