/* The faults of a chain in sentences that tell a postmaster what is wrong with which certificate. */
#include "prober/tls_trial.h"

#include <openssl/x509v3.h>
#include <string.h>

static void
add_escaped(struct text *text, void (*add)(struct text *, const struct tls_trial *, int depth), const struct tls_trial *trial,
    int depth)
{
	char bytes[160];
	struct text raw = TEXT_OVER(bytes);

	add(&raw, trial, depth);
	text_escape(text, (struct pw_bytes){ raw.bytes, raw.size });
	if (raw.cut)
		text_add(text, "…");
}

static void
add_subject(struct text *text, const struct tls_trial *trial, int depth)
{
	tls_name_add(text, X509_get_subject_name(tls_trial_certificate(trial, depth)));
}

static void
add_issuer(struct text *text, const struct tls_trial *trial, int depth)
{
	tls_name_add(text, X509_get_issuer_name(tls_trial_certificate(trial, depth)));
}

static void
add_names(struct text *text, const struct tls_trial *trial, int depth)
{
	tls_names_add(text, tls_trial_certificate(trial, depth));
}

/* "the certificate", or which of its issuers. */
static void
add_which(struct text *text, const struct tls_trial *trial, int depth)
{
	if (depth == 0 || tls_trial_certificate(trial, depth) == NULL) {
		text_add(text, "the certificate");
		return;
	}
	text_add(text, "the issuer's certificate ");
	add_escaped(text, add_subject, trial, depth);
}

static void
add_expected_name(struct text *text, const struct tls *tls)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	const char *host = X509_VERIFY_PARAM_get0_host(param, 0);
	char *literal = host == NULL ? X509_VERIFY_PARAM_get1_ip_asc(param) : NULL;

	if (host == NULL) {
		text_add(text, "the address ");
		host = literal == NULL ? "" : literal;
	}
	text_escape(text, (struct pw_bytes){ host, strlen(host) });
	OPENSSL_free(literal);
}

static void
add_when(struct text *text, const struct tls_trial *trial, const ASN1_TIME *time, const char *before, const char *after)
{
	int64_t at;

	if (!tls_time(time, &at)) {
		text_add(text, "holds no valid date");
		return;
	}
	text_add(text, before);
	tls_time_add(text, at);
	text_add(text, " (");
	text_add_span(text, at < trial->now ? trial->now - at : at - trial->now);
	text_add(text, after);
}

static void
tell_name(struct text *text, const struct tls_trial *trial)
{
	char bytes[300];
	struct text names = TEXT_OVER(bytes);

	add_names(&names, trial, 0);
	if (names.size == 0) {
		text_add(text, "the certificate has no names (only its subject's, which no longer counts), expected ");
	} else {
		text_add(text, "the certificate is for ");
		text_escape(text, (struct pw_bytes){ names.bytes, names.size });
		text_add(text, ", not for ");
	}
	add_expected_name(text, trial->tls);
}

void
tls_tell_fault(struct text *text, const struct tls_trial *trial, enum tls_code code)
{
	struct tls_fault fault = trial->fault[code];
	X509 *certificate = tls_trial_certificate(trial, fault.depth);

	if (certificate == NULL && (certificate = trial->leaf) == NULL) {
		text_add(text, "the server showed no certificate");
		return;
	}
	switch (code) {
	case TLS_CERT_EXPIRED:
		add_which(text, trial, fault.depth);
		text_add(text, " ");
		add_when(text, trial, X509_get0_notAfter(certificate), "expired at ", " ago)");
		return;
	case TLS_CERT_NOT_YET_VALID:
		add_which(text, trial, fault.depth);
		text_add(text, " ");
		add_when(text, trial, X509_get0_notBefore(certificate), "is valid only from ", " ahead)");
		return;
	case TLS_CERT_NAME:
		tell_name(text, trial);
		return;
	case TLS_CERT_REVOKED:
		add_which(text, trial, fault.depth);
		text_add(text, " is revoked, says the OCSP answer that came with it");
		return;
	case TLS_CERT_SELF_SIGNED:
		text_add(text, "the certificate is self-signed: ");
		add_escaped(text, add_subject, trial, 0);
		return;
	case TLS_CERT_MISSING_INTERMEDIATE:
	case TLS_CERT_UNTRUSTED:
		text_add(text, code == TLS_CERT_UNTRUSTED ? "the issuer is not trusted: "
		    : "the server does not send the intermediate certificate ");
		add_escaped(text, add_issuer, trial, sk_X509_num(trial->chain) > 0 ? sk_X509_num(trial->chain) - 1 : 0);
		return;
	case TLS_CERT_WEAK_KEY:
		add_which(text, trial, fault.depth);
		text_format(text, " has a key of %d bits only", EVP_PKEY_get_bits(X509_get0_pubkey(certificate)));
		return;
	case TLS_CERT_WEAK_SIGNATURE:
		add_which(text, trial, fault.depth);
		text_format(text, " is signed with %s", OBJ_nid2ln(X509_get_signature_nid(certificate)));
		return;
	case TLS_CERT_CHAIN_LIMIT:
	case TLS_CERT_PURPOSE:
	case TLS_CERT_INVALID:
	case TLS_CODES:
		add_which(text, trial, fault.depth);
		text_format(text, ": %s", X509_verify_cert_error_string(fault.error));
		return;
	}
}

void
tls_tell_end(struct text *text, const struct tls_trial *trial)
{
	const X509 *certificate = tls_trial_certificate(trial, trial->near_depth);
	struct tls_term term;

	add_which(text, trial, trial->near_depth);
	text_add(text, " ");
	add_when(text, trial, X509_get0_notAfter(certificate), "ends at ", " left");
	if (tls_term_of(certificate, &term)) {
		text_add(text, " of ");
		text_add_span(text, term.end - term.from);
	}
	text_add(text, ")");
	if (trial->renewal_missed && trial->near_depth == 0)
		text_add(text, "; it should have been renewed by now");
}

void
tls_tell_renewal(struct text *text, const struct tls_trial *trial)
{
	struct tls_term term;

	if (!tls_term_of(trial->leaf, &term))
		return;
	text_add(text, "the certificate lasts ");
	text_add_span(text, term.end - term.from);
	text_add(text, " and ");
	text_add_span(text, term.end - trial->now);
	text_add(text, " of it are left: it should have been renewed by now");
}
