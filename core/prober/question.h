/*
 * For the prober's resolver: one DNS question under way, by (name, type), for all queries that wait
 * for it: it is put to one server after another until one of them knows something of the name, and
 * concluded for all who wait at once.
 */
#pragma once

#include <ev.h>
#include "base/address.h"
#include "prober/answers.h"

enum { QUESTION_SERVERS_MAX = 8 };

/* What one server said of a question. */
struct opinion {
	uint8_t status;  /* enum dns_status; DNS_NOT_ASKED: nothing, it was not asked or was not
	                  * needed */
	int16_t rcode;   /* of an answer; DNS_RCODE_NONE where there was none (DNS_TRUNCATED:
	                  * wrong ids alone) */
	int error;       /* errno, of DNS_TRUNCATED (why not over TCP; 0: closed),
	                  * DNS_UNREACHABLE and DNS_OURS */
};

/* What a question came to. Lent for the call. */
struct conclusion {
	const struct dns_answer *answer; /* its status is not dns_is_of_name() where no server
	                                  * told anything */
	const void *packet;              /* where there is one: an answer for `asked_for` */
	size_t size;
	struct dns_name asked_for;       /* the name, or where its aliases led */
	int server;                      /* who answered; -1: nobody */
	const struct opinion *opinions;  /* of each server */
	struct answer_age age;           /* of an answer about addresses */
	int64_t waited;                  /* microseconds for which it stood in line for a socket
	                                  * of ours */
};

/* One who waits. Lies in the waiter. */
struct wait {
	struct question *question; /* NULL: does not wait */
	struct wait *next;
	void (*on_concluded)(struct wait *, const struct conclusion *); /* perhaps from within
	                                                                 * question_join */
	void (*on_patience)(struct wait *);                            /* no answer for a while;
	                                                                * NULL: no matter */
};

struct questions;

/* Told of every name that a server knows something of, before it is concluded; gives the age of
 * the answer. */
typedef struct answer_age question_answered(void *arg, const struct dns_name *, uint16_t type,
    const struct dns_answer *, int server);

/* At most `sockets` at once. `servers`, at most QUESTION_SERVERS_MAX, stay the caller's. NULL:
 * out of memory. */
struct questions *questions_create(struct ev_loop *, const struct address *servers, uint32_t count,
    uint32_t sockets, question_answered *, void *arg);

/* Nobody waits any more. */
void questions_destroy(struct questions **);

/* Waits for (name, type), asked of the servers whose bits are not in `except`; begins to ask if
 * nobody does. Returns false where there is no memory, or no server. */
bool question_join(struct questions *, const struct dns_name *, uint16_t type, uint32_t except,
    struct wait *);

/* Waits no longer; fine where it does not. A question that nobody waits for is dropped. */
void question_leave(struct wait *);

/* Time is over for one who waits: it is told what is known so far, and waits no longer. What came
 * truncated over UDP serves then, if it is whole. */
void question_give_up(struct wait *);

/* It was put to a server: the time since then is not ours. */
bool question_is_sent(const struct wait *);
