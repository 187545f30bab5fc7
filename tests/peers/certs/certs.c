/*
 * certs DIR [FIXTURES]
 *
 * Makes the certificates that the scripted peer shows: ca.pem, which a test trusts, and NAME.pem (chain and key) for
 * each word that a `tls` command may say. They are made anew for every run of the tests, so that "ends in two days"
 * stays true. All are for 127.0.0.1 and mx.test where nothing else is said.
 */
#include <err.h>
#include <errno.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "make.h"

#define OURS "DNS:mx.test,DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,IP:::1"
#define A_YEAR .from = -10, .to = 365
#define TEXT_AND_SIZE(text) .common_name = (text), .common_name_size = sizeof(text) - 1

enum { MANY = 10000, HUGE = 64 * 1024, DEEP = 50, COPIES = 1000 };

static const char *folder;

static void
add_dns_name(GENERAL_NAMES *names, const char *bytes, int size)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, bytes, size);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, name);
}

static void
finish_names(X509 *certificate, GENERAL_NAMES *names)
{
	if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		errx(70, "names");
	GENERAL_NAMES_free(names);
}

/* Short ones: all of them fit into the 100 KiB that a chain may have. */
static void
add_many_names(X509 *certificate)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	char text[16];

	for (int i = 0; i < MANY; i++)
		add_dns_name(names, text, snprintf(text, sizeof text, "n%04d", i));
	finish_names(certificate, names);
}

static void
add_nul_name(X509 *certificate)
{
	static const char evil[] = "mx.test\0.evil.example";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	add_dns_name(names, evil, sizeof evil - 1);
	finish_names(certificate, names);
}

static void
add_odd_names(X509 *certificate)
{
	static const char bidi[] = "mx\xe2\x80\xaetset.example", escape[] = "a\x1b[2Jb\r\nc.example";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	add_dns_name(names, bidi, sizeof bidi - 1);
	add_dns_name(names, escape, sizeof escape - 1);
	finish_names(certificate, names);
}

/* Leaves below the intermediate. Without `names`: as OURS. */
static const struct order leaves[] = {
	{ .name = "good", A_YEAR, .names = OURS },
	{ .name = "ends_10d", .from = -80, .to = 10, .names = OURS },
	{ .name = "ends_2d", .from = -80, .to = 2, .names = OURS },
	{ .name = "expired", .from = -90, .to = -3, .names = OURS },
	{ .name = "not_yet", .from = 3, .to = 90, .names = OURS },
	{ .name = "wrong_name", A_YEAR, .names = "DNS:other.example,IP:127.0.0.99" },
	{ .name = "wrong_eku", A_YEAR, .names = OURS, .purpose = "clientAuth" },
	{ .name = "weak_key", A_YEAR, .names = OURS, .key = KEY_RSA_1024 },
	{ .name = "rsa", A_YEAR, .names = OURS, .key = KEY_RSA_2048 },
	{ .name = "rsa16384", A_YEAR, .names = OURS, .key = KEY_RSA_16384 },
	{ .name = "explicit_ec", A_YEAR, .names = OURS, .key = KEY_EC_EXPLICIT },
	{ .name = "sha1", A_YEAR, .names = OURS, .digest = EVP_sha1 },
	{ .name = "wildcard", A_YEAR, .names = "DNS:*.wild.test" },
	{ .name = "punycode", A_YEAR, .names = "DNS:xn--bcher-kva.test,DNS:mx.test,IP:127.0.0.1" },
	{ .name = "no_names", A_YEAR, .common_name = "mx.test" },
	{ .name = "address_as_dns", A_YEAR, .names = "DNS:127.0.0.1" },
	{ .name = "nul_cn", A_YEAR, .names = OURS, TEXT_AND_SIZE("mx.test\0.evil.example") },
	{ .name = "nul_name", A_YEAR, .twist = add_nul_name },
	{ .name = "odd_names", A_YEAR, TEXT_AND_SIZE("mx\xe2\x80\xaetset\x1b[31m\r\nforged: yes"), .twist = add_odd_names },
	{ .name = "many_names", A_YEAR, .twist = add_many_names },
};

static struct made *
make_ca(const char *name, const struct made *issuer, long to)
{
	struct order order = { .name = name, .from = -1000, .to = to, .is_ca = 1 };

	return make(&order, issuer);
}

