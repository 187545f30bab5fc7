/*
 * One probe plugin talking to one address, as a machine without sockets, loop or clock: bytes,
 * events and the time go in, one step comes out. Whoever owns it (leg.c over a stream, a test
 * over a script) carries the steps out:
 *
 *     dialogue_create                  phase connect begins
 *     dialogue_connected -> step       …
 *     dialogue_received  -> step       SEND these bytes, then wait; SECURE; LOOK_UP; CLOSE …
 *     dialogue_expired   -> step       when dialogue_deadline() has come and nothing else has
 *
 * until a step is DIALOGUE_CLOSE; then the verdict, the text and the phases stand. Times are
 * microseconds of one monotonic clock that the owner chooses. Nothing here is called back.
 */
#pragma once

#include "base/evidence.h"
#include "config/config.h"
#include "prober/ends.h"
#include "prober/close_reason.h"
#include "prober/tls_judge.h"

enum {
	DIALOGUE_LINE_MAX = 1000,            /* bytes of a line that a plugin says, without CRLF */
	DIALOGUE_RECEIVED_MAX = 256 * 1024   /* bytes of one dialogue, all replies together */
};

enum dialogue_next {
	DIALOGUE_WAIT,    /* for bytes, an end or the deadline */
	DIALOGUE_SEND,    /* `bytes` of `size`, then wait */
	DIALOGUE_SECURE,  /* read what lies in the socket once more (dialogue_received), and if that
	                   * asks for nothing else begin TLS: dialogue_secured or dialogue_ended
	                   * follow */
	DIALOGUE_LOOK_UP, /* ask for records of `type` at the name in `bytes` (ended by NUL):
	                   * dialogue_answered follows */
	DIALOGUE_CLOSE    /* all is said: close, and take the result */
};

/* Lives in the owner's frame: a dialogue that waits holds no memory for it. */
struct dialogue_step {
	enum dialogue_next next;
	uint16_t type;
	size_t size;
	char bytes[DIALOGUE_LINE_MAX + 3];
};

/* What a dialogue is to know. The pointers stay good while it lives; `address` is copied. */
struct dialogue_setup {
	const struct target *target;
	const char *address;    /* as text, without port */
	const char *helo;       /* NULL: an address literal of our own end of the connection */
	int64_t resolve;        /* microseconds that the name took; -1: no name was asked for */
	bool resolved;          /* false: the name did not resolve, so that it was not slow to */
	int64_t epoch;          /* times in the transcript count from here (the begin of the run) */
	bool patient, had_starttls;
	bool passed_asked;      /* an earlier run passed though it was asked for a certificate of
	                         * ours and sent none */
	const int64_t *stalled; /* microseconds, rising, that our own loop was late in all; NULL:
	                         * never */
};

/* What a connection is for. */
enum dialogue_look {
	LOOK_USUAL,
	LOOK_LEGACY, /* to see whether anything outdated is spoken */
	LOOK_SMALL,  /* to see whether a ClientHello of one segment is answered; it ends with the
	              * handshake */
	LOOK_LARGE,  /* it is: to see whether a larger one is, this time */
	LOOK_LAST    /* it is not: the dialogue with a small one */
};

struct dialogue;

/* Phase `connect` begins at `now`. NULL if out of memory. */
struct dialogue *dialogue_create(const struct dialogue_setup *, int64_t now);
void dialogue_destroy(struct dialogue **);

/* Each fills the step. After DIALOGUE_CLOSE they must not be called again, save
 * dialogue_again(). */

/* `local`: our own end; NULL where there is none to tell of. Where TLS is implicit the step is
 * DIALOGUE_SECURE. */
void dialogue_connected(struct dialogue *, int64_t now, const struct address *local,
    struct dialogue_step *);

/* Any number of bytes, cut anywhere. */
void dialogue_received(struct dialogue *, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *);

/* Whether what comes now can still have been sent before our first line inside TLS was there: TLS
 * began with STARTTLS, and nothing has come inside it yet. Where the peer's system has not
 * acknowledged that line, it was: `early` below. */
bool dialogue_may_be_early(const struct dialogue *);

/* Bytes inside TLS that were sent before our first line there could be heard: dropped, save a
 * single 421. */
void dialogue_received_early(struct dialogue *, int64_t now, const char *bytes, size_t size,
    struct dialogue_step *);

