/*
 * Creates the TLS contexts for all policies before the sandbox: reading a bundle of CAs takes 17
 * ms and 1.25 MB, so a store of CAs is shared by all contexts that name the same file, and a
 * context by all targets with the same (ca_file, min_version). A probe by hand, which has no
 * sandbox, begins with the library and the system's bundle at its first handshake: most of its
 * runs never come to one.
 */
#include "prober/tls_policy.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/snapshot.h"
#include "prober/sources.h"
#include "prober/tls_verify.h"

enum { CA_FILE_MAX = 16 * 1024 * 1024 };

struct store {
	const char *ca_file; /* NULL: no CA at all */
	X509_STORE *store;   /* NULL: neither the file nor a copy of it can be used,
	    or it is unread */
	bool is_unread;
	struct store *next;
};

struct tls_policies {
	struct tls_policy *first;
	struct store *stores;
	const char *bundle;      /* the file of the system's CAs; NULL: there is none */
	struct sources *sources; /* while they are made; NULL: there are no copies */
	BIO_METHOD *method;
	struct tls_facts_cache *facts;
};

static const char *const known[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

const char *
tls_system_bundle(void)
{
	const char *asked = getenv(X509_get_default_cert_file_env());

	if (asked != NULL && access(asked, R_OK) == 0)
		return asked;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (access(known[i], R_OK) == 0)
			return known[i];
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Stores of CAs */

/* The file that was opened is the one that is looked at and read, whatever the path leads to since.
 * Nothing is waited for: a FIFO in its place would be for ever. */
static int
open_ca_file(const char *ca_file, const char *shown, struct reason *why)
{
	int fd = open(ca_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		reason_set(why, "the CA file %s cannot be read: %s", shown, strerror(errno));
	else if (!S_ISREG(status.st_mode) || status.st_size > CA_FILE_MAX)
		reason_set(why, "the CA file %s is no regular file of at most 16 MiB", shown);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A file that is none, or without certificates, would make every server untrusted: it is refused
 * here, where its name can be told. */
static bool
load_store(struct store *store, const char *ca_file, struct reason *why)
{
	char shown[300], opened[32];
	struct text text = TEXT_OVER(shown);
	bool loaded;
	int fd;

	text_escape(&text, (struct pw_bytes){ ca_file, strlen(ca_file) });
	fd = open_ca_file(ca_file, shown, why);
	if (fd < 0)
		return false;
	store->store = X509_STORE_new();
	if (store->store == NULL) {
		reason_set(why, "out of memory");
		close(fd);
		return false;
	}
	snprintf(opened, sizeof opened, "/proc/self/fd/%d", fd);
	ERR_clear_error();
	loaded = X509_STORE_load_file(store->store, opened) == 1;
	close(fd);
	if (loaded)
		return true;
	reason_set(why, "the CA file %s holds no certificate in PEM form", shown);
	ERR_clear_error();
	X509_STORE_free(store->store);
	store->store = NULL;
	return false;
}

static bool
fill_store(struct store *store, struct sources *sources, struct reason *why)
{
	struct source source = source_begin(sources, store->ca_file);

	if (store->ca_file == NULL) {
		store->store = X509_STORE_new();
		if (store->store == NULL)
			reason_set(why, "out of memory");
		return store->store != NULL;
	}
	for (const char *from; (from = source_next(&source)) != NULL;)
		if (load_store(store, from, source.why)) {
			source_loaded(&source);
			return true;
		}
	if (sources != NULL)
		sources_note(sources, &source.fault,
		    "there is no copy of what was in it before, and targets that need it are "
		    "unknown");
	else
		*why = source.fault;
	return sources != NULL;
}

/* The store for `ca_file`, without CAs where that cannot be used and targets do without. NULL
 * with a reason where they cannot. `is_lazy`: it is not read yet. */
static struct store *
find_store(struct tls_policies *policies, const char *ca_file, bool is_lazy, struct reason *why)
{
	struct store *store = policies->stores;

	while (store != NULL && !same_text(store->ca_file, ca_file))
		store = store->next;
	if (store != NULL)
		return store;
	store = calloc(1, sizeof *store);
	if (store == NULL) {
		reason_set(why, "out of memory");
		return NULL;
	}
	*store = (struct store){ .ca_file = ca_file, .is_unread = is_lazy,
	    .next = policies->stores };
	policies->stores = store;
	return is_lazy || fill_store(store, policies->sources, why) ? store : NULL;
}

/* Contexts */

/* The library tells of each record and message before it looks into it: the counts stop floods
 * of empty records, key updates and tickets, which cost the peer nothing (RFC 8446, section
 * 4.6.3). */
static void
on_message(int writing, int version, int type, const void *bytes, size_t size, SSL *ssl,
    void *unused)
{
	struct tls *tls = tls_of(ssl);

	(void)version;
	(void)unused;
	if (writing || tls == NULL)
		return;
	if (type == SSL3_RT_HEADER && ++tls->records > TLS_RECORDS_MAX)
		tls->abuse = "too many records";
	if (type != SSL3_RT_HANDSHAKE || size == 0)
		return;
	if (++tls->messages > TLS_MESSAGES_MAX)
		tls->abuse = "too many handshake messages";
	if (*(const unsigned char *)bytes == SSL3_MT_CERTIFICATE)
		tls_facts_key(tls->policy->facts, bytes, size, &tls->chain);
}

/* We have none to give; that it was asked for explains what may follow. */
static int
on_client_certificate(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
	(void)certificate;
	(void)key;
	tls_of(ssl)->client_cert_asked = true;
	return 0;
}

static bool
set_versions(SSL_CTX *context, const struct tls_policy *policy)
{
	bool legacy = policy->kind == TLS_LEGACY, old = legacy
	    || policy->min_version < TLS1_2_VERSION;

	if (SSL_CTX_set_min_proto_version(context, legacy ? TLS1_VERSION : policy->min_version) != 1
	    || (policy->kind == TLS_SMALL
	    && SSL_CTX_set1_groups_list(context, "X25519:P-256:X448:P-384:P-521") != 1))
		return false;
	if (!old)
		return true;
	/* TLS 1.0 and 1.1 sign with SHA-1 and MD5, which level 0 alone allows. */
	SSL_CTX_set_security_level(context, 0);
	if (!legacy)
		return SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") == 1;
	return SSL_CTX_set_cipher_list(context, "ALL:!aNULL:eNULL:@SECLEVEL=0") == 1;
}

static SSL_CTX *
make_context(struct tls_policy *policy, X509_STORE *store)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL || !set_versions(context, policy)) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set1_cert_store(context, store);
	/* A monitor wants whole handshakes. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* Servers without RFC 5746 take mail, too; as we never renegotiate, only they are at
	 * risk. */
	SSL_CTX_set_options(context,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
	    | SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
	    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_max_cert_list(context, TLS_CHAIN_MAX);
	SSL_CTX_set_msg_callback(context, on_message);
	SSL_CTX_set_client_cert_cb(context, on_client_certificate);
	tls_verify_prepare(context, policy);
	return context;
}

/* Makes the policy's context, and what all share where it is not made yet. False: no memory. */
static bool
begin(struct tls_policy *policy)
{
	struct tls_policies *policies = policy->home;

	if (policies->method == NULL)
		policies->method = tls_socket_method();
	if (policies->facts == NULL)
		policies->facts = tls_facts_cache_create();
	policy->method = policies->method;
	policy->facts = policies->facts;
	if (policy->method != NULL && policy->facts != NULL)
		policy->context = make_context(policy, policy->store->store);
	return policy->context != NULL;
}

bool
tls_policy_is_usable(struct tls_policy *policy)
{
	struct store *store = policy->store;

	if (store->is_unread)
		(void)load_store(store, store->ca_file, NULL);
	store->is_unread = false;
	return policy->context != NULL || (store->store != NULL && begin(policy));
}

static bool
add_policy(struct tls_policies *policies, const char *ca_file, int min_version, enum tls_kind kind,
    struct reason *why)
{
	struct tls_policy *policy = calloc(1, sizeof *policy);
	const char *file = ca_file != NULL ? ca_file : policies->bundle;
	bool is_lazy = ca_file == NULL && file != NULL && policies->sources == NULL;

	if (policy == NULL) {
		reason_set(why, "out of memory");
		return false;
	}
	*policy = (struct tls_policy){ .home = policies, .ca_file = ca_file,
		.min_version = min_version, .kind = kind, .next = policies->first };
	policies->first = policy;
	policy->store = find_store(policies, file, is_lazy, why);
	if (policy->store == NULL)
		return false;
	if (policy->store->store == NULL)
		return true;
	if (!begin(policy))
		reason_set(why, "no TLS context: %s", ERR_reason_error_string(ERR_peek_error()));
	return policy->context != NULL;
}

static struct tls_policy *
find(const struct tls_policies *policies, const char *ca_file, int min_version, enum tls_kind kind)
{
	for (struct tls_policy *policy = policies->first; policy != NULL; policy = policy->next)
		if (policy->kind == kind
		    && (kind == TLS_LEGACY || policy->min_version == min_version)
		    && same_text(policy->ca_file, ca_file))
			return policy;
	return NULL;
}

/* All kinds are made at once: no file can be opened when the second connection wants its own. */
static bool
add_settings(struct tls_policies *policies, const struct tls_settings *settings, struct reason *why)
{
	if (settings->mode == PW_TLS_NONE)
		return true;
	if (settings->ca_file == NULL && settings->verify != TLS_VERIFY_NONE
	    && policies->bundle == NULL) {
		reason_set(why,
		    "this system has no bundle of CA certificates: install ca-certificates, or set "
		    "ca_file");
		return false;
	}
	for (enum tls_kind kind = TLS_USUAL; kind <= TLS_SMALL; kind++)
		if (find(policies, settings->ca_file, settings->min_version, kind) == NULL
		    && !add_policy(policies, settings->ca_file, settings->min_version, kind, why))
			return false;
	return true;
}

static bool
needs_bundle(const struct config *config)
{
	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct tls_settings *settings = config->targets[i].policy->tls;
		if (settings != NULL && settings->mode != PW_TLS_NONE && settings->ca_file == NULL
		    && settings->verify != TLS_VERIFY_NONE)
			return true;
	}
	return false;
}

/* One that was there and is gone may have a copy. */
static const char *
find_bundle(const struct config *config, const struct sources *sources)
{
	const char *bundle = tls_system_bundle();
	char copy[PATH_MAX];

	for (size_t i = 0; bundle == NULL && sources != NULL && needs_bundle(config)
	    && i < sizeof known / sizeof *known; i++)
		if (snapshot_copy_path(copy, sources->state, known[i]) && access(copy, R_OK) == 0)
			bundle = known[i];
	return bundle == NULL && sources != NULL && needs_bundle(config) ? known[0] : bundle;
}

static bool
add_all(struct tls_policies *policies, const struct config *config, struct reason *why)
{
	const struct tls_settings *last = NULL;

	for (uint32_t i = 0; i < config->target_count; i++) {
		const struct tls_settings *settings = config->targets[i].policy->tls;

		if (settings == NULL || settings == last)
			continue;
		if (!add_settings(policies, settings, why))
			return false;
		last = settings;
	}
	return true;
}

struct tls_policies *
tls_policies_create(const struct config *config, struct sources *sources, struct reason *why)
{
	struct tls_policies *policies = calloc(1, sizeof *policies);

	if (policies == NULL) {
		reason_set(why, "out of memory");
		return NULL;
	}
	tzset(); /* gmtime, with which the library looks at dates, reads /etc/localtime the first
	          * time */
	policies->sources = sources;
	policies->bundle = find_bundle(config, sources);
	if (!add_all(policies, config, why))
		tls_policies_destroy(&policies);
	else
		policies->sources = NULL;
	return policies;
}

void
tls_policies_destroy(struct tls_policies **policies)
{
	if (*policies == NULL)
		return;
	for (struct tls_policy *policy = (*policies)->first, *next; policy != NULL; policy = next) {
		next = policy->next;
		SSL_CTX_free(policy->context);
		free(policy);
	}
	for (struct store *store = (*policies)->stores, *next; store != NULL; store = next) {
		next = store->next;
		X509_STORE_free(store->store);
		free(store);
	}
	BIO_meth_free((*policies)->method);
	tls_facts_cache_destroy(&(*policies)->facts);
	free(*policies);
	*policies = NULL;
}

struct tls_policy *
tls_policy_find(struct tls_policies *policies, const struct tls_settings *settings,
    enum tls_kind kind)
{
	struct tls_policy *found = find(policies, settings->ca_file, settings->min_version, kind);

	assert(found != NULL && found->home == policies);
	return found;
}
