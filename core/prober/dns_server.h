/*
 * One DNS server, asked through a c-ares channel of its own, so that it is known who answered and who did not. UDP, and
 * TCP where the answer does not fit. The channel waits and asks once: patience and repetition are the caller's.
 */
#ifndef PROBER_DNS_SERVER_H
#define PROBER_DNS_SERVER_H

#include <ev.h>
#include "base/address.h"
#include "base/reason.h"

struct dns_server;

/* Reads what the library wants to read; opens nothing later. `patience`: microseconds that a reply may take. */
struct dns_server *dns_server_create(struct ev_loop *, const struct address *, int64_t patience, struct reason *why);

/* What was asked and not answered is answered with nothing. Not from within a callback. */
void dns_server_destroy(struct dns_server **);

/* Sends a query. `on_reply` comes exactly once, perhaps from within this call, with the packet that came back, lent for
 * the call; `packet` NULL: none came (no such port, no memory, patience at its end). */
void dns_server_ask(struct dns_server *, const unsigned char *query, size_t size,
    void (*on_reply)(void *arg, const void *packet, size_t size), void *arg);

/* On the loopback interface: its word about DNSSEC may be taken. */
bool dns_server_is_trusted(const struct dns_server *);

#endif
