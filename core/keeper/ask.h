/*
 * Requests of people to the keeper (`postwatch ack`, `pause`, `outbox retry` and so on), from when
 * they arrive until they are answered.
 *
 * A request is carried out at once in memory and in the open batch; the answer goes back when that
 * batch is durable, and with it what the monitor has to know of it. Where the monitor that passed
 * it on is gone, there is no answer.
 */
#pragma once

#include "base/messages_ask.h"
#include "base/packet_queue.h"
#include "base/text.h"
#include "keeper/outbox.h"

enum { ASKS_MAX = 64, ASK_REASON_MAX = 500, ASK_REASON_ROOM = 4 * ASK_REASON_MAX
    + 1 /* escaped */ };
enum { ASK_REFUSED = 1, ASK_USAGE = 64, ASK_BUSY = 75 }; /* exit statuses */

struct ask {
	struct ask *next;
	uint64_t number;
	/* of the batch that makes it durable; UINT64_MAX: it waits for more */
	uint64_t serial;
	uint64_t notice;                  /* whose receipts it waits for, 0: none */
	struct notifier *notifier;          /* that gives them */
	int64_t began;                    /* clock_mono() */
	uint32_t receipts;                /* that have come */
	bool failed;                      /* of one of them */
	struct packet_queue packets;      /* for the monitor */
};

/* At the end of those under way, which are answered in that order; belongs to the list from then
 * on. */
void asks_add(struct keeper *, struct ask *);
/* Sends what may be sent to it. */
void asks_turn(struct keeper *);
/* Packets wait for the monitor's socket. */
bool asks_wait(const struct keeper *);
/* The monitor has gone. */
void asks_forget(struct keeper *);

/* Adds a line to the answer: 'o' output, 'e' what is wrong. "<utc N>" in it is shown as that time
 * in the reader's zone. */
void ask_say(struct ask *, char kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ask_end(struct ask *, int status);
/* Both: what is wrong, and the end. */
void ask_refuse(struct ask *, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As a number above 0; 0: it is none. */
uint64_t ask_number(struct pw_bytes word);
/* The reason that somebody gave, escaped. False: it is empty or too long. */
bool ask_reason(struct pw_bytes word, struct text *into);
