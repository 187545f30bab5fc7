/*
 * Pauses in force, as the keeper tells them: watched, and not told. Each target knows by a flag whether one holds it, so
 * that a run costs nothing. A pause that the keeper was told to end while we could not hear of it is not told again when
 * it links itself anew, and is then forgotten.
 */
#ifndef MONITOR_PAUSES_H
#define MONITOR_PAUSES_H

#include "base/messages_ask.h"
#include "monitor/monitor.h"

/* The keeper says that one begins, is known already, or has ended. False: the packet is malformed. */
bool pauses_heard(struct monitor *, struct wire_in *);

/* A keeper links itself: what it does not name until pauses_are_told() is over. */
void pauses_doubt(struct monitor *);
void pauses_are_told(struct monitor *);

/* Ends those whose time is over. */
void pauses_tick(struct monitor *);

void pauses_fini(struct monitor *);

#endif
