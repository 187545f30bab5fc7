/*
 * For the gate of the e-mail notifier: the TLS client of its connection to the relay, by OpenSSL.
 */
#include "tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire.h"

enum { HEARD_MAX = 120 }; /* bytes of a relay that speaks in clear that are quoted */
enum { CHAIN_MAX = 10, CHAIN_BYTES_MAX = 100 * 1024, KEY_BITS_MAX = 8192, TURN_BYTES = 64 * 1024 };

void
tls_tell_error(int error, char *words, size_t size)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);
	const char *name = ERR_reason_error_string(code);

	if (error == SSL_ERROR_SYSCALL && code == 0)
		snprintf(words, size, "%s",
		    errno != 0 ? strerror(errno) : "the relay closed the connection");
	else if (reason > SSL_AD_REASON_OFFSET)
		snprintf(words, size, "the relay sent alert %d (%s)", reason - SSL_AD_REASON_OFFSET,
		    SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
	else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)
		snprintf(words, size, "what the relay sends is no TLS");
	else
		snprintf(words, size, "%s", name != NULL ? name : "an error without a name");
}

bool
tls_is_end(int error)
{
	unsigned long code = ERR_peek_error();

	if (error == SSL_ERROR_SYSCALL && code == 0)
		return errno == 0 || errno == ECONNRESET || errno == EPIPE;
	return error == SSL_ERROR_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

/* The time of a verification grows with the size of keys, which the relay chooses. */
static bool
within_limits(STACK_OF(X509) *sent)
{
	for (int i = 0; i < sk_X509_num(sent); i++) {
		EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(sent, i));

		if (key != NULL && EVP_PKEY_get_bits(key) > KEY_BITS_MAX)
			return false;
	}
	return sk_X509_num(sent) <= CHAIN_MAX + 1;
}

/* Replaces the verification of OpenSSL, which it calls. */
static int
on_verify(X509_STORE_CTX *store, void *memory)
{
	struct tls *tls = memory;
	const char *host = tls->settings->host;

	if (!within_limits(X509_STORE_CTX_get0_untrusted(store))) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG);
		snprintf(tls->fault, sizeof tls->fault,
		    "the certificate of %s: more than %d certificates, or a key of more than "
		    "%d bits", host, CHAIN_MAX + 1, KEY_BITS_MAX);
		return 0;
	}
	if (tls->settings->verify == VERIFY_NONE || X509_verify_cert(store) > 0)
		return 1;
	snprintf(tls->fault, sizeof tls->fault, "the certificate of %s: %s", host,
	    X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	return 0;
}

static int
on_parameter(const SSL *ssl, const SSL_CTX *context, int operation, int bits, int nid, void *other,
    void *memory)
{
	const struct tls *tls = memory;

	if (operation == SSL_SECOP_TMP_DH && other != NULL
	    && EVP_PKEY_get_bits(other) > KEY_BITS_MAX)
		return 0;
	return tls->security(ssl, context, operation, bits, nid, other, NULL);
}

/* Writes the host without a final dot or the zone of an address. Returns whether it is an
 * address. */
static bool
name_of(const struct settings *settings, char *name, size_t room)
{
	unsigned char address[16];
	size_t size;

	snprintf(name, room, "%s", settings->host);
	size = strlen(name);
	if (strchr(name, ':') != NULL)
		name[strcspn(name, "%")] = '\0';
	else if (size > 1 && name[size - 1] == '.')
		name[size - 1] = '\0';
	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static bool
expect_name(SSL_CTX *context, const struct settings *settings)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
	char name[sizeof settings->host];
	bool is_address = name_of(settings, name, sizeof name);

	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (settings->verify != VERIFY_FULL)
		return true;
	return is_address ? X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1
	    : X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

static void
confine(struct tls *tls)
{
	SSL_CTX *context = tls->context;

	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(context,
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(context, CHAIN_BYTES_MAX);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_verify_depth(context, CHAIN_MAX);
	SSL_CTX_set_cert_verify_callback(context, on_verify, tls);
	tls->security = SSL_CTX_get_security_callback(context);
	SSL_CTX_set_security_callback(context, on_parameter);
	SSL_CTX_set0_security_ex_data(context, tls);
}

/* The file that was opened is the one that is looked at and read, whatever the path leads to since.
 * Nothing is waited for: a FIFO in its place would be for ever. */
static bool
load_file(SSL_CTX *context, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char opened[32];
	struct stat status;
	bool loaded;

	snprintf(opened, sizeof opened, "/proc/self/fd/%d", fd);
	loaded = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
	    && SSL_CTX_load_verify_locations(context, opened, NULL) == 1;
	if (fd >= 0)
		close(fd);
	return loaded;
}

/* Not from a folder, which OpenSSL reads during a handshake, when no file can be opened: Debian's
 * bundle, or OpenSSL's file. */
static bool
load_authorities(SSL_CTX *context, const char *ca_file)
{
	const char *own = getenv(X509_get_default_cert_file_env());
	const char *const files[] = { own, "/etc/ssl/certs/ca-certificates.crt",
	    X509_get_default_cert_file() };

	if (ca_file != NULL)
		return load_file(context, ca_file);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i] != NULL && load_file(context, files[i]))
			return true;
	return false;
}

