/* TLS of the gate: what is said of each error, which names and files it goes by, and what a relay may not cost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certificates.h"
#include "../../plugins/email/gate/tls.h"
#include "../../plugins/email/gate/wire.h"

enum { LIMIT = 20 * 1000000, LARGE = 9000 };

/* What fails, or is other than it is. */
static struct {
	bool context, ssl, descriptor, open, fstat;
	int bits;            /* of every key that is looked at; 0: its own */
	unsigned before;     /* so many that have their own size */
	unsigned wants_write; /* so many calls of OpenSSL */
} fault;

SSL_CTX *__real_SSL_CTX_new(const SSL_METHOD *method);
SSL_CTX *__wrap_SSL_CTX_new(const SSL_METHOD *method);
SSL *__real_SSL_new(SSL_CTX *context);
SSL *__wrap_SSL_new(SSL_CTX *context);
int __real_SSL_set_fd(SSL *ssl, int fd);
int __wrap_SSL_set_fd(SSL *ssl, int fd);
int __real_SSL_get_error(const SSL *ssl, int result);
int __wrap_SSL_get_error(const SSL *ssl, int result);
int __real_EVP_PKEY_get_bits(const EVP_PKEY *key);
int __wrap_EVP_PKEY_get_bits(const EVP_PKEY *key);
int __real_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode);
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);

SSL_CTX *
__wrap_SSL_CTX_new(const SSL_METHOD *method)
{
	return fault.context ? NULL : __real_SSL_CTX_new(method);
}

SSL *
__wrap_SSL_new(SSL_CTX *context)
{
	return fault.ssl ? NULL : __real_SSL_new(context);
}

int
__wrap_SSL_set_fd(SSL *ssl, int fd)
{
	return fault.descriptor ? 0 : __real_SSL_set_fd(ssl, fd);
}

int
__wrap_SSL_get_error(const SSL *ssl, int result)
{
	int error = __real_SSL_get_error(ssl, result);

	if (error != SSL_ERROR_WANT_READ || fault.wants_write == 0)
		return error;
	fault.wants_write--;
	return SSL_ERROR_WANT_WRITE;
}

int
__wrap_EVP_PKEY_get_bits(const EVP_PKEY *key)
{
	if (fault.bits == 0 || fault.before > 0) {
		fault.before -= fault.before > 0;
		return __real_EVP_PKEY_get_bits(key);
	}
	return fault.bits;
}

int
__wrap_open(const char *path, int flags, mode_t mode)
{
	errno = EACCES;
	return fault.open ? -1 : __real_open(path, flags, mode);
}

int
__wrap_fstat(int fd, struct stat *status)
{
	errno = EIO;
	return fault.fstat ? -1 : __real_fstat(fd, status);
}

static struct wire wire;
static struct tls tls;
static struct settings settings;
static char why[200], ca_file[128];
static struct certificate root, leaf;

static int
make_certificates(void **state)
{
	const char *folder = getenv("TMPDIR");
	const struct certificate_spec of_root = { .name = "Root", .ca = true, .to = 3650, .from = -1 },
	    of_leaf = { .name = "relay.test", .alternatives = "DNS:relay.test,IP:127.0.0.1", .rsa_bits = 2048 };

	(void)state;
	snprintf(ca_file, sizeof ca_file, "%.60s/email_tls_faults.%d.pem", folder != NULL ? folder : "/tmp", (int)getpid());
	root = certificate_make(of_root, NULL);
	leaf = certificate_make(of_leaf, &root);
	certificate_write(&root, ca_file);
	return 0;
}

static int
drop_certificates(void **state)
{
	(void)state;
	certificate_free(&root);
	certificate_free(&leaf);
	return unlink(ca_file);
}

static int
begin(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	settings = (struct settings){ .host = "relay.test", .place = "relay.test:25", .tls = TLS_REQUIRE, .verify = VERIFY_FULL,
		.ca_file = ca_file };
	why[0] = '\0';
	return 0;
}

static void
raise_error(int reason)
{
	ERR_clear_error();
	if (reason != 0)
		ERR_raise(ERR_LIB_SSL, reason);
}

