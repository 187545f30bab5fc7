/*
 * A scripted name server: from a question's bytes to an answer's, without sockets. The lines of a `dns` block are
 *   NAME TYPE ANSWER… [then ANSWER…]…      TYPE: A AAAA NS CNAME MX or *; NAME: or *
 * An answer is a list of addresses (A, AAAA), a name (CNAME), or one word:
 *   nodata nxdomain servfail refused    the rcode
 *   silence                             none at all
 *   mangled                             bytes that are no message
 *   wrong_id                            an answer of 127.9.9.9 to another question's number, and no right one
 * `truncated` before addresses: none but the TC bit over UDP, all over TCP. `ttl=N` (60 where not said) likewise.
 * The n-th question for a line gets its n-th answer, then always the last. A name without a line does not exist; one
 * without a line for the type has no data.
 */
#ifndef PEER_DNS_H
#define PEER_DNS_H

#include "script.h"

enum { DNS_MAX = 4096 };

enum dns_way { DNS_UDP, DNS_TCP };

/* The size of the answer, 0 for silence. Faults in the zone's words end the program. */
size_t dns_answer(struct script *script, enum dns_way way, const unsigned char *question, size_t size,
                  unsigned char answer[DNS_MAX]);

/* "mx.example.org A", for the log. */
void dns_describe(const unsigned char *question, size_t size, char *text, size_t room);

#endif
