/*
 * Names the cause where a certificate chain does not end in a trusted root. An issuer that is
 * neither sent nor known is either an intermediate certificate that was left out, or an authority
 * that we do not trust. What was sent beside it, what the certificate shows of its authority, and
 * what its issuer is called tell which.
 */
#include "prober/tls_trial.h"

#include <ctype.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 32 };

static const X509 *
top_of(const struct tls_trial *trial)
{
	int count = sk_X509_num(trial->chain);

	return tls_trial_certificate(trial, count > 0 ? count - 1 : 0);
}

static bool
is_in_chain(const struct tls_trial *trial, const X509 *certificate)
{
	for (int i = 0; i < sk_X509_num(trial->chain); i++)
		if (X509_NAME_cmp(X509_get_subject_name(sk_X509_value(trial->chain, i)), X509_get_subject_name(certificate)) == 0)
			return true;
	return X509_cmp(trial->leaf, certificate) == 0;
}

/* An authority's certificate was sent along that belongs above what is missing, or to another chain. */
static bool
sends_another_authority(const struct tls_trial *trial)
{
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(trial->tls->ssl);

	for (int i = 1; i < sk_X509_num(sent); i++)
		if (!is_in_chain(trial, sk_X509_value(sent, i)) && X509_check_ca(sk_X509_value(sent, i)) > 0)
			return true;
	return false;
}

/* Publicly trusted authorities log what they sign (RFC 6962) or name their rules (CA/Browser Forum, 2.23.140.1), and
 * never sign a server's certificate with a root. */
static bool
is_of_public_authority(const X509 *leaf)
{
	static const char forum[] = "2.23.140.1.";
	CERTIFICATEPOLICIES *policies;
	bool found = X509_get_ext_by_NID(leaf, NID_ct_precert_scts, -1) >= 0;
	char name[64];

	policies = X509_get_ext_d2i(leaf, NID_certificate_policies, NULL, NULL);
	for (int i = 0; !found && i < sk_POLICYINFO_num(policies); i++)
		found = OBJ_obj2txt(name, sizeof name, sk_POLICYINFO_value(policies, i)->policyid, 1) > 0
		    && strncmp(name, forum, sizeof forum - 1) == 0;
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

static bool
says_root(const X509_NAME *name)
{
	static const char *const words[] = { "root", NULL };

	return says(name, words);
}

static bool
says_intermediate(const X509_NAME *name)
{
	static const char *const words[] = { "intermediate", "issuing", "subordinate", "sub", NULL };

	return says(name, words);
}

/* Whether both have an attribute of this kind, and the same: the first of it, as most have one. */
static bool
share(const X509_NAME *a, const X509_NAME *b, int nid, bool *has)
{
	int at = X509_NAME_get_index_by_NID(a, nid, -1), bt = X509_NAME_get_index_by_NID(b, nid, -1);

	*has |= at >= 0 || bt >= 0;
	return at >= 0 && bt >= 0
	    && ASN1_STRING_cmp(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(a, at)),
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(b, bt))) == 0;
}

/* Two authorities of one house: of one organisation or domain; where neither name has such, their common names begin with
 * the same word. */
static bool
are_related(const X509_NAME *a, const X509_NAME *b)
{
	char first[WORD_MAX], second[WORD_MAX];
	int at = 0, bt = 0;
	bool has = false;

	if (share(a, b, NID_organizationName, &has) || share(a, b, NID_domainComponent, &has))
		return true;
	return !has && next_word(a, &at, first) && next_word(b, &bt, second) && strcmp(first, second) == 0
	    && strcmp(first, "root") != 0 && strcmp(first, "ca") != 0;
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
	const X509 *top = top_of(trial);
	const X509_NAME *issuer = X509_get_issuer_name(top);
	bool is_lone = top == trial->leaf;

	if (X509_NAME_cmp(X509_get_subject_name(top), issuer) == 0)
		return GAP_NONE;
	if (sends_another_authority(trial) || (is_lone && (is_of_public_authority(top) || says_intermediate(issuer))))
		return GAP_LEFT_OUT;
	if (!says_root(issuer) && knows_relative(trial, issuer))
		return is_lone ? GAP_LONE_LIKELY : GAP_LEFT_OUT;
	return is_lone ? GAP_LONE : GAP_UNTRUSTED;
}
