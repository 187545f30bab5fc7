/*
 * For the prober: one run of a target: its name resolved, a leg (a dialogue) for each address, 100
 * ms apart. What all runs of a process share is struct prober. Callbacks leave things that have
 * ended in its lists; only the prober's turn (prober.c) frees them.
 */
#pragma once

#include <sys/queue.h>

#include "base/clock.h"
#include "base/our_clock.h"
#include "prober/leg.h"
#include "prober/linger.h"
#include "prober/prober.h"

enum { RUN_MAGIC = 0x52554e31, LEG_APART = 100 * 1000 };

struct run {
	uint32_t magic;
	uint32_t leg_count, legs_begun, legs_ended;
	struct prober *prober;
	TAILQ_ENTRY(run) link;
	struct order order;
	run_done *on_done;
	void *arg;
	int64_t begun, started;   /* clock_mono(), clock_wall() */
	int64_t resolve;          /* microseconds the name took; -1: a literal */
	int64_t waited;           /* for slots, or in line to ask for the name: the longest */
	int64_t age;              /* of a kept answer */
	bool kept, from_hosts;
	bool name_asked;          /* our resolver was asked just now, and answered */
	bool on_last_good;        /* the legs talk to the last good addresses */
	bool was_public;          /* the name led to public addresses only, lately */
	bool waited_for_name;     /* its last leg ended before the last address was known */
	bool name_missing;        /* there is no such name, or it has no address */
	const char *name_outcome; /* why: name_unresolvable … ; NULL: the name resolved */
	char *name_text;
	char *name_note;          /* what resolvers said of a family that is missing, or against
	                           * the addresses; NULL: nothing */
	struct run *next_complete;
	struct message_name *name_news; /* where the name has led, if the monitor does not know
	                                 * it; NULL: it does */
	struct resolver_query *query;
	ev_watcher resolved;      /* fed with events of `query` */
	ev_timer stagger;
	struct leg *legs;         /* &only where there is one */
	struct leg only;
};

/* What the runs of a target learn from each other about its name. */
struct name_memory {
	int64_t public_at;        /* clock_mono(): when it last led to public addresses only; 0:
	                           * never */
	uint32_t told_at, told;   /* when the monitor was last told, or told us, where it led; a
	                           * hash of that */
};

struct prober {
	struct ev_loop *loop;
	const struct config *config;
	struct resolver *resolver;
	struct tls_policies *policies;
	struct slots *slots, *programs; /* programs take no slots of connections */
	int runner;               /* the socket to the process that runs programs; -1: none */
	struct lingers *lingers;   /* connections whose peers have not closed yet; they hold no
	                            * slot */
	struct duty_page *page;
	TAILQ_HEAD(run_list, run) runs; /* the one that has been under way longest last */
	struct leg *ended;
	struct run *complete;     /* all of their legs had ended when the last address was looked
	                           * for in vain */
	struct name_memory *names; /* of each target */
	uint32_t active;
	struct clock_doubt doubt; /* of the wall clock, by which certificates are judged */
	struct our_clock clock;
	int64_t woke;             /* when the loop last came back from waiting */
	int64_t stalled;          /* microseconds that the loop was late in all */
	int64_t pulse_at;
	ev_timer pulse;
	ev_check check;
	ev_prepare prepare;
};

static inline const struct target *
run_target(const struct run *run)
{
	return &run->prober->config->targets[run->order.target];
}

/* What is entered next (a plugin, TLS, the resolver) is entered for this run; until the loop
 * waits again. */
static inline void
run_take_in_hand(const struct run *run)
{
	struct duty_page *page = run->prober->page;

	if (page == NULL)
		return;
	atomic_store_explicit(&page->run, run->order.run, memory_order_relaxed);
	atomic_store_explicit(&page->in_hand, run->order.target + 1, memory_order_relaxed);
}

/* NULL: out of memory. The run stands in the prober's list, and does nothing before run_begin(). */
struct run *run_create(struct prober *, const struct order *, run_done *, void *arg);

/* Asks for the name, or talks to the address at once. */
void run_begin(struct run *);

/* Ends all legs as unknown(interrupted), with the farewell. */
void run_interrupt(struct run *);

/* Gives back all that it holds; it leaves the prober's list. */
void run_destroy(struct run **);
