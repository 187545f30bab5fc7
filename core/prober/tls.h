/*
 * TLS as a prober needs it: one context for each policy, made before the sandbox; every fault of a chain recorded by
 * the verify callback, and judged by our own code afterwards; facts of a chain made once and kept.
 */
#ifndef PROBER_TLS_H
#define PROBER_TLS_H

#include "base/evidence.h"
#include "base/our_clock.h"
#include "base/reason.h"
#include "config/config.h"
#include "prober/fate.h"

struct tls_policy; /* a context for (ca_file, min_version), and a legacy one for the second look */
struct tls;        /* the TLS side of one stream */

/* Who we expect, and what we call it. Copied. */
struct tls_names {
	const char *host; /* a DNS name or an address literal: the name to verify */
	const char *sni;  /* NULL: none is sent (address literals) */
};

/* The policies of a process; equal (ca_file, min_version) share one. Reads all files it will ever need: what comes
 * later opens nothing. NULL with a reason where a CA file cannot be used; with `sources`, a copy is used in its place, and
 * without a copy its policies are not usable. */
struct tls_policies;
struct sources;
struct tls_policies *tls_policies_create(const struct config *, struct sources *, struct reason *why);
void tls_policies_destroy(struct tls_policies **);
struct tls_policy *tls_policy_find(struct tls_policies *, const struct tls_settings *);
/* The same CA, any version of TLS, any cipher: for the second look only. */
struct tls_policy *tls_policy_legacy(struct tls_policies *, const struct tls_settings *);
/* The same but for post-quantum groups: its ClientHello fits into one segment. */
struct tls_policy *tls_policy_small(struct tls_policies *, const struct tls_settings *);

/* False: its CAs are not known; no handshake can begin. */
bool tls_policy_is_usable(const struct tls_policy *);

/* The file that stands for the system's CAs where no `ca_file` is given; NULL: this system has none. */
const char *tls_system_bundle(void);

/* What our code decides about a finished handshake. */
struct tls_judgement {
	bool failed;                        /* by `verify`: the leg fails with `outcome` */
	char outcome[OUTCOME_NAME_MAX];     /* "cert_expired" …: the gravest fault, "" where all is well */
	char text[EVIDENCE_TEXT_MAX];       /* escaped */
	char outdated[OUTCOME_NAME_MAX];    /* what it does is outdated: "tls_version", "tls_legacy", "tls_params"; "": it is not */
	char outdated_text[160];            /* in what */
	char renewal[160];                  /* that the certificate should have been renewed by now, "" where it need not be */
	char undated[EVIDENCE_TEXT_MAX];    /* by its dates the leg would fail, and our own clock cannot be right; "": not so */
	enum clock_doubt_cause doubt;       /* of our clock: dates were not judged */
	char version[16], cipher[64];
	bool verified;                      /* chain and name hold */
	bool client_cert_asked;
};

/* The time by which a certificate is judged: UTC. */
struct tls_clock {
	int64_t now;
	int64_t before; /* the same by the clock before it was set, `now` where it was not: what is past its end, or before its
	                 * beginning, is so by both */
	enum clock_doubt_cause doubt; /* other than CLOCK_BELIEVED: dates are not judged */
	int renewed; /* percent of its lifetime that the last certificate of this server had left when it went; 0: not known */
};

/* Judges the stream's handshake by the settings, adds the facts of connection and certificates (tls_version tls_cipher
 * cert_subject cert_issuer cert_names cert_fingerprint cert_not_after cert_key …) and the warnings (faults where
 * `verify` is warn; cert_expires_soon, cert_expires_urgent) to the log. */
void tls_judge(const struct tls *, const struct tls_settings *, const struct tls_clock *, struct evidence_log *,
    struct tls_judgement *);

/* What the chain of a finished handshake says about our clock; its domain is the caller's to fill. False: it has no dates. */
bool tls_clock_evidence(const struct tls *, struct clock_evidence *);

/* For stream.c. */

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

/* Sends our close_notify; the peer's is not waited for. False: it is not due (RFC 8446, section 6.1), or cannot be sent. */
bool tls_shut(struct tls *);

/* Bytes of our ClientHello as it was sent, and whether nothing at all has come since. */
uint32_t tls_hello_size(const struct tls *);
bool tls_is_unheard(const struct tls *);

/* Whether bytes were taken off the socket that tls_read has not given yet. */
bool tls_has_more(const struct tls *);

/* After a handshake that failed: whether the peer may have more to say, in clear (an alert, or no TLS at all, came). */
bool tls_may_say_more(const struct tls *);

/* Reads what has come since, past the library. True: that is all; false: there may be more. */
bool tls_hear_out(struct tls *);

/* Whether the server has asked for a certificate of ours; none is ever sent. */
bool tls_has_asked(const struct tls *);

/* What an end means. */
struct stream_fate tls_fate(const struct tls *, enum tls_step end);

#endif
