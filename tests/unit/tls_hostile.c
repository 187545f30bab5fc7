/* Servers that mean harm: floods inside TLS, chains and parameters beyond every need, names made of anything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <signal.h>

#include "tls_peers.h"

static struct court court;
static const struct tls_names names = { .host = "mx.test", .sni = "mx.test" };

static struct tls_policy *
usual_policy(void)
{
	return tls_policy_find(court.policies, &court.settings, TLS_USUAL);
}

/* One handshake with this server, which has to fail; the context is given up. */
static void
expect_failure(SSL_CTX *context, const char *outcome, const char *says)
{
	struct wire *wire = wire_create("127.0.0.1");
	SSL *server = court_shake(wire, context, usual_policy(), &names);

	assert_int_equal(wire->secured, 0);
	assert_int_equal(wire->reason.end, STREAM_TLS_FAILED);
	if (strcmp(wire->reason.outcome, outcome) != 0 || strstr(wire->reason.text, says) == NULL)
		fail_msg("%s: %s", wire->reason.outcome, wire->reason.text);
	SSL_free(server);
	SSL_CTX_free(context);
	wire_destroy(wire);
}

/* The server does `harm` again and again until the stream gives up. */
static void
expect_abuse(int version, void (*harm)(SSL *), const char *says)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	SSL_CTX *context = court_server(&court.leaf, along);
	struct wire *wire = wire_create("127.0.0.1");

	SSL_CTX_set_max_proto_version(context, version);
	SSL *server = court_shake(wire, context, usual_policy(), &names);
	assert_int_equal(wire->secured, 1);
	for (int i = 0; wire->ended == 0; i++) {
		if (i > 20000)
			fail_msg("20,000 times and no end");
		harm(server);
		if (i % 16 == 0)
			ev_run(wire->loop, EVRUN_NOWAIT);
	}
	assert_int_equal(wire->reason.end, STREAM_TLS_FAILED);
	if (strcmp(wire->reason.outcome, "tls_abuse") != 0 || strstr(wire->reason.text, says) == NULL)
		fail_msg("%s: %s", wire->reason.outcome, wire->reason.text);
	assert_true(wire->size < 64 * 1024);
	SSL_free(server);
	SSL_CTX_free(context);
	wire_destroy(wire);
}

/* A record that is damaged on its way says nothing about keys and groups, which are agreed. */
static void
a_damaged_record_is_no_matter_of_parameters(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	static const char *const ciphers[] = { "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305" };
	const struct certificate *const along[] = { &court.intermediate, NULL };

	(void)state;
	for (size_t i = 0; i < 2 * 3; i++) {
		SSL_CTX *context = court_server(&court.leaf, along);
		struct wire *wire = wire_create("127.0.0.1");
		char record[5 + 64] = "\x17\x03\x03\x00\x40";

		SSL_CTX_set_max_proto_version(context, versions[i % 2]);
		assert_int_equal(SSL_CTX_set_cipher_list(context, ciphers[i / 2]), 1);
		SSL *server = court_shake(wire, context, usual_policy(), &names);
		assert_int_equal(wire->secured, 1);
		memset(record + 5, 0x5a, 64);
		assert_int_equal(send(wire->peer, record, sizeof record, 0), (int)sizeof record);
		wire_until(wire, &wire->ended, 1);
		assert_int_equal(wire->reason.end, STREAM_TLS_FAILED);
		if (strcmp(wire->reason.outcome, "tls_failed") != 0 || wire->reason.may_be_outdated
		    || strstr(wire->reason.text, "cannot be decrypted") == NULL)
			fail_msg("%zu: %s: %s", i, wire->reason.outcome, wire->reason.text);
		SSL_free(server);
		SSL_CTX_free(context);
		wire_destroy(wire);
	}
}

static void
send_ticket(SSL *server)
{
	SSL_new_session_ticket(server);
	SSL_do_handshake(server);
}

static void
update_key(SSL *server)
{
	SSL_key_update(server, SSL_KEY_UPDATE_NOT_REQUESTED);
	SSL_do_handshake(server);
}

static void
update_both_keys(SSL *server)
{
	char bytes[64];

	SSL_key_update(server, SSL_KEY_UPDATE_REQUESTED);
	SSL_do_handshake(server);
	SSL_read(server, bytes, sizeof bytes);
}

static void
ask_to_renegotiate(SSL *server)
{
	char bytes[64];

	SSL_renegotiate(server);
	SSL_do_handshake(server);
	SSL_read(server, bytes, sizeof bytes);
}

static void
send_one_byte(SSL *server)
{
	SSL_write(server, "x", 1);
}

