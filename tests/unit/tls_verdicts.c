/* Certificates of every kind, and what each setting of `verify` makes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>

#include "tls_peers.h"

static struct court court;

#define DAY ((int64_t)24 * 3600 * SECOND)

struct tried {
	struct tls_judgement judgement;
	struct evidence_log log;
};

/* One handshake with this server, judged as if at `now`, which was `before` by the clock that was. */
static void
try_at(SSL_CTX *server_context, struct tls_policy *policy, struct tls_settings settings, const char *host, int64_t now,
    int64_t before, struct tried *tried)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct tls_names names = { .host = host };
	SSL *server = court_shake(wire, server_context, policy, &names);

	memset(tried, 0, sizeof *tried);
	if (wire->secured != 1)
		fail_msg("no handshake: %s", wire->fate.text);
	tls_judge(wire->stream.tls, &settings, now, before, &tried->log, &tried->judgement);
	SSL_free(server);
	wire_destroy(wire);
}

static void
try(SSL_CTX *server, struct tls_settings settings, const char *host, struct tried *tried)
{
	try_at(server, tls_policy_find(court.policies, &settings), settings, host, clock_wall(), clock_wall(), tried);
}

/* What each `verify` makes of a server whose only fault is `code`. */
static void
expect_fault(SSL_CTX *server, const char *host, const char *code, const char *says)
{
	static const enum tls_verify modes[] = { TLS_VERIFY_NONE, TLS_VERIFY_WARN, TLS_VERIFY_CHAIN, TLS_VERIFY_FULL };

	for (size_t i = 0; i < 4; i++) {
		struct tls_settings settings = court.settings;
		struct tried tried;
		char text[EVIDENCE_TEXT_MAX] = "";

		settings.verify = modes[i];
		try(server, settings, host, &tried);
		bool checked = modes[i] != TLS_VERIFY_NONE && (modes[i] != TLS_VERIFY_CHAIN || strcmp(code, "cert_name") != 0);
		bool warned = court_warned(&tried.log, code, text, sizeof text);
		assert_false(tried.judgement.verified);
		assert_string_equal(tried.judgement.outcome, checked ? code : "");
		assert_int_equal(tried.judgement.failed, checked && modes[i] != TLS_VERIFY_WARN);
		assert_int_equal(warned, modes[i] == TLS_VERIFY_WARN);
		if (checked && strstr(tried.judgement.text, says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", tried.judgement.text, says);
		if (warned)
			assert_string_equal(text, tried.judgement.text);
		evidence_log_fini(&tried.log);
	}
	SSL_CTX_free(server);
}

/* A leaf for mx.test by the usual intermediate, sent along. */
static SSL_CTX *
served(struct certificate_spec spec)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };

	if (spec.name == NULL)
		spec.name = "mx.test";
	if (spec.alternatives == NULL)
		spec.alternatives = "DNS:mx.test";
	struct certificate leaf = certificate_make(spec, &court.intermediate);
	SSL_CTX *server = court_server(&leaf, along);
	certificate_free(&leaf);
	return server;
}

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
	    "not for the address 127.0.0.1");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:m*.a.test" }), "mx.a.test", "cert_name", "m*.a");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:*.test" }), "a.mx.test", "cert_name", "*.test");
	/* Only the subject says it: no longer a name. */
	expect_fault(served((struct certificate_spec){ .alternatives = "email:a@b.test" }), "mx.test", "cert_name",
	    "no names");
	expect_fault(served((struct certificate_spec){ .alternatives = "DNS:mx\x1b[31m.test" }), "mx.test", "cert_name",
	    "mx\\x1b[31m.test");
}

/* By the one clock it is past its end, or before its beginning, or near its end: by the other it is not. */
static void
dates_by_a_clock_that_was_set(void **state)
{
	static const struct {
		struct certificate_spec spec;
		int before; /* days */
		const char *outcome;
	} rows[] = {
		{ { .from = -30, .to = -2 }, -40, "" },
		{ { .from = -30, .to = -2 }, -1, "cert_expired" },
		{ { .from = -30, .to = -2 }, 400, "cert_expired" },
		{ { .from = 5, .to = 50 }, 10, "" },
		{ { .from = 5, .to = 50 }, 4, "cert_not_yet_valid" },
		{ { .from = 5, .to = 50 }, -400, "cert_not_yet_valid" },
		{ { .from = -30, .to = 2 }, -400, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SSL_CTX *server = served(rows[i].spec);
		int64_t now = clock_wall();
		struct tried tried;

		try_at(server, tls_policy_find(court.policies, &court.settings), court.settings, "mx.test", now,
		    now + rows[i].before * DAY, &tried);
		assert_string_equal(tried.judgement.outcome, rows[i].outcome);
		assert_int_equal(tried.log.warnings.size == 0, rows[i].outcome[0] == '\0' || tried.judgement.failed);
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
	}
}

static void
dates(void **state)
{
	(void)state;
	expect_fault(served((struct certificate_spec){ .from = -30, .to = -2 }), "mx.test", "cert_expired", "(2 d");
	expect_fault(served((struct certificate_spec){ .from = 5, .to = 50 }), "mx.test", "cert_not_yet_valid", "ahead)");

	struct certificate old = certificate_make((struct certificate_spec){ .name = "Old Intermediate",
	    .organisation = "Postwatch Test", .ca = true, .from = -30, .to = -1 }, &court.root);
	const struct certificate *const along[] = { &old, NULL };
	struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, &old);
	expect_fault(court_server(&leaf, along), "mx.test", "cert_expired",
	    "the issuer's certificate CN=Old Intermediate,O=Postwatch Test expired at ");
	certificate_free(&old);
	certificate_free(&leaf);
}

