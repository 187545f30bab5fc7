/*
 * For the prober: the judgement of a finished TLS handshake, from what the verify callback recorded
 * of the certificates, by the settings of the target.
 */
#pragma once

#include "base/evidence.h"
#include "base/our_clock.h"
#include "config/config.h"
#include "prober/tls.h"

/* What our code decides about a finished handshake. */
struct tls_judgement {
	bool failed;                        /* by `verify`: the leg fails with `outcome` */
	char outcome[OUTCOME_NAME_MAX];     /* "cert_expired" …: the gravest fault, "" where all
	                                     * is well */
	char text[EVIDENCE_TEXT_MAX];       /* escaped */
	char outdated[OUTCOME_NAME_MAX];    /* what it does is outdated: "tls_version",
	                                     * "tls_legacy", "tls_params"; "": it is not */
	char outdated_text[160];            /* in what */
	char renewal[160];                  /* that the certificate should have been renewed by
	                                     * now, "" where it need not be */
	char undated[EVIDENCE_TEXT_MAX];    /* by its dates the leg would fail, and our own clock
	                                     * cannot be right; "": not so */
	enum clock_doubt_cause doubt;       /* of our clock: dates were not judged */
	char version[16], cipher[64];
	bool verified;                      /* chain and name hold */
	bool client_cert_asked;
};

/* The time by which a certificate is judged: UTC. */
struct tls_clock {
	int64_t now;
	/* The same by the clock before it was set, `now` where it was not: what is past its end, or
	 * before its beginning, is so by both. */
	int64_t before;
	enum clock_doubt_cause doubt; /* other than CLOCK_BELIEVED: dates are not judged */
	int renewed; /* percent of its lifetime that the last certificate of this server had left
	              * when it went; 0: not known */
};

/* Judges the stream's handshake by the settings, adds the facts of connection and certificates
 * (tls_version tls_cipher cert_subject cert_issuer cert_names cert_fingerprint cert_not_after
 * cert_key …) and the warnings (faults where `verify` is warn; cert_expires_soon,
 * cert_expires_urgent) to the log. */
void tls_judge(const struct tls *, const struct tls_settings *, const struct tls_clock *,
    struct evidence_log *, struct tls_judgement *);

/* What the chain of a finished handshake says about our clock; its domain is the caller's to
 * fill. False: it has no dates. */
bool tls_clock_evidence(const struct tls *, struct clock_evidence *);