static void
floods(void **state)
{
	(void)state;
	expect_abuse(TLS1_3_VERSION, send_ticket, "handshake messages");
	expect_abuse(TLS1_3_VERSION, update_key, "");
	expect_abuse(TLS1_3_VERSION, update_both_keys, "");
	expect_abuse(TLS1_3_VERSION, send_one_byte, "records");
	expect_abuse(TLS1_2_VERSION, send_one_byte, "records");
	expect_abuse(TLS1_2_VERSION, ask_to_renegotiate, "");
}

/* Raw records in place of a handshake: the same one for ever. */
static void
expect_raw_abuse(const char *bytes, size_t size)
{
	struct wire *wire = wire_create("127.0.0.1");

	wire_begin(wire);
	stream_secure(&wire->stream, usual_policy(), &names);
	for (int i = 0; wire->ended == 0; i++) {
		assert_true(i < 100000);
		if (send(wire->peer, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 || i % 64 == 0)
			ev_run(wire->loop, EVRUN_NOWAIT);
	}
	if (wire->reason.end != STREAM_TLS_FAILED || strcmp(wire->reason.outcome, "tls_abuse") != 0)
		fail_msg("%d %s", wire->reason.end, wire->reason.text);
	wire_destroy(wire);
}

static void
floods_before_the_handshake(void **state)
{
	(void)state;
	expect_raw_abuse("\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9); /* HelloRequest: to be ignored, and again */
	expect_raw_abuse("\x15\x03\x03\x00\x02\x01\x5a", 7);         /* a warning */
	expect_raw_abuse("\x16\x03\x03\x00\x00", 5);                 /* an empty record */
}

static void
chains_without_end(void **state)
{
	struct certificate issuers[14];
	const struct certificate *along[15] = { NULL };
	const struct certificate *issuer = &court.root;

	(void)state;
	for (int i = 0; i < 14; i++) {
		issuers[i] = certificate_make((struct certificate_spec){ .name = "Link", .ca = true }, issuer);
		issuer = &issuers[i];
	}
	struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, issuer);
	for (int i = 0; i < 14; i++)
		along[i] = &issuers[13 - i];
	expect_failure(court_server(&leaf, along), "cert_chain_limit", "longer than");
	for (int i = 0; i < 14; i++) /* the same one, again and again */
		along[i] = &issuers[0];
	expect_failure(court_server(&leaf, along), "cert_chain_limit", "longer than");
	for (int i = 0; i < 14; i++)
		certificate_free(&issuers[i]);
	certificate_free(&leaf);
}

/* A certificate with so many names that it takes about `kibibytes`. */
static struct certificate
large_certificate(size_t kibibytes)
{
	size_t room = kibibytes * 1024, size = 0;
	char *all = malloc(room + 64);

	for (int i = 0; size < room; i++)
		size += (size_t)snprintf(all + size, room + 64 - size, "%sDNS:n%d.test", i == 0 ? "" : ",", i);
	struct certificate made = certificate_make((struct certificate_spec){ .name = "mx.test", .alternatives = all },
	    &court.intermediate);
	free(all);
	return made;
}

static void
chains_of_too_many_bytes(void **state)
{
	struct certificate large = large_certificate(250);

	(void)state;
	expect_failure(court_server(&large, NULL), "cert_chain_limit", "larger than 100 KiB");
	certificate_free(&large);
}

static EVP_PKEY *
key_of(const char *type, const char *first, const BIGNUM *a, const char *second, const BIGNUM *b)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	OSSL_PARAM_BLD_push_BN(build, first, a);
	OSSL_PARAM_BLD_push_BN(build, second, b);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, strcmp(type, "DH") == 0 ? EVP_PKEY_KEY_PARAMETERS
	    : EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	return key;
}

