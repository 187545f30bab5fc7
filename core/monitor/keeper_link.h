/*
 * The monitor's link to the keeper: sends it what the rules decided, in order, and holds each
 * message until the keeper has committed it.
 *
 * A judged run that changes something is one message (message_run): its changes gather while the
 * event at hand is worked on, and are closed with the state of the target at its end. Runs that
 * change nothing are results. Both have numbers, a sequence each. What was sent is held until the
 * keeper says that it is committed, and is sent again to the next keeper where that one has not
 * committed it. A monitor that is started anew goes on with the sequence of the one before it, and
 * holds what the keeper has taken of that one and not committed.
 *
 * The monitor waits for nobody, so a keeper that is slow or dead lets this grow: changes are never
 * dropped; a state waits as a mark on its target, so that the last one counts; evidence and results
 * have a bound, and what is beyond is counted.
 */
#pragma once

#include "base/messages_ask.h"
#include "monitor/own_side.h"
#include "monitor/watch.h"

struct keeper_link; /* refers to what it was created with, which outlives it */

/* The records that it sends are of that watch and of that own side. NULL: no memory. */
struct keeper_link *keeper_link_create(struct watch *, struct own_side *);
/* Closes the socket, and frees what waits. */
void keeper_link_destroy(struct keeper_link **);

/* Takes the socket. Nothing goes through it before keeper_link_recovered(). To a monitor that has
 * not begun, what a keeper before has said counts for nothing. */
void keeper_link_open(struct keeper_link *, int fd);
void keeper_link_close(struct keeper_link *);

/*
 * Where the keeper is, and how far it has come. What it has not committed is sent again. Returns
 * false where it has not committed what one before it had, or goes by another sequence: what is
 * true is then to be said again, behind what is held. `malformed`: it says what cannot be.
 */
bool keeper_link_recovered(struct keeper_link *, const struct message_recovered *, bool *malformed);

/* To a monitor that has not begun: a run of the one before it (the packet that it came in), taken
 * and not committed. False where its number is not behind those before. */
bool keeper_link_take_over(struct keeper_link *, const struct message_run *, const void *packet,
    size_t size);

/* Runs are numbered from now on; where the keeper has not recovered, behind nothing of a monitor
 * before us. */
void keeper_link_begin(struct keeper_link *);

/* Returns false if it was never sent. */
bool keeper_link_committed(struct keeper_link *, const struct message_committed *);

/* A change of the run at hand, of a target or of our own; the latter are given their numbers here.
 * Returns the change's number. Ends the process where there is no memory for it. */
uint64_t keeper_link_add_change(struct keeper_link *, const struct message_change *);

/* While it is set, changes are said to be what is known already where it is known. */
void keeper_link_restate(struct keeper_link *, bool);

/* Whether the own change of that number is committed, or came from a monitor before us. */
bool keeper_link_has_committed(const struct keeper_link *, uint64_t own_change);

/* A packet with evidence of a run that is yet to be judged. */
void keeper_link_add_evidence(struct keeper_link *, const void *packet, size_t size);
void keeper_link_add_result(struct keeper_link *, const struct report *);

/* The record of the target, or of our own side (CONFIG_NONE), is another than the keeper knows: it
 * goes with the run at hand, or soon. */
void keeper_link_mark(struct keeper_link *, uint32_t target);

/* Sends at once, behind all that waits, what is worth nothing later. Returns false if it cannot be
 * sent now; it will not be then. */
bool keeper_link_ask(struct keeper_link *, const struct message_ask *);
bool keeper_link_send(struct keeper_link *, const void *packet, size_t size);

/* The event at hand is over: what it has changed is closed, and sent as far as the socket takes it.
 * `results`: those that have gathered as well; they are in no hurry. */
void keeper_link_flush(struct keeper_link *, bool results);

/* All has been sent. */
bool keeper_link_is_empty(const struct keeper_link *);

/* How much was left out since it was asked last. */
struct keeper_link_dropped { uint64_t results, evidence; };
struct keeper_link_dropped keeper_link_dropped(struct keeper_link *);
