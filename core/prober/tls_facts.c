/*
 * For the prober: extracts the facts of a server's certificate (subject, names, dates, key, issuer)
 * from OpenSSL's objects, and caches them by chain.
 */
#include "prober/tls_facts.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/address.h"
#include "base/zone.h"

enum {
	SUBJECT_MAX = 512,   /* of a subject or an issuer */
	ALL_NAMES_MAX = 1024,
	NAMES_TAIL = 32         /* ", … and 4294967295 more" */
};

bool
tls_time(const ASN1_TIME *time, int64_t *microseconds)
{
	struct tm parts;

	if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1)
		return false;
	*microseconds = (int64_t)timegm(&parts) * 1000000;
	return true;
}

void
tls_time_add(struct text *text, int64_t microseconds)
{
	struct zone_time at = zone_at(NULL, microseconds / 1000000);

	text_format(text, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)at.year, at.month, at.day, at.hour,
	    at.minute, at.second);
}

void
tls_name_add(struct text *text, const X509_NAME *name)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *bytes;

	if (memory == NULL)
		return;
	/* Multi-byte UTF-8 stays as it is; control characters become \XX. */
	if (X509_NAME_print_ex(memory, name, 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) > 0) {
		long size = BIO_get_mem_data(memory, &bytes);
		if (size > 0)
			text_add_bytes(text, bytes, (size_t)size);
	}
	BIO_free(memory);
}

/* One of a certificate's names: a DNS name, raw, or an address. False: of another kind. */
static bool
add_one_name(struct text *text, const GENERAL_NAME *name)
{
	struct address address;

	if (name->type == GEN_DNS) {
		text_add_whole(text, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
		return true;
	}
	if (name->type != GEN_IPADD)
		return false;
	const unsigned char *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
	int size = ASN1_STRING_length(name->d.iPAddress);
	if (size != 4 && size != 16)
		return false;
	address = size == 4 ? address_ipv4(bytes, 0) : address_ipv6(bytes, 0);
	address_add(text, &address);
	return true;
}

/* Names are cut as a whole, never in their midst: half a name is another name. */
void
tls_names_add(struct text *text, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	/* Names stop short of the end, so that the count of those left out still fits. */
	struct text some = text_over(text->bytes + text->size, text->room - text->size);
	int shown = 0, left_out = 0;

	if (some.room > NAMES_TAIL)
		some.room -= NAMES_TAIL;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		struct text before = some;
		if (shown > 0)
			text_add_whole(&some, ", ", 2);
		bool known = add_one_name(&some, sk_GENERAL_NAME_value(names, i));
		if (known && !some.cut) {
			shown++;
			continue;
		}
		some = before;
		some.bytes[some.size] = '\0';
		left_out += known;
	}
	GENERAL_NAMES_free(names);
	text->size += some.size;
	if (left_out > 0)
		text_format(text, "%s… and %d more", shown > 0 ? ", " : "", left_out);
}

static void
add_fingerprint(struct text *text, const X509 *certificate)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
		return;
	for (unsigned i = 0; i < size; i++) {
		const char byte[3] = { digits[digest[i] >> 4], digits[digest[i] & 15], ':' };
		text_add_bytes(text, byte, i + 1 < size ? 3 : 2);
	}
}

static void
add_curve(struct text *text, EVP_PKEY *key)
{
	char group[64] = "";
	size_t size;

	if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1)
		return;
	const char *known = EC_curve_nid2nist(OBJ_sn2nid(group));
	text_format(text, " %s", known != NULL ? known : group);
}

static void
add_public_key(struct text *text, const X509 *certificate)
{
	static const struct {
		int type;
		const char *name;
	} types[] = {
		{ EVP_PKEY_RSA, "RSA" },     { EVP_PKEY_RSA_PSS, "RSA-PSS" },
		    { EVP_PKEY_EC, "ECDSA" },
		{ EVP_PKEY_DSA, "DSA" },     { EVP_PKEY_ED25519, "Ed25519" },
		    { EVP_PKEY_ED448, "Ed448" },
	};
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	int type = key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key);

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type)
			text_add(text, types[i].name);
	if (text->size == 0)
		text_add(text, "unknown");
	else if (type == EVP_PKEY_EC)
		add_curve(text, key);
	else if (type != EVP_PKEY_ED25519 && type != EVP_PKEY_ED448)
		text_format(text, " %d", EVP_PKEY_get_bits(key));
}

/* The facts while they are made: room for all of them at their largest. */
struct draft {
	char subject[SUBJECT_MAX], issuer[SUBJECT_MAX], names[ALL_NAMES_MAX];
	char fingerprint[3 * EVP_MAX_MD_SIZE], not_before[32], not_after[32], public_key[96];
};

static void
add_date(struct text *text, const ASN1_TIME *time)
{
	int64_t at;

	if (tls_time(time, &at))
		tls_time_add(text, at);
}

