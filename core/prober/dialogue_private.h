/*
 * The members of a dialogue (dialogue.h), for the files that it consists of. The modules that
 * change it are, from the lowest: phase.h, verdict_text.h, verdict.h, turn.h, step.h, received.h,
 * input.h; dialogue.c and ends.c say what each event means.
 */
#pragma once

#include "prober/dialogue.h"
#include "prober/replies.h"

enum dialogue_state {
	CONNECTING = 1,
	LISTENING,  /* the next complete reply goes to the plugin */
	SECURING,   /* in the TLS handshake */
	LOOKING_UP, /* an answer of the resolver goes to the plugin */
	LEAVING,    /* decided; the farewell was said */
	OVER
};

enum { NO_PHASE = 0xff, VERB_MAX = 12 };

/* Oddities that are said once; the first are REPLY_BARE_LF and its like. */
enum { NOTED_EMPTY = 0x20, NOTED_NO_END = 0x40, NOTED_EARLY = 0x80 };

struct dialogue {
	const struct target *target;
	const struct pw_probe_ops *ops;
	const int64_t *stalled;
	int64_t epoch, begun, ended;             /* ended 0: not decided */
	int64_t heard;                           /* when anything of the peer came last, 0: never */
	int64_t phase_begun, phase_deadline;
	int64_t phase_stalled, leg_stalled;      /* *stalled when they began */
	struct evidence_log log;
	struct buffer input;                     /* of an unfinished reply; empty nearly always */
	struct reply_reader reader;
	uint32_t logged;                         /* bytes of the unfinished reply that stand in
	                                          * the transcript */
	uint32_t received, phase_received;       /* bytes */
	uint32_t slow;                           /* phases that were, as bits */
	uint8_t state, phase, failed;            /* failed: the phase that did, or NO_PHASE */
	uint8_t verdict, noted;
	uint16_t flags;                          /* of the report */
	bool patient, had_starttls, secured;
	bool passed_asked;                       /* an earlier run passed though it was asked for
	                                          * a certificate */
	bool heard_inside;                       /* a reply came inside TLS */
	bool cert_asked;                         /* the server asked for a certificate of ours,
	                                          * and none was sent */
	uint8_t look;                            /* enum dialogue_look: what this connection is
	                                          * for; LOOK_USUAL once it was told */
	bool tls_failed;                         /* on this connection */
	bool polite;                             /* a reply came on this connection: a farewell
	                                          * is due */
	bool early;                              /* replies came before what they answer, and
	                                          * were dropped */
	bool stale;                              /* what is being received is one of those */
	bool closing;                            /* 421: the server closes, and nothing is to be
	                                          * said any more */
	bool gone;                               /* the connection is: nothing can be said any
	                                          * more */
	bool quit_answered;
	bool refused;                            /* nobody was talked to */
	bool silent;                             /* undecided until a limit, or the path, ended
	                                          * it */
	bool opened;                             /* the transcript has its first lines */
	char said[VERB_MAX];                     /* the command whose reply is awaited, "" for
	                                          * none */
	char outcome[OUTCOME_NAME_MAX], or_outcome[OUTCOME_NAME_MAX];
	char first_outcome[OUTCOME_NAME_MAX];    /* what TLS failed with, before a second
	                                          * connection */
	char address[ADDRESS_TEXT_MAX];
	char *or_text;                           /* that of or_outcome; NULL: how the connection
	                                          * ended */
	char *text;                              /* the sentence; NULL: the outcome's own */
	char *first_text;                        /* and in what words; NULL: it did not, or there
	                                          * was no memory */
	char *undated;                           /* what would have failed by its dates, was our
	                                          * clock to be believed; NULL: nothing */
	const char *helo;
	char *own_helo;                          /* what `helo` points at where we made it */
	int64_t connected_at;                    /* -1: never */
	struct address local;                    /* family 0: not known */
	void *session;                           /* lies behind the struct */
	int64_t micros[];                        /* of each phase of the policy, -1: not reached */
};

static inline const struct policy *
dialogue_policy(const struct dialogue *dialogue)
{
	return dialogue->target->policy;
}

static inline const struct phase_plan *
dialogue_plan(const struct dialogue *dialogue, uint8_t phase)
{
	return &dialogue_policy(dialogue)->phases[phase];
}
