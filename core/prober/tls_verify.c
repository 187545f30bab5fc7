/*
 * OpenSSL's verify callback of the prober. It checks limits on what the peer sends, before any of
 * it costs time, and every fault of the chain, recorded and not acted on. The decision is
 * tls_judge's.
 */
#include "prober/tls_verify.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include "base/address.h"

static struct tls *
tls_of_store(X509_STORE_CTX *store)
{
	return tls_of(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* The same error comes again for several depths: the first is nearest to its cause. */
static void
note(struct tls *tls, int error, int depth)
{
	assert(tls->fault_count <= sizeof tls->faults / sizeof *tls->faults);
	for (uint32_t i = 0; i < tls->fault_count; i++)
		if (tls->faults[i].error == error)
			return;
	if (tls->fault_count < TLS_FAULTS_MAX)
		tls->faults[tls->fault_count++] = (struct tls_fault){ error, depth };
}

static int
on_certificate(int good, X509_STORE_CTX *store)
{
	if (!good)
		note(tls_of_store(store), X509_STORE_CTX_get_error(store),
		    X509_STORE_CTX_get_error_depth(store));
	return 1;
}

static bool
refuse(struct tls *tls, const char *outcome, const char *why)
{
	tls->refused = outcome;
	tls->refusal = why;
	return false;
}

/* A curve by its name, or spelled out: then anything can be in it. */
static bool
is_explicit_curve(const X509 *certificate)
{
	ASN1_OBJECT *algorithm;
	X509_ALGOR *parameters;
	int type;

	if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, &parameters,
	    X509_get_X509_PUBKEY(certificate)) != 1
	    || OBJ_obj2nid(algorithm) != NID_X9_62_id_ecPublicKey)
		return false;
	X509_ALGOR_get0(NULL, &type, NULL, parameters);
	return type != V_ASN1_OBJECT;
}

static bool
within_limits(struct tls *tls, STACK_OF(X509) *sent)
{
	int count = sk_X509_num(sent);

	if (count > TLS_CHAIN_DEPTH + 1)
		return refuse(tls, "cert_chain_limit",
		    "the certificate chain is longer than 11 certificates");
	for (int i = 0; i < count; i++) {
		const X509 *certificate = sk_X509_value(sent, i);
		EVP_PKEY *key = X509_get0_pubkey(certificate);

		if (is_explicit_curve(certificate))
			return refuse(tls, "tls_params",
			    "a certificate's key is on a curve without a name");
		if (key != NULL && EVP_PKEY_get_bits(key) > TLS_RSA_BITS_MAX)
			return refuse(tls, "tls_params",
			    "a certificate's key is larger than 8192 bits");
	}
	return true;
}

/* Called in place of the library's verification, so that limits are looked at before any
 * signature is. */
static int
on_chain(X509_STORE_CTX *store, void *unused)
{
	struct tls *tls = tls_of_store(store);

	(void)unused;
	if (!within_limits(tls, X509_STORE_CTX_get0_untrusted(store))) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG);
		return 0;
	}
	if (X509_verify_cert(store) <= 0)
		note(tls, X509_STORE_CTX_get_error(store), X509_STORE_CTX_get_error_depth(store));
	return 1;
}

/* Asked before each use of a parameter; the size of a Diffie-Hellman group is what a server can
 * choose freely. */
static int
on_parameter(const SSL *ssl, const SSL_CTX *context, int operation, int bits, int nid, void *other,
    void *policy)
{
	const struct tls_policy *mine = policy;

	if (operation == SSL_SECOP_TMP_DH && ssl != NULL && other != NULL
	    && EVP_PKEY_get_bits(other) > TLS_DH_BITS_MAX)
		return refuse(tls_of(ssl), "tls_params",
		    "the Diffie-Hellman group is larger than 8192 bits");
	return mine->security(ssl, context, operation, bits, nid, other, NULL);
}