static void
a_key_of_16384_bits(void **state)
{
	BIGNUM *modulus = BN_new(), *exponent = BN_new();

	(void)state;
	/* Nobody has the other half of it: it stands in the chain, and there it has to be met. */
	BN_rand(modulus, 16384, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	BN_set_word(exponent, 65537);
	EVP_PKEY *key = key_of("RSA", OSSL_PKEY_PARAM_RSA_N, modulus, OSSL_PKEY_PARAM_RSA_E, exponent);
	struct certificate large = { X509_dup(court.intermediate.x509), key };
	X509_set_pubkey(large.x509, key);
	X509_sign(large.x509, court.root.key, EVP_sha256());
	const struct certificate *const along[] = { &large, NULL };
	expect_failure(court_server(&court.leaf, along), "tls_params", "larger than 8192 bits");
	certificate_free(&large);
	BN_free(modulus);
	BN_free(exponent);
}

static void
a_group_of_9000_bits(void **state)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test", .rsa_bits = 2048,
	    .alternatives = "DNS:mx.test" }, &court.intermediate);
	SSL_CTX *context = court_server(&leaf, along);
	BIGNUM *prime = BN_new(), *generator = BN_new();

	(void)state;
	BN_rand(prime, 9000, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD); /* nobody looks whether it is one */
	BN_set_word(generator, 2);
	EVP_PKEY *group = key_of("DH", OSSL_PKEY_PARAM_FFC_P, prime, OSSL_PKEY_PARAM_FFC_G, generator);
	assert_int_equal(SSL_CTX_set0_tmp_dh_pkey(context, group), 1);
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(context, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"), 1);
	expect_failure(context, "tls_params", "larger than 8192 bits");
	certificate_free(&leaf);
	BN_free(prime);
	BN_free(generator);
}

static void
a_curve_without_a_name(void **state)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	char group[] = "P-256", encoding[] = "explicit";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, encoding, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(context, params), 1);
	assert_int_equal(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	struct certificate odd = certificate_make((struct certificate_spec){ .name = "Intermediate", .ca = true,
	    .organisation = "Postwatch Test", .key = key }, &court.root);
	const struct certificate *const along[] = { &odd, NULL };
	expect_failure(court_server(&court.leaf, along), "tls_params", "without a name");
	certificate_free(&odd);
	EVP_PKEY_free(key);
}

static void
names_of_anything(void **state)
{
	static const char nul_name[] = "mx.test\0.evil.test";
	struct certificate leaf = large_certificate(90);
	GENERAL_NAMES *odd = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	struct evidence_log log = { 0 };
	struct tls_facts *facts = tls_facts_make(leaf.x509);

	(void)state;
	assert_true(facts->names.size <= 1024);
	assert_memory_equal(facts->names.data + facts->names.size - 5, " more", 5);
	tls_facts_add(facts, &log);
	evidence_log_fini(&log);
	free(facts);
	certificate_free(&leaf);

	/* A NUL in a name ends nothing: it is not mx.test. */
	leaf = certificate_make((struct certificate_spec){ .name = "x" }, &court.intermediate);
	ASN1_STRING_set(value, nul_name, sizeof nul_name - 1);
	GENERAL_NAME_set0_value(name, GEN_DNS, value);
	sk_GENERAL_NAME_push(odd, name);
	assert_int_equal(X509_add1_ext_i2d(leaf.x509, NID_subject_alt_name, odd, 0, X509V3_ADD_DEFAULT), 1);
	char long_name[65];
	memset(long_name, '\x1b', 64);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf.x509), "O", V_ASN1_UTF8STRING,
	    (unsigned char *)long_name, 64, -1, 0);
	assert_true(X509_sign(leaf.x509, court.intermediate.key, EVP_sha256()) > 0);
	const struct certificate *const along[] = { &court.intermediate, NULL };
	SSL_CTX *context = court_server(&leaf, along);
	struct wire *wire = wire_create("127.0.0.1");
	SSL *server = court_shake(wire, context, usual_policy(), &names);
	struct tls_judgement judgement;
	assert_int_equal(wire->secured, 1);
	tls_judge(wire->stream.tls, &court.settings, &(struct tls_clock){ clock_wall(), clock_wall(), CLOCK_BELIEVED, 0 }, &log, &judgement);
	assert_string_equal(judgement.outcome, "cert_name");
	assert_non_null(strstr(judgement.text, "mx.test\\x00.evil.test"));
	assert_null(strchr(judgement.text, '\x1b'));
	struct pw_bytes shown = court_fact(&log, "cert_names");
	assert_int_equal(shown.size, sizeof nul_name - 1);
	evidence_log_fini(&log);
	SSL_free(server);
	SSL_CTX_free(context);
	wire_destroy(wire);
	GENERAL_NAMES_free(odd);
	certificate_free(&leaf);
}

static int
open_court(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	court_open(&court);
	return 0;
}

static int
close_court(void **state)
{
	(void)state;
	court_close(&court);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_damaged_record_is_no_matter_of_parameters),
		cmocka_unit_test(floods),
		cmocka_unit_test(floods_before_the_handshake),
		cmocka_unit_test(chains_without_end),
		cmocka_unit_test(chains_of_too_many_bytes),
		cmocka_unit_test(a_key_of_16384_bits),
		cmocka_unit_test(a_group_of_9000_bits),
		cmocka_unit_test(a_curve_without_a_name),
		cmocka_unit_test(names_of_anything),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
