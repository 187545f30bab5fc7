/* What the files of the resolver share. */
#ifndef PROBER_RESOLVER_PRIVATE_H
#define PROBER_RESOLVER_PRIVATE_H

#include "prober/answers.h"
#include "prober/hosts.h"
#include "prober/question.h"
#include "prober/resolver.h"

/* A name that was answered. */
struct answered {
	struct dns_name name;
	int64_t at; /* 0: none */
};

struct resolver {
	struct ev_loop *loop;
	struct hosts *hosts;
	struct answers *answers;
	struct questions *questions;
	struct dns_server *servers[QUESTION_SERVERS_MAX];
	uint32_t server_count;
	struct answered answered[2];         /* the last name, and the last other one */
	struct resolver_query *all;
	struct resolver_query *ready, **ready_end; /* in the order in which they became so */
	ev_prepare on_ready;                       /* never started: events are fed to it */
};

/* The types a query can wait for. */
enum part { PART_A, PART_AAAA, PART_ROOT, PARTS };

struct resolver_query {
	struct resolver *resolver;
	struct resolver_query *next, **link; /* of all of a resolver */
	struct resolver_query *next_ready;
	bool is_ready;
	ev_timer deadline;
	struct dns_name name;
	uint16_t type;               /* of a look-up; 0: addresses */
	struct wait waits[PARTS];
	struct resolved resolved;    /* grows while it waits */
	bool is_asking;              /* not all of its questions are joined yet */
	bool root_asked, root_answered;
	char *packet;                /* the answer to a look-up */
	size_t size;
	bool trusted;
	void (*on_resolved)(void *arg, const struct resolved *);
	void (*on_answer)(void *arg, const struct pw_answer *);
	void *arg;
};

/* Whether a name other than this one was answered in the last 60 s. */
bool resolver_answered_another(const struct resolver *, const struct dns_name *, int64_t now);

/* Some status is one that may be the resolver's own fault. */
bool resolver_query_has_trouble(const struct resolver_query *);

/* All is known, or time is over: it is told from the loop. */
void resolver_query_make_ready(struct resolver_query *);

/* Leaves all it waits for. */
void resolver_query_free(struct resolver_query *);

/* Tells all that are ready. */
void resolver_on_ready(EV_P_ ev_prepare *prepare, int events);

#endif
