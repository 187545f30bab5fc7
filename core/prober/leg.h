/*
 * One leg of a prober's run: the dialogue with one address. The leg asks for a connection slot (one
 * of a limited number, in all and to one address), connects, carries out the dialogue, and puts
 * itself into the list of the ended ones; the prober frees it when the loop's turn ends.
 */
#pragma once

#include "prober/dialogue.h"
#include "prober/offer.h"
#include "prober/program_run.h"
#include "prober/resolver.h"
#include "prober/slots.h"
#include "prober/stream.h"

enum { LEG_MAGIC = 0x4c454731 };

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
	uint32_t refused;    /* tls_memory_refused() when it began to talk */
	uint32_t hello_size; /* of the ClientHello that was not answered */
	struct run *run;
	struct leg *next_ended;
	struct dialogue *dialogue; /* NULL until it begins, or where memory ran out */
	struct resolver_query *query;
	ev_watcher answered; /* fed with events of `query` */
	struct program_run *program; /* NULL: its target is talked to */
	ev_io result;        /* of `program`, on its socket */
	struct offer *offer; /* of TLS to a port that said nothing; NULL: none was made */
	int64_t asked_at;    /* for a slot */
	int64_t armed;       /* when the timer goes off */
	int64_t touched;     /* when it was last told anything */
	ev_timer timer;
	struct slot slot;
	struct stream stream;
	struct address address; /* family 0: there is none */
};

/* Asks for a slot and talks; or ends at once. */
void leg_begin(struct leg *);
/* Ends before it began: nobody was talked to. */
void leg_refuse(struct leg *, const char *outcome, const char *text);
void leg_interrupt(struct leg *);

/* Gives everything back but the dialogue. */
void leg_release(struct leg *);
