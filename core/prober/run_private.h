/* The inside of runs, shared by prober.c (what all runs share), run.c (name and legs), leg.c (one address), report.c
 * (what came of it). Callbacks leave things ended; only the prober's turn (prober.c) frees them. */
#ifndef PROBER_RUN_PRIVATE_H
#define PROBER_RUN_PRIVATE_H

#include "base/clock.h"
#include "prober/dialogue.h"
#include "prober/linger.h"
#include "prober/offer.h"
#include "prober/resolver.h"
#include "prober/run.h"
#include "prober/slots.h"
#include "prober/stream.h"

enum { RUN_MAGIC = 0x52554e31, LEG_MAGIC = 0x4c454731, LEG_APART = 100 * 1000 };

enum leg_state {
	LEG_IDLE,    /* its turn has not come */
	LEG_IN_LINE, /* for a slot */
	LEG_TALKING,
	LEG_ENDED    /* its dialogue, if there is one, has the result */
};

struct leg {
	uint32_t magic;
	uint8_t state;
	bool turned_private; /* refused: the name led to public addresses before */
	uint8_t look;        /* enum dialogue_look: what the connection is for */
	bool may_be_outdated, small_answered; /* what that connection has found */
	uint32_t hello_size; /* of the ClientHello that was not answered */
	struct run *run;
	struct leg *next_ended;
	struct dialogue *dialogue; /* NULL until it begins, or where memory ran out */
	struct resolver_query *query;
	struct offer *offer; /* of TLS to a port that said nothing; NULL: none was made */
	int64_t asked_at;    /* for a slot */
	int64_t armed;       /* when the timer goes off */
	int64_t touched;     /* when it was last told anything */
	ev_timer timer;
	struct slot slot;
	struct stream stream;
	struct address address; /* family 0: there is none */
};

struct run {
	uint32_t magic;
	uint32_t leg_count, legs_begun, legs_ended;
	struct prober *prober;
	struct run *next, *before;
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
	char *name_note;          /* what resolvers said of a family that is missing, or against the addresses; NULL: nothing */
	struct run *next_complete;
	struct message_name *name_news; /* where the name has led, if the monitor does not know it; NULL: it does */
	struct resolver_query *query;
	ev_timer stagger;
	struct leg *legs;         /* &only where there is one */
	struct leg only;
};

/* What the runs of a target learn from each other about its name. */
struct name_memory {
	int64_t public_at;        /* clock_mono(): when it last led to public addresses only; 0: never */
	uint32_t told_at, told;   /* when the monitor was last told, or told us, where it led; a hash of that */
};

struct prober {
	struct ev_loop *loop;
	const struct config *config;
	struct resolver *resolver;
	struct tls_policies *policies;
	struct slots *slots;
	struct lingers *lingers;   /* connections whose peers have not closed yet; they hold no slot */
	struct duty_page *page;
	struct run *runs;
	struct leg *ended;
	struct run *complete;     /* all of their legs had ended when the last address was looked for in vain */
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

/* prober.c */

/* What is entered next (a plugin, TLS, the resolver) is entered for this run; until the loop waits again. */
void prober_take_in_hand(struct prober *, const struct run *);
/* The leg is over; its run is looked at when the loop's turn ends. */
void prober_put_ended(struct prober *, struct leg *);
/* All legs of the run have ended, and none will be added: it ends when the loop's turn does. */
void prober_put_complete(struct prober *, struct run *);

/* run.c */

struct run *run_create(struct prober *, const struct order *, run_done *, void *arg);
void run_begin(struct run *);
void run_interrupt(struct run *);
void run_destroy(struct run **);

/* recall.c */

/* Where the name has led is noted, and told where it is news. */
void run_note_name(struct run *, const struct resolved *);

/* leg.c */

/* Asks for a slot and talks; or ends at once. */
void leg_begin(struct leg *);
/* Ends before it began: nobody was talked to. */
void leg_refuse(struct leg *, const char *outcome, const char *text);
void leg_interrupt(struct leg *);
/* Gives everything back but the dialogue. */
void leg_release(struct leg *);

/* report.c */

void run_report(struct run *, struct run_result *, struct report *, char *text, size_t room);

#endif
