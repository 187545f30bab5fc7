/*
 * For the notifiers email and webhook, which send secrets: hides a secret in the text of a peer
 * that knows it and may repeat it, for receipts, logs and pages.
 */
#ifndef PLUGINS_MASK_H
#define PLUGINS_MASK_H

#include <stddef.h>

enum {
	MASK_LEAST = 4, /* bytes: a shorter secret is left, for each "***" would tell what it is */
	MASK_PART = 8,  /* so many bytes of a longer secret are hidden by themselves */
	MASK_SECRET_MAX = 16 * 1024
};

/*
 * Replaces by "***" each occurrence of the secret, whole or MASK_PART bytes and more of it, in
 * whatever case: as it is, in base64 and base64url (RFC 4648 4, 5) with any bytes before it, as in
 * the initial response of AUTH PLAIN (RFC 4616), percent-encoded (RFC 3986 2.1) and escaped as in
 * JSON (RFC 8259 7), also of a secret that is percent-encoded itself. At the end of the text, and
 * before "…", three bytes of its beginning are enough, for the text may have been cut there. `size`
 * is at most MASK_SECRET_MAX. No copy of the secret is left in memory.
 */
void mask_secret(char *text, const char *secret, size_t size);

#endif
