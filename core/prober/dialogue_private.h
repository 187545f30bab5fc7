/* The inside of a dialogue, shared by dialogue.c (what comes in), turn.c (what the plugin says), phase.c (steps and their
 * time), verdict.c (how it ends) and words.c (the sentences). */
#ifndef PROBER_DIALOGUE_PRIVATE_H
#define PROBER_DIALOGUE_PRIVATE_H

#include "base/refusal.h"
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
	uint32_t logged;                         /* bytes of the unfinished reply that stand in the transcript */
	uint32_t received, phase_received;       /* bytes */
	uint32_t slow;                           /* phases that were, as bits */
	uint8_t state, phase, failed;            /* failed: the phase that did, or NO_PHASE */
	uint8_t verdict, noted;
	uint16_t flags;                          /* of the report */
	bool patient, had_starttls, secured;
	bool passed_asked;                       /* an earlier run passed though it was asked for a certificate */
	bool heard_inside;                       /* a reply came inside TLS */
	bool cert_asked;                         /* the server asked for a certificate of ours, and none was sent */
	uint8_t look;                            /* enum dialogue_look: what this connection is for; LOOK_USUAL once it was told */
	bool tls_failed;                         /* on this connection */
	bool polite;                             /* a reply came on this connection: a farewell is due */
	bool early;                              /* replies came before what they answer, and were dropped */
	bool stale;                              /* what is being received is one of those */
	bool closing;                            /* 421: the server closes, and nothing is to be said any more */
	bool gone;                               /* the connection is: nothing can be said any more */
	bool quit_answered;
	bool refused;                            /* nobody was talked to */
	bool silent;                             /* undecided until a limit, or the path, ended it */
	bool opened;                             /* the transcript has its first lines */
	char said[VERB_MAX];                     /* the command whose reply is awaited, "" for none */
	char outcome[OUTCOME_NAME_MAX], or_outcome[OUTCOME_NAME_MAX];
	char first_outcome[OUTCOME_NAME_MAX];    /* what TLS failed with, before a second connection */
	char address[ADDRESS_TEXT_MAX];
	char *or_text;                           /* that of or_outcome; NULL: how the connection ended */
	char *text;                              /* the sentence; NULL: the outcome's own */
	char *first_text;                        /* and in what words; NULL: it did not, or there was no memory */
	char *undated;                           /* what would have failed by its dates, was our clock to be believed; NULL: nothing */
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

/* phase.c */

/* The index of a phase of the policy, NO_PHASE where it has none of that name. */
uint8_t phase_find(const struct dialogue *, const char *name);
int64_t phase_limit(const struct dialogue *, uint8_t phase);
int64_t leg_limit(const struct dialogue *);
int64_t leg_deadline(const struct dialogue *);
/* Leaves the phase before and begins this one; going on in the same phase renews no limit. */
void phase_enter(struct dialogue *, uint8_t phase, int64_t now);
void phase_leave(struct dialogue *, int64_t now);
/* Microseconds that our own loop lost since the phase, or the leg, began. */
int64_t phase_lost(const struct dialogue *);
int64_t leg_lost(const struct dialogue *);
/* Warnings for what took too long; `whole`: for the dialogue as a whole, too, where none of its phases was slow. */
void phase_warn_slow(struct dialogue *, int64_t now, bool whole);

/* turn.c: one call of the plugin, and the step that it chose. */

enum turn_choice { TURN_NONE, TURN_EXPECT, TURN_SAY, TURN_SECURE, TURN_LOOK_UP, TURN_DONE, TURN_FAULT };

struct turn {
	struct pw_turn open; /* what the plugin sees; first */
	struct dialogue *dialogue;
	struct dialogue_step *step;
	int64_t now;
	enum turn_choice choice;
	uint8_t phase;
	bool secret;
	char outcome[OUTCOME_NAME_MAX], or_outcome[OUTCOME_NAME_MAX];
	char text[EVIDENCE_TEXT_MAX]; /* of done, or of the fault */
	char or_text[EVIDENCE_TEXT_MAX];
};

