/*
 * For a stream of the prober: runs OpenSSL on its socket. The library reads and writes the socket
 * through a method of ours, because that is the one place where a flood can be stopped: inside a
 * single call it would go on for as long as records come in.
 */
#include "prober/tls_verify.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * What is said in clear where a handshake is expected. Records are only counted, until something
 * comes that can be none: a server that cannot do TLS sends an alert at best, and then goes on in
 * the language that it spoke before.
 */

enum {
	RECORD_FIRST = 20, RECORD_LAST = 24,    /* content types: change_cipher_spec to heartbeat
	                                         * (RFC 6520) */
	RECORD_MAX = 16 * 1024 + 2048           /* RFC 5246, section 6.2.3 */
};

/* Whether the bytes of a header that are there so far may be one of a record. */
static bool
may_be_record(const unsigned char *head, size_t size)
{
	if (head[0] < RECORD_FIRST || head[0] > RECORD_LAST || (size > 1 && head[1] != 3)
	    || (size > 2 && head[2] > 4))
		return false;
	return size < TLS_HEAD || (head[3] << 8 | head[4]) <= RECORD_MAX;
}

static void
keep(struct tls_clear *clear, const unsigned char *bytes, size_t size)
{
	size_t room = sizeof clear->bytes - clear->size;

	size = size < room ? size : room;
	memcpy(clear->bytes + clear->size, bytes, size);
	clear->size += (uint16_t)size;
}

/* A record is counted by its header alone and passed over: nothing of what it holds is looked
 * at. */
void
tls_clear_look(struct tls_clear *clear, const void *data, size_t size)
{
	const unsigned char *bytes = data, *end = bytes + size;

	assert(clear->size <= sizeof clear->bytes
	    && (clear->size > 0 || clear->head_size < TLS_HEAD));
	while (bytes < end && clear->size == 0) {
		if (clear->skip > 0) {
			size_t some = clear->skip < (size_t)(end - bytes) ? clear->skip
			    : (size_t)(end - bytes);
			clear->skip -= (uint32_t)some;
			bytes += some;
			continue;
		}
		assert(clear->head_size < sizeof clear->head);
		clear->head[clear->head_size++] = *bytes++;
		if (!may_be_record(clear->head, clear->head_size)) {
			keep(clear, clear->head, clear->head_size);
		} else if (clear->head_size == TLS_HEAD) {
			clear->skip = (uint32_t)(clear->head[3] << 8 | clear->head[4]);
			clear->head_size = 0;
		}
	}
	if (clear->size > 0)
		keep(clear, bytes, (size_t)(end - bytes));
}

/* The socket */

/* The only place where every byte passes: the caps on a flood stand here, since a single call of
 * the library reads on for as long as records come. */
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

/*
 * What the peer said before it reset the connection is still there to be read, and says why: a
 * write that fails so is no end, the read behind it is. The first such error is the true one: a
 * reset is told once, and is a broken pipe from then on.
 */
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
	if (errno == ECONNRESET || errno == EPIPE) {
		tls->write_error = tls->write_error == 0 ? errno : tls->write_error;
		return size;
	}
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_write(bio);
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

	if (method == NULL || !BIO_meth_set_read(method, socket_read)
	    || !BIO_meth_set_write(method, socket_write)
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
	BIO *bio = BIO_new(tls->policy->method);

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

/* The queue of errors belongs to the thread, not to the connection: it is emptied before each
 * call and left empty. */
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

/* What waits for the peer holds no buffers of 16 KiB. SSL_MODE_RELEASE_BUFFERS alone leaves one
 * where the last thing that came was no data: the end of the handshake, a ticket. */
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
	assert(room > 0 && (tls->finished || tls->end != TLS_DONE));
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

/* What a failed handshake leaves to be said */

bool
tls_is_alert(const struct tls *tls)
{
	int alert = ERR_GET_REASON(tls->reason) - SSL_AD_REASON_OFFSET;

	return ERR_GET_LIB(tls->reason) == ERR_LIB_SSL && alert > 0 && alert <= UINT8_MAX;
}

bool
tls_has_asked(const struct tls *tls)
{
	return tls->client_cert_asked;
}

bool
tls_may_say_more(const struct tls *tls)
{
	return tls->end == TLS_FAILED && !tls->finished && tls->abuse == NULL
	    && tls->refused == NULL && (tls->clear.size > 0 || tls_is_alert(tls));
}

/* Whether the last line that came is whole, and none follows it: "554-" goes on (RFC 5321,
 * section 4.2.1). */
static bool
is_complete(const struct tls_clear *clear)
{
	const char *line, *end = clear->bytes + clear->size - 1;

	if (clear->size == 0 || *end != '\n')
		return false;
	line = memrchr(clear->bytes, '\n', clear->size - 1u);
	line = line != NULL ? line + 1 : clear->bytes;
	return end - line < 4 || line[3] != '-';
}

/* Up to a complete line: servers say "454 TLS not available" and go on, or close. Whoever says
 * more than our room has said enough. */
bool
tls_hear_out(struct tls *tls)
{
	char bytes[4096];
	const struct tls_clear *clear = &tls->clear;

	for (;;) {
		if (clear->size == sizeof clear->bytes || is_complete(clear))
			return true;
		ssize_t got = recv(tls->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got <= 0)
			return got == 0 || (errno != EAGAIN && errno != EINTR);
		tls->bytes += (uint32_t)got;
		if (tls->bytes > TLS_OVERHEAD_MAX)
			return true;
		tls_clear_look(&tls->clear, bytes, (size_t)got);
	}
}
