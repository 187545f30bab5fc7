/*
 * OpenSSL on the socket of a stream. The library reads and writes the socket through a method of
 * ours, because that is the one place where a flood can be stopped: inside a single call it would
 * go on for as long as records come in.
 */
#include "prober/tls_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct tls *
tls_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* The socket */

static int
socket_read(BIO *bio, char *bytes, int size)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (tls->turn_bytes >= TLS_TURN_BYTES) {
		BIO_set_retry_read(bio);
		return -1;
	}
	ssize_t got = recv(tls->fd, bytes, (size_t)size, 0);
	if (got > 0) {
		tls->bytes += (uint32_t)got;
		tls->turn_bytes += (uint32_t)got;
		if (tls->bytes > TLS_OVERHEAD_MAX)
			tls->abuse = "too many bytes";
		if (!tls->finished)
			tls_clear_look(&tls->clear, bytes, (size_t)got);
	} else if (got == 0) {
		tls->eof = true;
	} else if (errno == EAGAIN || errno == EINTR) {
		BIO_set_retry_read(bio);
	} else {
		tls->error = errno;
	}
	return (int)got;
}

static bool
is_end_of_peer(int error)
{
	return error == ECONNRESET || error == EPIPE;
}

/*
 * What the peer said before it reset the connection is still there to be read, and says why: a write that fails so is no
 * end, the read behind it is. The first such error is the true one: a reset is told once, and is a broken pipe from then on.
 */
static int
swallow(struct tls *tls, int error, int size)
{
	if (tls->write_error == 0)
		tls->write_error = error;
	return size;
}

static int
socket_write(BIO *bio, const char *bytes, int size)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t put = send(tls->fd, bytes, (size_t)size, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (put > 0 && tls->bytes == 0)
		tls->hello += (uint32_t)put;
	if (put >= 0)
		return (int)put;
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_write(bio);
	else if (is_end_of_peer(errno))
		return swallow(tls, errno, size);
	else
		tls->error = errno;
	return -1;
}

static long
socket_control(BIO *bio, int command, long number, void *pointer)
{
	struct tls *tls = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return tls->eof;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
tls_socket_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");

	if (method == NULL || !BIO_meth_set_read(method, socket_read) || !BIO_meth_set_write(method, socket_write)
	    || !BIO_meth_set_ctrl(method, socket_control)) {
		BIO_meth_free(method);
		return NULL;
	}
	return method;
}

/* Life */

static bool
attach_socket(struct tls *tls)
{
	BIO *bio = BIO_new(tls_policies_method(tls->policy->home));

	if (bio == NULL)
		return false;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	return true;
}

struct tls *
tls_create(struct tls_policy *policy, const struct tls_names *names, int fd)
{
	struct tls *tls = calloc(1, sizeof *tls);

	if (tls == NULL)
		return NULL;
	tls->policy = policy;
	tls->fd = fd;
	ERR_clear_error();
	tls->ssl = SSL_new(policy->context);
	if (tls->ssl == NULL || SSL_set_app_data(tls->ssl, tls) != 1 || !attach_socket(tls)
	    || !tls_verify_names(tls, names))
		tls_destroy(&tls);
	return tls;
}

void
tls_destroy(struct tls **tls)
{
	if (*tls == NULL)
		return;
	SSL_free((*tls)->ssl);
	free(*tls);
	*tls = NULL;
}

/* Steps */

/* What a call of the library came to. */
static enum tls_step
outcome_of(struct tls *tls, int result)
{
	int said = SSL_get_error(tls->ssl, result);

	if (tls->abuse != NULL || tls->refused != NULL)
		return TLS_FAILED;
	switch (said) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	}
	if (tls->eof && tls->write_error == ECONNRESET)
		tls->error = ECONNRESET;
	else if (tls->eof) /* first: the library's alert about it may have met an error */
		return tls->finished ? TLS_CLOSED_BARE : TLS_CLOSED;
	if (tls->error != 0)
		return TLS_BROKEN;
	/* The first error is the cause, those behind it are its consequences. */
	tls->reason = ERR_peek_error();
	return TLS_FAILED;
}

/* The queue of errors belongs to the thread, not to the connection: it is emptied before each call and left empty. */
static void
begin_step(struct tls *tls)
{
	ERR_clear_error();
	tls->turn_bytes = 0;
}

static enum tls_step
end_step(struct tls *tls, int result)
{
	enum tls_step step = outcome_of(tls, result);

	if (step != TLS_DONE && step != TLS_WANT_READ && step != TLS_WANT_WRITE) {
		tls->end = step;
		ERR_clear_error();
	}
	return step;
}

/* What waits for the peer holds no buffers of 16 KiB. SSL_MODE_RELEASE_BUFFERS alone leaves one where the last thing that
 * came was no data: the end of the handshake, a ticket. */
static void
release_buffers(struct tls *tls)
{
	if (!SSL_has_pending(tls->ssl))
		(void)SSL_free_buffers(tls->ssl);
}

enum tls_step
tls_handshake(struct tls *tls)
{
	if (tls->end != TLS_DONE)
		return tls->end;
	begin_step(tls);
	enum tls_step step = end_step(tls, SSL_connect(tls->ssl));
	if (step == TLS_DONE) {
		tls->finished = true;
		tls->messages = 0;
		release_buffers(tls);
	}
	return step;
}

enum tls_step
tls_read(struct tls *tls, char *bytes, size_t room, size_t *got)
{
	*got = 0;
	if (tls->end != TLS_DONE)
		return tls->end;
	begin_step(tls);
	enum tls_step step = end_step(tls, SSL_read_ex(tls->ssl, bytes, room, got));
	if (step == TLS_WANT_READ)
		release_buffers(tls);
	return step;
}

enum tls_step
tls_write(struct tls *tls, const char *bytes, size_t size, size_t *put)
{
	*put = 0;
	if (tls->end != TLS_DONE)
		return tls->end;
	begin_step(tls);
	enum tls_step step = end_step(tls, SSL_write_ex(tls->ssl, bytes, size, put));
	if (step == TLS_BROKEN) {
		errno = tls->error;
		tls->error = 0;
		tls->end = TLS_DONE;
	}
	return step;
}

bool
tls_shut(struct tls *tls)
{
	if (!tls->finished || (tls->end != TLS_DONE && tls->end != TLS_CLOSED))
		return false;
	begin_step(tls);
	int result = SSL_shutdown(tls->ssl);
	ERR_clear_error();
	return result >= 0;
}

uint32_t
tls_hello_size(const struct tls *tls)
{
	return tls->hello;
}

bool
tls_is_unheard(const struct tls *tls)
{
	return tls->bytes == 0;
}

bool
tls_has_more(const struct tls *tls)
{
	return SSL_has_pending(tls->ssl) == 1;
}
