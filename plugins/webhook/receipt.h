/*
 * For the notifier `webhook`: receipts, the words with which a receiver took or refused a notice:
 * printable, in one line, without our secrets.
 */
#ifndef WEBHOOK_RECEIPT_H
#define WEBHOOK_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include "post.h"

/* What is kept of an answer; both texts are bytes as they came, not ended by NUL. */
struct answer {
	char status_line[128], body[256]; /* their beginnings */
	size_t status_size, body_size;
};

/* Writes the status line and the beginning of the body into `receipt` of `room` bytes; other than
 * printable ASCII becomes a blank, or is left out of the status line. */
void receipt_write(const struct answer *, char *receipt, size_t room);

/* The same for an answer that did not come whole: its status line, if there is one, and `why`. */
void receipt_write_failure(const struct answer *, const char *why, char *receipt, size_t room);

/* Hides (mask_secret()) the secret, the password of the configured URL, and each part of at least
 * eight bytes of its user, path and query and of the values of configured headers. */
void receipt_hide(const struct post *, char *receipt);

#endif
