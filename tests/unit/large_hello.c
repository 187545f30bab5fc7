/*
 * A ClientHello of more than one segment that is not answered: with a smaller one, then with the large one again, and
 * only where that fails once more it is told. The segments of the loopback device are made as small as those of a real
 * link, and the hello is padded, so that it is large whatever the library sends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/wait.h>

#include "config/read.h"
#include "tls_peers.h"
#include "prober/run.h"

enum { SEGMENT = 1400, PADDING = 1300, HEAD = 5, MANY = 1000 };

enum manner { RESETS, KEEPS_SILENT, CLOSES };

static struct court court;

/* The server, in a process of its own: the first `drops` large hellos are not answered. */
static struct {
	int listener;
	uint16_t port;
	enum manner manner;
	int drops;
	bool only_large; /* small ones are not answered either */
	pid_t pid;
} server;

static bool
hear(FILE *from, const char *word)
{
	char line[512];

	return fgets(line, sizeof line, from) != NULL && strncmp(line, word, strlen(word)) == 0;
}

static void
drop(int fd)
{
	const struct linger now = { .l_onoff = 1 };
	char bytes[4096];

	if (server.manner == RESETS)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	else if (server.manner == CLOSES)
		while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
			continue;
	else
		while (recv(fd, bytes, sizeof bytes, 0) > 0)
			continue;
}

static void
talk_inside(SSL *ssl)
{
	static const char hello[] = "250 mx\r\n", bye[] = "221 bye\r\n";
	char bytes[512];

	if (SSL_accept(ssl) != 1)
		return;
	if (SSL_read(ssl, bytes, sizeof bytes) > 0)
		SSL_write(ssl, hello, sizeof hello - 1);
	if (SSL_read(ssl, bytes, sizeof bytes) > 0)
		SSL_write(ssl, bye, sizeof bye - 1);
	SSL_shutdown(ssl);
}

static void
talk(int fd, SSL_CTX *context)
{
	static const char greeting[] = "220 mx\r\n", ehlo[] = "250-mx\r\n250 STARTTLS\r\n", go[] = "220 go\r\n";
	FILE *from = fdopen(dup(fd), "r");
	unsigned char head[HEAD];

	setvbuf(from, NULL, _IONBF, 0);
	send(fd, greeting, sizeof greeting - 1, MSG_NOSIGNAL);
	if (hear(from, "EHLO") && send(fd, ehlo, sizeof ehlo - 1, MSG_NOSIGNAL) > 0 && hear(from, "STARTTLS")
	    && send(fd, go, sizeof go - 1, MSG_NOSIGNAL) > 0 && recv(fd, head, HEAD, MSG_PEEK | MSG_WAITALL) == HEAD) {
		bool large = (head[3] << 8 | head[4]) > SEGMENT;

		if (large ? server.drops-- > 0 : server.only_large) {
			drop(fd);
		} else {
			SSL *ssl = SSL_new(context);
			SSL_set_fd(ssl, fd);
			talk_inside(ssl);
			SSL_free(ssl);
		}
	}
	fclose(from);
	close(fd);
}

static void
serve(enum manner manner, int drops)
{
	const struct certificate *const along[] = { &court.intermediate, NULL };
	struct address any;
	int segment = SEGMENT;
	socklen_t size = sizeof any;

	assert_true(address_parse("127.0.0.1", 0, &any));
	server.manner = manner;
	server.drops = drops;
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(server.listener, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment), 0);
	assert_int_equal(bind(server.listener, &any.any, address_length(&any)), 0);
	assert_int_equal(listen(server.listener, 16), 0);
	assert_int_equal(getsockname(server.listener, &any.any, &size), 0);
	server.port = address_port(&any);
	server.pid = fork();
	if (server.pid == 0) {
		SSL_CTX *context = court_server(&court.leaf, along);

		for (;;)
			talk(accept(server.listener, NULL, NULL), context);
	}
	assert_true(server.pid > 0);
}

static void
unserve(void)
{
	kill(server.pid, SIGKILL);
	assert_int_equal(waitpid(server.pid, NULL, 0), server.pid);
	close(server.listener);
	server.only_large = false;
}

static int
add_padding(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *size, X509 *x, size_t index, int *alert,
    void *unused)
{
	static const unsigned char padding[PADDING];

	(void)ssl, (void)type, (void)context, (void)x, (void)index, (void)alert, (void)unused;
	*out = padding;
	*size = sizeof padding;
	return 1;
}

/* What came of the run. */
static struct {
	enum pw_verdict verdict;
	char outcome[OUTCOME_NAME_MAX], text[EVIDENCE_TEXT_MAX];
	unsigned connections;
	bool warned;
} seen;

