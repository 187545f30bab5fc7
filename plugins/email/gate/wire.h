/*
 * For the gate, the process of the e-mail notifier that talks to the relay: that connection, in
 * clear or inside TLS. Limits: the bytes of a reply, the time of a step, and, over all connections
 * of one attempt, time, processor time, received bytes and lines of replies. A function that fails
 * sets ->end, and ->why in words.
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
	WIRE_ABSURD, /* what came is no reply, or longer than the limits */
	WIRE_DEAR,   /* more processor time, bytes or lines than the limits of an attempt */
	WIRE_EARLY,  /* bytes came before a command: no later reply can be matched to one */
	WIRE_REFUSED, /* those bytes are a whole 4xx or 5xx: ->refusal, in the relay's words */
	WIRE_CALLED  /* ->other has something to read */
};

struct wire {
	int fd;               /* -1: none */
	SSL *ssl;             /* NULL: in clear */
	size_t turn_bytes;    /* read from the socket within the present call of OpenSSL */
	int other;            /* a descriptor whose input ends all waiting; -1: none */
	int64_t until;        /* CLOCK_MONOTONIC, microseconds: the end of the attempt */
	int64_t began;        /* CLOCK_MONOTONIC, microseconds */
	int64_t cpu_began;    /* processor time of the process */
	size_t came;          /* bytes received in the attempt */
	size_t lines;         /* of whole replies among them */
	enum wire_end end;    /* why the last call failed */
	char why[WIRE_WHY_MAX];
	int refusal;          /* WIRE_REFUSED: its code */
	size_t size;
	char bytes[REPLY_BYTES_MAX]; /* read and not yet taken */
};

int64_t wire_now(void); /* CLOCK_MONOTONIC, microseconds */

/* Begins an attempt, without a connection; `until` as in the struct. */
void wire_init(struct wire *, int64_t until);
/* Sends close_notify if that does not block, and closes the connection. */
void wire_close(struct wire *);
/* Closes the connection, for another one in the same attempt: the counts of the attempt stay. */
void wire_begin_anew(struct wire *);

/* Sets ->end and ->why; returns false. */
bool wire_fail(struct wire *, enum wire_end, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* Waits for events of poll(2) until the earlier of `until` and the end of the attempt. */
bool wire_wait(struct wire *, short events, int64_t until);

/* Writes all bytes. With `watched` stops and returns true as soon as the relay sends something,
 * which is then in ->bytes. */
bool wire_write(struct wire *, const char *bytes, size_t size, int64_t until, bool watched);

/* Writes a command. Returns false, and writes nothing, where the relay has sent something since
 * its last reply. */
bool wire_say(struct wire *, const char *bytes, size_t size, int64_t until);

/* Ends the session for the early bytes in ->bytes, with WIRE_REFUSED or WIRE_EARLY; returns
 * false. */
bool wire_fail_early(struct wire *);

/* Reads what has come, without waiting. Returns false where the connection has ended; ->bytes has
 * what came before. */
bool wire_drain(struct wire *);

/* Waits until the relay's kernel has acknowledged all bytes, at most 250 ms, and 50 ms more:
 * replies that the relay sent before it saw the end are then here, as a rule. */
void wire_settle(struct wire *);

/* Waits within `limit` microseconds for a whole reply at the beginning of ->bytes. */
bool wire_reply(struct wire *, int64_t limit, int *code, size_t *size);
/* Removes `size` bytes from the beginning of ->bytes. */
void wire_take(struct wire *, size_t size);

#endif
