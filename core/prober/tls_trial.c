/*
 * For the prober's judgement of a TLS handshake (tls_judge.c): writes the sentences on the peer's
 * certificates. For a fault: which certificate of the chain, what is wrong with it, and what was
 * expected; also when a certificate ends soon or is overdue for renewal. It verifies nothing
 * itself, but tells an intermediate certificate that was not sent from an authority that is not
 * trusted.
 */
#include "prober/tls_trial.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

X509 *
tls_trial_certificate(const struct tls_trial *trial, int depth)
{
	if (depth < 0 || depth >= sk_X509_num(trial->chain))
		return depth == 0 ? trial->leaf : NULL;
	return sk_X509_value(trial->chain, depth);
}

bool
tls_term_of(const X509 *certificate, struct tls_term *term)
{
	return tls_time(X509_get0_notBefore(certificate), &term->from)
	    && tls_time(X509_get0_notAfter(certificate), &term->end) && term->from < term->end;
}

/*
 * What is missing above the highest certificate. An issuer that is neither sent nor known is
 * either an intermediate certificate that was left out, or an authority that we do not trust:
 * what was sent beside it, what the certificate shows of its authority, and what its issuer is
 * called tell which.
 */

enum { WORD_MAX = 32 };

static bool
is_in_chain(const struct tls_trial *trial, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(trial->chain); i++)
		if (X509_NAME_cmp(X509_get_subject_name(sk_X509_value(trial->chain, i)),
		    X509_get_subject_name(certificate)) == 0)
			return true;
	return X509_cmp(trial->leaf, certificate) == 0;
}

/* An authority's certificate was sent along that belongs above what is missing, or to another
 * chain. */
static bool
sends_another_authority(const struct tls_trial *trial)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(trial->tls->ssl);

	for (int i = 1; i < sk_X509_num(sent); i++)
		if (!is_in_chain(trial, sk_X509_value(sent, i))
		    && X509_check_ca(sk_X509_value(sent, i)) > 0)
			return true;
	return false;
}

/* Publicly trusted authorities log what they sign (RFC 6962) or name their rules (CA/Browser
 * Forum, 2.23.140.1), and never sign a server's certificate with a root. */
static bool
is_of_public_authority(const X509 *leaf)
{
	static const char forum[] = "2.23.140.1.";
	CERTIFICATEPOLICIES *policies;
	bool found = X509_get_ext_by_NID(leaf, NID_ct_precert_scts, -1) >= 0;
	char name[64];

	policies = X509_get_ext_d2i(leaf, NID_certificate_policies, NULL, NULL);
	for (int i = 0; !found && i < sk_POLICYINFO_num(policies); i++)
		found = OBJ_obj2txt(name, sizeof name, sk_POLICYINFO_value(policies, i)->policyid,
		    1) > 0 && strncmp(name, forum, sizeof forum - 1) == 0;
	CERTIFICATEPOLICIES_free(policies);
	return found;
}

/* The next word of the name's common name, small; false behind the last. */
static bool
next_word(const X509_NAME *name, int *at, char word[static WORD_MAX])
{
	int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1), size = 0;

	if (index < 0)
		return false;
	const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
	const unsigned char *bytes = ASN1_STRING_get0_data(text);
	while (*at < ASN1_STRING_length(text) && !isalnum(bytes[*at]))
		++*at;
	for (; *at < ASN1_STRING_length(text) && isalnum(bytes[*at]); ++*at)
		if (size < WORD_MAX - 1)
			word[size++] = (char)tolower(bytes[*at]);
	word[size] = '\0';
	return size > 0;
}

static bool
says(const X509_NAME *name, const char *const *words)
{
	char word[WORD_MAX];

	for (int at = 0; next_word(name, &at, word);)
		for (const char *const *one = words; *one != NULL; one++)
			if (strcmp(word, *one) == 0)
				return true;
	return false;
}

/* Whether both have an attribute of this kind, and the same: the first of it, as most have one. */
static bool
share(const X509_NAME *a, const X509_NAME *b, int nid, bool *has)
{
	int at = X509_NAME_get_index_by_NID(a, nid, -1),
	    bt = X509_NAME_get_index_by_NID(b, nid, -1);

	*has |= at >= 0 || bt >= 0;
	return at >= 0 && bt >= 0
	    && ASN1_STRING_cmp(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(a, at)),
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(b, bt))) == 0;
}

/* Two authorities of one house: of one organisation or domain; where neither name has such, their
 * common names begin with the same word. */
