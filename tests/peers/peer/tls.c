/* Contexts, handshakes and floods of the scripted server. */
#include "tls.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/core_names.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SECRET_MAX = 64 };

struct tls {
	SSL *ssl;
	bool flooding;
	size_t early;        /* lines of a reply to be said together with the end of the handshake, or its code; 0: none */
	size_t record_max;   /* bytes of what is written in a record, 0: no matter */
	uint64_t written;    /* records of application data */
	unsigned char secret[SECRET_MAX]; /* of our application data, TLS 1.3 */
	size_t secret_size;
	struct bytes staple;
	char says[200];
};

struct making {
	SSL_CTX *context;
	struct tls *tls;
	const struct command *command;
};

static _Noreturn void
fault(const struct making *making, const char *what)
{
	char why[200];

	ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
	errx(65, "line %d: tls %s: %s: %s", making->command->line, making->command->bytes.data, what, why);
}

static int
version_of(const struct making *making, const char *word)
{
	static const struct { const char *word; int version; } versions[] = {
		{ "1.0", TLS1_VERSION }, { "1.1", TLS1_1_VERSION }, { "1.2", TLS1_2_VERSION }, { "1.3", TLS1_3_VERSION },
	};

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (strcmp(word, versions[i].word) == 0)
			return versions[i].version;
	fault(making, word);
}

static void
set_min(struct making *making, const char *value)
{
	SSL_CTX_set_min_proto_version(making->context, version_of(making, value));
}

static void
set_max(struct making *making, const char *value)
{
	SSL_CTX_set_max_proto_version(making->context, version_of(making, value));
}

static void
set_ciphers(struct making *making, const char *value)
{
	char list[200];

	snprintf(list, sizeof list, "%s:@SECLEVEL=0", value);
	if (SSL_CTX_set_cipher_list(making->context, list) != 1)
		fault(making, value);
}

/* An odd modulus of the size asked for. No prime is needed to make a client work hard. */
static void
set_dh(struct making *making, const char *value)
{
	size_t size = strtoul(value, NULL, 10) / 8;
	unsigned char *prime = malloc(size), generator[] = { 2 };
	OSSL_PARAM parameters[3] = { { 0 }, { 0 }, OSSL_PARAM_construct_end() };
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *key = NULL;

	if (size == 0 || prime == NULL)
		fault(making, value);
	memset(prime, 0xf3, size);
	parameters[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_P, prime, size);
	parameters[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_G, generator, sizeof generator);
	if (EVP_PKEY_fromdata_init(maker) != 1
	    || EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEY_PARAMETERS, parameters) != 1
	    || SSL_CTX_set0_tmp_dh_pkey(making->context, key) != 1)
		fault(making, value);
	EVP_PKEY_CTX_free(maker);
	free(prime);
	set_max(making, "1.2");
	set_ciphers(making, "DHE");
}

static int
accept_any(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	return 1;
}

static void
set_client_cert(struct making *making, const char *value)
{
	int mode = SSL_VERIFY_PEER;

	if (strcmp(value, "need") == 0)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(making->context, mode, accept_any);
}

static void
set_tickets(struct making *making, const char *value)
{
	SSL_CTX_set_num_tickets(making->context, strtoul(value, NULL, 10));
}

static void
set_records(struct making *making, const char *value)
{
	making->tls->record_max = strtoul(value, NULL, 10);
}

/*
 * A server that knows nothing of RFC 5746 does not see that its client does. The library calls this when the ClientHello
 * is part of the transcript and not yet parsed: its signalling cipher and its extension become ones that nobody knows.
 */
