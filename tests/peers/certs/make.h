/* Certificates made to order, good and bad. Whatever cannot be made ends the program. */
#ifndef CERTS_MAKE_H
#define CERTS_MAKE_H

#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum { CHAIN_MAX = 1200 };

enum key_kind { KEY_EC, KEY_EC_EXPLICIT, KEY_RSA_1024, KEY_RSA_2048, KEY_RSA_16384 };

/* A certificate with its key and those above it, itself first. */
struct made {
	struct made *next; /* made before it */
	EVP_PKEY *key;
	X509 *chain[CHAIN_MAX];
	size_t count;
};

struct order {
	const char *name;         /* of the file, and the common name where `common_name` is NULL */
	const char *common_name;
	size_t common_name_size;  /* 0: by its NUL */
	const char *names;        /* subjectAltName as OpenSSL's configuration writes it; NULL: none */
	const char *purpose;      /* extendedKeyUsage; NULL: serverAuth */
	const char *places;       /* authorityInfoAccess: where the issuer can be fetched; NULL: none */
	enum key_kind key;
	long from, to;            /* days from now */
	const EVP_MD *(*digest)(void); /* NULL: SHA-256 */
	int is_ca;
	void (*twist)(X509 *);    /* the last touch before it is signed */
};

/* Signed by `issuer`, whose chain follows; NULL: by itself. Never freed. */
struct made *make(const struct order *order, const struct made *issuer);

/* The same certificate once more above the others. */
void make_taller(struct made *made, X509 *certificate);

/* DIR/NAME.pem: the chain without its root where `count` is 0, else its first `count`; then the key. */
void make_file(const char *folder, const char *name, const struct made *made, size_t count);

/* DIR/NAME.ocsp: what the issuer says about it, V_OCSP_CERTSTATUS_GOOD or _REVOKED. */
void make_staple(const char *folder, const char *name, const struct made *made, const struct made *issuer, int status);

void make_use_fixtures(const char *folder);

#endif
