/* What the tests of judging certificates share: one court, and handshakes that are judged by it. */
#ifndef TESTS_TLS_TRIALS_H
#define TESTS_TLS_TRIALS_H

#include <signal.h>

#include "tls_peers.h"

static struct court court;

#define DAY COURT_DAY

struct tried {
	struct tls_judgement judgement;
	struct evidence_log log;
};

static enum clock_doubt_cause doubt; /* of our own clock */
static int renewed;                  /* what the certificate before had left */

/* One handshake with this server, judged as if at `now`, which was `before` by the clock that was. */
static inline void
try_at(SSL_CTX *server_context, struct tls_policy *policy, struct tls_settings settings, const char *host, int64_t now,
    int64_t before, struct tried *tried)
{
	struct wire *wire = wire_create("127.0.0.1");
	struct tls_names names = { .host = host };
	SSL *server = court_shake(wire, server_context, policy, &names);

	memset(tried, 0, sizeof *tried);
	if (wire->secured != 1)
		fail_msg("no handshake: %s", wire->reason.text);
	const struct tls_clock clock = { now, before, doubt, renewed };
	tls_judge(wire->stream.tls, &settings, &clock, &tried->log, &tried->judgement);
	SSL_free(server);
	wire_destroy(wire);
}

static inline void
try(SSL_CTX *server, struct tls_settings settings, const char *host, struct tried *tried)
{
	try_at(server, tls_policy_find(court.policies, &settings, TLS_USUAL), settings, host, clock_wall(), clock_wall(), tried);
}

/* What each `verify` makes of a server whose only fault is `code`. */
static inline void
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
static inline SSL_CTX *
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

static inline int
open_court(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* the servers of this test write as they like */
	court_open(&court);
	return 0;
}

static inline int
close_court(void **state)
{
	(void)state;
	court_close(&court);
	return 0;
}

#endif