static void
each_error_has_its_words(void **state)
{
	static const struct {
		int error, reason, number; /* of errno */
		const char *words;
		bool is_end;
	} rows[] = {
		{ SSL_ERROR_SYSCALL, 0, 0, "the relay closed the connection", true },
		{ SSL_ERROR_SYSCALL, 0, ECONNRESET, "Connection reset by peer", true },
		{ SSL_ERROR_SYSCALL, 0, EPIPE, "Broken pipe", true },
		{ SSL_ERROR_SYSCALL, 0, EIO, "Input/output error", false },
		{ SSL_ERROR_SYSCALL, SSL_R_BAD_LENGTH, EIO, "bad length", false },
		{ SSL_ERROR_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING, 0, "unexpected eof while reading", true },
		{ SSL_ERROR_SSL, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, 0, "the relay sent alert 40 (handshake failure)", false },
		{ SSL_ERROR_SSL, SSL_R_WRONG_VERSION_NUMBER, 0, "what the relay sends is no TLS", false },
		{ SSL_ERROR_SSL, SSL_R_HTTP_REQUEST, 0, "what the relay sends is no TLS", false },
		{ SSL_ERROR_SSL, 0, 0, "an error without a name", false },
		{ SSL_ERROR_ZERO_RETURN, SSL_R_UNEXPECTED_EOF_WHILE_READING, 0, "unexpected eof while reading", false },
	};
	char words[100];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		raise_error(rows[i].reason);
		errno = rows[i].number;
		assert_int_equal(tls_is_end(rows[i].error), rows[i].is_end);
		errno = rows[i].number;
		tls_tell_error(rows[i].error, words, sizeof words);
		assert_string_equal(words, rows[i].words);
	}
	ERR_clear_error();
}

/* The name that a certificate has to be for: without a final dot, and an address without its zone. */
static void
each_host_is_a_name_or_an_address(void **state)
{
	static const struct {
		const char *host, *name, *address;
	} rows[] = { { "relay.test", "relay.test", NULL }, { "relay.test.", "relay.test", NULL }, { "r", "r", NULL },
		{ "127.0.0.1", NULL, "127.0.0.1" }, { "fe80::1%eth0", NULL, "fe80:0:0:0:0:0:0:1" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(settings.host, sizeof settings.host, "%s", rows[i].host);
		assert_true(tls_open(&tls, &settings, why, sizeof why));
		X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls.context);
		const char *name = X509_VERIFY_PARAM_get0_host(param, 0);
		char *address = X509_VERIFY_PARAM_get1_ip_asc(param);
		assert_int_equal(name == NULL, rows[i].name == NULL);
		if (name != NULL)
			assert_string_equal(name, rows[i].name);
		assert_int_equal(address == NULL, rows[i].address == NULL);
		if (address != NULL)
			assert_int_equal(strcasecmp(address, rows[i].address), 0);
		OPENSSL_free(address);
		tls_close(&tls);
	}
}

static void
without_authorities_it_does_not_begin(void **state)
{
	(void)state;
	settings.ca_file = NULL;
	setenv("SSL_CERT_FILE", "/nonexistent/ca.pem", 1);
	fault.open = true;
	assert_false(tls_open(&tls, &settings, why, sizeof why));
	assert_string_equal(why, "ca_file: the system's authorities: no certificates can be read from it");
	fault.open = false;
	unsetenv("SSL_CERT_FILE");
	fault.open = true;
	assert_false(tls_open(&tls, &settings, why, sizeof why));
	fault.open = false;
	setenv("SSL_CERT_FILE", ca_file, 1);
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	tls_close(&tls);
	fault.fstat = true;
	settings.ca_file = ca_file;
	assert_false(tls_open(&tls, &settings, why, sizeof why));
	unsetenv("SSL_CERT_FILE");
}

static void
without_memory_it_says_so(void **state)
{
	(void)state;
	fault.context = true;
	assert_false(tls_open(&tls, &settings, why, sizeof why));
	assert_string_equal(why, "no TLS context: out of memory");
	fault.context = false;
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	for (int i = 0; i < 2; i++) {
		wire_init(&wire, wire_now() + LIMIT);
		fault.ssl = i == 0;
		fault.descriptor = i == 1;
		assert_false(tls_begin(&tls, &wire, LIMIT));
		assert_string_equal(wire.why, "no memory for TLS");
		wire_close(&wire);
	}
	tls_close(&tls);
}

/* What the relay does when TLS stands. */
static enum { WAITS, TAKES_LEAVE, CLOSES, SPOILS, ANSWERS } then;

_Noreturn static void
be_relay(int fd, const char *ciphers, const char *in_clear)
{
	SSL_CTX *context = __real_SSL_CTX_new(TLS_server_method());
	char byte;

	memset(&fault, 0, sizeof fault);
	alarm(30);
	if (in_clear != NULL) {
		(void)!write(fd, in_clear, strlen(in_clear));
		while (read(fd, &byte, 1) > 0)
			continue;
		_exit(0);
	}
	SSL_CTX_use_certificate(context, leaf.x509);
	SSL_CTX_use_PrivateKey(context, leaf.key);
	SSL_CTX_add1_chain_cert(context, root.x509);
	SSL_CTX_set_dh_auto(context, 1);
	if (ciphers != NULL) {
		SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
		SSL_CTX_set_cipher_list(context, ciphers);
	}
	SSL *ssl = __real_SSL_new(context);
	__real_SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		_exit(1);
	if (then == TAKES_LEAVE)
		(void)SSL_shutdown(ssl);
	else if (then == SPOILS)
		(void)!write(fd, "220 in clear again\r\n", 20);
	else if (then == ANSWERS)
		(void)SSL_write(ssl, "220 relay.test\r\n", 16);
	if (then != CLOSES)
		(void)SSL_read(ssl, &byte, 1);
	_exit(0);
}

