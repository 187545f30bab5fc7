/* Handshakes and what follows them: both versions, both directions, every way to end, servers that speak something else
 * or something old, and names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/tcp.h>
#include <signal.h>

#include "prober/sources.h"
#include "tls_peers.h"

static struct court court;
static const struct tls_names names = { .host = "mx.test", .sni = "mx.test" };

static SSL_CTX *
usual_server(int max_version)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	SSL_CTX *context = court_server(&court.leaf, along);

	SSL_CTX_set_max_proto_version(context, max_version);
	return context;
}

static struct tls_policy *
usual_policy(void)
{
	return tls_policy_find(court.policies, &court.settings, TLS_USUAL);
}

/* A wire that is secured by a server of this version. */
static struct wire *
secured(int version, SSL **server)
{
	struct wire *wire = wire_create("127.0.0.1");
	SSL_CTX *context = usual_server(version);

	*server = court_shake(wire, context, usual_policy(), &names);
	SSL_CTX_free(context);
	if (wire->secured != 1)
		fail_msg("no handshake: %s", wire->reason.text);
	return wire;
}

static void
talks_inside(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL *server;
		struct wire *wire = secured(versions[i], &server);
		static char much[60 * 1024], heard[8 * 1024];
		size_t size = 0;

		stream_send(&wire->stream, "EHLO a\r\n", 8);
		assert_int_equal(SSL_read(server, heard, sizeof heard), 8);
		assert_memory_equal(heard, "EHLO a\r\n", 8);
		for (size_t at = 0; at < sizeof much; at++)
			much[at] = (char)(at * 11);
		while (size < sizeof much) {
			int put = SSL_write(server, much + size, (int)(sizeof much - size < 9000 ? sizeof much - size : 9000));
			size += put > 0 ? (size_t)put : 0;
			wire_turn(wire);
		}
		wire_turn(wire);
		assert_int_equal(wire->size, sizeof much);
		assert_memory_equal(wire->data, much, sizeof much);
		/* Back, more than the socket takes at once. */
		int small = 4096;
		assert_int_equal(setsockopt(wire->stream.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
		stream_send(&wire->stream, much, sizeof much);
		for (size = 0; size < sizeof much; wire_turn(wire)) {
			int got = SSL_read(server, heard, sizeof heard);
			if (got > 0 && memcmp(heard, much + size, (size_t)got) != 0)
				fail_msg("other bytes at %zu", size);
			size += got > 0 ? (size_t)got : 0;
		}
		assert_int_equal(wire->ended, 0);
		assert_int_equal(wire->stream.unsent.size, 0);
		SSL_free(server);
		wire_destroy(wire);
	}
}

/* The greeting of an implicit TLS server may come along with the end of the handshake. */
static void
hears_what_came_with_the_handshake(void **state)
{
	struct wire *wire = wire_create("127.0.0.1");
	SSL_CTX *context = usual_server(TLS1_2_VERSION);
	SSL *server = court_meet(wire, context, usual_policy(), &names);
	int accepted = 0;

	(void)state;
	while (accepted != 1) {
		accepted = SSL_accept(server);
		if (accepted != 1)
			stream_read_once(&wire->stream);
	}
	assert_int_equal(wire->secured, 0); /* the last flight is still on its way */
	assert_int_equal(SSL_write(server, "220 mx\r\n", 8), 8);
	court_turn_until(wire, server, NULL, &wire->calls, 1);
	assert_int_equal(wire->secured, 1);
	assert_memory_equal(wire->data, "220 mx\r\n", 8);
	SSL_free(server);
	SSL_CTX_free(context);
	wire_destroy(wire);
}

static void
ends_inside(void **state)
{
	static const enum stream_end ends[] = { STREAM_CLOSED, STREAM_CLOSED_BARE, STREAM_RESET };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		SSL *server;
		struct wire *wire = secured(TLS1_3_VERSION, &server);

		int on = 1;
		/* What the peer's kernel holds back would be lost with a reset. */
		assert_int_equal(setsockopt(wire->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
		SSL_write(server, "221 bye\r\n", 9);
		if (ends[i] == STREAM_CLOSED)
			SSL_shutdown(server);
		if (ends[i] == STREAM_RESET)
			wire_peer_resets(wire);
		else
			wire_peer_closes(wire);
		stream_send(&wire->stream, "NOOP\r\n", 6);
		while (wire->ended == 0)
			wire_turn(wire);
		assert_int_equal(wire->size, 9);
		assert_int_equal(wire->reason.end, ends[i]);
		assert_int_equal(wire->ended, 1);
		SSL_free(server);
		wire_destroy(wire);
	}
}

static void
ends_during_the_handshake(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct wire *wire = wire_create("127.0.0.1");
		SSL_CTX *context = usual_server(TLS1_3_VERSION);
		SSL *server = court_meet(wire, context, usual_policy(), &names);

		wire_turn(wire);
		stream_read_once(&wire->stream); /* silence is no end */
		assert_int_equal(wire->ended, 0);
		if (reset)
			wire_peer_resets(wire);
		else
			wire_peer_closes(wire);
		court_turn_until(wire, NULL, NULL, &wire->ended, 1);
		assert_true(wire->reason.end == STREAM_RESET || (!reset && wire->reason.end == STREAM_CLOSED));
		SSL_free(server);
		SSL_CTX_free(context);
		wire_destroy(wire);
	}
}

static void
is_answered_by_something_else(void **state)
{
	static const struct pw_bytes said[] = {
		{ "250 mx.test Hello\r\n", 19 },
		{ "220 go ahead\r\n", 14 },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },
		{ "\x16\x03\x03\x00\x08\x02\x00\x00\x04rubb", 13 },              /* a ServerHello of rubbish */
		{ "\x16\x03\x03\x00\x04\x00\x00\x00\x00\x17\x03\x03\x00\x01x", 15 }, /* data before the handshake */
		{ "\x16\x03\x03\xff\xff", 5 },
		{ "\0\0\0\0\0\0\0\0", 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct wire *wire = wire_create("127.0.0.1");

		wire_begin(wire);
		stream_secure(&wire->stream, usual_policy(), &names);
		assert_int_equal(send(wire->peer, said[i].data, said[i].size, 0), (int)said[i].size);
		court_turn_until(wire, NULL, NULL, &wire->ended, 1);
		assert_int_equal(wire->reason.end, STREAM_TLS_FAILED);
		if (strcmp(wire->reason.outcome, "tls_protocol") != 0)
			fail_msg("%zu: %s: %s", i, wire->reason.outcome, wire->reason.text);
		assert_int_equal(wire->size, 0);
		assert_false(wire->reason.may_be_outdated);
		wire_destroy(wire);
	}
}

/* What a server says in clear where TLS should be is kept, whether it comes at once or behind an alert; records are not. */
static void
hears_what_comes_in_clear(void **state)
{
	static const char alert[] = "\x15\x03\x01\x00\x02\x02\x28", sorry[] = "454 TLS not available\r\n";
	struct wire *wire = wire_create("127.0.0.1");

	(void)state;
	wire_begin(wire);
	stream_secure(&wire->stream, usual_policy(), &names);
	assert_int_equal(send(wire->peer, alert, sizeof alert - 1, 0), (int)sizeof alert - 1);
	while (wire->stream.failed_at == 0)
		ev_run(wire->loop, EVRUN_ONCE);
	assert_int_equal(wire->ended, 0);
	wire_peer_says(wire, sorry);
	wire_until(wire, &wire->ended, 1);
	assert_string_equal(wire->reason.outcome, "tls_failed");
	assert_non_null(strstr(wire->reason.text, "alert 40 (handshake failure)"));
	assert_int_equal(wire->reason.in_clear.size, sizeof sorry - 1);
	assert_memory_equal(wire->reason.in_clear.data, sorry, sizeof sorry - 1);
	wire_destroy(wire);

	/* It closes: there is nothing to wait for. */
	wire = wire_create("127.0.0.1");
	wire_begin(wire);
	stream_secure(&wire->stream, usual_policy(), &names);
	assert_int_equal(send(wire->peer, alert, sizeof alert - 1, 0), (int)sizeof alert - 1);
	wire_peer_closes(wire);
	wire_until(wire, &wire->ended, 1);
	assert_string_equal(wire->reason.outcome, "tls_failed");
	assert_int_equal(wire->reason.in_clear.size, 0);
	wire_destroy(wire);

	/* It says nothing more, and does not close. */
	wire = wire_create("127.0.0.1");
	wire_begin(wire);
	stream_secure(&wire->stream, usual_policy(), &names);
	assert_int_equal(send(wire->peer, alert, sizeof alert - 1, 0), (int)sizeof alert - 1);
	wire_until(wire, &wire->ended, 1);
	assert_true(wire->reason.waited >= 100 * MILLISECOND);
	wire_destroy(wire);
}

static void
knows_records_however_they_are_cut(void **state)
{
	static const char said[] = "\x16\x03\x03\x00\x04\x0e\x00\x00\x00\x15\x03\x01\x00\x02\x02\x28" "454 no\r\n";
	enum { RECORDS = 16, ALL = sizeof said - 1 };

	(void)state;
	for (size_t cut = 0; cut <= ALL; cut++) {
		struct tls_clear clear = { .size = 0 };

		tls_clear_look(&clear, said, cut);
		assert_int_equal(clear.size, cut > RECORDS ? cut - RECORDS : 0);
		for (size_t i = cut; i < ALL; i++)
			tls_clear_look(&clear, said + i, 1);
		assert_int_equal(clear.size, ALL - RECORDS);
		assert_memory_equal(clear.bytes, said + RECORDS, ALL - RECORDS);
	}
	/* Much of it is cut to what there is room for. */
	struct tls_clear clear = { .size = 0 };
	for (int i = 0; i < 1000; i++)
		tls_clear_look(&clear, "250 x\r\n", 7);
	assert_int_equal(clear.size, sizeof clear.bytes);
}

static void
old_versions_need_a_second_look(void **state)
{
	static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *context = usual_server(versions[i]);
		struct wire *wire = wire_create("127.0.0.1");
		SSL *server = court_shake(wire, context, usual_policy(), &names);

		assert_int_equal(wire->reason.end, STREAM_TLS_FAILED);
		assert_string_equal(wire->reason.outcome, "tls_version");
		assert_true(wire->reason.may_be_outdated);
		SSL_free(server);
		wire_destroy(wire);

		wire = wire_create("127.0.0.1");
		server = court_shake(wire, context, tls_policy_find(court.policies, &court.settings, TLS_LEGACY), &names);
		struct tls_judgement judgement;
		struct evidence_log log = { 0 };
		assert_int_equal(wire->secured, 1);
		tls_judge(wire->stream.tls, &court.settings, &(struct tls_clock){ clock_wall(), clock_wall(), CLOCK_BELIEVED, 0 }, &log, &judgement);
		assert_false(judgement.failed);
		assert_true(judgement.verified);
		assert_string_equal(judgement.version, i == 0 ? "TLSv1" : "TLSv1.1");
		assert_string_equal(judgement.outdated, "tls_version");
		evidence_log_fini(&log);
		SSL_free(server);
		wire_destroy(wire);
		SSL_CTX_free(context);
	}
}

