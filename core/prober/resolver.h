/*
 * The DNS resolver of the prober, also used by commands and by the gate process of a notifier.
 *
 * Names to addresses: A and AAAA, each with its own status; answers kept for their TTL (30 s to 15
 * min; negative at most 60 s); the hosts file read by us, once; nothing blocks and no file is
 * opened after resolver_create. Last good addresses are kept for 24 h.
 *
 * It tells whose fault it is that a name has no address: what a server says of itself (REFUSED, a
 * referral, a closed port …) is never a word about the name. A "no" is put to the other configured
 * servers before it is told; SERVFAIL and silence count against the name only where the same server
 * answers for a name now that cannot be in its cache.
 */
#pragma once

#include <ev.h>
#include "config/config.h"
#include "prober/dns.h"

enum {
	RESOLVED_MAX = 32,        /* addresses of a name */
	RESOLVED_SAID_MAX = 400   /* bytes of what the servers said, with its NUL */
};

struct resolved {
	enum dns_status status4, status6;
	bool more;                               /* one family is still asked for */
	uint32_t count;                          /* of addresses, sorted: IPv4 first, then by
	                                          * bytes */
	struct address addresses[RESOLVED_MAX];
	bool kept;                               /* from our store of answers */
	int64_t age;                             /* then: how old */
	bool from_hosts;
	bool resolver_alive;                     /* who failed for this name answers for others
	                                          * now */
	/* Names in so many domains fail in the same way, this one included, and none is answered:
	 * the resolver's failure; 0: it is not. */
	unsigned alike;
	/* A "no" came from a cache a second time, and from nobody else: microseconds since it was
	 * first heard; 0: it did not. */
	int64_t repeats;
	const char *ours;                        /* the outcome where we could not ask at all;
	                                          * NULL: we could */
	char said[RESOLVED_SAID_MAX];            /* what servers said of what is missing, or
	                                          * against what others gave */
	int64_t waited;                          /* microseconds for which questions stood in
	                                          * line for a socket of ours */
	uint32_t last_good_count;                /* those of the last good answer, not older than
	                                          * 24 h */
	struct address last_good[RESOLVED_MAX];
	bool last_good_public;                   /* all of them were */
	char canonical[256];                     /* behind CNAMEs, "" where the same */
};

struct resolver;
struct resolver_query;

/* Descriptors that a resolver uses at most, of those that this process may have. */
uint32_t resolver_descriptors(void);

/* Reads the hosts file and that of the host's resolvers. Before the sandbox. NULL with a reason;
 * with `sources`, copies are used in their place, and without a copy of the hosts file names end
 * as our own trouble. */
struct sources;
struct resolver *resolver_create(struct ev_loop *, const struct config *, struct sources *,
    struct reason *why);
void resolver_destroy(struct resolver **);

/* The servers that it asks, at most `max`. Returns how many. */
uint32_t resolver_servers(const struct resolver *, struct address *found, uint32_t max);

/*
 * Asks for the addresses of `name` (a literal is answered as itself). When there is something to
 * take, an event (EV_CUSTOM) is fed to `told`, a watcher of the owner that is initialised and
 * need not be started: from the loop and never from within this call. Its callback calls
 * resolver_take(). That comes once; or twice, where one family has addresses and the other is not
 * known 50 ms later (the resolution delay of RFC 8305, section 3). The resolver gives up by
 * itself after `limit` microseconds. The query is the owner's, until nothing more comes or it is
 * cancelled. NULL: out of memory.
 */
struct resolver_query *resolver_ask(struct resolver *, const char *name, enum family, bool fresh,
    int64_t limit, ev_watcher *told);

/* Fills in what is known. With `more` set the query goes on, and the event comes once more; else
 * it is over, and NULL. */
void resolver_take(struct resolver_query **, struct resolved *);

/* The same for records of any type, as pw_look_up needs them. */
struct resolver_query *resolver_look_up(struct resolver *, const char *name, uint16_t type,
    int64_t limit, ev_watcher *told);

/* The answer to a look-up, once the event has come. Its records are views into the query and into
 * `space`, good until the query is cancelled: that is the owner's to do. */
struct pw_answer resolver_answer(struct resolver_query *, struct dns_answer *space);

/* Takes these for the last good addresses of `name`, as of `good` (clock_mono()), where nothing
 * is known that is newer. */
void resolver_recall(struct resolver *, const char *name, const struct address *addresses,
    uint32_t count, int64_t good);

/* Ends the query; no event comes any more. NULL is fine. */
void resolver_cancel(struct resolver_query **);
