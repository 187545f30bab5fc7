/*
 * The SMTP dialogue of the probes `smtp`, `starttls` and `banner`: greeting, EHLO (HELO where
 * EHLO is refused), STARTTLS where the target's settings ask for it, EHLO inside TLS. No mail
 * transaction is begun.
 */
#ifndef SMTP_DIALOGUE_H
#define SMTP_DIALOGUE_H

#include <postwatch/probe.h>

/* What a probe asks of the dialogue. */
struct smtp_options {
	const struct pw_strings *require; /* capabilities; NULL: none */
	const struct pw_regex *expect;    /* for the greeting; NULL: any greeting */
	bool strict;                      /* a greeting that does not match fails, else it degrades */
	bool reject_is_down;              /* a 5xx greeting without a known reason means down */
	bool greeting_only;
};

enum smtp_move { SMTP_GREETING, SMTP_EHLO, SMTP_HELO, SMTP_LHLO, SMTP_STARTTLS, SMTP_MOVES };

enum { SMTP_QUOTE_MAX = 300 }; /* bytes of a quoted reply, with its NUL */

/* The state of a session; zeroed by the host. */
struct smtp {
	struct smtp_options options;
	uint64_t missing;    /* bit i: the last EHLO did not offer options.require->items[i] */
	enum smtp_move move; /* the step whose reply comes next */
	int refused;         /* the code of the reply that refused EHLO; 0: none */
	char quote[SMTP_QUOTE_MAX]; /* that reply */
	bool inside;         /* after STARTTLS */
	bool says_lmtp;      /* the greeting, or a refusal, names LMTP or its LHLO */
};

enum { SMTP_REQUIRE_MAX = 64 };

extern const struct pw_phase smtp_phases[];
extern const struct pw_outcome smtp_outcomes[];
extern const struct pw_fact_kind smtp_facts[];

/* Begins at the greeting. */
void smtp_begin(struct smtp *, struct pw_turn *, const struct smtp_options *);
/* Callbacks of struct pw_probe_ops. */
void smtp_on_reply(void *session, struct pw_turn *, const struct pw_reply *);
void smtp_on_secured(void *session, struct pw_turn *, const struct pw_tls *);

/* The values of the setting `reject_is`, ended by NULL. */
extern const char *const smtp_reject_is[];

/* Settings and functions of a probe that goes on to EHLO (ehlo.c). */
extern const struct pw_setting smtp_settings[];
extern const struct pw_probe_ops smtp_probe;

#endif