static void
hide_renegotiation(int writing, int version, int type, const void *bytes, size_t size, SSL *ssl, void *unused)
{
	enum { UNKNOWN = 0x1a, HEAD = 4 + 2 + 32, TYPE = 0xff, EXTENSION = 0xff01 };
	unsigned char *hello = (unsigned char *)(uintptr_t)bytes;

	(void)version, (void)ssl, (void)unused;
	if (writing || type != SSL3_RT_HANDSHAKE || size < HEAD + 1 || hello[0] != SSL3_MT_CLIENT_HELLO)
		return;
	size_t at = HEAD + 1 + (size_t)hello[HEAD], end = at + 2 + (size_t)(hello[at] << 8 | hello[at + 1]);
	for (at += 2; at + 1 < end && end < size; at += 2)
		if (hello[at] == 0 && hello[at + 1] == TYPE)
			hello[at] = hello[at + 1] = UNKNOWN;
	at = end + 1 + (size_t)hello[end];
	for (at += 2; at + 4 <= size; at += 4 + (size_t)(hello[at + 2] << 8 | hello[at + 3]))
		if ((hello[at] << 8 | hello[at + 1]) == EXTENSION)
			hello[at] = hello[at + 1] = UNKNOWN;
}

static void
set_renegotiation(struct making *making, const char *value)
{
	if (strcmp(value, "unsafe") != 0)
		fault(making, value);
	SSL_CTX_set_msg_callback(making->context, hide_renegotiation);
}

static void
set_early(struct making *making, const char *value)
{
	making->tls->early = strtoul(value, NULL, 10);
}

static const struct option {
	const char *key;
	void (*set)(struct making *, const char *value);
} options[] = {
	{ "min=", set_min },         { "max=", set_max },         { "ciphers=", set_ciphers },
	{ "dh=", set_dh },           { "tickets=", set_tickets }, { "records=", set_records },
	{ "client_cert=", set_client_cert }, { "renegotiation=", set_renegotiation },
	{ "early=", set_early },
};

static void
set_option(struct making *making, const char *word)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		size_t size = strlen(options[i].key);

		if (strncmp(word, options[i].key, size) == 0) {
			options[i].set(making, word + size);
			return;
		}
	}
	fault(making, word);
}

static int
staple(SSL *ssl, void *argument)
{
	struct tls *tls = SSL_get_app_data(ssl);
	unsigned char *copy;

	(void)argument;
	if (tls->staple.size == 0 || (copy = OPENSSL_memdup(tls->staple.data, tls->staple.size)) == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)tls->staple.size);
	return SSL_TLSEXT_ERR_OK;
}

static void
read_staple(struct making *making, const char *path)
{
	FILE *file = fopen(path, "r");
	char bytes[8192];

	if (file == NULL)
		return;
	making->tls->staple.size = fread(bytes, 1, sizeof bytes, file);
	making->tls->staple.data = OPENSSL_memdup(bytes, making->tls->staple.size);
	fclose(file);
	SSL_CTX_set_tlsext_status_cb(making->context, staple);
}

static void
load_certificate(struct making *making, const char *certs, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s.pem", certs, name);
	if (SSL_CTX_use_certificate_chain_file(making->context, path) != 1
	    || SSL_CTX_use_PrivateKey_file(making->context, path, SSL_FILETYPE_PEM) != 1)
		fault(making, path);
	snprintf(path, sizeof path, "%s/%s.ocsp", certs, name);
	read_staple(making, path);
}

/* "SERVER_TRAFFIC_SECRET_0 <random> <secret>", in hex */
static void
keep_secret(const SSL *ssl, const char *line)
{
	static const char wanted[] = "SERVER_TRAFFIC_SECRET_0 ";
	struct tls *tls = SSL_get_app_data(ssl);

	if (strncmp(line, wanted, sizeof wanted - 1) == 0)
		OPENSSL_hexstr2buf_ex(tls->secret, sizeof tls->secret, &tls->secret_size, strrchr(line, ' ') + 1, '\0');
}

