/*
 * A question is one (name, type) under way, whoever waits for it: it is sent to one server after another until somebody
 * knows, and concluded for all who wait at once. Inside the resolver only.
 */
#ifndef PROBER_QUESTION_H
#define PROBER_QUESTION_H

#include <ev.h>
#include "prober/dns.h"
#include "prober/dns_server.h"

enum { QUESTION_SERVERS_MAX = 8 };

/* What a question came to. Lent for the call. */
struct conclusion {
	const struct dns_answer *answer; /* its status is DNS_NO_ANSWER where nobody answered */
	const void *packet;              /* where there is one */
	size_t size;
	bool trusted;                    /* by a server whose AD bit counts */
};

/* One who waits. Lies in the waiter. */
struct wait {
	struct question *question; /* NULL: does not wait */
	struct wait *next;
	void (*on_concluded)(struct wait *, const struct conclusion *); /* perhaps from within question_join */
	void (*on_patience)(struct wait *);                            /* no answer for a while; NULL: no matter */
};

struct questions;

/* `on_answered` is told of every name that a server knows something of. `servers` stay the caller's. */
struct questions *questions_create(struct ev_loop *, struct dns_server *const *servers, uint32_t count,
    void (*on_answered)(void *arg, const struct dns_name *, uint16_t type, const struct dns_answer *), void *arg);

/* Nobody waits any more. Before the servers are destroyed. */
void questions_destroy(struct questions **);

/* Waits for (name, type); begins to ask if nobody does. False: out of memory. */
bool question_join(struct questions *, const struct dns_name *, uint16_t type, struct wait *);

/* Waits no longer; fine where it does not. A question that nobody waits for is dropped. */
void question_leave(struct wait *);

/* What is known so far, for one whose time is over: DNS_SERVFAIL or DNS_MALFORMED where a server said so, else
 * DNS_NO_ANSWER. */
enum dns_status question_so_far(const struct wait *, int *rcode);

#endif
