/*
 * For the prober: the facts of a server's certificate, in words for the evidence. Reading one takes
 * as long as a good part of a handshake and the same chains come every minute: the facts are made
 * once for each chain, and kept in a small table. Verification is never kept.
 */
#pragma once

#include <openssl/x509.h>
#include "base/evidence.h"
#include "base/text.h"

enum { TLS_FACTS_KEPT = 2048 }; /* chains, about 1 KiB each */

/* Of the certificates as they came over the wire; all zero: none came. */
struct tls_chain_key {
	unsigned char digest[32];
};

/* What is told of the leaf. Names are the peer's words, raw and bounded. */
struct tls_facts {
	struct tls_chain_key key;
	struct pw_bytes subject, issuer; /* RFC 4514: "CN=mx.example.org,O=Example" */
	struct pw_bytes names;           /* "mx.example.org, *.example.org, 192.0.2.1" */
	struct pw_bytes fingerprint;     /* SHA-256, "AB:CD:…" as the tools print it */
	struct pw_bytes not_before, not_after; /* RFC 3339; empty where they are no dates */
	struct pw_bytes public_key;      /* "ECDSA P-256", "RSA 2048" */
};

/* Makes the facts of one certificate; one block of memory, free() it. NULL: out of memory. */
struct tls_facts *tls_facts_make(const X509 *leaf);

/* Adds them to a leg's evidence. */
void tls_facts_add(const struct tls_facts *, struct evidence_log *);

struct tls_facts_cache;
struct tls_facts_cache *tls_facts_cache_create(void);
void tls_facts_cache_destroy(struct tls_facts_cache **);

/* The key of a Certificate message. */
void tls_facts_key(struct tls_facts_cache *, const void *message, size_t size,
    struct tls_chain_key *);

/* The facts of the chain with this key, whose leaf is `leaf`; they belong to the cache and are
 * good until the next call. NULL: out of memory. */
const struct tls_facts *tls_facts_find(struct tls_facts_cache *, const struct tls_chain_key *,
    const X509 *leaf);

/* Microseconds UTC; false where it is no date. */
bool tls_time(const ASN1_TIME *, int64_t *microseconds);

/* "2026-11-23T15:43:43Z" */
void tls_time_add(struct text *, int64_t microseconds);

/* A name as RFC 4514 has it, cut to fit. */
void tls_name_add(struct text *, const X509_NAME *);

/* The DNS names and addresses that a certificate is for, separated by ", "; at the end how many
 * did not fit. */
void tls_names_add(struct text *, const X509 *);
