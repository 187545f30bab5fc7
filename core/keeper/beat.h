/*
 * The heartbeat, a dead man's switch: a URL that is asked every minute by a notifier of its own,
 * only while all is well. Who listens there and hears nothing knows that we cannot tell anything
 * any more.
 */
#ifndef KEEPER_BEAT_H
#define KEEPER_BEAT_H

#include "base/messages_outbox.h"
#include "base/text.h"

struct keeper;
struct courier;

/* The number under which it is handed out: no notice has it. */
#define BEAT_NOTICE UINT64_MAX

/* The value of meta that says why it is held back; it is empty while it is not. */
#define BEAT_META "heartbeat"

/* At birth. */
void beat_recover(struct keeper *);

/* Once a second. */
void beat_turn(struct keeper *);
void beat_answered(struct keeper *, const struct message_receipt *);

/* What the monitor says of itself. False: malformed. */
bool beat_hear(struct keeper *, struct wire_in *);
/* What the parent says of the configuration. False: malformed. */
bool beat_hear_parent(struct keeper *, struct wire_in *);

/* Whether all is well; else why not, in words. */
bool beat_is_well(const struct keeper *, struct text *why);

#endif