static void
ends_that_come_near(void **state)
{
	static const struct {
		int leaf, intermediate;
		const char *code;
		const char *says;
	} rows[] = {
		{ 90, 90, NULL, NULL },
		{ 22, 90, NULL, NULL },
		{ 21, 90, "cert_expires_21d", "the certificate ends at " },
		{ 4, 90, "cert_expires_21d", "left)" },
		{ 3, 90, "cert_expires_3d", "left)" },
		{ 1, 90, "cert_expires_3d", "left)" },
		{ 90, 10, "cert_expires_21d", "the issuer's certificate CN=Short ends at " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct certificate issuer = certificate_make((struct certificate_spec){ .name = "Short", .ca = true, .from = -1,
		    .to = rows[i].intermediate }, &court.root);
		const struct certificate *const along[] = { &issuer, NULL };
		struct certificate leaf = certificate_make((struct certificate_spec){ .name = "mx.test", .from = -1,
		    .alternatives = "DNS:mx.test", .to = rows[i].leaf }, &issuer);
		SSL_CTX *server = court_server(&leaf, along);
		struct tried tried;
		char text[EVIDENCE_TEXT_MAX] = "";

		try(server, court.settings, "mx.test", &tried);
		assert_true(tried.judgement.verified);
		assert_false(tried.judgement.failed);
		if (rows[i].code == NULL)
			assert_int_equal(tried.log.warnings.size, 0);
		else if (!court_warned(&tried.log, rows[i].code, text, sizeof text) || strstr(text, rows[i].says) == NULL)
			fail_msg("row %zu: \"%s\"", i, text);
		evidence_log_fini(&tried.log);
		SSL_CTX_free(server);
		certificate_free(&issuer);
		certificate_free(&leaf);
	}
}

static void
thresholds_are_exact(void **state)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	static const struct {
		int64_t left; /* microseconds */
		const char *code;
	} rows[] = {
		{ 21 * DAY + 1, NULL }, { 21 * DAY, "cert_expires_21d" }, { 3 * DAY + 1, "cert_expires_21d" },
		{ 3 * DAY, "cert_expires_3d" }, { 1, "cert_expires_3d" },
	};
	SSL_CTX *server = court_server(&court.leaf, along);
	struct tls_policy *policy = tls_policy_find(court.policies, &court.settings);
	struct tried tried;
	int64_t end;

	(void)state;
	assert_true(tls_time(X509_get0_notAfter(court.leaf.x509), &end));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		try_at(server, policy, court.settings, "mx.test", end - rows[i].left, end - rows[i].left, &tried);
		assert_true(tried.judgement.verified);
		assert_int_equal(court_warned(&tried.log, "cert_expires_21d", NULL, 0),
		    rows[i].code != NULL && strcmp(rows[i].code, "cert_expires_21d") == 0);
		assert_int_equal(court_warned(&tried.log, "cert_expires_3d", NULL, 0),
		    rows[i].code != NULL && strcmp(rows[i].code, "cert_expires_3d") == 0);
		evidence_log_fini(&tried.log);
	}
	try_at(server, policy, court.settings, "mx.test", end, end, &tried);
	assert_string_equal(tried.judgement.outcome, "cert_expired");
	assert_int_equal(tried.log.warnings.size, 0);
	evidence_log_fini(&tried.log);
	SSL_CTX_free(server);
}

static void
chains_that_do_not_hold(void **state)
{
	struct certificate other = certificate_make((struct certificate_spec){ .name = "Other Root", .ca = true }, NULL);
	struct certificate by_other = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, &other);
	struct certificate self = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test" }, NULL);
	struct certificate far = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test", .issuers = "caIssuers;URI:http://ca.test/i.der" }, &other);
	const struct certificate *const with_root[] = { &other, NULL };

	(void)state;
	expect_fault(court_server(&by_other, NULL), "mx.test", "cert_untrusted", "the issuer is not trusted: CN=Other Root");
	expect_fault(court_server(&by_other, with_root), "mx.test", "cert_untrusted", "CN=Other Root");
	expect_fault(court_server(&self, NULL), "mx.test", "cert_self_signed", "self-signed: CN=mx.test");
	/* The organisation of an authority that we trust, or a place where to fetch the issuer. */
	expect_fault(court_server(&court.leaf, NULL), "mx.test", "cert_missing_intermediate", "CN=Intermediate");
	expect_fault(court_server(&far, NULL), "mx.test", "cert_missing_intermediate", "CN=Other Root");
	certificate_free(&other);
	certificate_free(&by_other);
	certificate_free(&self);
	certificate_free(&far);
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
	expect_fault(served((struct certificate_spec){ .usage = "clientAuth" }), "mx.test", "cert_purpose", "certificate");
	expect_fault(court_server(&leaf, along), "mx.test", "cert_invalid", "invalid CA certificate");
	/* Weak is weak also where the context has to take what is old. */
	SSL_CTX *old = served((struct certificate_spec){ .rsa_bits = 1024 });
	struct tried tried;
	SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
	try_at(old, tls_policy_legacy(court.policies, &court.settings), court.settings, "mx.test", clock_wall(), clock_wall(), &tried);
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

static int
open_court(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* the servers of this test write as they like */
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
		cmocka_unit_test(a_good_one_holds),
		cmocka_unit_test(names_that_do_not_match),
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_by_a_clock_that_was_set),
		cmocka_unit_test(ends_that_come_near),
		cmocka_unit_test(thresholds_are_exact),
		cmocka_unit_test(chains_that_do_not_hold),
		cmocka_unit_test(weak_or_misused),
		cmocka_unit_test(of_several_faults_the_gravest_decides),
		cmocka_unit_test(facts_of_many_keys),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