static bool
are_related(const X509_NAME *a, const X509_NAME *b)
{
	char first[WORD_MAX], second[WORD_MAX];
	int at = 0, bt = 0;
	bool has = false;

	if (share(a, b, NID_organizationName, &has) || share(a, b, NID_domainComponent, &has))
		return true;
	return !has && next_word(a, &at, first) && next_word(b, &bt, second)
	    && strcmp(first, second) == 0 && strcmp(first, "root") != 0 && strcmp(first, "ca") != 0;
}

static bool
knows_relative(const struct tls_trial *trial, const X509_NAME *issuer)
{
	STACK_OF(X509_OBJECT) *anchors =
	    X509_STORE_get0_objects(SSL_CTX_get_cert_store(trial->tls->policy->context));

	for (int i = 0; i < sk_X509_OBJECT_num(anchors); i++) {
		const X509 *anchor = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(anchors, i));

		if (anchor != NULL && are_related(issuer, X509_get_subject_name(anchor)))
			return true;
	}
	return false;
}

enum tls_gap
tls_gap_of(const struct tls_trial *trial)
{
	int count = sk_X509_num(trial->chain);
	const X509 *top = tls_trial_certificate(trial, count > 0 ? count - 1 : 0);
	const X509_NAME *issuer = X509_get_issuer_name(top);
	bool is_lone = top == trial->leaf;
	static const char *const of_root[] = { "root", NULL };
	static const char *const of_intermediate[] = { "intermediate", "issuing", "subordinate",
	    "sub", NULL };

	if (X509_NAME_cmp(X509_get_subject_name(top), issuer) == 0)
		return GAP_NONE;
	if (sends_another_authority(trial)
	    || (is_lone && (is_of_public_authority(top) || says(issuer, of_intermediate))))
		return GAP_LEFT_OUT;
	if (!says(issuer, of_root) && knows_relative(trial, issuer))
		return is_lone ? GAP_LONE_LIKELY : GAP_LEFT_OUT;
	return is_lone ? GAP_LONE : GAP_UNTRUSTED;
}

/* Sentences */

static void
add_escaped(struct text *text, void (*add)(struct text *, const struct tls_trial *, int depth),
    const struct tls_trial *trial, int depth)
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
add_when(struct text *text, const struct tls_trial *trial, const ASN1_TIME *time,
    const char *before, const char *after)
{
	int64_t at;

	if (!tls_time(time, &at)) {
		text_add(text, "holds no valid date");
		return;
	}
	text_add(text, before);
	tls_time_add(text, at);
	text_format(
	    text, " (%s%s", SPAN(at < trial->now ? trial->now - at : at - trial->now), after);
}

/* What kinds of names a certificate has, and whether `literal` stands among the DNS names. */
struct name_kinds {
	bool dns, address, other, is_dns;
};

/* An address that stands among the DNS names is what many a home-made certificate has; no client
 * takes it (RFC 9525, section 6.4). */
static struct name_kinds
kinds_of(const X509 *certificate, const char *literal)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	struct name_kinds kinds = { .dns = false };

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		size_t size = name->type == GEN_DNS ? (size_t)ASN1_STRING_length(name->d.dNSName)
		    : 0;

		kinds.dns |= name->type == GEN_DNS;
		kinds.address |= name->type == GEN_IPADD;
		kinds.other |= name->type != GEN_DNS && name->type != GEN_IPADD;
		kinds.is_dns |= size > 0 && literal != NULL && size == strlen(literal)
		    && memcmp(ASN1_STRING_get0_data(name->d.dNSName), literal, size) == 0;
	}
	GENERAL_NAMES_free(names);
	return kinds;
}

/* Names of each kind are looked for among their kind only (RFC 9525): which kind did not match is
 * half of the fault. */
static void
tell_name(struct text *text, const struct tls_trial *trial)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(trial->tls->ssl);
	char *literal = X509_VERIFY_PARAM_get0_host(param, 0) == NULL
	    ? X509_VERIFY_PARAM_get1_ip_asc(param) : NULL;
	struct name_kinds kinds = kinds_of(trial->leaf, literal);
	char bytes[300];
	struct text names = TEXT_OVER(bytes);

	tls_names_add(&names, tls_trial_certificate(trial, 0));
	if (names.size == 0) {
		text_add(text,
		    kinds.other
		        ? "the certificate has only names of other kinds than a server's, expected "
		        : "the certificate has no names (only its subject's, which no longer "
		          "counts), expected ");
		add_expected_name(text, trial->tls);
	} else {
		text_format(text, "the certificate is for %s",
		    literal != NULL && !kinds.address ? "DNS names alone, "
		    : literal == NULL && !kinds.dns ? "addresses alone, " : "");
		text_escape(text, (struct pw_bytes){ names.bytes, names.size });
		text_add(text, ", not for ");
		add_expected_name(text, trial->tls);
		text_add(text, kinds.is_dns
		    ? ", which stands there as a DNS name and has to stand as an address" : "");
	}
	OPENSSL_free(literal);
}

