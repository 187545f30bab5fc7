/* What the tests of TLS share: an authority, a configuration that trusts it, and a server at the other end of a wire. */
#ifndef TESTS_TLS_PEERS_H
#define TESTS_TLS_PEERS_H

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include "certificates.h"
#include "wires.h"
#include "base/clock.h"
#include "prober/tls_judge.h"
#include "prober/tls_private.h"

#define COURT_DAY ((int64_t)24 * 3600 * SECOND)

struct court {
	struct certificate root, intermediate, leaf; /* of mx.test, by the intermediate */
	char ca_file[256];
	struct tls_settings settings;
	struct policy policy;
	struct target target;
	struct config config;
	struct tls_policies *policies;
};

static inline void
court_open(struct court *court)
{
	const char *folder = getenv("TMPDIR");

	memset(court, 0, sizeof *court);
	court->root = certificate_make((struct certificate_spec){ .name = "Root", .organisation = "Postwatch Test",
	    .ca = true, .to = 3650, .from = -1 }, NULL);
	court->intermediate = certificate_make((struct certificate_spec){ .name = "Intermediate",
	    .organisation = "Postwatch Test", .ca = true, .to = 365, .from = -1 }, &court->root);
	court->leaf = certificate_make((struct certificate_spec){ .name = "mx.test",
	    .alternatives = "DNS:mx.test,DNS:*.wild.test,IP:127.0.0.1" }, &court->intermediate);
	snprintf(court->ca_file, sizeof court->ca_file, "%s/root.%d.pem", folder != NULL ? folder : "/tmp", (int)getpid());
	certificate_write(&court->root, court->ca_file);
	court->settings = (struct tls_settings){ .mode = PW_TLS_REQUIRE, .verify = TLS_VERIFY_FULL,
		.ca_file = court->ca_file, .min_version = TLS1_2_VERSION,
		.cert_warn = { [CERT_SOON] = { 21 * COURT_DAY, 25 }, [CERT_URGENT] = { 3 * COURT_DAY, 10 } } };
	court->policy = (struct policy){ .tls = &court->settings };
	court->target = (struct target){ .name = "mx", .host = "mx.test", .policy = &court->policy };
	court->config = (struct config){ .targets = &court->target, .target_count = 1 };
	struct reason why = { "" };
	court->policies = tls_policies_create(&court->config, NULL, &why);
	if (court->policies == NULL)
		fail_msg("%s", why.text);
}

static inline void
court_close(struct court *court)
{
	tls_policies_destroy(&court->policies);
	certificate_free(&court->root);
	certificate_free(&court->intermediate);
	certificate_free(&court->leaf);
	unlink(court->ca_file);
}

/* A context for a server with this certificate; then certificates to send along, the list ended by NULL. */
static inline SSL_CTX *
court_server(const struct certificate *leaf, const struct certificate *const *along)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
	assert_int_equal(SSL_CTX_use_certificate(context, leaf->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, leaf->key), 1);
	for (; along != NULL && *along != NULL; along++)
		assert_int_equal(SSL_CTX_add1_chain_cert(context, (*along)->x509), 1);
	return context;
}

/* One step of the server, then of the loop, until `*what` is reached or the stream ends. */
static inline void
court_turn_until(struct wire *wire, SSL *server, int (*step)(SSL *), const int *what, int wanted)
{
	int64_t end = clock_mono() + 20 * SECOND;
	bool going = true;

	while (*what < wanted && wire->ended == 0) {
		ERR_clear_error();
		if (going && step != NULL) {
			int said = SSL_get_error(server, step(server));
			going = said == SSL_ERROR_WANT_READ || said == SSL_ERROR_WANT_WRITE;
		}
		wire_turn(wire);
		struct pollfd both[2] = { { wire->stream.fd, POLLIN, 0 }, { wire->peer, POLLIN, 0 } };
		if (*what < wanted && wire->ended == 0)
			poll(both, 2, 10);
		assert_true(clock_mono() < end);
	}
	wire_turn(wire);
}

/* Connects, and begins TLS on both sides; nothing has been said yet. */
static inline SSL *
court_meet(struct wire *wire, SSL_CTX *context, struct tls_policy *policy, const struct tls_names *names)
{
	wire_begin(wire);
	assert_int_equal(fcntl(wire->peer, F_SETFL, O_NONBLOCK), 0);
	SSL *server = SSL_new(context);
	SSL_set_fd(server, wire->peer);
	stream_secure(&wire->stream, policy, names);
	return server;
}

/* The whole handshake, to its end or its failure. The server is the caller's to free. */
static inline SSL *
court_shake(struct wire *wire, SSL_CTX *context, struct tls_policy *policy, const struct tls_names *names)
{
	SSL *server = court_meet(wire, context, policy, names);

	court_turn_until(wire, server, SSL_accept, &wire->secured, 1);
	if (wire->secured)
		SSL_accept(server);
	return server;
}

/* A fact's value in the log; empty where there is none. */
static inline struct pw_bytes
court_fact(const struct evidence_log *log, const char *name)
{
	struct pw_bytes list = buffer_view(&log->facts);
	struct evidence_fact fact;

	while (evidence_next_fact(&list, &fact))
		if (strcmp(fact.name, name) == 0)
			return fact.value;
	return (struct pw_bytes){ "", 0 };
}

static inline bool
court_warned(const struct evidence_log *log, const char *code, char *text, size_t room)
{
	struct pw_bytes list = buffer_view(&log->warnings);
	struct evidence_warning warning;

	while (evidence_next_warning(&list, &warning))
		if (strcmp(warning.code, code) == 0) {
			if (text != NULL)
				snprintf(text, room, "%.*s", (int)warning.text.size, warning.text.data);
			return true;
		}
	return false;
}

#define assert_fact(log, name, expected)                                                                               \
	do {                                                                                                           \
		struct pw_bytes value_ = court_fact((log), (name));                                                    \
		assert_int_equal(value_.size, strlen(expected));                                                       \
		assert_memory_equal(value_.data, (expected), value_.size);                                             \
	} while (0)

#endif