/* A handshake with a relay in a process of its own, whose keys are as large as `fault` says to us. */
static bool
shake(const char *ciphers, const char *in_clear)
{
	int ends[2], code;
	size_t size;
	pid_t relay;
	bool done;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	relay = fork();
	if (relay == 0) {
		close(ends[0]);
		be_relay(ends[1], ciphers, in_clear);
	}
	close(ends[1]);
	assert_true(tls_open(&tls, &settings, why, sizeof why));
	wire_init(&wire, wire_now() + LIMIT);
	wire.fd = ends[0];
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	done = tls_begin(&tls, &wire, LIMIT);
	if (done && then != WAITS)
		done = wire_reply(&wire, LIMIT, &code, &size);
	wire_close(&wire);
	tls_close(&tls);
	assert_int_equal(waitpid(relay, NULL, 0), relay);
	return done;
}

static void
keys_that_are_too_large_cost_nothing(void **state)
{
	(void)state;
	assert_true(shake(NULL, NULL));
	assert_true(shake("DHE-RSA-AES128-GCM-SHA256", NULL));
	fault.bits = LARGE;
	assert_false(shake(NULL, NULL));
	assert_string_equal(wire.why,
	    "the certificate of relay.test: more than 11 certificates, or a key of more than 8192 bits");
	fault.before = 2; /* certificates */
	assert_false(shake("DHE-RSA-AES128-GCM-SHA256", NULL));
	assert_int_equal(fault.before, 0);
	assert_true(strstr(wire.why, "the TLS handshake with relay.test failed: ") == wire.why);
}

static void
a_handshake_waits_to_write(void **state)
{
	(void)state;
	fault.wants_write = 1;
	for (int i = 0; i < 50 && fault.wants_write > 0; i++) /* the relay may be faster than a look */
		assert_true(shake(NULL, NULL));
	assert_int_equal(fault.wants_write, 0);
}

/* Inside TLS: a whole reply, each kind of an end, and what is no TLS any more. */
static void
each_end_inside_tls_is_told(void **state)
{
	(void)state;
	then = ANSWERS;
	fault.wants_write = 3;
	assert_true(shake(NULL, NULL));
	then = TAKES_LEAVE;
	assert_false(shake(NULL, NULL));
	assert_int_equal(wire.end, WIRE_CLOSED);
	then = CLOSES;
	assert_false(shake(NULL, NULL));
	assert_int_equal(wire.end, WIRE_CLOSED);
	assert_string_equal(wire.why, "the relay closed the connection");
	then = SPOILS;
	assert_false(shake(NULL, NULL));
	assert_int_equal(wire.end, WIRE_BROKEN);
	assert_non_null(strstr(wire.why, "TLS: "));
	then = WAITS;
}

static void
a_relay_in_clear_is_quoted(void **state)
{
	(void)state;
	assert_false(shake(NULL, "554 5.7.1 not for you\r\n"));
	assert_string_equal(wire.why, "the TLS handshake with relay.test failed: what the relay sends is no TLS (\"554 5.7.1 not for you\")");
	assert_false(shake(NULL, "GET / HTTP/1.1\r\n"));
	assert_non_null(strstr(wire.why, "what the relay sends is no TLS (\""));
	assert_false(shake(NULL, "554\r\n")); /* no more than is read at once */
	assert_non_null(strstr(wire.why, "what the relay sends is no TLS (\"554\")"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_error_has_its_words, begin),
		cmocka_unit_test_setup(each_host_is_a_name_or_an_address, begin),
		cmocka_unit_test_setup(without_authorities_it_does_not_begin, begin),
		cmocka_unit_test_setup(without_memory_it_says_so, begin),
		cmocka_unit_test_setup(keys_that_are_too_large_cost_nothing, begin),
		cmocka_unit_test_setup(a_handshake_waits_to_write, begin),
		cmocka_unit_test_setup(each_end_inside_tls_is_told, begin),
		cmocka_unit_test_setup(a_relay_in_clear_is_quoted, begin),
	};

	signal(SIGPIPE, SIG_IGN); /* as in the daemon */
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL); /* the words of its errors */
	return cmocka_run_group_tests(tests, make_certificates, drop_certificates);
}
