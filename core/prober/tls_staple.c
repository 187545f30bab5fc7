/*
 * Evaluates a stapled OCSP response. Its absence is nothing, and so is one that cannot be
 * understood: only a revocation, signed by who may revoke, says something.
 */
#include "prober/tls_private.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

/* Whether an entry is about this certificate: the issuer is named by hashes of the entry's own choice. */
static bool
is_about(const OCSP_SINGLERESP *entry, const X509 *leaf, const X509 *issuer)
{
	OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(entry);
	ASN1_OBJECT *digest = NULL;
	bool same = false;

	if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, id) != 1 || EVP_get_digestbyobj(digest) == NULL)
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

		if (OCSP_single_get0_status(entry, NULL, NULL, NULL, NULL) == V_OCSP_CERTSTATUS_REVOKED
		    && is_about(entry, leaf, issuer))
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