void turn_begin(struct turn *, struct dialogue *, int64_t now, struct dialogue_step *);
/* What the host knows of the session beside a reply that refuses. */
void turn_session(const struct dialogue *, struct refusal_session *);
/* The plugin has returned: no step becomes a fault. */
void turn_end(struct turn *);

/* dialogue.c */

void dialogue_line(struct dialogue *, int64_t now, enum evidence_dir, const char *bytes, size_t size);
void dialogue_note_once(struct dialogue *, int64_t now, uint8_t bit, const char *words);
void dialogue_forget_input(struct dialogue *);
/* Carries out the step that the plugin chose. */
void dialogue_follow(struct dialogue *, struct turn *);
/* The plugin's first turn. */
void dialogue_begin(struct dialogue *, int64_t now, struct dialogue_step *);
void dialogue_close(struct dialogue *, int64_t now, struct dialogue_step *);
/* Decided while a command could be said: the farewell, and its reply is waited for. */
void dialogue_leave(struct dialogue *, int64_t now, struct dialogue_step *);
/* Decided, and the peer is not to be spoken to any more. */
void dialogue_end(struct dialogue *, int64_t now, const char *outcome, const char *text, struct dialogue_step *);

/* ends.c */

/* A server that takes no more connections, or none of ours, need not begin TLS to say so: a whole 4xx or 5xx that came in
 * clear where TLS begins with the connection is judged as a greeting is, and ends the dialogue. Returns false where `said` is
 * none, and then has done nothing. */
bool dialogue_hear_refusal(struct dialogue *, int64_t now, struct pw_bytes said, struct dialogue_step *);

/* input.c */

/* The connection is gone, and the last line had no line end: what refuses us is taken for a reply, and what can never
 * become one is said to be none. A 421 that came unasked is the reply. True: the plugin or the verdict had it, and the step is filled. */
bool dialogue_salvage(struct dialogue *, int64_t now, struct dialogue_step *);

/* What was said inside TLS before we spoke there, in answer to nothing, is dropped; a single 421 is kept. */
void dialogue_hear_early(struct dialogue *, int64_t now, struct pw_bytes said);

/* ends.c */

/* A whole 421 that came unasked waits to be the reply: nothing else that is kept ends with a line. */
bool dialogue_keeps_closing(const struct dialogue *);

/* verdict.c */

/* The dialogue is decided; the phase under way is the one that failed unless `outcome` is "ok". `text`: escaped, ""
 * for the outcome's own; copied. */
void dialogue_decide(struct dialogue *, int64_t now, const char *outcome, const char *text);
/* The same, with the phase under way in the outcome's name, between `before` and `behind`: "", "_timeout". */
void dialogue_decide_phased(struct dialogue *, int64_t now, const char *before, const char *behind, const char *text);
/* What failed is TLS: where that is opportunistic, a warning; on the second connection, the first one's failure stands. */
void dialogue_decide_tls(struct dialogue *, int64_t now, const char *outcome, const char *text);

/* How TLS failed on the first connection. */
const char *dialogue_first_text(const struct dialogue *);

/* words.c: each adds one sentence, or its part. */

void words_timeout(const struct dialogue *, int64_t now, struct text *);
void words_leg_timeout(const struct dialogue *, int64_t now, struct text *);
void words_late(const struct dialogue *, int64_t now, int64_t late, int64_t limit, struct text *);
void words_end(const struct dialogue *, int64_t now, const struct stream_fate *, struct text *);
void words_protocol(const struct dialogue *, enum reply_status, struct pw_bytes line, struct text *);
/* What a server said in clear on a connection that begins with TLS. */
void words_in_clear(const struct dialogue *, struct pw_bytes said, struct text *);
void words_other_protocol(const struct dialogue *, const char *name, struct pw_bytes line, struct text *);
void words_slow(const struct dialogue *, const char *phase, int64_t micros, int64_t slow, struct text *);
void words_where(const struct dialogue *, struct text *); /* "0 bytes, 192.0.2.1)" */
/* "greeting", "reply to EHLO" */
void words_awaited(const struct dialogue *, struct text *);

#endif