static void
on_done(void *arg, const struct run_result *result)
{
	struct evidence evidence;
	struct evidence_line line;
	static const char connecting[] = "connecting ";

	seen.verdict = (enum pw_verdict)result->report->verdict;
	snprintf(seen.outcome, sizeof seen.outcome, "%s", result->report->outcome);
	snprintf(seen.text, sizeof seen.text, "%.*s", (int)result->report->text.size, result->report->text.data);
	for (uint32_t i = 0; i < result->report->warning_count; i++)
		seen.warned |= strcmp(result->report->warnings[i].code, "tls_large_hello") == 0;
	run_evidence(result, 0, &evidence);
	while (evidence_next_line(&evidence.transcript, &line))
		seen.connections += line.dir == EVIDENCE_EVENT && line.bytes.size > sizeof connecting
		    && memcmp(line.bytes.data, connecting, sizeof connecting - 1) == 0;
	ev_break(arg, EVBREAK_ALL);
}

static void
probe(bool pads, const char *mode)
{
	static struct config_diagnostics faults;
	char folder[4096], ca_file[300], tls[64], words[64];
	ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 64);
	const char *word = words;
	struct ev_loop *loop = ev_loop_new(0);
	struct reason why;

	assert_true(size > 0);
	folder[size] = '\0';
	snprintf(strstr(folder, "/tests/unit/"), 64, "/plugins");
	snprintf(ca_file, sizeof ca_file, "ca_file=%s", court.ca_file);
	snprintf(tls, sizeof tls, "tls=%s", mode);
	snprintf(words, sizeof words, "127.0.0.1:%u", server.port);
	const char *const sets[] = { ca_file, tls, "verify=full", "limits.handshake=300ms" };
	const struct config_source source = { .words = &word, .word_count = 1, .sets = sets, .set_count = 4, .plugin_dir = folder,
		.state = "/nonexistent" };
	const struct config *config = config_read(&source, &faults);
	assert_non_null(config);
	struct prober *prober = prober_create(loop, config, NULL, &why);
	assert_non_null(prober);
	if (pads)
		assert_int_equal(SSL_CTX_add_custom_ext(tls_policy_find(prober->policies, config->targets[0].policy->tls, TLS_USUAL)->context,
		    0x5a5a, SSL_EXT_CLIENT_HELLO, add_padding, NULL, NULL, NULL, NULL), 1);
	else
		assert_int_equal(SSL_CTX_set1_groups_list(tls_policy_find(prober->policies, config->targets[0].policy->tls, TLS_USUAL)->context,
		    "X25519"), 1);
	memset(&seen, 0, sizeof seen);
	const struct order order = { .run = 1, .flags = ORDER_FULL, .attempt = 1, .due = clock_mono() };
	assert_true(prober_run(prober, &order, on_done, loop));
	ev_run(loop, 0);
	prober_destroy(&prober);
	config_free(&config);
	ev_loop_destroy(loop);
}

static void
large_ones_never_get_through(void **state)
{
	(void)state;
	for (enum manner manner = RESETS; manner <= CLOSES; manner++) {
		serve(manner, MANY);
		probe(true, "require");
		assert_int_equal(seen.verdict, PW_DEGRADED);
		assert_string_equal(seen.outcome, "tls_large_hello");
		assert_non_null(strstr(seen.text, "twice so after a ClientHello of more than one segment, while a smaller one is answered"));
		assert_int_equal(seen.connections, 4);
		unserve();
	}
	serve(RESETS, MANY);
	probe(true, "opportunistic");
	assert_string_equal(seen.outcome, "tls_large_hello");
	unserve();
}

static void
one_that_got_lost_says_nothing(void **state)
{
	(void)state;
	for (enum manner manner = RESETS; manner <= CLOSES; manner++) {
		serve(manner, 1);
		probe(true, "require");
		assert_string_equal(seen.outcome, "ok");
		assert_false(seen.warned);
		assert_int_equal(seen.connections, 3);
		unserve();
	}
}

/* Where small ones fare no better, the first failure stands, under its own name. */
static void
small_ones_are_not_answered_either(void **state)
{
	static const char *const outcomes[] = { "reset_at_handshake", "handshake_timeout", "closed_at_handshake" };

	(void)state;
	for (enum manner manner = RESETS; manner <= CLOSES; manner++) {
		server.only_large = true;
		serve(manner, MANY);
		probe(true, "require");
		assert_int_equal(seen.verdict, PW_FAILED);
		assert_string_equal(seen.outcome, outcomes[manner]);
		assert_non_null(strstr(seen.text, "; asked again with a small ClientHello: "));
		assert_int_equal(seen.connections, 2);
		unserve();
	}
}

static void
a_small_one_is_not_tried_twice(void **state)
{
	(void)state;
	server.only_large = true;
	serve(RESETS, 0);
	probe(false, "require");
	assert_string_equal(seen.outcome, "reset_at_handshake");
	assert_int_equal(seen.connections, 1);
	unserve();
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
		cmocka_unit_test(large_ones_never_get_through),
		cmocka_unit_test(one_that_got_lost_says_nothing),
		cmocka_unit_test(small_ones_are_not_answered_either),
		cmocka_unit_test(a_small_one_is_not_tried_twice),
	};

	return cmocka_run_group_tests(tests, open_court, close_court);
}