/* "clientAuth, emailProtection": the purposes that a certificate says it is for; nothing where it
 * does not say. */
static void
add_purposes(struct text *text, const X509 *certificate)
{
	EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	char name[80];

	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(purposes, i);
		const char *known = OBJ_obj2nid(purpose) != NID_undef
		    ? OBJ_nid2sn(OBJ_obj2nid(purpose)) : NULL;

		if (known == NULL && OBJ_obj2txt(name, sizeof name, purpose, 1) > 0)
			known = name;
		text_format(text, "%s%s", i > 0 ? ", " : "", known != NULL ? known : "?");
	}
	EXTENDED_KEY_USAGE_free(purposes);
}

/* Without extended purposes it is the use of the key that does not fit. */
static void
tell_purpose(struct text *text, const struct tls_trial *trial, const struct tls_fault *fault,
    X509 *certificate)
{
	char bytes[200];
	struct text purposes = TEXT_OVER(bytes);

	add_purposes(&purposes, certificate);
	add_which(text, trial, fault->depth);
	if (purposes.size > 0)
		text_format(text, " is made for %s, not for serverAuth", bytes);
	else
		text_add(text, " has a key usage that no server can use");
}

/* What would be right follows from which certificate is missing: the server's administrator
 * sends the intermediate along, the reader of the notice trusts the authority or sets ca_file. */
static void
tell_gap(struct text *text, const struct tls_trial *trial, int error)
{
	int top = sk_X509_num(trial->chain) > 0 ? sk_X509_num(trial->chain) - 1 : 0;

	if (error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
		text_add(text, "the chain is whole and its root is not trusted: ");
		add_escaped(text, add_subject, trial, top);
		return;
	}
	switch (trial->gap) {
	case GAP_NONE:
	case GAP_UNTRUSTED:
		text_add(text, "the issuer is not trusted: ");
		add_escaped(text, add_issuer, trial, top);
		return;
	case GAP_LEFT_OUT:
		text_add(text, "the server does not send the intermediate certificate ");
		add_escaped(text, add_issuer, trial, top);
		return;
	case GAP_LONE:
	case GAP_LONE_LIKELY:
		text_add(text, "the issuer ");
		add_escaped(text, add_issuer, trial, top);
		text_add(text, " is neither sent nor trusted: left out, or a private authority");
		return;
	}
}

void
tls_tell_fault(struct text *text, const struct tls_trial *trial, enum tls_code code)
{
	assert((size_t)code < sizeof trial->fault / sizeof *trial->fault);
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
		add_when(text, trial, X509_get0_notBefore(certificate), "is valid only from ",
		    " ahead)");
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
		tell_gap(text, trial, fault.error);
		return;
	case TLS_CERT_PURPOSE:
		tell_purpose(text, trial, &fault, certificate);
		return;
	case TLS_CERT_WEAK_KEY:
		add_which(text, trial, fault.depth);
		text_format(text, " has a key of %d bits only",
		    EVP_PKEY_get_bits(X509_get0_pubkey(certificate)));
		return;
	case TLS_CERT_WEAK_SIGNATURE:
		add_which(text, trial, fault.depth);
		text_format(text, " is signed with %s",
		    OBJ_nid2ln(X509_get_signature_nid(certificate)));
		return;
	case TLS_CERT_CHAIN_LIMIT:
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

	assert(trial->near_depth >= 0 && certificate != NULL);
	add_which(text, trial, trial->near_depth);
	text_add(text, " ");
	add_when(text, trial, X509_get0_notAfter(certificate), "ends at ", " left");
	if (tls_term_of(certificate, &term))
		text_format(text, " of %s", SPAN(term.end - term.from));
	text_add(text, trial->renewal_missed && trial->near_depth == 0
	    ? "); it should have been renewed by now" : ")");
}

void
tls_tell_renewal(struct text *text, const struct tls_trial *trial)
{
	struct tls_term term;

	if (!tls_term_of(trial->leaf, &term))
		return;
	text_format(text,
	    "the certificate lasts %s and %s of it are left: it should have been renewed by now",
	    SPAN(term.end - term.from), SPAN(term.end - trial->now));
	if (trial->renewed > 0)
		text_format(text, " (the one before went with %d %% of it left)", trial->renewed);
}