bool
tls_open(struct tls *tls, const struct settings *settings, char *why, size_t why_size)
{
	bool done;

	*tls = (struct tls){ .context = SSL_CTX_new(TLS_client_method()), .settings = settings };
	if (tls->context == NULL) {
		snprintf(why, why_size, "no TLS context: out of memory");
		return false;
	}
	confine(tls);
	done = (settings->verify == VERIFY_NONE
	    || load_authorities(tls->context, settings->ca_file))
	    && expect_name(tls->context, settings);
	if (!done) {
		snprintf(why, why_size, "ca_file: %s: no certificates can be read from it",
		    settings->ca_file != NULL ? settings->ca_file : "the system's authorities");
		tls_close(tls);
	}
	ERR_clear_error();
	return done;
}

void
tls_close(struct tls *tls)
{
	SSL_CTX_free(tls->context);
	tls->context = NULL;
}

/* A fault of the certificate has a sentence of its own, which says more than the alert behind it. */
static bool
fail(struct wire *wire, const struct tls *tls)
{
	char cause[WIRE_WHY_MAX / 2];

	snprintf(cause, sizeof cause, "%.*s", (int)sizeof cause - 1, wire->why);
	if (tls->fault[0] != '\0')
		return wire_fail(wire, WIRE_BROKEN, "%s", tls->fault);
	return wire_fail(wire, wire->end, "the TLS handshake with %s failed: %s",
	    tls->settings->host, cause);
}

void
tls_begin_turn(struct wire *wire)
{
	ERR_clear_error();
	errno = 0;
	wire->turn_bytes = 0;
}

/* The beginning of what comes before there is TLS. */
static void
keep(struct wire *wire, const char *bytes, size_t size)
{
	size_t room = HEARD_MAX - wire->size;

	memcpy(wire->bytes + wire->size, bytes, size < room ? size : room);
	wire->size += size < room ? size : room;
}

/* One call of OpenSSL reads on for as long as messages come that it passes over, such as
 * HelloRequest or session tickets. After TURN_BYTES it is told to wait, so that our limits are
 * checked. */
static long
on_socket(BIO *bio, int operation, const char *bytes, size_t size, int number, long other,
    int result, size_t *processed)
{
	struct wire *wire = (struct wire *)(void *)BIO_get_callback_arg(bio);

	(void)size, (void)number, (void)other;
	if (operation == BIO_CB_READ && wire->turn_bytes >= TURN_BYTES) {
		BIO_clear_retry_flags(bio);
		BIO_set_retry_read(bio);
		return -1;
	}
	if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0) {
		wire->turn_bytes += *processed;
		wire->came += *processed;
		if (!SSL_is_init_finished(wire->ssl))
			keep(wire, bytes, *processed);
	}
	return result;
}

static bool
is_in_clear(void)
{
	int reason = ERR_GET_REASON(ERR_peek_error());

	return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST;
}

/* Quotes a relay that does not speak TLS: often it says why it refuses. */
static void
add_heard(struct wire *wire, char *cause, size_t room)
{
	char more[HEARD_MAX], words[HEARD_MAX];
	ssize_t got = recv(wire->fd, more, sizeof more, MSG_DONTWAIT);
	size_t size = strlen(cause);

	if (got > 0)
		keep(wire, more, (size_t)got);
	reply_tell(wire->bytes, wire->size, words, sizeof words);
	snprintf(cause + size, room - size, " (\"%s\")", words);
}

bool
tls_begin(struct tls *tls, struct wire *wire, int64_t limit)
{
	int64_t until = wire_now() + limit;
	char name[sizeof tls->settings->host], cause[WIRE_WHY_MAX / 2];

	tls->fault[0] = '\0';
	assert(wire->size == 0);
	wire->ssl = SSL_new(tls->context);
	if (wire->ssl == NULL || SSL_set_fd(wire->ssl, wire->fd) != 1)
		return wire_fail(wire, WIRE_BROKEN, "no memory for TLS");
	BIO_set_callback_ex(SSL_get_rbio(wire->ssl), on_socket);
	BIO_set_callback_arg(SSL_get_rbio(wire->ssl), (char *)wire);
	if (!name_of(tls->settings, name, sizeof name))
		(void)SSL_set_tlsext_host_name(wire->ssl, name);
	for (;;) {
		int done, error;

		tls_begin_turn(wire);
		done = SSL_connect(wire->ssl);
		if (done == 1) {
			wire->size = 0;
			return true;
		}
		error = SSL_get_error(wire->ssl, done);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			tls_tell_error(error, cause, sizeof cause);
			if (is_in_clear())
				add_heard(wire, cause, sizeof cause);
			wire->size = 0;
			(void)wire_fail(wire, WIRE_BROKEN, "%s",
			    tls_is_end(error) ? "the relay closed the connection" : cause);
			return fail(wire, tls);
		}
		if (!wire_wait(wire, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until))
			return fail(wire, tls);
	}
}