/* The handshake stands and was judged. `early`: what the peer has said inside TLS already. */
void dialogue_secured(struct dialogue *, int64_t now, const struct tls_judgement *,
    struct pw_bytes early, struct dialogue_step *);

void dialogue_answered(struct dialogue *, int64_t now, const struct pw_answer *,
    struct dialogue_step *);

/* In place of dialogue_connected(), where the probe has a program run: it is asked for. Then how it
 * ended, which is the end of the dialogue, also where the deadline has come (PW_TIMED_OUT). */
void dialogue_running(struct dialogue *, int64_t now);
void dialogue_ran(struct dialogue *, int64_t now, const struct pw_exit *, struct dialogue_step *);

/*
 * After an end by a failure of TLS (dialogue_failed_tls) the owner may connect again: with a
 * legacy context where that may find something outdated, with a small ClientHello where a large
 * one was not answered; then, where dialogue_secured() of LOOK_SMALL has closed, with the large
 * one, and where that fails again with the small one for the last time. The dialogue then begins
 * anew in phase connect, in the same transcript and under the same limit for the whole leg. What
 * the other connection finds degrades it; where it finds nothing, it ends as the first did.
 */
void dialogue_again(struct dialogue *, int64_t now, enum dialogue_look);

/* Whether it was TLS that failed on this connection. */
bool dialogue_failed_tls(const struct dialogue *);

/* The connection is no other than the first: it is not to be taken for another look. */
void dialogue_as_usual(struct dialogue *);

/* After DIALOGUE_CLOSE: it failed as no greeting came from a port that had accepted us, and not
 * one byte. */
bool dialogue_heard_nothing(const struct dialogue *);

/* For how long TLS may be offered to it then, in microseconds: short beside the limits that a
 * server has. */
int64_t dialogue_offer_limit(const struct dialogue *);

/* What came of that, for the evidence and the sentence; NULL: nothing that tells. */
void dialogue_offered(struct dialogue *, int64_t now, const char *words);

/* After DIALOGUE_CLOSE: something of ours was missing while it went on. Unless it passed it tells
 * nothing of the server: its outcome is this one. */
void dialogue_doubt(struct dialogue *, const char *outcome);

/* Which step it is in, and since when: "banner, 12 s of 30 s". */
void dialogue_describe(const struct dialogue *, int64_t now, struct text *);

/* The time at which dialogue_expired() is due; INT64_MAX after the end. */
int64_t dialogue_deadline(const struct dialogue *);

/* Facts, warnings and transcript while it goes on: for tls_judge() and for what only the owner
 * knows. */
struct evidence_log *dialogue_log(struct dialogue *);

/* A line of our own words in the transcript. */
void dialogue_event(struct dialogue *, int64_t now, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* After DIALOGUE_CLOSE. */

enum pw_verdict dialogue_verdict(const struct dialogue *);
const char *dialogue_outcome(const struct dialogue *);
const char *dialogue_text(const struct dialogue *); /* the sentence */

/* All REPORT_ flags that a dialogue alone can tell, as they apply. */
uint16_t dialogue_report_flags(const struct dialogue *);

/* When anything of the peer came last: the connection, a byte, its refusal or its end; 0: nothing
 * ever did. */
int64_t dialogue_heard(const struct dialogue *);

/* The index in the policy's plan of each phase that was reached, as bits. */
uint32_t dialogue_reached(const struct dialogue *);

/* Microseconds of phase `index` of the policy's plan; -1 where not reached. */
int64_t dialogue_phase_micros(const struct dialogue *, uint32_t index);

/* Of outcome, steady facts and warnings, as evidence_fingerprint() makes it. */
uint64_t dialogue_fingerprint(const struct dialogue *, uint64_t seed);

/* The first lines of the transcript: what was known before, said at `at` (NULL: nothing). Once;
 * dialogue_evidence() does it where nobody did before. */
void dialogue_open_transcript(struct dialogue *, int64_t at, const char *known);

/* Our own end; family 0 where never connected. */
const struct address *dialogue_local(const struct dialogue *);

/* Fills outcome, text, address, helo, verdict, phases, micros and the lists; views into the
 * dialogue, good until it is destroyed. Everything else (leg, legs, port, local, started) is the
 * owner's. */
void dialogue_evidence(struct dialogue *, struct evidence *);