static void
add_name(struct text *text, const X509_NAME *name)
{
	text->room -= sizeof "…" - 1;
	tls_name_add(text, name);
	text->room += sizeof "…" - 1;
	if (text->cut) {
		text->cut = false;
		text_add(text, "…");
	}
}

/* Made in one block on the side of reading: seven texts of unknown length, bounded each, copied
 * once their sizes are known. */
struct tls_facts *
tls_facts_make(const X509 *leaf)
{
	struct draft draft;
	struct text texts[] = { TEXT_OVER(draft.subject), TEXT_OVER(draft.issuer),
	    TEXT_OVER(draft.names),
		TEXT_OVER(draft.fingerprint), TEXT_OVER(draft.not_before),
		    TEXT_OVER(draft.not_after),
		TEXT_OVER(draft.public_key) };
	enum { COUNT = sizeof texts / sizeof *texts };
	size_t size = 0;

	add_name(&texts[0], X509_get_subject_name(leaf));
	add_name(&texts[1], X509_get_issuer_name(leaf));
	tls_names_add(&texts[2], leaf);
	add_fingerprint(&texts[3], leaf);
	add_date(&texts[4], X509_get0_notBefore(leaf));
	add_date(&texts[5], X509_get0_notAfter(leaf));
	add_public_key(&texts[6], leaf);
	ERR_clear_error();
	for (size_t i = 0; i < COUNT; i++)
		size += texts[i].size;
	struct tls_facts *facts = malloc(sizeof *facts + size);
	if (facts == NULL)
		return NULL;
	*facts = (struct tls_facts){ .key = { { 0 } } };
	struct pw_bytes *const views[COUNT] = { &facts->subject, &facts->issuer, &facts->names,
	    &facts->fingerprint,
		&facts->not_before, &facts->not_after, &facts->public_key };
	char *end = (char *)(facts + 1);
	for (size_t i = 0; i < COUNT; i++) {
		memcpy(end, texts[i].bytes, texts[i].size);
		*views[i] = (struct pw_bytes){ end, texts[i].size };
		end += texts[i].size;
	}
	return facts;
}

void
tls_facts_add(const struct tls_facts *facts, struct evidence_log *log)
{
	evidence_add_fact(log, "cert_subject", facts->subject, false);
	evidence_add_fact(log, "cert_issuer", facts->issuer, true);
	evidence_add_fact(log, "cert_names", facts->names, false);
	evidence_add_fact(log, "cert_fingerprint", facts->fingerprint, true);
	evidence_add_fact(log, "cert_not_before", facts->not_before, false);
	evidence_add_fact(log, "cert_not_after", facts->not_after, false);
	evidence_add_fact(log, "cert_key", facts->public_key, false);
}

/* The table: a chain has one place in it, and who comes last stays. */
struct tls_facts_cache {
	EVP_MD *digest;
	EVP_MD_CTX *context;
	struct tls_facts *kept[TLS_FACTS_KEPT];
};

struct tls_facts_cache *
tls_facts_cache_create(void)
{
	struct tls_facts_cache *cache = calloc(1, sizeof *cache);

	if (cache == NULL)
		return NULL;
	cache->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	cache->context = EVP_MD_CTX_new();
	if (cache->digest == NULL || cache->context == NULL)
		tls_facts_cache_destroy(&cache);
	return cache;
}

void
tls_facts_cache_destroy(struct tls_facts_cache **cache)
{
	if (*cache == NULL)
		return;
	for (size_t i = 0; i < TLS_FACTS_KEPT; i++)
		free((*cache)->kept[i]);
	EVP_MD_CTX_free((*cache)->context);
	EVP_MD_free((*cache)->digest);
	free(*cache);
	*cache = NULL;
}

void
tls_facts_key(struct tls_facts_cache *cache, const void *message, size_t size,
    struct tls_chain_key *key)
{
	if (EVP_DigestInit_ex2(cache->context, cache->digest, NULL) != 1
	    || EVP_DigestUpdate(cache->context, message, size) != 1
	    || EVP_DigestFinal_ex(cache->context, key->digest, NULL) != 1)
		memset(key, 0, sizeof *key);
}

const struct tls_facts *
tls_facts_find(struct tls_facts_cache *cache, const struct tls_chain_key *key, const X509 *leaf)
{
	static const struct tls_chain_key none;
	uint32_t place;

	memcpy(&place, key->digest, sizeof place);
	struct tls_facts **kept = &cache->kept[place % TLS_FACTS_KEPT];
	if (*kept != NULL && memcmp(&(*kept)->key, key, sizeof *key) == 0
	    && memcmp(key, &none, sizeof *key) != 0)
		return *kept;
	struct tls_facts *facts = tls_facts_make(leaf);
	if (facts == NULL)
		return NULL;
	facts->key = *key;
	free(*kept);
	*kept = facts;
	return facts;
}