static void
no_encryption_is_no_tls(void **state)
{
	SSL_CTX *context = usual_server(TLS1_2_VERSION);
	struct wire *wire = wire_create("127.0.0.1");

	(void)state;
	assert_int_equal(SSL_CTX_set_cipher_list(context, "eNULL:@SECLEVEL=0"), 1);
	SSL *server = court_shake(wire, context, usual_policy(), &names);
	assert_string_equal(wire->reason.outcome, "tls_failed");
	assert_true(wire->reason.may_be_outdated);
	SSL_free(server);
	wire_destroy(wire);
	wire = wire_create("127.0.0.1");
	server = court_shake(wire, context, tls_policy_find(court.policies, &court.settings, TLS_LEGACY), &names);
	struct tls_judgement judgement;
	struct evidence_log log = { 0 };
	assert_int_equal(wire->secured, 1);
	tls_judge(wire->stream.tls, &court.settings, &(struct tls_clock){ clock_wall(), clock_wall(), CLOCK_BELIEVED, 0 }, &log, &judgement);
	assert_true(judgement.failed);
	assert_string_equal(judgement.outcome, "tls_params");
	assert_non_null(strstr(judgement.text, "nothing is encrypted"));
	evidence_log_fini(&log);
	SSL_free(server);
	wire_destroy(wire);
	SSL_CTX_free(context);
}

