/*
 * For the files of the prober's resolver (resolver.c, query_result.c); others use resolver.h: a
 * query, one host name on its way to addresses, with what its DNS servers have said so far; and
 * what all queries share.
 */
#pragma once

#include <sys/queue.h>

#include "prober/answers.h"
#include "prober/canary.h"
#include "prober/hosts.h"
#include "prober/name_failures.h"
#include "prober/question.h"
#include "prober/resolver.h"

struct resolver {
	struct ev_loop *loop;
	struct hosts *hosts;
	struct answers *answers;
	struct questions *questions;
	struct address servers[QUESTION_SERVERS_MAX];
	uint32_t server_count;
	struct canary canaries[QUESTION_SERVERS_MAX]; /* one for each server */
	struct name_failures failures;
	LIST_HEAD(query_list, resolver_query) all;
	/* Not taken yet, in the order in which they became so. */
	TAILQ_HEAD(query_queue, resolver_query) ready;
};

enum part { PART_A, PART_AAAA, PARTS };

/* What is known of one type. */
struct found_part {
	enum dns_status status;
	struct opinion opinions[QUESTION_SERVERS_MAX];
	int64_t repeats; /* the shortest time since a "no" came first, of those from caches; 0:
	                  * one did not */
};

/* What a query waits for: a question about its name, or about the canary of a server. */
struct query_wait {
	struct wait wait; /* first */
	struct resolver_query *query;
	unsigned index;   /* of the part, or of the server */
};

struct resolver_query {
	struct resolver *resolver;
	LIST_ENTRY(resolver_query) link;
	TAILQ_ENTRY(resolver_query) ready_link;
	ev_watcher *told;            /* the owner's; an event is fed to it when there is
	                              * something to take */
	bool is_ready;               /* all is known, or time is over */
	bool is_asking;              /* not all of its questions are joined yet */
	bool is_over;                /* its time */
	bool looked_elsewhere;       /* the other servers were asked about a "no" */
	bool told_early;             /* of the addresses of one family */
	ev_timer deadline, delay;
	unsigned lines_left;         /* how often its limit begins anew while it stands in line */
	struct dns_name name;        /* size 0: what was given is none, or needs no question */
	uint16_t type;               /* of a look-up; 0: addresses */
	struct query_wait waits[PARTS];
	struct query_wait canaries[QUESTION_SERVERS_MAX];
	struct found_part parts[PARTS];
	struct resolved resolved;    /* grows while it waits */
	char *packet;                /* the answer to a look-up, for `asked_for` */
	size_t size;
	struct dns_name asked_for;
	bool trusted;
};

/* Leaves all it waits for; nothing is told of it. */
void resolver_query_free(struct resolver_query *);
