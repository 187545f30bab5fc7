/*
 * Notifiers, as the configuration has them, and the links to their workers. A notifier has one
 * notice at a time in hand; what is in hand when it dies may have arrived, and goes out again,
 * marked.
 */
#ifndef KEEPER_COURIER_H
#define KEEPER_COURIER_H

#include <poll.h>

#include "base/messages_outbox.h"
#include "config/config.h"

struct courier;
struct delivery;
struct keeper;

/* Makes a courier for each notifier of the configuration. Returns false if out of memory. */
bool outbox_open(struct keeper *);
/* Closes the links. */
void outbox_close(struct keeper *);

/* Whether that notifier is the heartbeat's. */
bool outbox_is_heartbeat(const struct keeper *, uint32_t courier);
/* Whether the notifier is told of a target at all. */
bool outbox_includes(const struct keeper *, uint32_t target, uint32_t courier);

/* By its place among the notifiers of the configuration, and back. */
struct courier *courier_at(const struct keeper *, uint32_t index);
uint32_t courier_index(const struct keeper *, const struct courier *);
const struct config_notifier *courier_rules(const struct courier *);
/* The notifier of the configuration with that name, NULL: there is none. */
struct courier *courier_named(const struct keeper *, struct pw_bytes name);
/* The same, if that recipient is one of its. */
struct courier *courier_for(const struct keeper *, const char *name, const char *recipient);
/* How many recipients it has, at least one; which of them a recipient of a delivery is. */
uint32_t courier_recipients(const struct courier *);
uint32_t courier_recipient(const struct courier *, const char *recipient);

/* Whether its way has failed for longer than its grace, as was said last. */
bool courier_is_dead(const struct courier *);
void courier_set_dead(struct courier *, bool dead);

/* Whether it has a worker; and one with nothing in hand. */
bool courier_is_linked(const struct courier *);
bool courier_is_free(const struct courier *);
/* The notice in hand, 0: none. */
uint64_t courier_in_hand(const struct courier *);
/* Whether it is free, its way does not rest, and something may be due for it. */
bool courier_is_stirred(const struct courier *);
/* A second has passed: what waits for it may be due. */
void courier_stir(const struct keeper *, struct courier *);
/* What is claimed for it: nothing; something, which is not durable yet; something that may go
 * out. */
enum courier_claims { COURIER_IDLE, COURIER_WAITS, COURIER_CLAIMED };
enum courier_claims courier_look(const struct keeper *, struct courier *);
/* Until when its way rests (clock_mono()), and that it does so no longer. */
int64_t courier_rests_until(const struct courier *);
void courier_wake(struct courier *);

void courier_poll(const struct courier *, struct pollfd *);
/* As packet_read(), -1 where there is no link. */
ssize_t courier_read(struct courier *, void *packet, size_t room);
/* Sends what its socket takes. */
void courier_flush(struct courier *);

/* A worker has come. */
void courier_link(struct courier *, int fd);
/* It has gone. *in_hand: the notice that it had to deliver, 0: none. Returns whether some of it may
 * have arrived: then the way has failed. */
bool courier_unlink(struct keeper *, struct courier *, uint64_t *in_hand);

/* Hands out a packet that is no delivery. Returns false if the socket is full. */
bool courier_hand(struct courier *, uint64_t notice, const void *packet, size_t);
/* Hands out a claimed notice. Returns false if it cannot be read now: it waits. */
bool courier_hand_out(struct keeper *, struct courier *, struct delivery *);
/* The same of one that was told before, without deliveries. */
bool courier_hand_again(struct keeper *, struct courier *, uint64_t notice);

/* What a receipt is of; what is no delivery is no longer in hand. */
enum courier_receipt { COURIER_WRONG, COURIER_BEAT, COURIER_REPEATED, COURIER_DELIVERY };
enum courier_receipt courier_answered(struct courier *, const struct message_receipt *);
/* Writes the row of the delivery that a receipt is of; `once`: it is tried no more. Returns false
 * if there is none any more. */
bool courier_receive(struct keeper *, struct courier *, const struct message_receipt *, bool once, struct delivery *);
/* Returns whether all receipts of the notice in hand have come; *sent: somebody has received it. */
bool courier_is_done(struct courier *, bool *sent);

/* Waits, microseconds: of a notifier whose way has failed so often in a row (5 s to 15 min,
 * anywhere below), and of a delivery that was refused for now. `random`: any number. */
int64_t patience_channel(uint32_t failures, uint32_t random);
int64_t patience_delivery(uint32_t attempts, uint32_t random);

#endif