/* The least version of a policy is kept, and an older one may be allowed. */
static void
keeps_the_least_version(void **state)
{
	struct tls_settings settings[2] = { court.settings, court.settings };
	struct policy policies[2] = { { .tls = &settings[0] }, { .tls = &settings[1] } };
	struct target targets[2] = { { .policy = &policies[0] }, { .policy = &policies[1] } };
	struct config config = { .targets = targets, .target_count = 2 };
	struct reason why = { "" };

	(void)state;
	settings[0].min_version = TLS1_3_VERSION;
	settings[1].min_version = TLS1_VERSION;
	struct tls_policies *own = tls_policies_create(&config, NULL, &why);
	assert_non_null(own);
	for (int i = 0; i < 2; i++) {
		SSL_CTX *context = usual_server(i == 0 ? TLS1_2_VERSION : TLS1_VERSION);
		struct wire *wire = wire_create("127.0.0.1");
		SSL *server = court_shake(wire, context, tls_policy_find(own, &settings[i], TLS_USUAL), &names);

		assert_int_equal(wire->secured, i);
		if (i == 0)
			assert_string_equal(wire->reason.outcome, "tls_version");
		SSL_free(server);
		wire_destroy(wire);
		SSL_CTX_free(context);
	}
	tls_policies_destroy(&own);
}

