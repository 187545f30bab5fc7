/*
 * The SMTP dialogue that the probes smtp, starttls and banner share: greeting, EHLO with HELO behind it, STARTTLS where
 * the host's settings say so, EHLO again inside. It never begins a mail transaction.
 */
#ifndef SMTP_DIALOGUE_H
#define SMTP_DIALOGUE_H

#include <postwatch/probe.h>

/* What a probe asks of the dialogue. */
struct smtp_wishes {
	const struct pw_strings *require; /* capabilities; NULL: none */
	const struct pw_regex *expect;    /* of the greeting; NULL: anything */
	bool strict;                      /* a greeting that is not as expected fails */
	bool reject_is_down;              /* a plain 5xx greeting is not "blocked" */
	bool greeting_only;
};

enum smtp_move { SMTP_GREETING, SMTP_EHLO, SMTP_HELO, SMTP_LHLO, SMTP_STARTTLS, SMTP_MOVES };

enum { SMTP_QUOTE_MAX = 300 }; /* bytes of a reply that is quoted in the sentence, with its NUL */


/* A session: zeroes at first. */
struct smtp {
	struct smtp_wishes wishes;
	uint64_t missing;    /* of the required capabilities, as bits: what the last EHLO did not offer */
	enum smtp_move move; /* whose reply comes next */
	int refused;         /* the code that EHLO was answered with, where that was a refusal */
	char quote[SMTP_QUOTE_MAX]; /* and the whole of that reply */
	bool inside;         /* the second EHLO, inside TLS that STARTTLS began */
};

enum { SMTP_REQUIRE_MAX = 64 };

extern const struct pw_phase smtp_phases[];
extern const struct pw_outcome smtp_outcomes[];
extern const struct pw_fact_kind smtp_facts[];

void smtp_begin(struct smtp *, struct pw_turn *, const struct smtp_wishes *);
void smtp_on_reply(void *session, struct pw_turn *, const struct pw_reply *);
void smtp_on_secured(void *session, struct pw_turn *, const struct pw_tls *);

/* The values of `reject_is`. */
extern const char *const smtp_reject_is[];

/* ehlo.c: settings and ops of a probe that goes on to EHLO. */
extern const struct pw_setting smtp_settings[];
extern const struct pw_probe_ops smtp_probe;

#endif
