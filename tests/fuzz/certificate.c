/* Whatever parses as a certificate yields facts within their bounds, and sentences that are safe to print. */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "prober/tls_trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A connection that never was: the sentences want to know whom it expected. */
static SSL *
some_connection(void)
{
	static SSL *ssl;

	if (ssl == NULL) {
		SSL_CTX *context = SSL_CTX_new(TLS_client_method());
		ssl = SSL_new(context);
		SSL_set1_host(ssl, "mx.example.org");
		SSL_CTX_free(context);
	}
	return ssl;
}

static void
check_facts(const X509 *certificate)
{
	struct evidence_log log = { 0 };
	struct tls_facts *facts = tls_facts_make(certificate);

	assert(facts != NULL);
	assert(facts->subject.size <= 512 && facts->issuer.size <= 512 && facts->names.size <= 1024);
	assert(facts->fingerprint.size == 95 && facts->not_after.size <= 20 && facts->public_key.size > 0);
	tls_facts_add(facts, &log);
	evidence_log_fini(&log);
	free(facts);
}

static void
check_sentences(X509 *certificate)
{
	struct tls tls = { .ssl = some_connection() };
	struct tls_trial trial = { .tls = &tls, .leaf = certificate, .chain = sk_X509_new_null(), .now = 1700000000000000 };

	sk_X509_push(trial.chain, certificate);
	for (enum tls_code code = 0; code < TLS_CODES; code++) {
		char told[EVIDENCE_TEXT_MAX];
		struct text text = TEXT_OVER(told);

		trial.fault[code] = (struct tls_fault){ X509_V_ERR_UNSPECIFIED, code % 2 == 0 ? 0 : 7 };
		tls_tell_fault(&text, &trial, code);
		assert(text.size > 0);
		for (size_t at = 0, length; at < text.size; at += length) {
			length = text_printable(told + at, text.size - at);
			assert(length > 0);
		}
	}
	sk_X509_free(trial.chain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const unsigned char *at = bytes;
	X509 *certificate = d2i_X509(NULL, &at, (long)size);

	if (certificate != NULL) {
		check_facts(certificate);
		check_sentences(certificate);
	}
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}