static void
says_whom_it_wants(void **state)
{
	static const struct tls_names asked[] = { { "mx.test", "mx.test." }, { "127.0.0.1", NULL } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *context = usual_server(TLS1_3_VERSION);
		struct wire *wire = wire_create("127.0.0.1");
		SSL *server = court_shake(wire, context, usual_policy(), &asked[i]);
		const char *heard = SSL_get_servername(server, TLSEXT_NAMETYPE_host_name);

		assert_int_equal(wire->secured, 1);
		if (asked[i].sni == NULL)
			assert_null(heard);
		else
			assert_string_equal(heard, "mx.test");
		SSL_free(server);
		wire_destroy(wire);
		SSL_CTX_free(context);
	}
}

static int
take_any(int good, X509_STORE_CTX *store)
{
	(void)good;
	(void)store;
	return 1;
}

static void
is_asked_for_a_certificate(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		SSL_CTX *context = usual_server(versions[i / 2]);
		bool insists = i % 2 == 1;
		struct wire *wire = wire_create("127.0.0.1");

		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (insists ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), take_any);
		SSL *server = court_shake(wire, context, usual_policy(), &names);
		if (wire->secured == 1) {
			struct tls_judgement judgement;
			struct evidence_log log = { 0 };
			tls_judge(wire->stream.tls, &court.settings, &(struct tls_clock){ clock_wall(), clock_wall(), CLOCK_BELIEVED, 0 }, &log, &judgement);
			assert_true(judgement.client_cert_asked);
			assert_true(judgement.verified);
			evidence_log_fini(&log);
		}
		if (insists) { /* in TLS 1.3 its refusal comes behind our end of the handshake */
			court_turn_until(wire, server, SSL_accept, &wire->ended, 1);
			assert_int_equal(wire->reason.end, STREAM_TLS_FAILED);
			assert_string_equal(wire->reason.outcome, "client_cert_required");
		} else {
			assert_int_equal(wire->secured, 1);
			assert_int_equal(wire->ended, 0);
		}
		SSL_free(server);
		wire_destroy(wire);
		SSL_CTX_free(context);
	}
}

