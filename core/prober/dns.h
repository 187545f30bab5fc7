/*
 * DNS messages. Questions and answers (RFC 1035) as bytes: anyone may have sent them. A name is
 * followed through its aliases, and what does not add up is malformed; nothing is guessed.
 */
#pragma once

#include <postwatch/probe.h>
#include "prober/dns_name.h"

enum {
	DNS_RECORDS_MAX = 64,
	DNS_CHAIN_MAX = 16 /* aliases that are followed */
};

enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_AAAA = 28,
    DNS_DNAME = 39 };
enum { DNS_NOERROR = 0, DNS_SERVER_FAILURE = 2, DNS_NXDOMAIN = 3, DNS_RCODE_NONE = -1 };

/* What is known of a (name, type), and if nothing is, what a server said or did instead. */
enum dns_status {
	DNS_NOT_ASKED,
	/* Said of the name. */
	DNS_FOUND,
	DNS_NO_DATA,     /* the name exists, without such records */
	DNS_NO_NAME,     /* NXDOMAIN */
	DNS_ALIAS_LOOP,  /* its aliases lead in a circle */
	DNS_ALIAS_CHAIN, /* its aliases lead over more than DNS_CHAIN_MAX names */
	/* Said of the name only if the same server answers for other names now. */
	DNS_SERVFAIL,
	DNS_NO_ANSWER,   /* in time */
	/* Said by a server of itself, or of us. */
	DNS_REFUSED,     /* any other `rcode`: REFUSED, NOTIMP … */
	DNS_REFERRAL,    /* to other servers: it does not ask them for us */
	DNS_LAME,        /* nothing at all, from a server that neither knows the zone nor asks
	                  * others */
	DNS_TRUNCATED,   /* over UDP, and not to be had over TCP */
	DNS_MALFORMED,   /* an answer that is none, or only to something else */
	DNS_CLOSED,      /* nothing listens at its port */
	DNS_UNREACHABLE, /* no way leads to it */
	/* Ours. */
	DNS_OURS         /* we had no descriptor, memory, permission or route to ask */
};

struct dns_answer {
	enum dns_status status;
	int rcode;               /* with the bits that an OPT record adds; DNS_RCODE_NONE where
	                          * there was no answer */
	bool authentic;          /* AD: who answered says that it was validated */
	bool is_partial;         /* an alias, and nothing about where it leads: `owner` is to be
	                          * asked for */
	uint32_t ttl;            /* seconds: the least of all that was used; of a negative answer
	                          * by RFC 2308, 0: not told */
	struct dns_name owner;   /* of the records: behind the aliases */
	size_t count;
	struct pw_bytes records[DNS_RECORDS_MAX]; /* RDATA; views into the packet, or into
	                                           * `space` */
	size_t used;
	char space[16 * 1024];   /* RDATA with compressed names, written out */
};

/* Whether a status says something of the name, rather than of who was asked. */
bool dns_is_of_name(enum dns_status);

/*
 * A walk over aliases, which ends where they lead in a circle: a name waits where the walk has
 * been, and moves up to it after 1, 2, 4 … steps (Brent).
 */
struct dns_walk {
	struct dns_name waiting;
	unsigned steps, next_move;
};
struct dns_walk dns_walk_begin(const struct dns_name *);

/* A step to `name`: DNS_ALIAS_LOOP where the walk was there before, DNS_ALIAS_CHAIN where it was
 * more than `most` steps, else DNS_NOT_ASKED: it goes on. */
enum dns_status dns_walk_step(struct dns_walk *, const struct dns_name *, unsigned most);

enum { DNS_QUERY_MAX = 12 + 255 + 4 };

/*
 * Writes the query for (name, type), as a resolver takes it: recursion desired, and for types
 * other than A and AAAA a wish to be told of AD (RFC 6840, section 5.7). Without EDNS, which an
 * address does not need and some resolvers do not bear. Returns its size; its first two bytes,
 * the id, are left to the caller.
 */
size_t dns_query(unsigned char packet[DNS_QUERY_MAX], const struct dns_name *name, uint16_t type);

/* Whether `packet` is a response to this query: its id, its name (capitals do not matter), its
 * type and class; of an error, also without a question. */
bool dns_answers(const void *packet, size_t size, const unsigned char *query, size_t query_size);

/* TC: of a packet that dns_answers() accepts. */
bool dns_is_truncated(const void *packet, size_t size);

/* Reads what came in answer to (name, type). The views are good while `packet` and the answer
 * are. */
void dns_read(const void *packet, size_t size, const struct dns_name *name, uint16_t type,
    struct dns_answer *);