static void
make_context(struct making *making, const struct wardrobe *wardrobe)
{
	char words[512], *rest = words, *name;

	SSL_CTX_set_security_level(making->context, 0);
	SSL_CTX_set_options(making->context, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_min_proto_version(making->context, TLS1_VERSION);
	SSL_CTX_set_ciphersuites(making->context, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_keylog_callback(making->context, keep_secret);
	SSL_CTX_set_num_tickets(making->context, 0);
	SSL_CTX_set_dh_auto(making->context, 0);
	set_ciphers(making, "ALL:eNULL");
	snprintf(words, sizeof words, "%s", making->command->bytes.data);
	name = strsep(&rest, " ");
	load_certificate(making, wardrobe->folder, strcmp(name, "*") == 0 ? wardrobe->any : name);
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		if (*word != '\0')
			set_option(making, word);
}

struct tls *
tls_create(const struct wardrobe *wardrobe, const struct command *command, int fd)
{
	struct making making = { SSL_CTX_new(TLS_server_method()), calloc(1, sizeof(struct tls)), command };

	if (making.context == NULL || making.tls == NULL)
		fault(&making, "no memory");
	make_context(&making, wardrobe);
	making.tls->ssl = SSL_new(making.context);
	SSL_CTX_free(making.context);
	if (making.tls->ssl == NULL || SSL_set_fd(making.tls->ssl, fd) != 1)
		fault(&making, "no session");
	SSL_set_mode(making.tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_app_data(making.tls->ssl, making.tls);
	SSL_set_accept_state(making.tls->ssl);
	return making.tls;
}

void
tls_destroy(struct tls **tls)
{
	if (*tls != NULL) {
		SSL_free((*tls)->ssl);
		OPENSSL_free((*tls)->staple.data);
	}
	free(*tls);
	*tls = NULL;
}

static enum tls_result
result_of(struct tls *tls, int code)
{
	int error = SSL_get_error(tls->ssl, code);
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	switch (error) {
	case SSL_ERROR_WANT_READ: return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE: return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN: snprintf(tls->says, sizeof tls->says, "close_notify"); break;
	case SSL_ERROR_SYSCALL: snprintf(tls->says, sizeof tls->says, "%s", errno != 0 ? strerror(errno) : "closed"); break;
	default: snprintf(tls->says, sizeof tls->says, "%s", reason != NULL ? reason : "?");
	}
	return TLS_OVER;
}

/* "250-early" and so on, "250 early" at the end; "421 early" where the number is a code. */
static size_t
write_early_lines(const struct tls *tls, char *bytes, size_t room)
{
	size_t size = 0;

	if (tls->early >= 200)
		return (size_t)snprintf(bytes, room, "%zu early\r\n", tls->early);
	for (size_t line = 1; line <= tls->early && size + 16 < room; line++)
		size += (size_t)snprintf(bytes + size, room - size, "250%cearly\r\n", line < tls->early ? '-' : ' ');
	return size;
}

/* TLS 1.3: the server may speak before it has heard that the client is done (0.5-RTT data). */
static enum tls_result
speak_before_the_end(struct tls *tls)
{
	char bytes[1024];
	size_t size, done;

	if (SSL_read_early_data(tls->ssl, bytes, sizeof bytes, &done) == SSL_READ_EARLY_DATA_ERROR)
		return result_of(tls, -1);
	size = write_early_lines(tls, bytes, sizeof bytes);
	return SSL_write_early_data(tls->ssl, bytes, size, &done) == 1 ? TLS_DONE : result_of(tls, -1);
}

static enum tls_result
speak_behind_the_end(struct tls *tls)
{
	char bytes[1024];
	size_t done;
	int code = SSL_do_handshake(tls->ssl);

	if (code != 1)
		return result_of(tls, code);
	code = SSL_write_ex(tls->ssl, bytes, write_early_lines(tls, bytes, sizeof bytes), &done);
	return code == 1 ? TLS_DONE : result_of(tls, code);
}

/* The kernel holds the last message of the flight back until what is said travels with it. */
static enum tls_result
speak_early(struct tls *tls)
{
	int on = 1, off = 0, fd = SSL_get_fd(tls->ssl);
	bool old = SSL_get_max_proto_version(tls->ssl) == TLS1_2_VERSION;

	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
	enum tls_result result = old ? speak_behind_the_end(tls) : speak_before_the_end(tls);
	if (result != TLS_DONE)
		return result;
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
	tls->early = 0;
	return TLS_DONE;
}

enum tls_result
tls_shake(struct tls *tls)
{
	int code;

	ERR_clear_error();
	if (tls->early > 0) {
		enum tls_result result = speak_early(tls);

		if (result != TLS_DONE)
			return result;
	}
	code = SSL_do_handshake(tls->ssl);
	return code == 1 ? TLS_DONE : result_of(tls, code);
}

enum tls_result
tls_read(struct tls *tls, char *bytes, size_t room, size_t *done)
{
	int code;

	ERR_clear_error();
	code = SSL_read_ex(tls->ssl, bytes, room, done);
	return code == 1 ? TLS_DONE : result_of(tls, code);
}

enum tls_result
tls_write(struct tls *tls, const char *bytes, size_t size, size_t *done)
{
	int code;

	if (tls->record_max > 0 && size > tls->record_max)
		size = tls->record_max;
	ERR_clear_error();
	code = SSL_write_ex(tls->ssl, bytes, size, done);
	if (code == 1)
		tls->written++;
	return code == 1 ? TLS_DONE : result_of(tls, code);
}

enum tls_result
tls_flood(struct tls *tls, const char *kind)
{
	int code = 0;

	ERR_clear_error();
	if (tls->flooding)
		code = 1;
	else if (strcmp(kind, "key_update") == 0)
		code = SSL_key_update(tls->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
	else if (strcmp(kind, "ticket") == 0)
		code = SSL_new_session_ticket(tls->ssl);
	else if (strcmp(kind, "hello_request") == 0)
		code = SSL_renegotiate(tls->ssl);
	if (code == 1)
		code = SSL_do_handshake(tls->ssl);
	tls->flooding = code != 1; /* the message is still on its way */
	return code == 1 ? TLS_DONE : result_of(tls, code);
}

/* HKDF-Expand-Label of RFC 8446, section 7.1, without context */
static void
derive(struct tls *tls, const char *label, unsigned char *out, size_t size)
{
	unsigned char info[40] = { 0, (unsigned char)size, (unsigned char)(6 + strlen(label)) };
	int info_size = 3 + snprintf((char *)info + 3, sizeof info - 3, "tls13 %s", label) + 1;
	EVP_PKEY_CTX *hkdf = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);

	assert(tls->secret_size > 0);
	if (EVP_PKEY_derive_init(hkdf) != 1
	    || EVP_PKEY_CTX_set_hkdf_mode(hkdf, EVP_PKEY_HKDEF_MODE_EXPAND_ONLY) != 1
	    || EVP_PKEY_CTX_set_hkdf_md(hkdf, EVP_sha256()) != 1
	    || EVP_PKEY_CTX_set1_hkdf_key(hkdf, tls->secret, (int)tls->secret_size) != 1
	    || EVP_PKEY_CTX_add1_hkdf_info(hkdf, info, info_size) != 1
	    || EVP_PKEY_derive(hkdf, out, &size) != 1)
		errx(70, "HKDF does not work");
	EVP_PKEY_CTX_free(hkdf);
}

void
tls_empty_record(struct tls *tls, unsigned char record[TLS_EMPTY_RECORD])
{
	static const unsigned char header[5] = { 23, 3, 3, 0, 1 + 16 }, type[1] = { 23 };
	unsigned char key[16], nonce[12];
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int size;

	derive(tls, "key", key, sizeof key);
	derive(tls, "iv", nonce, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= (unsigned char)(tls->written >> (56 - 8 * i));
	tls->written++;
	memcpy(record, header, sizeof header);
	if (EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, key, nonce) != 1
	    || EVP_EncryptUpdate(cipher, NULL, &size, header, sizeof header) != 1
	    || EVP_EncryptUpdate(cipher, record + 5, &size, type, sizeof type) != 1
	    || EVP_EncryptFinal_ex(cipher, record + 6, &size) != 1
	    || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, record + 6) != 1)
		errx(70, "AES-GCM does not work");
	EVP_CIPHER_CTX_free(cipher);
}

const char *
tls_says(struct tls *tls)
{
	if (tls->says[0] == '\0')
		snprintf(tls->says, sizeof tls->says, "%s %s", SSL_get_version(tls->ssl), SSL_get_cipher_name(tls->ssl));
	return tls->says;
}
