/* The relay's certificate is checked within the handshake: nothing is said inside TLS to one that is not the relay's. */
#include "relay.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static bool
is_address(const char *host)
{
	struct in_addr address;

	return inet_pton(AF_INET, host, &address) == 1;
}

/* The library has no word for SNI. */
static void
on_info(const SSL *ssl, int where, int value)
{
	const struct relay *relay = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)value;
	if (where & SSL_CB_HANDSHAKE_START && !is_address(relay->host))
		SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, relay->host);
}

/* In place of the whole verification. What was smuggled in before the handshake must not be taken for replies within. */
static int
on_verify(X509_STORE_CTX *store, void *memory)
{
	struct relay *relay = memory;
	int error;

	relay->secured = true;
	if (relay->injected) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (relay->tls != RELAY_REQUIRE)
		return 1;
	if (X509_verify_cert(store) > 0)
		return 1;
	error = X509_STORE_CTX_get_error(store);
	snprintf(relay->fault, sizeof relay->fault, "the certificate of %s: %s", relay->host,
	    X509_verify_cert_error_string(error));
	return 0;
}

static bool
expect_name(SSL_CTX *context, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1
	    : X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

SSL_CTX *
relay_tls_context(struct relay *relay, const char *ca_file, char *why, size_t why_size)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	bool loaded;

	if (context == NULL) {
		snprintf(why, why_size, "no TLS context: out of memory");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_app_data(context, relay);
	SSL_CTX_set_info_callback(context, on_info);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, on_verify, relay);
	loaded = ca_file != NULL ? SSL_CTX_load_verify_locations(context, ca_file, NULL) == 1
	    : SSL_CTX_set_default_verify_paths(context) == 1;
	if (loaded && expect_name(context, relay->host)) {
		ERR_clear_error();
		return context;
	}
	snprintf(why, why_size, "ca_file: %s: no certificates can be read from it",
	    ca_file != NULL ? ca_file : "the system's authorities");
	ERR_clear_error();
	SSL_CTX_free(context);
	return NULL;
}
