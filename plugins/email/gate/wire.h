/*
 * The connection to the relay, in clear or inside TLS. Everything has a limit: the bytes of a reply, the time of a step,
 * and, over all connections of an attempt, its time, its processor time, the bytes that came and the lines of replies.
 * Whatever fails says why in words, once, in ->why.
 */
#ifndef EMAIL_GATE_WIRE_H
#define EMAIL_GATE_WIRE_H

#include <openssl/ssl.h>
#include <stdint.h>

#include "reply.h"

enum {
	WIRE_WHY_MAX = 400,
	WIRE_BYTES_MAX = 256 * 1024, /* of an attempt, with those of TLS */
	WIRE_LINES_MAX = 1000        /* of an attempt */
};

enum wire_end {
	WIRE_OPEN,
	WIRE_LATE,   /* the limit of the step, or of the whole attempt */
	WIRE_CLOSED, /* the relay ended the connection */
	WIRE_BROKEN, /* an error of TCP or TLS */
	WIRE_ABSURD, /* what came is no reply, or has no bounds */
	WIRE_DEAR,   /* more processor time, bytes or lines than an attempt may cost */
	WIRE_EARLY,  /* the relay spoke before it was asked: none of its replies can be told from an answer any more */
	WIRE_REFUSED, /* what it said so early is a whole refusal: ->refusal, in its words */
	WIRE_CALLED  /* ->other has something to read */
};

struct wire {
	int fd;               /* -1: none */
	SSL *ssl;             /* NULL: in clear */
	size_t turn_bytes;    /* read from the socket by the call of the TLS library that is under way */
	int other;            /* a descriptor whose input ends all waiting; -1: none */
	int64_t until;        /* CLOCK_MONOTONIC, microseconds: the end of the attempt */
	int64_t began;        /* the same */
	int64_t cpu_began;    /* processor time of the process */
	size_t came;          /* bytes read from the sockets of the attempt */
	size_t lines;         /* of whole replies in them */
	enum wire_end end;    /* why the last call failed */
	char why[WIRE_WHY_MAX];
	int refusal;          /* WIRE_REFUSED: its code */
	size_t size;
	char bytes[REPLY_BYTES_MAX]; /* read and not yet taken */
};

int64_t wire_now(void); /* CLOCK_MONOTONIC, microseconds */

/* At the beginning of an attempt, without a connection yet; `until` as in the struct. */
void wire_init(struct wire *, int64_t until);
/* Ends TLS, as far as that needs no waiting, and the connection. */
void wire_close(struct wire *);
/* The same, for another connection of the attempt: what the attempt may cost goes on. */
void wire_begin_anew(struct wire *);

/* Notes how it ended, and why; always false. */
bool wire_fail(struct wire *, enum wire_end, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Waits for events of poll(2) at the connection, until `until` or the attempt's end, whichever is first. */
bool wire_wait(struct wire *, short events, int64_t until);

/* Writes all. `watched`: stops, returning true, as soon as the relay says something; what it said is in ->bytes. */
bool wire_write(struct wire *, const char *bytes, size_t size, int64_t until, bool watched);

/* Writes a command, in strict turn: where the relay has said something by then, nothing is written. */
bool wire_say(struct wire *, const char *bytes, size_t size, int64_t until);

/* What the relay said before it was asked, in ->bytes, becomes the end of the session: WIRE_REFUSED or WIRE_EARLY. */
bool wire_fail_early(struct wire *);

/* Reads on without waiting. False: the connection has ended; what came before is in ->bytes all the same. */
bool wire_drain(struct wire *);

/* Waits until the kernel of the relay has all that was written, and 50 ms more: what the relay said before that, or answers to
 * less than the whole, is then here. Best effort, and bounded. */
void wire_settle(struct wire *);

/* Waits within `limit` microseconds for a whole reply at the beginning of ->bytes. */
bool wire_reply(struct wire *, int64_t limit, int *code, size_t *size);
/* Removes them from the beginning of ->bytes. */
void wire_take(struct wire *, size_t size);

#endif
