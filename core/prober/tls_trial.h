/*
 * What the prober finds about the certificates of one TLS handshake (filled by tls_judge.c), and
 * the functions that write it as sentences, for the run's report.
 */
#pragma once

#include "base/our_clock.h"
#include "prober/tls_private.h"

enum tls_code { /* in the order of outcomes.def: the first of several is the gravest */
	TLS_CERT_CHAIN_LIMIT,
	TLS_CERT_EXPIRED,
	TLS_CERT_NOT_YET_VALID,
	TLS_CERT_REVOKED,
	TLS_CERT_NAME,
	TLS_CERT_SELF_SIGNED,
	TLS_CERT_MISSING_INTERMEDIATE,
	TLS_CERT_UNTRUSTED,
	TLS_CERT_WEAK_KEY,
	TLS_CERT_WEAK_SIGNATURE,
	TLS_CERT_PURPOSE,
	TLS_CERT_INVALID,
	TLS_CODES
};

/* Why there is no trusted certificate above the highest of a chain. */
enum tls_gap {
	GAP_NONE,        /* it has signed itself: nothing belongs above it */
	GAP_UNTRUSTED,   /* its issuer is an authority that is not trusted */
	GAP_LEFT_OUT,    /* the intermediate certificate of its issuer was not sent */
	GAP_LONE,        /* only the leaf was sent, and nothing is known of its issuer: either of
	                  * the two */
	GAP_LONE_LIKELY  /* the same, but an authority of the same house is trusted */
};

/* What is judged, and what is found. */
struct tls_trial {
	const struct tls *tls;
	const struct tls_settings *settings;
	enum clock_doubt_cause doubt;
	int64_t now;
	int64_t least, most;   /* what time it is at least, and at most: the clock may have been
	                        * set */
	X509 *leaf;            /* belongs to the library */
	STACK_OF(X509) *chain; /* as it was built; may be incomplete */
	bool found[TLS_CODES];
	struct tls_fault fault[TLS_CODES];
	int ends_depth;        /* the certificate of the chain that ends first, and when; -1:
	                        * none has a date */
	int64_t ends;
	int near_depth;        /* the one whose end is nearest by its own lifetime; -1: none is
	                        * near */
	enum cert_level near;
	enum tls_gap gap;      /* of TLS_CERT_UNTRUSTED and TLS_CERT_MISSING_INTERMEDIATE */
	int renewed;           /* percent of its lifetime that the leaf before had left when it
	                        * went; 0: not known */
	bool renewal_missed;   /* the leaf is of the kind that is renewed by itself, or its like
	                        * went earlier: it was not in time */
};

/* What is known of a certificate's time. */
struct tls_term {
	int64_t from, end; /* microseconds UTC */
};

/* The certificate at `depth` of the chain, 0 is the leaf; NULL: there is none. */
X509 *tls_trial_certificate(const struct tls_trial *, int depth);

/* One fault as a sentence; everything of the peer's in it escaped. */
void tls_tell_fault(struct text *, const struct tls_trial *, enum tls_code);

/* What is missing above the highest certificate of the chain. */
enum tls_gap tls_gap_of(const struct tls_trial *);

/* False: it has no dates, or they make no sense. */
bool tls_term_of(const X509 *, struct tls_term *);

/* "the certificate ends at 2026-12-01T10:00:00Z (7 d 3 h left of 90 d)", of the one whose end is
 * near. */
void tls_tell_end(struct text *, const struct tls_trial *);

/* "the certificate lasts 90 d and 7 d 3 h of it are left: it should have been renewed by now" */
void tls_tell_renewal(struct text *, const struct tls_trial *);