static void
tells_why_there_are_no_policies(void **state)
{
	struct tls_settings settings = court.settings;
	struct policy policy = { .tls = &settings };
	struct target target = { .policy = &policy };
	struct config config = { .targets = &target, .target_count = 1 };
	struct reason why = { "" };
	char empty[300];

	(void)state;
	settings.ca_file = "/nonexistent/ca.pem";
	assert_null(tls_policies_create(&config, NULL, &why));
	assert_non_null(strstr(why.text, "/nonexistent/ca.pem cannot be read: No such file"));
	snprintf(empty, sizeof empty, "%s.empty", court.ca_file);
	fclose(fopen(empty, "w"));
	settings.ca_file = empty;
	assert_null(tls_policies_create(&config, NULL, &why));
	assert_non_null(strstr(why.text, "holds no certificate"));
	unlink(empty);
	settings.mode = PW_TLS_NONE; /* nobody needs it then */
	struct tls_policies *none = tls_policies_create(&config, NULL, &why);
	assert_non_null(none);
	tls_policies_destroy(&none);
}

/* Of all targets only those that need the file are concerned. */
static void
a_damaged_ca_file_makes_its_own_policies_unusable(void **state)
{
	struct tls_settings settings[2] = { court.settings, court.settings };
	struct policy policy[2] = { { .tls = &settings[0] }, { .tls = &settings[1] } };
	struct target targets[2] = { { .policy = &policy[0] }, { .policy = &policy[1] } };
	struct config config = { .targets = targets, .target_count = 2 };
	struct reason why = { "" };
	struct sources sources;
	char empty[300];

	(void)state;
	snprintf(empty, sizeof empty, "%s.empty", court.ca_file);
	fclose(fopen(empty, "w"));
	settings[1].ca_file = empty;
	sources_init(&sources, "/nonexistent");
	struct tls_policies *policies = tls_policies_create(&config, &sources, &why);
	assert_non_null(policies);
	assert_true(tls_policy_is_usable(tls_policy_find(policies, &settings[0], TLS_USUAL)));
	assert_false(tls_policy_is_usable(tls_policy_find(policies, &settings[1], TLS_USUAL)));
	assert_false(tls_policy_is_usable(tls_policy_find(policies, &settings[1], TLS_SMALL)));
	assert_non_null(strstr(sources.said, "holds no certificate in PEM form: there is no copy"));
	tls_policies_destroy(&policies);
	unlink(empty);
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
		cmocka_unit_test(talks_inside),
		cmocka_unit_test(hears_what_came_with_the_handshake),
		cmocka_unit_test(ends_inside),
		cmocka_unit_test(ends_during_the_handshake),
		cmocka_unit_test(is_answered_by_something_else),
		cmocka_unit_test(hears_what_comes_in_clear),
		cmocka_unit_test(knows_records_however_they_are_cut),
		cmocka_unit_test(old_versions_need_a_second_look),
		cmocka_unit_test(no_encryption_is_no_tls),
		cmocka_unit_test(keeps_the_least_version),
		cmocka_unit_test(says_whom_it_wants),
		cmocka_unit_test(is_asked_for_a_certificate),
		cmocka_unit_test(tells_why_there_are_no_policies),
		cmocka_unit_test(a_damaged_ca_file_makes_its_own_policies_unusable),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
