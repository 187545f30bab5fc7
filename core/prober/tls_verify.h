/*
 * For the prober: verification of the server's certificates while the TLS handshake goes on: all
 * faults are recorded, nothing is decided (tls_judge.h does that).
 */
#pragma once

#include "prober/tls_private.h"

/* Sets on a context all that has to do with certificates: verifying, limits, the staple. */
void tls_verify_prepare(SSL_CTX *context, struct tls_policy *policy);

/* Whom to expect. Returns false if there is no memory, or a name cannot be one. */
bool tls_verify_names(struct tls *tls, const struct tls_names *names);

/* Whether the OCSP response that came along (RFC 6066, section 8), signed by who may revoke, says
 * that the leaf is revoked. No response, and one that cannot be understood, say nothing. */
bool tls_staple_says_revoked(const struct tls *tls);
