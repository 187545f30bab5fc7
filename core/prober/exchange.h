/*
 * Exchanges: one question put to one DNS server, and what came back. Each has sockets of its own
 * (RFC 5452, section 9): a connected UDP socket, so that the kernel chooses the source port and
 * lets in only what the server's address and port send, and an id of the kernel's random
 * generator; and a TCP connection of its own where the answer does not fit into UDP (RFC 7766),
 * or where packets with wrong ids show that somebody is guessing. Nothing that happens to one
 * exchange reaches another.
 *
 * Sockets are bounded: an exchange that finds none free waits in line and is sent when another
 * ends. An exchange waits for its reply without limit, save over TCP; patience and the choice of
 * servers are the caller's.
 */
#pragma once

#include <ev.h>
#include "base/address.h"
#include "prober/dns.h"

struct exchanges;
struct exchange;

enum exchange_end {
	EXCHANGE_REPLY,       /* `packet` answers the question */
	EXCHANGE_CUT,         /* UDP brought a truncated reply, or wrong ids, and TCP brought none:
	                       * `error` says why, and `is_ours` whether it is something that we
	                       * lack; `packet` is the truncated reply, NULL where there is none */
	EXCHANGE_CLOSED,      /* nothing listens at the server's port (ICMP port unreachable) */
	EXCHANGE_UNREACHABLE, /* there is no way to the server: `error` */
	EXCHANGE_OURS         /* we could not ask: no descriptor, no memory, no permission, no
	                       * route; `error` */
};

struct exchange_result {
	enum exchange_end end;
	int error;          /* errno; of EXCHANGE_CUT: 0 where the server closed, EBADMSG where
	                     * it sent something else */
	bool is_ours;
	const void *packet; /* lent for the call */
	size_t size;
	const void *truncated; /* EXCHANGE_REPLY over TCP: what had come over UDP, lent as well;
	                        * NULL: nothing had */
	size_t truncated_size;
};

/* Sockets for `limit` exchanges at once. NULL: out of memory. */
struct exchanges *exchanges_create(struct ev_loop *, uint32_t limit);

/* All exchanges have ended or were cancelled before. */
void exchanges_destroy(struct exchanges **);

/* Sends the question (name, type) to `server`. `on_end` comes once, from the loop and never from
 * within this call, unless the exchange is cancelled; the exchange is gone then. NULL: out of
 * memory. */
struct exchange *exchange_begin(struct exchanges *, const struct address *server,
    const struct dns_name *, uint16_t type,
    void (*on_end)(void *arg, const struct exchange_result *), void *arg);

/* Sends the same packet again, where it was sent over UDP and nothing came yet. */
void exchange_repeat(struct exchange *);

/* Ends it without a word; fine where it is NULL. */
void exchange_cancel(struct exchange **);

/* It has left the line: the question is on its way. */
bool exchange_is_sent(const struct exchange *);

/* Packets came that bear its id and do not answer its question. */
bool exchange_heard_rubbish(const struct exchange *);

/* The truncated reply, while it is asked for over TCP; NULL: there is none. Good until the
 * exchange ends. */
const void *exchange_truncated(const struct exchange *, size_t *size);

/* The same, and it is the caller's to free. */
void *exchange_take_truncated(struct exchange *, size_t *size);
