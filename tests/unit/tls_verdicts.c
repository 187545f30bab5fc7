/* Certificates of every kind, and what each setting of `verify` makes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tls_trials.h"

static void
a_good_one_holds(void **state)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	SSL_CTX *server = court_server(&court.leaf, along);
	struct tried tried;

	(void)state;
	try(server, court.settings, "mx.test", &tried);
	assert_true(tried.judgement.verified);
	assert_false(tried.judgement.failed);
	assert_string_equal(tried.judgement.outcome, "");
	assert_string_equal(tried.judgement.version, "TLSv1.3");
	assert_int_equal(tried.log.warnings.size, 0);
	assert_fact(&tried.log, "tls_version", "TLSv1.3");
	assert_fact(&tried.log, "tls_cipher", "TLS_AES_256_GCM_SHA384");
	assert_fact(&tried.log, "cert_subject", "CN=mx.test");
	assert_fact(&tried.log, "cert_issuer", "CN=Intermediate,O=Postwatch Test");
	assert_fact(&tried.log, "cert_names", "mx.test, *.wild.test, 127.0.0.1");
	assert_fact(&tried.log, "cert_key", "ECDSA P-256");
	assert_int_equal(court_fact(&tried.log, "cert_fingerprint").size, 95);
	struct pw_bytes ends = court_fact(&tried.log, "cert_not_after");
	assert_int_equal(ends.size, 20);
	assert_memory_equal(court_fact(&tried.log, "cert_chain_ends").data, ends.data, 20);
	evidence_log_fini(&tried.log);

	static const char *const fine[] = { "mx.test.", "a.wild.test", "127.0.0.1", "MX.TEST" };
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		try(server, court.settings, fine[i], &tried);
		if (!tried.judgement.verified)
			fail_msg("%s: %s", fine[i], tried.judgement.text);
		evidence_log_fini(&tried.log);
	}
	SSL_CTX_free(server);
}

static void
names_that_do_not_match(void **state)
{
	(void)state;
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:a.test,DNS:b.test" }), "mx.test", "cert_name",
	    "the certificate is for a.test, b.test, not for mx.test");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:mx.test,IP:127.0.0.2" }), "127.0.0.1", "cert_name",
	    "the certificate is for mx.test, 127.0.0.2, not for the address 127.0.0.1");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:mx.test" }), "127.0.0.1", "cert_name",
	    "the certificate is for DNS names alone, mx.test, not for the address 127.0.0.1");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:127.0.0.1" }), "127.0.0.1", "cert_name",
	    "not for the address 127.0.0.1, which stands there as a DNS name and has to stand as an address");
	expect_fault(served((struct certificate_spec){ .alternatives = "IP:127.0.0.1" }), "mx.test", "cert_name",
	    "the certificate is for addresses alone, 127.0.0.1, not for mx.test");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:m*.a.test" }), "mx.a.test", "cert_name", "m*.a");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:*.test" }), "a.mx.test", "cert_name", "*.test");
	/* Only the subject says it: no longer a name. */
	expect_fault(served((struct certificate_spec){ .alternatives = "email:a@b.test" }), "mx.test", "cert_name",
	    "only names of other kinds");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:mx\x1b[31m.test" }), "mx.test", "cert_name",
	    "mx\\x1b[31m.test");
}

/* A leaf by an authority of that name and house, which an unknown root signed, and what is sent along with it. */
static SSL_CTX *
gap(struct certificate_spec issuer, const char *policies, bool send_issuer, bool send_root)
{
	struct certificate root = certificate_make((struct certificate_spec){ .name = "Elsewhere Root", .ca = true }, NULL);
	issuer.ca = true;
	struct certificate above = certificate_make(issuer, &root);
	struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test", .alternatives = "DNS:mx.test",
	    .policies = policies, .issuers = "caIssuers;URI:ldap://ca.test/x" }, &above);
	const struct certificate *along[3] = { NULL }, **last = along;

	if (send_issuer)
		*last++ = &above;
	if (send_root)
		*last++ = &root;
	SSL_CTX *server = court_server(&leaf, along);
	certificate_free(&leaf);
	certificate_free(&above);
	certificate_free(&root);
	return server;
}

/* An issuer that is neither sent nor trusted was left out, or is an authority that nobody here trusts. */
static void
gaps_above_a_chain(void **state)
{
	static const char left_out[] = "the server does not send the intermediate certificate CN=";
	static const char either[] = " is neither sent nor trusted: left out, or a private authority";

	(void)state;
	expect_fault(gap((struct certificate_spec){ .name = "Corp Issuing CA" }, NULL, true, false), "mx.test", "cert_untrusted",
	    "the issuer is not trusted: CN=Elsewhere Root");
	expect_fault(gap((struct certificate_spec){ .name = "Corp Issuing CA" }, NULL, true, true), "mx.test", "cert_untrusted",
	    "the chain is whole and its root is not trusted: CN=Elsewhere Root");
	expect_fault(gap((struct certificate_spec){ .name = "Corp CA" }, NULL, false, false), "mx.test", "cert_untrusted", either);
	expect_fault(gap((struct certificate_spec){ .name = "Corp CA" }, NULL, false, true), "mx.test",
	    "cert_missing_intermediate", left_out);
	expect_fault(gap((struct certificate_spec){ .name = "Corp CA" }, "2.23.140.1.2.1", false, false), "mx.test",
	    "cert_missing_intermediate", left_out);
	expect_fault(gap((struct certificate_spec){ .name = "Corp CA" }, "1.2.3.4", false, false), "mx.test", "cert_untrusted",
	    either);
	expect_fault(gap((struct certificate_spec){ .name = "Corp Issuing CA" }, NULL, false, false), "mx.test",
	    "cert_missing_intermediate", left_out);
	expect_fault(gap((struct certificate_spec){ .name = "E1", .organisation = "Postwatch Test" }, NULL, false, false), "mx.test",
	    "cert_missing_intermediate", either);
	expect_fault(gap((struct certificate_spec){ .name = "Old Root", .organisation = "Postwatch Test" }, NULL, false, false),
	    "mx.test", "cert_untrusted", either);
}

