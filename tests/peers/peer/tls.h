/*
 * The server's side of TLS, with every vice a script can ask for. What OpenSSL would refuse to do is allowed here
 * (security level 0), and what it cannot do (empty records) is made by hand.
 */
#ifndef PEER_TLS_H
#define PEER_TLS_H

#include "script.h"

/* What certificates there are to wear. */
struct wardrobe {
	const char *folder;
	const char *any; /* for a script's `tls *` */
};

struct tls;

enum tls_result { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_OVER };

/*
 * A session over the descriptor, as the words of a `tls` command say: CERTIFICATE and options
 *   min=1.0 max=1.2      versions
 *   ciphers=LIST         of TLS 1.2 and below
 *   dh=BITS              ephemeral Diffie-Hellman of that size
 *   client_cert=ask|need
 *   tickets=N            sent after the handshake (TLS 1.3)
 *   early=N              N lines of a reply, said in the flight of the last message of the handshake (max=1.2), or before the
 *                        client has said its last (0.5-RTT data)
 *   records=N            at most N bytes of what is written in a record
 * FOLDER/CERTIFICATE.pem holds chain and key, FOLDER/CERTIFICATE.ocsp, where it is, the staple.
 * Ends the program where the words or files are at fault.
 */
struct tls *tls_create(const struct wardrobe *wardrobe, const struct command *command, int fd);
void tls_destroy(struct tls **tls);

enum tls_result tls_shake(struct tls *tls);

/* `*done`: bytes read or written. */
enum tls_result tls_read(struct tls *tls, char *bytes, size_t room, size_t *done);
enum tls_result tls_write(struct tls *tls, const char *bytes, size_t size, size_t *done);

/* One message of the flood: key_update, ticket, hello_request. */
enum tls_result tls_flood(struct tls *tls, const char *kind);

/* An empty record, sealed, to be written to the descriptor as it is (TLS 1.3 with AES-128-GCM). */
enum { TLS_EMPTY_RECORD = 5 + 1 + 16 };
void tls_empty_record(struct tls *tls, unsigned char record[TLS_EMPTY_RECORD]);

/* "TLSv1.3 TLS_AES_128_GCM_SHA256", or why it is over; until the next call. */
const char *tls_says(struct tls *tls);

#endif