void
tls_verify_prepare(SSL_CTX *context, struct tls_policy *policy)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_certificate);
	SSL_CTX_set_cert_verify_callback(context, on_chain, NULL);
	SSL_CTX_set_verify_depth(context, TLS_CHAIN_DEPTH);
	/* Keys and signatures are judged alike in a context that has to talk to old servers. */
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	policy->security = SSL_CTX_get_security_callback(context);
	SSL_CTX_set_security_callback(context, on_parameter);
	SSL_CTX_set0_security_ex_data(context, policy);
	SSL_CTX_set_tlsext_status_type(context, TLSEXT_STATUSTYPE_ocsp);
}

/* "mx.example.org." is one name with "mx.example.org". False: longer than a name can be. */
static bool
without_dot(const char *name, char *bytes, size_t room)
{
	size_t size = strlen(name);

	if (size > 0 && name[size - 1] == '.')
		size--;
	if (size == 0 || size >= room)
		return false;
	memcpy(bytes, name, size);
	bytes[size] = '\0';
	return true;
}

/* The library compares names while it verifies: only then is a name that does not match one
 * fault among others. RFC 9525, section 6.3: wildcards stand for one whole label, and the
 * subject's common name no longer counts. */
bool
tls_verify_names(struct tls *tls, const struct tls_names *names)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	struct address address;
	char name[256];

	if (names->sni != NULL && (!without_dot(names->sni, name, sizeof name)
	    || SSL_set_tlsext_host_name(tls->ssl, name) != 1))
		return false;
	if (!address_parse(names->host, 0, &address))
		return without_dot(names->host, name, sizeof name)
		    && X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
	if (address_is_ipv4(&address))
		return X509_VERIFY_PARAM_set1_ip(param, (unsigned char *)&address.v4.sin_addr,
		    4) == 1;
	return X509_VERIFY_PARAM_set1_ip(param, address.v6.sin6_addr.s6_addr, 16) == 1;
}

/* The stapled OCSP response */

/* Whether an entry is about this certificate: the issuer is named by hashes of the entry's own
 * choice. */
static bool
is_about(const OCSP_SINGLERESP *entry, const X509 *leaf, const X509 *issuer)
{
	OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(entry);
	ASN1_OBJECT *digest = NULL;
	bool same = false;

	if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, id) != 1
	    || EVP_get_digestbyobj(digest) == NULL)
		return false;
	OCSP_CERTID *wanted = OCSP_cert_to_id(EVP_get_digestbyobj(digest), leaf, issuer);
	if (wanted != NULL)
		same = OCSP_id_cmp(id, wanted) == 0;
	OCSP_CERTID_free(wanted);
	return same;
}

static bool
lists_as_revoked(OCSP_BASICRESP *answer, const X509 *leaf, const X509 *issuer)
{
	for (int i = 0; i < OCSP_resp_count(answer); i++) {
		OCSP_SINGLERESP *entry = OCSP_resp_get0(answer, i);

		if (OCSP_single_get0_status(entry, NULL, NULL, NULL,
		    NULL) == V_OCSP_CERTSTATUS_REVOKED && is_about(entry, leaf, issuer))
			return true;
	}
	return false;
}

static bool
says_revoked(const struct tls *tls, OCSP_BASICRESP *answer)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(tls->ssl);
	X509_STORE *store = SSL_CTX_get_cert_store(tls->policy->context);

	if (chain == NULL || sk_X509_num(chain) < 2)
		return false;
	return lists_as_revoked(answer, sk_X509_value(chain, 0), sk_X509_value(chain, 1))
	    && OCSP_basic_verify(answer, chain, store, 0) == 1;
}

bool
tls_staple_says_revoked(const struct tls *tls)
{
	const unsigned char *bytes = NULL;
	long size = SSL_get_tlsext_status_ocsp_resp(tls->ssl, &bytes);
	bool revoked = false;

	if (bytes == NULL || size <= 0)
		return false;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &bytes, size);
	if (response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		OCSP_BASICRESP *answer = OCSP_response_get1_basic(response);
		revoked = answer != NULL && says_revoked(tls, answer);
		OCSP_BASICRESP_free(answer);
	}
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return revoked;
}
