/*
 * The heartbeat, a dead man's switch: a URL that is requested every minute by a notifier of its
 * own, only while all is well. A service that listens there and hears nothing knows that Postwatch
 * cannot tell anything any more.
 */
#pragma once

#include "base/messages_outbox.h"
#include "base/text.h"

struct keeper;
struct notifier;

/* The number under which it is handed out: no notice has it. */
#define BEAT_NOTICE UINT64_MAX

/* The value of meta that says why it is held back; it is empty while it is not. */
#define BEAT_META "heartbeat"

/* At birth. */
void heartbeat_recover(struct keeper *);

/* Once a second. */
void heartbeat_turn(struct keeper *);
void heartbeat_answered(struct keeper *, const struct message_receipt *);

/* What the monitor says of itself. False: malformed. */
bool heartbeat_hear(struct keeper *, struct wire_in *);

/* Whether all is well; else why not, in words. */
bool heartbeat_is_well(const struct keeper *, struct text *why);
