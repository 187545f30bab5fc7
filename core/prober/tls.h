/*
 * For a stream of the prober: its TLS side, the handshake and the records, without blocking.
 * Verification records the faults of a chain and goes on (tls_verify.h); tls_judge() decides
 * afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "prober/close_reason.h"
#include "prober/tls_policy.h"

struct tls;

/* Who we expect, and what we call it. Copied. */
struct tls_names {
	const char *host; /* a DNS name or an address literal: the name to verify */
	const char *sni;  /* NULL: none is sent (address literals) */
};

enum tls_step {
	TLS_DONE,
	TLS_WANT_READ,
	TLS_WANT_WRITE,
	TLS_CLOSED,      /* close_notify; during the handshake: FIN */
	TLS_CLOSED_BARE, /* FIN without close_notify */
	TLS_BROKEN,      /* an error of the socket */
	TLS_FAILED       /* the peer or we gave up on TLS itself */
};

/* The client's side over a non-blocking socket, which stays the caller's. NULL: out of memory. */
struct tls *tls_create(struct tls_policy *, const struct tls_names *, int fd);
void tls_destroy(struct tls **);

/* An end (TLS_CLOSED and what follows it) is answered again to whoever asks again. */
enum tls_step tls_handshake(struct tls *);
enum tls_step tls_read(struct tls *, char *bytes, size_t room, size_t *got);
/* TLS_BROKEN here is in errno and not kept: what the peer had said before may still be read. */
enum tls_step tls_write(struct tls *, const char *bytes, size_t size, size_t *put);

/* Sends our close_notify; the peer's is not waited for. False: it is not due (RFC 8446, section
 * 6.1), or cannot be sent. */
bool tls_shut(struct tls *);

/* Bytes of our ClientHello as it was sent, and whether nothing at all has come since. */
uint32_t tls_hello_size(const struct tls *);
bool tls_is_unheard(const struct tls *);

/* Whether bytes were taken off the socket that tls_read has not given yet. */
bool tls_has_more(const struct tls *);

/* After a handshake that failed: whether the peer may have more to say, in clear (an alert, or no
 * TLS at all, came). */
bool tls_may_say_more(const struct tls *);

/* Reads what has come since, past the library. True: that is all; false: there may be more. */
bool tls_hear_out(struct tls *);

/* Whether the server has asked for a certificate of ours; none is ever sent. */
bool tls_has_asked(const struct tls *);