static struct made *
make_leaf(const char *name, const struct made *issuer)
{
	struct order order = { .name = name, A_YEAR, .names = OURS };

	return make(&order, issuer);
}

static void
make_huge_name(const struct made *issuer)
{
	char *huge = malloc(HUGE);
	struct order order = { .name = "huge_cn", A_YEAR, .names = OURS, .common_name = huge, .common_name_size = HUGE };

	if (huge == NULL)
		err(71, "malloc");
	memset(huge, 'x', HUGE);
	make_file(folder, "huge_cn", make(&order, issuer), 0);
	free(huge);
}

/* Chains that are wrong as a whole. */
static void
make_chains(const struct made *root, const struct made *intermediate)
{
	struct made *made = make_leaf("copies", intermediate), *above = make_ca("deep 0", root, 1000);
	struct made *stranger = make_ca("Another Root", NULL, 1000), *other;
	char name[32];

	for (int i = 0; i < COPIES; i++)
		make_taller(made, intermediate->chain[0]);
	make_file(folder, "copies", made, made->count);
	for (int i = 1; i < DEEP; i++) {
		snprintf(name, sizeof name, "deep %d", i);
		above = make_ca(name, above, 1000);
	}
	make_file(folder, "deep", make_leaf("deep", above), 0);
	other = make(&(struct order){ .name = "no_intermediate", A_YEAR, .names = OURS,
	    .places = "caIssuers;URI:http://ca.test/intermediate.crt" }, intermediate);
	make_file(folder, "no_intermediate", other, 1);
	make_file(folder, "stranger", make_leaf("stranger", stranger), 0);
	make_file(folder, "self_signed", make_leaf("127.0.0.1", NULL), 1);
	make_file(folder, "expired_issuer", make_leaf("expired_issuer", make_ca("Old Issuer", root, -3)), 0);
	make_file(folder, "leaf_as_issuer", make_leaf("leaf_as_issuer", make_leaf("good", intermediate)), 0);
	other = make(&(struct order){ .name = "all_wrong", .from = -90, .to = -3, .names = "DNS:other.example" }, stranger);
	make_file(folder, "all_wrong", other, 0);
}

/* Two authorities that have signed each other, and no root: again and again. */
static void
make_loop(void)
{
	struct made *a = make_ca("Loop A", NULL, 1000), *b = make_ca("Loop B", a, 1000), *leaf = make_leaf("loop", b);
	X509 *a_by_b = X509_dup(a->chain[0]);

	X509_set_issuer_name(a_by_b, X509_get_subject_name(b->chain[0]));
	if (X509_sign(a_by_b, b->key, EVP_sha256()) <= 0)
		errx(70, "loop");
	leaf->count = 1;
	for (int i = 0; i < 10; i++) {
		make_taller(leaf, b->chain[0]);
		make_taller(leaf, a_by_b);
	}
	make_file(folder, "loop", leaf, leaf->count);
}

static void
make_stapled(const struct made *intermediate)
{
	struct made *revoked = make_leaf("revoked", intermediate), *stapled = make_leaf("stapled", intermediate);

	make_file(folder, "revoked", revoked, 0);
	make_staple(folder, "revoked", revoked, intermediate, V_OCSP_CERTSTATUS_REVOKED);
	make_file(folder, "stapled", stapled, 0);
	make_staple(folder, "stapled", stapled, intermediate, V_OCSP_CERTSTATUS_GOOD);
}

int
main(int argc, char **argv)
{
	struct made *root, *intermediate;

	if (argc < 2)
		errx(64, "usage: certs DIR [FIXTURES]");
	folder = argv[1];
	if (argc > 2)
		make_use_fixtures(argv[2]);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		err(73, "%s", folder);
	root = make_ca("Postwatch Test Root", NULL, 3650);
	intermediate = make_ca("Postwatch Test Intermediate", root, 3000);
	make_file(folder, "ca", root, 1);
	for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
		make_file(folder, leaves[i].name, make(&leaves[i], intermediate), 0);
	make_huge_name(intermediate);
	make_chains(root, intermediate);
	make_loop();
	make_stapled(intermediate);
	return 0;
}