static void
chains_that_do_not_hold(void **state)
{
	struct certificate other = certificate_make((struct certificate_spec){ .name = "Other Root", .ca = true }, NULL);
	struct certificate by_other = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, &other);
	struct certificate self = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, NULL);
	const struct certificate *const with_root[] = { &other, NULL };

	(void)state;
	expect_fault(court_server(&by_other, NULL), "mx.test", "cert_untrusted", "the issuer CN=Other Root is neither sent");
	expect_fault(court_server(&by_other, with_root), "mx.test", "cert_untrusted", "CN=Other Root");
	expect_fault(court_server(&self, NULL), "mx.test", "cert_self_signed", "self-signed: CN=mx.test");
	expect_fault(court_server(&court.leaf, NULL), "mx.test", "cert_missing_intermediate", "CN=Intermediate");
	certificate_free(&other);
	certificate_free(&by_other);
	certificate_free(&self);
}

static void
weak_or_misused(void **state)
{
	struct certificate no_ca = certificate_make((struct certificate_spec){ .name = "No Authority" }, &court.root);
	struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, &no_ca);
	const struct certificate *const along[] = { &no_ca, NULL };

	(void)state;
	expect_fault(served((struct certificate_spec){ .rsa_bits = 1024 }), "mx.test", "cert_weak_key", "1024 bits");
	expect_fault(served((struct certificate_spec){ .digest = EVP_sha1() }), "mx.test", "cert_weak_signature",
	    "ecdsa-with-SHA1");
	expect_fault(served((struct certificate_spec){ .usage = "clientAuth" }), "mx.test", "cert_purpose",
	    "the certificate is made for clientAuth, not for serverAuth");
	expect_fault(served((struct certificate_spec){ .usage = "emailProtection,1.2.3.4" }), "mx.test", "cert_purpose",
	    "emailProtection, 1.2.3.4");
	expect_fault(served((struct certificate_spec){ .key_usage = "keyCertSign" }), "mx.test", "cert_purpose", "key usage");
	expect_fault(court_server(&leaf, along), "mx.test", "cert_invalid", "invalid CA certificate");
	/* Weak is weak also where the context has to take what is old. */
	SSL_CTX *old = served((struct certificate_spec){ .rsa_bits = 1024 });
	struct tried tried;
	SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
	try_at(old, tls_policy_find(court.policies, &court.settings, TLS_LEGACY), court.settings, "mx.test", clock_wall(), clock_wall(), &tried);
	assert_string_equal(tried.judgement.outcome, "cert_weak_key");
	evidence_log_fini(&tried.log);
	SSL_CTX_free(old);
	certificate_free(&no_ca);
	certificate_free(&leaf);
}

static void
of_several_faults_the_gravest_decides(void **state)
{
	struct certificate self = certificate_make((struct certificate_spec){ .name = "old.test",
	    .alternatives = "DNS:old.test", .from = -9, .to = -2 }, NULL);
	SSL_CTX *server = court_server(&self, NULL);
	struct tls_settings settings = court.settings;
	struct tried tried;

	(void)state;
	settings.verify = TLS_VERIFY_WARN;
	try(server, settings, "mx.test", &tried);
	assert_string_equal(tried.judgement.outcome, "cert_expired");
	assert_true(court_warned(&tried.log, "cert_expired", NULL, 0));
	assert_true(court_warned(&tried.log, "cert_name", NULL, 0));
	assert_true(court_warned(&tried.log, "cert_self_signed", NULL, 0));
	assert_false(court_warned(&tried.log, "cert_untrusted", NULL, 0));
	evidence_log_fini(&tried.log);
	SSL_CTX_free(server);
	certificate_free(&self);
}

static void
facts_of_many_keys(void **state)
{
	struct tried tried;
	SSL_CTX *server = served((struct certificate_spec){ .rsa_bits = 2048 });

	(void)state;
	for (int i = 0; i < 2; i++) { /* made, then kept */
		try(server, court.settings, "mx.test", &tried);
		assert_true(tried.judgement.verified);
		assert_fact(&tried.log, "cert_key", "RSA 2048");
		evidence_log_fini(&tried.log);
	}
	SSL_CTX_free(server);
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	server = served((struct certificate_spec){ .key = key });
	try(server, court.settings, "mx.test", &tried);
	assert_true(tried.judgement.verified);
	assert_fact(&tried.log, "cert_key", "Ed25519");
	evidence_log_fini(&tried.log);
	SSL_CTX_free(server);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_holds),
		cmocka_unit_test(names_that_do_not_match),
		cmocka_unit_test(chains_that_do_not_hold),
		cmocka_unit_test(gaps_above_a_chain),
		cmocka_unit_test(weak_or_misused),
		cmocka_unit_test(of_several_faults_the_gravest_decides),
		cmocka_unit_test(facts_of_many_keys),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
