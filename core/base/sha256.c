/*
 * SHA-256 in base32, for the keys of notices, which have to be the same each time. The digest is
 * OpenSSL's, which is linked for TLS; base32 is in no library of ours.
 */
#include "base/sha256.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>

void
sha256(const void *bytes, size_t size, unsigned char digest[static SHA256_SIZE])
{
	unsigned made = 0;

	/* Without this OpenSSL reads its configuration with the first digest, in a process that
	 * opens no file any more. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	/* It fails for want of memory alone: the process ends then, and the next one goes on. */
	bool good = EVP_Digest(bytes, size, digest, &made, EVP_sha256(), NULL) == 1;
	assert(good && made == SHA256_SIZE);
	(void)good;
}

void
base32(const unsigned char *bytes, size_t size, char *text, size_t count)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

	assert(count <= size * 8 / 5);
	for (size_t i = 0; i < count; i++) {
		size_t bit = i * 5;
		unsigned two = (unsigned)bytes[bit / 8] << 8
		    | (bit / 8 + 1 < size ? bytes[bit / 8 + 1] : 0u);
		text[i] = letters[two >> (11 - bit % 8) & 31];
	}
	text[count] = '\0';
}
