/* The resolver's internal structures, shared by resolver.c, resolver_life.c and resolver_tell.c. */
#ifndef PROBER_RESOLVER_PRIVATE_H
#define PROBER_RESOLVER_PRIVATE_H

#include "prober/answers.h"
#include "prober/hosts.h"
#include "prober/name_failures.h"
#include "prober/question.h"
#include "prober/resolver.h"

/* A name that nobody has asked for before: whoever answers for it does not do so from a cache. */
struct canary {
	struct dns_name name;
	int64_t made;     /* when this name was made; 0: never */
	int64_t answered; /* when the server last answered freshly */
};

struct resolver {
	struct ev_loop *loop;
	struct hosts *hosts;
	struct answers *answers;
	struct questions *questions;
	struct address servers[QUESTION_SERVERS_MAX];
	uint32_t server_count;
	struct canary canaries[QUESTION_SERVERS_MAX]; /* one for each server */
	struct name_failures failures;
	struct resolver_query *all;
	struct resolver_query *ready, **ready_end; /* in the order in which they became so */
	ev_prepare on_ready;                       /* never started: events are fed to it */
};

enum part { PART_A, PART_AAAA, PARTS };

/* What is known of one type. */
struct found_part {
	enum dns_status status;
	struct opinion opinions[QUESTION_SERVERS_MAX];
	int64_t repeats; /* the shortest time since a "no" came first, of those from caches; 0: one did not */
};

struct resolver_query {
	struct resolver *resolver;
	struct resolver_query *next, **link; /* of all of a resolver */
	struct resolver_query *next_ready;
	bool is_ready;
	bool is_asking;              /* not all of its questions are joined yet */
	bool is_over;                /* its time */
	bool looked_elsewhere;       /* the other servers were asked about a "no" */
	bool told_early;             /* of the addresses of one family */
	ev_timer deadline, delay;
	unsigned lines_left;         /* how often its limit begins anew while it stands in line */
	struct dns_name name;        /* size 0: what was given is none, or needs no question */
	uint16_t type;               /* of a look-up; 0: addresses */
	struct wait waits[PARTS];
	struct wait canaries[QUESTION_SERVERS_MAX];
	struct found_part parts[PARTS];
	struct resolved resolved;    /* grows while it waits */
	char *packet;                /* the answer to a look-up, for `asked_for` */
	size_t size;
	struct dns_name asked_for;
	bool trusted;
	void (*on_resolved)(void *arg, const struct resolved *);
	void (*on_answer)(void *arg, const struct pw_answer *);
	void *arg;
};

/* Whether the server answered in the last seconds for a name that was not in its cache. */
bool resolver_is_fresh(const struct resolver *, unsigned server, int64_t now);

/* Has the server asked for a name that cannot be in its cache. Returns false where it is not asked (it answered just
 * now, or there is no memory). `below` is a name in whose top-level domain the canary lies. */
bool resolver_ask_canary(struct resolver *, unsigned server, const struct dns_name *below, struct wait *);
void resolver_note_canary(struct resolver *, unsigned server, const struct dns_answer *, int64_t now);

/* All is known, or time is over: it is told from the loop. */
void resolver_query_make_ready(struct resolver_query *);

/* Tells of the addresses that are there while others may come. The query may be cancelled within. */
void resolver_query_tell_early(struct resolver_query *);

/* Leaves all it waits for. */
void resolver_query_free(struct resolver_query *);

/* Whether a server's word (SERVFAIL, silence) counts against the name of the query, since it answers for others now. */
bool resolver_query_is_proven(const struct resolver_query *, int64_t now);

/* Tells all that are ready. */
void resolver_on_ready(EV_P_ ev_prepare *prepare, int events);

#endif
