/* Certificates for tests, made with libcrypto: one spec, one certificate, signed by whoever is named. */
#ifndef TESTS_CERTIFICATES_H
#define TESTS_CERTIFICATES_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

struct certificate {
	X509 *x509;
	EVP_PKEY *key;
};

struct certificate_spec {
	const char *name, *organisation; /* NULL: none */
	const char *alternatives;        /* "DNS:mx.test,IP:127.0.0.1"; NULL: none */
	const char *usage;               /* extended: "serverAuth"; NULL: none */
	const char *issuers;             /* where to fetch the issuer: "caIssuers;URI:http://ca.test/i.der"; NULL: none */
	const char *policies;            /* "2.23.140.1.2.1"; NULL: none */
	const char *key_usage;           /* "keyCertSign"; NULL: none */
	int from, to;                    /* days from now; both 0: -1 and 90 */
	bool ca;
	int rsa_bits;                    /* 0: a key on P-256 */
	const EVP_MD *digest;            /* NULL: SHA-256 */
	EVP_PKEY *key;                   /* NULL: a new one */
};

static inline void
certificate_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	if (value == NULL)
		return;
	CONF *empty = NCONF_new(NULL); /* some kinds of extensions ask for one */
	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509V3_set_nconf(&context, empty);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	NCONF_free(empty);
	assert_non_null(extension);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline EVP_PKEY *
certificate_key(int rsa_bits)
{
	return rsa_bits > 0 ? EVP_RSA_gen((unsigned)rsa_bits) : EVP_EC_gen("P-256");
}

static inline void
certificate_name(X509_NAME *name, const char *field, const char *value)
{
	if (value != NULL)
		X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0);
}

/* `issuer` NULL: self-signed. */
static inline struct certificate
certificate_make(struct certificate_spec spec, const struct certificate *issuer)
{
	static long serial = 1;
	struct certificate made = { X509_new(), spec.key != NULL ? spec.key : certificate_key(spec.rsa_bits) };
	X509 *by = issuer == NULL ? made.x509 : issuer->x509;

	assert_non_null(made.key);
	if (spec.key != NULL)
		EVP_PKEY_up_ref(spec.key);
	if (spec.from == 0 && spec.to == 0)
		spec.from = -1, spec.to = 90;
	X509_set_version(made.x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(made.x509), (long)spec.from * 86400);
	X509_gmtime_adj(X509_getm_notAfter(made.x509), (long)spec.to * 86400);
	X509_set_pubkey(made.x509, made.key);
	certificate_name(X509_get_subject_name(made.x509), "O", spec.organisation);
	certificate_name(X509_get_subject_name(made.x509), "CN", spec.name);
	X509_set_issuer_name(made.x509, X509_get_subject_name(by));
	certificate_extend(made.x509, by, NID_basic_constraints, spec.ca ? "critical,CA:TRUE" : "CA:FALSE");
	certificate_extend(made.x509, by, NID_subject_key_identifier, "hash");
	certificate_extend(made.x509, by, NID_authority_key_identifier, issuer == NULL ? NULL : "keyid:always");
	certificate_extend(made.x509, by, NID_subject_alt_name, spec.alternatives);
	certificate_extend(made.x509, by, NID_ext_key_usage, spec.usage);
	certificate_extend(made.x509, by, NID_info_access, spec.issuers);
	certificate_extend(made.x509, by, NID_certificate_policies, spec.policies);
	certificate_extend(made.x509, by, NID_key_usage, spec.key_usage);
	assert_true(X509_sign(made.x509, issuer == NULL ? made.key : issuer->key,
	    spec.digest == NULL ? EVP_sha256() : spec.digest) > 0);
	return made;
}

static inline void
certificate_free(struct certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
	*certificate = (struct certificate){ NULL, NULL };
}

/* Writes a PEM file of one certificate. */
static inline void
certificate_write(const struct certificate *certificate, const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate->x509), 1);
	assert_int_equal(fclose(file), 0);
}

#endif
