/*
 * Visits: the first address of a host is connected to by TCP, and left at once; nothing is said.
 * For callers that want to know whether anybody answers there: the prober's references, and the
 * check of port 25 of `postwatch whoami`.
 */
#pragma once

#include <ev.h>
#include "prober/close_reason.h"
#include "prober/resolver.h"

enum visit_end {
	VISIT_STANDS,    /* a connection was made */
	VISIT_FAILED,    /* as `reason` says */
	VISIT_NO_NAME,   /* the name led nowhere, or to where nobody is to be visited */
	VISIT_NO_MEMORY
};

struct visit {
	struct ev_loop *loop;
	struct resolver *resolver;
	ev_watcher told;              /* the owner's: its callback is called when the visit has
	                               * ended */
	bool (*may_lead_to)(const struct address *); /* what DNS may lead to; NULL: to anybody */
	enum visit_end end;           /* once told: how */
	struct close_reason reason;
	/* Its own: */
	uint16_t port;
	struct resolver_query *query;
	ev_watcher resolved;
	struct address to;            /* where `io` leads; its descriptor is -1 while there is no
	                               * connection */
	ev_io io;
};

/* `told` is initialised by the owner, and may_lead_to is set after this. */
void visit_init(struct visit *, struct ev_loop *, struct resolver *);

/* Begins; what ends at once is told from within the call. An address has its port with it; the name
 * is asked for at most `limit` microseconds, a literal not at all. */
void visit_address(struct visit *, const struct address *);
void visit_host(struct visit *, const char *host, uint16_t port, enum family, int64_t limit);

/* Ends it without a word; fine where it has ended. Returns whether its name was still asked for. */
bool visit_leave(struct visit *);
