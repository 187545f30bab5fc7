/*
 * The prober's queue of packets to the monitor. Reports, many in a packet, and evidence before
 * the report it belongs to. A monitor that reads slowly finds everything in order; beyond a bound
 * evidence is left out, and then its report says so.
 */
#pragma once

#include <ev.h>
#include "base/messages.h"

struct dispatch;

struct dispatch *dispatch_create(struct ev_loop *);
void dispatch_destroy(struct dispatch **);

/* Sends to this socket from now on (-1: to nobody), and forgets what was for the one before. The
 * socket stays the caller's. */
void dispatch_turn_to(struct dispatch *, int socket);

/* Whether anybody hears what is added. */
bool dispatch_is_heard(const struct dispatch *);

/* False: there is no room, though there may be for reports: they have more. */
bool dispatch_add_evidence(struct dispatch *, const struct message_evidence *);
/* Travels within 20 ms, together with others. */
void dispatch_add_report(struct dispatch *, const struct report *);
void dispatch_add_name(struct dispatch *, const struct message_name *);
/* Any other message: small, and seldom. */
void dispatch_add(struct dispatch *, const struct wire_out *message);

/* Sends what is collected. True: nothing is left that the monitor has not taken. */
bool dispatch_flush(struct dispatch *);
