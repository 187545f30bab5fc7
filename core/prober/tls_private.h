/* The structures and limits that the TLS modules of the prober share. */
#pragma once

#include <openssl/ssl.h>
#include "prober/tls.h"
#include "prober/tls_facts.h"

enum {
	TLS_CHAIN_MAX = 100 * 1024,     /* bytes of all certificates a peer sends */
	TLS_CHAIN_DEPTH = 10,           /* certificates above the leaf */
	TLS_RSA_BITS_MAX = 8192,        /* above that a key costs us more than it tells */
	TLS_DH_BITS_MAX = 8192,
	TLS_RECORDS_MAX = 4096,         /* of one connection */
	TLS_MESSAGES_MAX = 64,          /* of the handshake, and again after it: tickets, key
	                                 * updates, requests */
	TLS_TURN_BYTES = 64 * 1024,     /* read from the socket in one call: other streams wait
	                                 * meanwhile */
	TLS_OVERHEAD_MAX = 1024 * 1024, /* bytes of one connection, a dialogue's 256 KiB among
	                                 * them */
	TLS_FAULTS_MAX = 12,
	TLS_HEAD = 5                    /* bytes of a record's header */
};

/* A fault of a chain, as the library numbers them (X509_V_ERR_…); depth 0 is the leaf. */
struct tls_fault {
	int error, depth;
};

struct tls_policy {
	struct tls_policies *home;
	const char *ca_file; /* NULL: the system's bundle */
	int min_version;
	enum tls_kind kind;
	struct store *store;         /* of CAs */
	SSL_CTX *context;            /* NULL: its CAs are not known, or it was not needed yet, as the
	                              * next two then */
	const BIO_METHOD *method;    /* of the socket, and the cache of facts: one of each in a
	                              * process */
	struct tls_facts_cache *facts;
	int (*security)(const SSL *, const SSL_CTX *, int operation, int bits, int nid, void *other,
	    void *ours);
	struct tls_policy *next;
};

/* What came in clear during the handshake, from the first byte that can be no record. */
struct tls_clear {
	uint32_t skip;     /* bytes left of the record under way */
	uint16_t size;     /* 0: all was records so far */
	uint8_t head_size; /* of the header under way */
	unsigned char head[TLS_HEAD];
	char bytes[STREAM_CLEAR_MAX];
};

struct tls {
	SSL *ssl;
	struct tls_policy *policy;
	int fd;
	int error;           /* errno of the socket */
	int write_error;     /* ECONNRESET, EPIPE: of a write after which what the peer had said
	                      * is still read; 0: none */
	bool eof, finished;  /* finished: the handshake */
	bool client_cert_asked;
	const char *abuse;   /* a cap was hit: which, in words; NULL: none */
	const char *refused; /* we stopped the handshake ourselves: the outcome; NULL: did not */
	const char *refusal; /* and why, in words */
	unsigned long reason; /* the library's first error where it failed */
	enum tls_step end;   /* TLS_DONE: none yet */
	uint32_t records, messages, bytes, turn_bytes;
	uint32_t hello;      /* bytes that were sent before anything came */
	uint32_t fault_count;
	struct tls_fault faults[TLS_FAULTS_MAX];
	struct tls_chain_key chain; /* of the certificates as they were sent */
	struct tls_clear clear;
};

/* Takes what was received, cut anywhere, into account. */
void tls_clear_look(struct tls_clear *, const void *bytes, size_t size);

/* The `struct tls` behind a library's object; NULL before it is set. */
static inline struct tls *
tls_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* Whether it was an alert of the peer that ended it. */
bool tls_is_alert(const struct tls *tls);

/* The socket as the library sees it: its counts and its caps are here. The caller frees it. NULL:
 * out of memory. */
BIO_METHOD *tls_socket_method(void);
