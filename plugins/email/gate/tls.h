/*
 * For the gate, the process of the e-mail notifier that talks to the relay: TLS 1.2 and 1.3. The
 * certificate is verified within the handshake, so that nothing is sent to a peer that is not the
 * relay.
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
	char fault[TLS_FAULT_MAX]; /* of the certificate in the present session; "" none */
	int (*security)(const SSL *, const SSL_CTX *, int operation, int bits, int nid, void *other,
	    void *ex);
};

/* Reads the CA certificates. Returns false with a reason. The settings must outlive the struct,
 * which must not be moved. */
bool tls_open(struct tls *, const struct settings *, char *why, size_t why_size);
void tls_close(struct tls *);

/* Makes the handshake within `limit` microseconds. Returns false with wire->why, a whole
 * sentence. */
bool tls_begin(struct tls *, struct wire *, int64_t limit);

/* To be called before each call of OpenSSL that may read: the bytes that one such call may read
 * are limited, after which it returns SSL_ERROR_WANT_READ. */
void tls_begin_turn(struct wire *);

/* Writes an SSL_get_error() other than WANT_READ and WANT_WRITE in words, an alert by number and
 * name. */
void tls_tell_error(int error, char *words, size_t size);
/* Returns whether the error is an end of the connection without close_notify. */
bool tls_is_end(int error);

#endif
