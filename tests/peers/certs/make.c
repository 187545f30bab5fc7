/* Keys, certificates, chains and staples by libcrypto. */
#include "make.h"

#include <err.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 24 * 60 * 60 };

static const char *fixtures = "tests/fixtures";

void
make_use_fixtures(const char *folder)
{
	fixtures = folder;
}

/* What must work. */
static void
need(int ok, const char *what)
{
	char why[200];

	ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
	if (!ok)
		errx(70, "%s: %s", what, why);
}

static EVP_PKEY *
read_key(const char *name)
{
	char path[4096];
	FILE *file;
	EVP_PKEY *key;

	snprintf(path, sizeof path, "%s/%s", fixtures, name);
	file = fopen(path, "r");
	if (file == NULL)
		err(66, "%s", path);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	need(key != NULL, path);
	fclose(file);
	return key;
}

static EVP_PKEY *
make_key(enum key_kind kind)
{
	EVP_PKEY *key = NULL;

	switch (kind) {
	case KEY_EC: key = EVP_EC_gen("P-256"); break;
	case KEY_EC_EXPLICIT:
		key = EVP_EC_gen("P-256");
		need(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT),
		    "explicit parameters");
		break;
	case KEY_RSA_1024: key = EVP_RSA_gen(1024); break;
	case KEY_RSA_2048: key = EVP_RSA_gen(2048); break;
	case KEY_RSA_16384: key = read_key("rsa16384.key"); break; /* takes half a minute to make */
	}
	need(key != NULL, "a key");
	return key;
}

static void
name_it(X509 *certificate, const struct order *order)
{
	const char *name = order->common_name != NULL ? order->common_name : order->name;
	int size = order->common_name_size > 0 ? (int)order->common_name_size : (int)strlen(name);
	X509_NAME *subject = X509_get_subject_name(certificate);

	/* By type and not by MBSTRING_*: those have a limit of 64 characters. */
	need(X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING, (const unsigned char *)name, size, -1, 0),
	    "subject");
}

static void
extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	need(extension != NULL && X509_add_ext(certificate, extension, -1), value);
	X509_EXTENSION_free(extension);
}

static void
set_times(X509 *certificate, const struct order *order)
{
	X509_gmtime_adj(X509_getm_notBefore(certificate), order->from * DAY);
	X509_gmtime_adj(X509_getm_notAfter(certificate), order->to * DAY);
}

struct made *
make(const struct order *order, const struct made *issuer)
{
	static long serial = 1000;
	static struct made *all; /* none is ever freed, none is lost */
	struct made *made = calloc(1, sizeof *made);
	X509 *certificate = X509_new();
	EVP_PKEY *signer;

	need(made != NULL && certificate != NULL, "memory");
	made->next = all;
	all = made;
	made->key = make_key(order->key);
	signer = issuer != NULL ? issuer->key : made->key;
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
	name_it(certificate, order);
	set_times(certificate, order);
	X509_set_pubkey(certificate, made->key);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer != NULL ? issuer->chain[0] : certificate));
	extend(certificate, NID_basic_constraints, order->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (order->is_ca)
		extend(certificate, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
	else
		extend(certificate, NID_ext_key_usage, order->purpose != NULL ? order->purpose : "serverAuth");
	if (order->names != NULL)
		extend(certificate, NID_subject_alt_name, order->names);
	if (order->places != NULL)
		extend(certificate, NID_info_access, order->places);
	if (order->twist != NULL)
		order->twist(certificate);
	need(X509_sign(certificate, signer, order->digest != NULL ? order->digest() : EVP_sha256()) > 0, "signature");
	make_taller(made, certificate);
	for (size_t i = 0; issuer != NULL && i < issuer->count; i++)
		make_taller(made, issuer->chain[i]);
	return made;
}

void
make_taller(struct made *made, X509 *certificate)
{
	need(made->count < CHAIN_MAX, "a chain this long");
	made->chain[made->count++] = certificate;
}

static FILE *
open_file(const char *folder, const char *name, const char *suffix)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
	file = fopen(path, "w");
	if (file == NULL)
		err(73, "%s", path);
	return file;
}

void
make_file(const char *folder, const char *name, const struct made *made, size_t count)
{
	FILE *file = open_file(folder, name, "pem");

	if (count == 0)
		count = made->count > 1 ? made->count - 1 : 1;
	for (size_t i = 0; i < count; i++)
		need(PEM_write_X509(file, made->chain[i]), name);
	need(PEM_write_PrivateKey(file, made->key, NULL, NULL, 0, NULL, NULL), name);
	if (fclose(file) != 0)
		err(74, "%s", name);
}

void
make_staple(const char *folder, const char *name, const struct made *made, const struct made *issuer, int status)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), made->chain[0], issuer->chain[0]);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	ASN1_TIME *before = X509_gmtime_adj(NULL, -DAY), *after = X509_gmtime_adj(NULL, DAY);
	int reason = status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : -1;
	OCSP_RESPONSE *response;
	unsigned char *bytes = NULL;
	FILE *file = open_file(folder, name, "ocsp");
	int size;

	need(OCSP_basic_add1_status(basic, id, status, reason, before, before, after) != NULL, "status");
	need(OCSP_basic_sign(basic, issuer->chain[0], issuer->key, EVP_sha256(), NULL, 0), "signed status");
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	size = i2d_OCSP_RESPONSE(response, &bytes);
	need(size > 0 && fwrite(bytes, 1, (size_t)size, file) == (size_t)size && fclose(file) == 0, "staple");
	OPENSSL_free(bytes);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(before);
	ASN1_TIME_free(after);
}
