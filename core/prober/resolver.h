/*
 * Names to addresses: raw A and AAAA queries through c-ares, each with its own status; answers kept for their TTL
 * (30 s to 15 min; negative at most 60 s); the hosts file read by us, once; nothing blocks and nothing is opened after
 * resolver_create. Last good addresses are kept for 24 h.
 */
#ifndef PROBER_RESOLVER_H
#define PROBER_RESOLVER_H

#include <ev.h>
#include "config/config.h"
#include "prober/dns.h"

enum { RESOLVED_MAX = 32 }; /* addresses of a name */

struct resolved {
	enum dns_status status4, status6;
	int rcode4, rcode6;
	uint32_t count;                          /* of addresses, sorted: IPv4 first, then by bytes */
	struct address addresses[RESOLVED_MAX];
	bool kept;                               /* from our store of answers */
	int64_t age;                             /* then: how old */
	bool from_hosts;
	bool resolver_alive;                     /* some other name was answered in the last 60 s (or `. NS` just now) */
	uint32_t last_good_count;                /* those of the last good answer, not older than 24 h */
	struct address last_good[RESOLVED_MAX];
	bool last_good_public;                   /* all of them were */
	char canonical[256];                     /* behind CNAMEs, "" where the same */
};

struct resolver;
struct resolver_query;

/* Reads the hosts file and makes the channels. Before the sandbox. */
struct resolver *resolver_create(struct ev_loop *, const struct config *, struct reason *why);
void resolver_destroy(struct resolver **);

/*
 * Asks for the addresses of `name` (a literal is answered as itself). `on_resolved` is called exactly once, always from
 * the loop, never from within this call, unless the query is cancelled before. The result is lent for the call. The
 * resolver gives up by itself after `limit` microseconds.
 */
struct resolver_query *resolver_ask(struct resolver *, const char *name, enum family, bool fresh, int64_t limit,
    void (*on_resolved)(void *arg, const struct resolved *), void *arg);

/* The same for records of any type, as pw_look_up needs them. */
struct resolver_query *resolver_look_up(struct resolver *, const char *name, uint16_t type, int64_t limit,
    void (*on_answer)(void *arg, const struct pw_answer *), void *arg);

/* The callback will not come. */
void resolver_cancel(struct resolver_query **);

#endif
