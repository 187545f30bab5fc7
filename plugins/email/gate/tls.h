/*
 * TLS to the relay: versions 1.2 and 1.3. The certificate is judged within the handshake: nothing is said to a peer that
 * is not the relay.
 */
#ifndef EMAIL_GATE_TLS_H
#define EMAIL_GATE_TLS_H

#include <openssl/ssl.h>

#include "../settings.h"

struct wire;

enum { TLS_FAULT_MAX = 400 };

struct tls {
	SSL_CTX *context;
	const struct settings *settings;
	char fault[TLS_FAULT_MAX]; /* of the certificate of the session that is under way, "" none */
	int (*security)(const SSL *, const SSL_CTX *, int operation, int bits, int nid, void *other, void *ex);
};

/* Reads the authorities. False with a reason. The settings have to outlive it, and it is not to be moved. */
bool tls_open(struct tls *, const struct settings *, char *why, size_t why_size);
void tls_close(struct tls *);

/* The handshake, within `limit` microseconds. False: wire->why says in whole words what failed. */
bool tls_begin(struct tls *, struct wire *, int64_t limit);

/* Before each call of the library that may read from the connection: what one such call may read has a limit, behind which
 * it asks to wait. */
void tls_begin_turn(struct wire *);

/* In words, of an SSL_get_error() other than those that ask to wait: an alert by its number and name. */
void tls_tell_error(int error, char *words, size_t size);
/* Whether that error is an end of the connection without a word. */
bool tls_is_end(int error);

#endif
