/* OCSP answers that a server sends along: a revocation counts if it is signed by who may say so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/ocsp.h>
#include <signal.h>

#include "tls_peers.h"

static struct court court;

/* What the server staples. */
static unsigned char *staple;
static int staple_size;

static int
on_staple(SSL *ssl, void *unused)
{
	(void)unused;
	SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(staple, (size_t)staple_size), staple_size);
	return SSL_TLSEXT_ERR_OK;
}

/* An OCSP answer about `about`, issued by the usual intermediate, signed by `signer`. */
static void
make_staple(const struct certificate *about, int status, const struct certificate *signer)
{
	OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), about->x509, court.intermediate.x509);
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *next = X509_gmtime_adj(NULL, 3600);

	OCSP_basic_add1_status(answer, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, now, now, next);
	assert_int_equal(OCSP_basic_sign(answer, signer->x509, signer->key, EVP_sha256(), NULL, 0), 1);
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
	OPENSSL_free(staple);
	staple = NULL;
	staple_size = i2d_OCSP_RESPONSE(response, &staple);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(answer);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
}

static SSL_CTX *
stapling_server(void)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	SSL_CTX *server = court_server(&court.leaf, along);

	SSL_CTX_set_tlsext_status_cb(server, on_staple);
	return server;
}

static void
expect(const char *outcome)
{
	const struct tls_names names = { .host = "mx.test" };
	struct wire *wire = wire_create("127.0.0.1");
	SSL_CTX *context = stapling_server();
	SSL *server = court_shake(wire, context, tls_policy_find(court.policies, &court.settings, TLS_USUAL), &names);
	struct tls_judgement judgement;
	struct evidence_log log = { 0 };

	assert_int_equal(wire->secured, 1);
	tls_judge(wire->stream.tls, &court.settings, &(struct tls_clock){ clock_wall(), clock_wall(), CLOCK_BELIEVED, 0 }, &log, &judgement);
	assert_string_equal(judgement.outcome, outcome);
	assert_int_equal(judgement.failed, outcome[0] != '\0');
	evidence_log_fini(&log);
	SSL_free(server);
	SSL_CTX_free(context);
	wire_destroy(wire);
}

static void
a_revocation_counts(void **state)
{
	(void)state;
	make_staple(&court.leaf, V_OCSP_CERTSTATUS_REVOKED, &court.intermediate);
	expect("cert_revoked");
	OPENSSL_free(staple);
	staple = NULL;
}

/* Good; about another certificate; signed by nobody who may; rubbish; and cut. */
static void
all_else_is_nothing(void **state)
{
	struct certificate other = certificate_make((struct certificate_spec){ .name = "mx2.test" }, &court.intermediate);

	(void)state;
	for (int i = 0; i < 5; i++) {
		make_staple(i == 1 ? &other : &court.leaf, i == 0 ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_REVOKED,
		    i == 2 ? &other : &court.intermediate);
		if (i == 3)
			memset(staple, 0xff, (size_t)staple_size);
		if (i == 4)
			staple_size /= 2;
		expect("");
	}
	OPENSSL_free(staple);
	staple = NULL;
	certificate_free(&other);
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
		cmocka_unit_test(a_revocation_counts),
		cmocka_unit_test(all_else_is_nothing),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
