/*
 * For the keeper: the notifiers, as the configuration has them, and the links to their worker
 * processes. A notifier has one notice at a time in hand; the one in hand when its process dies may
 * have arrived, and goes out again, marked.
 */
#pragma once

#include <poll.h>

#include "base/messages_outbox.h"
#include "config/config.h"

struct notifier;
struct delivery;
struct keeper;

/* Makes a notifier for each notifier of the configuration. Returns false if out of memory. */
bool outbox_open(struct keeper *);
/* Closes the links. */
void outbox_close(struct keeper *);

/* Whether that notifier is the heartbeat's. */
bool outbox_is_heartbeat(const struct keeper *, uint32_t notifier);
/* Whether the notifier is told of a target at all. */
bool outbox_includes(const struct keeper *, uint32_t target, uint32_t notifier);

/* By its place among the notifiers of the configuration, and back. */
struct notifier *notifier_at(const struct keeper *, uint32_t index);
uint32_t notifier_index(const struct keeper *, const struct notifier *);
const struct config_notifier *notifier_rules(const struct notifier *);
/* The notifier of the configuration with that name, NULL: there is none. */
struct notifier *notifier_named(const struct keeper *, struct pw_bytes name);
/* The same, if that recipient is one of its. */
struct notifier *notifier_for(const struct keeper *, const char *name, const char *recipient);
/* How many recipients it has, at least one; which of them a recipient of a delivery is. */
uint32_t notifier_recipients(const struct notifier *);
uint32_t notifier_recipient(const struct notifier *, const char *recipient);

/* Whether its way has failed for longer than its grace, as was said last. */
bool notifier_is_dead(const struct notifier *);
void notifier_set_dead(struct notifier *, bool dead);

/* Whether it has a worker; and one with nothing in hand. */
bool notifier_is_linked(const struct notifier *);
bool notifier_is_free(const struct notifier *);
/* The notice in hand, 0: none. */
uint64_t notifier_in_hand(const struct notifier *);
/* Whether it is free, its way does not rest, and something may be due for it. */
bool notifier_is_stirred(const struct notifier *);
/* A second has passed: what waits for it may be due. */
void notifier_stir(const struct keeper *, struct notifier *);
/* What is claimed for it: nothing; something, which is not durable yet; something that may go
 * out. */
enum notifier_claims { NOTIFIER_IDLE, NOTIFIER_WAITS, NOTIFIER_CLAIMED };
enum notifier_claims notifier_look(const struct keeper *, struct notifier *);
/* Until when its way rests (clock_mono()). */
int64_t notifier_rests_until(const struct notifier *);

void notifier_poll(const struct notifier *, struct pollfd *);
/* As packet_read(), -1 where there is no link. */
ssize_t notifier_read(struct notifier *, void *packet, size_t room);
/* Sends what its socket takes. */
void notifier_flush(struct notifier *);

/* A worker has come. */
void notifier_link(struct notifier *, int fd);
/* It has gone. *in_hand: the notice that it had to deliver, 0: none. Returns whether some of it may
 * have arrived: then the way has failed. */
bool notifier_unlink(struct keeper *, struct notifier *, uint64_t *in_hand);

/* Hands out a packet that is no delivery. Returns false if the socket is full. */
bool notifier_hand(struct notifier *, uint64_t notice, const void *packet, size_t);
/* Hands out a claimed notice. Returns false if it cannot be read now: it waits. */
bool notifier_hand_out(struct keeper *, struct notifier *, struct delivery *);
/* The same of one that was told before, without deliveries. */
bool notifier_hand_again(struct keeper *, struct notifier *, uint64_t notice);

/* What a receipt is of; what is no delivery is no longer in hand. */
enum notifier_receipt { NOTIFIER_WRONG, NOTIFIER_BEAT, NOTIFIER_REPEATED, NOTIFIER_DELIVERY };
enum notifier_receipt notifier_answered(struct notifier *, const struct message_receipt *);
/* Writes the row of the delivery that a receipt is of; `once`: it is tried no more. Returns false
 * if there is none any more. */
bool notifier_receive(struct keeper *, struct notifier *, const struct message_receipt *, bool once,
    struct delivery *);
/* Returns whether all receipts of the notice in hand have come; *sent: somebody has received it. */
bool notifier_is_done(struct notifier *, bool *sent);

/* Waits, microseconds: of a notifier whose way has failed so often in a row (5 s to 15 min,
 * anywhere below), and of a delivery that was refused for now. `random`: any number. */
int64_t patience_channel(uint32_t failures, uint32_t random);
int64_t patience_delivery(uint32_t attempts, uint32_t random);
